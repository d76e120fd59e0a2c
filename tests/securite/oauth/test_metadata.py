"""What the hub tells about its OAuth; a client must be able to work from these documents alone."""

import pytest

from tests.securite.oauth.hub import Hub
from tests.securite.oauth.partenaire import Partenaire


@pytest.mark.parametrize(
    "chemin",
    ["/.well-known/oauth-authorization-server"],
    ids=["fapi2-security-profile-final-discovery-end-point-verification"],
)
def test_the_server_metadata_advertises_the_profile_and_nothing_else(hub: Hub, chemin: str) -> None:
    document = hub.http.get(chemin).json()

    assert document["issuer"] == "https://relais.example"
    assert document["grant_types_supported"] == ["client_credentials"]
    assert document["token_endpoint_auth_methods_supported"] == ["private_key_jwt"]
    assert document["token_endpoint_auth_signing_alg_values_supported"] == ["ES256", "PS256", "EdDSA"]
    assert document["dpop_signing_alg_values_supported"] == ["ES256", "PS256", "EdDSA"]
    assert "authorization_endpoint" not in document


def test_the_resource_metadata_leads_to_the_server(hub: Hub) -> None:
    document = hub.http.get("/.well-known/oauth-protected-resource").json()

    assert document["authorization_servers"] == ["https://relais.example"]
    assert document["dpop_bound_access_tokens_required"] is True
    assert document["bearer_methods_supported"] == ["header"]


def test_a_token_is_had_at_the_advertised_address(hub: Hub, cd59: Partenaire) -> None:
    document = hub.http.get("/.well-known/oauth-authorization-server").json()
    headers = {"DPoP": cd59.preuve("POST", document["token_endpoint"])}

    response = hub.http.post(document["token_endpoint"], data=cd59.formulaire(), headers=headers)

    assert response.status_code == 200


def test_the_key_set_is_at_the_advertised_address(hub: Hub) -> None:
    document = hub.http.get("/.well-known/oauth-authorization-server").json()

    response = hub.http.get(document["jwks_uri"])

    assert response.headers["content-type"] == "application/jwk-set+json"
    assert [cle["kid"] for cle in response.json()["keys"]] == [hub.trousseau.active.kid]


@pytest.mark.parametrize(
    "chemin", ["/.well-known/oauth-authorization-server", "/.well-known/oauth-protected-resource", "/oauth/jwks"]
)
def test_documents_are_kept_no_longer_than_a_token_lives(hub: Hub, chemin: str) -> None:
    assert hub.http.get(chemin).headers["cache-control"] == "public, max-age=300"
