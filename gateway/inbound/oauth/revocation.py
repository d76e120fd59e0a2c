"""`POST /oauth/revoke` (RFC 7009): a client takes back one of its own access tokens. What is revoked, everywhere."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.inbound.oauth.assertion import TYPE_ASSERTION, ClientAuthentifie, verifier_assertion
from gateway.inbound.oauth.clients import RegistreClients
from gateway.inbound.oauth.endpoint import (
    RESERVATION_MAX_S,
    SANS_CACHE,
    auteur_pretendu,
    erreur,
    freiner,
    refus_de_lecture,
    verifier_methode,
)
from gateway.inbound.oauth.errors import AccesRefuse, AssertionRefusee, JetonRefuse, ReservationIndisponible
from gateway.inbound.oauth.form import lire_formulaire
from gateway.inbound.oauth.freins import Freins
from gateway.inbound.oauth.profile import Profil
from gateway.inbound.oauth.signing import Trousseau
from gateway.inbound.oauth.tokens import JetonAcces, LecteurJetons
from gateway.inbound.oauth.usages import UsagesUniques

_INDISPONIBLE: Final = ("temporarily_unavailable", "try again with a new assertion")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class JetonRevoque:
    """`exp` in seconds: after that nothing accepts the token anyway."""

    jti: str
    client_id: str
    exp: float


class Revocations(Protocol):
    def __contains__(self, jti: object) -> bool:
        """Answers from memory; a revocation must be visible here within five seconds, in every process."""
        ...

    async def revoquer(self, jeton: JetonRevoque) -> None:
        """Raises ReservationIndisponible when it cannot be written."""
        ...


class PointRevocation:
    """Like the token endpoint, an ASGI endpoint for every method. Client authentication is the same."""

    def __init__(
        self,
        profil: Profil,
        trousseau: Trousseau,
        registre: RegistreClients,
        usages: UsagesUniques,
        revocations: Revocations,
        refus: Freins,
        horloge: Callable[[], datetime],
    ) -> None:
        self._profil = profil
        self._lecteur = LecteurJetons(profil, trousseau)
        self._registre = registre
        self._usages = usages
        self._revocations = revocations
        self._refus = refus
        self._horloge = horloge

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        if request.method == "POST":
            response = freiner(request, await self._repondre(request), self._refus)
        else:
            response = erreur("invalid_request", "the revocation endpoint takes POST only", 405, {"Allow": "POST"})
        await response(scope, receive, send)

    async def _repondre(self, request: Request) -> Response:
        try:
            champs = await lire_formulaire(request)
            request.state.auteur = auteur_pretendu(champs)
            verifier_methode(request, champs)
            authentifie = self._authentifier(champs)
            if "token" not in champs:
                raise JetonRefuse("invalid_request", "token is missing")
            async with asyncio.timeout(RESERVATION_MAX_S):
                if not await self._usages.reserver([authentifie.usage]):
                    raise JetonRefuse("invalid_client", "the assertion was used before", 401)
                await self._revoquer(champs["token"], authentifie.client.client_id)
        except JetonRefuse as refus:
            log.info("oauth.revocation.refusee", error=refus.error, motif=refus.description)
            return refus_de_lecture(request, refus)
        except (ReservationIndisponible, TimeoutError):
            return erreur(*_INDISPONIBLE, 503, {"Retry-After": "1"})
        return Response(status_code=200, headers=SANS_CACHE)

    def _authentifier(self, champs: dict[str, str]) -> ClientAuthentifie:
        assertion = champs.get("client_assertion")
        if assertion is None or champs.get("client_assertion_type") != TYPE_ASSERTION:
            raise JetonRefuse("invalid_client", "a client_assertion of type jwt-bearer is needed", 401)
        try:
            return verifier_assertion(assertion, self._registre, self._profil, self._horloge())
        except AssertionRefusee as refus:
            raise JetonRefuse("invalid_client", refus.description, 401) from refus

    async def _revoquer(self, texte: str, client_id: str) -> None:
        """A token that is expired, or none of ours, has nothing left to revoke (RFC 7009 § 2.2)."""
        jeton = self._lire(texte)
        if jeton is None:
            return
        if jeton.client_id != client_id:
            raise JetonRefuse("invalid_grant", "the token was not issued to this client")
        await self._revocations.revoquer(JetonRevoque(jeton.jti, client_id, jeton.exp))
        log.info("oauth.jeton.revoque", client_id=client_id)

    def _lire(self, texte: str) -> JetonAcces | None:
        try:
            return self._lecteur.lire(texte, self._horloge())
        except AccesRefuse:
            return None
