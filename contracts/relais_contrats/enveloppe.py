"""The CloudEvents 1.0 envelope: a partner posts a `Depot`, the hub writes an `Evenement`."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, WithJsonSchema, model_validator

from relais_contrats import saisies
from relais_contrats.codes.acteurs import Finalite
from relais_contrats.identifiants import ressemble_a_un_nir
from relais_contrats.regles import Regle
from relais_contrats.valeurs import Departement, Entier, IdMessage, Instant, Pseudonyme, TexteLibre, dit

PREFIXE_TYPE = "fr.insertion."
SUFFIXE_TYPE = ".v1"

MOTIF_TYPE = "^fr\\.insertion\\.[a-z-]+\\.[a-z-]+\\.v[1-9][0-9]*$"
MOTIF_SOURCE_PARTENAIRE = "^/partenaires/[a-z0-9][a-z0-9-]{1,30}$"
MOTIF_SOURCE = "^/(partenaires/[a-z0-9][a-z0-9-]{1,30}|services/[a-z0-9_-]{1,40}|liens/[0-9a-f-]{36})$"
MOTIF_DATASCHEMA = "^(https?://[^ ?#\\u0000-\\u001f\\u007f]+)?/[^ ?#\\u0000-\\u001f\\u007f]+$"
MOTIF_DATACONTENTTYPE = (
    "^[Aa][Pp][Pp][Ll][Ii][Cc][Aa][Tt][Ii][Oo][Nn]/[Jj][Ss][Oo][Nn]"
    '([ \\t]*;[ \\t]*([!#-\'*+.0-9A-Z^-z|~-]+=([!#-\'*+.0-9A-Z^-z|~-]+|"[^"\\\\\\u0000-\\u001f\\u007f]*"))?)*[ \\t]*$'
)
"""`application/json` as media types are written: any case, parameters (RFC 9110 § 8.3.1)."""
MOTIF_TRACEPARENT = "^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(-[ -~]*)?$"
MOTIF_EXTENSION = "^[a-z0-9]{1,64}$"
"""How CloudEvents names attributes: one that has another form is a mistake, not an extension."""
MOTIF_AGENT = "^[^|\\u0000-\\u001f\\u007f]+$"

_TYPE = dit("Nature du message : `fr.insertion.<fait>.v1`.", "CloudEvents type", max_length=120, pattern=MOTIF_TYPE)
_AGENT = dit(
    "Qui a agi dans le système émetteur : « nom prenom identifiant », ou « batch ».",
    "France Travail, en-têtes pa-nom-agent, pa-prenom-agent, pa-identifiant-agent",
    min_length=1,
    max_length=200,
    pattern=MOTIF_AGENT,
)
_EXTENSION, _TRACEPARENT = re.compile(MOTIF_EXTENSION), re.compile(MOTIF_TRACEPARENT)
_EXTENSION_INCONNUE = "Cet attribut d'extension est inconnu : il est admis, et n'est pas conservé."
_TRACE_ILLISIBLE = "Ce contexte de trace est illisible : il est ignoré."
_AVERTISSEMENTS_MAX = 50


def trace_lisible(valeur: object) -> str | None:
    """A W3C `traceparent` that can be followed, or None: a trace never decides whether a message is accepted."""
    if not isinstance(valeur, str) or len(valeur) > 512 or _TRACEPARENT.fullmatch(valeur) is None:
        return None
    version, trace, parent, *_ = valeur.split("-")
    est_vide = not trace.strip("0") or not parent.strip("0")
    est_longue = version == "00" and len(valeur) != 55
    return None if version == "ff" or est_vide or est_longue else valeur


def dataschema_de(nom: str) -> str:
    """How the addresses end at which the schema of this type is published (a pattern)."""
    court, entier = (texte.replace(".", "\\.") for texte in (nom, f"{PREFIXE_TYPE}{nom}{SUFFIXE_TYPE}"))
    return f"/({court}|{entier})([./]depot)?(\\.json)?$"


def avertissements(objet: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return the warnings about an accepted message (attributes not stored, suspicious contents): pointer and French
    sentence.
    """
    inconnus = [nom for nom in objet if est_une_extension(nom)][:_AVERTISSEMENTS_MAX]
    dits = [
        {"pointeur": "" if ressemble_a_un_nir(nom) else f"/{nom}", "message": _EXTENSION_INCONNUE} for nom in inconnus
    ]
    if objet.get("traceparent") is not None and trace_lisible(objet["traceparent"]) is None:
        dits.append({"pointeur": "/traceparent", "message": _TRACE_ILLISIBLE})
    contenu = {nom: objet.get(nom) for nom in ("agent", "data")}
    return [*dits, *saisies.a_dire(contenu, "")][:_AVERTISSEMENTS_MAX]


def est_une_extension(nom: str) -> bool:
    return nom not in _ATTRIBUTS and _EXTENSION.fullmatch(nom) is not None


