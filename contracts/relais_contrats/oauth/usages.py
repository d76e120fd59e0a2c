"""Single use of assertions and proofs: the interface of the store, and how long each identifier is remembered."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final, NamedTuple, Protocol

# Two replicas need not agree on the time to the second.
_MARGE: Final = timedelta(seconds=60)


class UsageUnique(NamedTuple):
    """`empreinte`: 32 bytes that stand for one assertion or proof; it is acceptable nowhere any more at `expire_le`."""

    empreinte: bytes
    expire_le: datetime


class UsagesUniques(Protocol):
    async def reserver(self, usages: Sequence[UsageUnique]) -> bool:
        """Reserve all of them or none; False when one was used before, by any process, also before a restart.

        Raises ReservationIndisponible when that cannot be known.
        """
        ...


def usage_unique(genre: str, porteur: str, jti: str, fin_s: float) -> UsageUnique:
    """`porteur` is the name space of `jti` (a client, a key); `fin_s` the last second at which it is accepted."""
    hachage = sha256(genre.encode())
    for partie in (porteur, jti):
        # JSON can carry lone surrogates, which plain UTF-8 refuses to encode.
        octets = partie.encode("utf-8", "surrogatepass")
        hachage.update(len(octets).to_bytes(4, "big") + octets)
    return UsageUnique(hachage.digest(), datetime.fromtimestamp(fin_s, UTC) + _MARGE)
