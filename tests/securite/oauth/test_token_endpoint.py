"""`POST /oauth/token` beyond authentication: its protocol, its proofs, what it issues, and how it fails."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

import httpx
import pytest

from relais_contrats.oauth import endpoint
from relais_contrats.oauth.usages import UsageUnique
from tests.securite.oauth.hub import Hub, UsagesMemoire
from tests.securite.oauth.partenaire import MAINTENANT_S, SANS, URL_PUBLIQUE, Partenaire, lire

FORMULAIRE = {"Content-Type": "application/x-www-form-urlencoded"}


def claims(jeton: str) -> dict[str, Any]:
    return lire(jeton.split(".")[1])


def demander(hub: Hub, partenaire: Partenaire, **champs: Any) -> Any:
    return hub.http.post("/oauth/token", data=partenaire.formulaire(**champs), headers={"DPoP": partenaire.preuve()})


def test_the_token_is_an_rfc_9068_token_bound_to_the_key(hub: Hub, cd59: Partenaire) -> None:
    response = demander(hub, cd59).json()

    assert claims(response["access_token"]) == {
        "iss": URL_PUBLIQUE,
        "aud": URL_PUBLIQUE,
        "sub": "si:cd-59",
        "client_id": "si:cd-59",
        "scope": "evenements:lire messages:deposer",
        "iat": MAINTENANT_S,
        "exp": MAINTENANT_S + 300,
        "jti": claims(response["access_token"])["jti"],
        "client_auth": "cle:cle-1",
        "cnf": {"jkt": cd59.cle_dpop.jkt},
    }


def test_the_answer_is_not_to_be_stored_and_brings_no_refresh_token(hub: Hub, cd59: Partenaire) -> None:
    response = demander(hub, cd59)

    assert response.headers["cache-control"] == "no-store"
    assert set(response.json()) == {"access_token", "token_type", "expires_in", "scope"}
    assert response.json()["expires_in"] == 300


def test_each_token_has_an_identifier_of_its_own(hub: Hub, cd59: Partenaire) -> None:
    premier, second = claims(hub.jeton(cd59))["jti"], claims(hub.jeton(cd59))["jti"]

    assert premier != second
    assert len(premier) == 32


@pytest.mark.parametrize("grant_type", ["password", "implicit", "refresh_token", "authorization_code", "é", "{}"])
def test_other_grants_are_unsupported(hub: Hub, cd59: Partenaire, grant_type: str) -> None:
    response = demander(hub, cd59, grant_type=grant_type)

    assert (response.status_code, response.json()) == (400, {"error": "unsupported_grant_type"})


def test_a_missing_grant_is_an_invalid_request(hub: Hub, cd59: Partenaire) -> None:
    response = demander(hub, cd59, grant_type=SANS)

    assert (response.status_code, response.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    "scope",
    [
        "sante:lire",
        "evenements:lire sante:lire",
        'evenements:lire"',
        "é",
        "x" * 4_000,
        " ",
        "evenements:lire  messages:deposer",
        "EVENEMENTS:LIRE",
    ],
)
def test_a_scope_that_is_not_registered_is_refused_as_a_whole(hub: Hub, cd59: Partenaire, scope: str) -> None:
    response = demander(hub, cd59, scope=scope)

    assert (response.status_code, response.json()["error"]) == (400, "invalid_scope")


def test_a_client_without_scopes_gets_no_token(hub: Hub, cd59: Partenaire) -> None:
    hub.registre.clients["si:cd-59"] = replace(hub.registre.clients["si:cd-59"], scopes=frozenset())

    response = demander(hub, cd59)

    assert (response.status_code, response.json()["error"]) == (400, "invalid_scope")


def test_the_scope_asked_for_is_the_scope_given(hub: Hub, cd59: Partenaire) -> None:
    response = demander(hub, cd59, scope="evenements:lire").json()

    assert (response["scope"], claims(response["access_token"])["scope"]) == ("evenements:lire", "evenements:lire")


@pytest.mark.parametrize("resource", [URL_PUBLIQUE, f"{URL_PUBLIQUE}/"])
def test_the_api_may_be_named_as_resource(hub: Hub, cd59: Partenaire, resource: str) -> None:
    assert demander(hub, cd59, resource=resource).status_code == 200


@pytest.mark.parametrize("resource", ["https://other.example", f"{URL_PUBLIQUE}/v1", "x"])
def test_another_resource_is_an_invalid_target(hub: Hub, cd59: Partenaire, resource: str) -> None:
    response = demander(hub, cd59, resource=resource)

    assert (response.status_code, response.json()["error"]) == (400, "invalid_target")


@pytest.mark.parametrize(
    "client_id", ["si:cd-59"], ids=["fapi2-security-profile-final-ensure-client-id-in-token-endpoint"]
)
def test_a_client_id_may_come_beside_the_assertion(hub: Hub, cd59: Partenaire, client_id: str) -> None:
    assert demander(hub, cd59, client_id=client_id).status_code == 200


def test_a_client_id_of_another_is_refused(hub: Hub, cd59: Partenaire, caf59: Partenaire) -> None:
    response = demander(hub, cd59, client_id=caf59.client_id)

    assert (response.status_code, response.json()["error"]) == (401, "invalid_client")


SANS_ASSERTION: dict[str, dict[str, Any]] = {
    "fapi2-security-profile-final-ensure-client-assertion-in-token-endpoint": {"client_assertion": SANS},
    "client_id only": {"client_assertion": SANS, "client_assertion_type": SANS, "client_id": "si:cd-59"},
    "client_secret": {"client_assertion": SANS, "client_id": "si:cd-59", "client_secret": "secret"},
    "another assertion type": {"client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"},
    "no assertion type": {"client_assertion_type": SANS},
}


@pytest.mark.parametrize("champs", SANS_ASSERTION.values(), ids=SANS_ASSERTION)
def test_only_a_client_assertion_authenticates(hub: Hub, cd59: Partenaire, champs: dict[str, Any]) -> None:
    response = demander(hub, cd59, **champs)

    assert (response.status_code, response.json()["error"]) == (401, "invalid_client")


def test_http_basic_is_answered_with_its_own_challenge(hub: Hub) -> None:
    response = hub.http.post("/oauth/token", data={"grant_type": "client_credentials"}, auth=("si:cd-59", "secret"))

    assert (response.status_code, response.json()["error"]) == (401, "invalid_client")
    assert response.headers["www-authenticate"].startswith("Basic ")


@pytest.mark.parametrize("seconde", ["Authorization", "client_secret"])
def test_two_authentication_methods_are_an_invalid_request(hub: Hub, cd59: Partenaire, seconde: str) -> None:
    headers = {"DPoP": cd59.preuve()} | ({"Authorization": "Basic eDp5"} if seconde == "Authorization" else {})
    champs = {"client_secret": "y"} if seconde == "client_secret" else {}

    response = hub.http.post("/oauth/token", data=cd59.formulaire(**champs), headers=headers)

    assert (response.status_code, response.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("nom", ["grant_type", "client_assertion", "client_assertion_type", "scope", "resource", "x"])
def test_a_repeated_parameter_is_an_invalid_request(hub: Hub, cd59: Partenaire, nom: str) -> None:
    champs = {**cd59.formulaire(), "scope": "evenements:lire", "resource": URL_PUBLIQUE, "x": "1"}
    corps = str(httpx.QueryParams([*champs.items(), (nom, champs[nom])]))

    response = hub.http.post("/oauth/token", content=corps, headers={**FORMULAIRE, "DPoP": cd59.preuve()})

    assert (response.status_code, response.json()["error"]) == (400, "invalid_request")


def test_a_parameter_without_a_value_counts_as_omitted(hub: Hub, cd59: Partenaire) -> None:
    assert demander(hub, cd59, scope="").json()["scope"] == "evenements:lire messages:deposer"


@pytest.mark.parametrize(
    ("type_contenu", "status"),
    [
        ("application/json", 415),
        ("multipart/form-data; boundary=x", 415),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded; charset=utf-16", 415),
        ("", 415),
        (None, 400),
    ],
)
def test_other_content_types_are_refused(hub: Hub, cd59: Partenaire, type_contenu: str | None, status: int) -> None:
    corps = str(httpx.QueryParams(cd59.formulaire()))
    headers = {} if type_contenu is None else {"Content-Type": type_contenu}

    response = hub.http.post("/oauth/token", content=corps, headers=headers)

    assert (response.status_code, response.json()["error"]) == (status, "invalid_request")


def test_a_charset_of_utf_8_is_understood(hub: Hub, cd59: Partenaire) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8", "DPoP": cd59.preuve()}

    response = hub.http.post("/oauth/token", content=str(httpx.QueryParams(cd59.formulaire())), headers=headers)

    assert response.status_code == 200


def test_a_compressed_body_is_refused(hub: Hub) -> None:
    response = hub.http.post("/oauth/token", content=b"\x1f\x8b", headers={**FORMULAIRE, "Content-Encoding": "gzip"})

    assert response.status_code == 415


@pytest.mark.parametrize("methode", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_are_not_allowed(hub: Hub, methode: str) -> None:
    response = hub.http.request(methode, "/oauth/token")

    assert (response.status_code, response.headers["allow"]) == (405, "POST")


def test_credentials_in_the_query_are_not_read(hub: Hub, cd59: Partenaire) -> None:
    response = hub.http.post("/oauth/token", params=cd59.formulaire(), headers={**FORMULAIRE, "DPoP": cd59.preuve()})

    assert (response.status_code, response.json()["error"]) == (400, "invalid_request")


def test_a_body_over_16_kb_is_cut_off_while_it_arrives(hub: Hub) -> None:
    lus = 0

    async def corps() -> AsyncIterator[bytes]:
        nonlocal lus
        for _ in range(1_000):
            lus += 1
            yield b"a" * 1_024

    response = hub.http.post("/oauth/token", content=corps(), headers=FORMULAIRE)

    assert (response.status_code, response.json()["error"]) == (413, "invalid_request")
    assert lus < 20


def test_a_form_of_too_many_parameters_is_refused(hub: Hub, cd59: Partenaire) -> None:
    response = demander(hub, cd59, **{f"a{numero}": "1" for numero in range(30)})

    assert (response.status_code, response.json()["error"]) == (400, "invalid_request")


CORPS_MALFORMES = {
    "not ASCII": "é=1".encode(),
    "not UTF-8 once decoded": b"grant_type=%ff",
    "binary": bytes(range(256)),
    "empty": b"",
    "JSON": b'{"grant_type": "client_credentials"}',
}


@pytest.mark.parametrize("corps", CORPS_MALFORMES.values(), ids=CORPS_MALFORMES)
def test_malformed_bodies_are_invalid_requests(hub: Hub, corps: bytes) -> None:
    response = hub.http.post("/oauth/token", content=corps, headers=FORMULAIRE)

    assert (response.status_code, response.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("headers", [{}], ids=["fapi2-security-profile-final-ensure-holder-of-key-required"])
def test_no_token_without_a_proof(hub: Hub, cd59: Partenaire, headers: dict[str, str]) -> None:
    response = hub.http.post("/oauth/token", data=cd59.formulaire(), headers=headers)

    assert (response.status_code, response.json()["error"]) == (400, "invalid_dpop_proof")


PREUVES_REFUSEES: dict[str, dict[str, Any]] = {
    "wrong method": {"htm": "GET"},
    "wrong address": {"htu": f"{URL_PUBLIQUE}/oauth/revoke"},
    "an hour old": {"iat": MAINTENANT_S - 3_600},
    "an hour ahead": {"iat": MAINTENANT_S + 3_600},
    "no jti": {"jti": SANS},
}


@pytest.mark.parametrize("changes", PREUVES_REFUSEES.values(), ids=PREUVES_REFUSEES)
def test_a_bad_proof_is_refused(hub: Hub, cd59: Partenaire, changes: dict[str, Any]) -> None:
    headers = {"DPoP": cd59.preuve(**changes)}

    response = hub.http.post("/oauth/token", data=cd59.formulaire(), headers=headers)

    assert (response.status_code, response.json()["error"]) == (400, "invalid_dpop_proof")


def test_two_proofs_are_refused(hub: Hub, cd59: Partenaire) -> None:
    preuves = [("DPoP", cd59.preuve()), ("DPoP", cd59.preuve())]

    response = hub.http.post("/oauth/token", data=cd59.formulaire(), headers=preuves)

    assert (response.status_code, response.json()["error"]) == (400, "invalid_dpop_proof")


def test_a_replayed_assertion_is_refused(hub: Hub, cd59: Partenaire) -> None:
    assertion = cd59.assertion()
    status = [
        hub.http.post("/oauth/token", data=cd59.formulaire(assertion), headers={"DPoP": cd59.preuve()}).status_code
        for _ in range(2)
    ]

    assert status == [200, 401]


def test_a_replayed_proof_is_refused(hub: Hub, cd59: Partenaire) -> None:
    headers = {"DPoP": cd59.preuve()}

    status = [hub.http.post("/oauth/token", data=cd59.formulaire(), headers=headers).status_code for _ in range(2)]

    assert status == [200, 401]


def test_two_partners_may_choose_the_same_jti(hub: Hub, cd59: Partenaire, caf59: Partenaire) -> None:
    status = [
        hub.http.post(
            "/oauth/token", data=p.formulaire(p.assertion(jti="1")), headers={"DPoP": p.preuve(jti="1")}
        ).status_code
        for p in (cd59, caf59)
    ]

    assert status == [200, 200]


def test_nothing_is_reserved_for_a_request_that_is_refused(hub: Hub, cd59: Partenaire) -> None:
    assertion = cd59.assertion()
    hub.http.post("/oauth/token", data=cd59.formulaire(assertion, scope="sante:lire"), headers={"DPoP": cd59.preuve()})

    response = hub.http.post("/oauth/token", data=cd59.formulaire(assertion), headers={"DPoP": cd59.preuve()})

    assert response.status_code == 200


def test_a_store_that_fails_closes_the_endpoint_and_recovers() -> None:
    usages = UsagesMemoire(en_panne=True)
    hub = Hub(usages=usages)
    cd59 = hub.registre.inscrire(Partenaire("si:cd-59"))
    panne = demander(hub, cd59)
    usages.en_panne = False

    assert (panne.status_code, panne.headers["retry-after"]) == (503, "1")
    assert "access_token" not in panne.json()
    assert demander(hub, cd59).status_code == 200


def test_a_store_that_hangs_closes_the_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    class UsagesBloques(UsagesMemoire):
        async def reserver(self, usages: Sequence[UsageUnique]) -> bool:
            await asyncio.sleep(3_600)
            return True

    monkeypatch.setattr(endpoint, "RESERVATION_MAX_S", 0.01)
    hub = Hub(usages=UsagesBloques())
    cd59 = hub.registre.inscrire(Partenaire("si:cd-59"))

    assert demander(hub, cd59).status_code == 503


def test_a_client_that_hangs_up_is_no_server_error(hub: Hub) -> None:
    envoyes: list[dict[str, Any]] = []

    async def deconnecte() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def envoyer(message: Any) -> None:
        envoyes.append(message)

    scope = {
        "type": "http", "method": "POST", "path": "/oauth/token", "raw_path": b"/oauth/token", "query_string": b"",
        "headers": [(b"content-type", b"application/x-www-form-urlencoded")], "root_path": "", "scheme": "https",
        "server": ("relais.example", 443), "client": None, "http_version": "1.1",
    }  # fmt: skip
    asyncio.run(hub.application(scope, deconnecte, envoyer))

    assert envoyes[0]["status"] == 400


def test_neither_token_nor_assertion_reaches_the_log(
    hub: Hub, cd59: Partenaire, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level("DEBUG")
    assertion = cd59.assertion()

    jeton = hub.http.post("/oauth/token", data=cd59.formulaire(assertion), headers={"DPoP": cd59.preuve()}).json()[
        "access_token"
    ]

    journal = caplog.text + capsys.readouterr().out
    assert "oauth.jeton.emis" in journal
    assert jeton not in journal
    assert assertion not in journal


def test_the_form_may_arrive_in_pieces(hub: Hub) -> None:
    async def morceaux() -> AsyncIterator[bytes]:
        yield b"grant_type="
        yield b"client_credentials"

    response = hub.http.post("/oauth/token", content=morceaux(), headers=FORMULAIRE)

    assert (response.status_code, response.json()["error"]) == (401, "invalid_client")
