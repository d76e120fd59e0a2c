"""What a receipt of delivery says: these exact bytes left for that subscription, and a 2xx came back.

Ids and hashes only: a receipt outlives an erasure, and tells nothing of a person.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from gateway.outbound import outcomes
from gateway.pseudonyms import whole_second


@dataclass(frozen=True, slots=True)
class Sent:
    """A request that left: its `webhook-id`, its events in order (their numbers, their ids at the receiver), the hash
    (SHA-256) of its exact body, when it was answered, and after how long."""

    partenaire: str
    message: str
    numeros: Sequence[int]
    evenements: Sequence[str]
    empreinte: bytes
    repondu_a: datetime
    duree_ms: int

    @property
    def livraison(self) -> UUID:
        """The event, or what stands for several: the id in `webhook-id`."""
        return UUID(self.message.rpartition("_")[2])


def content(abonnement: UUID, sent: Sent, outcome: outcomes.Delivered) -> dict[str, Any]:
    """What to sign."""
    return {
        "abonnement": str(abonnement),
        "webhook": sent.message,
        "evenements": list(sent.evenements),
        "empreinte": sent.empreinte.hex(),
        "livre_a": whole_second(sent.repondu_a).isoformat(),
        "resultat": "livre",
        "code": outcome.code,
    }
