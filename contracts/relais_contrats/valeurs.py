"""The scalar types of the contract: what a date, a text, a name or a reference may look like.

Every format is a pattern that means the same in Python, Rust and ECMAScript; a check that no pattern can express
names its rule (`REGLES_DE_VALEUR`), so that a disagreement with the JSON Schema always has a name.
"""

import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
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
from relais_contrats import saisies, territoires
from relais_contrats import telephones as tel

REGLES_DE_VALEUR: dict[str, tuple[str, str]] = {
    "date-reelle": ("dates-incoherentes", "Cette date n'existe pas au calendrier."),
    "seconde-intercalaire": ("dates-incoherentes", "Une seconde :60 n'existe qu'à la fin d'un mois, à 23:59 UTC."),
    "nir-cle": ("identifiant-invalide", "Le NIR n'est pas valide : sa clé ne correspond pas, ou c'est un spécimen."),
    "sans-nir": (
        "identifiant-invalide",
        "Cet identifiant contient ce qui ressemble à un NIR.",
    ),
    "texte-sans-nir": (
        "identifiant-invalide",
        "Ce texte contient ce qui ressemble à un NIR : ôtez-le. Un NIR ne se dit que dans « identifiants ».",
    ),
    "nom-de-remplissage": (
        "schema-invalide",
        "Ce texte est mis pour un nom inconnu. Un champ facultatif s'omet ; le nom de qui n'en a qu'un est répété.",
    ),
    "nom-illisible": (
        "schema-invalide",
        "Ce nom contient un signe qui n'est d'aucun nom, ou la trace d'un mauvais encodage : envoyez-le en UTF-8.",
    ),
    "siret-luhn": ("identifiant-invalide", "Le SIRET n'est pas valide : sa clé ne correspond pas."),
}
"""Semantic rules about one value: name → (refusal code, French sentence)."""

DEPOT = {"depot": True}
"""Validation context of a deposit: references to a parcours must be the partner's pseudonyms."""

MOTIF_DATE = "^(19|20)[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"
MOTIF_NAISSANCE = "^(19|20)[0-9]{2}-((0[1-9]|1[0-2])-(0[0-9]|[12][0-9]|3[01])|00-00)$"
"""Somebody « présumé né »: the day, or the day and the month, may be unknown (NIR: months 20, 30–42 and 50–99)."""
MOTIF_INSTANT = (
    "^(19|20)[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])[Tt ]([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)"
    r"(\.[0-9]+)?([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$"
)
"""Every writing of RFC 3339 § 5.6: small letters, a space for the T, :60, fractions of any length, -00:00."""
MOTIF_UUID = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
_DATE, _INSTANT = re.compile(MOTIF_DATE), re.compile(MOTIF_INSTANT)
_NAISSANCE = re.compile(MOTIF_NAISSANCE)
_FRACTION = re.compile(r"^\.[0-9]+")
MOTIF_CODE_LOCAL = "^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$"
# Inside the hub, an object is named with its emitter and the parcours in which it got its key.
_MOTIF_CLE_INTERNE = "^[a-z0-9][a-z0-9-]{1,30}/[A-Za-z0-9][A-Za-z0-9._:-]{0,63}@[0-9a-f]{32}$"
_CODE_LOCAL, _CLE_INTERNE = re.compile(MOTIF_CODE_LOCAL), re.compile(_MOTIF_CLE_INTERNE)
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


def _lire_naissance(valeur: Any) -> Any:
    if not isinstance(valeur, str) or _NAISSANCE.fullmatch(valeur) is None:
        raise _motif_non_respecte("une date AAAA-MM-JJ, de 1900 à 2099 (AAAA-MM-00, AAAA-00-00 si l'on sait moins)")
    if not valeur.endswith("-00"):
        _lire_date(valeur)
    return valeur


def _lire_instant(valeur: Any) -> Any:
    if isinstance(valeur, datetime) and valeur.tzinfo is not None:
        return valeur
    if not isinstance(valeur, str) or _INSTANT.fullmatch(valeur) is None:
        raise _motif_non_respecte("un instant RFC 3339 avec son décalage, par exemple 2026-03-02T09:30:00+01:00")
    try:
        return instant(valeur.upper())
    except ValueError:
        raise refuser_valeur("date-reelle") from None


def instant(texte: str) -> datetime:
    """From a writing of RFC 3339 in capitals; raises ValueError.

    A leap second is read as the last microsecond before it: Python has none, and the day stays the same.
    """
    if texte[17:19] != "60":
        return datetime.fromisoformat(texte)
    veille = datetime.fromisoformat(f"{texte[:17]}59.999999{_FRACTION.sub('', texte[19:])}")
    en_utc = veille.astimezone(UTC)
    if (en_utc.hour, en_utc.minute) != (23, 59) or (en_utc + timedelta(seconds=1)).day != 1:
        raise refuser_valeur("seconde-intercalaire")
    return veille


