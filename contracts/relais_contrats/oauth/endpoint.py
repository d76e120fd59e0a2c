"""The OAuth endpoints over HTTP: what both share, and `POST /oauth/token`, which reserves single use, then answers."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Final

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from relais_contrats.oauth.certificate import ProxyDeConfiance
from relais_contrats.oauth.errors import JetonRefuse, ReservationIndisponible
from relais_contrats.oauth.form import DemandeOAuth, lire_demande
from relais_contrats.oauth.freins import Freins
from relais_contrats.oauth.profile import Profil
from relais_contrats.oauth.server import DemandeJeton, ReponseJeton, ServeurAutorisation
from relais_contrats.oauth.usages import UsagesUniques

RESERVATION_MAX_S: Final = 2.0
EMISSIONS_RAFALE: Final = 5_000
EMISSIONS_PAR_MINUTE: Final = 300_000
SANS_CACHE: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}

log = structlog.get_logger(__name__)


Note = Callable[[Request, int], Awaitable[None]]
"""Called with each request that is refused, and the status that it gets."""


async def rien_noter(_request: Request, _status: int) -> None:
    """For who keeps no journal."""


class PointOAuth:
    """An ASGI endpoint for every method, so that a wrong one is answered in the language of OAuth as well."""

    def __init__(
        self,
        nom: str,
        refus: Freins,
        proxy: ProxyDeConfiance,
        repondre: Callable[[DemandeOAuth], Awaitable[Response]],
        noter: Note,
    ) -> None:
        self._nom = nom
        self._refus = refus
        self._proxy = proxy
        self._repondre = repondre
        self._noter = noter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        if request.method == "POST":
            response = await self._lire_et_repondre(request)
            if 400 <= response.status_code < 500:
                await self._noter(request, response.status_code)
        else:
            response = erreur("invalid_request", "this endpoint takes POST only", 405, {"Allow": "POST"})
        await response(scope, receive, send)

    async def _lire_et_repondre(self, request: Request) -> Response:
        demande: DemandeOAuth | None = None
        try:
            demande = await lire_demande(request, self._proxy)
            response = await self._repondre(demande)
        except JetonRefuse as refus:
            motif = refus.description
            log.info("oauth.refuse", point=self._nom, client_id=refus.client_id, error=refus.error, motif=motif)
            response = erreur(str(refus.error), str(refus.description), refus.status_code)
        except (ReservationIndisponible, TimeoutError) as error:
            log.warning("oauth.indisponible", point=self._nom, error=type(error).__name__)
            response = erreur("temporarily_unavailable", "try again with a new assertion and proof", 503)
        if response.status_code == 401 and "authorization" in request.headers:
            # RFC 6749 § 5.2: the challenge matches the scheme that the client tried.
            response.headers["WWW-Authenticate"] = 'Basic realm="oauth"'
        if 400 <= response.status_code < 429 and self._a_trop_essaye(request, demande):
            return erreur("temporarily_unavailable", "too many refused requests", 429, {"Retry-After": "60"})
        return response

    def _a_trop_essaye(self, request: Request, demande: DemandeOAuth | None) -> bool:
        """Count one refusal; past so many, no more reasons."""
        auteur = demande.auteur if demande else None
        auteurs = [f"adresse {self._proxy.adresse(request)}", *([f"client {auteur}"] if auteur else [])]
        return self._refus.depasse(auteurs, time.monotonic())


class PointJeton:
    def __init__(
        self, profil: Profil, serveur: ServeurAutorisation, usages: UsagesUniques, horloge: Callable[[], datetime]
    ) -> None:
        self._profil = profil
        self._serveur = serveur
        self._usages = usages
        self._emissions = Freins(EMISSIONS_RAFALE, EMISSIONS_PAR_MINUTE)
        self._horloge = horloge

    async def repondre(self, presentee: DemandeOAuth) -> Response:
        if "grant_type" not in presentee.champs:
            raise JetonRefuse("invalid_request", "grant_type is missing")
        demande = DemandeJeton(presentee, self._profil.point_jeton, self._horloge())
        reponse = self._serveur.repondre(demande)
        if reponse.status == 200:
            await self._reserver(demande)
        _journaliser(demande, reponse)
        return JSONResponse(reponse.corps, reponse.status, headers=SANS_CACHE)

    async def _reserver(self, demande: DemandeJeton) -> None:
        """Last step before the answer: a verified request that was refused elsewhere has spent nothing."""
        client_id = demande.client_authentifie
        if self._emissions.depasse([str(client_id)], time.monotonic()):
            raise JetonRefuse("temporarily_unavailable", "too many tokens: keep one for its whole life", 429, client_id)
        async with asyncio.timeout(RESERVATION_MAX_S):
            if demande.usages and not await self._usages.reserver(demande.usages):
                raise JetonRefuse("invalid_client", "the assertion or the proof was used before", 401, client_id)


def erreur(error: str, description: str, status: int, headers: Mapping[str, str] | None = None) -> Response:
    corps = {"error": error, "error_description": description}
    delai = {"Retry-After": "1"} if status in (429, 503) else {}
    return JSONResponse(corps, status, headers={**SANS_CACHE, **delai, **(headers or {})})


def _journaliser(demande: DemandeJeton, reponse: ReponseJeton) -> None:
    client_id = demande.client_authentifie
    if reponse.status == 200:
        assert demande.authentifie is not None
        log.info("oauth.jeton.emis", client_id=client_id, methode=demande.authentifie.methode.value)
        return
    error, motif = reponse.corps["error"], reponse.corps.get("error_description")
    log.info("oauth.jeton.refuse", client_id=client_id, error=error, motif=motif)
