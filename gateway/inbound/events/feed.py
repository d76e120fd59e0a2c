"""The pull feed: `GET /v1/evenements`, the long poll that waits for what is not there yet, and acknowledgements.

A page that was served proves nothing; its cursor that comes back does: the receipt is made then.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from chassis.bus import Unavailable
from chassis.database import Connection, Pool, Record
from chassis.microbatch import MicroBatch
from chassis.process import wait
from gateway import numbering, receipts
from gateway.archives import NOT_PUT_AWAY
from gateway.bodies import Bodies, Delivered
from gateway.inbound.events.cursors import Cursors, Place
from gateway.inbound.reading.sight import declare
from gateway.inbound.request.call import Call
from gateway.inbound.request.door import Door
from gateway.inbound.request.json_body import read_model
from gateway.inbound.request.problems import Problem, invalid
from gateway.inbound.request.routes import Declared
from gateway.pseudonyms import whole_second
from gateway.receipts import Chains, OfDelivery
from gateway.unmade import Unmade, park
from relais_contrats.abonnements import Acquittement
from relais_contrats.codes.acteurs import Finalite
from relais_contrats.demandes import depart_du_fil, nombre, types_courts
from relais_contrats.droits import Role
from relais_contrats.lecture import Erreur

_DEFAULT_LIMIT = 100
_MAX_LIMIT = 500
_MAX_WAIT_S = 25
_LOOK_EVERY_S = 0.1
_REST_S = 0.5

_HIGHEST = "SELECT coalesce(max(numero), 0) FROM livraisons"
_ARRIVED = "SELECT partenaire, max(numero) AS numero FROM livraisons WHERE numero > $1 GROUP BY partenaire"
_POSITION = "SELECT numero FROM curseurs WHERE partenaire = $1"
_PAGE = f"""
SELECT l.numero, l.evenement, l.parcours, l.type, l.roles, e.corps, e.scelle, l.relaisnumero
FROM livraisons l JOIN evenements e ON e.id = l.evenement
WHERE l.partenaire = $1 AND l.numero > $2 AND ($3::text[] IS NULL OR l.type = ANY($3)) AND NOT l.retenue
AND {NOT_PUT_AWAY}
ORDER BY l.numero LIMIT $4
"""  # noqa: S608  constants only
# The batch in which a position lies is the one that ends at the first mark from there on.
_MARK = "SELECT marque FROM reperes WHERE numero >= $1 ORDER BY numero LIMIT 1"
_SINCE = "SELECT coalesce(min(numero) - 1, $3) FROM livraisons WHERE partenaire = $1 AND a >= $2"
# What was acknowledged before its convention ended is read again by nobody for the first time.
_HOLD = """
UPDATE livraisons SET retenue = true WHERE partenaire = $1 AND numero = ANY($2)
AND numero > coalesce((SELECT numero FROM curseurs WHERE partenaire = $1), 0)
"""
_ACKNOWLEDGE = """
INSERT INTO curseurs (partenaire, numero, acquitte_a) VALUES ($1, $2, $3)
ON CONFLICT (partenaire) DO UPDATE SET numero = EXCLUDED.numero, acquitte_a = EXCLUDED.acquitte_a
WHERE curseurs.numero < EXCLUDED.numero
RETURNING (SELECT evenement FROM livraisons WHERE partenaire = $1 AND numero <= $2 ORDER BY numero DESC LIMIT 1)
"""


class Arrivals:
    """Who waits for what comes next: one look at the table for everybody, and only those concerned are woken."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._waiting: dict[str, set[asyncio.Event]] = {}
        self._somebody = asyncio.Event()
        self._seen: int | None = None

    async def watch(self, stop: asyncio.Event) -> None:
        """While nobody waits, now and then only."""
        while not stop.is_set():
            await self.look()
            if self._waiting:
                await wait(stop, _LOOK_EVERY_S)
            else:
                self._somebody.clear()
                await wait(self._somebody, _REST_S)
        for events in self._waiting.values():
            for event in events:
                event.set()

    async def look(self) -> None:
        async with self._pool.acquire() as conn:
            highest = await conn.fetchval(_HIGHEST)
            if self._seen is None or highest < self._seen:  # less than before: the database is an older one
                self._seen = highest
            rows = await conn.fetch(_ARRIVED, self._seen)
        self._seen = max([self._seen or 0, *(row["numero"] for row in rows)])
        for row in rows:
            for event in self._waiting.get(row["partenaire"], ()):
                event.set()

    def expect(self, partenaire: str) -> asyncio.Event:
        """To be called before the table is read: whatever comes after that sets the event."""
        event = asyncio.Event()
        self._waiting.setdefault(partenaire, set()).add(event)
        self._somebody.set()
        return event

    def forget(self, partenaire: str, event: asyncio.Event) -> None:
        waiting = self._waiting[partenaire]
        waiting.discard(event)
        if not waiting:
            del self._waiting[partenaire]


