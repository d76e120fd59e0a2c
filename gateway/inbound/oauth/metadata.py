"""What the hub tells about its OAuth: RFC 8414 and RFC 9728 documents, and the routes of the whole package."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from gateway.inbound.oauth.clients import RegistreClients
from gateway.inbound.oauth.endpoint import PointJeton
from gateway.inbound.oauth.freins import Freins
from gateway.inbound.oauth.profile import ALGORITHMES, PORTEES, Profil
from gateway.inbound.oauth.revocation import PointRevocation, Revocations
from gateway.inbound.oauth.server import METHODE_AUTH, ServeurAutorisation
from gateway.inbound.oauth.signing import Trousseau
from gateway.inbound.oauth.tokens import EmetteurJetons
from gateway.inbound.oauth.usages import UsagesUniques

REFUS_RAFALE: Final = 60
REFUS_PAR_MINUTE: Final = 60
# Shorter than the life of a token, so that a new key is known everywhere before the old one goes.
_CACHE: Final = {"Cache-Control": "public, max-age=300"}


def metadonnees_serveur(profil: Profil) -> dict[str, Any]:
    """RFC 8414; without authorization endpoint, as no grant here uses one."""
    return {
        "issuer": profil.issuer,
        "token_endpoint": profil.point_jeton,
        "jwks_uri": profil.jwks_uri,
        "scopes_supported": list(PORTEES),
        "response_types_supported": [],
        "grant_types_supported": ["client_credentials"],
        "token_endpoint_auth_methods_supported": [METHODE_AUTH],
        "token_endpoint_auth_signing_alg_values_supported": list(ALGORITHMES),
        "dpop_signing_alg_values_supported": list(ALGORITHMES),
        "revocation_endpoint": profil.point_revocation,
        "revocation_endpoint_auth_methods_supported": [METHODE_AUTH],
        "revocation_endpoint_auth_signing_alg_values_supported": list(ALGORITHMES),
        "protected_resources": [profil.url_publique],
    }


def metadonnees_ressource(profil: Profil) -> dict[str, Any]:
    """RFC 9728."""
    return {
        "resource": profil.url_publique,
        "authorization_servers": [profil.issuer],
        "jwks_uri": profil.jwks_uri,
        "scopes_supported": list(PORTEES),
        "bearer_methods_supported": ["header"],
        "dpop_signing_alg_values_supported": list(ALGORITHMES),
        "dpop_bound_access_tokens_required": True,
    }


def routes(
    profil: Profil,
    trousseau: Trousseau,
    registre: RegistreClients,
    usages: UsagesUniques,
    revocations: Revocations,
    horloge: Callable[[], datetime],
) -> list[Route]:
    """`horloge` answers the present instant, aware."""
    serveur = ServeurAutorisation(profil, registre, EmetteurJetons(profil, trousseau))
    refus = Freins(REFUS_RAFALE, REFUS_PAR_MINUTE)
    return [
        _document("/.well-known/oauth-authorization-server", metadonnees_serveur(profil), "application/json"),
        _document("/.well-known/oauth-protected-resource", metadonnees_ressource(profil), "application/json"),
        _document("/oauth/jwks", trousseau.jwks(), "application/jwk-set+json"),
        Route("/oauth/token", PointJeton(profil, serveur, usages, refus, horloge), name="jeton"),
        Route("/oauth/revoke", PointRevocation(profil, trousseau, registre, usages, revocations, refus, horloge)),
    ]


def _document(path: str, document: dict[str, Any], media_type: str) -> Route:
    async def lire(_request: Request) -> JSONResponse:
        return JSONResponse(document, headers=_CACHE, media_type=media_type)

    return Route(path, lire, methods=["GET"], name=path)
