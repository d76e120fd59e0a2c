"""Receipts: what the hub commits to about a deposit, as a compact JWS (ES256) chained to the receipt before it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from joserfc import jws
from joserfc.jwk import ECKey
from uuid_utils.compat import uuid7

_ALGORITHM = "ES256"


@dataclass(frozen=True, slots=True)
class Receipt:
    chaine: UUID
    rang: int
    jws: str
    empreinte: bytes
    """SHA-256 of the JWS: what the next receipt of the chain holds as `precedent`."""


class Chain:
    """One hash chain, of one writing process, from rank 1: replicas do not queue for one another.

    Not thread safe and not meant to be shared: receipts are made inside the one micro-batch that writes them.
    """

    def __init__(self, pem: bytes, issuer: str) -> None:
        self._key = ECKey.import_key(pem)
        self._kid = self._key.thumbprint()
        self._issuer = issuer
        self.restart()

    def restart(self) -> None:
        """Begin a new chain: what was signed last may or may not have been written."""
        self.id = uuid7()
        self._rang = 0
        self._last = hashlib.sha256(self.id.bytes).digest()

    def public_key(self) -> dict[str, Any]:
        """The JWK with which anybody verifies the receipts."""
        return {**self._key.as_dict(private=False), "kid": self._kid, "use": "sig", "alg": _ALGORITHM}

    def next(self, contenu: Mapping[str, Any], now: datetime) -> Receipt:
        """Sign `contenu` as the next receipt: it also says its place in the chain and the hash of the one before."""
        rang = self._rang + 1
        payload = {
            "iss": self._issuer,
            "iat": int(now.timestamp()),
            **contenu,
            "chaine": str(self.id),
            "rang": rang,
            "precedent": self._last.hex(),
        }
        header = {"alg": _ALGORITHM, "kid": self._kid, "typ": "relais-recu+jws"}
        signed = jws.serialize_compact(header, orjson.dumps(payload), self._key, algorithms=[_ALGORITHM])
        receipt = Receipt(self.id, rang, signed, hashlib.sha256(signed.encode()).digest())
        self._rang, self._last = rang, receipt.empreinte
        return receipt
