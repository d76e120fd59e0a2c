"""A structure without any system answers on a whole hub: by the thirty-line script, and by a signed link."""

import asyncio
import json
import os
import secrets
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from deploy.components import ROOT
from gateway.inbound.links.answer_links import Lien, Signer
from relais_contrats.client import RequestRefused
from tests.hub import Hub
from tests.parcours.noms import name_at
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
            await received(asso, name_at(hub, asso.code, prc, f"s-{run}"))
        command = [sys.executable, str(SCRIPT), str(hub.data.partners / "asso-mobilite"), "--tout", "accepter"]
        environment = os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT / 'contracts'}"}
        done = await asyncio.to_thread(
            subprocess.run, command, env=environment, capture_output=True, text=True, timeout=60, check=True
        )
        told = await received(cd, f"s-{run}", "prescription.acceptee")

    assert f"{name_at(hub, 'asso-mobilite', prc, f's-{run}')} accepte" in done.stdout.splitlines()
    assert told["source"] == "/partenaires/asso-mobilite"


async def emitted(hub: Hub, run: str, structure: dict[str, str]) -> str:
    """A new prescription to a service of this structure: the parcours as its emitter names it."""
    service = await publish(hub, structure, run)
    async with hub.partner("cd-59") as cd:
        prc = await opened(hub, cd)
        await send(cd, prc, "prescription.emise", prescription(f"r-{run}", service))
    return prc


async def asked(hub: Hub, run: str, prc: str) -> Any:
    """What the emitter is answered when it asks for a link, once the gateway has heard of the prescription."""
    async with hub.partner("cd-59") as cd:
        for _ in range(50):
            try:
                return await cd.call("POST", f"/v1/prescriptions/r-{run}/lien", {"parcours": prc})
            except RequestRefused as refused:
                if refused.status != 403:
                    return refused.problem
            await asyncio.sleep(0.2)
    raise AssertionError("not heard of")


async def handed_over(hub: Hub, run: str) -> dict[str, Any]:
    """What the operator sends to the structure."""
    listed = json.loads((await asyncio.to_thread(hub.relais, "liens lister --json")).stdout)
    [id_] = [row["id"] for row in listed if run in row["structure"] or run in row["prescription_id"]]
    taken: dict[str, Any] = json.loads((await asyncio.to_thread(hub.relais, f"liens remettre {id_} --json")).stdout)
    return taken


async def test_the_emitter_asks_for_a_link_and_never_holds_it(hub: Hub) -> None:
    run = secrets.token_hex(4)
    prc = await emitted(hub, run, NOBODY)

    answers = [await asked(hub, run, prc) for _ in range(2)]
    taken = await handed_over(hub, run)

    assert [answer["etat"] for answer in answers] == ["a-remettre"] * 2
    assert all("reponses/" not in str(answer) for answer in answers)
    assert (taken["cree_par"], taken["adresse"].startswith(f"{hub.api}/reponses/")) == ("cd-59", True)


async def test_an_operator_reads_what_a_link_is_about_in_names_that_people_gave(hub: Hub) -> None:
    run = secrets.token_hex(4)
    prc = await emitted(hub, run, NOBODY)
    await asked(hub, run, prc)

    before = await listed(hub, run)
    taken = await handed_over(hub, run)
    async with httpx.AsyncClient() as client:
        await client.get(taken["adresse"])
    after = await listed(hub, run)

    assert (before["prescription_id"], before["cree_par"], before["utilise_a"]) == (f"r-{run}", "cd-59", None)
    assert before["service"]
    assert after["utilise_a"] is not None
    assert "@" not in json.dumps(after | {"courriel": None})


async def listed(hub: Hub, run: str) -> dict[str, Any]:
    rows = json.loads((await asyncio.to_thread(hub.relais, "liens lister --json")).stdout)
    [row] = [row for row in rows if row["prescription_id"] == f"r-{run}"]
    return dict(row)


async def test_there_is_no_link_for_a_structure_that_is_a_partner(hub: Hub) -> None:
    run = secrets.token_hex(4)
    prc = await emitted(hub, run, ASSO)
    async with hub.partner("asso-mobilite") as asso:
        await received(asso, name_at(hub, asso.code, prc, f"r-{run}"))

    answer = await asked(hub, run, prc)

    assert answer["code"] == "etat-interdit"


