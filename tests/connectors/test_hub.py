"""Connectors of a whole hub: created by the operator, seen in the trace, killed in the middle, suspended."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from connectors.fichiers.configuration import EXEMPLE
from connectors.hubee_mock.app import Mock
from connectors.hubee_mock.boxes import Boxes, Refused
from tests.connectors.courriel.mailbox import Mailbox
from tests.connectors.courriel.structure import code_in, fields
from tests.connectors.data_inclusion.source import TOKEN, Source
from tests.connectors.fichiers.test_files import HEADING, as_csv
from tests.connectors.hubee.test_poller import Box
from tests.connectors.i_milo.queue import KEY, Queue
from tests.connectors.rdv_insertion.site import Site
from tests.connectors.rdv_insertion.webhooks import SECRET
from tests.connectors.serving import served
from tests.deploy.cnaf_flows import flux, foyer, nir, personne
from tests.hub import Hub, free_port
from tests.offres.annonces import service, structure

pytestmark = pytest.mark.lent
MONTHLY = "RSABEM-RSABAM"


class Slow(Boxes):
    """`is_shut`: takes no state any more, as while HubEE is in trouble."""

    is_shut = False
    asked = 0

    def update_case(self, case_id: str, content: dict[str, Any]) -> None:
        self.asked += 1
        if self.is_shut:
            raise Refused(503, "Service Unavailable")
        super().update_case(case_id, content)


@pytest.fixture(scope="module")
def box() -> Iterator[Box]:
    boxes = Slow()
    with served(Mock(boxes).app()) as url:
        yield Box(url, boxes)


@pytest.fixture(scope="module")
def hub(box: Box) -> Iterator[Hub]:
    with tempfile.TemporaryDirectory(prefix="relais-connecteurs-") as folder:
        started = Hub(Path(folder), free_port())
        started.up()
        create(started, "hubee", hubee(box.url))
        yield started
        started.down()


def hubee(url: str) -> str:
    keys = 'client = "c"\nsecret = "s"\n'
    base = f'departement = "59"\njeton = "{url}/oauth2/token"\nbase = "{url}"\ntoutes_les_s = 1\n'
    return f'{base}[demarches."{MONTHLY}"]\n{keys}'


def create(hub: Hub, systeme: str, configuration: str, partenaire: str = "cd-59") -> str:
    """The token of the new mandate `<partenaire>-<systeme>`."""
    path = hub.data.path / f"{systeme}.toml"
    path.write_text(configuration)
    options = ("--systeme", systeme, "--partenaire", partenaire, "--configuration", str(path))
    created = hub.relais("connecteurs creer", f"{partenaire}-{systeme}", *options)
    return created.stdout.rsplit(" ", 1)[-1].strip()


def until(true: Callable[[], object], limit_s: float = 90) -> None:
    deadline = time.monotonic() + limit_s
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def exchanges(hub: Hub, code: str) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = json.loads(hub.relais("connecteurs etat", code, "--json").stdout)
    return lines


def traced(hub: Hub, id_: str) -> str:
    """Empty while the console has not been told yet."""
    return hub.relais("trace", id_, check=False).stdout


def household(place: int) -> str:
    return foyer(personne(place, nom=f"FICTIVE{chr(65 + place)}"), matricule=f"{place:07d}", demande=f"{place:011d}")


def test_a_kill_between_download_and_status_loses_nothing_and_doubles_nothing(hub: Hub, box: Box) -> None:
    boxes = box.boxes
    assert isinstance(boxes, Slow)
    boxes.is_shut = True
    before = boxes.asked
    case = box.deliver(MONTHLY, flux(household(2)))
    until(lambda: boxes.asked > before)

    hub.signal("connecteurs", signal.SIGKILL)
    boxes.is_shut = False
    until(lambda: box.waiting == [])

    last = exchanges(hub, "cd-59-hubee")[0]
    assert last["compte"] == {"deja-depose": 2}
    assert [state for state, _ in box.said(case)] == ["DONE"]


def test_a_file_is_sent_over_https_and_what_the_partner_may_not_do_its_connector_may_not(hub: Hub) -> None:
    token = create(hub, "fichiers", EXEMPLE.replace('departement = "59"', 'departement = "62"', 1))
    address = f"http://127.0.0.1:{hub.data.known_ports().connecteurs}/connecteurs/cd-59-fichiers"
    content = as_csv(HEADING, ["A9", nir(9), "FICTIVEZ", "Zoé", "01/02/1985", "oui"])
    with httpx.Client(headers={"Authorization": f"Bearer {token}"}, trust_env=False) as client:
        until(lambda: client.get(f"{address}/retours").status_code == 200)

        sent = client.put(f"{address}/arrivees/signalements.csv", content=content)
        until(lambda: client.get(f"{address}/retours").json()["retours"] != [])
        report = client.get(f"{address}/retours/signalements-resultat.csv").text

    assert sent.status_code == 202
    assert "hors-territoire" in report


async def published(hub: Hub, *offre: tuple[str, dict[str, Any]]) -> None:
    """By the partner whose offer it is."""
    async with hub.partner("di-offres") as partner:
        for fait, data in offre:
            message = partner.message(fait, data, departement="59", finalite="offre")
            assert (await partner.post(message, wait_s=10)).etat == "accepte"


def test_what_data_inclusion_publishes_is_published_by_its_partner(hub: Hub) -> None:
    source = Source(structure(8, id="dora--structure-8"), service(8, structure_id="dora--structure-8"))
    with served(source.app()) as url:
        where = f'base = "{url}/api/v1"\njeton = "{TOKEN}"\nsources = ["dora"]\ndepartement = "59"\nheure = "00:00"\n'
        create(hub, "data-inclusion", f"[tirage]\n{where}", partenaire="di-offres")
        until(lambda: pulls(hub, "fait"))

    found = asyncio.run(read(hub, "/v1/offres/services/dora--service-8"))

    assert found["nom"] == "Garage solidaire"
    assert [one["compte"] for one in pulls(hub, "fait")] == [{"structure.publiee": 1, "service.publie": 1, "refuse": 0}]


def pulls(hub: Hub, etat: str) -> list[dict[str, Any]]:
    lines = exchanges(hub, "di-offres-data-inclusion")
    return [one for one in lines if (one["nature"], one["etat"]) == ("data-inclusion.tirage", etat)]


async def read(hub: Hub, path: str) -> Any:
    async with hub.partner("cd-59") as partner:
        return await partner.get(path)


def at_work(hub: Hub) -> int:
    """How many connectors run."""
    address = f"http://127.0.0.1:{hub.data.known_ports().connecteurs}"
    return int(httpx.get(f"{address}/sante/pret", trust_env=False).json()["connecteurs"])


def test_a_suspended_connector_stops_and_its_key_opens_nothing(hub: Hub, box: Box) -> None:
    running = at_work(hub)
    hub.relais("connecteurs suspendre", "cd-59-hubee")
    until(lambda: at_work(hub) == running - 1)
    case = box.deliver(MONTHLY, flux(household(3)))
    time.sleep(2)
    untouched = box.boxes.case(case)["status"]

    hub.relais("connecteurs reprendre", "cd-59-hubee")
    until(lambda: box.boxes.case(case)["status"] == "DONE")

    assert untouched == "HUBEE_NOTIFIED"


@pytest.fixture(scope="module")
def site() -> Iterator[tuple[str, Site]]:
    one = Site()
    with served(one.app()) as url:
        yield url, one


@pytest.fixture(scope="module")
def rdvi(hub: Hub, site: tuple[str, Site]) -> Site:
    """A mandate of rdv-insertion, and rdv-insertion."""
    url, there = site
    create(hub, "rdv-insertion", rdv_insertion(url))
    return there


def rdv_insertion(url: str) -> str:
    reported = '[signalement]\nbrsa = true\norigine = "inscription-conseiller-cd"\n'
    agent = 'courriel = "agent@exemple.fr"\nmot_de_passe = "mot de passe"\ntoutes_les_s = 1\n'
    told = f'[sortie]\nbase = "{url}"\nconnexion = "{url}/sign_in"\n{agent}'
    line = '[[sortie.invitations]]\nparcours = "social"\norganisation = 422\ncategorie = "rsa_orientation"\n'
    return f'departement = "59"\nsecret = "{SECRET}"\n{reported}{told}{line}'


UTAS = {"systeme": "local", "valeur": "UTAS-03", "nom": "Unité territoriale"}
MISSION_LOCALE = {"systeme": "siret", "valeur": "90000075300013", "nom": "Mission locale de Lille"}


async def decided(
    hub: Hub,
    nom: str = "FICTIVEY",
    numbers: Mapping[str, str] = MappingProxyType({"local": "A77"}),
    organisme: str = "departement",
    structure: Mapping[str, str] = UTAS,
) -> str:
    """The parcours of a person whom the département orients in its own system."""
    identite = {
        "nom_naissance": nom,
        "prenoms": "Ada",
        "date_naissance": "1985-02-01",
        "sexe": "feminin",
    }
    signalement = {
        "identite": identite,
        "identifiants": [{"type": type_, "valeur": valeur} for type_, valeur in numbers.items()],
        "coordonnees": {"courriel": "ada@exemple.fr"},
        "brsa": True,
        "origine": "inscription-auto-caf",
    }
    decision = {"decision": "acceptee", "parcours_type": "social", "organisme": organisme, "structure": dict(structure)}
    today = datetime.now(ZoneInfo("Europe/Paris")).date().isoformat()
    dates = {"date_decision": today, "date_debut": today, "rang": 1}
    async with hub.partner("cd-59") as partner:
        signale = partner.message("usager.signale", signalement, departement="59")
        parcours = (await partner.post(signale, wait_s=10)).parcours
        oriented = partner.message("orientation.decidee", decision | dates, departement="59", subject=parcours)
        assert (await partner.post(oriented, wait_s=10)).etat == "accepte"
    return str(parcours)


def test_a_decision_of_the_departement_itself_becomes_an_invitation_of_rdv_insertion(hub: Hub, rdvi: Site) -> None:
    parcours = asyncio.run(decided(hub))

    until(lambda: rdvi.invited)

    [told] = [one for one in rdvi.users if one["last_name"] == "FICTIVEY"]
    assert (told["department_internal_id"], told["email"], told["title"]) == ("A77", "ada@exemple.fr", "madame")
    assert [(one["nature"], one["reference"], one["etat"]) for one in exchanges(hub, "cd-59-rdv-insertion")[:1]] == [
        ("rdv-insertion.invitation", parcours, "fait")
    ]


def test_the_queue_of_i_milo_is_read_for_a_mission_locale_and_answered_to_its_clients(hub: Hub) -> None:
    numbers = {"local": "A78", "numero-france-travail": "12345678901"}
    asyncio.run(decided(hub, "FICTIVEX", numbers, "mission-locale", MISSION_LOCALE))
    queue = Queue()
    queue.things["/operateurs/dossiers/1234"] |= {"nomNaissance": "FICTIVEX", "prenom": "Ada", "nomUsage": None}
    queue.things["/operateurs/dossiers/1234"] |= {"dateNaissance": "1985-02-01"}
    queue.rdv()
    queue.tell("RDV", "CREATE")
    with served(queue.app()) as url:
        reported = '[signalement]\nbrsa = true\norigine = "inscription-auto-milo"\n'
        read_too = f'departement = "59"\nbase = "{url}"\ncle = "{KEY}"\ntoutes_les_s = 1\n{reported}'
        token = create(hub, "i-milo", read_too, partenaire="ml-lille")
        until(lambda: queue.acknowledged)
    lines = exchanges(hub, "ml-lille-i-milo")
    [told] = [one for one in lines if one["nature"] == "i-milo.RDV" and one["etat"] != "echec"]

    asyncio.run(decided(hub, "FICTIVEW", {"local": "A79"}, "mission-locale", MISSION_LOCALE))
    address = f"http://127.0.0.1:{hub.data.known_ports().connecteurs}/connecteurs/ml-lille-i-milo/operateurs"
    with httpx.Client(headers={"X-Gravitee-Api-Key": token}, trust_env=False) as client:
        until(lambda: client.get(f"{address}/events").json())
        [event, *_] = client.get(f"{address}/events").json()
        dossier = client.get(f"{address}/dossiers/{event['idDossier']}").json()
        acknowledged = client.post(f"{address}/events/{event['identifiant']}/ack", json={}).status_code
        left = [one["identifiant"] for one in client.get(f"{address}/events").json()]

    assert (told["etat"], told["motif"], told["compte"]) == ("fait", None, {"accepte": 2})
    assert (event["type"], dossier["nomNaissance"]) == ("DOSSIER", "FICTIVEW")
    assert acknowledged == 204
    assert event["identifiant"] not in left


ASSOCIATION = {"systeme": "siret", "valeur": "90000083700014", "nom": "Plateforme mobilité de Lille"}


async def prescribed(hub: Hub, nom: str) -> str:
    """By the département, to a service of an association that has no system."""
    offered = {"structure_id": "dora--structure-7", "nom": "Louer un scooter"}
    lille = structure(7, id="dora--structure-7", siret=ASSOCIATION["valeur"])
    await published(hub, ("structure.publiee", lille), ("service.publie", service(7, **offered)))
    parcours = await decided(hub, nom, {"local": "A80"})
    emitted = {
        "prescription_id": "demande-1",
        "service_id": service(7)["id"],
        "motif": "Se rendre au travail.",
        "contact_prefere": "telephone",
        "engagement_protection_donnees": True,
    }
    async with hub.partner("cd-59") as partner:
        message = partner.message(
            "prescription.emise", emitted, departement="59", subject=parcours, finalite="accompagnement"
        )
        assert (await partner.post(message, wait_s=10)).etat == "accepte"
    return parcours


async def erased(hub: Hub, parcours: str) -> list[str]:
    """Who the département's own deposits say was erased."""
    async with hub.partner("cd-59") as partner:
        reason = {"motif": "Demande de la personne."}
        message = partner.message("usager.efface", reason, departement="59", subject=parcours)
        assert (await partner.post(message, wait_s=10)).etat == "accepte"
        found = await partner.get("/v1/messages", etat="accepte", type="usager.efface")
    return [one["parcours"] for one in found["messages"]]


