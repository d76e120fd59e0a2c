"""One declaration per route: what it reads and what it answers are models, published under their names."""

import re

import pytest
from pydantic import BaseModel

from relais_contrats.api import DECLAREES, OPERATIONS
from relais_contrats.openapi import document_openapi
from relais_contrats.operations import HTML, JSON, Corps, Operation, lu

_JSON = re.compile(r"application/(?:[a-z.-]+\+)?json")


def without_model(operation: Operation) -> list[str]:
    """The JSON bodies, read or answered, that no model describes."""
    bodies: list[tuple[str, Corps]] = [*operation.corps.items()]
    bodies += [each for reponse in operation.reponses.values() for each in reponse.contenus.items()]
    return [
        kind
        for kind, corps in bodies
        if _JSON.fullmatch(kind) and not (isinstance(corps, type) and issubclass(corps, BaseModel))
    ]


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.nom)
def test_every_json_body_is_a_model(operation: Operation) -> None:
    assert without_model(operation) == []


def test_a_declaration_with_a_bare_schema_is_found() -> None:
    bare = Operation("GET", "/v1/inventee", "Rien", None, lu("Rien.", {"type": "object"}, JSON, HTML))

    assert without_model(bare) == [JSON]


def test_each_name_declares_one_operation() -> None:
    assert len(DECLAREES) == len(OPERATIONS)


def test_every_model_that_is_named_is_published() -> None:
    document = document_openapi()
    named = set(re.findall(r"#/components/schemas/(\w+)", str(document)))

    assert named <= document["components"]["schemas"].keys()
    assert {modele.__name__ for operation in OPERATIONS for modele in operation.modeles} <= named
