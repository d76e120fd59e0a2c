"""On a running hub: one deposit, one trace, from the sender's POST to the receiver's answer."""

import asyncio
import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from deploy.allowed_skips import NO_BROWSER, NO_NPM_TOOL
from deploy.operators import bearer
from relais_contrats.client import Partner
from tests.connectors.courriel.mailbox import PASSWORD, USER, Mailbox
from tests.hub import Hub, free_port
from tests.passerelle.receiver import receiver
from tests.persons import signalement

pytestmark = [pytest.mark.anyio, pytest.mark.lent]
OUTILS = Path(__file__).parents[1] / "outils"


@pytest.fixture(scope="module")
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    box = Mailbox()
    with box.served() as port:
        yield box, port


@pytest.fixture(scope="module")
def hub(mailbox: tuple[Mailbox, int]) -> Iterator[Hub]:
    box, port = mailbox
    with tempfile.TemporaryDirectory(prefix="relais-console-") as folder, pytest.MonkeyPatch.context() as environment:
        environment.setenv("RELAIS_ALERTES_SMTP", f"smtp://{USER}@127.0.0.1:{port}")
        started = Hub(Path(folder), free_port())
        secrets = started.data.secrets / "passerelle"
        secrets.mkdir(parents=True)
        (secrets / "smtp.mdp").write_text(PASSWORD)
        (secrets / "smtp.pem").write_text(box.pem)
        started.up()
        yield started
        started.down()


async def trace_of(hub: Hub, message: str, *services: str, receveur: str | None = None) -> dict[str, Any]:
    """The trace of a message, once it has spans of these services and, in the receiver's own trace, its delivery.

    They are exported by several processes, within a second.
    """
    url = f"http://127.0.0.1:{hub.data.known_ports().console}/api/messages/{message}.json"
    async with httpx.AsyncClient(headers=bearer(hub.data)) as client:
        for _ in range(100):
            answer = await client.get(url)
            if answer.status_code == 200 and (kept := answer.json()["traces"]):
                trace: dict[str, Any] = kept[0]
                receveurs = {one["receveur"] for one in trace["recit"]["livraisons"]}
                if {line["service"] for line in trace["cascade"]} >= set(services) and receveurs >= {receveur} - {None}:
                    return trace
            await asyncio.sleep(0.1)
    raise TimeoutError(message)


async def deposited(caf: Partner) -> str:
    message = caf.message("usager.signale", signalement(), departement="59")
    await caf.post(message)
    return str(message["id"])


async def test_a_trace_tells_from_the_deposit_to_the_answer_of_the_webhook(hub: Hub) -> None:
    async with hub.partner("caf-59") as caf, hub.partner("cd-59") as cd, receiver() as endpoint:
        await cd.call("POST", "/v1/abonnements", {"url": f"{endpoint.url}/cd", "types": []})

        trace = await trace_of(hub, await deposited(caf), "entrant", "usagers", "orientation", receveur="cd-59")

    assert trace["recit"]["depots"][0]["partenaire"] == "caf-59"
    delivered = [one for one in trace["recit"]["livraisons"] if one["receveur"] == "cd-59"]
    assert delivered[0]["tentatives"][-1]["reponse"] == 204
    assert "sortant" not in {line["service"] for line in trace["cascade"]}, "a receiver's trace is its own"


async def test_the_command_draws_the_way_of_a_message_and_its_trace(hub: Hub) -> None:
    async with hub.partner("caf-59") as caf:
        message = await deposited(caf)
        await trace_of(hub, message, "entrant", "usagers")

    drawn = hub.relais("trace", message).stdout
    as_json = json.loads(hub.relais("trace", message, "--json").stdout)

    assert "Déposé par caf-59" in drawn
    assert as_json["chemins"][0]["message"] == message
    assert f"caf-59 a déposé usager.signale {message}" in drawn
    assert "━" in drawn
    assert as_json["traces"][0]["cascade"][0]["nom"] == "deposer usager.signale"


def test_the_command_says_that_nothing_is_known(hub: Hub) -> None:
    ended = hub.relais("trace", "inconnu", check=False)

    assert ended.returncode == 1
    assert ended.stderr.startswith("Erreur : Rien ne porte l'identifiant inconnu")


