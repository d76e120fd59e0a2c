"""The access journal: who asked for what, whose data was shown, what was refused; rows chained, written once.

The digest of a row covers the one before, so that none is changed, moved or taken out unseen. The last row of each
write is signed with the key of the receipts: whoever rewrites rows would have to sign them again.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
from joserfc.jwk import ECKey
from joserfc.jws import JWSRegistry
from joserfc.util import urlsafe_b64decode, urlsafe_b64encode
from uuid_utils.compat import uuid7

from chassis.database import Connection, Record

_ALGORITHM = "ES256"
_FIELDS = (
    *("partenaire", "agent", "finalite", "parcours", "quoi", "resultat", "code", "trace", "liaison", "provenance"),
    "nombre",
)
_INSERT = """
INSERT INTO acces (chaine, rang, a, partenaire, agent, finalite, parcours, quoi, resultat, code, trace, liaison,
                   provenance, nombre, precedent, empreinte, signature)
SELECT n.chaine, n.rang, n.a, n.partenaire, n.agent, n.finalite, n.parcours::uuid[], n.quoi, n.resultat, n.code,
       n.trace, n.liaison, n.provenance, n.nombre, n.precedent, n.empreinte, n.signature
FROM unnest(
    $1::uuid[], $2::bigint[], $3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::int[],
    $10::text[], $11::text[], $12::text[], $13::text[], $14::int[], $15::bytea[], $16::bytea[], $17::text[]
) AS n(chaine, rang, a, partenaire, agent, finalite, parcours, quoi, resultat, code, trace, liaison, provenance, nombre,
       precedent, empreinte, signature)
"""


@dataclass(frozen=True, slots=True)
class Access:
    """One request: who, for what, what, the HTTP status that it got, and the parcours whose data it was shown.

    `partenaire` is empty when nobody proved who it is: `provenance` is then the address. `liaison`: to what the token
    was bound; `aucune`, a token that whoever steals it can use, is the profil hérité. `nombre` like this one.
    """

    partenaire: str
    agent: str | None
    parcours: Sequence[UUID]
    finalite: str | None
    quoi: str
    resultat: int
    trace: str | None
    liaison: str | None
    code: str | None = None
    provenance: str | None = None
    nombre: int = 1


@dataclass(frozen=True, slots=True)
class Chained:
    """A row as it is written: its place, the digest of the one before, its own, a signature on the last of a write."""

    chaine: UUID
    rang: int
    a: datetime
    access: Access
    precedent: bytes
    empreinte: bytes
    signature: str | None = field(default=None)


def digest(precedent: bytes, chaine: UUID, rang: int, a: datetime, row: Mapping[str, Any]) -> bytes:
    """SHA-256 over the digest before and the whole row, in one writing."""
    told = [str(chaine), rang, a.astimezone(UTC).isoformat(), *(row[name] for name in _FIELDS)]
    return hashlib.sha256(precedent + orjson.dumps(told)).digest()


def first_of(chaine: UUID) -> bytes:
    """What the first row of a chain has before it."""
    return hashlib.sha256(chaine.bytes).digest()


class AccessChain:
    """One chain of one writer. Not thread safe: rows are chained inside the one micro-batch that writes them."""

    def __init__(self, pem: bytes) -> None:
        self._key = ECKey.import_key(pem)
        self._es256 = JWSRegistry(algorithms=[_ALGORITHM]).get_alg(_ALGORITHM)
        self.restart()

    def restart(self) -> None:
        """Begin a new chain: what was chained last may or may not have been written."""
        self.id = uuid7()
        self._rang, self._last = 0, first_of(self.id)

    def chained(self, accesses: Sequence[Access], now: datetime) -> list[Chained]:
        rows = []
        for rank, access in enumerate(accesses, 1):
            self._rang += 1
            row = {name: getattr(access, name) for name in _FIELDS}
            precedent, self._last = self._last, digest(self._last, self.id, self._rang, now, row)
            signature = self._sign(self._last) if rank == len(accesses) else None
            rows.append(Chained(self.id, self._rang, now, access, precedent, self._last, signature))
        return rows

    def _sign(self, empreinte: bytes) -> str:
        return urlsafe_b64encode(self._es256.sign(empreinte, self._key)).decode()


async def insert(conn: Connection, rows: Sequence[Chained]) -> None:
    """To be called in the transaction of what the accesses are about."""
    columns = [
        [row.chaine for row in rows],
        [row.rang for row in rows],
        [row.a for row in rows],
        *([getattr(row.access, name) for row in rows] for name in ("partenaire", "agent", "finalite")),
        ["{" + ",".join(map(str, row.access.parcours)) + "}" for row in rows],
        *([getattr(row.access, name) for row in rows] for name in _FIELDS[4:]),
        [row.precedent for row in rows],
        [row.empreinte for row in rows],
        [row.signature for row in rows],
    ]
    await conn.execute(_INSERT, *columns)


async def maintain(conn: Connection) -> None:
    """Make the months to come, drop those of more than a year ago: the database does it, by its own clock."""
    await conn.execute("SELECT entretenir_acces()")


class Checker:
    """Rows given by chain and rank; says in French, one sentence per fault, what is wrong with each."""

    def __init__(self, pem: bytes) -> None:
        self._key = ECKey.import_key(pem)
        self._es256 = JWSRegistry(algorithms=[_ALGORITHM]).get_alg(_ALGORITHM)
        self._before: Record | None = None

    def begins(self, row: Record) -> bool:
        return self._before is None or self._before["chaine"] != row["chaine"]

    def faults(self, row: Record) -> list[str]:
        """The first months of a chain may have been purged: its first row here then has a later rank."""
        found = list(self._of_place(row))
        if digest(row["precedent"], row["chaine"], row["rang"], row["a"], dict(row)) != row["empreinte"]:
            found.append("son contenu n'est pas celui qui a été écrit.")
        if row["signature"] and not self._is_signed(row):
            found.append("sa signature n'est pas celle du relais.")
        ended = self.end() if self.begins(row) else []
        self._before = row
        return [*ended, *(f"accès {row['chaine']} n° {row['rang']} : {fault}" for fault in found)]

    def end(self) -> list[str]:
        """What the last row of a chain lacks: each write ends with a signature."""
        last = self._before
        if last is None or last["signature"]:
            return []
        return [f"accès {last['chaine']} n° {last['rang']} : la fin de cette chaîne manque."]

    def _of_place(self, row: Record) -> Iterator[str]:
        before = self._before
        if before is None or before["chaine"] != row["chaine"]:
            if row["rang"] == 1 and row["precedent"] != first_of(row["chaine"]):
                yield "le premier de sa chaîne ne commence pas par elle."
        elif row["rang"] != before["rang"] + 1:
            yield f"il manque {row['rang'] - before['rang'] - 1} accès avant celui-ci."
        elif row["precedent"] != before["empreinte"]:
            yield "il ne suit pas celui qui le précède."

    def _is_signed(self, row: Record) -> bool:
        try:
            signature = urlsafe_b64decode(row["signature"].encode())
        except ValueError:
            return False
        return self._es256.verify(row["empreinte"], signature, self._key)