class Feed:
    """The same rows as the webhooks, read at the partner's own pace. `chains` are those of its receipts alone."""

    def __init__(self, pool: Pool, bodies: Bodies, master_key: bytes, chains: Chains) -> None:
        self._pool = pool
        self._chains = chains
        self.acknowledgements = MicroBatch(self._acknowledge_all)
        self._bodies = bodies
        self._cursors = Cursors(master_key)
        self._arrivals = Arrivals(pool)

    def routes(self, door: Door) -> list[Declared]:
        return [
            door.route("GET /v1/evenements", self.get),
            door.route("POST /v1/evenements/acquittement", self.acknowledge, own_books=True),
        ]

    async def watch(self, stop: asyncio.Event) -> None:
        await self._arrivals.watch(stop)

    async def get(self, call: Call, request: Request) -> Response:
        """A page after `apres`; with `attente`, as soon as there is something, or empty after that many seconds."""
        query = request.query_params
        declare(call, request, frozenset(Finalite))
        _refuse_unknown(query, {"apres", "depuis", "limite", "attente", "types"})
        limite = nombre(query.get("limite"), "limite", _DEFAULT_LIMIT, _MAX_LIMIT)
        attente_s = nombre(query.get("attente"), "attente", 0, _MAX_WAIT_S, minimum=0)
        types = types_courts(query["types"].split(","), "types") if query.get("types") else None
        after = await self._start(call.partenaire.code, query.get("apres"), depart_du_fil(query))
        rows, reached, dernier = await self._page_or_wait(call.partenaire.code, after.numero, types, limite, attente_s)
        leaving = await self._leaving(call, rows)
        call.montres += [one.parcours for one in leaving]
        try:
            bodies, unmade = await self._bodies.build(call.demandeur, leaving)
        except Unavailable as error:
            raise Problem("indisponible") from error
        if unmade:
            await self._set_aside(call.partenaire.code, unmade)
        evenements = orjson.dumps(bodies)
        place = after.after(reached, evenements) if bodies else Place(reached, after.empreinte)
        curseur = await self._cursor(call.partenaire.code, place)
        content = {"evenements": orjson.Fragment(evenements), "curseur": curseur, "dernier_numero": dernier}
        return Response(orjson.dumps(content), media_type="application/json")

    async def _leaving(self, call: Call, rows: Sequence[Mapping[str, Any]]) -> list[Delivered]:
        """What of a page may be shown now; the rest is held back until a convention is renewed, and comes then."""
        demandeur = call.demandeur
        delivered = [_delivered(row) for row in rows]
        held = [one.numero for one in delivered if self._bodies.waits(demandeur, one)]
        if held:
            async with self._pool.acquire() as conn:
                await conn.execute(_HOLD, demandeur.partenaire.code, held)
        return [one for one in delivered if one.numero not in held]

    async def _set_aside(self, partenaire: str, unmade: Sequence[Unmade]) -> None:
        """The page goes on without them; they come again once an operator has them tried again."""
        async with self._pool.acquire() as conn, conn.transaction():
            await conn.execute(_HOLD, partenaire, [one.numero for one in unmade])
            await park(conn, unmade, datetime.now(UTC))

    async def acknowledge(self, call: Call, request: Request) -> Response:
        """Move the durable position, never back. When it moves, `Relais-Recu` is the receipt."""
        asked = await read_model(request, Acquittement)
        place = await self._read_cursor(call.partenaire.code, asked.curseur, "/curseur")
        recu = await self.acknowledgements.submit((call.partenaire.code, asked.curseur, place))
        return Response(status_code=204, headers={"Relais-Recu": recu} if recu else None)

    async def _acknowledge_all(self, batch: Sequence[tuple[str, str, Place]]) -> Sequence[str | None]:
        """One transaction; in the order of the partners, so that two processes do not lock one another."""
        now = datetime.now(UTC)
        recus: dict[int, OfDelivery] = {}
        try:
            async with self._pool.acquire() as conn, conn.transaction():
                for rank, (partenaire, curseur, place) in sorted(enumerate(batch), key=lambda one: one[1][0]):
                    moved = await conn.fetchrow(_ACKNOWLEDGE, partenaire, place.numero, now)
                    if moved:
                        dernier = self._bodies.event_id(partenaire, moved["evenement"]) if moved["evenement"] else None
                        contenu = _acknowledged(curseur, place, dernier, now)
                        recus[rank] = OfDelivery(self._chains.next(partenaire, contenu, now), partenaire)
                if recus:
                    await receipts.insert(conn, list(recus.values()))
        except BaseException:
            self._chains.restart()
            raise
        return [recus[rank].receipt.jws if rank in recus else None for rank in range(len(batch))]

    async def _start(self, partenaire: str, apres: str | None, depuis: datetime | None) -> Place:
        """After a cursor, from an instant on, acknowledged or not, or else from what was acknowledged."""
        if apres is not None:
            return await self._read_cursor(partenaire, apres, "apres")
        async with self._pool.acquire() as conn:
            if depuis is None:
                return await _durable(conn, partenaire)
            return Place(await conn.fetchval(_SINCE, partenaire, depuis, await conn.fetchval(_HIGHEST)))

    async def _cursor(self, partenaire: str, place: Place) -> str:
        async with self._pool.acquire() as conn:
            marque = await conn.fetchval(_MARK, place.numero) if place.numero else b""
        return self._cursors.write(partenaire, replace(place, marque=marque or b""))

    async def _read_cursor(self, partenaire: str, curseur: str, pointeur: str) -> Place:
        """Raises a Problem for what was not given to this partner, or was given by a database that is no more."""
        place = self._cursors.read(partenaire, curseur)
        if place is None:
            raise invalid(pointeur, "Ce curseur n'a pas été donné par le hub à ce partenaire.")
        async with self._pool.acquire() as conn:
            marque = await conn.fetchval(_MARK, place.numero) if place.numero else b""
            if marque is not None and place.marque in (marque, b""):
                return place
            safe = await _durable(conn, partenaire)
        code = "curseur-d-une-autre-epoque"
        phrase = "Ce curseur vient d'un état du hub qui a été perdu : reprenez depuis `curseur`."
        extra = {"curseur": await self._cursor(partenaire, safe)}
        raise Problem(code, erreurs=[Erreur(pointeur, code, phrase)], extra=extra)

    async def _page_or_wait(
        self, partenaire: str, after: int, types: Sequence[str] | None, limite: int, attente_s: int
    ) -> tuple[list[dict[str, Any]], int, int]:
        """Also the last number of the feed before the page was read: an empty page is a heartbeat."""
        deadline = asyncio.get_running_loop().time() + attente_s
        while True:
            arrived = self._arrivals.expect(partenaire)
            try:
                async with self._pool.acquire() as conn:
                    dernier = await numbering.last(conn, partenaire)
                    found, reached = await _page(conn, partenaire, after, types, limite)
                    rows = await self._bodies.opened(conn, found)
                left_s = deadline - asyncio.get_running_loop().time()
                if found or left_s <= 0:
                    return rows, reached, dernier
                await wait(arrived, left_s)
            finally:
                self._arrivals.forget(partenaire, arrived)


