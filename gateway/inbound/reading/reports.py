"""What a partner checks its own books with: its deposits, the reconciliation of both directions, the legal delays."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from chassis.bus import BusError
from chassis.database import TRANSIENT, Record
from chassis.facts import type_cloudevents
from gateway import sealing
from gateway.bodies import Bodies, Delivered
from gateway.inbound.deposit.deposits import status_of
from gateway.inbound.deposit.prepared import Doorway
from gateway.inbound.reading import delays
from gateway.inbound.reading import reads_store as store
from gateway.inbound.reading.bookmarks import Bookmarks
from gateway.inbound.reading.disclosure import DELAIS, GROUPES
from gateway.inbound.reading.sight import Sight, answer, declare
from gateway.inbound.request import problems
from gateway.inbound.request.call import Call
from gateway.inbound.request.door import Door
from gateway.inbound.request.problems import Problem
from gateway.inbound.request.query import parameters
from gateway.inbound.request.routes import Declared
from gateway.pseudonyms import whole_second
from relais_contrats.codes.acteurs import Finalite
from relais_contrats.demandes import (
    curseur_inconnu,
    depots_demandes,
    nombre,
    periode_demandee,
    statistiques_demandees,
)
from relais_contrats.droits import Role, ouvrir_le_territoire
from relais_contrats.lecture import empreinte
from relais_contrats.reception import ligne_de_refus

_PAGE, _MAX_PAGE, _STREAMED = 100, 500, 256


class Reports:
    def __init__(self, doorway: Doorway, sight: Sight, bodies: Bodies, bookmarks: Bookmarks) -> None:
        self._doorway = doorway
        self._sight = sight
        self._bodies = bodies
        self._bookmarks = bookmarks

    def routes(self, door: Door) -> list[Declared]:
        return [
            door.route("GET /v1/messages", self.messages, own_books=True),
            door.route("GET /v1/reconciliation", self.reconcile, changes=True, own_books=True),
            door.route("GET /v1/statistiques/delais", self.delays),
        ]

    async def messages(self, call: Call, request: Request) -> Response:
        """The partner's own deposits in the order in which they came."""
        query = parameters(request)
        asked = depots_demandes(query)
        limite = nombre(query.get("limite"), "limite", _PAGE, _MAX_PAGE)
        liste = f"messages {asked}"
        after = self._bookmarks.read(call.partenaire.code, liste, query["apres"]) if "apres" in query else 0
        if after is None:
            raise curseur_inconnu()
        etats = [asked.etat] if asked.etat else None
        async with self._doorway.pool.acquire() as conn:
            found = await store.deposits(conn, call.partenaire.code, after, asked.type, etats, asked.depuis, limite)
            rows = await sealing.open_answers(self._doorway.vault, conn, found)
        last = rows[-1]["numero"] if len(rows) == limite else None
        suite = self._bookmarks.write(call.partenaire.code, liste, last) if last else None
        return answer(
            call, request, {"messages": [status_of(self._doorway, call, row) for row in rows], "suite": suite}
        )

    async def reconcile(self, call: Call, request: Request) -> Response:
        """Id and SHA-256 (RFC 8785 form) of everything deposited, or received, in [du, au[: one line each."""
        asked = periode_demandee(parameters(request))
        if asked.sens == "recu":
            declare(call, request, frozenset(Finalite))
        lines = self._lines(call, asked.sens, asked.du, asked.au)
        return StreamingResponse(lines, media_type="application/x-ndjson", headers={"Cache-Control": "no-store"})

    async def _lines(self, call: Call, sens: str, du: datetime, au: datetime) -> AsyncIterator[bytes]:
        code = call.partenaire.code
        try:
            async with self._doorway.pool.acquire() as conn:
                first, last = await store.bounds(conn, sens, du, au)
            while first <= last:
                async with self._doorway.pool.acquire() as conn:
                    rows = await store.between(conn, sens, code, (first, last), du, au, _STREAMED)
                    opened = await self._bodies.opened(conn, rows) if sens == "recu" else []
                told = [_deposited(row) for row in rows] if sens == "depose" else await self._received(call, opened)
                yield b"".join(orjson.dumps(line) + b"\n" for line in told)
                if len(rows) < _STREAMED:
                    return
                first = rows[-1]["numero"] + 1
        except (*TRANSIENT, BusError):  # said on the last line: the list is not complete
            yield orjson.dumps(problems.body(Problem("indisponible"), self._doorway.base_url)) + b"\n"

    async def _received(self, call: Call, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The hash is that of the event as its receiver may see it now; None when it may see nothing of it any more.

        What waits for a convention is not told.
        """
        demandeur = call.demandeur
        delivered = [
            Delivered(
                row["numero"],
                row["evenement"],
                row["parcours"],
                row["type"],
                frozenset(map(Role, row["roles"])),
                row["corps"],
                relaisnumero=row["relaisnumero"],
            )
            for row in rows
        ]
        code = demandeur.partenaire.code
        made, _ = await self._bodies.build(demandeur, delivered)
        bodies = {body["id"]: empreinte(body) for body in made}
        ids = [self._bodies.event_id(code, one.evenement) for one in delivered]
        return [
            {
                "id": id_,
                "type": type_cloudevents(one.type),
                "empreinte": bodies.get(id_),
                "distribue_a": whole_second(row["a"]),
            }
            for id_, one, row in zip(ids, delivered, rows, strict=True)
            if not self._bodies.waits(demandeur, one)
        ]

    async def delays(self, call: Call, request: Request) -> Response:
        """Per département of the partner's territory and whole month: no figure is about fewer than eleven persons."""
        query = parameters(request)
        declare(call, request, frozenset({str(Finalite.PILOTAGE)}))
        departement, depuis = statistiques_demandees(query, call.partenaire, un_seul=False)
        demande = {"departement": departement, "depuis": depuis}
        demandeur, own = call.demandeur, call.partenaire.departements
        seen = {d: ouvrir_le_territoire(demandeur, d, call.finalites) for d in ({departement} if departement else own)}
        if not set().union(*seen.values()) & set(GROUPES.values()):
            raise Problem("non-autorise", erreurs=[ligne_de_refus("non-autorise", "")])
        told = await asyncio.gather(*(self._sight.ask(f"{brique}.delais", demande) for brique in DELAIS))
        rows = {
            brique: [row for row in rows if GROUPES[brique] in seen.get(row["departement"], ())]
            for brique, rows in zip(DELAIS, told, strict=True)
        }
        return answer(call, request, delays.shown(rows))


def _deposited(row: Record) -> dict[str, Any]:
    return {
        "id": row["message"],
        "type": type_cloudevents(row["type"]),
        "empreinte": row["empreinte"].hex(),
        "etat": row["etat"],
        "recu_a": row["recu_a"],
    }
