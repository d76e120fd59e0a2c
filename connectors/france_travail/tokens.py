"""The two tokens of France Travail, sealed: who calls, and whom a call is about. Nothing of them is stored.

Each is bound to its mandate and to one use; an access token also to the secret that it was given for.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from connectors.france_travail.codes import ACCES_S, JETON_EXPIRE, JETON_H, JETON_INVALIDE
from connectors.france_travail.faults import Fault
from connectors.mandates import Mandate
from connectors.sealing import Unreadable, Vault

_SHORTEST_BYTES = 28


class Tokens:
    """Those of one mandate."""

    def __init__(self, vault: Vault, mandate: Mandate, clock: Callable[[], datetime]) -> None:
        self._vault = vault
        self._clock = clock
        self._caller = f"france-travail accès {mandate.code} {mandate.jeton}"
        self._person = f"france-travail usager {mandate.code}"

    def access(self, scopes: Iterable[str]) -> str:
        return self._seal(self._caller, timedelta(seconds=ACCES_S), {"scopes": sorted(scopes)})

    def scopes(self, token: str) -> frozenset[str] | None:
        """Of an access token; None when it is not one, or is over."""
        read = self._open(self._caller, token)
        return frozenset(read["scopes"]) if read and self._lives(read) else None

    def usager(self, parcours: str) -> str:
        """`ft-jeton-usager` of a person, by the partner's own pseudonym of the parcours."""
        return self._seal(self._person, timedelta(hours=JETON_H), {"parcours": parcours})

    def parcours(self, jeton: str) -> str:
        """Raises `Fault`: forged or of another mandate, or expired."""
        read = self._open(self._person, jeton)
        if read is None:
            raise Fault(JETON_INVALIDE)
        if not self._lives(read):
            raise Fault(JETON_EXPIRE)
        return str(read["parcours"])

    def _seal(self, purpose: str, life: timedelta, content: dict[str, Any]) -> str:
        told = content | {"fin": (self._clock() + life).timestamp()}
        return urlsafe_b64encode(self._vault.seal(purpose, json.dumps(told).encode())).decode()

    def _open(self, purpose: str, token: str) -> Any:
        try:
            sealed = urlsafe_b64decode(token.encode())
            return json.loads(self._vault.open(purpose, sealed)) if len(sealed) > _SHORTEST_BYTES else None
        except (Unreadable, NotBase64, ValueError):
            return None

    def _lives(self, read: dict[str, Any]) -> bool:
        return self._clock().timestamp() < float(read["fin"])