async def _durable(conn: Connection, partenaire: str) -> Place:
    """What was acknowledged: it was saved with all that it stands for."""
    return Place(await conn.fetchval(_POSITION, partenaire) or 0)


async def _page(
    conn: Connection, partenaire: str, after: int, types: Sequence[str] | None, limite: int
) -> tuple[list[Record], int]:
    """Rows after a position, and the position up to which nothing is left behind. Numbers become visible in order, so
    a short page has seen everything up to the highest number there was before it."""
    highest: int = await conn.fetchval(_HIGHEST)
    rows = await conn.fetch(_PAGE, partenaire, after, types, limite)
    last = rows[-1]["numero"] if rows else after
    return rows, last if len(rows) == limite else max(last, highest)


def _acknowledged(curseur: str, place: Place, dernier: str | None, now: datetime) -> dict[str, Any]:
    """What the receiver says by giving a cursor back, as the receipt keeps it: up to which event, and what it was
    served on the way there."""
    return {
        "curseur": curseur,
        "evenement": dernier,
        "empreinte": place.empreinte.hex(),
        "acquitte_a": whole_second(now).isoformat(),
        "resultat": "acquitte",
    }


def _delivered(row: Mapping[str, Any]) -> Delivered:
    return Delivered(
        numero=row["numero"],
        evenement=row["evenement"],
        parcours=row["parcours"],
        type=row["type"],
        roles=frozenset(map(Role, row["roles"])),
        corps=row["corps"],
        relaisnumero=row["relaisnumero"],
    )


def _refuse_unknown(given: Iterable[str], known: set[str]) -> None:
    if not set(given) <= known:
        raise invalid("", f"Paramètres admis : {', '.join(sorted(known))}.")