def _lire_departement(valeur: Any) -> Any:
    if isinstance(valeur, str) and not territoires.est_un_territoire(valeur):
        raise PydanticCustomError("format", "{phrase}", {"phrase": territoires.expliquer(valeur)})
    return valeur


def _lire_telephone(valeur: Any) -> Any:
    if isinstance(valeur, str) and (phrase := tel.expliquer(valeur)):
        raise PydanticCustomError("format", "{phrase}", {"phrase": phrase})
    return valeur


def _lire_entier(valeur: Any) -> Any:
    # JSON has one kind of number: 3.0 is 3, for JSON Schema as for RFC 8785.
    return int(valeur) if isinstance(valeur, float) and valeur.is_integer() else valeur


def _lire_reference(valeur: str, info: ValidationInfo) -> str:
    if _PSEUDONYME.fullmatch(valeur):
        return valeur
    if _UUID.fullmatch(valeur) and not (info.context and info.context.get("depot")):
        return valeur
    raise _motif_non_respecte("le pseudonyme d'un parcours, « prc_ » suivi de 26 signes")


def _lire_cle(valeur: str, info: ValidationInfo) -> str:
    est_deposee = bool(info.context and info.context.get("depot"))
    if _CODE_LOCAL.fullmatch(valeur):
        if est_deposee and ident.ressemble_a_un_nir(valeur):
            raise refuser_valeur("sans-nir")
        return valeur
    if _CLE_INTERNE.fullmatch(valeur) and not est_deposee:
        return valeur
    raise _motif_non_respecte("une clé de 64 signes au plus, lettres, chiffres, point, tiret, souligné ou deux-points")


def _nfc(valeur: str) -> str:
    return unicodedata.normalize("NFC", valeur)


def _coherent(verifier: Callable[[str], bool], regle: str) -> Callable[[str], str]:
    def controler(valeur: str) -> str:
        if not verifier(valeur):
            raise refuser_valeur(regle)
        return valeur

    return controler


class ReglesDeTexte:
    """Rules about one text that no pattern can express: judged on deposit, declared in the schema. They are not judged
    again on reading: the text may be older than the rule.
    """

    def __init__(self, **refuses: Callable[[str], bool]) -> None:
        self._refuses = {nom.replace("_", "-"): est_refuse for nom, est_refuse in refuses.items()}

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> cs.CoreSchema:
        return cs.with_info_after_validator_function(self._juger, handler(source))

    def __get_pydantic_json_schema__(self, core: cs.CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        schema = handler(core)
        schema["x-relais-regles"] = [*schema.get("x-relais-regles", ()), *self._refuses]
        return schema

    def _juger(self, valeur: str, info: ValidationInfo) -> str:
        if info.context and info.context.get("depot"):
            for regle, est_refuse in self._refuses.items():
                if est_refuse(valeur):
                    raise refuser_valeur(regle)
        return valeur


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
    "x-relais-regles": ["date-reelle", "seconde-intercalaire"],
}

_FORMAT_NAISSANCE = {"type": "string", "pattern": MOTIF_NAISSANCE, "x-relais-regles": ["date-reelle"]}
DateNaissance = Annotated[str, BeforeValidator(_lire_naissance), WithJsonSchema(_FORMAT_NAISSANCE)]
DateIso = Annotated[date, BeforeValidator(_lire_date), WithJsonSchema(_FORMAT_DATE)]
Instant = Annotated[datetime, BeforeValidator(_lire_instant), WithJsonSchema(_FORMAT_INSTANT)]
Booleen = StrictBool
Entier = Annotated[int, Field(strict=True), BeforeValidator(_lire_entier)]
Nombre = Annotated[float, Field(strict=True)]

MOTIF_SANS_NUL = "^[^\\u0000]+$"
MOTIF_SUR_UNE_LIGNE = "^[^\\u0000-\\u001f\\u007f]+$"
TexteLibre = ReglesDeTexte(texte_sans_nir=ident.porte_un_nir)
"""The mark of whatever people write with their own words: it is read by those who may not read a NIR."""
TexteCourt = Annotated[str, Field(min_length=1, max_length=200, pattern=MOTIF_SUR_UNE_LIGNE), TexteLibre]
Texte = Annotated[str, Field(min_length=1, max_length=1000, pattern=MOTIF_SANS_NUL), TexteLibre]
TexteLong = Annotated[str, Field(min_length=1, max_length=4000, pattern=MOTIF_SANS_NUL), TexteLibre]
NomPropre = Annotated[
    str,
    Field(min_length=1, max_length=100, pattern=MOTIF_SUR_UNE_LIGNE),
    AfterValidator(_nfc),
    ReglesDeTexte(
        texte_sans_nir=ident.porte_un_nir,
        nom_de_remplissage=saisies.nom_de_remplissage,
        nom_illisible=saisies.nom_illisible,
    ),
]
MOTIF_COURRIEL = r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+$"
Courriel = Annotated[str, Field(max_length=254, pattern=MOTIF_COURRIEL)]
Telephone = Annotated[str, Field(pattern=tel.MOTIF_PERSONNE), BeforeValidator(_lire_telephone)]
TelephoneDeService = Annotated[str, Field(pattern=tel.MOTIF_SERVICE), BeforeValidator(_lire_telephone)]
"""Of a service or of a professional in function: short numbers too (3949, 115)."""

