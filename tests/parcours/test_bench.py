"""The measuring command, briefly: that it measures what it says, not how fast this machine is."""

import json
from pathlib import Path

import pytest

from tests.hub import Hub

pytestmark = [pytest.mark.lent, pytest.mark.seul]
LINES = ("depot", "livraison", "lecture", "jeton")


def test_each_line_comes_with_its_floor_of_the_same_run(hub: Hub, tmp_path: Path) -> None:
    written = tmp_path / "mesures.json"

    hub.relais("bench", *LINES, "--duree", "1", "--json", str(written))

    measured = json.loads(written.read_text(encoding="utf-8"))
    assert list(measured) == list(LINES)
    for line in measured.values():
        assert line["par_s"] > 0
        assert 0 < line["p50_ms"] <= line["p99_ms"]
        assert line["ratio"] == pytest.approx(line["par_s"] / line["plancher_par_s"], abs=0.001)
        assert line["machine"]
        assert line["date"].startswith("20")
    assert measured["depot"]["processeur_ms"]["entrant"] > 0


def test_a_hub_that_is_not_there_is_said_in_one_sentence(tmp_path: Path) -> None:
    done = Hub(tmp_path / "nulle-part", 1).relais("bench", "depot", check=False)

    assert done.returncode == 1
    assert "Aucun relais en marche" in done.stderr
