"""What a partner reads when a text has not the form of its field."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from relais_contrats.catalogue import CATALOGUE
from relais_contrats.enveloppe import Depot
from relais_contrats.formes import FORMES, forme
from relais_contrats.precisions import PHRASES, preciser
from relais_contrats.valeurs import MOTIF_DATE, MOTIF_INSTANT, MOTIF_NAISSANCE

ROOMS = Path(__file__).parents[2] / "services"
DATES = {MOTIF_DATE, MOTIF_NAISSANCE, MOTIF_INSTANT}  # read by code of their own, which says what it expects


def patterns(schema: Any) -> Iterator[str]:
    """Of the fields; what depends on another field (`allOf`) has its sentence with its rule."""
    children = schema.items() if isinstance(schema, dict) else enumerate(schema) if isinstance(schema, list) else ()
    for key, value in children:
        if key == "pattern" and isinstance(value, str):
            yield value
        elif key != "allOf":
            yield from patterns(value)


EMITTED = sorted({m.modele for m in CATALOGUE.values() if m.se_depose}, key=lambda m: m.__name__)


@pytest.mark.parametrize("modele", [Depot, *EMITTED], ids=lambda m: m.__name__)
def test_every_pattern_says_in_french_what_it_expects(modele: Any) -> None:
    assert set(patterns(modele.model_json_schema())) - DATES - set(FORMES) == set()


def test_what_has_no_sentence_sends_to_the_schema() -> None:
    assert forme("^x$") == "Ce texte n'a pas la forme attendue : voyez le schéma."


def details_of(source: Path) -> Iterator[str]:
    """The keys of the facts that the refusals of this file carry, where they are written in place."""
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Refus":
            written = [argument for argument in node.args[2:] if isinstance(argument, ast.Dict)]
            yield from (str(ast.literal_eval(key)) for facts in written for key in facts.keys if key is not None)


def test_every_fact_of_a_refusal_has_its_sentence() -> None:
    keys = {key for room in ROOMS.glob("*/domain") for source in room.glob("*.py") for key in details_of(source)}

    assert len(keys) > 15
    assert keys - set(PHRASES) == set()


def test_a_refusal_says_the_date_that_it_means() -> None:
    assert preciser({"recu_le": "2026-11-30", "autre": 3, "rang_attendu": 2}) == (
        "Le jour du dépôt est le 2026-11-30. Rang attendu : 2."
    )
