"""Outcomes of a decision, the same in every service. Stdlib only: a domain may import this module and nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Refus:
    """A decision against the message: recorded and answered like any other, never an exception.
    `code` is one of the catalogue's refusal codes (CATALOGUE § 6), `pointeur` a JSON Pointer into the deposit,
    `details` non-personal facts that explain it (a legal date, a current state), shown to the partner.
    """

    code: str
    pointeur: str = ""
    details: Mapping[str, str | int] = field(default_factory=dict)

    def en_json(self) -> dict[str, Any]:
        return {"code": self.code, "pointeur": self.pointeur, "details": dict(self.details)}


@dataclass(frozen=True, slots=True)
class Attente:
    """Not decidable yet: a message that the hub accepted has not reached this service. The engine tries again soon.
    `sinon` is the answer once this service has read every earlier message of the parcours.
    """

    raison: str
    sinon: Refus | None = None


@dataclass(frozen=True, slots=True)
class Echeance:
    """Something that falls due at `du_a` (aware, UTC), derived from the state of the aggregate, never stored apart."""

    agregat: UUID
    nature: str
    du_a: datetime
