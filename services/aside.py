"""The rows that a service set aside: listed, opened, settled. Each service answers for its own, over the bus."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID

import orjson

from chassis.database import Connection
from chassis.depots import Brique
from chassis.facts import Sceaux

_PAGE = 200
_OPEN = ("parque", "a-reprendre")
_COLUMNS = "id, nature, type, agregat, raison, parque_a, etat, echecs, regle_a, entree"
# The newest first: what has just failed is what an operator comes for.
_LIST = f"""
SELECT {_COLUMNS} FROM rebut WHERE ($1::uuid IS NULL OR id = $1) AND ($2 OR etat IN ('parque', 'a-reprendre'))
ORDER BY parque_a DESC, id LIMIT {_PAGE}
"""  # noqa: S608  constants only
_OF_IDS = f"SELECT {_COLUMNS} FROM rebut WHERE id = ANY($1) ORDER BY parque_a, id LIMIT {_PAGE}"  # noqa: S608
_GROUPS = """
SELECT nature, type, raison, count(*) AS nombre, min(parque_a) AS premier, max(parque_a) AS dernier
FROM rebut WHERE etat IN ('parque', 'a-reprendre') GROUP BY 1, 2, 3
"""
_GESTURES = "SELECT geste, par, motif, a FROM gestes WHERE rebut = $1 ORDER BY numero"
_SEALED = "SELECT id, agregat, entree, scelle FROM rebut WHERE id = $1"
_LOCK = "SELECT id, nature, etat, agregat, entree FROM rebut WHERE id = $1 FOR UPDATE"
_REDRIVE = "UPDATE rebut SET etat = 'a-reprendre' WHERE id = $1"
_DISCARD = "UPDATE rebut SET etat = 'ecarte', entree = '{}', scelle = NULL, regle_a = now() WHERE id = $1"
_NOTE = "INSERT INTO gestes (rebut, geste, par, motif) VALUES ($1, $2, $3, $4)"
# What follows a discarded event is read from its place on.
_GO_PAST = """
INSERT INTO positions (brique, agregat, sequence) VALUES ($1, $2, $3)
ON CONFLICT (brique, agregat) DO UPDATE SET sequence = greatest(positions.sequence, EXCLUDED.sequence)
"""


def reading(brique: Brique[Any, Any, Any, Any]) -> dict[str, Callable[[Connection, Mapping[str, Any]], Awaitable[Any]]]:
    """The answer to `lecture.<nom>.rebut`: rows, or with `{contenu: id}` what one of them holds."""

    async def answer(conn: Connection, asked: Mapping[str, Any]) -> Any:
        if asked.get("contenu"):
            return await _content(conn, brique.sceaux, UUID(asked["contenu"]))
        return await _rows(conn, asked)

    return {"rebut": answer}


async def _rows(conn: Connection, asked: Mapping[str, Any]) -> Any:
    """`{id, tous}` → rows; with an id, each with its `gestes`. `{groupes: true}` → counts by cause.

    `{ids}` → the rows of these, whatever became of them.
    """
    if "ids" in asked:
        return [dict(row) for row in await conn.fetch(_OF_IDS, [UUID(one) for one in asked["ids"]])]
    if asked.get("groupes"):
        return [dict(row) for row in await conn.fetch(_GROUPS)]
    id_ = UUID(asked["id"]) if asked.get("id") else None
    rows = [dict(row) for row in await conn.fetch(_LIST, id_, bool(asked.get("tous")) or id_ is not None)]
    for row in rows if id_ else ():
        row["gestes"] = [dict(one) for one in await conn.fetch(_GESTURES, row["id"])]
    return rows


async def _content(conn: Connection, sceaux: Sceaux, id_: UUID) -> Any:
    """`{agregat, contenu}` of what was set aside, opened; null for what is not there or not kept any more."""
    row = await conn.fetchrow(_SEALED, id_)
    if row is None:
        return None
    [clair] = await sceaux.ouvrir(conn, "rebut", [(row["id"], row["scelle"])])
    return {"agregat": row["agregat"], "contenu": orjson.loads(clair) if clair else row["entree"] or None}


async def settle(conn: Connection, asked: Mapping[str, Any]) -> dict[str, Any]:
    """`{id, geste, par, motif}`, `geste` being `repris` or `ecarte` → `{refus}`, or the row as it was.

    The same gesture again does nothing more: whoever asked may not have heard the answer.
    """
    row = await conn.fetchrow(_LOCK, UUID(asked["id"]))
    if row is None:
        return {"refus": "inconnu"}
    geste = asked["geste"]
    found = {name: row[name] for name in ("nature", "etat")}
    if (row["etat"], geste) in (("ecarte", "ecarte"), ("a-reprendre", "repris")):
        return found
    if row["etat"] not in _OPEN:
        return {"refus": "deja-regle"}
    if geste == "repris" and row["nature"] == "illisible":
        return {"refus": "illisible"}
    await conn.execute(_REDRIVE if geste == "repris" else _DISCARD, row["id"])
    await conn.execute(_NOTE, row["id"], geste, asked["par"], asked["motif"])
    place = (row["entree"].get("brique"), row["agregat"], row["entree"].get("sequence"))
    if geste == "ecarte" and row["nature"] == "evenement" and all(place):
        await conn.execute(_GO_PAST, *place)
    return found
