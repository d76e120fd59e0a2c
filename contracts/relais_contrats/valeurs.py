"""The scalar types of the contract: what a date, a text, a name or a reference may look like.

Every format is a pattern that means the same in Python, Rust and ECMAScript; a check that no pattern can express
names its rule (`REGLES_DE_VALEUR`), so that a disagreement with the JSON Schema always has a name.
"""

import re
import unicodedata
from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    JsonValue,
    StrictBool,
    ValidationInfo,
    WithJsonSchema,
)
from pydantic.fields import FieldInfo
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import PydanticCustomError
from pydantic_core import core_schema as cs

from relais_contrats import identifiants as ident

REGLES_DE_VALEUR: dict[str, tuple[str, str]] = {
    "date-reelle": ("dates-incoherentes", "Cette date n'existe pas au calendrier."),
    "nir-cle": ("identifiant-invalide", "Le NIR n'est pas valide : sa clé ne correspond pas, ou c'est un spécimen."),
    "siret-luhn": ("identifiant-invalide", "Le SIRET n'est pas valide : sa clé ne correspond pas."),
}
"""Semantic rules about one value: name → (refusal code, French sentence)."""

DEPOT = {"depot": True}
"""Validation context of a deposit: references to a parcours must be the partner's pseudonyms."""

MOTIF_DATE = "^(19|20)[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"
MOTIF_INSTANT = (
    "^(19|20)[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
    r"(\.[0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$"
)
MOTIF_UUID = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
_DATE, _INSTANT = re.compile(MOTIF_DATE), re.compile(MOTIF_INSTANT)
_PSEUDONYME, _UUID = re.compile(ident.MOTIF_PSEUDONYME), re.compile(MOTIF_UUID)


def dit(description: str, source: str | None = None, **contraintes: Any) -> FieldInfo:
    """Describe a field to the partner: what it means (French) and where the definition comes from."""
    extra: dict[str, JsonValue] = {"x-relais-source": source} if source else {}
    # Behind the reader of `3.0` as 3, pydantic checks the bounds of an integer but no longer writes them.
    extra |= {mot: contraintes[borne] for borne, mot in (("ge", "minimum"), ("le", "maximum")) if borne in contraintes}
    champ: FieldInfo = Field(description=description, json_schema_extra=extra or None, **contraintes)
    return champ


def refuser_valeur(regle: str) -> PydanticCustomError:
    """The error of a semantic rule about one value; its type is the name of the rule."""
    return PydanticCustomError(regle, "{phrase}", {"phrase": REGLES_DE_VALEUR[regle][1]})


def _motif_non_respecte(attendu: str) -> PydanticCustomError:
    return PydanticCustomError("format", "{phrase}", {"phrase": f"Attendu : {attendu}."})


def _lire_date(valeur: Any) -> Any:
    if isinstance(valeur, datetime):
        raise _motif_non_respecte("une date AAAA-MM-JJ, entre 1900 et 2099")
    if isinstance(valeur, date):
        return valeur
    if not isinstance(valeur, str) or _DATE.fullmatch(valeur) is None:
        raise _motif_non_respecte("une date AAAA-MM-JJ, entre 1900 et 2099")
    try:
        return date.fromisoformat(valeur)
    except ValueError:
        raise refuser_valeur("date-reelle") from None


def _lire_instant(valeur: Any) -> Any:
    if isinstance(valeur, datetime) and valeur.tzinfo is not None:
        return valeur
    if not isinstance(valeur, str) or _INSTANT.fullmatch(valeur) is None:
        raise _motif_non_respecte("un instant RFC 3339 avec son décalage, par exemple 2026-03-02T09:30:00+01:00")
    try:
        return datetime.fromisoformat(valeur)
    except ValueError:
        raise refuser_valeur("date-reelle") from None


def _lire_entier(valeur: Any) -> Any:
    # JSON has one kind of number: 3.0 is 3, for JSON Schema as for RFC 8785.
    return int(valeur) if isinstance(valeur, float) and valeur.is_integer() else valeur


def _lire_reference(valeur: str, info: ValidationInfo) -> str:
    if _PSEUDONYME.fullmatch(valeur):
        return valeur
    if _UUID.fullmatch(valeur) and not (info.context and info.context.get("depot")):
        return valeur
    raise _motif_non_respecte("le pseudonyme d'un parcours, « prc_ » suivi de 26 signes")


def _nfc(valeur: str) -> str:
    return unicodedata.normalize("NFC", valeur)


