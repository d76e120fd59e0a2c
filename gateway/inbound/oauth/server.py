"""The authorization server: Authlib's dispatch of grants and client authentication, with this hub's answers.

Authlib is synchronous, and so is everything here: pure computation. What must be reserved before the answer may leave
is gathered on the request (`usages`), for the endpoint to await.

A further way to authenticate is one more `register_client_auth_method`; a further way to bind the token is one more
member of `cnf`.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from authlib.oauth2 import OAuth2Error, OAuth2Request
from authlib.oauth2.rfc6749 import AuthorizationServer, ClientMixin
from authlib.oauth2.rfc6749.grants import ClientCredentialsGrant
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload

from gateway.inbound.oauth.assertion import TYPE_ASSERTION, verifier_assertion
from gateway.inbound.oauth.clients import ClientOAuth, RegistreClients
from gateway.inbound.oauth.dpop import verifier_preuve
from gateway.inbound.oauth.errors import AssertionRefusee, JetonRefuse, PreuveRefusee
from gateway.inbound.oauth.profile import DUREE_JETON, Profil
from gateway.inbound.oauth.tokens import EmetteurJetons
from gateway.inbound.oauth.usages import UsageUnique

METHODE_AUTH: Final = "private_key_jwt"


@dataclass(frozen=True, slots=True)
class ReponseJeton:
    """`client_id` is None until the client is authenticated."""

    status: int
    corps: Mapping[str, Any]
    client_id: str | None = None


class DemandeJeton(OAuth2Request):
    """A token request as Authlib carries it; it has the address that the public uses, not that of this process."""

    def __init__(self, champs: dict[str, str], preuves: Sequence[str], url: str, maintenant: datetime) -> None:
        super().__init__("POST", url)
        self.champs = champs
        self.preuves = preuves
        self.maintenant = maintenant
        self.usages: list[UsageUnique] = []
        self.payload = BasicOAuth2Payload(champs)


class _ClientAuthlib(ClientMixin):
    """A partner in the shape that Authlib asks questions to."""

    def __init__(self, client: ClientOAuth) -> None:
        self.client = client

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == METHODE_AUTH


class _ClientCredentials(ClientCredentialsGrant):
    """Both steps replace Authlib's, whose version writes the issued token to the log."""

    TOKEN_ENDPOINT_AUTH_METHODS = (METHODE_AUTH,)
    request: DemandeJeton
    server: "ServeurAutorisation"

    def validate_token_request(self) -> None:
        authentifie = self.authenticate_token_endpoint_client()
        assert isinstance(authentifie, _ClientAuthlib)
        self.request.client = authentifie
        _verifier_ressource(self.request.champs.get("resource"), self.server.profil)
        self.portees = _portees(self.request.champs.get("scope"), authentifie.client)

    def create_token_response(self) -> Any:
        assert isinstance(self.request.client, _ClientAuthlib)
        client_id = self.request.client.client.client_id
        jeton = self.server.emetteur.emettre(
            client_id, self.portees, self.server.confirmer(self.request), self.request.maintenant, secrets.token_hex(16)
        )
        corps = {
            "access_token": jeton,
            "token_type": "DPoP",
            "expires_in": int(DUREE_JETON.total_seconds()),
            "scope": " ".join(sorted(self.portees)),
        }
        return 200, corps, self.TOKEN_RESPONSE_HEADER


class ServeurAutorisation(AuthorizationServer):
    def __init__(self, profil: Profil, registre: RegistreClients, emetteur: EmetteurJetons) -> None:
        super().__init__()
        self.profil = profil
        self.emetteur = emetteur
        self._registre = registre
        self.register_client_auth_method(METHODE_AUTH, self._authentifier_par_assertion)
        self.register_grant(_ClientCredentials)

    def repondre(self, demande: DemandeJeton) -> ReponseJeton:
        """A 200 must not leave before `demande.usages` are reserved."""
        response: Any = self.create_token_response(demande)
        assert isinstance(response, ReponseJeton)
        if isinstance(demande.client, _ClientAuthlib):
            return replace(response, client_id=demande.client.client.client_id)
        return response

    def confirmer(self, demande: DemandeJeton) -> dict[str, str]:
        """The `cnf` claim; FAPI 2.0 knows no token without one."""
        try:
            preuve = verifier_preuve(
                demande.preuves, methode=demande.method, url=demande.uri, maintenant=demande.maintenant
            )
        except PreuveRefusee as refus:
            raise JetonRefuse("invalid_dpop_proof", refus.description) from refus
        demande.usages.append(preuve.usage)
        return {"jkt": preuve.jkt}

    def _authentifier_par_assertion(self, _query_client: Callable[[str], Any], demande: DemandeJeton) -> ClientMixin:
        assertion = demande.champs.get("client_assertion")
        if assertion is None or demande.champs.get("client_assertion_type") != TYPE_ASSERTION:
            raise JetonRefuse("invalid_client", "a client_assertion of type jwt-bearer is needed", 401)
        try:
            authentifie = verifier_assertion(assertion, self._registre, self.profil, demande.maintenant)
        except AssertionRefusee as refus:
            raise JetonRefuse("invalid_client", refus.description, 401) from refus
        if demande.champs.get("client_id", authentifie.client.client_id) != authentifie.client.client_id:
            raise JetonRefuse("invalid_client", "client_id is not the client of the assertion", 401)
        demande.usages.append(authentifie.usage)
        return _ClientAuthlib(authentifie.client)

    def query_client(self, client_id: str) -> Any:
        client = self._registre.client(client_id)
        return None if client is None else _ClientAuthlib(client)

    def create_oauth2_request(self, request: Any) -> Any:
        return request

    def send_signal(self, name: object, *args: object, **kwargs: object) -> None:
        return None

    def handle_response(self, status: int, body: Mapping[str, object], headers: Any) -> ReponseJeton:
        return ReponseJeton(status, body)

    def handle_error_response(self, request: OAuth2Request, error: OAuth2Error) -> ReponseJeton:
        # Only our own sentences leave: Authlib's repeat parts of the input.
        corps = {"error": error.error}
        if isinstance(error, JetonRefuse):
            corps["error_description"] = error.description
        return ReponseJeton(error.status_code or 400, corps)


def _verifier_ressource(resource: str | None, profil: Profil) -> None:
    """RFC 8707: this server issues tokens for one API only."""
    if resource is not None and resource.removesuffix("/") != profil.url_publique:
        raise JetonRefuse("invalid_target", "resource is not the API of this server")


def _portees(scope: str | None, client: ClientOAuth) -> frozenset[str]:
    """All registered scopes when none is asked for; never a silent narrowing of what is asked."""
    demandees = client.scopes if scope is None else frozenset(scope.split(" "))
    if not demandees or not demandees <= client.scopes:
        raise JetonRefuse("invalid_scope", "the scope is not registered for this client")
    return demandees
