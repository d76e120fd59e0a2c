"""The class of every `data` object: closed, immutable, in a group of rights, with its cross-field rules."""

from collections.abc import Mapping
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import PydanticCustomError
from pydantic_core import core_schema as cs

from relais_contrats.groupes import Groupe
from relais_contrats.regles import Regle


class Donnees(BaseModel):
    """An object of the contract. An absent field and a null field mean the same: nothing is known.

    `groupe` is the default of its fields (None: the group of the field that holds it); `regles` its cross-field rules.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    groupe: ClassVar[Groupe | None] = None
    regles: ClassVar[tuple[Regle, ...]] = ()

    @classmethod
    def groupes_selon(cls, objet: Mapping[str, Any]) -> Mapping[str, Groupe]:
        """Groups that depend on the content of the object (an identifier's group is that of its type)."""
        return {}

    @model_validator(mode="after")
    def _respecter_les_regles(self) -> Self:
        if not self.regles:
            return self
        valeurs = self.__dict__
        violations = [(*v, regle.nom) for regle in self.regles for v in regle.verifier(valeurs)]
        if violations:
            raise PydanticCustomError("regles", "{violations}", {"violations": violations})
        return self

    @classmethod
    def __get_pydantic_json_schema__(cls, core: cs.CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        schema = handler(core)
        objet = handler.resolve_ref_schema(schema)
        formelles = [s for regle in cls.regles if (s := regle.schema()) is not None]
        if formelles:
            objet["allOf"] = [*objet.get("allOf", []), *formelles]
        semantiques = [{"nom": r.nom, "phrase": r.phrase} for r in cls.regles if r.schema() is None]
        if semantiques:
            objet["x-relais-regles"] = semantiques
        return schema

    def en_json(self) -> dict[str, Any]:
        """The JSON object as it travels: absent fields are absent."""
        return self.model_dump(mode="json", exclude_none=True)


class Demande(BaseModel):
    """What the API reads besides messages: a property that is not written here is refused."""

    model_config = ConfigDict(extra="forbid")
