"""The delays of the contract, counted in days and calendar months of Paris; nothing else counts months here."""

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

MOIS_POUR_SIGNER = 1
"""From the notification of the orientation (C. trav. D. 5411-14-1)."""
MOIS_DE_SUSPENSION = 12
"""A contract that stays suspended is then closed (France Travail, API contrat d'engagement)."""
SAISIE_TARDIVE = timedelta(days=7)
"""From the deposit of a suspension: the resumption of a file that is typed in late may follow (decision 0026)."""
MOIS_AVANT_LE_DEBUT = 3
"""How far ahead a contract may begin (WebRSA, `intervale_debut_contrat`)."""
INSTRUCTION = timedelta(days=15)
"""To instruct a proposed sanction (France Travail, API gestion des sanctions RSA)."""

_PARIS = ZoneInfo("Europe/Paris")


def jour_legal(instant: datetime) -> date:
    """The calendar day of an instant in Paris: legal days begin and end there."""
    return instant.astimezone(_PARIS).date()


def debut_du_jour(jour: date) -> datetime:
    """The instant (UTC) at which a day begins in Paris."""
    return datetime.combine(jour, time.min, _PARIS).astimezone(UTC)


def apres_le(jour: date) -> datetime:
    """The first instant (UTC) after a day that still counts."""
    return debut_du_jour(jour + timedelta(days=1))


def decaler(jour: date, mois: int) -> date:
    """The same day `mois` months later (earlier, when negative), or the last of that month if it has no such day.

    That is how a delay in months expires (CPC art. 641): 31 January + 1 month is 28 or 29 February.
    """
    annee, rang = divmod(jour.year * 12 + jour.month - 1 + mois, 12)
    return date(annee, rang + 1, min(jour.day, monthrange(annee, rang + 1)[1]))


def date_de_signature_due(notifiee_le: date) -> date:
    """The last day on which the contract is signed in time, included."""
    return decaler(notifiee_le, MOIS_POUR_SIGNER)


def date_de_fin_de_suspension(suspendu_le: date) -> date:
    """The last day on which a suspended contract may still be resumed."""
    return decaler(suspendu_le, MOIS_DE_SUSPENSION)


def date_d_attente_de_la_reprise(suspendu_le: date, recue_le: date) -> date:
    """The last day on which the hub waits for the resumption: later than the twelve months if it was told late."""
    return max(date_de_fin_de_suspension(suspendu_le), recue_le + SAISIE_TARDIVE)


def date_de_fin_d_instruction(proposee_le: date) -> date:
    """The last day to instruct a proposed sanction, included."""
    return proposee_le + INSTRUCTION
