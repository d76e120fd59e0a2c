"""`POST /oauth/revoke` (RFC 7009): who may revoke what, and what a revoked token opens afterwards."""

from typing import Any

import pytest

from relais_contrats.oauth.errors import AccesRefuse
from tests.securite.oauth.hub import Hub
from tests.securite.oauth.partenaire import MAINTENANT_S, RESSOURCE, SANS, Partenaire


def revoquer(hub: Hub, partenaire: Partenaire, **champs: Any) -> tuple[int, Any]:
    response = hub.http.post("/oauth/revoke", data=partenaire.formulaire(grant_type=SANS, **champs))
    return response.status_code, response.json() if response.content else None


def test_a_revoked_token_opens_nothing_any_more(hub: Hub, cd59: Partenaire) -> None:
    jeton = hub.jeton(cd59)
    hub.presenter(jeton, cd59.preuve("GET", RESSOURCE, jeton))

    assert revoquer(hub, cd59, token=jeton, token_type_hint="access_token") == (200, None)

    with pytest.raises(AccesRefuse, match="revoked"):
        hub.presenter(jeton, cd59.preuve("GET", RESSOURCE, jeton))


def test_the_other_tokens_of_the_client_stay_good(hub: Hub, cd59: Partenaire) -> None:
    revoque, autre = hub.jeton(cd59), hub.jeton(cd59)
    revoquer(hub, cd59, token=revoque)

    hub.presenter(autre, cd59.preuve("GET", RESSOURCE, autre))

    assert len(hub.revocations.revoques) == 1


def test_nobody_revokes_the_token_of_another(hub: Hub, cd59: Partenaire, caf59: Partenaire) -> None:
    jeton = hub.jeton(cd59)

    status, corps = revoquer(hub, caf59, token=jeton)

    assert (status, corps["error"]) == (400, "invalid_grant")
    hub.presenter(jeton, cd59.preuve("GET", RESSOURCE, jeton))


@pytest.mark.parametrize(
    "token", ["n'importe quoi", "a.b.c", "é" * 50, "{" * 5000], ids=["text", "dots", "accents", "long"]
)
def test_what_is_no_token_of_ours_is_already_without_effect(hub: Hub, cd59: Partenaire, token: str) -> None:
    assert revoquer(hub, cd59, token=token) == (200, None)


def test_without_token_the_request_is_invalid(hub: Hub, cd59: Partenaire) -> None:
    status, corps = revoquer(hub, cd59)

    assert (status, corps["error"]) == (400, "invalid_request")


def test_only_an_authenticated_client_revokes(hub: Hub, cd59: Partenaire) -> None:
    jeton = hub.jeton(cd59)

    sans = hub.http.post("/oauth/revoke", data={"token": jeton})
    perimee = hub.http.post(
        "/oauth/revoke", data=cd59.formulaire(cd59.assertion(exp=MAINTENANT_S - 300), grant_type=SANS, token=jeton)
    )

    assert [(r.status_code, r.json()["error"]) for r in (sans, perimee)] == [(401, "invalid_client")] * 2
    assert not hub.revocations.revoques


def test_an_assertion_revokes_once(hub: Hub, cd59: Partenaire) -> None:
    premier, second = hub.jeton(cd59), hub.jeton(cd59)
    assertion = cd59.assertion()
    hub.http.post("/oauth/revoke", data=cd59.formulaire(assertion, grant_type=SANS, token=premier))

    encore = hub.http.post("/oauth/revoke", data=cd59.formulaire(assertion, grant_type=SANS, token=second))

    assert (encore.status_code, encore.json()["error"]) == (401, "invalid_client")
    assert len(hub.revocations.revoques) == 1


def test_a_revocation_that_cannot_be_written_is_not_confirmed(hub: Hub, cd59: Partenaire) -> None:
    jeton = hub.jeton(cd59)
    hub.revocations.en_panne = True

    status, corps = revoquer(hub, cd59, token=jeton)

    assert (status, corps["error"]) == (503, "temporarily_unavailable")


def test_another_method_than_post_is_refused_in_the_language_of_oauth(hub: Hub) -> None:
    response = hub.http.get("/oauth/revoke")

    assert (response.status_code, response.headers["allow"], response.json()["error"]) == (
        405,
        "POST",
        "invalid_request",
    )