def _coherent(verifier: Callable[[str], bool], regle: str) -> Callable[[str], str]:
    def controler(valeur: str) -> str:
        if not verifier(valeur):
            raise refuser_valeur(regle)
        return valeur

    return controler


class SansDoublon:
    """A list whose items all differ: refused in Python, `uniqueItems` in the schema."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> cs.CoreSchema:
        return cs.no_info_after_validator_function(_sans_doublon, handler(source))

    def __get_pydantic_json_schema__(self, core: cs.CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        schema = handler(core)
        schema["uniqueItems"] = True
        return schema


def _sans_doublon(valeurs: list[Any]) -> list[Any]:
    if len(set(valeurs)) != len(valeurs):
        raise PydanticCustomError("doublon", "{phrase}", {"phrase": "Une valeur est répétée dans la liste."})
    return valeurs


_FORMAT_DATE = {"type": "string", "format": "date", "pattern": MOTIF_DATE, "x-relais-regles": ["date-reelle"]}
_FORMAT_INSTANT = {
    "type": "string",
    "format": "date-time",
    "pattern": MOTIF_INSTANT,
    "x-relais-regles": ["date-reelle"],
}

DateIso = Annotated[date, BeforeValidator(_lire_date), WithJsonSchema(_FORMAT_DATE)]
Instant = Annotated[datetime, BeforeValidator(_lire_instant), WithJsonSchema(_FORMAT_INSTANT)]
Booleen = StrictBool
Entier = Annotated[int, Field(strict=True), BeforeValidator(_lire_entier)]
Nombre = Annotated[float, Field(strict=True)]

_SANS_NUL = "^[^\\u0000]+$"
_SUR_UNE_LIGNE = "^[^\\u0000-\\u001f\\u007f]+$"
TexteCourt = Annotated[str, Field(min_length=1, max_length=200, pattern=_SUR_UNE_LIGNE)]
Texte = Annotated[str, Field(min_length=1, max_length=1000, pattern=_SANS_NUL)]
TexteLong = Annotated[str, Field(min_length=1, max_length=4000, pattern=_SANS_NUL)]
NomPropre = Annotated[str, Field(min_length=1, max_length=100, pattern=_SUR_UNE_LIGNE), AfterValidator(_nfc)]
Courriel = Annotated[
    str,
    Field(max_length=254, pattern=r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+$"),
]
Telephone = Annotated[str, Field(pattern=r"^(\+[1-9][0-9]{6,14}|0[1-9][0-9]{8})$")]
UrlHttp = Annotated[str, Field(max_length=2000, pattern="^https?://[^ \\u0000-\\u001f\\u007f]+$")]
Slug = Annotated[str, Field(max_length=64, pattern="^[a-z0-9]+(-[a-z0-9]+)*$")]
CodeLocal = Annotated[str, Field(pattern="^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$")]
"""Key of an object chosen by the emitter (contract, appointment, objective…), unique within the parcours."""

CodeCommune = Annotated[str, Field(pattern=ident.MOTIF_CODE_COMMUNE)]
LieuNaissance = Annotated[str, Field(pattern=ident.MOTIF_LIEU_NAISSANCE)]
CodePostal = Annotated[str, Field(pattern=ident.MOTIF_CODE_POSTAL)]
Departement = Annotated[str, Field(pattern=ident.MOTIF_DEPARTEMENT)]
CodePartenaire = Annotated[str, Field(pattern=ident.MOTIF_PARTENAIRE)]
Pseudonyme = Annotated[str, Field(pattern=ident.MOTIF_PSEUDONYME)]
Nir = Annotated[
    str,
    Field(pattern=ident.MOTIF_NIR),
    AfterValidator(_coherent(ident.nir_est_coherent, "nir-cle")),
    WithJsonSchema({"type": "string", "pattern": ident.MOTIF_NIR, "x-relais-regles": ["nir-cle"]}),
]
Siret = Annotated[
    str,
    Field(pattern=ident.MOTIF_SIRET),
    AfterValidator(_coherent(ident.siret_est_coherent, "siret-luhn")),
    WithJsonSchema({"type": "string", "pattern": ident.MOTIF_SIRET, "x-relais-regles": ["siret-luhn"]}),
]


class MarqueReference:
    """Marks a field that names a parcours: translated at the door and at delivery."""


ReferenceParcours = Annotated[
    str,
    AfterValidator(_lire_reference),
    MarqueReference(),
    WithJsonSchema({"type": "string", "pattern": ident.MOTIF_PSEUDONYME, "x-relais-reference": "parcours"}),
]
