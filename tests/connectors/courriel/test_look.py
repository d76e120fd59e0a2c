"""The pages in a real browser: nothing wider than a small telephone, no fault for those who read otherwise."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.connectors.courriel.mailbox import Mailbox
from tests.connectors.courriel.structure import DESIGNATION, PRESCRIPTION, RDV, ZOE, Structure
from tests.navigateur import Navigateur

pytestmark = pytest.mark.anyio


async def shown(one: Structure) -> dict[str, str]:
    """Each page of the story, at its fullest."""
    one.hub.prescribes()
    past, other = (
        RDV | {"rdv_id": "page-0", "debut": "2026-11-27T09:30:00+01:00"},
        RDV | {"rdv_id": "obj_ailleurs", "statut": "honore", "debut": "2026-11-20T09:30:00+01:00"},
    )
    begun = PRESCRIPTION | {"prescription_id": "obj_deux", "etat": "commencee", "motif": "Mot" * 60}
    one.hub.tells("prescription.emise", {"prescription_id": "obj_deux"})
    prescriptions = [PRESCRIPTION, begun]
    one.hub.shows(prescriptions=prescriptions, rendez_vous=[past, RDV, other], referent=DESIGNATION)
    entry = one.browser()
    found = {"lien": (await entry.get(one.link())).text}
    found["code"] = (await entry.post(one.link(), data={"x": ""})).text
    found["code-faux"] = (await entry.post(f"{one.base}/code", data={"code": "1"})).text
    browser = await one.opened()
    found["liste"] = (await browser.get(f"{one.base}/")).text
    found["personne"] = (await browser.get(f"{one.base}/parcours/{ZOE}")).text
    form = found["personne"].split("<form")[2]
    hidden = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form.split("<fieldset")[0]))
    wrong = await browser.post(f"{one.base}/parcours/{ZOE}", data={**hidden, "reponse": "refuser"})
    found["personne-erreur"] = wrong.text
    return found


async def test_no_page_is_wider_than_a_small_telephone(one: Structure, mails: Mailbox, tmp_path: Path) -> None:
    browser, pages = Navigateur(tmp_path), await shown(one)
    every = "".join(
        f"<section>{text.partition('<body>')[2].partition('</body>')[0]}</section>" for text in pages.values()
    )
    style = pages["liste"].partition("<style>")[2].partition("</style>")[0]
    document = f"<!doctype html><html lang=fr><head><style>{style}</style></head><body>{every}</body></html>"
    document = document.replace("<details", "<details open")

    assert browser.taille(document, 320)[0] <= 320


@pytest.mark.parametrize("name", ["code-faux", "liste", "personne-erreur"])
async def test_no_page_breaks_a_rule_of_axe(one: Structure, mails: Mailbox, tmp_path: Path, name: str) -> None:
    pages = await shown(one)

    assert Navigateur(tmp_path).defauts(pages[name].replace("<details", "<details open")) == []


async def test_every_field_has_a_label_and_every_id_is_alone(one: Structure, mails: Mailbox) -> None:
    for text in (await shown(one)).values():
        ids = re.findall(r'\bid="([^"]+)"', text)
        labelled = set(re.findall(r'<label for="([^"]+)"', text))
        fields = re.findall(r'<(?:input(?! type="hidden")|textarea)[^>]*\bid="([^"]+)"', text)
        led = re.findall(r'href="#([^"]+)"', text) + re.findall(r'aria-(?:describedby|labelledby)="([^"]+)"', text)

        assert len(ids) == len(set(ids))
        assert set(fields) <= labelled
        assert set(led) <= set(ids)
        assert "<script" not in text
