"""The door: who calls, with what right, traced before anything is answered. Every partner endpoint is wrapped here."""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import structlog
from opentelemetry import trace
from opentelemetry.trace import SpanKind
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from chassis import telemetry
from chassis.bus import BusError
from chassis.database import TRANSIENT
from gateway.accesses import Access
from gateway.inbound.deposit.journal import Journal
from gateway.inbound.request import problems
from gateway.inbound.request.call import Call, Handler, declared_by
from gateway.inbound.request.limits import Limits
from gateway.inbound.request.query import parameters
from gateway.inbound.request.refusals import Refusals
from gateway.inbound.request.routes import Declared, declared
from gateway.inbound.watching import metrics
from gateway.partners import Annuaire
from relais_contrats.api import DECLAREES
from relais_contrats.codes.acteurs import Finalite
from relais_contrats.consultation import exiger_une_convention
from relais_contrats.oauth.certificate import ProxyDeConfiance
from relais_contrats.oauth.errors import AccesRefuse, ReservationIndisponible
from relais_contrats.oauth.resource import VerificateurAcces
from relais_contrats.partenaires import CLIENT_PREFIX
from relais_contrats.problemes import Problem

_log = structlog.get_logger()


class Guarded:
    """A plain ASGI endpoint: Starlette's own wrapping of a function costs as much as reading the token."""

    def __init__(self, respond: Callable[[Request], Awaitable[Response]]) -> None:
        self.respond = respond

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self.respond(Request(scope, receive))
        await response(scope, receive, send)


@dataclass(slots=True)
class Passing:
    """One request on its way through the stages, and what each of them found."""

    request: Request
    handler: Handler
    scope: str
    route: str
    changes: bool
    own_books: bool
    call: Call = field(init=False)
    told: Mapping[str, str] = field(init=False)
    """The headers that tell its limits."""


Stage = Callable[["Door", Passing], Awaitable[None]]


