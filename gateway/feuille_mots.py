"""The words of the page of the feuille de route: dates, states and codes as they are said to a person, in French."""

import re
from datetime import date, datetime

from relais_contrats.codes.liste import Code

_JOURS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_MOIS = (
    "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre",
    "décembre",
)  # fmt: skip

PARCOURS = {
    "emploi": "Parcours emploi",
    "socio-professionnel": "Parcours socio-professionnel",
    "social": "Parcours d'insertion sociale",
}
ECHEANCES = {
    "action": "Action à mener",
    "decision": "Décision d'orientation attendue",
    "engagement": "Engagement à tenir",
    "fin-contrat": "Fin du contrat d'engagement",
    "fin-suspension": "Fin de la suspension",
    "premier-rendez-vous": "Premier rendez-vous d'accompagnement",
    "reexamen": "Point sur la situation",
    "signature": "Signature du contrat d'engagement",
}
ENTRE_PROFESSIONNELS = frozenset({"ambiguite", "referent", "sanction"})
"""What professionals have to settle between them: it is not a date of the person."""
RENDEZ_VOUS = {"orientation": "Rendez-vous d'orientation", "accompagnement": "Premier rendez-vous d'accompagnement"}
MODALITES = {"physique": "sur place", "telephone": "par téléphone", "visio": "en visioconférence"}
ETATS = {
    "a-signer": "à signer", "signe": "signé", "refuse": "refusé", "suspendu": "suspendu", "clos": "terminé",
    "prevue": "prévue", "en-cours": "en cours", "en-pause": "en attente", "realisee": "réalisée",
    "abandonnee": "abandonnée", "abandonne": "abandonné", "atteint": "atteint",
    "planifie": "prévu", "honore": "honoré", "non-honore": "manqué", "annule": "annulé",
    "emise": "envoyée", "a-l-etude": "à l'étude", "acceptee": "acceptée", "commencee": "commencée",
    "terminee": "terminée", "refusee": "refusée", "annulee": "annulée", "expiree": "sans suite",
    "propose": "proposé", "actif": "en fonction",
}  # fmt: skip
FAITS = frozenset({"signe", "realisee", "atteint", "honore", "terminee"})
RESERVE = "Information réservée"


def dire(codes: type[Code], valeur: str | None) -> str | None:
    """The French of a code of the contract; one that this version does not know stands for itself."""
    return next((code.description.rstrip(".") for code in codes if code == valeur), valeur)


def jour(le: date | str) -> str:
    """`1er juin 2026`, on one line."""
    dit = date.fromisoformat(le) if isinstance(le, str) else le
    quantieme = "1er" if dit.day == 1 else str(dit.day)
    return f"{quantieme}\u00a0{_MOIS[dit.month - 1]}\u00a0{dit.year}"


def instant(quand: datetime) -> str:
    """`lundi 1er juin 2026 à 9 h 30`, as its clock says."""
    minutes = f"\u00a0{quand.minute:02}" if quand.minute else ""
    return f"{_JOURS[quand.weekday()]} {jour(quand.date())} à\u00a0{quand.hour}\u00a0h{minutes}"


def telephone(numero: str) -> str:
    """`01 99 00 00 00`, `0 800 12 34 56`, `39 49`, `115`; one from abroad, or written otherwise, is left alone."""
    if not numero.isdecimal() or len(numero) == 3:
        return numero
    debut = re.fullmatch("(0)(8[0-9]{2})([0-9]{6})", numero)
    morceaux = [debut[1], debut[2], *re.findall("..", debut[3])] if debut else re.findall("..", numero)
    return "\u00a0".join(morceaux)
