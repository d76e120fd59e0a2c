"""A structure without any system answers on a whole hub: by the thirty-line script, and by a signed link."""

import asyncio
import os
import secrets
import subprocess
import sys
from typing import Any

import httpx
import pytest

from deploy.components import ROOT
from tests.hub import Hub
from tests.parcours.reorientation import opened
from tests.parcours.test_prescriptions import ASSO, TODAY, prescription, publish, received, send

pytestmark = [pytest.mark.anyio, pytest.mark.lent]

SCRIPT = ROOT / "docs" / "exemples" / "repondre_aux_prescriptions.py"
NOBODY = {"siret": "90000099300015", "nom": "Une association sans partenaire"}
REFUSAL = {"reponse": "refusee", "motif": "capacite-atteinte"}


async def test_the_script_answers_by_the_feed(hub: Hub) -> None:
    run = secrets.token_hex(4)
    service = await publish(hub, ASSO, run)
    async with hub.partner("cd-59") as cd:
        prc = await opened(hub, cd)
        async with hub.partner("asso-mobilite") as asso:
            await send(cd, prc, "prescription.emise", prescription(f"s-{run}", service))
            await received(asso, f"s-{run}")
        command = [sys.executable, str(SCRIPT), str(hub.data.partners / "asso-mobilite"), "--tout", "accepter"]
        environment = os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT / 'contracts'}"}
        done = await asyncio.to_thread(
            subprocess.run, command, env=environment, capture_output=True, text=True, timeout=60, check=True
        )
        told = await received(cd, f"s-{run}", "prescription.acceptee")

    assert f"s-{run} accepte" in done.stdout.splitlines()
    assert told["source"] == "/partenaires/asso-mobilite"


async def link(hub: Hub, run: str, structure: dict[str, str]) -> tuple[str, str]:
    """The address to answer a new prescription, and the parcours as its emitter names it."""
    service = await publish(hub, structure, run)
    async with hub.partner("cd-59") as cd:
        prc = await opened(hub, cd)
        await send(cd, prc, "prescription.emise", prescription(f"r-{run}", service))
        if structure is ASSO:
            async with hub.partner("asso-mobilite") as asso:
                await received(asso, f"r-{run}")
        for _ in range(50):
            made = await tried(cd, f"/v1/prescriptions/r-{run}/lien", prc)
            if made:
                return made["lien"], prc
            await asyncio.sleep(0.2)
    raise AssertionError("no link")


async def tried(partner: Any, path: str, prc: str) -> Any:
    """None while the gateway has not heard of the prescription yet."""
    try:
        return await partner.call("POST", path, {"parcours": prc})
    except Exception as error:
        assert getattr(error, "status", None) == 403, error
        return None


@pytest.mark.parametrize(
    ("structure", "source"), [(ASSO, "/partenaires/asso-mobilite"), (NOBODY, "/services/passerelle")]
)
async def test_a_link_answers_once_and_opening_it_changes_nothing(
    hub: Hub, structure: dict[str, str], source: str
) -> None:
    run = secrets.token_hex(4)
    url, _ = await link(hub, run, structure)
    async with hub.partner("cd-59") as cd, httpx.AsyncClient() as browser:
        opened_ = [await browser.get(url) for _ in range(3)]
        answers = [await browser.post(url, data=REFUSAL) for _ in range(2)]
        other = await browser.post(url, data={"reponse": "acceptee"})
        after = await browser.get(url)
        told = await received(cd, f"r-{run}", "prescription.refusee")

    assert [page.status_code for page in opened_] == [200, 200, 200]
    assert "Accepter" in opened_[-1].text
    assert opened_[0].headers["referrer-policy"] == "no-referrer"
    assert [answer.status_code for answer in answers] == [200, 200]
    assert other.status_code == 409
    assert "Déjà répondu" in after.text
    assert (told["source"], told["data"]["motifs"], told["data"]["date"]) == (source, ["capacite-atteinte"], TODAY)


async def test_a_link_that_was_touched_or_made_up_leads_nowhere(hub: Hub) -> None:
    run = secrets.token_hex(4)
    url, prc = await link(hub, run, ASSO)
    head, claims, signature = url.rpartition("/")[2].split(".")
    touched = f"{hub.api}/reponses/{head}.{claims}.{signature[:-4]}AAAA"
    async with hub.partner("ft-hauts-de-france") as ft, httpx.AsyncClient() as browser:
        answers = [await browser.post(bad, data=REFUSAL) for bad in (touched, f"{hub.api}/reponses/x")]
        malformed = await browser.post(url, data={"reponse": "refusee", "motif": "x"})
        elsewhere = await browser.post(url, json={"reponse": "acceptee"})
        with pytest.raises(Exception, match="404"):
            await ft.call("POST", f"/v1/prescriptions/r-{run}/lien", {"parcours": prc})

    assert [answer.status_code for answer in answers] == [404, 404]
    assert (malformed.status_code, elsewhere.status_code) == (400, 415)
