"""What every component set aside, for operators: this gateway's own rows, and each service asked for its own."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from chassis.bus import Unavailable
from chassis.bus_nats import NatsBus
from chassis.database import Pool
from coffre.keys import Vault
from gateway.sealing import ASIDE, open_events
from relais_contrats.briques import BRIQUES

OWN = "sortant"
SERVICES = tuple(sorted(brique.nom for brique in BRIQUES))
_PATIENCE_S = 3.0
_PAGE = 200
_COLUMNS = "id, nature, type, agregat, raison, parque_a, etat, echecs, regle_a, brique"
_LIST = f"""
SELECT {_COLUMNS} FROM rebut WHERE ($1::uuid IS NULL OR id = $1) AND ($2 OR etat IN ('parque', 'a-reprendre'))
ORDER BY parque_a DESC, id LIMIT {_PAGE}
"""  # noqa: S608  constants only
_GROUPS = """
SELECT nature, type, raison, count(*) AS nombre, min(parque_a) AS premier, max(parque_a) AS dernier
FROM rebut WHERE etat IN ('parque', 'a-reprendre') GROUP BY 1, 2, 3
"""
_SEALED = "SELECT id, agregat, entree, scelle FROM rebut WHERE id = $1"
_GESTURES = "SELECT geste, par, motif, a FROM gestes WHERE rebut = $1 ORDER BY numero"
# The parcours of what was set aside, by the id of a deposit or of an event that the gateway has: what links to its way.
_MESSAGES = "SELECT id, partenaire, message FROM depots WHERE id = ANY($1)"


class Aside:
    def __init__(self, pool: Pool, bus: NatsBus) -> None:
        self._pool = pool
        self._bus = bus

    async def all(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """`{composant, tous, id}` → `{elements, muets}`: the newest first; components that could not be asked."""
        wanted = {"id": asked.get("id"), "tous": bool(asked.get("tous"))}
        rows, silent = await self._everywhere(wanted, asked.get("composant") or None)
        rows.sort(key=lambda row: row["parque_a"], reverse=True)
        return {"elements": await self._named(rows), "muets": silent}

    async def groups(self) -> tuple[list[dict[str, Any]], list[str]]:
        """Counts by component and cause, in the columns of `failures`; components that could not be asked."""
        rows, silent = await self._everywhere({"groupes": True}, None)
        return [
            {
                "genre": "rebut",
                "qui": row["composant"],
                "objet": row["type"],
                "code": row["raison"],
                "nombre": row["nombre"],
                "premier": row["premier"],
                "dernier": row["dernier"],
            }
            for row in rows
        ], silent

    async def of(self, ids: Sequence[UUID]) -> tuple[list[dict[str, Any]], list[str]]:
        """What services set aside under these ids; services that could not be asked."""
        wanted = {"ids": list(map(str, ids))}
        answers = await asyncio.gather(*(self._ask(name, wanted) for name in SERVICES))
        told = list(zip(SERVICES, answers, strict=True))
        rows = [_read(row) | {"composant": name} for name, answer in told for row in answer or ()]
        return rows, [name for name, answer in told if answer is None]

    async def _everywhere(
        self, wanted: Mapping[str, Any], component: str | None
    ) -> tuple[list[dict[str, Any]], list[str]]:
        asked = [name for name in SERVICES if component in (None, name)]
        answers = await asyncio.gather(*(self._ask(name, wanted) for name in asked))
        rows = await self._own(wanted) if component in (None, OWN) else []
        for name, answer in zip(asked, answers, strict=True):
            rows += [_read(row) | {"composant": name} for row in answer or ()]
        return rows, [name for name, answer in zip(asked, answers, strict=True) if answer is None]

    async def _ask(self, service: str, wanted: Mapping[str, Any]) -> Any:
        try:
            told = await self._bus.request(f"lecture.{service}.rebut", orjson.dumps(wanted), timeout_s=_PATIENCE_S)
        except Unavailable:
            return None
        return orjson.loads(told)

    async def content(self, component: str, id_: UUID, vault: Vault) -> dict[str, Any] | None:
        """`{agregat, contenu}` of one of them, opened by whoever has its key; None when it is not there."""
        if component != OWN:
            told: dict[str, Any] | None = await self._ask(component, {"contenu": str(id_)})
            return told
        async with self._pool.acquire() as conn:
            rows = await open_events(vault, conn, await conn.fetch(_SEALED, id_), table=ASIDE, corps="entree")
        return {"agregat": rows[0]["agregat"], "contenu": rows[0]["entree"] or None} if rows else None

    async def _own(self, wanted: Mapping[str, Any]) -> list[dict[str, Any]]:
        async with self._pool.acquire() as conn:
            if wanted.get("groupes"):
                rows = [dict(row) for row in await conn.fetch(_GROUPS)]
            else:
                id_ = UUID(wanted["id"]) if wanted["id"] else None
                rows = [dict(row) for row in await conn.fetch(_LIST, id_, wanted["tous"] or id_ is not None)]
                for row in rows if id_ else ():
                    row["gestes"] = [dict(one) for one in await conn.fetch(_GESTURES, row["id"])]
        return [row | {"composant": OWN} for row in rows]

    async def _named(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """With the emitter and its own id, of what was deposited: what the page of the message is found by."""
        async with self._pool.acquire() as conn:
            found = await conn.fetch(_MESSAGES, [row["id"] for row in rows if row["nature"] == "depot"])
        known = {row["id"]: {"partenaire": row["partenaire"], "message": row["message"]} for row in found}
        nobody = {"partenaire": None, "message": None}
        return [_shown(row) | known.get(row["id"], nobody) for row in rows]


def _read(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as a service told it: its instants and ids are texts on the bus."""
    instants = {name: datetime.fromisoformat(row[name]) for name in ("parque_a", "premier", "dernier") if row.get(name)}
    ids = {"id": UUID(row["id"])} if row.get("id") else {}
    return {**row, **instants, **ids}


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    """Neither the aggregate, which nobody outside names so, nor the place of its content."""
    return {name: value for name, value in row.items() if name not in ("agregat", "entree")}