def test_a_structure_without_a_system_is_written_to_and_answers_by_its_page(hub: Hub) -> None:
    mails, origin = Mailbox(), f"http://127.0.0.1:{hub.data.known_ports().connecteurs}"
    with mails.served() as port, httpx.Client(trust_env=False, follow_redirects=True, timeout=30) as browser:
        smtp = "".join(f"{name} = {json.dumps(value)}\n" for name, value in mails.settings(port).items())
        sender = (
            f'adresse = "{origin}"\nexpediteur = "relais@exemple.fr"\ndestinataires = ["accueil@asso.exemple.fr"]\n'
        )
        create(hub, "courriel", f'departement = "59"\ntoutes_les_s = 1\n{sender}[smtp]\n{smtp}', "asso-mobilite")
        parcours = asyncio.run(prescribed(hub, "FICTIVEV"))
        until(lambda: mails.received)
        [link] = [line for line in mails.received[0].get_content().splitlines() if line.startswith("http")]

        browser.post(link, data={"x": ""})
        listed = browser.post(f"{origin}/connecteurs/asso-mobilite-courriel/code", data={"code": code_in(mails)}).text
        [path] = re.findall(r'href="([^"]+/parcours/[^"]+)"', listed)
        person = browser.get(f"{origin}{path}").text
        answered = browser.post(f"{origin}{path}", data={**fields(person, 1), "reponse": "accepter"})

    [line] = [one for one in exchanges(hub, "asso-mobilite-courriel") if one["sens"] == "entrant"]
    assert "Ada FICTIVEV" in listed
    assert "Louer un scooter" in person
    assert "Votre réponse est enregistrée et transmise." in answered.text
    assert (line["nature"], line["etat"], line["compte"]) == ("courriel.prescription.acceptee", "fait", {"accepte": 1})
    until(lambda: "prescription.acceptee" in traced(hub, line["id"]))
    assert b"FICTIVE" not in b"".join(mails.raw)

    assert asyncio.run(erased(hub, parcours)) == [parcours]
    hub.signal("connecteurs", signal.SIGKILL)  # it looks at its start: nobody waits for the next look
    until(lambda: "relais.effacement" in [one["nature"] for one in exchanges(hub, "asso-mobilite-courriel")])


def test_a_parcours_in_which_nobody_speaks_the_protocol_is_played_and_told(hub: Hub) -> None:
    *steps, last = [json.loads(line) for line in hub.relais("demo --connecteurs", "--json").stdout.splitlines()]
    told = {step["etape"]: " ".join(said["systeme"] for said in step["systemes"]) for step in steps}
    states = {one["code"]: one["etat"] for one in json.loads(hub.relais("connecteurs lister", "--json").stdout)}
    *_, exchange = steps[0]["notes"][0].split()

    assert last == {"bilan": {"etapes": 7, "verifications": 15, "en_echec": []}}
    assert all(told.values())
    assert {etat for code, etat in states.items() if code.startswith("demo-")} == {"suspendu"}
    until(lambda: "usager.signale" in traced(hub, exchange))
