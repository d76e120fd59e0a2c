"""Generated files are what the models say, byte for byte; released versions are kept, and promises hold."""

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

import relais_contrats
from relais_contrats.briques import PASSERELLE
from relais_contrats.catalogue import CATALOGUE
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


def test_the_asyncapi_document_tells_partners_every_message_and_every_way() -> None:
    document = json.loads((RACINE / "generated" / "asyncapi.json").read_text())

    deposables = {f"depot.{nom}" for nom, m in CATALOGUE.items() if m.se_depose}
    assert set(document["channels"]["depots"]["messages"]) == deposables
    assert set(document["channels"]["evenements"]["messages"]) == set(CATALOGUE)
    assert set(document["channels"]["webhook"]["messages"]) == {*CATALOGUE, "abonnement.battement"}
    assert document["channels"]["webhook"]["address"] is None
    assert set(document["servers"]) == {"hub"}


def test_the_asyncapi_document_of_the_bus_names_every_subject_once() -> None:
    document = json.loads((RACINE / "generated" / "asyncapi-bus.json").read_text())

    on_the_bus = {nom for nom, m in CATALOGUE.items() if m.brique != PASSERELLE.nom}
    assert set(document["channels"]) == on_the_bus
    assert len({c["address"] for c in document["channels"].values()}) == len(on_the_bus)
    assert {c["x-nats-jetstream"]["stream"] for c in document["channels"].values()} == {"PARCOURS", "OFFRES"}


@pytest.mark.parametrize("nom", ["asyncapi.json", "asyncapi-bus.json", "openapi.json"])
def test_every_reference_of_a_document_is_inside_it(nom: str) -> None:
    document = json.loads((RACINE / "generated" / nom).read_text())

    assert [r for r in _references(document) if not _est_dans(document, r)] == []


def test_what_is_read_may_miss_a_field_and_bring_a_code_that_nobody_knew() -> None:
    document = json.loads((RACINE / "generated" / "asyncapi.json").read_text())
    racine = {"components": document["components"]}
    lu = jsonschema_rs.validator_for({"$ref": "#/components/schemas/RdvPlanifie.lu", **racine})
    depose = jsonschema_rs.validator_for({"$ref": "#/components/schemas/RdvPlanifie", **racine})

    assert lu.is_valid({"motif": "un-code-de-demain", "champ_de_demain": 1})
    assert not lu.is_valid({"duree_min": "trente"})
    assert not depose.is_valid({"motif": "accompagnement"})


@pytest.mark.parametrize("nom", SCHEMAS)
def test_a_schema_has_the_address_at_which_a_hub_serves_it_and_no_word_of_another_language(nom: str) -> None:
    servi = nom.removesuffix(".json").replace(".depot", "/depot")

    assert SCHEMAS[nom]["$id"] == f"/v1/contrats/{servi}"
    assert {"ge", "le", "gt", "lt"}.isdisjoint(_mots(SCHEMAS[nom]))


def _references(document: Any) -> list[str]:
    if isinstance(document, list):
        return [r for element in document for r in _references(element)]
    if not isinstance(document, dict):
        return []
    ici = [document["$ref"]] if isinstance(document.get("$ref"), str) else []
    return ici + [r for valeur in document.values() for r in _references(valeur)]


def _est_dans(document: Any, reference: str) -> bool:
    tete, *pas = reference.split("/")
    for un in pas:
        if un not in document:
            return False
        document = document[un]
    return tete == "#"


def _mots(schema: Any) -> set[str]:
    """The keywords of a schema, names of properties and definitions left out."""
    if isinstance(schema, list):
        return set().union(*map(_mots, schema)) if schema else set()
    if not isinstance(schema, dict):
        return set()
    nommes = {"properties", "$defs"}
    dedans = [v for cle in nommes & schema.keys() for v in schema[cle].values()]
    return set(schema).union(*map(_mots, [*dedans, *(v for cle, v in schema.items() if cle not in nommes)]))


def test_the_reference_tells_every_message_and_every_refusal() -> None:
    texte = (RACINE / "generated" / "messages.md").read_text()

    assert [nom for nom in CATALOGUE if f"### `{nom}`" not in texte] == []
    assert "`orientation-prealable-obligatoire`" in texte
