"""A partner's files: whatever program wrote them, what is deposited, and the report that comes back."""

from __future__ import annotations

import csv
import io
import tomllib
from collections.abc import Callable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import httpx
import openpyxl
import pytest

from connectors.archive import erase
from connectors.fichiers import SYSTEM
from connectors.fichiers.configuration import EXEMPLE
from connectors.fichiers.facade import facade
from connectors.fichiers.files import taking
from connectors.fichiers.tables import Table, TableRefused
from connectors.fichiers.targets import Kind, target
from connectors.fichiers.trying import propose, try_out
from connectors.folders import ARRIVALS, RETURNS, look
from connectors.hub import HubUnreachable
from connectors.mandates import token_digest
from connectors.systems import ConfigurationRefused, Context
from tests.connectors.fakes import FakeHub, context, pseudonym
from tests.deploy.cnaf_flows import flux, nir

pytestmark = pytest.mark.anyio
HEADING = ["N° dossier", "NIR", "Nom de naissance", "Prénom", "Né(e) le", "RSA"]
ORIENTATION = ["N° dossier", "Orientation", "Organisme", "SIRET", "Structure", "Décidée le", "Début"]
DECIDED = ["A1", "SOCIOPRO", "CD 59", "90000059700014", "Maison Nord", "05/11/2026", "12/11/2026"]


def person(place: int, *, born: str = "01/02/1985", rsa: str = "oui") -> list[str]:
    return [f"A{place}", nir(place), f"FICTIVE{chr(65 + place)}", "Zoé", born, rsa]


def as_csv(*rows: list[str], separator: str = ";", encoding: str = "utf-8") -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=separator).writerows(rows)
    return text.getvalue().encode(encoding)


def as_xlsx(*rows: list[Any]) -> bytes:
    book, stream = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(stream)
    return stream.getvalue()


@pytest.fixture
def hub() -> FakeHub:
    return FakeHub()


@pytest.fixture
def place(hub: FakeHub, tmp_path: Path) -> Context:
    return context(SYSTEM, tomllib.loads(EXEMPLE), tmp_path, hub)


async def dropped(place: Context, name: str, content: bytes) -> None:
    """Put a file in, and look twice: it did not change meanwhile."""
    folder = place.folder / ARRIVALS
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)
    await look(place, taking(place), await look(place, taking(place), {}))


def returned(place: Context, name: str) -> list[dict[str, str]]:
    content = (place.folder / RETURNS / name).read_bytes()
    with Table(io.BytesIO(content)) as table:
        return [dict(line.cells) for line in table.lines()]


def results(place: Context, name: str) -> list[tuple[str, str]]:
    return [(line["Relais : résultat"], line["Relais : motif"]) for line in returned(place, name)]


WRITTEN: Mapping[str, Callable[..., bytes]] = {
    "utf-8": as_csv,
    "bom": lambda *rows: as_csv(*rows, encoding="utf-8-sig"),
    "cp1252": lambda *rows: as_csv(*rows, encoding="cp1252"),
    "comma": lambda *rows: as_csv(*rows, separator=","),
    "excel unicode text": lambda *rows: as_csv(*rows, separator="\t", encoding="utf-16"),
    "xlsx": as_xlsx,
}


@pytest.mark.parametrize("written", WRITTEN)
async def test_whatever_program_wrote_it_the_same_is_deposited(place: Context, hub: FakeHub, written: str) -> None:
    suffix = "xlsx" if written == "xlsx" else "csv"

    await dropped(place, f"Signalements novembre.{suffix}", WRITTEN[written](HEADING, person(1), person(2, rsa="non")))

    first, second = hub.of("usager.signale")
    assert first["data"] == {
        "identite": {"nom_naissance": "FICTIVEB", "prenoms": "Zoé", "date_naissance": "1985-02-01"},
        "identifiants": [{"type": "nir", "valeur": nir(1)}, {"type": "local", "valeur": "A1"}],
        "brsa": True,
        "origine": "inscription-conseiller-cd",
    }
    assert second["data"]["brsa"] is False
    assert results(place, f"Signalements novembre-resultat.{suffix}") == [("accepté", "")] * 2
    assert list((place.folder / ARRIVALS).iterdir()) == []


