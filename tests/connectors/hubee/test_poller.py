"""The box of a département at HubEE, emptied: what is deposited, what is said, and what a crash in between does."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from connectors.archive import erase
from connectors.hub import HubUnreachable
from connectors.hubee import SYSTEM
from connectors.hubee.api import Hubee, HubeeUnreachable
from connectors.hubee.codes import DEMARCHES
from connectors.hubee.poller import poll, try_out
from connectors.hubee_mock.app import Mock
from connectors.hubee_mock.boxes import Boxes
from connectors.systems import Context
from tests.connectors.fakes import FakeHub, context, pseudonym
from tests.connectors.serving import served
from tests.deploy.cnaf_flows import flux, foyer, nir, personne

pytestmark = pytest.mark.anyio
MONTHLY = "RSABEM-RSABAM"
CONTACTS = "ContactsAllocataires-BRSA"
HEADING = (
    '"MATRICULE";"ROLE PERSONNE";"TYPE PERSONNE";"NIR";"NUMERO DEMANDE RSA";"DATE DEMANDE RSA";'
    '"DATE DEBUT DROITS - DEVOIRS";"NOM RESPONSABLE DOSSIER";"PRENOM RESPONSABLE DOSSIER";'
    '"NUMERO TELEPHONE DOSSIER";"NUMERO TELEPHONE 2 DOSSIER";"ADRESSE ELECTRONIQUE DOSSIER"\n'
)


class Box:
    """HubEE, and what the CNAF puts into it."""

    def __init__(self, url: str, boxes: Boxes) -> None:
        self.url = url
        self.boxes = boxes

    def deliver(self, process_code: str, *contents: bytes, digest: str | None = None) -> str:
        """A complete folder with these attachments; the id of its case."""
        external = f"CNAF-{len(self.boxes.folders)}"
        case = {"externalId": f"{external}-01", "recipient": {"type": "SI", "companyRegister": "1", "branchCode": "59"}}
        metadata = {"fileName": "f", "type": "t", "size": 1, "mimeType": "m", "recipients": [case["externalId"]]}
        folder = self.boxes.create_folder(
            {
                "processCode": process_code,
                "externalId": external,
                "applicant": {"firstName": "C", "lastName": "N"},
                "cases": [case],
                "attachments": [metadata] * len(contents),
            }
        )
        for attachment, content in zip(folder["attachments"], contents, strict=True):
            self.boxes.upload(folder, attachment["id"], content, digest)
        self.boxes.receives_at_once = True
        for attachment in folder["attachments"]:
            was, attachment["status"] = attachment["status"], "RECEIVED"
            self.boxes.update_folder(folder["id"], {"globalStatus": "HUBEE_COMPLETED"})
            attachment["status"] = was
        found: str = folder["cases"][0]["id"]
        return found

    def said(self, case_id: str) -> list[tuple[str, str]]:
        return [(e["caseNewStatus"], e["message"]) for e in self.boxes.case(case_id)["events"]]

    @property
    def waiting(self) -> list[dict[str, Any]]:
        return self.boxes.waiting("SI", (), None)


@pytest.fixture(scope="module")
def hubee_server() -> Iterator[tuple[str, Mock]]:
    mock = Mock(Boxes(), {"client": "secret"})
    with served(mock.app()) as url:
        yield url, mock


@pytest.fixture
def box(hubee_server: tuple[str, Mock]) -> Box:
    url, mock = hubee_server
    mock.boxes = Boxes()
    return Box(url, mock.boxes)


def configuration(url: str) -> dict[str, Any]:
    keys = {"client": "client", "secret": "secret"}
    base = {"departement": "59", "jeton": f"{url}/oauth2/token", "base": url, "toutes_les_s": 1, "dsp": True}
    return base | {"demarches": dict.fromkeys(DEMARCHES, keys), "organismes": {"emploi": "france-travail"}}


@pytest.fixture
def hub() -> FakeHub:
    return FakeHub()


@pytest.fixture
def place(box: Box, hub: FakeHub, tmp_path: Path) -> Context:
    return context(SYSTEM, configuration(box.url), tmp_path, hub, ("identite:resoudre",))


@asynccontextmanager
async def opened(place: Context, code: str = MONTHLY) -> AsyncIterator[Hubee]:
    settings = place.configuration
    async with Hubee(settings.base, settings.jeton, settings.demarches[code]) as one:
        yield one


async def emptied(place: Context, code: str = MONTHLY) -> int:
    async with opened(place, code) as one:
        return await poll(place, one, code)


def household(number: int, *options: str, **parts: Any) -> str:
    one = personne(number, nom=f"FICTIVE{chr(65 + number)}", nir_=nir(number))
    return foyer(one, *options, matricule=f"{number:07d}", demande=f"{number:011d}", **parts)


async def test_a_flow_is_deposited_archived_said_done_and_acknowledged(box: Box, hub: FakeHub, place: Context) -> None:
    case = box.deliver(MONTHLY, flux(household(1), household(2)))

    assert await emptied(place) == 1

    [archive] = (place.folder / "archives").iterdir()
    [report] = (place.folder / "rapports").iterdir()
    assert (len(hub.of("usager.signale")), len(hub.of("droits.modifies"))) == (2, 2)
    assert box.boxes.case(case)["status"] == "DONE"
    assert box.said(case) == [("DONE", "4 messages acceptés, 0 lignes refusées.")]
    assert box.waiting == []
    assert b"FICTIVE" not in archive.read_bytes()
    assert "FICTIVE" not in report.read_text()


async def test_the_deposits_carry_the_trace_of_the_exchange(box: Box, hub: FakeHub, place: Context) -> None:
    box.deliver(MONTHLY, flux(household(1)))

    await emptied(place)

    [line] = await place.journal.last()
    assert {traceparent.split("-")[1] for traceparent in hub.traceparents if traceparent} == {line.trace}
    assert (line.nature, line.etat, line.compte) == ("hubee.RSABEM-RSABAM", "fait", {"accepte": 2})


async def test_refused_lines_are_said_with_their_number_and_reason(box: Box, place: Context, hub: FakeHub) -> None:
    unborn = foyer(personne(2, naissance="1985-02-31", nom="FICTIVEU"), matricule="0000002", demande="00000000002")
    case = box.deliver(MONTHLY, flux(household(1), unborn))

    await emptied(place)

    [(state, message)] = box.said(case)
    assert state == "SI_INTG_ERROR"
    assert message.startswith("2 messages acceptés, 1 lignes refusées. Ligne ")
    assert "dates-incoherentes" in message
    assert "FICTIVE" not in message
    assert len(hub.of("usager.signale")) == 1


@pytest.mark.parametrize(
    ("code", "content", "reason"),
    [
        (MONTHLY, flux()[:-40], "tronqué"),
        (MONTHLY, b"%PDF-1.4", "XML bien form"),
        (MONTHLY, b"", "vide"),
        (MONTHLY, flux().replace(b"<NATFLUX>D", b"<NATFLUX>F"), "se contredit"),
        (MONTHLY, flux().replace(b"<NATFLUX>D", b"<NATFLUX>Z"), "n'est pas reconnu"),
        ("IRSACG-IRSDCG", flux(), "le fichier est un flux vrsb"),
        (CONTACTS, HEADING.encode() + b"51;DEMANDEUR;Mad", "tronqué"),
    ],
    ids=["truncated", "pdf", "empty", "contradictory", "unknown", "another flow", "truncated contacts"],
)
async def test_a_file_that_is_not_what_it_should_be_is_said_and_deposits_nothing(
    box: Box, place: Context, hub: FakeHub, code: str, content: bytes, reason: str
) -> None:
    case = box.deliver(code, content)

    await emptied(place, code)

    [(state, message)] = box.said(case)
    assert state == "SI_INTG_ERROR"
    assert reason in message
    assert hub.taken == {}


@pytest.mark.parametrize("code", [code for code, flux_ in DEMARCHES.items() if {"vrsc", "vrsf"} & flux_])
async def test_a_flow_that_is_not_read_is_recognised_kept_and_never_said_done(
    box: Box, place: Context, hub: FakeHub, code: str
) -> None:
    nature = b"C" if code == "RSACTM" else b"F"
    content = flux().replace(b"<NATFLUX>D", b"<NATFLUX>" + nature).replace(b"InfosFoyerRSA", b"AutreBloc")
    case = box.deliver(code, content)

    await emptied(place, code)

    assert [state for state, _ in box.said(case)] == ["SI_RECEIVED"]
    assert len(list((place.folder / "archives").iterdir())) == 1
    assert hub.taken == {}


async def test_an_instruction_signals_who_asks_with_telephone_and_e_mail(
    box: Box, place: Context, hub: FakeHub
) -> None:
    contact = "<ModesContacts><NUMTEL>0320000001</NUMTEL><ADRELEC>zoe@exemple.fr</ADRELEC></ModesContacts>"
    computed = personne(1, soumis=None).replace(
        "</Personne>",
        "<DonneesSocioProfessionnelles><HISPRO>1904</HISPRO></DonneesSocioProfessionnelles>"
        "<Parcours><NATPARCOCAL>PP</NATPARCOCAL></Parcours></Personne>",
    )
    content = flux(foyer(computed, situation=""))
    for before, after in (
        ("<NATFLUX>D", "<NATFLUX>R"),
        ("InfosFoyerRSA>", "InfoDemandeRSA>"),
        ("</DonneesAdministratives>", f"{contact}</DonneesAdministratives>"),
        ("NBTOTDOSRSATRANSM>", "NBTOTDEMRSATRANSM>"),
    ):
        content = content.replace(before.encode(), after.encode())
    box.deliver("IRSACG-IRSDCG", content)

    await emptied(place, "IRSACG-IRSDCG")

    [signale] = hub.of("usager.signale")
    [preconisee] = hub.of("orientation.preconisee")
    assert signale["data"]["brsa"] is True
    assert "date_reception_droit" not in signale["data"]
    assert signale["data"]["coordonnees"]["telephone"] == "0320000001"
    assert signale["data"]["coordonnees"]["courriel"] == "zoe@exemple.fr"
    assert (preconisee["data"]["parcours_type"], preconisee["data"]["organisme"]) == ("emploi", "france-travail")
    assert hub.of("droits.modifies") == []
    [realise] = hub.of("diagnostic.realise")
    assert realise["data"]["criteres"] == {"situation_professionnelle": "jamais"}


async def test_contacts_are_joined_by_demand_matricule_or_nir(box: Box, place: Context, hub: FakeHub) -> None:
    box.deliver(MONTHLY, flux(household(1), household(2), household(3)))
    await emptied(place)
    lines = (
        f"x;DEMANDEUR;M;;{1:011d};;;N;P;0320000001;;a@exemple.fr\n"
        f"{2:07d}00000000;DEMANDEUR;M;;;;;N;P;0320000002;0320000009;\n"
        f";AUTRE;M;{nir(3)}00;;;;N;P;;;c@exemple.fr\n"
        f";DEMANDEUR;M;{nir(4)};;;;N;P;;;d@exemple.fr\n"
        f";DEMANDEUR;M;{nir(5)};;;;N;P;;;e@exemple.fr\n"
    )
    hub.found[nir(4)] = pseudonym("connue du relais")
    case = box.deliver(CONTACTS, (HEADING + lines).encode("cp1252"))

    await emptied(place, CONTACTS)

    told = {m["subject"]: m["data"]["coordonnees"] for m in hub.of("usager.corrige")}
    assert told == {
        pseudonym(nir(1)): {"telephone": "0320000001", "courriel": "a@exemple.fr"},
        pseudonym(nir(2)): {"telephone": "0320000002"},
        pseudonym(nir(3)): {"courriel": "c@exemple.fr"},
        pseudonym("connue du relais"): {"courriel": "d@exemple.fr"},
    }
    [(state, message)] = box.said(case)
    assert state == "SI_INTG_ERROR"
    assert message.startswith("4 messages acceptés, 1 lignes refusées. Ligne 6 : usager-inconnu")


async def test_two_pollers_at_once_take_a_case_once(box: Box, place: Context, hub: FakeHub) -> None:
    case = box.deliver(MONTHLY, flux(household(1)))

    counts = await asyncio.gather(emptied(place), emptied(place))

    assert sorted(counts) == [0, 1]
    assert len(box.said(case)) == 1


@pytest.mark.parametrize("stop_at", ["download", "say", "acknowledge"])
async def test_a_crash_at_any_step_loses_nothing_and_doubles_nothing(
    box: Box, place: Context, hub: FakeHub, monkeypatch: pytest.MonkeyPatch, stop_at: str
) -> None:
    case = box.deliver(MONTHLY, flux(household(1)))

    async def crash(*_: Any, **__: Any) -> None:
        raise HubeeUnreachable("coupé")

    with monkeypatch.context() as broken:
        broken.setattr(Hubee, stop_at, crash)
        assert await emptied(place) == 0
        assert len(box.waiting) == 1

    assert await emptied(place) == 1
    assert (len(hub.of("usager.signale")), len(hub.of("droits.modifies"))) == (1, 1)
    assert [state for state, _ in box.said(case)] == ["DONE"]
    assert box.waiting == []


async def test_a_state_that_was_moved_but_not_told_is_told(box: Box, place: Context) -> None:
    case = box.deliver(MONTHLY, flux(household(1)))
    box.boxes.update_case(case, {"status": "DONE"})

    await emptied(place)

    assert [state for state, _ in box.said(case)] == ["DONE"]


async def test_nothing_is_said_while_the_hub_has_not_decided(box: Box, place: Context, hub: FakeHub) -> None:
    case = box.deliver(MONTHLY, flux(household(1)))
    hub.failures.append(HubUnreachable("Le relais ne répond pas."))

    assert await emptied(place) == 0

    assert box.said(case) == []
    assert len(box.waiting) == 1
    assert await emptied(place) == 1


@pytest.mark.parametrize(("status", "said"), [("PENDING", []), ("REJECTED", ["SI_INTG_ERROR"])])
async def test_an_attachment_that_is_not_there_yet_is_waited_for_and_a_rejected_one_is_said(
    box: Box, place: Context, status: str, said: list[str]
) -> None:
    case = box.deliver(MONTHLY, flux(household(1)))
    box.boxes.case(case)["attachments"][0]["status"] = status

    await emptied(place)

    assert [state for state, _ in box.said(case)] == said
    assert len(box.waiting) == 1 - len(said)


async def test_bytes_that_are_not_those_announced_are_refused(
    box: Box, place: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = box.deliver(MONTHLY, flux(household(1)))
    monkeypatch.setattr("connectors.hubee_mock.app.digest_of", lambda _: "AAAA")

    await emptied(place)

    [(state, message)] = box.said(case)
    assert state == "SI_INTG_ERROR"
    assert "empreinte" in message


async def test_the_same_file_in_another_case_deposits_nothing_new(box: Box, place: Context, hub: FakeHub) -> None:
    box.deliver(MONTHLY, flux(household(1)))
    await emptied(place)
    case = box.deliver(MONTHLY, flux(household(1)))

    await emptied(place)

    assert len(hub.taken) == 2
    assert [state for state, _ in box.said(case)] == ["DONE"]


async def test_a_dry_run_tells_what_waits_and_takes_nothing(box: Box, place: Context, tmp_path: Path) -> None:
    box.deliver(MONTHLY, flux(household(1)))
    source = tmp_path / "flux.xml"
    source.write_bytes(flux(household(1), household(2)))

    waiting = [line async for line in try_out(place, None)]
    held = [line async for line in try_out(place, source)]

    assert f"{MONTHLY} : 1 notification(s) en attente" in waiting
    assert held == ["flux.xml : flux vrsb (bénéficiaires du RSA), 2 foyers, 2 personnes"]
    assert len(box.waiting) == 1


async def test_the_report_says_each_line_by_its_number(box: Box, place: Context) -> None:
    box.deliver(MONTHLY, flux(household(1)))

    await emptied(place)

    [report] = (place.folder / "rapports").iterdir()
    lines = [json.loads(line) for line in report.read_text().splitlines()]
    assert [(line["objet"], line["resultat"]) for line in lines] == [
        ("usager.signale", "accepte"),
        ("droits.modifies", "accepte"),
    ]
    assert all(line["ligne"] > 1 for line in lines)


async def test_the_archive_and_the_report_of_a_flow_go_with_each_of_its_persons(
    place: Context, hub: FakeHub, box: Box
) -> None:
    box.deliver(MONTHLY, flux(foyer(personne(1, nom="FICTIVEA"), matricule="0000001", demande="00000000001")))
    async with opened(place) as hubee:
        await poll(place, hubee, MONTHLY)
    [signale] = hub.of("usager.signale")

    counts = await erase(place, pseudonym(signale["data"]["identifiants"][0]["valeur"]))

    assert counts["archives"] == 2
    assert [list((place.folder / name).iterdir()) for name in ("archives", "rapports")] == [[], []]