class Door:
    def __init__(
        self,
        verificateur: VerificateurAcces,
        proxy: ProxyDeConfiance,
        annuaire: Annuaire,
        journal: Journal,
        limits: Limits,
        refusals: Refusals,
        base_url: str,
    ) -> None:
        self._verificateur = verificateur
        self._proxy = proxy
        self._annuaire = annuaire
        self._journal = journal
        self._limits = limits
        self._refusals = refusals
        self.base_url = base_url

    def route(self, name: str, handler: Handler, *, changes: bool = False, own_books: bool = False) -> Declared:
        """The declared route `name`, for who holds a token of its scope.

        `changes`: its effect is not idempotent, so the proof is spent before it runs, not after. `own_books`: what it
        tells is the partner's own, its deposits and its subscriptions. Every other door is closed to a partner without
        any convention in force, whatever its handler asks besides.
        """
        scope = DECLAREES[name].portee
        assert scope is not None, f"{name} asks for no token"
        return declared(name, self.guard(scope, handler, changes=changes, own_books=own_books))

    def guard(self, scope: str, handler: Handler, *, changes: bool = False, own_books: bool = False) -> Guarded:
        async def respond(request: Request) -> Response:
            route = f"{request.method} {request.scope['route'].path_format}"
            with telemetry.span(route, parent=request.headers.get("traceparent"), kind=SpanKind.SERVER) as span:
                began_s = time.monotonic()
                response = await self._answer(Passing(request, handler, scope, route, changes, own_books))
                metrics.DURATIONS.labels(route).observe(time.monotonic() - began_s)
                telemetry.annotate(span, http__response__status_code=response.status_code)
                return response

        return Guarded(respond)

    async def _answer(self, passing: Passing) -> Response:
        route = passing.route
        try:
            await self._admit(passing)
            for stage in EFFECT:
                await stage(self, passing)
            call, code = passing.call, None
            try:
                for stage in JUDGEMENT:
                    await stage(self, passing)
                response = await passing.handler(call, passing.request)
            except Problem as problem:
                code = problem.code or str(problem.status)
                response = problems.response(problem, self.base_url)
            if not call.is_journalled or response.status_code >= 400:
                await self._trace(call, route, response.status_code, code)
            response.headers.update(passing.told)
            metrics.REQUESTS.labels(call.partenaire.code, route, response.status_code).inc()
            return response
        except Problem as problem:
            metrics.REQUESTS.labels("", route, problem.status).inc()
            return problems.response(problem, self.base_url)
        except (*TRANSIENT, BusError, ReservationIndisponible) as error:
            metrics.REQUESTS.labels("", route, 503).inc()
            _log.warning("door.unavailable", route=route, error=type(error).__name__)
            return problems.response(Problem("indisponible"), self.base_url)

    async def note_token_refused(self, request: Request, status: int) -> None:
        """Nobody proved who it is: what it said of itself is worth nothing, the address is kept."""
        problem = Problem(status=status) if status in (400, 401, 413, 415, 429) else Problem(status=400)
        await self._refusals.note(self._refused(request, None, f"{request.method} {request.url.path}", problem))

    async def _admit(self, passing: Passing) -> None:
        """Who calls, with a token that opens this; a refusal is noted here."""
        try:
            for stage in ADMISSION:
                await stage(self, passing)
        except (AccesRefuse, Problem) as refus:
            problem = refus if isinstance(refus, Problem) else _of_token(refus)
            call = getattr(passing, "call", None)
            await self._refusals.note(self._refused(passing.request, call, passing.route, problem))
            raise problem from refus
        telemetry.annotate(trace.get_current_span(), relais_partenaire=passing.call.partenaire.code)

    async def token(self, passing: Passing) -> None:
        """A token of ours, with the proof of its key or its certificate, of a partner that is active (401)."""
        passing.call = self._identify(passing.request)

    async def scope(self, passing: Passing) -> None:
        """The scope that the operation declares (403)."""
        passing.call.jeton.exiger(passing.scope)

    async def quota(self, passing: Passing) -> None:
        """How much a partner may ask (429)."""
        passing.told = self._limits.take(passing.call.partenaire, datetime.now(UTC), time.monotonic())

    async def agent(self, passing: Passing) -> None:
        """Who acts and for what, as the request says it: noted with the access, judged by those who need it."""
        passing.call.agent, passing.call.finalite = declared_by(passing.request)

    async def proof(self, passing: Passing) -> None:
        """Spent before an effect that cannot happen twice, and traced; otherwise with the answer (401, used before)."""
        if passing.changes:
            await self._trace(passing.call, passing.route, 0)

    async def query(self, passing: Passing) -> None:
        """The parameters that the operation declares, and no others (400)."""
        parameters(passing.request)

    async def convention(self, passing: Passing) -> None:
        """A convention in force, for what is not the partner's own (403)."""
        if not passing.own_books:
            exiger_une_convention(passing.call.demandeur, frozenset(Finalite))

    def _refused(self, request: Request, call: Call | None, route: str, problem: Problem) -> Access:
        known = call is not None
        return Access(
            partenaire=call.partenaire.code if call else "",
            agent=None,
            parcours=(),
            finalite=None,
            quoi=route,
            resultat=problem.status,
            trace=telemetry.trace_id(),
            liaison=call.jeton.liaison.value if call else None,
            code=problem.code or str(problem.status),
            provenance=None if known else self._proxy.adresse(request),
        )

    def _identify(self, request: Request) -> Call:
        headers = request.headers
        # As it was written on the wire: decoding it would change what the proof was made for.
        url = self.base_url + request.scope["raw_path"].decode("latin-1")
        jeton = self._verificateur.verifier(
            headers.getlist("authorization"),
            headers.getlist("dpop"),
            request.method,
            url,
            datetime.now(UTC),
            self._proxy.certificat(headers),
        )
        partenaire = self._annuaire.partenaire(jeton.client_id.removeprefix(CLIENT_PREFIX))
        if partenaire is None or not partenaire.est_actif:
            raise Problem(status=401)
        return Call(partenaire, jeton, jeton.usages)

    async def _trace(self, call: Call, quoi: str, resultat: int, code: str | None = None) -> None:
        """Write the access and spend the proof with it. `resultat` 0: admitted, about to be carried out."""
        shown = ([call.parcours] if call.parcours else []) + call.montres
        access = Access(
            partenaire=call.partenaire.code,
            agent=call.agent,
            parcours=tuple(dict.fromkeys(shown)),
            finalite=call.finalite,
            quoi=f"{quoi} {call.precision}".rstrip(),
            resultat=resultat,
            trace=telemetry.trace_id(),
            liaison=call.jeton.liaison.value,
            code=code,
        )
        usages, call.usages = call.usages, ()
        refused, call.refuses = call.refuses, []
        if not await self._journal.record_access(access, usages, refused):
            problem = replayed_proof()
            await self._refusals.note(replace(access, resultat=problem.status, code=str(problem.status), parcours=()))
            raise problem


ADMISSION: Sequence[Stage] = (Door.token, Door.scope, Door.quota)
"""Refused here: noted among the refusals. The proof is not spent."""
EFFECT: Sequence[Stage] = (Door.agent, Door.proof)
JUDGEMENT: Sequence[Stage] = (Door.query, Door.convention)
"""Refused here, or by the handler, which alone reads the body: an access of this partner, traced with its code."""
STAGES: Sequence[Stage] = (*ADMISSION, *EFFECT, *JUDGEMENT)
"""The order in which a request is looked at, after `gateway.inbound.application.AROUND` and before its handler."""


def _of_token(refus: AccesRefuse) -> Problem:
    return Problem(status=refus.status, headers={"WWW-Authenticate": refus.www_authenticate})


def replayed_proof() -> Problem:
    refus = AccesRefuse("invalid_token", "the DPoP proof was used before")
    return Problem(status=401, headers={"WWW-Authenticate": refus.www_authenticate})
