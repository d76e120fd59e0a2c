"""`POST /oauth/revoke` (RFC 7009): a client takes back one of its own access tokens. What is revoked, everywhere."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import structlog
from starlette.responses import Response

from relais_contrats.oauth.authentication import Authentification
from relais_contrats.oauth.endpoint import RESERVATION_MAX_S, SANS_CACHE
from relais_contrats.oauth.errors import AccesRefuse, JetonRefuse
from relais_contrats.oauth.form import DemandeOAuth
from relais_contrats.oauth.tokens import JetonAcces, LecteurJetons
from relais_contrats.oauth.usages import UsagesUniques

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
    def __init__(
        self,
        lecteur: LecteurJetons,
        authentification: Authentification,
        usages: UsagesUniques,
        revocations: Revocations,
        horloge: Callable[[], datetime],
    ) -> None:
        self._lecteur = lecteur
        self._authentification = authentification
        self._usages = usages
        self._revocations = revocations
        self._horloge = horloge

    async def repondre(self, demande: DemandeOAuth) -> Response:
        """Client authentication is that of the token endpoint."""
        authentifie = self._authentification.authentifier(demande, self._horloge())
        client_id = authentifie.client.client_id
        if "token" not in demande.champs:
            raise JetonRefuse("invalid_request", "token is missing")
        async with asyncio.timeout(RESERVATION_MAX_S):
            if authentifie.usages and not await self._usages.reserver(authentifie.usages):
                raise JetonRefuse("invalid_client", "the assertion was used before", 401, client_id)
            await self._revoquer(demande.champs["token"], client_id)
        return Response(status_code=200, headers=SANS_CACHE)

    async def _revoquer(self, texte: str, client_id: str) -> None:
        """A token that is expired, or none of ours, has nothing left to revoke (RFC 7009 § 2.2)."""
        jeton = self._lire(texte)
        if jeton is None:
            return
        if jeton.client_id != client_id:
            raise JetonRefuse("invalid_grant", "the token was not issued to this client", client_id=client_id)
        await self._revocations.revoquer(JetonRevoque(jeton.jti, client_id, jeton.exp))
        log.info("oauth.jeton.revoque", client_id=client_id)

    def _lire(self, texte: str) -> JetonAcces | None:
        try:
            return self._lecteur.lire(texte, self._horloge())
        except AccesRefuse:
            return None
