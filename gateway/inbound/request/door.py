"""The door: who calls, with what right, traced before anything is answered. Every partner endpoint is wrapped here."""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from uuid import UUID

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
from gateway.inbound.deposit.store import RefusedDeposit
from gateway.inbound.request import problems
from gateway.inbound.request.limits import Limits
from gateway.inbound.request.query import parameters
from gateway.inbound.request.refusals import Refusals
from gateway.inbound.watching import metrics
from gateway.partners import Annuaire
from relais_contrats.codes.acteurs import Finalite
from relais_contrats.consultation import AGENT, FINALITE, est_un_agent, exiger_une_convention
from relais_contrats.droits import RESOUDRE, Demandeur
from relais_contrats.oauth.certificate import ProxyDeConfiance
from relais_contrats.oauth.errors import AccesRefuse, ReservationIndisponible
from relais_contrats.oauth.resource import Jeton, VerificateurAcces
from relais_contrats.oauth.tokens import Liaison
from relais_contrats.oauth.usages import UsageUnique
from relais_contrats.partenaires import CLIENT_PREFIX, Partenaire, jour_des_conventions
from relais_contrats.problemes import Problem

_log = structlog.get_logger()


@dataclass(slots=True)
class Call:
    """One authenticated request. The handler fills in what the access journal must say about it."""

    partenaire: Partenaire
    jeton: Jeton
    usages: Sequence[UsageUnique]
    agent: str | None = None
    parcours: UUID | None = None
    finalite: str | None = None
    finalites: frozenset[str] = frozenset()
    """The purposes for which it reads, one of which is in force."""
    montres: list[UUID] = field(default_factory=list)
    """The parcours of which a list, a page or a batch showed something."""
    refuses: list[RefusedDeposit] = field(default_factory=list)
    """What it deposited and the door refused."""
    is_journalled: bool = field(default=False)
    """The deposit journal holds this request, its proof spent with it: no access row on top, unless it is refused."""

    @property
    def demandeur(self) -> Demandeur:
        """As the gate knows it: with the scopes of its token, today."""
        return Demandeur(self.partenaire, self.jeton.scopes, jour_des_conventions(datetime.now(UTC)))

    @property
    def reconnait_dans(self) -> list[str]:
        """The territories in which the caller may be told who a person is."""
        return sorted(self.partenaire.departements) if RESOUDRE in self.jeton.scopes else []

    @property
    def is_bound(self) -> bool:
        """False for the bare token of the profil hérité: the access journal then lists the request in any case."""
        return self.jeton.liaison is not Liaison.AUCUNE


Handler = Callable[[Call, Request], Awaitable[Response]]


class Guarded:
    """A plain ASGI endpoint: Starlette's own wrapping of a function costs as much as reading the token."""

    def __init__(self, respond: Callable[[Request], Awaitable[Response]]) -> None:
        self.respond = respond

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self.respond(Request(scope, receive))
        await response(scope, receive, send)


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

    def guard(self, scope: str, handler: Handler, *, changes: bool = False, own_books: bool = False) -> "Guarded":
        """Wrap a handler. `changes`: its effect is not idempotent, so the proof is spent before it runs, not after.

        `own_books`: what it tells is the partner's own, its deposits and its subscriptions. Every other door is closed
        to a partner without any convention in force, whatever its handler asks besides.
        """

        async def respond(request: Request) -> Response:
            route = f"{request.method} {request.scope['route'].path}"
            with telemetry.span(route, parent=request.headers.get("traceparent"), kind=SpanKind.SERVER) as span:
                began_s = time.monotonic()
                response = await self._answer(request, scope, handler, route, changes, own_books)
                metrics.DURATIONS.labels(route).observe(time.monotonic() - began_s)
                telemetry.annotate(span, http__response__status_code=response.status_code)
                return response

        return Guarded(respond)

    async def _answer(
        self, request: Request, scope: str, handler: Handler, route: str, changes: bool, own_books: bool
    ) -> Response:
        try:
            call, told = await self._admit(request, scope, route)
            call.agent, call.finalite = declared(request)
            if changes:
                await self._trace(call, route, 0)
            code = None
            try:
                parameters(request)
                if not own_books:
                    exiger_une_convention(call.demandeur, frozenset(Finalite))
                response = await handler(call, request)
            except Problem as problem:
                code = problem.code or str(problem.status)
                response = problems.response(problem, self.base_url)
            if not call.is_journalled or response.status_code >= 400:
                await self._trace(call, route, response.status_code, code)
            response.headers.update(told)
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

    async def _admit(self, request: Request, scope: str, route: str) -> tuple[Call, Mapping[str, str]]:
        """Who calls, with a token that opens this, and the headers that tell its limits; a refusal is traced here."""
        call: Call | None = None
        try:
            call = self._identify(request)
            call.jeton.exiger(scope)
            told = self._limits.take(call.partenaire.code, datetime.now(UTC), time.monotonic())
        except (AccesRefuse, Problem) as refus:
            problem = refus if isinstance(refus, Problem) else _of_token(refus)
            await self._refusals.note(self._refused(request, call, route, problem))
            raise problem from refus
        telemetry.annotate(trace.get_current_span(), relais_partenaire=call.partenaire.code)
        return call, told

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
            quoi=quoi,
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


def declared(request: Request) -> tuple[str | None, str | None]:
    """Who acts and for what, as far as the request says it in its headers: the handler judges them, or knows better."""
    agent, finalite = request.headers.get(AGENT), request.headers.get(FINALITE)
    is_agent = agent is not None and est_un_agent(agent)
    return agent if is_agent else None, finalite if finalite in set(Finalite) else None


def _of_token(refus: AccesRefuse) -> Problem:
    return Problem(status=refus.status, headers={"WWW-Authenticate": refus.www_authenticate})


def replayed_proof() -> Problem:
    refus = AccesRefuse("invalid_token", "the DPoP proof was used before")
    return Problem(status=401, headers={"WWW-Authenticate": refus.www_authenticate})
