"""How an operation of the API is described: the words in which `api` is written, and that `openapi` reads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

JSON, NDJSON = "application/json", "application/x-ndjson"
FORMULAIRE = "application/x-www-form-urlencoded"

Schema = Mapping[str, Any]

TEXTE: Schema = {"type": "string"}
DATE: Schema = {"type": "string", "format": "date"}
INSTANT: Schema = {"type": "string", "format": "date-time"}
OBJET: Schema = {"type": "object"}


def ref(nom: str) -> Schema:
    return {"$ref": f"#/components/schemas/{nom}"}


def objet(requis: Sequence[str] = (), **proprietes: Schema) -> Schema:
    schema: dict[str, Any] = {"type": "object", "properties": proprietes}
    return schema | {"required": list(requis)} if requis else schema


def dit(texte: str, schema: Schema) -> Schema:
    """The same schema, with a sentence on what it means."""
    return {**schema, "description": texte}


def liste(element: Schema) -> Schema:
    return {"type": "array", "items": element}


def entier(minimum: int, maximum: int) -> Schema:
    return {"type": "integer", "minimum": minimum, "maximum": maximum}


def parmi(*codes: str) -> Schema:
    return {"type": "string", "enum": list(codes)}


@dataclass(frozen=True, slots=True)
class Parametre:
    """A query parameter; `requis` for those without which there is no answer."""

    nom: str
    texte: str
    schema: Schema = field(default_factory=lambda: TEXTE)
    requis: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """`portee` None: no token is asked for. `reponses` are status → (sentence, content type, schema)."""

    methode: str
    chemin: str
    resume: str
    portee: str | None
    reponses: Mapping[int, tuple[str, str | None, Schema | None]]
    parametres: Sequence[Parametre] = ()
    corps: Mapping[str, Schema] = field(default_factory=dict)
    en_tetes: Sequence[Parametre] = ()


def lu(texte: str, schema: Schema, type_: str = JSON) -> Mapping[int, tuple[str, str | None, Schema | None]]:
    return {200: (texte, type_, schema)}
