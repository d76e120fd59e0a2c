"""Who may call the API of France Travail: token, address, quota, agent, token of the person."""

from __future__ import annotations

import tomllib
from base64 import b64encode
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from connectors.france_travail import SYSTEM
from connectors.france_travail.codes import ACCES_S, JETON_H
from connectors.france_travail.configuration import EXEMPLE
from connectors.france_travail.facade import Quota
from connectors.france_travail.faults import Fault
from connectors.france_travail.tokens import Tokens
from connectors.france_travail.trying import try_out
from connectors.hub import HubUnreachable, QuotaReached, RequestRefused
from connectors.mandates import token_digest
from connectors.systems import ConfigurationRefused
from relais_contrats.oauth.certificate import preuve_du_proxy
from tests.connectors.france_travail.place import ADA, SEARCH, SECRET, Hub, Place

pytestmark = pytest.mark.anyio
READ = "/orientationusager/v1/lectureOrientation"


async def test_a_token_is_granted_as_france_travail_grants_it(place: Place) -> None:
    answer = await place.token()
    basic = await place.http.post(
        "/connexion/oauth2/access_token",
        data={"grant_type": "client_credentials", "scope": "api_orientationusagerv1"},
        headers={"Authorization": f"Basic {b64encode(f'cd-59-ft:{SECRET}'.encode()).decode()}"},
    )

    assert (answer.status_code, answer.json()["token_type"], answer.json()["expires_in"]) == (200, "Bearer", 1499)
    assert "api_orientationusagerv1" in answer.json()["scope"].split()
    assert answer.headers["Cache-Control"] == "no-store"
    assert basic.status_code == 200


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"client_secret": "autre"}, "invalid_client"),
        ({"client_secret": ""}, "invalid_client"),
        ({"client_id": "autre"}, "invalid_client"),
        ({"scope": ""}, "invalid_scope"),
        ({"scope": "api_orientationusagerv1 \u00e9"}, "invalid_scope"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
    ],
)
async def test_a_token_is_refused_in_their_words(place: Place, changed: dict[str, str], error: str) -> None:
    answer = await place.token(**changed)

    assert (answer.status_code, answer.json()["error"]) == (400, error)


@pytest.mark.parametrize("body", [b"\xff", b"x" * 20_000, b""])
async def test_a_form_that_cannot_be_read_gives_no_token(place: Place, body: bytes) -> None:
    answer = await place.http.post("/connexion/oauth2/access_token", content=body)

    assert (answer.status_code, "access_token" in answer.json()) == (400, False)


async def test_another_realm_gives_no_token(place: Place) -> None:
    answer = await place.http.post("/connexion/oauth2/access_token?realm=/individu", data={})

    assert answer.json()["error"] == "invalid_request"


async def test_without_a_living_token_nothing_is_answered(place: Place, hub: Hub) -> None:
    answers = [await place.http.get(f"/partenaire{READ}", headers={"Authorization": told}) for told in ("", "Bearer x")]
    place.passes(seconds=ACCES_S - 1)
    answers.append(alive := await place.get(READ))
    place.passes(seconds=1)
    answers.append(await place.get(READ))

    assert alive.status_code == 200
    assert [one.status_code for one in answers] == [401, 401, 200, 401]
    assert answers[-1].json()["codeErreur"] == "ACCES_NON_AUTHENTIFIE"
    assert answers[-1].headers["WWW-Authenticate"].startswith("Bearer")


async def test_a_token_dies_with_the_secret_that_it_was_given_for_and_opens_no_other_mandate(
    tmp_path: Path, place: Place, hub: Hub
) -> None:
    other = Place(tmp_path / "cd-62-ft", hub)
    bearer = {"Authorization": place.http.headers["Authorization"]}
    answer = await other.http.get(f"/partenaire{READ}", headers=bearer)

    renewed = replace(place.context.mandate, jeton=token_digest("un autre secret"))
    changed = Tokens(place.context.vault, renewed, place.context.clock)

    assert answer.status_code == 401
    assert changed.scopes(bearer["Authorization"].removeprefix("Bearer ")) is None


async def test_an_api_wants_its_scope(place: Place) -> None:
    access = (await place.token(scope="api_rechercher-usagerv2 rechercheusager")).json()["access_token"]
    answer = await place.http.get(f"/partenaire{READ}", headers={"Authorization": f"Bearer {access}"})

    assert (answer.status_code, answer.json()["codeErreur"]) == (403, "SCOPE_INSUFFISANT")


