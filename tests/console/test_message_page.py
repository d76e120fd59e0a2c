"""One message, as an operator reads it: its timeline, who receives it and who does not; told by the gateway's rule."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

import console
from console.pages import TONS
from console.templates import render
from console.way import Reponse
from gateway.inbound.timeline.answering import Reponse as Told
from gateway.inbound.timeline.answering import told
from gateway.inbound.timeline.lookup import Cle, Personne, Resume
from gateway.inbound.timeline.rows import Lignes
from tests.console.made import TRACE, accepted
from tests.console.serving import served
from tests.engines import Bench
from tests.navigateur import Navigateur
from tests.passerelle.ways import ANNUAIRE, PSEUDONYMES, abonnement, at, envoi, lignes, pushed

CSS = Path(console.__file__).parent / "static" / "console.css"
HOSTILE = "<script>alert(1)</script>"


def answer(*rows: Lignes, **facts: Any) -> Reponse:
    """What the gateway answers from these rows."""
    ways = [told(one, ANNUAIRE, PSEUDONYMES, None, at(60)) for one in rows]
    answered: Reponse = orjson.loads(orjson.dumps(replace(Told("m-1", ways), **facts)))
    return answered


def down() -> Lignes:
    """The endpoint of the département refuses, its feed is not read; an association takes no part."""
    attempts = [{"a": at(n).isoformat(), "code": 503, "erreur": "reponse", "ms": 31} for n in (1, 6, 36)]
    failing = {"essais": 3, "echecs_de_file": 3, "code": 503, "prochain_a": at(160), "essaye_a": at(36)}
    return pushed(envoi(**failing, tentatives=attempts))


def at_the_door() -> Lignes:
    refusal = {"partenaire": "caf-59", "type": "usager.signale", "code": "schema-invalide", "statut": 422}
    where = {"pointeurs": ["/data/brsa"], "ligne": 4, "trace": "a" * 32, "a": at(0), "numero": 3, "message": "m-1"}
    return Lignes(Cle("caf-59", "m-1"), refus=[refusal | where])  # type: ignore[list-item]


def page(*rows: Lignes) -> str:
    return render("message.html", chemins=answer(*rows)["chemins"], traces=[], tons=TONS).replace("&#39;", "'")


def test_the_page_says_where_it_is_why_and_by_which_way() -> None:
    drawn = page(down())

    for said in (
        "Accepté et publié ; 1 réception en attente sur 1.",
        "<li>cd-59, usager.signale : 3 tentatives sans succès (HTTP 503).<br><b>À faire :</b> Prévenir le partenaire",
        "Prend part au parcours : son organisme répond du territoire. Par convention : accompagnement, engagement",
        "Ne prend pas part à ce parcours",
        "2 partenaires ne le reçoivent pas",
        "Aucune trace n'a été gardée",
    ):
        assert said in drawn


def test_a_refusal_at_the_door_is_told_in_the_words_of_the_partner() -> None:
    drawn = page(at_the_door())

    assert "Refusé à l'entrée : contenu non conforme au contrat" in drawn
    assert "/data/brsa" in drawn
    assert "ligne 4 du lot" in drawn
    assert f"/traces/{'a' * 32}" in drawn


def test_what_others_wrote_is_never_markup() -> None:
    hostile = lignes(abonnements=[abonnement(types=[HOSTILE])])
    hostile.depot = {**(hostile.depot or {}), "partenaire": HOSTILE, "message": HOSTILE, "type": HOSTILE}

    assert "<script" not in page(hostile)
    assert "&lt;script&gt;" in page(hostile)


@pytest.mark.anyio
async def test_the_page_is_found_by_its_id_and_shows_the_trace_that_was_kept(banc: Bench) -> None:
    async def seek(_: str) -> Reponse | None:
        return answer(down())

    async with served(banc, seek=seek) as console:
        await console.keep(*accepted())
        found = await console.client.get("/traces", params={"q": "m-1"})
        drawn = await console.page(found.headers["location"])
        as_json = (await console.client.get("/api/messages/caf-59%2Fm-1.json")).json()

    assert found.headers["location"] == "/messages/caf-59/m-1"
    assert drawn.count("<summary>") == 1 + 5
    assert f'href="/traces/{TRACE}"' in drawn
    assert (as_json["passerelle"], as_json["chemins"][0]["situation"][:7]) == (True, "Accepté")


@pytest.mark.anyio
async def test_several_messages_of_one_id_are_on_one_page_and_a_parcours_lists_its_own(banc: Bench) -> None:
    listed = Resume("caf-59", "m-1", "usager.signale", "accepte", "accepté", at(0))
    person = Personne("59", at(9), None, None)
    answers = {
        "m-1": answer(down(), at_the_door()),
        "prc_x": answer(parcours_de="cd-59", parcours=[listed], personne=person),
    }

    async def seek(id_: str) -> Reponse | None:
        return answers.get(id_)

    async with served(banc, seek=seek) as console:
        several, parcours = await console.page("/traces?q=m-1"), await console.page("/traces?q=prc_x")
        silent = await console.client.get("/messages/caf-59/m-2")

    assert several.count("<h1>") == 2
    assert 'href="/messages/caf-59/m-1"' in parcours
    assert "Personne effacée" in parcours
    assert (silent.status_code, "La passerelle ne répond pas" in silent.text) == (503, True)


def test_the_page_holds_on_a_telephone_and_axe_finds_no_fault(tmp_path: Path) -> None:
    chromium = Navigateur(tmp_path)
    styled = page(down()).replace("</head>", f"<style>{CSS.read_text()}</style></head>")

    assert chromium.taille(styled, 320)[0] == 320
    assert chromium.defauts(styled) == []
