"""The door: who calls, with what right, traced before anything is answered. Every partner endpoint is wrapped here."""

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

import structlog
from opentelemetry import trace
from opentelemetry.trace import SpanKind
from starlette.requests import Request
from starlette.responses import Response

from chassis import telemetry
from chassis.bus import BusError
from chassis.database import TRANSIENT
from gateway.inbound import metrics, problems
from gateway.inbound.journal import Journal
from gateway.inbound.limits import Limits
from gateway.inbound.problems import Problem
from gateway.inbound.store import Access
from gateway.oauth.certificate import ProxyDeConfiance
from gateway.oauth.errors import AccesRefuse, ReservationIndisponible
from gateway.oauth.resource import Jeton, VerificateurAcces
from gateway.oauth.tokens import Liaison
from gateway.oauth.usages import UsageUnique
from gateway.partners import CLIENT_PREFIX, Annuaire, Partenaire

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
    is_journalled: bool = field(default=False)
    """The deposit journal holds this request, its proof spent with it: no access row on top."""

    @property
    def is_bound(self) -> bool:
        """False for the bare token of the profil hérité: the access journal then lists the request in any case."""
        return self.jeton.liaison is not Liaison.AUCUNE


Handler = Callable[[Call, Request], Awaitable[Response]]


class Door:
    def __init__(
        self,
        verificateur: VerificateurAcces,
        proxy: ProxyDeConfiance,
        annuaire: Annuaire,
        journal: Journal,
        limits: Limits,
        base_url: str,
    ) -> None:
        self._verificateur = verificateur
        self._proxy = proxy
        self._annuaire = annuaire
        self._journal = journal
        self._limits = limits
        self.base_url = base_url

    def guard(self, scope: str, handler: Handler, *, changes: bool = False) -> Callable[[Request], Awaitable[Response]]:
        """Wrap a handler. `changes`: its effect is not idempotent, so the proof is spent before it runs, not after."""

        async def endpoint(request: Request) -> Response:
            route = f"{request.method} {request.scope['route'].path}"
            with telemetry.span(route, parent=request.headers.get("traceparent"), kind=SpanKind.SERVER) as span:
                began_s = time.monotonic()
                response = await self._answer(request, scope, handler, route, changes)
                metrics.DURATIONS.labels(route).observe(time.monotonic() - began_s)
                telemetry.annotate(span, http__response__status_code=response.status_code)
                return response

        return endpoint

    async def _answer(self, request: Request, scope: str, handler: Handler, route: str, changes: bool) -> Response:
        try:
            call = self._identify(request, scope)
            told = self._limits.take(call.partenaire.code, datetime.now(UTC), time.monotonic())
            if changes:
                await self._trace(call, route, 0)
            try:
                response = await handler(call, request)
            except Problem as problem:
                response = problems.response(problem, self.base_url)
            if not call.is_journalled:
                await self._trace(call, route, response.status_code)
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

    def _identify(self, request: Request, scope: str) -> Call:
        headers = request.headers
        # As it was written on the wire: decoding it would change what the proof was made for.
        url = self.base_url + request.scope["raw_path"].decode("latin-1")
        try:
            jeton = self._verificateur.verifier(
                headers.getlist("authorization"),
                headers.getlist("dpop"),
                request.method,
                url,
                datetime.now(UTC),
                self._proxy.certificat(headers),
            )
            jeton.exiger(scope)
        except AccesRefuse as refus:
            raise Problem(status=refus.status, headers={"WWW-Authenticate": refus.www_authenticate}) from refus
        partenaire = self._annuaire.partenaire(jeton.client_id.removeprefix(CLIENT_PREFIX))
        if partenaire is None or not partenaire.est_actif:
            raise Problem(status=401)
        telemetry.annotate(trace.get_current_span(), relais_partenaire=partenaire.code)
        return Call(partenaire, jeton, jeton.usages)

    async def _trace(self, call: Call, quoi: str, resultat: int) -> None:
        """Write the access and spend the proof with it. `resultat` 0: admitted, about to be carried out."""
        access = Access(
            call.partenaire.code,
            call.agent,
            call.parcours,
            call.finalite,
            quoi,
            resultat,
            telemetry.trace_id(),
            call.jeton.liaison.value,
        )
        usages, call.usages = call.usages, ()
        if not await self._journal.record_access(access, usages):
            raise replayed_proof()


def replayed_proof() -> Problem:
    refus = AccesRefuse("invalid_token", "the DPoP proof was used before")
    return Problem(status=401, headers={"WWW-Authenticate": refus.www_authenticate})
