"""An attack table over every operation of the API: no 5xx, no echo, nothing revealed; and who sees which field."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from relais_contrats.api import OPERATIONS
from relais_contrats.client import Partner
from relais_contrats.operations import Operation
from tests.hub import Hub
from tests.jour import aujourdhui
from tests.persons import nir, signalement

pytestmark = pytest.mark.anyio
# Must never come back, wherever it was put.
CANARY = "zqcanariqz"
# A good id, by which its emitter, and only there, finds again a deposit that was refused.
ID = "zqdepotqz"
HOSTILE = [
    CANARY,
    f"{CANARY}' OR 1=1 --",
    f"{CANARY}%00",
    "0" * 1_500,
    f"../../{CANARY}",
    f"<script>{CANARY}</script>",
    "٣",
    "\u202e" + CANARY,
]
HOSTILE_ID = f"{CANARY}'--".encode()
BODIES: list[tuple[str, bytes]] = [
    ("application/json", b""),
    ("application/json", b"[" * 50_000),
    ("application/json", b'{"a":1,"a":2}'),
    ("application/json", b'{"url":"' + CANARY.encode() + b'","\\u0000":NaN}'),
    ("application/json", b'{"__proto__":{},"' + CANARY.encode() + b'":1e999}'),
    ("application/json", b"\xff\xfe" + CANARY.encode()),
    ("application/json; charset=utf-16", b"{}"),
    ("application/xml", b"<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>"),
    ("multipart/form-data; boundary=x", b"--x--"),
    ("application/cloudevents+json", b'{"id":"' + HOSTILE_ID + b'","type":[],"data":{"a":"\\ud800"}}'),
    ("application/cloudevents-batch+json", b'[{"id":"' + HOSTILE_ID + b'"},1,null,[]]'),
    ("application/x-ndjson", b'{"id":"' + HOSTILE_ID + b'"}\nnull\n\n{'),
    ("application/cloudevents+json", b'{"id":"' + ID.encode() + b'","type":"' + CANARY.encode() + b'"}'),
    ("application/cloudevents-batch+json", b'[{"id":"' + ID.encode() + b'","agent":"' + CANARY.encode() + b'"}]'),
    ("application/x-ndjson", b'{"id":"' + ID.encode() + b'","' + CANARY.encode() + b'":0}\n'),
    ("application/x-www-form-urlencoded", b"grant_type=" + CANARY.encode() + b"&grant_type=x"),
]
PROTECTED = [operation for operation in OPERATIONS if operation.portee]


def operation_id(operation: Operation) -> str:
    return f"{operation.methode} {operation.chemin}"


@pytest.fixture
async def partner(vivant: Hub) -> AsyncIterator[Partner]:
    async with vivant.partner("cd-59") as one:
        await one._renew_token()
        yield one


def path_of(operation: Operation, value: str) -> str:
    return re.sub(r"\{\w+\}", lambda _: httpx.URL(f"/{value}").raw_path.decode().lstrip("/") or "x", operation.chemin)


async def sent(partner: Partner, operation: Operation, path: str, query: str = "", **request: Any) -> httpx.Response:
    """With a good token and proof, unless the operation is public."""
    url = f"{partner.client.api}{path}"
    headers = dict(request.pop("headers", {}))
    if operation.portee:
        headers |= partner._credentials.headers(operation.methode, url)
    return await partner._http.request(operation.methode, f"{url}{query}", headers=headers, **request)


def reveals_nothing(response: httpx.Response) -> None:
    assert response.status_code < 500, response.text
    everything = response.text + str(response.headers)
    assert CANARY not in everything
    for word in (
        "Traceback",
        "asyncpg",
        "pydantic",
        "gateway/inbound/",
        "site-packages",
        "SELECT ",
        "nats://",
        "postgresql://",
    ):
        assert word not in everything, word


@pytest.mark.parametrize("operation", OPERATIONS, ids=operation_id)
async def test_hostile_bodies_are_refused_in_our_own_words(partner: Partner, operation: Operation) -> None:
    path = path_of(operation, "x")

    answers = await asyncio.gather(
        *(sent(partner, operation, path, content=body, headers={"Content-Type": kind}) for kind, body in BODIES)
    )

    for answer in answers:
        reveals_nothing(answer)
        assert ID not in answer.text or operation.chemin == "/v1/messages"
        assert answer.status_code != 401 or not operation.portee, "the attack must get past the door"
    # An address so long that its own proof passes the size limit of proofs is stopped at the door, as silently.
    overlong = await sent(partner, operation, path_of(operation, "0" * 4_000))
    reveals_nothing(overlong)


@pytest.mark.parametrize("operation", OPERATIONS, ids=operation_id)
async def test_hostile_addresses_and_parameters_reveal_nothing(partner: Partner, operation: Operation) -> None:
    names = [parameter.nom for parameter in operation.parametres] or ["x"]
    paths = [path_of(operation, value.replace("/", "-")) for value in HOSTILE if "{" in operation.chemin]
    queries = [f"?{httpx.QueryParams({name: value for name in names})}" for value in HOSTILE]

    answers = await asyncio.gather(
        *(sent(partner, operation, path) for path in paths),
        *(sent(partner, operation, path_of(operation, "x"), query) for query in queries),
    )

    for answer in answers:
        reveals_nothing(answer)
        assert answer.status_code != 401 or not operation.portee, "the attack must get past the door"


@pytest.mark.parametrize("operation", PROTECTED, ids=operation_id)
async def test_no_right_without_the_token_its_key_and_its_scope(
    vivant: Hub, partner: Partner, operation: Operation
) -> None:
    await partner.get("/v1/evenements")
    path = path_of(operation, "x")
    url, token = f"{vivant.api}{path}", partner._credentials._token
    proof = partner._credentials.proof(operation.methode, url, token)
    elsewhere = partner._credentials.proof(operation.methode, f"{vivant.api}/v1/autre", token)
    attempts: list[dict[str, str]] = [
        {},
        {"Authorization": f"Bearer {token}"},
        {"Authorization": f"Bearer {token}", "DPoP": proof},
        {"Authorization": f"DPoP {token}"},
        {"Authorization": f"DPoP {token}", "DPoP": elsewhere},
        {"Authorization": f"DPoP {token[:-6]}AAAAAA", "DPoP": proof},
        {"Authorization": "Basic YTpi"},
    ]

    answers = [await partner._http.request(operation.methode, url, headers=headers) for headers in attempts]
    in_url = await partner._http.request(operation.methode, f"{url}?access_token={token}")

    assert {answer.status_code for answer in (*answers, in_url)} == {401}
    challenges = [answer.headers["www-authenticate"].partition(" ")[0] for answer in (*answers, in_url)]
    tried_as_bearer = [h.get("Authorization", "").startswith("Bearer ") for h in (*attempts, {})]
    assert challenges == ["Bearer" if by_bearer else "DPoP" for by_bearer in tried_as_bearer]


@pytest.mark.parametrize("operation", PROTECTED, ids=operation_id)
async def test_a_partner_without_the_scope_is_told_which_one_is_missing(vivant: Hub, operation: Operation) -> None:
    async with vivant.partner("di-offres") as platform:
        await platform.get("/v1/evenements")
        if operation.portee in platform.client.scopes:
            return
        response = await sent(platform, operation, path_of(operation, "x"))

    assert response.status_code == 403
    assert f'scope="{operation.portee}"' in response.headers["www-authenticate"]


async def test_another_method_is_never_smuggled_in(vivant: Hub, partner: Partner) -> None:
    create = next(o for o in OPERATIONS if (o.methode, o.chemin) == ("POST", "/v1/abonnements"))
    for header in ("X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method"):
        response = await sent(partner, create, "/v1/abonnements", headers={header: "GET"})
        assert response.status_code == 415


# What each partner of the demonstration may see of a person whom caf-59 signals and cd-59 orients to ml-lille.
# caf-59 reads back its own words, and nothing else.
SEEN_BY: dict[str, set[str]] = {
    "cd-59": {"nir", "matricule", "nom", "telephone", "orientation", "sante", "local"},
    "ft-hauts-de-france": {"nir", "matricule", "nom", "telephone", "orientation", "sante"},
    "ml-lille": {"nir", "matricule", "nom", "telephone", "orientation"},
    "caf-59": {"nir", "matricule", "nom", "telephone", "local"},
    "asso-mobilite": set(),
}


async def test_each_partner_sees_its_fields_and_no_other_on_the_wire(vivant: Hub) -> None:
    person = signalement()
    matricule, local = person["identifiants"][0]["valeur"], "dossier-zq-4217"
    canaries = {
        "nir": nir(421),
        "matricule": matricule,
        "nom": person["identite"]["nom_naissance"],
        "telephone": "0600004217",
        "local": local,
        "orientation": "90000075300013",
        "sante": '"boe":true',
    }
    person["identifiants"] += [{"type": "nir", "valeur": canaries["nir"]}, {"type": "local", "valeur": local}]
    address = {"code_commune": "59350", "code_postal": "59000"}
    person["coordonnees"] = {"adresse": address, "telephone": canaries["telephone"]}
    await story(vivant, person)

    read = {code: await everything_read(vivant, code) for code in SEEN_BY}

    seen = {code: {name for name, value in canaries.items() if value in text} for code, text in read.items()}
    assert seen == SEEN_BY


async def story(hub: Hub, person: dict[str, Any]) -> None:
    """Signalled by the CAF, diagnosed and oriented by the département."""
    today = aujourdhui().isoformat()
    async with hub.partner("caf-59") as caf, hub.partner("cd-59") as departement:
        opened = await caf.post(caf.message("usager.signale", person, departement="59"))
        assert opened.etat == "accepte", opened
        search = {"identifiants": [i for i in person["identifiants"] if i["type"] != "local"]}
        found = await departement.call("POST", "/v1/usagers/recherche", search)
        subject = found["parcours"]
        for type_, data in (
            ("diagnostic.realise", {"criteres": {"boe": True, "projet_pro": None}}),
            (
                "orientation.decidee",
                {
                    "decision": "acceptee",
                    "parcours_type": "emploi",
                    "organisme": "mission-locale",
                    "structure": {"systeme": "siret", "valeur": "90000075300013", "nom": "Mission locale de Lille"},
                    "date_decision": today,
                    "date_debut": today,
                    "rang": 1,
                },
            ),
        ):
            for _ in range(100):  # until the département takes part
                answer = await departement.post(departement.message(type_, data, departement="59", subject=subject))
                if answer.code != "parcours-inconnu":
                    break
            assert answer.etat == "accepte", answer
    async with hub.partner("ml-lille") as lille:
        for _ in range(20):
            if (await lille.events(wait_s=5)).evenements:
                return


async def everything_read(hub: Hub, code: str) -> str:
    """All that the API gives to this partner, as one text."""
    async with hub.partner(code) as partner:
        events = [dict(event) for event in (await partner.events()).evenements]
        texts = [json.dumps(events, separators=(",", ":"))]
        listed = (await partner.get("/v1/parcours"))["parcours"]
        for one in listed:
            for sub in ("", "/orientations", "/historique"):
                texts.append((await partner._send("GET", f"/v1/parcours/{one['parcours']}{sub}")).text)
        return " ".join([*texts, json.dumps(listed)])