async def test_the_metrics_of_the_hub_are_on_a_port_that_partners_do_not_see(hub: Hub) -> None:
    ports = hub.data.known_ports()
    async with httpx.AsyncClient() as client:
        metrics = await client.get(f"http://127.0.0.1:{ports.metriques}/metrics")
        for_partners = await client.get(f"{hub.api}/metrics")

    assert "relais_depot_en_attente_age_secondes" in metrics.text
    assert for_partners.status_code == 404


async def test_an_alarm_goes_from_its_cause_to_a_mail(hub: Hub, mailbox: tuple[Mailbox, int]) -> None:
    """The cause is the disk: under any free space, as soon as an operator asks for all of it."""
    box, _ = mailbox
    acts = {
        "alerte-destinataire-ajouter": {"canal": "courriel", "adresse": "astreinte@exploitation.exemple.fr"},
        "alerte-seuil": {"nature": "disque", "seuil": 100, "actif": True},
    }
    async with httpx.AsyncClient(headers=bearer(hub.data, "administration")) as client:
        for nom, corps in acts.items():
            url = f"http://127.0.0.1:{hub.data.known_ports().console}/administration/v1/actes/{nom}"
            (await client.post(url, json=corps)).raise_for_status()
    for _ in range(200):
        if box.received:
            break
        await asyncio.sleep(0.1)

    assert str(box.received[0]["Subject"]).startswith("Relais, alerte : Place libre sur un disque")
    assert "seuil : 100 %" in box.received[0].get_content()


def test_the_console_holds_in_a_hundred_megabytes(hub: Hub) -> None:
    """FastAPI and the models of its administration API take some ten of them."""
    assert psutil.Process(hub.pid("console")).memory_full_info().pss < 100e6


async def test_every_page_stands_in_a_browser(hub: Hub, tmp_path: Path) -> None:
    """No rule of axe broken, no error in the browser's console (what the policy refuses is one), nothing wider than
    320 pixels, signed in by the keyboard alone. The pictures are left in the test's folder."""
    if shutil.which("chromium") is None:
        pytest.skip(NO_BROWSER)
    if not (OUTILS / "node_modules" / "playwright-core").exists():
        pytest.skip(NO_NPM_TOOL)
    async with hub.partner("caf-59") as caf:
        message = await deposited(caf)
        trace = await trace_of(hub, message, "entrant", "usagers")
    pages = {
        "accueil": "/",
        "delais": "/delais?departement=59",
        "messages": "/messages?partenaire=caf-59",
        "traces": "/traces",
        "trace": f"/traces/{trace['trace']}",
        "message": f"/messages/caf-59/{message}",
        "contenu": f"/messages/caf-59/{message}/contenu",
        "livraisons": "/livraisons",
        "rejeux": "/rejeux",
        "rebut": "/rebut",
        "pannes": "/pannes",
        "alertes": "/alertes",
        "attention": "/attention",
        "audit": "/audit",
        "preuves": "/audit/preuves",
        "registre": "/audit/registre",
        "actes": "/audit/actes",
        "usages": "/audit/usages",
        "personne": "/audit/personne",
        "exercices": "/exercices",
        "partenaires": "/partenaires",
        "partenaire": "/partenaires/cd-59?role=territoire",
        "a-confirmer": "/a-confirmer",
        "droits": "/droits",
        "operateurs": "/operateurs",
        "introuvable": "/nulle-part",
    }
    asked = {
        "url": f"http://127.0.0.1:{hub.data.known_ports().console}",
        "nom": "camille",
        "motDePasse": hub.relais("operateur creer", "camille", "--role", "administration").stdout.strip(),
        "pages": pages,
        "images": str(tmp_path),
    }
    run = await asyncio.to_thread(
        subprocess.run,
        ["node", str(OUTILS / "console.mjs")],
        input=json.dumps(asked),
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )
    found = json.loads(run.stdout)

    assert {name: faults for name, faults in found["axe"].items() if faults} == {}
    # The page that is asked for and does not exist is one.
    assert [said for said in found["erreurs"] if "404" not in said] == []
    assert {name: width for name, width in found["largeurs"].items() if width > 320} == {}
    assert found["axe"].keys() == {"connexion", *pages}
    assert found["titres"]["message"].startswith(f"Message {message}")
    assert found["clavier"][:2] == ["Aller au contenu", "Relais console des opérateurs"]


def test_the_command_says_that_the_console_is_away(hub: Hub) -> None:
    with hub.stopped("console"):
        ended = hub.relais("trace", "0" * 32, check=False)

    assert ended.returncode == 1
    assert "La console ne répond pas" in ended.stderr
