"""Receipts: what the hub commits to about a deposit or a delivery, as a compact JWS (ES256) chained to the one before.

Whoever makes receipts holds its own `Chains` and writes them in the transaction of what they are about.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from joserfc.jwk import ECKey
from joserfc.jws import JWSRegistry
from joserfc.util import urlsafe_b64encode
from uuid_utils.compat import uuid7

from chassis.database import Connection
from relais_contrats.recus import TYP

_ALGORITHM = "ES256"
_INSERT = """
INSERT INTO recus (chaine, rang, livraison, partenaire, jws, empreinte)
SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::text[], $5::text[], $6::bytea[])
"""


@dataclass(frozen=True, slots=True)
class Receipt:
    chaine: UUID
    rang: int
    jws: str
    empreinte: bytes
    """SHA-256 of the JWS: what the next receipt of the chain holds as `precedent`."""


class Chains:
    """The hash chains of one writer in one process, one for each partner, from rank 1.

    Replicas do not queue for one another, and a partner can check its own chain with its own receipts; nothing in them
    joins them to those of another partner. Not thread safe and not meant to be shared: receipts are made inside the one
    micro-batch that writes them.
    """

    def __init__(self, pem: bytes, issuer: str) -> None:
        self._key = ECKey.import_key(pem)
        self._kid = self._key.thumbprint()
        self._issuer = issuer
        self._es256 = JWSRegistry(algorithms=[_ALGORITHM]).get_alg(_ALGORITHM)
        # It never changes: composing and judging it again would cost more than the signature.
        self._header = self._headed(TYP)
        self._ends: dict[str, _End] = {}

    def restart(self) -> None:
        """Begin new chains: what was signed last may or may not have been written."""
        self._ends.clear()

    def public_key(self) -> dict[str, Any]:
        """The JWK with which anybody verifies the receipts."""
        return {**self._key.as_dict(private=False), "kid": self._kid, "use": "sig", "alg": _ALGORITHM}

    def sign(self, typ: str, contenu: Mapping[str, Any]) -> str:
        """A compact JWS of another kind, outside of any chain."""
        return self._sign(self._headed(typ), {"iss": self._issuer, **contenu}).decode()

    def next(self, partenaire: str, contenu: Mapping[str, Any], now: datetime) -> Receipt:
        """Sign `contenu` as the next receipt of this partner: it also says its place in the chain and the hash of the
        one before."""
        end = self._ends.get(partenaire) or _begin()
        rang = end.rang + 1
        payload = {
            "iss": self._issuer,
            "iat": int(now.timestamp()),
            "partenaire": partenaire,
            **contenu,
            "chaine": str(end.chaine),
            "rang": rang,
            "precedent": end.empreinte.hex(),
        }
        compact = self._sign(self._header, payload)
        receipt = Receipt(end.chaine, rang, compact.decode(), hashlib.sha256(compact).digest())
        self._ends[partenaire] = _End(end.chaine, rang, receipt.empreinte)
        return receipt

    def _headed(self, typ: str) -> bytes:
        return urlsafe_b64encode(orjson.dumps({"alg": _ALGORITHM, "kid": self._kid, "typ": typ}))

    def _sign(self, header: bytes, payload: Mapping[str, Any]) -> bytes:
        """RFC 7515 § 3.1."""
        signed = header + b"." + urlsafe_b64encode(orjson.dumps(payload))
        return signed + b"." + urlsafe_b64encode(self._es256.sign(signed, self._key))


@dataclass(frozen=True, slots=True)
class _End:
    """The last receipt of a chain: its rank and its hash."""

    chaine: UUID
    rang: int
    empreinte: bytes


def _begin() -> _End:
    chaine = uuid7()
    return _End(chaine, 0, hashlib.sha256(chaine.bytes).digest())


@dataclass(frozen=True, slots=True)
class OfDelivery:
    """A receipt to write: `livraison` is what `webhook-id` names, None for the acknowledgement of a feed."""

    receipt: Receipt
    partenaire: str
    livraison: UUID | None = None


async def insert(conn: Connection, receipts: Sequence[OfDelivery]) -> None:
    """Those of a batch. To be called in the transaction of what they are about."""
    await conn.execute(
        _INSERT,
        [one.receipt.chaine for one in receipts],
        [one.receipt.rang for one in receipts],
        [one.livraison for one in receipts],
        [one.partenaire for one in receipts],
        [one.receipt.jws for one in receipts],
        [one.receipt.empreinte for one in receipts],
    )