class Depot(BaseModel):
    """Ce qu'un partenaire dépose. Un attribut d'extension inconnu est admis et n'est pas conservé."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, json_schema_extra={"patternProperties": {MOTIF_EXTENSION: True}}
    )
    regles: ClassVar[tuple[Regle, ...]] = ()

    specversion: Annotated[Literal["1.0"], dit("Version de CloudEvents.")]
    id: Annotated[
        IdMessage,
        dit(
            "Identifiant choisi par l'émetteur, unique chez lui. Redéposer les mêmes id et corps rend la première "
            "réponse ; le même id avec un autre corps est refusé (contenu-different)."
        ),
    ]
    source: Annotated[
        str,
        dit(
            "`/partenaires/<code>` : le partenaire authentifié.", "CloudEvents source", pattern=MOTIF_SOURCE_PARTENAIRE
        ),
    ]
    type: Annotated[str, _TYPE]
    time: Annotated[
        Instant,
        dit(
            "Instant du fait métier, avec son décalage horaire. Entre deux messages sur un même objet, le plus récent "
            "vaut ; un plus ancien est refusé (version-perimee). Un instant à venir compte pour celui de la réception.",
            "RFC 3339",
        ),
    ]
    datacontenttype: Annotated[
        str | None,
        dit(
            "`application/json`, avec ou sans paramètres ; c'est ce qu'il est quand il manque.",
            "RFC 9110, § 8.3.1",
            max_length=200,
            pattern=MOTIF_DATACONTENTTYPE,
        ),
    ] = None
    dataschema: Annotated[
        str | None,
        dit(
            "Une adresse à laquelle le schéma de ce type de message est publié.",
            "CloudEvents dataschema",
            max_length=500,
            pattern=MOTIF_DATASCHEMA,
        ),
    ] = None
    subject: Annotated[
        Pseudonyme | None,
        dit(
            "Pseudonyme du parcours chez le partenaire ; absent quand le message ouvre un parcours ou publie une offre."
        ),
    ] = None
    departement: Annotated[
        Departement,
        dit(
            "Le territoire : code INSEE du département ; 69D (Rhône) ou 69M (Métropole de Lyon) au lieu de 69.",
            "INSEE, code officiel géographique ; CGCT L. 3611-1",
        ),
    ]
    agent: Annotated[str, _AGENT, TexteLibre]
    finalite: Annotated[Finalite, dit("Finalité de l'échange.", "CASF R. 263-1 et suivants")]
    traceparent: Annotated[
        str | None,
        BeforeValidator(trace_lisible),
        WithJsonSchema({}),
        dit("Contexte de trace : le hub lie sa trace à celle-ci. Illisible, il est ignoré.", "W3C Trace Context"),
    ] = None
    tracestate: Annotated[Any, dit("État de trace : lu par personne, jamais refusé.", "W3C Trace Context")] = None
    versionattendue: Annotated[
        Entier | None,
        dit(
            "Dernière `sequence` vue par l'émetteur ; dépassée, le dépôt est refusé (version-perimee).",
            ge=0,
            le=9007199254740991,
        ),
    ] = None
    causeid: Annotated[IdMessage | None, dit("Message qui a conduit à celui-ci.")] = None
    correlationid: Annotated[IdMessage | None, dit("Échange auquel ce message appartient.")] = None
    data: Annotated[dict[str, Any], dit("Le contenu, selon le type.")]

    @model_validator(mode="before")
    @classmethod
    def _sans_extension(cls, objet: Any) -> Any:
        if not isinstance(objet, Mapping) or objet.keys() <= _ATTRIBUTS:
            return objet
        return {nom: valeur for nom, valeur in objet.items() if not est_une_extension(nom)}


_ATTRIBUTS = frozenset(Depot.model_fields)


class Evenement(BaseModel):
    """Ce que le hub écrit. Un lecteur tolère les attributs et les codes qu'il ne connaît pas."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    specversion: Annotated[str, dit("Version de CloudEvents.")] = "1.0"
    id: Annotated[str, dit("Identifiant de l'événement chez son destinataire : le même à chaque envoi.")]
    source: Annotated[
        str,
        dit(
            "L'émetteur : `/partenaires/<code>`, `/services/<brique>` pour un fait du hub, `/liens/<id>` pour une "
            "structure sans système.",
            pattern=MOTIF_SOURCE,
        ),
    ]
    type: Annotated[str, _TYPE]
    time: Annotated[Instant, dit("Instant du fait métier.", "RFC 3339")]
    datacontenttype: Annotated[str, dit("Toujours `application/json`.")] = "application/json"
    dataschema: Annotated[str | None, dit("Adresse du schéma publié.")] = None
    subject: Annotated[str | None, dit("Pseudonyme du parcours chez le destinataire ; absent pour une offre.")] = None
    departement: Annotated[str, dit("Le territoire : code INSEE du département, 69D ou 69M au lieu de 69.")]
    agent: Annotated[str | None, dit("Qui a agi dans le système émetteur ; absent d'un fait que le hub établit.")] = (
        None
    )
    finalite: Annotated[str | None, dit("Finalité de l'échange.")] = None
    traceparent: Annotated[str | None, dit("Trace W3C propre au destinataire.", "W3C Trace Context")] = None
    tracestate: Annotated[str | None, dit("État de trace W3C.")] = None
    sequence: Annotated[
        int | None,
        dit("Numéro strictement croissant par parcours et par brique ; un trou signale un message non visible."),
    ] = None
    relaisnumero: Annotated[
        int | None,
        dit(
            "Numéro de l'événement dans votre fil ou, par webhook, dans cet abonnement : 1, 2, 3… sans trou, le même à "
            "chaque envoi. Un numéro qui manque s'explique par `GET /v1/evenements/trous` ou "
            "`GET /v1/abonnements/{id}/trous`."
        ),
    ] = None
    causeid: Annotated[
        str | None,
        dit("Le dépôt du destinataire, ou l'événement, qui a conduit à celui-ci ; jamais le dépôt d'un autre."),
    ] = None
    correlationid: Annotated[
        str | None, dit("L'échange auquel il appartient, dit au seul partenaire qui l'a ouvert.")
    ] = None
    data: Annotated[dict[str, Any], dit("Le contenu, réduit à ce que le destinataire peut voir.")]

    def en_json(self) -> Mapping[str, Any]:
        """The event as it travels: absent attributes are absent."""
        return self.model_dump(mode="json", exclude_none=True)
