"""What a structure writes in the form of its link: read as it was typed, judged as the contract judges a deposit."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from relais_contrats.catalogue import CATALOGUE
from relais_contrats.codes.offre import MotifRefusPrescription
from relais_contrats.lecture import MessageInvalide, lire_donnees

ACCEPTEE, A_L_ETUDE, REFUSEE = "acceptee", "mise-a-l-etude", "refusee"
REPONSES = (ACCEPTEE, A_L_ETUDE, REFUSEE)
MESSAGE_MAX = 1_000
FORM_BYTES = 32_768
"""A message of the longest kind, each of its signs written as twelve bytes, and the rest of the form."""

_MOTIFS = frozenset(MotifRefusPrescription)


@dataclass(frozen=True, slots=True)
class Saisie:
    """As it was typed, good or bad: what the form shows again."""

    reponse: str = ""
    motifs: tuple[str, ...] = ()
    message: str = ""

    @property
    def fait(self) -> str:
        return f"prescription.{self.reponse}"

    def donnees(self) -> dict[str, Any]:
        """The data of the deposit, but for which prescription and which day."""
        dites = {"motifs": list(self.motifs)} if self.motifs else {}
        return dites | ({"message": self.message} if self.message else {})


@dataclass(frozen=True, slots=True)
class Lue:
    """`erreurs`: field → what to do about it, in French, in the order of the form."""

    saisie: Saisie
    erreurs: Mapping[str, str] = field(default_factory=dict)


def lire(corps: bytes) -> Lue:
    form = parse_qs(corps.decode("ascii", "replace"), keep_blank_values=True)
    saisie = Saisie(
        reponse=form.get("reponse", [""])[0],
        motifs=tuple(dict.fromkeys(motif for motif in form.get("motif", ()) if motif)),
        # Browsers end lines with CR LF.
        message=form.get("message", [""])[0].replace("\r\n", "\n").strip(),
    )
    erreurs = dict(_erreurs(saisie))
    if not erreurs:
        erreurs = _refus_du_contrat(saisie)
    return Lue(saisie, erreurs)


def _erreurs(saisie: Saisie) -> Mapping[str, str]:
    trouvees: dict[str, str] = {}
    refuse = saisie.reponse == REFUSEE
    if saisie.reponse not in REPONSES:
        trouvees["reponse"] = "Choisissez une réponse."
    elif refuse and not (saisie.motifs and _MOTIFS.issuperset(saisie.motifs)):
        trouvees["motif"] = "Cochez au moins un motif de refus."
    elif saisie.motifs and not refuse:
        trouvees["motif"] = "Un motif ne va qu'avec un refus : décochez-le, ou choisissez « Refuser »."
    if refuse and MotifRefusPrescription.AUTRE in saisie.motifs and not saisie.message:
        trouvees["message"] = "Vous avez coché « Autre motif » : précisez-le ici."
    elif (de_trop := len(saisie.message) - MESSAGE_MAX) > 0:
        trouvees["message"] = f"Ce message a {de_trop} signes de trop : il peut en avoir 1\u00a0000."
    return trouvees


def _refus_du_contrat(saisie: Saisie) -> dict[str, str]:
    """Of what is left, only the message is free; which prescription, and the day, are the link's."""
    try:
        lire_donnees(CATALOGUE[saisie.fait], {"prescription_id": "p", "date": "2026-01-01", **saisie.donnees()})
    except MessageInvalide:
        return {"message": "Ce message contient un signe qui ne peut être transmis : réécrivez-le."}
    return {}