async def test_dates_and_numbers_that_excel_holds_are_read_as_they_are_shown(place: Context, hub: FakeHub) -> None:
    row = [1234, int(nir(1)), "FICTIVE", "Zoé", datetime(1985, 2, 1), True]  # noqa: DTZ001  Excel knows no zone
    other = ["A2", float(nir(2)), "FICTIVEX", "Zoé", date(1985, 2, 1), "Non"]

    await dropped(place, "signalements.xlsx", as_xlsx(HEADING, row, [None] * 6, other))

    first, second = hub.of("usager.signale")
    assert first["data"]["identifiants"] == [{"type": "nir", "valeur": nir(1)}, {"type": "local", "valeur": "1234"}]
    assert first["data"]["identite"]["date_naissance"] == "1985-02-01"
    assert (first["data"]["brsa"], second["data"]["brsa"]) == (True, False)


async def test_the_report_is_the_same_file_with_what_became_of_each_line(place: Context, hub: FakeHub) -> None:
    hub._refuse = lambda message: "hors-territoire" if "FICTIVED" in str(message) else None
    wrong_day, wrong_flag = person(2, born="31/02/1985"), person(4, rsa="peut-être")

    await dropped(place, "signalements.csv", as_csv(HEADING, person(1), wrong_day, person(3), wrong_flag))

    lines = returned(place, "signalements-resultat.csv")
    assert [line["N° dossier"] for line in lines] == ["A1", "A2", "A3", "A4"]
    assert results(place, "signalements-resultat.csv") == [
        ("accepté", ""),
        ("refusé", "Colonne « Né(e) le » : une date est attendue, au format %d/%m/%Y"),
        ("refusé", "hors-territoire : motif"),
        ("refusé", "Colonne « RSA » : « oui » ou « non » est attendu"),
    ]


async def test_an_orientation_joins_the_person_that_an_earlier_file_signalled(place: Context, hub: FakeHub) -> None:
    await dropped(place, "signalements.csv", as_csv(HEADING, person(1)))

    await dropped(place, "orientations.csv", as_csv(ORIENTATION, DECIDED, ["inconnu", *DECIDED[1:]]))

    [decided] = hub.of("orientation.decidee")
    assert decided["subject"] == pseudonym(nir(1))
    assert decided["data"]["parcours_type"] == "socio-professionnel"
    assert decided["data"]["organisme"] == "departement"
    assert decided["data"]["date_decision"] == "2026-11-05"
    assert [result for result, _ in results(place, "orientations-resultat.csv")] == ["accepté", "refusé"]


async def test_a_line_that_was_accepted_is_not_deposited_again_and_a_refused_one_is(
    place: Context, hub: FakeHub
) -> None:
    hub._refuse = lambda message: "hors-territoire" if "FICTIVEC" in str(message) else None
    await dropped(place, "signalements-1.csv", as_csv(HEADING, person(1), person(2)))
    hub._refuse = lambda _: None

    await dropped(place, "signalements-2.csv", as_csv(HEADING, person(1), person(2), person(2)))

    assert [result for result, _ in results(place, "signalements-2-resultat.csv")] == [
        "déjà déposé",
        "accepté",
        "déjà déposé",
    ]
    assert len(hub.of("usager.signale")) == 2


async def test_the_same_bytes_are_taken_once_whatever_their_name(place: Context, hub: FakeHub) -> None:
    content = as_csv(HEADING, person(1))
    await dropped(place, "signalements-1.csv", content)

    await dropped(place, "signalements-2.csv", content)

    last, first = await place.journal.last()
    assert (last.nature, last.compte) == ("fichiers.deja-pris", {"deja-pris": 1})
    assert first.compte == {"accepté": 1}
    assert list((place.folder / ARRIVALS).iterdir()) == []


async def test_a_file_that_still_grows_or_bears_the_name_of_a_draft_is_left(place: Context, hub: FakeHub) -> None:
    folder = place.folder / ARRIVALS
    folder.mkdir(parents=True)
    growing = folder / "signalements.csv"
    (folder / "signalements.csv.part").write_bytes(as_csv(HEADING, person(9)))
    growing.write_bytes(as_csv(HEADING, person(1)))
    seen = await look(place, taking(place), {})
    growing.write_bytes(as_csv(HEADING, person(1), person(2)))

    seen = await look(place, taking(place), seen)
    assert hub.taken == {}
    await look(place, taking(place), seen)

    assert len(hub.of("usager.signale")) == 2
    assert [path.name for path in folder.iterdir()] == ["signalements.csv.part"]


async def test_a_hub_that_does_not_answer_leaves_the_file_where_it_is(place: Context, hub: FakeHub) -> None:
    hub.failures.append(HubUnreachable("Le relais ne répond pas."))
    await dropped(place, "signalements.csv", as_csv(HEADING, person(1)))
    assert len(list((place.folder / ARRIVALS).iterdir())) == 1

    await look(place, taking(place), await look(place, taking(place), {}))

    assert len(hub.of("usager.signale")) == 1
    assert results(place, "signalements-resultat.csv") == [("accepté", "")]


