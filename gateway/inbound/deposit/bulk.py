"""Many deposits in one request: a JSON array or an NDJSON stream in, one NDJSON line of answer each, in order."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from chassis import telemetry
from chassis.bus import BusError
from chassis.database import TRANSIENT
from gateway.accesses import Access
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
from gateway.inbound.deposit.receptions import Known, New, Reception
from gateway.inbound.deposit.trace_links import link
from gateway.inbound.request import problems
from gateway.inbound.request.body import read_body, read_lines
from gateway.inbound.request.call import Call
from gateway.inbound.request.door import replayed_proof
from gateway.inbound.request.limits import Limits
from relais_contrats.lecture import MessageIllisible, analyser
from relais_contrats.problemes import Problem
from relais_contrats.transport import attente_s

MAX_BATCH_MESSAGES = 1_000
MAX_BATCH_BYTES = 16 * 1024 * 1024
MAX_STREAM_BYTES = 64 * 1024 * 1024
MAX_STREAM_LINES = 100_000
_CHUNK = 256

Answer = Mapping[str, Any] | None


def written_again(message: Any) -> bytes:
    """An element of a batch, as the line of a stream. orjson writes no number beyond 64 bits, which a line may hold and
    its contract refuses."""
    try:
        return orjson.dumps(message)
    except orjson.JSONEncodeError:
        return json.dumps(message).encode()


class _WhileReading(StreamingResponse):
    """Answers while the request is still being read: nobody else may listen to the connection meanwhile."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.stream_response(send)


