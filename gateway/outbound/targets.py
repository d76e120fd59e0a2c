"""Where a subscription sends and with which signatures: its row, read, and the headers of a request to it."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from uuid import UUID

from chassis import telemetry
from chassis.database import Record
from gateway.webhook_keys import Cles
from gateway.webhook_secrets import Safe
from relais_contrats import signatures
from relais_contrats.signatures import Signer

SINGLE = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"


@dataclass(frozen=True, slots=True)
class Target:
    """A subscription, ready to be sent to. `lot` is how many events of one parcours go in one request; `nomme` are
    attributes that its events carry besides their own."""

    id: UUID
    partenaire: str
    url: str
    lot: int
    signers: tuple[Signer, ...] = field(repr=False)
    nomme: Mapping[str, str] = field(default_factory=dict)
    hotes: frozenset[str] = frozenset()
    """What the operator declared for its partner, when it was claimed."""


class Targets:
    """Rows of `abonnements` to targets; opened secrets are kept in memory."""

    def __init__(self, safe: Safe, keys: Cles) -> None:
        self._open = lru_cache(maxsize=4096)(safe.open)
        self._hub = tuple(signatures.v1a(key.privee) for key in keys)

    def read(self, row: Record) -> Target:
        columns, hotes = (row["id"], row["partenaire"], row["url"], row["lot"]), frozenset(row["hotes"])
        if row["signature"] == signatures.V1A:
            # One key signs for every partner: the signed body says for whom, so that none can serve it to another.
            return Target(*columns, self._hub, {"abonnement": str(row["id"])}, hotes)
        secrets = [self._open(row["id"], sealed) for sealed in (row["secret"], *row["secrets_anciens"])]
        return Target(*columns, tuple(map(signatures.v1, secrets)), hotes=hotes)


def request_headers(target: Target, name: str, content: bytes, media_type: str) -> dict[str, str]:
    headers = signatures.headers(target.signers, name, int(time.time()), content)
    headers |= {"content-type": media_type, "user-agent": "relais"}
    if trace := telemetry.traceparent():
        headers["traceparent"] = trace
    return headers
