"""A delay is spelled in one place: six weeks become eight there, and the rule, the refusal and the page follow."""

import json
import re
from pathlib import Path

import pytest

from relais_contrats.v1 import delais
from relais_contrats.v1.delais import Delai
from tests.recettes.recette import ROOT, run

_SEEN = """
import json
from datetime import UTC, date, datetime
from uuid import UUID
from gateway.feuille_page import Contexte, page
from relais_contrats.catalogue import CATALOGUE
from relais_contrats.groupes import Groupe
from relais_contrats.refus import REFUS
from services.orientation.domain.delai import refus_tardif
from services.orientation.domain.dossier import Demande
from tests.feuille_de_route.fabrique import Recit

demande, recit = Demande(1, "59", date(2026, 3, 2)), Recit()
recit.dit("orientation.demandee", {"date_reception": "2026-03-02"})
vue = json.loads(json.dumps(recit.vue(), default=str))
champs = CATALOGUE["orientation.dessaisie"].modele.model_fields
print(json.dumps({
    "still in time": refus_tardif(demande, datetime(2026, 4, 20, tzinfo=UTC)) is None,
    "refused": refus_tardif(demande, datetime(2026, 6, 20, tzinfo=UTC)).details["date_echeance"],
    "refusal": REFUS["delai-depasse"].explication,
    "field": champs["date_echeance"].description,
    "page": page(vue, Contexte(date(2026, 3, 3), "Essai", frozenset(Groupe), {})),
}))
"""


def test_six_weeks_become_eight_in_one_line(tree: Path) -> None:
    seen = json.loads(run(tree, "-c", _SEEN))

    assert (seen["still in time"], seen["refused"]) == (True, "2026-04-27")
    assert seen["refusal"].startswith("Les huit semaines pour orienter sont passées")
    assert seen["field"] == "Dernier jour du délai : réception + 56 jours."
    assert "Décision attendue au plus tard le 27\u00a0avril\u00a02026" in seen["page"]


@pytest.mark.parametrize(
    ("delai", "ecrit"),
    [
        (Delai(6, "semaine", ""), "six semaines"),
        (Delai(1, "semaine", ""), "une semaine"),
        (Delai(1, "mois", ""), "un mois"),
        (Delai(12, "mois", ""), "douze mois"),
        (Delai(15, "jour", ""), "quinze jours"),
        (Delai(30, "jour", ""), "30 jours"),
    ],
)
def test_a_delay_is_written_as_french_writes_it(delai: Delai, ecrit: str) -> None:
    assert str(delai) == ecrit


def test_no_source_counts_or_writes_a_legal_delay_a_second_time() -> None:
    en_lettres = "|".join(map(str, (delais.ORIENTATION, delais.SUSPENSION, delais.INSTRUCTION)))
    spelled = re.compile(rf"weeks=6\b|days=42\b|\b42 jours|\b({en_lettres})", re.IGNORECASE)
    tops = (
        "contracts/relais_contrats",
        "contracts/relais_kit",
        "services",
        "gateway",
        "console",
        "connectors",
        "deploy",
    )
    sources = [path for top in tops for path in (ROOT / top).rglob("*.py") if path.name != "delais.py"]

    assert len(sources) > 200
    assert [str(path.relative_to(ROOT)) for path in sources if spelled.search(path.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize("document", ["docs/glossaire.md", "docs/reprise.md"])
def test_a_document_that_names_the_delay_to_orient_has_the_right_one(document: str) -> None:
    assert str(delais.ORIENTATION) in (ROOT / document).read_text(encoding="utf-8")
