"""The API of France Travail, answered by the hub: a software that calls it today changes the base URL only.

A call passes, in this order: its address, its access token and scope, the quota of searches, the agent who acts, and
the token of the person; then it is one exchange of the journal.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

import structlog
from fastapi import FastAPI
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from connectors.france_travail import activites, contrats, dossier, orientation, rendez_vous, sanctions, usagers
from connectors.france_travail.access import grant
from connectors.france_travail.calls import Call, agent_of
from connectors.france_travail.codes import (
    ADRESSE_REFUSEE,
    CHEMIN_INCONNU,
    HORS_PERIMETRE,
    JETON_ABSENT,
    JETON_D_ACCES,
    SCOPES,
    TROP_D_APPELS,
)
from connectors.france_travail.faults import Fault, Later, Shape, of_refusal, told, unavailable
from connectors.france_travail.tokens import Tokens
from connectors.hub import PartnerError, RequestRefused
from connectors.systems import Context
from relais_contrats.oauth.certificate import ProxyDeConfiance

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Served:
    """`api`: which one of theirs, and its scope. `writes`: the agent is then to be named."""

    method: str
    path: str
    api: str
    answer: Callable[[Call], Awaitable[Response]]
    shape: Shape = Shape.OBJET
    about_somebody: bool = True

    @property
    def nature(self) -> str:
        """The last word of its path that names an operation."""
        return next(word for word in reversed(self.path.split("/")) if "{" not in word)

    @property
    def writes(self) -> bool:
        return self.method != "GET"


_SEARCH, _ORIENTATION = "/rechercher-usager/v2/usagers", "/orientationusager/v1"
_BASKET, _RDV = "/activites-operationnelles", "/rendez-vous-partenaire/v1"
_CONTRACT, _DIAGNOSTIC, _SANCTIONS = "/contrat-engagement/v1", "/diagnosticargumente/v4", "/gestion-sanctions-rsa/v1"
SERVED = (
    Served("POST", f"{_SEARCH}/par-datenaissance-et-nir", "recherche", usagers.by_nir, Shape.RECHERCHE, False),
    Served("POST", f"{_SEARCH}/par-numero-francetravail", "recherche", usagers.by_number, Shape.RECHERCHE, False),
    Served("GET", f"{_ORIENTATION}/lectureOrientation", "orientation", orientation.read),
    Served("POST", f"{_ORIENTATION}/calculOrientation", "orientation", orientation.compute),
    Served("POST", f"{_ORIENTATION}/decisionOrientation", "orientation", orientation.decide),
    Served("POST", f"{_ORIENTATION}/orientation", "orientation", orientation.impose),
    Served("GET", f"{_BASKET}/v2/activites/chercher", "activites", activites.search, Shape.LISTE, False),
    Served("GET", f"{_BASKET}/v1/activites/chercher", "activites", activites.search_v1, Shape.LISTE, False),
    Served("GET", f"{_RDV}/rendez-vous-usager", "rendez-vous", rendez_vous.read),
    Served("POST", f"{_RDV}/rendez-vous", "rendez-vous", rendez_vous.take),
    Served("PUT", f"{_RDV}/rendez-vous", "rendez-vous", rendez_vous.change),
    Served("DELETE", f"{_RDV}/rendez-vous/{{id}}", "rendez-vous", rendez_vous.cancel),
    Served("GET", f"{_CONTRACT}/lecture", "contrat", contrats.read),
    Served("POST", f"{_CONTRACT}/signer", "contrat", contrats.create_signed),
    Served("PATCH", f"{_CONTRACT}/signer", "contrat", contrats.sign),
    Served("PATCH", f"{_CONTRACT}/refuser", "contrat", contrats.refuse),
    Served("GET", f"{_DIAGNOSTIC}/diagnostics", "diagnostic", dossier.diagnostic),
    Served("GET", f"{_DIAGNOSTIC}/dossiers", "diagnostic", dossier.diagnostic),
    Served("POST", f"{_DIAGNOSTIC}/diagnostics", "diagnostic", dossier.no_job),
    Served("DELETE", f"{_DIAGNOSTIC}/diagnostics/{{id}}/supprime", "diagnostic", dossier.no_job),
    Served("GET", "/informations-administratives/v1/usager", "informations", dossier.person),
    Served("GET", f"{_SANCTIONS}/detailManquement", "sanctions", sanctions.read),
    Served("POST", f"{_SANCTIONS}/evenementSanctionRSA", "sanctions", sanctions.event),
    Served("POST", f"{_SANCTIONS}/decisionSanctionRSAPartenaire", "sanctions", sanctions.decide),
)


def facade(context: Context) -> ASGIApp:
    door = Door(context)
    routes: list[BaseRoute] = [Route("/connexion/oauth2/access_token", door.access_token, methods=["POST"])]
    routes += [Route(f"/partenaire{one.path}", door.serve(one), methods=[one.method]) for one in SERVED]
    app = FastAPI(title="France Travail", openapi_url=None, docs_url=None, redoc_url=None, routes=routes)
    app.add_exception_handler(404, _unknown)
    return app


async def _unknown(_: Request, __: Exception) -> JSONResponse:
    return told(Shape.OBJET, Fault(CHEMIN_INCONNU))


class Door:
    """What every call of one mandate passes."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._tokens = Tokens(context.vault, context.mandate, context.clock)
        self._networks = [ip_network(one) for one in context.configuration.adresses]
        self._front = ProxyDeConfiance(context.configuration.proof)
        self._quota = Quota(context.configuration.recherches_par_min)

    async def access_token(self, request: Request) -> Response:
        if not self._comes_from_an_allowed_address(request):
            return told(Shape.OBJET, Fault(ADRESSE_REFUSEE))
        return await grant(request, self._context.mandate, self._context.configuration, self._tokens)

    def serve(self, served: Served) -> Callable[[Request], Awaitable[Response]]:
        async def answered(request: Request) -> Response:
            try:
                answer = await self._through(served, request)
                answer.headers["Cache-Control"] = "no-store"
                return answer
            except Fault as fault:
                return told(served.shape, fault)
            except (Later, PartnerError) as error:
                _log.info("france_travail.later", mandat=self._context.mandate.code, error=type(error).__name__)
                return unavailable(served.shape, error)
            except ClientDisconnect:
                return Response(status_code=400)

        return answered

    async def _through(self, served: Served, request: Request) -> Response:
        self._admit(served, request)
        if served.shape is Shape.RECHERCHE:
            self._quota.take()
        agent = agent_of(request, is_required=served.writes)
        parcours = self._person(request) if served.about_somebody else ""
        nature = f"france-travail.{served.nature}"
        sens, reference = "entrant" if served.writes else "sortant", parcours or served.api
        async with self._context.journal.exchange(sens, nature, reference) as exchange:  # type: ignore[arg-type]
            call = Call(self._context, self._tokens, request, exchange, agent, parcours)
            try:
                return await served.answer(call)
            except RequestRefused as refused:
                raise of_refusal(refused) from refused

    def _admit(self, served: Served, request: Request) -> None:
        if not self._comes_from_an_allowed_address(request):
            raise Fault(ADRESSE_REFUSEE)
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        scopes = self._tokens.scopes(token.strip()) if scheme.lower() == "bearer" else None
        if scopes is None:
            raise Fault(JETON_D_ACCES)
        wanted = SCOPES.get(served.api)
        if wanted and not any(scope.startswith(wanted) for scope in scopes):
            raise Fault(HORS_PERIMETRE)

    def _person(self, request: Request) -> str:
        jeton = request.headers.get("ft-jeton-usager", "").strip()
        if not jeton:
            raise Fault(JETON_ABSENT)
        return self._tokens.parcours(jeton)

    def _comes_from_an_allowed_address(self, request: Request) -> bool:
        if not self._networks:
            return True
        try:
            address = ip_address(self._front.adresse(request))
        except ValueError:
            return False
        return any(address in network for network in self._networks)


class Quota:
    """So many in any minute, as a bucket that fills again; over it, 429 with the seconds to wait."""

    def __init__(self, per_minute: int, now: Callable[[], float] = time.monotonic) -> None:
        self._rate = per_minute / 60
        self._full = self._left = float(per_minute)
        self._now = now
        self._at = now()

    def take(self) -> None:
        at = self._now()
        self._left = min(self._full, self._left + (at - self._at) * self._rate)
        self._at = at
        if self._left < 1:
            raise Fault(TROP_D_APPELS, retry_after_s=max(1, round((1 - self._left) / self._rate)))
        self._left -= 1
