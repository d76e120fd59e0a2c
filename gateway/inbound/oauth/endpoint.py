"""`POST /oauth/token`: reads the request, lets the server decide, reserves single use, and only then answers."""

import asyncio
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from gateway.inbound.oauth.errors import JetonRefuse, JwsInvalide, ReservationIndisponible
from gateway.inbound.oauth.form import lire_formulaire
from gateway.inbound.oauth.freins import Freins
from gateway.inbound.oauth.jws import lire_jws
from gateway.inbound.oauth.profile import ASSERTION_MAX_BYTES, Profil
from gateway.inbound.oauth.server import DemandeJeton, ReponseJeton, ServeurAutorisation
from gateway.inbound.oauth.usages import UsagesUniques

RESERVATION_MAX_S: Final = 2.0
EMISSIONS_RAFALE: Final = 5_000
EMISSIONS_PAR_MINUTE: Final = 300_000
SANS_CACHE: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}

log = structlog.get_logger(__name__)


class PointJeton:
    """An ASGI endpoint for every method, so that a wrong one is answered in the language of OAuth as well."""

    def __init__(
        self,
        profil: Profil,
        serveur: ServeurAutorisation,
        usages: UsagesUniques,
        refus: Freins,
        horloge: Callable[[], datetime],
    ) -> None:
        self._profil = profil
        self._serveur = serveur
        self._usages = usages
        self._refus = refus
        self._emissions = Freins(EMISSIONS_RAFALE, EMISSIONS_PAR_MINUTE)
        self._horloge = horloge

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        if request.method == "POST":
            response = freiner(request, await self._repondre(request), self._refus)
        else:
            response = erreur("invalid_request", "the token endpoint takes POST only", 405, {"Allow": "POST"})
        await response(scope, receive, send)

    async def _repondre(self, request: Request) -> Response:
        try:
            champs = await lire_formulaire(request)
            request.state.auteur = auteur_pretendu(champs)
            _verifier_champs(request, champs)
        except JetonRefuse as refus:
            log.info("oauth.jeton.refuse", error=refus.error, motif=refus.description)
            return refus_de_lecture(request, refus)
        demande = DemandeJeton(champs, request.headers.getlist("dpop"), self._profil.point_jeton, self._horloge())
        reponse = self._serveur.repondre(demande)
        if reponse.status == 200:
            reponse = await self._reserver(demande, reponse)
        _journaliser(reponse)
        delai = {"Retry-After": "1"} if reponse.status in (429, 503) else {}
        return JSONResponse(reponse.corps, reponse.status, headers=SANS_CACHE | delai)

    async def _reserver(self, demande: DemandeJeton, reponse: ReponseJeton) -> ReponseJeton:
        """Last step before the answer: a verified request that was refused elsewhere has spent nothing."""
        if self._emissions.depasse([str(reponse.client_id)], time.monotonic()):
            return _reponse("temporarily_unavailable", "too many tokens: keep one for its whole life", 429, reponse)
        try:
            async with asyncio.timeout(RESERVATION_MAX_S):
                reservees = await self._usages.reserver(demande.usages)
        except (ReservationIndisponible, TimeoutError):
            return _reponse("temporarily_unavailable", "try again with a new assertion and proof", 503, reponse)
        if not reservees:
            return _reponse("invalid_client", "the assertion or the proof was used before", 401, reponse)
        return reponse


def auteur_pretendu(champs: Mapping[str, str]) -> str | None:
    """In whose name the request speaks; nothing says that it is so."""
    try:
        return lire_jws(champs.get("client_assertion", ""), ASSERTION_MAX_BYTES).texte("sub")
    except JwsInvalide:
        return None


def freiner(request: Request, response: Response, refus: Freins) -> Response:
    """Past so many refusals, no more reasons; other answers pass."""
    if not 400 <= response.status_code < 429:
        return response
    auteur = getattr(request.state, "auteur", None)
    adresse = request.client.host if request.client else ""
    auteurs = [f"adresse {adresse}", *([f"client {auteur}"] if auteur else [])]
    if not refus.depasse(auteurs, time.monotonic()):
        return response
    return erreur("temporarily_unavailable", "too many refused requests", 429, {"Retry-After": "60"})


def verifier_methode(request: Request, champs: Mapping[str, str]) -> None:
    """RFC 6749 § 2.3: one authentication method in a request; here it can only be the assertion."""
    autres = "authorization" in request.headers or "client_secret" in champs
    if autres and "client_assertion" in champs:
        raise JetonRefuse("invalid_request", "more than one client authentication method")
    if autres:
        raise JetonRefuse("invalid_client", "the client authentication method must be private_key_jwt", 401)


def _verifier_champs(request: Request, champs: Mapping[str, str]) -> None:
    verifier_methode(request, champs)
    if "grant_type" not in champs:
        raise JetonRefuse("invalid_request", "grant_type is missing")


def refus_de_lecture(request: Request, refus: JetonRefuse) -> Response:
    headers = {}
    if refus.status_code == 401 and "authorization" in request.headers:
        # RFC 6749 § 5.2: the challenge matches the scheme that the client tried.
        headers["WWW-Authenticate"] = 'Basic realm="oauth"'
    return erreur(str(refus.error), str(refus.description), refus.status_code, headers)


def _reponse(error: str, description: str, status: int, acceptee: ReponseJeton) -> ReponseJeton:
    return ReponseJeton(status, {"error": error, "error_description": description}, acceptee.client_id)


def erreur(error: str, description: str, status: int, headers: Mapping[str, str]) -> Response:
    corps = {"error": error, "error_description": description}
    return JSONResponse(corps, status, headers={**SANS_CACHE, **headers})


def _journaliser(reponse: ReponseJeton) -> None:
    if reponse.status == 200:
        log.info("oauth.jeton.emis", client_id=reponse.client_id)
        return
    error, motif = reponse.corps["error"], reponse.corps.get("error_description")
    log.info("oauth.jeton.refuse", client_id=reponse.client_id, error=error, motif=motif)
