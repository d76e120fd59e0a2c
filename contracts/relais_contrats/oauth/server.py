"""The authorization server: Authlib's dispatch of grants, with this hub's client authentication and answers.

Authlib is synchronous, and so is everything here: pure computation. What must be reserved before the answer may leave
is gathered on the request (`usages`), for the endpoint to await.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from authlib.oauth2 import OAuth2Error, OAuth2Request
from authlib.oauth2.rfc6749 import AuthorizationServer
from authlib.oauth2.rfc6749.grants import ClientCredentialsGrant
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload

from relais_contrats.oauth.authentication import Authentification, ClientAuthentifie, Methode
from relais_contrats.oauth.clients import ClientOAuth
from relais_contrats.oauth.dpop import verifier_preuve
from relais_contrats.oauth.errors import JetonRefuse, PreuveRefusee
from relais_contrats.oauth.form import DemandeOAuth
from relais_contrats.oauth.profile import DUREE_JETON, Profil
from relais_contrats.oauth.tokens import MEMBRE_CNF, EmetteurJetons, Liaison
from relais_contrats.oauth.usages import UsageUnique


@dataclass(frozen=True, slots=True)
class ReponseJeton:
    status: int
    corps: Mapping[str, Any]


class DemandeJeton(OAuth2Request):
    """A token request as Authlib carries it; it has the address that the public uses, not that of this process."""

    def __init__(self, presentee: DemandeOAuth, url: str, maintenant: datetime) -> None:
        super().__init__("POST", url)
        self.presentee = presentee
        self.maintenant = maintenant
        self.authentifie: ClientAuthentifie | None = None
        self.usages: list[UsageUnique] = []
        self.payload = BasicOAuth2Payload(dict(presentee.champs))

    @property
    def client_authentifie(self) -> str | None:
        """Its client_id; None until the client is authenticated."""
        return None if self.authentifie is None else self.authentifie.client.client_id


class _ClientCredentials(ClientCredentialsGrant):
    """Both steps replace Authlib's, whose version writes the issued token to the log."""

    request: DemandeJeton
    server: "ServeurAutorisation"

    def validate_token_request(self) -> None:
        demande = self.request
        demande.authentifie = self.server.authentification.authentifier(demande.presentee, demande.maintenant)
        demande.usages += demande.authentifie.usages
        _verifier_ressource(demande.presentee.champs.get("resource"), self.server.profil)
        self.portees = _portees(demande.presentee.champs.get("scope"), demande.authentifie.client)

    def create_token_response(self) -> Any:
        assert self.request.authentifie is not None
        authentifie, jti = self.request.authentifie, secrets.token_hex(16)
        client_id = authentifie.client.client_id
        liaison, porteur = _lier(self.request, authentifie)
        cnf = {} if liaison is Liaison.AUCUNE else {MEMBRE_CNF[liaison]: porteur}
        corps = {
            "access_token": self.server.emetteur.emettre(
                client_id,
                self.portees,
                cnf,
                self.request.maintenant,
                jti,
                authentifie.justificatif,
            ),
            "token_type": "DPoP" if liaison is Liaison.DPOP else "Bearer",
            "expires_in": int(DUREE_JETON.total_seconds()),
            "scope": " ".join(sorted(self.portees)),
        }
        return 200, corps, self.TOKEN_RESPONSE_HEADER


class ServeurAutorisation(AuthorizationServer):
    def __init__(self, profil: Profil, authentification: Authentification, emetteur: EmetteurJetons) -> None:
        super().__init__()
        self.profil = profil
        self.authentification = authentification
        self.emetteur = emetteur
        self.register_grant(_ClientCredentials)

    def repondre(self, demande: DemandeJeton) -> ReponseJeton:
        """A 200 must not leave before `demande.usages` are reserved."""
        response: Any = self.create_token_response(demande)
        assert isinstance(response, ReponseJeton)
        return response

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


def _lier(demande: DemandeJeton, authentifie: ClientAuthentifie) -> tuple[Liaison, str]:
    """Return the key or certificate to which the token is bound. FAPI 2.0 has no unbound token, the profil hérité has.
    A proof goes before a certificate, because a client that sends one asks for that binding.
    """
    presentee = demande.presentee
    x5t = presentee.certificat
    if not presentee.preuves:
        if x5t is not None and authentifie.client.presente(x5t, demande.maintenant):
            return Liaison.CERTIFICAT, x5t
        if authentifie.methode is Methode.SECRET:
            return Liaison.AUCUNE, ""
    try:
        preuve = verifier_preuve(
            presentee.preuves, methode=demande.method, url=demande.uri, maintenant=demande.maintenant
        )
    except PreuveRefusee as refus:
        raise JetonRefuse("invalid_dpop_proof", refus.description) from refus
    demande.usages.append(preuve.usage)
    return Liaison.DPOP, preuve.jkt


def _verifier_ressource(resource: str | None, profil: Profil) -> None:
    """RFC 8707: this server issues tokens for one API only."""
    if resource is not None and resource.removesuffix("/") != profil.url_publique:
        raise JetonRefuse("invalid_target", "resource is not the API of this server")


def _portees(scope: str | None, client: ClientOAuth) -> frozenset[str]:
    """All that the client has when none is asked for; never a silent narrowing of what is asked."""
    demandees = client.portees if scope is None else frozenset(scope.split(" "))
    if not demandees or not demandees <= client.portees:
        raise JetonRefuse("invalid_scope", "the scope is not registered for this client, or withheld from it")
    return demandees
