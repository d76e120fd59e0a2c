"""`/v1/messages`: one deposit, or many; and what became of it."""

from collections.abc import Mapping
from typing import Any

import orjson
from opentelemetry import trace
from starlette.requests import Request
from starlette.responses import Response

from chassis import telemetry
from gateway import sealing
from gateway.inbound.deposit import store
from gateway.inbound.deposit.bulk import Bulk
from gateway.inbound.deposit.prepared import (
    MAX_MESSAGE_BYTES,
    Doorway,
    Prepared,
    accepted,
    problem_of,
    read,
    refused_at_the_door,
    refused_by_service,
)
from gateway.inbound.deposit.receptions import Different, Known, New, Reception, Refused, Replayed
from gateway.inbound.deposit.trace_links import link
from gateway.inbound.request import problems
from gateway.inbound.request.body import media_type, read_body
from gateway.inbound.request.call import Call
from gateway.inbound.request.door import Door
from gateway.inbound.request.limits import Limits
from gateway.inbound.request.routes import Declared
from relais_contrats.binaire import PREFIXE, attributs
from relais_contrats.lecture import MessageIllisible
from relais_contrats.problemes import Problem
from relais_contrats.reception import ligne_de_refus
from relais_contrats.refus import REFUS
from relais_contrats.transport import attente_s

_ACCEPTED = "application/cloudevents+json, application/cloudevents-batch+json, application/x-ndjson, application/json"
"""`application/json` is binary mode: it comes with `ce-*` headers."""


class Deposits:
    """The endpoints on messages. Refusals by a service and by the door read the same."""

    def __init__(self, doorway: Doorway, limits: Limits) -> None:
        self._doorway = doorway
        self._bulk = Bulk(doorway, limits)

    def routes(self, door: Door) -> list[Declared]:
        return [
            door.route("POST /v1/messages", self.post, own_books=True),
            door.route("GET /v1/messages/{id}", self.get, own_books=True),
        ]

    async def post(self, call: Call, request: Request) -> Response:
        match media_type(request):
            case "application/cloudevents+json":
                return await self._post_one(call, request)
            case "application/cloudevents-batch+json":
                return await self._bulk.batch(call, request)
            case "application/x-ndjson":
                return await self._bulk.stream(call, request)
            case "application/json" if _is_binary(request):
                return await self._post_one(call, request)
            case _:
                raise Problem(status=415, headers={"Accept-Post": _ACCEPTED})

    async def _post_one(self, call: Call, request: Request) -> Response:
        corps = await read_body(request, MAX_MESSAGE_BYTES)
        span = trace.get_current_span()
        span.update_name("deposer")
        try:
            waits = attente_s(request)
            attributs = _attributs(request) if _is_binary(request) else None
            prepared = read(self._doorway, call, corps, is_decided_here=waits > 0, attributs=attributs)
            span.update_name(f"deposer {prepared.message.nom}")
            link(span, prepared.depot.traceparent)
            telemetry.annotate(span, relais_message=prepared.depot.id)
            reception = await self._doorway.journal.receive(prepared.incoming())
            call.usages = ()
            call.is_journalled = isinstance(reception, New | Known) and call.is_bound
            answer, is_replay = await self._conclude(prepared, reception, waits)
        except Problem as problem:
            telemetry.annotate(span, relais_etat="refuse", relais_code=problem.code or str(problem.status))
            if problem.message:
                telemetry.annotate(span, relais_message=problem.message)
            call.refuses.append(refused_at_the_door(call, problem))
            raise
        depot = reception.id if isinstance(reception, Known) else prepared.entree.id
        telemetry.annotate(span, relais_id=str(depot), **_decided(answer))
        if answer is None:
            return _accepted_later(prepared)
        return self._answer(call, prepared, answer, is_replay)

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
                problem = problem_of(reception)
                problem.message, problem.type = prepared.depot.id, prepared.message.nom
                raise problem

    def _answer(self, call: Call, prepared: Prepared, answer: Mapping[str, Any], is_replay: bool) -> Response:
        headers = {"Relais-Rejoue": "true"} if is_replay else {}
        if answer["etat"] == "refuse":
            problem = refused_by_service(answer)
            problem.headers |= headers
            raise problem
        depot = prepared.depot
        content = accepted(self._doorway, call, depot.id, answer, depot.subject) | prepared.warnings
        return Response(orjson.dumps(content), 200 if is_replay else 201, headers, "application/json")

    async def get(self, call: Call, request: Request) -> Response:
        """What became of one of the partner's own deposits."""
        async with self._doorway.pool.acquire() as conn:
            found = await store.own_deposit(conn, call.partenaire.code, request.path_params["id"])
            rows = await sealing.open_answers(self._doorway.vault, conn, found)
        if not rows:
            raise Problem(status=404)
        return Response(orjson.dumps(status_of(self._doorway, call, rows[0])), media_type="application/json")


