"""Generated files are what the models say, byte for byte; released versions are kept, and promises hold."""

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

import relais_contrats
from relais_contrats.catalogue import CATALOGUE, PASSERELLE
from relais_contrats.generer import ecrire, fichiers
from relais_contrats.schemas import tous_les_schemas

SCHEMAS = tous_les_schemas()
RACINE = Path(relais_contrats.__file__).parent.parent


def test_the_committed_files_are_those_that_the_models_generate() -> None:
    ecrits = {
        p.relative_to(RACINE / "generated").as_posix(): p.read_bytes()
        for p in (RACINE / "generated").rglob("*")
        if p.is_file()
    }

    assert {nom: texte.encode() for nom, texte in fichiers().items()} == ecrits


def test_generating_twice_gives_the_same_bytes_and_removes_what_is_gone(tmp_path: Path) -> None:
    ecrire(tmp_path)
    (tmp_path / "schemas" / "disparu.json").write_text("{}")
    avant = (tmp_path / "asyncapi.json").read_bytes()

    nombre = ecrire(tmp_path)

    assert nombre == len([p for p in tmp_path.rglob("*") if p.is_file()])
    assert (tmp_path / "asyncapi.json").read_bytes() == avant


@pytest.mark.parametrize("nom", SCHEMAS)
def test_a_schema_is_a_valid_2020_12_schema(nom: str) -> None:
    schema: dict[str, Any] = SCHEMAS[nom]

    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert jsonschema_rs.meta.is_valid(schema)


def test_the_asyncapi_document_names_every_message_once() -> None:
    document = json.loads((RACINE / "generated" / "asyncapi.json").read_text())

    assert document["asyncapi"] == "3.0.0"
    assert set(document["channels"]) == set(document["components"]["messages"]) == set(CATALOGUE)
    assert len({c["address"] for c in document["channels"].values()}) == len(CATALOGUE)
    on_the_bus = [c for nom, c in document["channels"].items() if CATALOGUE[nom].brique != PASSERELLE]
    assert {c["x-nats-jetstream"]["stream"] for c in on_the_bus} == {"PARCOURS", "OFFRES"}


def test_the_reference_tells_every_message_and_every_refusal() -> None:
    texte = (RACINE / "generated" / "messages.md").read_text()

    assert [nom for nom in CATALOGUE if f"### `{nom}`" not in texte] == []
    assert "`orientation-prealable-obligatoire`" in texte
