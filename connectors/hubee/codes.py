"""The démarches of HubEE that concern the RSA, what each carries, and the states of a case.

Source: HubEE, interface contract of the télédossiers API v1.2.7 (DINUM).
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from connectors.cnaf.kinds import Flux

_B, _I, _F = (
    frozenset({Flux.BENEFICIAIRES}),
    frozenset({Flux.INSTRUCTION, Flux.SUIVI_INSTRUCTION}),
    frozenset({Flux.FINANCIER}),
)
DEMARCHES: Mapping[str, frozenset[Flux]] = MappingProxyType(
    {
        "RSABEI-RSABAI": _B,
        "RSABEM-RSABAM": _B,
        "RSABEX-RSABAX": _B,
        "MSABEI": _B,
        "MSABEM": _B,
        "MSABEX": _B,
        "IRSACG-IRSDCG": _I,
        "RSACTM": frozenset({Flux.CREANCES}),
        "RSAFIM": _F,
        "RSAFIX": _F,
        "MSAFIM": _F,
        "ContactsAllocataires-BRSA": frozenset({Flux.CONTACTS}),
    }
)
"""processCode → the flows that it may carry."""

SYNONYMES: Mapping[str, str] = MappingProxyType({"CAF-contact": "ContactsAllocataires-BRSA"})
"""Codes of the test environment for the same démarche."""


class Etat(StrEnum):
    """Of a case."""

    NOTIFIE = "HUBEE_NOTIFIED"
    TRANSMIS = "SENT"
    RECU = "SI_RECEIVED"
    EN_COURS = "IN_PROGRESS"
    FAIT = "DONE"
    ERREUR = "SI_INTG_ERROR"


class Piece(StrEnum):
    """Of an attachment, as HubEE stores it."""

    ATTENDUE = "PENDING"
    RECUE = "RECEIVED"
    CORROMPUE = "CORRUPTED"
    REJETEE = "REJECTED"


MESSAGE_MAX = 1_000
"""Characters of the message of an event."""


def expected(process_code: str) -> frozenset[Flux] | None:
    """What a démarche may carry; None when it is not one of the RSA."""
    return DEMARCHES.get(SYNONYMES.get(process_code, process_code))
