"""`/v1/rejeux`: what a period brought, sent again to one subscription, with accounts that always add up.

Selected = delivered + already delivered + refused + pending. What its receiver has is not sent twice, unless asked.
"""

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
import structlog
from starlette.requests import Request
from starlette.responses import Response
from uuid_utils.compat import uuid7

from chassis.database import TRANSIENT, Connection, Pool, Record
from chassis.facts import type_cloudevents
from chassis.process import wait
from gateway.inbound.events import replays_store as store
from gateway.inbound.reading import reads_store
from gateway.inbound.request.call import Call
from gateway.inbound.request.door import Door
from gateway.inbound.request.json_body import read_model
from gateway.inbound.request.problems import Problem, invalid
from gateway.inbound.request.routes import Declared
from relais_contrats.abonnements import NouveauRejeu, types_rejoues
from relais_contrats.demandes import identifiant, types_courts

_log = structlog.get_logger()
MOST_SELECTED = 100_000
_TOGETHER = 500
_IDLE_S = 1.0
# Between two pieces, the queues belong to the live traffic.
_PAUSE_S = 0.02


class Replays:
    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._work = asyncio.Event()

    def routes(self, door: Door) -> list[Declared]:
        return [
            door.route("POST /v1/rejeux", self.create, changes=True),
            door.route("GET /v1/rejeux/{id}", self.get),
        ]

    async def create(self, call: Call, request: Request) -> Response:
        """Select now, send little by little. `a_blanc` only counts."""
        asked = await read_model(request, NouveauRejeu)
        code = call.partenaire.code
        async with self._pool.acquire() as conn, conn.transaction():
            rejeu, comptes = await order(conn, code, asked, datetime.now(UTC))
        if rejeu is None:
            return _json({"etat": "a-blanc", "comptes": comptes})
        self._work.set()
        shown = await self._shown(code, rejeu)
        return _json(shown, 202, {"Location": f"/v1/rejeux/{rejeu}"})

    async def get(self, call: Call, request: Request) -> Response:
        return _json(await self._shown(call.partenaire.code, _uuid(request.path_params["id"])))

    async def run(self, stop: asyncio.Event) -> None:
        """Every replica hands over; two never take the same piece."""
        while not stop.is_set():
            self._work.clear()
            if not await self.hand_over():
                await wait(self._work, _IDLE_S)
            await wait(stop, _PAUSE_S)

    async def hand_over(self) -> int:
        """One piece of each replay that goes on, each in its own transaction."""
        async with self._pool.acquire() as conn:
            rows = await store.unfinished(conn)
            done = 0
            for row in rows:
                done += await self._hand_over_one(conn, row)
        return done

    async def _hand_over_one(self, conn: Connection, row: Record) -> int:
        """A replay that cannot go on keeps no other from it."""
        try:
            async with conn.transaction():
                return await store.hand_over(conn, row, _TOGETHER, datetime.now(UTC))
        except TRANSIENT:
            raise
        except Exception:
            await _log.aexception("replays.failed", rejeu=str(row["id"]))
            return 0

    async def _shown(self, partenaire: str, rejeu: UUID) -> dict[str, Any]:
        async with self._pool.acquire() as conn:
            row = await store.one(conn, partenaire, rejeu)
            if row is None:
                raise Problem(status=404)
            accounts = accounts_of(row, await store.accounts(conn, rejeu, row["abonnement"]))
        return {
            "id": str(rejeu),
            "etat": "en-cours" if accounts["en_attente"] else "termine",
            "abonnement": str(row["abonnement"]),
            "du": row["du"],
            "au": row["au"],
            "types": [type_cloudevents(nom) for nom in row["types"]],
            "demande_a": row["demande_a"],
            "comptes": accounts,
        }


async def order(
    conn: Connection, code: str, asked: NouveauRejeu, now: datetime, par: str | None = None
) -> tuple[UUID | None, dict[str, int]]:
    """Select what a replay sends, for a partner or for the operator `par`: its id, None for a dry run, and its
    accounts. To be called in a transaction. Raises a Problem."""
    du, au = asked.periode()
    wanted, abonnement = types_courts(asked.types, "/types"), identifiant(asked.abonnement, "/abonnement")
    row = await store.subscription(conn, code, abonnement)
    if row is None:
        raise Problem(status=404)
    types = types_rejoues(row["etat"], row["types"], wanted)
    first, last = await reads_store.bounds(conn, "recu", du, au)
    selection = (code, abonnement, first, last, du, au, types, asked.renvoyer)
    counted = await store.dry_run(conn, *selection)
    if counted["selectionnes"] > MOST_SELECTED:
        raise invalid("/du", f"La période compte plus de {MOST_SELECTED} livraisons : découpez-la.")
    if asked.a_blanc:
        return None, _dry(counted)
    await store.select(conn, rejeu := uuid7(), selection, now, par)
    return rejeu, _dry(counted)


def accounts_of(row: Record, accounts: dict[str, int]) -> dict[str, int]:
    """The accounts of a replay; raises AssertionError when they do not add up to what was selected."""
    settled = accounts["livres"] + accounts["deja_livres"] + accounts["refuses"]
    assert row["selectionnes"] == accounts["selectionnes"] == settled + accounts["en_attente"]
    return accounts


def _dry(counted: Record) -> dict[str, int]:
    to_send = counted["selectionnes"] - counted["deja_livres"]
    return {**dict(counted), "livres": 0, "refuses": 0, "en_attente": to_send}


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Problem(status=404) from None


def _json(content: dict[str, Any], status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(orjson.dumps(content), status, headers, "application/json")
