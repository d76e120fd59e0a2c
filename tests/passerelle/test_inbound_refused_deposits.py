"""A deposit that the door refuses leaves a trace that its emitter finds: by its id, in its list, by its line."""

import json
from typing import Any

import pytest

from relais_contrats.client import Partner
from relais_contrats.identifiants import cle_nir
from tests.passerelle.entrance import Entrance
from tests.persons import signalement

pytestmark = pytest.mark.anyio
SECRET = "zz-a-ne-pas-garder"
NIR = "1900159350123" + cle_nir("1900159350123")
CORRECTION = {"subject": "prc_" + "a" * 26, "data": {"identite": {"prenoms": "Camille"}}}
JSON, NDJSON = "application/cloudevents+json", "application/x-ndjson"


async def deposit(partner: Partner, body: bytes, kind: str = JSON) -> Any:
    return await partner._send("POST", "/v1/messages", content=body, headers={"Content-Type": kind})


def message(partner: Partner, **changes: Any) -> dict[str, Any]:
    return partner.message("usager.signale", signalement(), departement="59") | changes


async def test_a_refused_message_is_found_by_its_id_without_its_body(entree: Entrance) -> None:
    partner = await entree.partner("caf-59")
    wrong = message(partner, id="essai-1", departement="75")
    wrong["data"] |= {SECRET: SECRET}

    refused = await deposit(partner, json.dumps(wrong).encode())
    found = await partner.get("/v1/messages/essai-1")

    assert refused.status_code == 422
    assert (found["id"], found["etat"], found["type"]) == ("essai-1", "refuse", "usager.signale")
    assert (found["probleme"]["code"], found["probleme"]["status"]) == ("schema-invalide", 422)
    assert [e["pointeur"] for e in found["probleme"]["erreurs"]] == [f"/data/{SECRET}"]
    kept = json.dumps(await entree.fetch("SELECT * FROM refus_de_depot"), default=str)
    assert kept.count(SECRET) == 1


@pytest.mark.parametrize(
    ("changes", "statut", "code"),
    [
        ({"departement": "75"}, 403, "hors-territoire"),
        ({"source": "/partenaires/cd-59"}, 403, "emetteur-inconnu"),
        (
            {
                "subject": "prc_" + "a" * 26,
                "type": "fr.insertion.usager.corrige.v1",
                "data": {"identite": {"prenoms": "Camille"}},
            },
            404,
            "parcours-inconnu",
        ),
    ],
)
async def test_the_reason_is_told_again(entree: Entrance, changes: dict[str, Any], statut: int, code: str) -> None:
    partner = await entree.partner("caf-59")

    answer = await deposit(partner, json.dumps(message(partner, id="essai-2", **changes)).encode())
    [listed] = (await partner.get("/v1/messages", etat="refuse"))["messages"]

    assert (answer.status_code, answer.json()["code"]) == (statut, code)
    assert (listed["id"], listed["probleme"]["code"], listed["probleme"]["status"]) == ("essai-2", code, statut)
    assert (await partner.get("/v1/messages", etat="accepte"))["messages"] == []


async def test_nobody_else_finds_it(entree: Entrance) -> None:
    partner, other = await entree.partner("caf-59"), await entree.partner("cd-59")
    await deposit(partner, json.dumps(message(partner, id="essai-3", departement="75")).encode())

    assert (await other._send("GET", "/v1/messages/essai-3")).status_code == 404
    assert (await other.get("/v1/messages", etat="refuse"))["messages"] == []


@pytest.mark.parametrize("identifiant", [NIR, "x" * 65, 12, None])
async def test_an_id_that_is_none_or_names_somebody_is_not_kept(entree: Entrance, identifiant: Any) -> None:
    partner = await entree.partner("caf-59")

    await deposit(partner, json.dumps(message(partner, id=identifiant)).encode())

    [row] = await entree.fetch("SELECT message, code FROM refus_de_depot")
    assert row["message"] is None
    [listed] = (await partner.get("/v1/messages", etat="refuse"))["messages"]
    assert "id" not in listed


