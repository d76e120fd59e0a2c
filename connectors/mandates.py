"""A mandate: the partner that a connector serves, the system it speaks, its configuration and credentials, sealed."""

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connectors.database import Database, Row
from connectors.sealing import Vault

_COLUMNS = "code, systeme, partenaire, etat, scelle, kid, jeton, cree_a, change_a"
_ALL = f"SELECT {_COLUMNS} FROM mandats ORDER BY code"  # noqa: S608
_INSERT = f"INSERT INTO mandats ({_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"  # noqa: S608
_CHANGE = "UPDATE mandats SET etat = $2, scelle = $3, kid = $4, jeton = $5, change_a = $6 WHERE code = $1"


@dataclass(frozen=True, slots=True)
class Mandate:
    """`client` is the content of `client.json`, `key_pem` the private key that the hub knows as `client["kid"]`."""

    code: str
    systeme: str
    partenaire: str
    etat: str
    configuration: Mapping[str, Any]
    client: Mapping[str, Any]
    key_pem: str
    jeton: str | None
    cree_a: datetime
    change_a: datetime

    @property
    def is_active(self) -> bool:
        return self.etat == "actif"

    def accepts(self, token: str) -> bool:
        """Whether this is the token that the partner's own system was given for this connector."""
        return self.jeton is not None and secrets.compare_digest(self.jeton, token_digest(token))


def new_token() -> str:
    """256 bits, shown once: only its digest is kept."""
    return f"rlc_{secrets.token_urlsafe(32)}"


def token_digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


class Mandates:
    """The table of mandates, opened with the vault of this installation."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    async def all(self) -> Sequence[Mandate]:
        return [self._read(row) for row in await self._database.fetch(_ALL)]

    async def add(self, mandate: Mandate) -> None:
        kept = (mandate.etat, self._seal(mandate), mandate.client["kid"], mandate.jeton)
        stamps = (mandate.cree_a, mandate.change_a)
        await self._database.fetch(_INSERT, mandate.code, mandate.systeme, mandate.partenaire, *kept, *stamps)

    async def change(self, mandate: Mandate) -> None:
        kept = (mandate.etat, self._seal(mandate), mandate.client["kid"], mandate.jeton)
        await self._database.fetch(_CHANGE, mandate.code, *kept, mandate.change_a)

    def _seal(self, mandate: Mandate) -> bytes:
        secret = {"configuration": mandate.configuration, "client": mandate.client, "cle": mandate.key_pem}
        # A date or an hour of a TOML file: the configuration reads its text as well.
        return self._vault.seal(f"mandat {mandate.code}", json.dumps(secret, default=str).encode())

    def _read(self, row: Row) -> Mandate:
        secret = json.loads(self._vault.open(f"mandat {row['code']}", row["scelle"]))
        return Mandate(
            code=row["code"],
            systeme=row["systeme"],
            partenaire=row["partenaire"],
            etat=row["etat"],
            configuration=secret["configuration"],
            client=secret["client"],
            key_pem=secret["cle"],
            jeton=row["jeton"],
            cree_a=row["cree_a"],
            change_a=row["change_a"],
        )