@pytest.mark.parametrize(
    ("settings", "headers", "status"),
    [
        ({"adresses": ["192.0.2.0/24"]}, {}, 200),
        ({"adresses": ["198.51.100.0/24"]}, {}, 403),
        ({"adresses": ["198.51.100.0/24"]}, {"X-Real-IP": "198.51.100.9"}, 403),
        ({"adresses": ["198.51.100.0/24"], "frontal": "front"}, {"X-Real-IP": "198.51.100.9"}, 200),
        ({"adresses": ["192.0.2.0/24"], "frontal": "front"}, {"X-Real-IP": "198.51.100.9"}, 403),
        ({"adresses": ["2001:db8::/32"]}, {}, 403),
    ],
)
async def test_calls_come_from_declared_addresses_only(
    tmp_path: Path, hub: Hub, settings: dict[str, Any], headers: dict[str, str], status: int
) -> None:
    proof = preuve_du_proxy(bytes(range(32)))
    configured = settings | ({"frontal": proof} if "frontal" in settings else {})
    one = Place(tmp_path / "cd-59-ft", hub, **configured)
    one.http.headers.update(headers | ({"Relais-Proxy": proof} if "frontal" in settings else {}))

    token = await one.token()
    bearer = {"Authorization": f"Bearer {token.json().get('access_token', '')}"}
    searched = await one.search(**bearer)

    assert token.status_code == status
    assert searched.status_code == (200 if status == 200 else 403)


async def test_searches_are_counted_and_other_calls_are_not(tmp_path: Path, hub: Hub) -> None:
    one = await Place(tmp_path / "cd-59-ft", hub, recherches_par_min=3).opened()

    answers = [await one.search() for _ in range(3)]
    read = await one.get(READ)

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert int(answers[-1].headers["Retry-After"]) in range(1, 21)
    assert answers[-1].json()["jetonUsager"] == "null"
    assert read.status_code == 200


def test_the_quota_fills_again() -> None:
    at = [0.0]
    quota = Quota(60, lambda: at[0])
    for _ in range(60):
        quota.take()
    with pytest.raises(Fault) as refused:
        quota.take()
    at[0] += 1
    quota.take()

    assert refused.value.retry_after_s == 1


async def test_a_person_is_named_by_a_token_of_this_mandate_that_lives(tmp_path: Path, place: Place, hub: Hub) -> None:
    other = await Place(tmp_path / "cd-62-ft", hub).opened()
    tried = {
        "absent": "",
        "forge": "x" * 80,
        "autre client": other.http.headers["ft-jeton-usager"],
        "jeton d'acces": place.http.headers["Authorization"].removeprefix("Bearer "),
        "a lui": place.http.headers["ft-jeton-usager"],
    }

    answers = {
        name: await place.http.get(f"/partenaire{READ}", headers={"ft-jeton-usager": j}) for name, j in tried.items()
    }
    place.passes(hours=JETON_H)
    access = (await place.token()).json()["access_token"]
    expired = await place.http.get(f"/partenaire{READ}", headers={"Authorization": f"Bearer {access}"})

    assert {name: one.status_code for name, one in answers.items()} == {
        "absent": 400,
        "forge": 403,
        "autre client": 403,
        "jeton d'acces": 403,
        "a lui": 200,
    }
    assert answers["autre client"].json()["codeErreur"] == "JETON_USAGER_INVALIDE"
    assert (expired.status_code, expired.json()["codeErreur"]) == (403, "JETON_USAGER_EXPIRE")


async def test_a_person_is_searched_by_nir_and_birth_or_by_number(place: Place, hub: Hub) -> None:
    asked = {"dateNaissance": "1985-02-01", "nir": "2850259350011"}
    answer = await place.http.post(f"{SEARCH}/par-datenaissance-et-nir", json=asked)

    assert answer.json() == {
        "codeRetour": "S001",
        "message": "Usager trouvé",
        "topIdentiteCertifiee": "N",
        "jetonUsager": answer.json()["jetonUsager"],
    }
    assert hub.asked == [
        {"identifiants": [{"type": "numero-france-travail", "valeur": "59000000017"}]},
        {"identifiants": [{"type": "nir", "valeur": "2850259350011"}], "identite": {"date_naissance": "1985-02-01"}},
    ]
    assert ADA not in answer.text


