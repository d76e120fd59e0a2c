"""The kind of every closed list of the contract: a string enumeration whose members carry a French description."""

from enum import StrEnum
from typing import Self

from pydantic import GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import core_schema as cs


class Code(StrEnum):
    """One closed list. The value is the slug on the wire; `description` is what a partner reads about it."""

    description: str

    def __new__(cls, valeur: str, description: str = "") -> Self:
        membre = str.__new__(cls, valeur)
        membre._value_ = valeur
        membre.description = description
        return membre

    @classmethod
    def __get_pydantic_json_schema__(cls, core: cs.CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        schema = handler(core)
        descriptions = {code.value: code.description for code in cls if code.description}
        if descriptions:
            handler.resolve_ref_schema(schema)["x-relais-codes"] = descriptions
        return schema