class Bulk:
    """The two forms of a bulk deposit. A refused message disturbs no other; its line says why."""

    def __init__(self, doorway: Doorway, limits: Limits) -> None:
        self._doorway = doorway
        self._limits = limits

    async def batch(self, call: Call, request: Request) -> Response:
        """`application/cloudevents-batch+json`: at most 1,000 messages, read whole before any is taken."""
        corps = await read_body(request, MAX_BATCH_BYTES)
        try:
            messages = analyser(b'{"lot":' + corps + b"}").get("lot")
        except MessageIllisible as illisible:
            raise Problem(status=400, detail=str(illisible)) from illisible
        if not isinstance(messages, list):
            raise Problem(status=400)
        if len(messages) > MAX_BATCH_MESSAGES:
            raise Problem(status=413)

        async def lines() -> AsyncIterator[bytes]:
            for message in messages:
                yield written_again(message)

        return await self._answer(call, request, lines())

    async def stream(self, call: Call, request: Request) -> Response:
        """`application/x-ndjson`: at most 100,000 lines and 64 MB, answered while it is read."""
        lines = read_lines(request, MAX_STREAM_BYTES, MAX_STREAM_LINES, MAX_MESSAGE_BYTES)
        return await self._answer(call, request, lines)

    async def _answer(self, call: Call, request: Request, lines: AsyncIterator[bytes]) -> Response:
        """The proof is spent before the first line is taken; the access journal has a row for the whole, then one for
        each chunk: whose parcours its lines spoke of, and what was refused."""
        usages, call.usages, call.is_journalled = call.usages, (), True
        if not await self._doorway.journal.record_access(self._access(call, 0), usages):
            raise replayed_proof()
        told = self._stream(call, lines, telemetry.traceparent(), attente_s(request))
        return _WhileReading(told, media_type="application/x-ndjson")

    def _access(self, call: Call, resultat: int, parcours: Iterable[UUID] = (), code: str | None = None) -> Access:
        return Access(
            partenaire=call.partenaire.code,
            agent=call.agent,
            parcours=tuple(dict.fromkeys(parcours)),
            finalite=call.finalite,
            quoi="POST /v1/messages (lot)",
            resultat=resultat,
            trace=telemetry.trace_id(),
            liaison=call.jeton.liaison.value,
            code=code,
        )

    async def _stream(
        self, call: Call, lines: AsyncIterator[bytes], trace: str | None, waits: float
    ) -> AsyncIterator[bytes]:
        chunk: list[bytes] = []
        taken = 0
        try:
            async for line in lines:
                chunk.append(line)
                if len(chunk) == _CHUNK:
                    yield await self._take(call, chunk, taken, trace, waits)
                    taken, chunk = taken + len(chunk), []
            if chunk:
                yield await self._take(call, chunk, taken, trace, waits)
        except Problem as problem:  # the stream breaks off: what was read is answered, then the reason is said
            if chunk and problem.status != 429:  # over the quota, the rest is not taken
                yield await self._take(call, chunk, taken, trace, waits)
            code = problem.code or str(problem.status)
            await self._doorway.journal.record_access(self._access(call, problem.status, code=code))
            yield _line(problems.body(problem, self._doorway.base_url))
        except (*TRANSIENT, BusError):  # what has no line of answer is to be deposited again, under the same ids
            yield _line(problems.body(Problem("indisponible"), self._doorway.base_url))

    async def _take(self, call: Call, lines: Sequence[bytes], before: int, trace: str | None, waits: float) -> bytes:
        """Journal a chunk in one transaction, have it decided unless nobody waits for that, answer each line; `before`
        is how many lines came before it."""
        partenaire = call.partenaire.code
        self._limits.spend(call.partenaire, len(lines), datetime.now(UTC))
        with telemetry.span("deposer lot", parent=trace, relais_partenaire=partenaire, relais_lot=len(lines)) as span:
            taken = [
                self._read(call, line, before + rank, is_decided_here=waits > 0) for rank, line in enumerate(lines, 1)
            ]
            prepared = [one for one in taken if isinstance(one, Prepared)]
            for one in prepared:
                link(span, one.depot.traceparent)
            receptions = await self._doorway.journal.receive_all([one.incoming() for one in prepared])
            answers = iter(await self._conclude(prepared, receptions, waits))
            outcomes = iter(zip(prepared, receptions, strict=True))
            told = [
                self._refused(one, before + rank)
                if isinstance(one, Problem)
                else self._outcome(call, before + rank, *next(outcomes), next(answers))
                for rank, one in enumerate(taken, 1)
            ]
            await self._trace(call, [one.parcours for one in prepared if one.is_journalled and one.parcours], told)
            journalled = iter(_journalled(prepared, receptions))
            telemetry.annotate(
                span,
                relais_type=sorted({one.message.nom for one in prepared}),
                relais_message=[line.get("id", "") for line in told],
                relais_id=["" if isinstance(one, Problem) else next(journalled) for one in taken],
                relais_etat=[line["etat"] for line in told],
                relais_code=[line.get("code", "") for line in told],
            )
            return b"".join(map(_line, told))

    def _read(self, call: Call, line: bytes, number: int, *, is_decided_here: bool) -> Prepared | Problem:
        try:
            return read(self._doorway, call, line, is_decided_here=is_decided_here)
        except Problem as problem:
            call.refuses.append(refused_at_the_door(call, problem, number))
            return problem

    def _refused(self, problem: Problem, number: int) -> dict[str, Any]:
        """The answer to a line refused at the door: by its id when it could be read, by its number in any case."""
        named = {"id": problem.message} if problem.message else {}
        return {**named, "ligne": number, "etat": "refuse"} | problems.body(problem, self._doorway.base_url)

    async def _trace(self, call: Call, parcours: Sequence[UUID], told: Sequence[Mapping[str, Any]]) -> None:
        """One row per chunk: the lines that were refused are named beside it."""
        refused = sum(line["etat"] == "refuse" for line in told)
        code = f"{refused} refus" if refused else None
        refuses, call.refuses = call.refuses, []
        await self._doorway.journal.record_access(self._access(call, 200, parcours, code), refused=refuses)

    async def _conclude(
        self, prepared: Sequence[Prepared], receptions: Sequence[Reception], waits: float
    ) -> list[Answer]:
        """The answer of each deposit that the journal took or knew; None for one that still waits, or was refused."""
        answers: dict[int, Answer] = {}
        for wave in _waves(prepared, receptions) if waits > 0 else ():
            await asyncio.gather(*(self._decide(brique, ranks, prepared, answers) for brique, ranks in wave.items()))
        waiting: dict[int, UUID] = {}
        for rank, (one, reception) in enumerate(zip(prepared, receptions, strict=True)):
            match reception:
                case Known(id=depot, answer=known):
                    answers[rank] = known
                    waiting |= {} if known else {rank: depot}
                case New() if answers.get(rank) is None:
                    waiting[rank] = one.entree.id
        if waiting:
            self._doorway.dispatch.wake()
        if waiting and waits > 0:
            settled = await asyncio.gather(*(self._doorway.journal.settled(d, waits) for d in waiting.values()))
            answers |= dict(zip(waiting, settled, strict=True))
        return [answers.get(rank) for rank in range(len(prepared))]

    async def _decide(
        self, brique: str, ranks: Sequence[int], prepared: Sequence[Prepared], answers: dict[int, Answer]
    ) -> None:
        """What follows an undecided deposit of its parcours waits with it."""
        stuck = {prepared[rank].parcours for rank, answer in answers.items() if answer is None} - {None}
        ready = [(rank, prepared[rank].entree) for rank in ranks if prepared[rank].parcours not in stuck]
        decided = await self._doorway.dispatch.decide_all(brique, [entree for _, entree in ready])
        answers |= {rank: answer for (rank, _), answer in zip(ready, decided, strict=True)}

    def _outcome(self, call: Call, number: int, one: Prepared, reception: Reception, answer: Answer) -> dict[str, Any]:
        if not isinstance(reception, New | Known):
            problem = problem_of(reception)
            problem.message, problem.type = one.depot.id, one.message.nom
            call.refuses.append(refused_at_the_door(call, problem, number))
            return self._refused(problem, number)
        depot = one.depot
        if answer is None:
            return {"id": depot.id, "etat": "en-attente", **one.warnings}
        if answer["etat"] == "refuse":
            refused = problems.body(refused_by_service(answer), self._doorway.base_url)
            return {"id": depot.id, "etat": "refuse"} | refused
        replay = {"rejoue": True} if isinstance(reception, Known) else {}
        return accepted(self._doorway, call, depot.id, answer, depot.subject) | replay | one.warnings


