"""How an operation of the API is described: the words in which `api` is written, and that `openapi` reads."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from relais_contrats.catalogue import CATALOGUE
from relais_contrats.codes.acteurs import Finalite
from relais_contrats.enveloppe import MOTIF_AGENT
from relais_contrats.identifiants import MOTIF_CODE_COMMUNE, MOTIF_DEPARTEMENT, MOTIF_PSEUDONYME
from relais_contrats.valeurs import MOTIF_DATE, MOTIF_ID_MESSAGE, MOTIF_INSTANT

JSON, NDJSON, HTML = "application/json", "application/x-ndjson", "text/html"
PROBLEME = "application/problem+json"
FORMULAIRE = "application/x-www-form-urlencoded"

Schema = Mapping[str, Any]
Corps = Schema | type[BaseModel]
"""What a body holds: a model, published under its name; or a schema, for what is no JSON object."""

TEXTE: Schema = {"type": "string"}
_SIECLES, _ANNEES = "^(19|20)[0-9]{2}", "^[12][0-9]{3}"
MOTIF_JOUR, MOTIF_MOMENT = MOTIF_DATE.replace(_SIECLES, _ANNEES), MOTIF_INSTANT.replace(_SIECLES, _ANNEES)
MOTIF_MOMENT = MOTIF_MOMENT.replace("[Tt ]", "[Tt]")
"""A limit that is asked for may be further away than any fact: written like one, up to the year 2999, with its T."""
DATE: Schema = {"type": "string", "format": "date", "pattern": MOTIF_JOUR}
INSTANT: Schema = {"type": "string", "format": "date-time"}
MOMENT: Schema = {**INSTANT, "pattern": MOTIF_MOMENT}
OBJET: Schema = {"type": "object"}
ENTIER: Schema = {"type": "integer"}
BOOLEEN: Schema = {"type": "boolean"}
UUID: Schema = {"type": "string", "format": "uuid"}
ID_MESSAGE: Schema = {"type": "string", "pattern": MOTIF_ID_MESSAGE}
NUMERO: Schema = {"type": "integer", "minimum": 0}
MOTIF_NUMERO = "^(0|[1-9][0-9]{0,14})$"
NUMERO_OU_MOMENT: Schema = {"anyOf": [{"type": "string", "pattern": MOTIF_NUMERO}, MOMENT]}
"""A limit by number, or by the instant of the decision."""
PSEUDONYME: Schema = {"type": "string", "pattern": MOTIF_PSEUDONYME}
DEPARTEMENT: Schema = {"type": "string", "pattern": MOTIF_DEPARTEMENT}
COMMUNE: Schema = {"type": "string", "pattern": MOTIF_CODE_COMMUNE}
CURSEUR: Schema = {"type": "string", "pattern": "^[A-Za-z0-9_=-]{1,400}$"}
CLE: Schema = {"type": "string", "pattern": "^[A-Za-z0-9._~-]{1,100}$"}
"""A key in a path, of whatever kind: what needs no escape there (RFC 3986 § 2.3)."""
AGENT: Schema = {"type": "string", "minLength": 1, "maxLength": 200, "pattern": MOTIF_AGENT}
_TYPES = [*CATALOGUE, *(message.type_cloudevents for message in CATALOGUE.values())]
TYPE: Schema = {"type": "string", "enum": _TYPES}
LISTE_DE_TYPES: Schema = {"type": "array", "items": TYPE, "maxItems": 100}


def ref(nom: str) -> Schema:
    return {"$ref": f"#/components/schemas/{nom}"}


def objet(requis: Sequence[str] = (), **proprietes: Schema) -> Schema:
    schema: dict[str, Any] = {"type": "object", "properties": proprietes}
    return schema | {"required": list(requis)} if requis else schema


def demande(requis: Sequence[str] = (), **proprietes: Schema) -> Schema:
    """An object that the hub reads: a property that is not written here is refused."""
    return {**objet(requis, **proprietes), "additionalProperties": False}


def dit(texte: str, schema: Schema) -> Schema:
    """The same schema, with a sentence on what it means."""
    return {**schema, "description": texte}


def liste(element: Schema) -> Schema:
    return {"type": "array", "items": element}


def ou_nul(schema: Schema) -> Schema:
    """What may be `null`: there is none, or nothing more."""
    return {"anyOf": [schema, {"type": "null"}]}


def codes_separes(codes: Iterable[str]) -> Schema:
    """Codes separated by commas, at least one."""
    un = "|".join(code.replace(".", "\\.") for code in codes)
    return {"type": "string", "pattern": f"^({un})(,({un}))*$"}


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
    est_une_liste_de_codes: bool = False
    """Whoever reads it tells a code that does not exist from a form that is wrong."""
    a_des_barres: bool = False
    """In a path: the key of somebody else's, that may hold slashes."""


@dataclass(frozen=True, slots=True)
class Reponse:
    """One answer: its description, and the schema of its body by content type; none for an empty body."""

    texte: str
    contenus: Mapping[str, Corps] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Operation:
    """`portee` None: no token is asked for. `cle` is the part of the path between braces."""

    methode: str
    chemin: str
    resume: str
    portee: str | None
    reponses: Mapping[int, Reponse]
    parametres: Sequence[Parametre] = ()
    corps: Mapping[str, Corps] = field(default_factory=dict)
    en_tetes: Sequence[Parametre] = ()
    cle: Parametre | None = None

    @property
    def nom(self) -> str:
        """Its name where a handler is put on it: `GET /v1/evenements`."""
        return f"{self.methode} {self.chemin}"

    @property
    def modeles(self) -> set[type[BaseModel]]:
        """What it reads and answers."""
        lus = [*self.corps.values(), *(c for reponse in self.reponses.values() for c in reponse.contenus.values())]
        return {corps for corps in lus if isinstance(corps, type)}

    @property
    def gabarit(self) -> str:
        """The path as routers read it."""
        cle = self.cle
        return self.chemin.replace(f"{{{cle.nom}}}", f"{{{cle.nom}:path}}") if cle and cle.a_des_barres else self.chemin


BORNES_DE_NUMEROS = (
    Parametre("du", "Premier numéro, ou instant de la décision ; absent : 1.", NUMERO_OU_MOMENT),
    Parametre("au", "Dernier numéro, ou instant de la décision ; absent : le dernier attribué.", NUMERO_OU_MOMENT),
)


def rendu(texte: str, schema: Corps | None = None, *types: str) -> Reponse:
    """An answer and its body, JSON unless `types` says otherwise; a page is a text."""
    if schema is None:
        return Reponse(texte)
    return Reponse(texte, {type_: TEXTE if type_ == HTML else schema for type_ in types or (JSON,)})


def lu(texte: str, schema: Corps, *types: str) -> dict[int, Reponse]:
    return {200: rendu(texte, schema, *types)}


QUI = (
    Parametre("Relais-Agent", "Qui consulte : « nom prenom identifiant », ou « batch ».", AGENT),
    Parametre("Relais-Finalite", "Finalité de la consultation, parmi celles de la convention.", parmi(*Finalite)),
)
SI_NON = Parametre("If-None-Match", "ETag déjà détenu : 304 si rien n'a changé.")
APRES = Parametre("apres", "Curseur `suite` de la page précédente : la même question.", CURSEUR)
PRC = Parametre("prc", "Pseudonyme du parcours chez le partenaire.", PSEUDONYME, requis=True)
INCHANGE: dict[int, Reponse] = {304: rendu("Inchangé.")}
