"""Receipts as anybody verifies them: the signature of the hub, the place in a chain, the hash of the one before.

A receipt is a compact JWS (ES256, RFC 7515). Each writer of the hub keeps one chain per partner, from rank 1. Needs
`relais-contrats[client]`.
"""

import base64
import hashlib
import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet
from joserfc.jws import JWSRegistry, deserialize_compact

TYP = "relais-recu+jws"
_ES256 = JWSRegistry(algorithms=["ES256"])


@dataclass
class Suite:
    """Checks receipts one after the other, by chain and by rank. `cles`: those that the hub publishes."""

    cles: ECKey | KeySet
    _chaine: str | None = None
    _rang: int = 0
    _dernier: bytes = b""

    def commence(self, chaine: str) -> bool:
        """Whether the next receipt is the first of another chain."""
        if chaine == self._chaine:
            return False
        self._chaine, self._rang, self._dernier = chaine, 0, hashlib.sha256(UUID(chaine).bytes).digest()
        return True

    def fautes(self, jws: str, chaine: str, rang: int) -> list[str]:
        """Return the faults of the receipt stored at this place, in French; the next receipt is checked against it."""
        fautes, dit = [], contenu(jws)
        if not self.est_signe(jws):
            fautes.append("sa signature n'est pas celle du relais.")
        if rang != self._rang + 1:
            fautes.append(f"il manque {rang - self._rang - 1} reçu(s) avant celui-ci.")
        elif dit.get("precedent") != self._dernier.hex():
            fautes.append("il ne suit pas celui qui le précède.")
        if (dit.get("chaine"), dit.get("rang")) != (chaine, rang):
            fautes.append("sa place n'est pas celle qu'il dit.")
        self._rang, self._dernier = rang, hashlib.sha256(jws.encode()).digest()
        return fautes

    def est_signe(self, jws: str) -> bool:
        """Whether the hub signed this as a receipt, wherever its place is: the same key signs certificates."""
        return est_signe(jws, self.cles, TYP)


def est_signe(jws: str, cles: ECKey | KeySet, typ: str) -> bool:
    """Whether one of these keys signed this, as a JWS of that kind."""
    try:
        return deserialize_compact(jws, cles, registry=_ES256).headers().get("typ") == typ
    except (JoseError, ValueError):
        return False


def contenu(jws: str) -> dict[str, Any]:
    """Return the content of a receipt without verifying it; empty when it cannot be read."""
    try:
        partie = jws.split(".")[1]
        lu = json.loads(base64.urlsafe_b64decode(partie + "=" * (-len(partie) % 4)))
    except (IndexError, ValueError):
        return {}
    return lu if isinstance(lu, dict) else {}
