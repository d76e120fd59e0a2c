"""The publications and withdrawals since a position, by which a partner mirrors the catalogue.

The list is compacted: a record appears once, as it is now, at its last version. One that changes while the list is
read moves to its end: none is missed, and a later line replaces the earlier one.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from chassis.database import Connection, Record
from services.offres.store.catalogue import version_courante

_PAGE = 500
# By version, then kind, then number: each list is read through its own index and the three are merged.
_STRUCTURES = """
SELECT publie_a AS version, 0 AS flux, lpad(numero::text, 20, '0') AS cle, id, donnees, NULL::date AS date,
    NULL AS raison
FROM structures WHERE retire_a IS NULL AND publie_a <= $1 AND (publie_a, numero) > ($2, $3)
ORDER BY publie_a, numero LIMIT $4
"""
_SERVICES = _STRUCTURES.replace("0 AS flux", "1 AS flux").replace("FROM structures", "FROM services")
_WITHDRAWALS = """
SELECT version, 2 AS flux, genre || ' ' || id AS cle, id, NULL AS donnees, date, raison FROM retraits
WHERE version <= $1 AND version >= $2 AND (version > $2 OR genre || ' ' || id > $3)
ORDER BY version, cle LIMIT $4
"""
_LAST = "~"
"""After every key of a withdrawal."""


async def changements(conn: Connection, demande: Mapping[str, Any]) -> dict[str, Any]:
    """`{apres?: [version, flux, cle], limite?}` → `{changements, suite, reste}`: `suite` is always there, and is where
    to come back later."""
    version, flux, cle = demande.get("apres") or (0, -1, "")
    limite = demande.get("limite") or _PAGE
    courante = await version_courante(conn)
    rows: list[Record] = []
    for rang, statement in enumerate((_STRUCTURES, _SERVICES)):
        numero = int(cle) if rang == flux else (-1 if rang > flux else 2**62)
        rows += await conn.fetch(statement, courante, version, numero, limite + 1)
    depuis = cle if flux == 2 else ""
    rows += await conn.fetch(_WITHDRAWALS, courante, version, depuis, limite + 1)
    rows.sort(key=lambda row: (row["version"], row["flux"], row["cle"]))
    dits = rows[:limite]
    suite = _position(dits[-1]) if dits else [max(courante, version), 2, _LAST]
    return {"changements": [_dit(row) for row in dits], "suite": suite, "reste": len(rows) > limite}


def _position(row: Record) -> Sequence[Any]:
    return [row["version"], row["flux"], row["cle"]]


def _dit(row: Record) -> dict[str, Any]:
    if row["flux"] == 2:
        genre = row["cle"].partition(" ")[0]
        return {"nature": "retrait", "genre": genre, "id": row["id"], "date": row["date"], "raison": row["raison"]}
    genre = ("structure", "service")[row["flux"]]
    return {"nature": "publication", "genre": genre, "id": row["id"], "donnees": orjson.Fragment(row["donnees"])}
