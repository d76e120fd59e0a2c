"""Tells the console, over the bus, the messages that fit: who deposited what, when, and what became of it."""

from datetime import datetime
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict, Field

from chassis.database import Connection, Pool, Record
from gateway.inbound.messages import store
from gateway.inbound.messages.store import Criteres
from gateway.inbound.timeline import lookup, phrases
from gateway.partners import Annuaire
from gateway.pseudonyms import Pseudonyms

SUBJECT = "lecture.passerelle.messages"


class Demande(BaseModel):
    """`id`: whatever names a message (see `timeline.lookup`); `parcours`: as any partner calls it; `trace`: its 32
    digits or a whole `traceparent`. `compte`: whether to count what fits."""

    model_config = ConfigDict(extra="forbid")

    partenaire: str | None = None
    type: str | None = None
    etat: str | None = None
    code: str | None = None
    departement: str | None = None
    depuis: datetime | None = None
    jusqua: datetime | None = None
    id: str | None = None
    parcours: str | None = None
    trace: str | None = None
    avant: int | None = None
    nombre: int = Field(50, ge=1, le=1000)
    compte: bool = False


class Messages:
    """`annuaire`: the partners, each of which may name a parcours or an event its own way."""

    def __init__(self, pool: Pool, pseudonyms: Pseudonyms, annuaire: Annuaire) -> None:
        self._pool = pool
        self._pseudonyms = pseudonyms
        self._annuaire = annuaire

    async def answer(self, asked: bytes) -> bytes:
        return orjson.dumps(await self.of(Demande.model_validate_json(asked)))

    async def of(self, demande: Demande) -> dict[str, Any]:
        """`suite`: the cursor of the next page, when there is one; `nombres` by state, up to `compte_max` each."""
        async with self._pool.acquire() as conn, conn.transaction():
            # The values decide which index serves: no plan is made for all of them.
            await conn.execute("SET LOCAL plan_cache_mode = force_custom_plan")
            # An index gives the newest first and stops; a bitmap reads all that fits before it sorts.
            await conn.execute("SET LOCAL enable_bitmapscan = off")
            criteres = await self._read(conn, demande)
            rows = await store.page(conn, criteres, demande.nombre + 1) if criteres else []
            counted = await store.counts(conn, criteres) if criteres and demande.compte else []
        shown = rows[: demande.nombre]
        return {
            "messages": [_said(row) for row in shown],
            "suite": shown[-1]["numero"] if len(rows) > len(shown) else None,
            "nombres": {row["etat"]: row["nombre"] for row in counted},
            "compte_max": store.COUNTED,
        }

    async def _read(self, conn: Connection, demande: Demande) -> Criteres | None:
        """None when what it names is unknown here: nothing fits."""
        codes, named = self._annuaire.codes(), dict[str, Any]()
        if demande.trace:
            named["trace"] = lookup.trace_of(demande.trace)
        if demande.parcours:
            found = await lookup.known(conn, self._pseudonyms, codes, demande.parcours)
            named["parcours"] = await lookup.family(conn, found[0]) if found else None
        if demande.id:
            keys = await lookup.messages(conn, self._pseudonyms, codes, demande.id)
            own = [(key.partenaire, key.message) for key in keys if key.message]
            named["cles"] = (own, [key.refus for key in keys if key.refus]) if keys else None
        if None in named.values():
            return None
        return Criteres(**demande.model_dump(exclude={"id", "parcours", "trace", "nombre", "compte"}), **named)


def _said(row: Record) -> dict[str, Any]:
    trace = row["trace"] or ""
    return {
        **row,
        "trace": trace.split("-")[1] if trace.count("-") == 3 else trace or None,
        "etat_lisible": phrases.DEPOTS[row["etat"]],
        "service": phrases.service(row["brique"]) if row["brique"] else None,
    }