PRECISIONS = {
    "rebut": "Le relais n'a pas pu décider ce message et l'a mis de côté : un opérateur en est averti, les messages "
    "suivants du parcours l'attendent, il n'y a rien à renvoyer.",
    "ecarte": "Un opérateur du relais a renoncé à ce message, qui n'a eu aucun effet.",
}


def status_of(doorway: Doorway, call: Call, row: Mapping[str, Any]) -> dict[str, Any]:
    """A deposit as its emitter may read it later; one that was set aside (`rebut`) is still the hub's to settle."""
    etat = row["etat"]
    seen: dict[str, Any] = {"id": row["message"], "type": row["type"], "etat": etat, "recu_a": row["recu_a"]}
    if etat in PRECISIONS:
        seen["precision"] = PRECISIONS[etat]
    if etat == "ecarte":
        seen["motif"] = row["motif"]
    answer = row["reponse"]
    if answer and etat == "accepte":
        seen |= accepted(doorway, call, row["message"], answer)
    elif answer:
        seen |= {"probleme": problems.body(refused_by_service(answer), doorway.base_url)}
    elif refus := row["refus"]:
        seen = {name: value for name, value in seen.items() if value is not None} | _at_the_door(
            refus, doorway.base_url
        )
    return seen


def _at_the_door(refus: Mapping[str, Any], base_url: str) -> dict[str, Any]:
    """A deposit that never entered: the problem that it was answered, without what it echoed of the deposit."""
    code = refus["code"] if refus["code"] in REFUS else None
    lines = [ligne_de_refus(code, pointeur) for pointeur in refus["pointeurs"]] if code else []
    probleme = problems.body(Problem(code, status=refus["statut"], erreurs=lines), base_url)
    ligne = {"ligne": refus["ligne"]} if refus["ligne"] else {}
    return {"probleme": probleme | {"instance": refus["trace"]}, **ligne}


def _decided(answer: Mapping[str, Any] | None) -> dict[str, str]:
    if answer is None:
        return {"relais_etat": "en-attente"}
    code = {"relais_code": answer["refus"]["code"]} if answer["etat"] == "refuse" else {}
    return {"relais_etat": answer["etat"]} | code


def _is_binary(request: Request) -> bool:
    """Whether the attributes come as headers (CloudEvents HTTP binding, § 3.1)."""
    return media_type(request) == "application/json" and any(name.startswith(PREFIXE) for name in request.headers)


def _attributs(request: Request) -> dict[str, Any]:
    try:
        return attributs(request.headers.items(), request.headers["content-type"])
    except MessageIllisible as illisible:
        raise Problem(status=400, detail=str(illisible)) from illisible


def _accepted_later(prepared: Prepared) -> Response:
    message = prepared.depot.id
    content = orjson.dumps({"id": message, "etat": "en-attente"} | prepared.warnings)
    return Response(content, 202, {"Location": f"/v1/messages/{message}"}, "application/json")