@pytest.mark.parametrize(("said", "code"), [("aucun", "S002"), ("plusieurs", "S003")])
async def test_nobody_and_several_give_no_token(place: Place, hub: Hub, said: str, code: str) -> None:
    hub.said = said
    answer = await place.search()

    assert (answer.status_code, answer.json()["codeRetour"], answer.json()["jetonUsager"]) == (200, code, "null")


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"{", b'{"numeroFranceTravail": "12"}', b'{"numeroFranceTravail": 12345678901}', b"[" * 200_000],
    ids=["vide", "liste", "coupe", "court", "nombre", "profond"],
)
async def test_a_search_that_cannot_be_read_is_r997_and_repeats_nothing(place: Place, content: bytes) -> None:
    answer = await place.http.post(f"{SEARCH}/par-numero-francetravail", content=content)

    assert (answer.status_code, answer.json()["codeRetour"]) == (400, "R997")
    assert "12345678901" not in answer.text


async def test_a_body_that_is_too_large_is_refused(place: Place) -> None:
    answer = await place.http.post(f"{SEARCH}/par-numero-francetravail", content=b" " * 300_000)

    assert answer.status_code == 413


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (RequestRefused(403, {}), 403, "R001"),
        (RequestRefused(422, {}), 400, "R997"),
        (RequestRefused(500, {}), 500, "R998"),
        (HubUnreachable("…"), 503, "R999"),
        (QuotaReached(7), 429, "TROP_D_APPELS"),
    ],
)
async def test_what_the_hub_answers_is_told_in_their_codes(
    place: Place, hub: Hub, error: Exception, status: int, code: str
) -> None:
    hub.answers = [error]
    answer = await place.search()

    assert (answer.status_code, answer.json()["codeRetour"]) == (status, code)
    assert answer.headers.get("Retry-After") == {503: "10", 429: "7"}.get(status)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"pa-nom-agent": ""}, 400),
        ({"pa-nom-agent": "A|B"}, 400),
        ({"pa-nom-agent": "A" * 300}, 400),
        ({"pa-identifiant-agent": "BATCH", "pa-nom-agent": ""}, 200),
    ],
)
async def test_whoever_searches_is_named(place: Place, headers: dict[str, str], status: int) -> None:
    assert (await place.search(**headers)).status_code == status


async def test_a_read_may_leave_its_agent_out_and_a_parcours_that_is_not_seen_any_more_is_r002(
    place: Place, hub: Hub
) -> None:
    for name in ("pa-nom-agent", "pa-prenom-agent", "pa-identifiant-agent"):
        del place.http.headers[name]
    read = await place.get(READ)
    hub.views.clear()
    gone = await place.get(READ)

    assert read.status_code == 200
    assert (gone.status_code, gone.json()["codeErreur"]) == (403, "R002")


async def test_an_unknown_path_and_another_verb_are_refused(place: Place) -> None:
    answers: list[httpx.Response] = [await place.get("/inconnu/v1"), await place.send(READ, {})]

    assert [one.status_code for one in answers] == [404, 405]


async def test_each_call_has_its_line_in_the_journal_that_names_nobody(place: Place) -> None:
    await place.get(READ)
    [read, search] = await place.context.journal.last()

    assert (await place.get(READ)).headers["Cache-Control"] == "no-store"
    assert (read.sens, read.nature, read.reference, read.etat) == (
        "sortant",
        "france-travail.lectureOrientation",
        ADA,
        "fait",
    )
    assert (search.nature, search.reference) == ("france-travail.par-numero-francetravail", "recherche")


def test_the_configuration_to_begin_from_is_one_and_faults_are_told_in_french() -> None:
    SYSTEM.configure(tomllib.loads(EXEMPLE.replace('# adresses = ["192.0.2.0/24"]', 'adresses = ["192.0.2.0/24"]')))

    with pytest.raises(ConfigurationRefused, match="adresses : une adresse est un réseau"):
        SYSTEM.configure({"adresses": ["lille"]})
    with pytest.raises(ConfigurationRefused, match="structures"):
        SYSTEM.configure({"structures": {"CD": {"systeme": "safir", "valeur": "x", "nom": "x"}}})


async def test_the_dry_run_tells_what_the_partner_may_not_do(place: Place, hub: Hub) -> None:
    hub.pages = {"parcours": []}
    told = [line async for line in try_out(place.context, None)]

    assert "Le partenaire n'a pas le droit parcours:lire : les appels qui en ont besoin seront refusés (403)." in told
    assert "Le relais répond : aucun parcours visible." in told
    assert not any(SECRET in line for line in told)
