"""The `attentes.json` of the example partners: what the mock sees today, and what no candidate contract may break."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.allowed_skips import NO_LANGUAGE
from relais_kit.attentes import NOM, lire
from relais_kit.bouchon.porte import Porte
from relais_kit.commande import main
from tests.contracts.attentes_exemples import bouchon, relever
from tests.contracts.partenaires_exemples import DOSSIER, EXEMPLES


@pytest.fixture(scope="module")
def joue() -> Iterator[tuple[Porte, Path]]:
    with bouchon() as ouvert:
        yield ouvert


@pytest.mark.parametrize("nom", EXEMPLES)
def test_what_is_kept_is_what_the_program_sends_and_reads(nom: str, joue: tuple[Porte, Path], tmp_path: Path) -> None:
    if not EXEMPLES[nom].est_installe:
        pytest.skip(NO_LANGUAGE)

    vu = relever(EXEMPLES[nom], nom, *joue, tmp_path)

    assert (DOSSIER / nom / NOM).read_text(encoding="utf-8") == vu


def test_each_reads_what_the_department_learns_and_tolerates_new_codes() -> None:
    for nom in EXEMPLES:
        siennes = lire(DOSSIER / nom / NOM)
        assert siennes.tolere_codes_inconnus
        assert "referent.accepte" in siennes.lit


def test_the_contract_of_today_breaks_none_of_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["puis-je-publier", "--attentes", str(DOSSIER)]) == 0
    assert capsys.readouterr().out.endswith(f"Partenaires : {len(EXEMPLES)} ; cassés : 0.\n")
