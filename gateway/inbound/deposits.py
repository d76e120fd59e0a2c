"""`/v1/messages`: one deposit, or many; and what became of it."""

from collections.abc import Mapping
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from chassis import telemetry
from chassis.database import Record
from gateway.inbound import problems, store
from gateway.inbound.body import media_type, read_body
from gateway.inbound.bulk import Bulk
from gateway.inbound.door import Call, Door
from gateway.inbound.journal import Different, Known, New, Reception, Refused, Replayed
from gateway.inbound.limits import Limits
from gateway.inbound.preference import wait_s
from gateway.inbound.prepared import (
    MAX_MESSAGE_BYTES,
    Doorway,
    Prepared,
    accepted,
    problem_of,
    read,
    refused_by_service,
)
from gateway.inbound.problems import Problem


class Deposits:
    """The endpoints on messages. Refusals by a service and by the door read the same."""

    def __init__(self, doorway: Doorway, limits: Limits) -> None:
        self._doorway = doorway
        self._bulk = Bulk(doorway, limits)

    def routes(self, door: Door) -> list[Route]:
        return [
            Route("/v1/messages", door.guard("messages:deposer", self.post), methods=["POST"]),
            Route("/v1/messages/{id}", door.guard("messages:deposer", self.get), methods=["GET"]),
        ]

    async def post(self, call: Call, request: Request) -> Response:
        match media_type(request):
            case "application/cloudevents+json":
                return await self._post_one(call, request)
            case "application/cloudevents-batch+json":
                return await self._bulk.batch(call, request)
            case "application/x-ndjson":
                return await self._bulk.stream(call, request)
            case _:
                raise Problem(status=415)

    async def _post_one(self, call: Call, request: Request) -> Response:
        corps = await read_body(request, MAX_MESSAGE_BYTES)
        with telemetry.span("deposer", relais_partenaire=call.partenaire.code) as span:
            try:
                waits = wait_s(request)
                prepared = read(self._doorway, call, corps, is_decided_here=waits > 0)
                span.update_name(f"deposer {prepared.message.nom}")
                telemetry.annotate(span, relais_message=prepared.depot.id)
                reception = await self._doorway.journal.receive(prepared.incoming())
                call.usages = ()
                call.is_journalled = isinstance(reception, New | Known) and call.is_bound
                answer, is_replay = await self._conclude(prepared, reception, waits)
            except Problem as problem:
                telemetry.annotate(span, relais_etat="refuse", relais_code=problem.code or str(problem.status))
                raise
            depot = reception.id if isinstance(reception, Known) else prepared.entree.id
            telemetry.annotate(span, relais_id=str(depot), **_decided(answer))
        if answer is None:
            return _accepted_later(prepared.depot.id)
        return self._answer(call, prepared.depot.id, answer, is_replay)

    async def _conclude(
        self, prepared: Prepared, reception: Reception, waits: float
    ) -> tuple[Mapping[str, Any] | None, bool]:
        """The answer to give now, if there is one, and whether it is one given before."""
        match reception:
            case New() if waits <= 0:
                self._doorway.dispatch.wake()
                return None, False
            case New(blocked=True):
                self._doorway.dispatch.wake()
                return await self._doorway.journal.settled(prepared.entree.id, waits), False
            case New():
                answer = await self._doorway.dispatch.decide(prepared.entree, prepared.message.brique)
                return answer or await self._doorway.journal.settled(prepared.entree.id, waits), False
            case Known(id=depot, answer=known):
                return known or await self._doorway.journal.settled(depot, waits), True
            case Different() | Refused() | Replayed():
                raise problem_of(reception)

    def _answer(self, call: Call, message: str, answer: Mapping[str, Any], is_replay: bool) -> Response:
        headers = {"Relais-Rejoue": "true"} if is_replay else {}
        if answer["etat"] == "refuse":
            problem = refused_by_service(answer)
            problem.headers |= headers
            return problems.response(problem, self._doorway.base_url)
        content = orjson.dumps(accepted(self._doorway, call, message, answer))
        return Response(content, 200 if is_replay else 201, headers, "application/json")

    async def get(self, call: Call, request: Request) -> Response:
        """What became of one of the partner's own deposits."""
        async with self._doorway.pool.acquire() as conn:
            row = await store.own_deposit(conn, call.partenaire.code, request.path_params["id"])
        if row is None:
            raise Problem(status=404)
        return Response(orjson.dumps(status_of(self._doorway, call, row)), media_type="application/json")


def status_of(doorway: Doorway, call: Call, row: Record) -> dict[str, Any]:
    """A deposit as its emitter may read it later; parked ones (`rebut`) are still the hub's to settle."""
    etat = "en-attente" if row["etat"] == "rebut" else row["etat"]
    seen: dict[str, Any] = {"id": row["message"], "type": row["type"], "etat": etat, "recu_a": row["recu_a"]}
    answer = row["reponse"]
    if answer and etat == "accepte":
        seen |= accepted(doorway, call, row["message"], answer)
    elif answer:
        seen |= {"probleme": problems.body(refused_by_service(answer), doorway.base_url)}
    return seen


def _decided(answer: Mapping[str, Any] | None) -> dict[str, str]:
    if answer is None:
        return {"relais_etat": "en-attente"}
    code = {"relais_code": answer["refus"]["code"]} if answer["etat"] == "refuse" else {}
    return {"relais_etat": answer["etat"]} | code


def _accepted_later(message: str) -> Response:
    content = orjson.dumps({"id": message, "etat": "en-attente"})
    return Response(content, 202, {"Location": f"/v1/messages/{message}"}, "application/json")