def _journalled(prepared: Sequence[Prepared], receptions: Sequence[Reception]) -> Iterator[str]:
    """The journal's id of each deposit, empty for one that it did not take."""
    for one, reception in zip(prepared, receptions, strict=True):
        match reception:
            case New():
                yield str(one.entree.id)
            case Known(id=depot):
                yield str(depot)
            case _:
                yield ""


def _waves(prepared: Sequence[Prepared], receptions: Sequence[Reception]) -> list[dict[str, list[int]]]:
    """Which deposits may be asked together: those of one parcours stay in order, in one request or in later waves.

    A parcours whose first deposit here is blocked by an older one, elsewhere, is left to the take-up.
    """
    waves: list[dict[str, list[int]]] = []
    last: dict[UUID, tuple[int, str]] = {}
    left: set[UUID] = set()
    for rank, (one, reception) in enumerate(zip(prepared, receptions, strict=True)):
        if not isinstance(reception, New):
            continue
        parcours, brique, place = one.parcours, one.message.brique, 0
        if parcours:
            if parcours not in last and reception.blocked:
                left.add(parcours)
            if parcours in left:
                continue
            before = last.get(parcours, (0, brique))
            place = before[0] if before[1] == brique else before[0] + 1
            last[parcours] = (place, brique)
        while len(waves) <= place:
            waves.append({})
        waves[place].setdefault(brique, []).append(rank)
    return waves


def _line(content: Mapping[str, Any]) -> bytes:
    return orjson.dumps(content) + b"\n"