async def test_a_file_begun_again_after_a_crash_deposits_the_same_messages(place: Context, hub: FakeHub) -> None:
    content = as_csv(HEADING, *(person(n) for n in range(1, 4)))
    await dropped(place, "signalements.csv", content)
    before = dict(hub.taken)
    for table in ("prises", "correspondances"):
        await place.state._database.fetch(f"DELETE FROM {table}")

    await dropped(place, "signalements.csv", content)

    assert hub.taken == before


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("signalements.csv", as_csv(HEADING[:-1], person(1)[:-1]), "Colonnes absentes : RSA"),
        ("signalements.csv", as_csv(HEADING, [*person(1), "de trop"]), "Ligne 2 : 7 valeurs pour 6 colonnes"),
        ("signalements.csv", as_csv(HEADING) + b'A1;"jamais ferm', "des guillemets ne se referment pas"),
        ("signalements.csv", b"", "vide"),
        ("signalements.csv", as_csv(["NIR", "NIR"]), "Colonnes en double : NIR"),
        ("signalements.xlsx", as_xlsx(HEADING, person(1))[:-200], "tronqu"),
        ("signalements.xls", b"\xd0\xcf\x11\xe0" + b"0" * 600, "ancien fichier Excel"),
        ("autre.csv", as_csv(HEADING), "Aucune arrivée configurée"),
        ("flux.xml", flux()[:-30], "tronqu"),
    ],
    ids=["column", "separator", "quotes", "empty", "twice", "xlsx", "xls", "name", "flow"],
)
async def test_a_file_that_cannot_be_read_deposits_nothing_and_says_why(
    place: Context, hub: FakeHub, name: str, content: bytes, sentence: str
) -> None:
    await dropped(place, name, content)

    [told] = list((place.folder / RETURNS).glob("*-refuse.txt"))
    [line] = await place.journal.last()
    assert sentence in told.read_text()
    assert line.etat == "refuse"
    assert hub.taken == {}


async def test_a_flow_of_the_cnaf_is_recognised_in_the_same_folder(place: Context, hub: FakeHub) -> None:
    await dropped(place, "RSABEM.xml", flux())

    assert (len(hub.of("usager.signale")), len(hub.of("droits.modifies"))) == (1, 1)


async def test_what_was_taken_lies_sealed_and_nothing_else_of_it_stays(place: Context) -> None:
    await dropped(place, "signalements.csv", as_csv(HEADING, person(1)))

    [archive] = (place.folder / "archives").iterdir()
    kept = [path for path in place.folder.rglob("*") if path.is_file() and RETURNS not in str(path)]
    assert archive.suffix == ".scelle"
    assert [path for path in kept if b"FICTIVE" in path.read_bytes()] == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (("brsa = ", "brsaa = "), "« brsaa » n'existe pas dans usager.signale"),
        (('"identite.prenoms" = "Prénom"\n', ""), "champs obligatoires sans colonne : identite.prenoms"),
        (('message = "usager.signale"', 'message = "usager.inconnu"'), "n'est pas un message qui se dépose"),
        (('"CD 59" = "departement"', '"CD 59" = "cd"'), "« organisme » n'admet pas cd"),
        (("webrsa/parcours", "webrsa/rien"), "correspondance inconnue"),
        (('"Structure"\n', '{ colonne = "Structure", format = "%d" }\n'), "n'est pas une date"),
        (('"SIRET"\n', '{ colonne = "SIRET", valeur = "x" }\n'), "et une seule des trois"),
        (('departement = "59"', 'departement = "69"'), "69D"),
        (('motif = "orientations*"', 'motiff = "o"'), "champ inconnu"),
    ],
    ids=["field", "required", "message", "code", "table", "format", "origin", "territory", "key"],
)
def test_a_mapping_that_is_wrong_is_refused_in_words(change: tuple[str, str], sentence: str) -> None:
    assert change[0] in EXEMPLE

    with pytest.raises(ConfigurationRefused) as refused:
        SYSTEM.configure(tomllib.loads(EXEMPLE.replace(*change)))

    assert sentence in str(refused.value)


