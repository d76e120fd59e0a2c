"""`./relais importer cnaf` on a running hub: what is deposited, what a second run does, what a refused file does."""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from connectors.cnaf.check import check
from tests.deploy.cnaf_flows import HEADER, NO_REAL_FILES, SHARED, flux, foyer, nir, personne
from tests.hub import Hub, free_port

pytestmark = pytest.mark.lent


@pytest.fixture(scope="module")
def hub() -> Iterator[Hub]:
    with tempfile.TemporaryDirectory(prefix="relais-cnaf-") as folder:
        started = Hub(Path(folder), free_port())
        started.up()
        yield started
        started.down()


# Each household goes to the département that the flow names, which may not be the partner's.
FLUX = ("--departement", "flux")


class Import:
    """One run of the command, with its report."""

    def __init__(self, hub: Hub, folder: Path, content: bytes, *options: str) -> None:
        source, report = folder / "flux.xml", folder / "rapport.jsonl"
        source.write_bytes(content)
        report.unlink(missing_ok=True)
        arguments = (str(source), "--partenaire", "caf-59", "--rapport", str(report), *options)
        self.ended: CompletedProcess[str] = hub.relais("importer cnaf", *arguments, check=False)
        self.lines: list[dict[str, Any]] = []
        if report.exists():
            self.lines = [json.loads(line) for line in report.read_text().splitlines()]

    def results(self, objet: str) -> list[tuple[str, str | None]]:
        return [(line["resultat"], line.get("code")) for line in self.lines if line["objet"] == objet]


def of_day(day: int) -> str:
    """The header of another flow: messages of one day are not those of another."""
    return HEADER.replace("2026-11-05", f"2026-11-{day:02d}")


def household(place: int, *options: str, **parts: Any) -> str:
    """Somebody that no other test knows."""
    one = personne(place, nom=f"Fictive{place}".upper(), nir_=nir(place))
    return foyer(one, *options, matricule=f"{place:07d}", demande=f"{place:011d}", **parts)


def test_each_person_is_signalled_and_her_right_told(hub: Hub, tmp_path: Path) -> None:
    done = Import(hub, tmp_path, flux(household(1), household(2), header=of_day(1)))

    assert done.ended.returncode == 0
    assert done.results("usager.signale") == [("accepte", None)] * 2
    assert done.results("droits.modifies") == [("accepte", None)] * 2


def test_the_same_file_again_deposits_nothing_new(hub: Hub, tmp_path: Path) -> None:
    content = flux(household(11), header=of_day(2))
    first = Import(hub, tmp_path, content)

    again = Import(hub, tmp_path, content)

    assert again.results("usager.signale") == again.results("droits.modifies") == [("deja-depose", None)]
    assert [line["parcours"] for line in again.lines] == [line["parcours"] for line in first.lines]


def test_a_bad_person_does_not_keep_the_others_out(hub: Hub, tmp_path: Path) -> None:
    unborn = foyer(personne(21, naissance="1985-02-31", nom="FICTIVEU"), matricule="0000021", demande="00000000021")
    elsewhere = household(22, departement="062")
    no_key = foyer(personne(23, nir_=nir(23) + "00", nom="FICTIVEV"), matricule="0000023", demande="00000000023")

    done = Import(hub, tmp_path, flux(unborn, elsewhere, no_key, household(24), header=of_day(3)), *FLUX)

    assert sorted(done.results("usager.signale"), key=str) == [
        ("accepte", None),
        ("accepte", None),
        ("refuse", "dates-incoherentes"),
        ("refuse", "hors-territoire"),
    ]
    assert done.results("identifiant nir") == [("refuse", "identifiant-invalide")]
    assert done.ended.returncode == 0


def test_the_departement_is_the_partner_s_and_a_flow_that_says_otherwise_is_told(hub: Hub, tmp_path: Path) -> None:
    done = Import(hub, tmp_path, flux(household(26, departement="062"), header=of_day(9)))

    assert done.results("usager.signale") == [("accepte", None)]
    assert "département 62" in " ".join(done.ended.stdout.split())


def test_strict_ends_with_4_when_a_line_is_refused(hub: Hub, tmp_path: Path) -> None:
    done = Import(hub, tmp_path, flux(household(31, departement="062"), header=of_day(4)), "--strict", *FLUX)

    assert done.ended.returncode == 4


def test_an_ambiguous_person_is_taken_with_its_rights_like_any_other(hub: Hub, tmp_path: Path) -> None:
    known = foyer(personne(41, ft="0000041A", nom="FICTIVEA"), matricule="0000041", demande="00000000041")
    other = foyer(personne(42, ft="0000041A", nom="FICTIVEB"), matricule="0000042", demande="00000000042")
    content = flux(known, header=of_day(5))
    assert Import(hub, tmp_path, content).ended.returncode == 0

    done = Import(hub, tmp_path, flux(other, header=of_day(5)))

    assert done.results("usager.signale") == [("accepte", None)]
    assert done.results("droits.modifies") == [("accepte", None)]


def test_a_refused_file_deposits_nothing_and_writes_no_report(hub: Hub, tmp_path: Path) -> None:
    content = flux(household(51), header=of_day(6))

    cut = Import(hub, tmp_path, content[:-12])

    assert cut.ended.returncode == 1
    assert "Fichier refusé, rien n'a été déposé" in cut.ended.stderr
    assert cut.lines == []
    assert Import(hub, tmp_path, content).results("usager.signale") == [("accepte", None)]


def test_the_report_names_nobody(hub: Hub, tmp_path: Path) -> None:
    done = Import(hub, tmp_path, flux(household(61), household(62, departement="062"), header=of_day(7)), *FLUX)

    written = json.dumps(done.lines) + done.ended.stdout
    assert [secret for secret in ("FICTIVE61", nir(61), nir(62), "0000062") if secret in written] == []


def test_a_csv_report_and_a_json_summary(hub: Hub, tmp_path: Path) -> None:
    source, report = tmp_path / "flux.xml", tmp_path / "rapport.csv"
    source.write_bytes(flux(household(71), header=of_day(8)))

    ended = hub.relais("importer cnaf", str(source), "--partenaire", "caf-59", "--rapport", str(report), "--json")

    summary = json.loads(ended.stdout)
    assert summary["personnes"] == 1
    assert report.read_text().startswith("ligne;foyer;personne;objet;resultat")


@pytest.mark.skipif(not SHARED.is_dir(), reason=NO_REAL_FILES)
def test_the_real_flow_is_imported_against_its_schema(hub: Hub, tmp_path: Path) -> None:
    content = (SHARED / "RSABEM.xml").read_bytes()
    with (SHARED / "RSABEM.xml").open("rb") as source:
        persons = check(source, None).personnes

    done = Import(hub, tmp_path, content, "--xsd", str(SHARED / "vrsb0801.xsd"))

    assert done.results("usager.signale") == [("accepte", None)] * persons
    assert done.results("droits.modifies") == [("accepte", None)] * persons