async def test_a_link_answers_once_in_its_own_name_and_opening_it_changes_nothing(hub: Hub) -> None:
    run = secrets.token_hex(4)
    await asked(hub, run, await emitted(hub, run, NOBODY))
    taken = await handed_over(hub, run)
    url = taken["adresse"]
    async with hub.partner("cd-59") as cd, httpx.AsyncClient() as browser:
        opened_ = [await browser.get(url) for _ in range(3)]
        answers = [await browser.post(url, data=REFUSAL) for _ in range(2)]
        other = await browser.post(url, data={"reponse": "acceptee"})
        after = await browser.get(url)
        told = await received(cd, f"r-{run}", "prescription.refusee")

    assert [page.status_code for page in opened_] == [200, 200, 200]
    for said in ("Accepter", "Se rendre à son travail.", "par téléphone", "Un service", "Département du Nord"):
        assert said in opened_[-1].text
    assert opened_[0].headers["referrer-policy"] == "no-referrer"
    assert [answer.status_code for answer in answers] == [200, 200]
    assert other.status_code == 409
    assert all("Plus de place" in page.text for page in (other, after))
    assert "Déjà répondu" in after.text
    assert (told["data"]["motifs"], told["data"]["date"]) == (["capacite-atteinte"], TODAY)
    assert told["source"].startswith("/liens/")
    assert taken["id"] not in str(told)


async def test_a_link_that_was_touched_or_made_up_leads_nowhere(hub: Hub) -> None:
    run = secrets.token_hex(4)
    prc = await emitted(hub, run, NOBODY)
    await asked(hub, run, prc)
    url = (await handed_over(hub, run))["adresse"]
    headers = {"content-type": "application/x-www-form-urlencoded"}
    head, claims, signature = url.rpartition("/")[2].split(".")
    touched = f"{hub.api}/reponses/{head}.{claims}.{signature[:-4]}AAAA"
    async with hub.partner("ft-hauts-de-france") as ft, httpx.AsyncClient() as browser:
        answers = [await browser.post(bad, data=REFUSAL) for bad in (touched, f"{hub.api}/reponses/x")]
        malformed = await browser.post(url, data={"reponse": "refusee", "motif": "x"})
        elsewhere = await browser.post(url, json={"reponse": "acceptee"})
        too_long = await browser.post(url, content=b"message=" + b"a" * 40_000, headers=headers)
        with pytest.raises(Exception, match="404"):
            await ft.call("POST", f"/v1/prescriptions/r-{run}/lien", {"parcours": prc})

    assert [answer.status_code for answer in answers] == [404, 404]
    assert (malformed.status_code, elsewhere.status_code, too_long.status_code) == (400, 415, 413)
    assert "Cochez au moins un motif" in malformed.text
    assert "raccourcissez" in too_long.text


async def test_an_expired_link_says_so(hub: Hub) -> None:
    run = secrets.token_hex(4)
    await asked(hub, run, await emitted(hub, run, NOBODY))
    id_ = UUID((await handed_over(hub, run))["id"])
    signer = Signer((hub.data.secrets / "passerelle" / "recu.pem").read_bytes())
    ended = signer.sign(Lien(id_, id_, "p", datetime.now(UTC) - timedelta(seconds=1)))
    async with httpx.AsyncClient() as browser:
        answers = [await browser.request(verb, f"{hub.api}/reponses/{ended}") for verb in ("GET", "POST")]

    assert [answer.status_code for answer in answers] == [410, 410]
    assert "Ce lien a expiré" in answers[0].text


async def test_a_request_is_studied_then_refused_for_another_reason_that_is_said(hub: Hub) -> None:
    run = secrets.token_hex(4)
    await asked(hub, run, await emitted(hub, run, NOBODY))
    url = (await handed_over(hub, run))["adresse"]
    other = {"reponse": "refusee", "motif": "autre", "message": ""}
    async with hub.partner("cd-59") as cd, httpx.AsyncClient() as browser:
        studied = [await browser.post(url, data={"reponse": "mise-a-l-etude"}) for _ in range(2)]
        await received(cd, f"r-{run}", "prescription.mise-a-l-etude")
        during = await browser.get(url)
        silent = await browser.post(url, data=other)
        said = await browser.post(url, data=other | {"message": "Nous fermons.\r\nRevenez en mai."})
        told = await received(cd, f"r-{run}", "prescription.refusee")

    assert [answer.status_code for answer in studied] == [200, 200]
    assert "À l'étude depuis le" in during.text
    assert 'value="mise-a-l-etude"' not in during.text
    assert silent.status_code == 400
    assert "Vous avez coché" in silent.text
    assert said.status_code == 200
    assert (told["data"]["motifs"], told["data"]["message"]) == (["autre"], "Nous fermons.\nRevenez en mai.")


async def test_a_link_is_opened_twenty_times_at_once_at_most(hub: Hub) -> None:
    run = secrets.token_hex(4)
    await asked(hub, run, await emitted(hub, run, NOBODY))
    url = (await handed_over(hub, run))["adresse"]
    async with httpx.AsyncClient() as browser:
        statuses = [(await browser.get(url)).status_code for _ in range(30)]

    assert statuses[-1] == 429
    assert set(statuses) <= {200, 429}