def test_a_draft_is_proposed_from_the_heading_of_a_sample() -> None:
    drafted = propose("usagers", "usager.signale", io.BytesIO(as_csv([*HEADING, "Remarque"], [*person(1), ""])))

    read = tomllib.loads(drafted)["arrivees"][0]
    assert read["identifiants"] == {"nir": "NIR", "local": "N° dossier"}
    assert read["champs"]["identite.nom_naissance"] == "Nom de naissance"
    assert read["champs"]["identite.date_naissance"] == {"colonne": "Né(e) le", "format": "%d/%m/%Y"}
    assert '# "origine" = { colonne = "…" }  # obligatoire ; choix : inscription-volontaire' in drafted
    assert "# colonne non reconnue : Remarque" in drafted


async def test_a_dry_run_tells_the_lines_that_would_be_refused_and_deposits_nothing(
    place: Context, hub: FakeHub, tmp_path: Path
) -> None:
    source = tmp_path / "signalements.csv"
    source.write_bytes(as_csv(HEADING, person(1), person(2, born="hier"), ["A3", "123", "X", "Y", "01/02/1985", "oui"]))

    told = [line async for line in try_out(place, source)]

    assert told[0].startswith("Ligne 3 : Colonne « Né(e) le »")
    assert told[1].startswith("Ligne 4 : ")
    assert told[-1] == "3 lignes, 1 conformes, 2 refusées (usager.signale)"
    assert hub.taken == {}


def test_lines_are_read_one_by_one_however_long_the_table() -> None:
    content = as_csv(HEADING, *(person(1) for _ in range(5_000)))

    with Table(io.BytesIO(content)) as table:
        lines = table.lines()
        first = next(lines)
        count = 1 + sum(1 for _ in lines)

    assert (first.number, count) == (2, 5_000)


def test_an_encoding_that_is_said_and_is_not_that_of_the_file_is_refused() -> None:
    with pytest.raises(TableRefused), Table(io.BytesIO("é;à\n".encode("cp1252")), encoding="utf-8") as table:
        list(table.lines())


class TestOverHttps:
    @pytest.fixture
    def client(self, place: Context) -> httpx.AsyncClient:
        object.__setattr__(place.mandate, "jeton", token_digest("rlc_bon"))
        transport = httpx.ASGITransport(facade(place))
        return httpx.AsyncClient(transport=transport, base_url="http://x", headers={"Authorization": "Bearer rlc_bon"})

    async def test_a_file_that_was_sent_is_taken_and_its_report_read(
        self, client: httpx.AsyncClient, place: Context, hub: FakeHub
    ) -> None:
        sent = await client.put("/arrivees/signalements.csv", content=as_csv(HEADING, person(1)))
        await look(place, taking(place), await look(place, taking(place), {}))

        listed = (await client.get("/retours")).json()
        report = await client.get("/retours/signalements-resultat.csv")

        assert (sent.status_code, sent.json()["etat"]) == (202, "recu")
        assert listed == {"retours": ["signalements-resultat.csv"]}
        assert "accepté" in report.text

    @pytest.mark.parametrize("token", ["", "Bearer rlc_mauvais", "Basic rlc_bon"])
    async def test_nobody_else_writes_or_reads(self, client: httpx.AsyncClient, place: Context, token: str) -> None:
        headers = {"Authorization": token}

        answers = [
            await client.put("/arrivees/signalements.csv", content=b"x", headers=headers),
            await client.get("/retours", headers=headers),
            await client.get("/retours/signalements-resultat.csv", headers=headers),
        ]

        assert [answer.status_code for answer in answers] == [401] * 3
        assert not (place.folder / ARRIVALS).exists()

    @pytest.mark.parametrize("name", ["..%2Fcle.csv", ".cache.csv", "signalements.exe", "autre.csv"])
    async def test_a_name_that_is_none_is_refused(self, client: httpx.AsyncClient, name: str) -> None:
        answer = await client.put(f"/arrivees/{name}", content=b"x")

        assert answer.status_code in (404, 422)


async def test_the_archive_of_a_file_goes_with_each_of_its_persons(place: Context, hub: FakeHub) -> None:
    await dropped(place, "signalements-1.csv", as_csv(HEADING, person(1), person(2)))
    await dropped(place, "signalements-2.csv", as_csv(HEADING, person(3)))
    [first] = [one for one in hub.of("usager.signale") if one["data"]["identifiants"][0]["valeur"] == nir(1)]

    counts = await erase(place, pseudonym(first["data"]["identifiants"][0]["valeur"]))

    assert counts["archives"] == 1
    assert len(list((place.folder / "archives").iterdir())) == 1


def test_what_may_only_be_true_is_read_as_yes() -> None:
    assert target("prescription.emise", "engagement_protection_donnees").kind is Kind.BOOLEEN
