"""Client credentials of FAPI 2.0 asked by a client that we did not write: Authlib's, on a running hub.

Authlib authenticates the client (RFC 7523); it knows nothing of DPoP (RFC 9449), so the proof is made here.
"""

import secrets
import time
from typing import Any

import httpx
import pytest
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from joserfc import jwt
from joserfc.jwk import ECKey

from relais_contrats.client import Client
from tests.hub import Hub

pytestmark = pytest.mark.lent


class Exterieur:
    """A partner that has read the metadata and holds the key that the operator registered."""

    def __init__(self, hub: Hub, code: str = "cd-59") -> None:
        folder = hub.data.partners / code
        self.client = Client.read(folder / "client.json")
        self.cle = ECKey.import_key((folder / "cle.pem").read_text(encoding="utf-8"))
        self.serveur = httpx.get(f"{hub.api}/.well-known/oauth-authorization-server").json()
        self.cle_de_preuve = ECKey.generate_key("P-256")

    def preuve(self, methode: str, url: str) -> str:
        header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": self.cle_de_preuve.as_dict(private=False)}
        claims = {"htm": methode, "htu": url, "iat": int(time.time()), "jti": secrets.token_urlsafe(16)}
        return jwt.encode(header, claims, self.cle_de_preuve)

    def demande(self, methode: PrivateKeyJWT, preuve: str | None, *, cle: ECKey | None = None) -> Any:
        """The token, or the error that Authlib makes of the refusal."""
        with OAuth2Session(self.client.client_id, cle or self.cle, token_endpoint_auth_method=methode.name) as session:
            session.register_client_auth_method(methode)
            headers = _FORMULAIRE | ({"DPoP": preuve} if preuve else {})
            return session.fetch_token(self.serveur["token_endpoint"], grant_type="client_credentials", headers=headers)

    def assertion(self, audience: str | None = None, **claims: Any) -> PrivateKeyJWT:
        """Authlib's habit is an hour and the token endpoint as audience; the profile wants a minute and the issuer."""
        court = {"exp": int(time.time()) + 60, "jti": secrets.token_urlsafe(16)} | claims
        entete = {"kid": self.client.kid}
        return PrivateKeyJWT(audience or self.serveur["issuer"], claims=court, headers=entete, alg="ES256")


_FORMULAIRE = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def exterieur(vivant: Hub) -> Exterieur:
    return Exterieur(vivant)


def refus(exterieur: Exterieur, methode: PrivateKeyJWT, preuve: str | None, *, cle: ECKey | None = None) -> str:
    with pytest.raises(OAuthError) as refused:
        exterieur.demande(methode, preuve, cle=cle)
    return str(refused.value.error)


def test_what_the_metadata_say_is_enough_to_get_a_bound_token(exterieur: Exterieur) -> None:
    endpoint = exterieur.serveur["token_endpoint"]

    token = exterieur.demande(exterieur.assertion(), exterieur.preuve("POST", endpoint))

    assert (token["token_type"], token["expires_in"]) == ("DPoP", 300)
    assert "refresh_token" not in token
    bound = jwt.decode(token["access_token"], _cle_du_hub(exterieur)).claims
    assert bound["cnf"] == {"jkt": exterieur.cle_de_preuve.thumbprint()}


def _cle_du_hub(exterieur: Exterieur) -> ECKey:
    published = httpx.get(exterieur.serveur["jwks_uri"]).json()["keys"]
    return ECKey.import_key(published[0])


def test_a_token_is_never_given_to_who_proves_no_key(exterieur: Exterieur) -> None:
    assert refus(exterieur, exterieur.assertion(), None) in ("invalid_dpop_proof", "invalid_request")


def test_a_proof_made_for_another_place_or_method_is_refused(exterieur: Exterieur) -> None:
    endpoint = exterieur.serveur["token_endpoint"]

    for preuve in (exterieur.preuve("GET", endpoint), exterieur.preuve("POST", exterieur.serveur["issuer"])):
        assert refus(exterieur, exterieur.assertion(), preuve) == "invalid_dpop_proof"


def test_an_assertion_serves_once(exterieur: Exterieur) -> None:
    endpoint, methode = exterieur.serveur["token_endpoint"], exterieur.assertion()

    exterieur.demande(methode, exterieur.preuve("POST", endpoint))

    assert refus(exterieur, methode, exterieur.preuve("POST", endpoint)) == "invalid_client"


def test_only_the_issuer_is_an_audience_and_only_for_minutes(exterieur: Exterieur) -> None:
    endpoint = exterieur.serveur["token_endpoint"]
    methodes = (
        exterieur.assertion(endpoint),
        exterieur.assertion(aud=[exterieur.serveur["issuer"]]),
        exterieur.assertion(exp=int(time.time()) + 86_400),
        exterieur.assertion(exp=int(time.time()) - 120),
    )

    for methode in methodes:
        assert refus(exterieur, methode, exterieur.preuve("POST", endpoint)) == "invalid_client"


def test_the_key_of_another_is_nobodys(exterieur: Exterieur) -> None:
    preuve = exterieur.preuve("POST", exterieur.serveur["token_endpoint"])

    assert refus(exterieur, exterieur.assertion(), preuve, cle=ECKey.generate_key("P-256")) == "invalid_client"


def test_the_metadata_offer_no_secret_no_query_and_no_other_grant(exterieur: Exterieur) -> None:
    serveur = exterieur.serveur

    assert set(serveur["grant_types_supported"]) == {"client_credentials"}
    assert not {"client_secret_basic", "client_secret_post", "none"} & set(
        serveur["token_endpoint_auth_methods_supported"]
    )
    assert "ES256" in serveur["dpop_signing_alg_values_supported"]
    assert not {"RS256", "none"} & set(serveur["token_endpoint_auth_signing_alg_values_supported"])
