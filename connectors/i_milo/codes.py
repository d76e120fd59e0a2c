"""Codes of i-milo that no table of the contracts holds."""

from enum import StrEnum
from types import MappingProxyType
from typing import Final

from relais_contrats.codes.suivi import Modalite
from relais_contrats.correspondances import IMILO, Correspondance


class Objet(StrEnum):
    """`type` of an event."""

    RDV = "RDV"
    SEANCE = "SESSION"
    DOSSIER = "DOSSIER"


SUPPRIME: Final = "DELETE"
ECRITS: Final = ("CREATE", "UPDATE")
"""`action` of an event; `ARCHIVE` is the other one."""
NON_PRECISE: Final = "Non précisé"
"""Of an appointment whose outcome nobody wrote: it is planned still."""
MODALITES: Final = MappingProxyType({"Téléphone": Modalite.TELEPHONE, "Visio": Modalite.VISIO})
"""`type` of an appointment; any other one is on the spot, and `SUR_PLACE` is how we write it."""
SUR_PLACE: Final = "Rendez-vous"
SEANCE: Final = Correspondance(
    IMILO,
    "seance_statut",
    {
        "Prescrit": "planifie",
        "Réalisé": "honore",
        "Refus jeune": "annule:usager",
        "Refus tiers": "annule:structure",
    },
)
"""`statut` of a young person at a session."""
