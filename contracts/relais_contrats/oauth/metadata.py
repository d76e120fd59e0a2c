"""The hub's OAuth metadata (RFC 8414, RFC 9728), and the routes of the whole package."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from relais_contrats.oauth.authentication import Authentification, Methode
from relais_contrats.oauth.certificate import ProxyDeConfiance
from relais_contrats.oauth.clients import RegistreClients
from relais_contrats.oauth.endpoint import Note, PointJeton, PointOAuth, rien_noter
from relais_contrats.oauth.freins import Freins
from relais_contrats.oauth.profile import ALGORITHMES, Profil
from relais_contrats.oauth.revocation import PointRevocation, Revocations
from relais_contrats.oauth.server import ServeurAutorisation
from relais_contrats.oauth.signing import Trousseau
from relais_contrats.oauth.tokens import EmetteurJetons, LecteurJetons
from relais_contrats.oauth.usages import UsagesUniques

REFUS_RAFALE: Final = 60
REFUS_PAR_MINUTE: Final = 60
# Shorter than the life of a token, so that a new key is known everywhere before the old one goes.
_CACHE: Final = {"Cache-Control": "public, max-age=300"}


def metadonnees_serveur(profil: Profil, *, par_certificat: bool, par_secret: bool) -> dict[str, Any]:
    """RFC 8414; without authorization endpoint, as no grant here uses one. Secrets are named while one is in use."""
    methodes = [Methode.ASSERTION.value]
    methodes += [Methode.CERTIFICAT.value] if par_certificat else []
    methodes += ["client_secret_basic", "client_secret_post"] if par_secret else []
    revocation = {
        "revocation_endpoint": profil.point_revocation,
        "revocation_endpoint_auth_methods_supported": methodes,
        "revocation_endpoint_auth_signing_alg_values_supported": list(ALGORITHMES),
    }
    return {
        "issuer": profil.issuer,
        "token_endpoint": profil.point_jeton,
        "jwks_uri": profil.jwks_uri,
        "scopes_supported": list(profil.portees),
        "response_types_supported": [],
        "grant_types_supported": ["client_credentials"],
        "token_endpoint_auth_methods_supported": methodes,
        "token_endpoint_auth_signing_alg_values_supported": list(ALGORITHMES),
        "dpop_signing_alg_values_supported": list(ALGORITHMES),
        "tls_client_certificate_bound_access_tokens": par_certificat,
        **(revocation if profil.est_revocable else {}),
        "protected_resources": [profil.url_publique],
    }


def metadonnees_ressource(profil: Profil, *, par_certificat: bool, par_secret: bool) -> dict[str, Any]:
    """RFC 9728."""
    return {
        "resource": profil.url_publique,
        "authorization_servers": [profil.issuer],
        "jwks_uri": profil.jwks_uri,
        "scopes_supported": list(profil.portees),
        "bearer_methods_supported": ["header"],
        "dpop_signing_alg_values_supported": list(ALGORITHMES),
        "dpop_bound_access_tokens_required": not (par_certificat or par_secret),
        "tls_client_certificate_bound_access_tokens": par_certificat,
    }


def routes(
    profil: Profil,
    trousseau: Trousseau,
    registre: RegistreClients,
    usages: UsagesUniques,
    revocations: Revocations | None,
    proxy: ProxyDeConfiance,
    horloge: Callable[[], datetime],
    noter: Note = rien_noter,
) -> list[Route]:
    """`horloge` answers the present instant, aware. Without `revocations`, no token can be taken back."""
    authentification = Authentification(profil, registre)
    serveur = ServeurAutorisation(profil, authentification, EmetteurJetons(profil, trousseau))
    jeton = PointJeton(profil, serveur, usages, horloge)
    refus = Freins(REFUS_RAFALE, REFUS_PAR_MINUTE)

    def dire(metadonnees: Callable[..., dict[str, Any]]) -> Callable[[], dict[str, Any]]:
        return lambda: metadonnees(
            profil,
            par_certificat=proxy.est_attendu,
            par_secret=registre.a_des_secrets(horloge()),
        )

    served = [
        # The busiest first: a router tries them one after the other.
        Route("/oauth/token", PointOAuth("jeton", refus, proxy, jeton.repondre, noter), name="jeton"),
        _document("/.well-known/oauth-authorization-server", dire(metadonnees_serveur), "application/json"),
        _document("/.well-known/oauth-protected-resource", dire(metadonnees_ressource), "application/json"),
        _document("/oauth/jwks", trousseau.jwks, "application/jwk-set+json"),
    ]
    if revocations is not None:
        revocation = PointRevocation(LecteurJetons(profil, trousseau), authentification, usages, revocations, horloge)
        served.append(Route("/oauth/revoke", PointOAuth("revocation", refus, proxy, revocation.repondre, noter)))
    return served


def _document(path: str, dire: Callable[[], dict[str, Any]], media_type: str) -> Route:
    async def lire(_request: Request) -> JSONResponse:
        return JSONResponse(dire(), headers=_CACHE, media_type=media_type)

    return Route(path, lire, methods=["GET"], name=path)