async def test_a_key_that_names_somebody_is_not_kept(entree: Entrance) -> None:
    partner = await entree.partner("caf-59")
    wrong = message(partner, id="essai-4")
    wrong["data"] |= {NIR: "1", SECRET: "1"}

    await deposit(partner, json.dumps(wrong).encode())

    kept = json.dumps(await entree.fetch("SELECT * FROM refus_de_depot"), default=str)
    assert SECRET in kept
    assert NIR not in kept


async def test_each_line_is_answered_by_its_number_and_by_its_id_when_it_has_one(entree: Entrance) -> None:
    partner = await entree.partner("caf-59")
    lines = [b"{", b"", json.dumps(message(partner, id="essai-4", departement="75")).encode(), b"[]"]

    answer = await deposit(partner, b"\n".join(lines) + b"\n", NDJSON)

    told = [json.loads(line) for line in answer.content.splitlines()]
    assert [(line["ligne"], line.get("id"), line["status"]) for line in told] == [
        (1, None, 400),
        (2, None, 400),
        (3, "essai-4", 403),
        (4, None, 400),
    ]
    listed = (await partner.get("/v1/messages", etat="refuse"))["messages"]
    assert [(one.get("ligne"), one.get("id")) for one in listed] == [(1, None), (2, None), (3, "essai-4"), (4, None)]
    [row] = await entree.fetch("SELECT code FROM acces WHERE resultat = 200 AND quoi LIKE '%(lot)'")
    assert row["code"] == "4 refus"


async def test_an_id_that_comes_again_with_another_content_is_answered_by_its_number(entree: Entrance) -> None:
    partner = await entree.partner("caf-59")
    first = message(partner, id="essai-5")
    lines = [json.dumps(first).encode(), json.dumps(first | {"agent": "un.autre"}).encode()]

    answer = await deposit(partner, b"\n".join(lines) + b"\n", NDJSON)

    told = [json.loads(line) for line in answer.content.splitlines()]
    assert (told[1]["ligne"], told[1]["id"], told[1]["code"]) == (2, "essai-5", "contenu-different")
    assert "ligne" not in told[0]


async def test_the_list_goes_on_after_a_refused_one(entree: Entrance) -> None:
    partner = await entree.partner("caf-59")
    for number in range(3):
        await deposit(partner, json.dumps(message(partner, id=f"essai-{number}", departement="75")).encode())

    first = await partner.get("/v1/messages", etat="refuse", limite=2)
    second = await partner.get("/v1/messages", etat="refuse", limite=2, apres=first["suite"])

    assert [one["id"] for one in first["messages"] + second["messages"]] == ["essai-0", "essai-1", "essai-2"]


async def test_a_message_of_a_batch_that_nobody_reads_alike_disturbs_no_other(entree: Entrance) -> None:
    partner = await entree.partner("caf-59")
    nul = message(partner, id="nul") | {"data": signalement(note="\0")}
    huge = message(partner, id="immense") | {"data": signalement(note=10**30)}
    lot = [nul, [], -(2**63) - 1, huge, message(partner, id="suspendu", departement="75")]

    answer = await deposit(partner, json.dumps(lot).encode(), "application/cloudevents-batch+json")

    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert answer.status_code == 200
    assert [(line["ligne"], line["status"], line["code"]) for line in lines] == [
        (1, 400, "illisible"),
        (2, 400, "illisible"),
        (3, 400, "illisible"),
        (4, 422, "schema-invalide"),
        (5, 403, "hors-territoire"),
    ]


async def test_a_message_of_somebody_else_is_refused_before_it_is_read(entree: Entrance) -> None:
    partner = await entree.partner("caf-59")
    foreign = message(partner, source="/partenaires/cd-59") | {"data": {"\0": "\0"}}

    answer = await deposit(partner, json.dumps(foreign).encode())

    assert (answer.status_code, answer.json()["code"]) == (403, "emetteur-inconnu")