MOTIF_URL = "^https?://[^ \\u0000-\\u001f\\u007f]+$"
UrlHttp = Annotated[str, Field(max_length=2000, pattern=MOTIF_URL)]
MOTIF_SLUG = "^[a-z0-9]+(-[a-z0-9]+)*$"
Slug = Annotated[str, Field(max_length=64, pattern=MOTIF_SLUG)]
SansNir = ReglesDeTexte(sans_nir=ident.ressemble_a_un_nir)
"""The mark of what names something else than a person, and is read by those who may not read a NIR."""
CodeLocal = Annotated[str, Field(pattern=MOTIF_CODE_LOCAL), SansNir]
"""A code that means something in the emitter's system only (the identifier of an agent…)."""

CodeCommune = Annotated[str, Field(pattern=ident.MOTIF_CODE_COMMUNE)]
LieuNaissance = Annotated[str, Field(pattern=ident.MOTIF_LIEU_NAISSANCE)]
CodePostal = Annotated[str, Field(pattern=ident.MOTIF_CODE_POSTAL)]
Departement = Annotated[str, Field(pattern=ident.MOTIF_DEPARTEMENT), BeforeValidator(_lire_departement)]
CodePartenaire = Annotated[str, Field(pattern=ident.MOTIF_PARTENAIRE)]
Pseudonyme = Annotated[str, Field(pattern=ident.MOTIF_PSEUDONYME)]
Nir = Annotated[
    str,
    Field(pattern=ident.MOTIF_NIR),
    AfterValidator(_coherent(ident.nir_est_coherent, "nir-cle")),
    WithJsonSchema({"type": "string", "pattern": ident.MOTIF_NIR, "x-relais-regles": ["nir-cle"]}),
]
MOTIF_ID_MESSAGE = "^[A-Za-z0-9._-]{1,64}$"
IdMessage = Annotated[
    str,
    Field(pattern=MOTIF_ID_MESSAGE),
    AfterValidator(_coherent(lambda texte: not ident.ressemble_a_un_nir(texte), "sans-nir")),
    WithJsonSchema({"type": "string", "pattern": MOTIF_ID_MESSAGE, "x-relais-regles": ["sans-nir"]}),
]
"""It is written in traces, journals and addresses: it names a message, never a person."""
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


class MarqueObjet:
    """Marks a field that names an object of this kind: translated at the door and at delivery, like a parcours.

    An object has the key that its emitter gave it and, for everybody else, a pseudonym of theirs (`obj_…`).
    """

    def __init__(self, nature: str) -> None:
        self.nature = nature


def _schema_objet(nature: str) -> WithJsonSchema:
    regles = {"x-relais-objet": nature, "x-relais-regles": ["sans-nir"]}
    return WithJsonSchema({"type": "string", "pattern": MOTIF_CODE_LOCAL, **regles})


CleObjet = Annotated[str, AfterValidator(_lire_cle), MarqueObjet("objet"), _schema_objet("objet")]
CleRdv = Annotated[str, AfterValidator(_lire_cle), MarqueObjet("rdv"), _schema_objet("rdv")]
CleContrat = Annotated[str, AfterValidator(_lire_cle), MarqueObjet("contrat"), _schema_objet("contrat")]
CleEngagement = Annotated[str, AfterValidator(_lire_cle), MarqueObjet("engagement"), _schema_objet("engagement")]
CleObjectif = Annotated[str, AfterValidator(_lire_cle), MarqueObjet("objectif"), _schema_objet("objectif")]
CleAction = Annotated[str, AfterValidator(_lire_cle), MarqueObjet("action"), _schema_objet("action")]
ClePrescription = Annotated[str, AfterValidator(_lire_cle), MarqueObjet("prescription"), _schema_objet("prescription")]
CleManquement = Annotated[str, AfterValidator(_lire_cle), MarqueObjet("manquement"), _schema_objet("manquement")]
CleSanction = Annotated[str, AfterValidator(_lire_cle), MarqueObjet("sanction"), _schema_objet("sanction")]
