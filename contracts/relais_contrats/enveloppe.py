"""The CloudEvents 1.0 envelope: `Depot` is what a partner posts, `Evenement` what the hub writes."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from relais_contrats.codes.acteurs import Finalite
from relais_contrats.regles import Regle
from relais_contrats.valeurs import Departement, Entier, Instant, Pseudonyme, dit

PREFIXE_TYPE = "fr.insertion."
SUFFIXE_TYPE = ".v1"

MOTIF_ID = "^[A-Za-z0-9._-]{1,64}$"
MOTIF_TYPE = "^fr\\.insertion\\.[a-z-]+\\.[a-z-]+\\.v[1-9][0-9]*$"
MOTIF_SOURCE_PARTENAIRE = "^/partenaires/[a-z0-9][a-z0-9-]{1,30}$"
MOTIF_SOURCE = "^/(partenaires/[a-z0-9][a-z0-9-]{1,30}|services/[a-z0-9_-]{1,40})$"
MOTIF_DATASCHEMA = "^https?://[^ ?#\\u0000-\\u001f\\u007f]+/(?:[a-z-]+\\.[a-z-]+)(?:\\.json)?$"
MOTIF_TRACEPARENT = "^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$"
MOTIF_AGENT = "^[^|\\u0000-\\u001f\\u007f]+$"

IdMessage = Annotated[str, Field(pattern=MOTIF_ID)]

_TYPE = dit("Nature du message : `fr.insertion.<fait>.v1`.", "CloudEvents type", max_length=120, pattern=MOTIF_TYPE)
_AGENT = dit(
    "Qui a agi dans le système émetteur : « nom prenom identifiant », ou « batch ».",
    "France Travail, en-têtes pa-nom-agent, pa-prenom-agent, pa-identifiant-agent",
    min_length=1,
    max_length=200,
    pattern=MOTIF_AGENT,
)
_TRACESTATE = dit("État de trace W3C.", "W3C Trace Context", min_length=1, max_length=512, pattern="^[ -~]+$")


class Depot(BaseModel):
    """Ce qu'un partenaire dépose. Tout attribut inconnu est refusé."""

    model_config = ConfigDict(extra="forbid", frozen=True)
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
    time: Annotated[Instant, dit("Instant du fait métier, avec son décalage horaire.", "RFC 3339")]
    datacontenttype: Annotated[Literal["application/json"], dit("Toujours `application/json`.")] = "application/json"
    dataschema: Annotated[
        str | None,
        dit(
            "Adresse du schéma publié ; si elle est donnée, elle doit désigner ce type de message.",
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
    departement: Annotated[Departement, dit("Code INSEE du département.", "INSEE, code officiel géographique")]
    agent: Annotated[str, _AGENT]
    finalite: Annotated[Finalite, dit("Finalité de l'échange.", "CASF R. 263-1 et suivants")]
    traceparent: Annotated[
        str | None, dit("Contexte de trace W3C.", "W3C Trace Context", pattern=MOTIF_TRACEPARENT)
    ] = None
    tracestate: Annotated[str | None, _TRACESTATE] = None
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


class Evenement(BaseModel):
    """Ce que le hub écrit. Un lecteur tolère les attributs et les codes qu'il ne connaît pas."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    specversion: Annotated[str, dit("Version de CloudEvents.")] = "1.0"
    id: Annotated[str, dit("Identifiant de l'événement, donné par le hub (UUIDv7).")]
    source: Annotated[
        str,
        dit("L'émetteur : `/partenaires/<code>`, ou `/services/<brique>` pour un fait du hub.", pattern=MOTIF_SOURCE),
    ]
    type: Annotated[str, _TYPE]
    time: Annotated[Instant, dit("Instant du fait métier.", "RFC 3339")]
    datacontenttype: Annotated[str, dit("Toujours `application/json`.")] = "application/json"
    dataschema: Annotated[str | None, dit("Adresse du schéma publié.")] = None
    subject: Annotated[str | None, dit("Pseudonyme du parcours chez le destinataire ; absent pour une offre.")] = None
    departement: Annotated[str, dit("Code INSEE du département.")]
    agent: Annotated[str | None, dit("Qui a agi.")] = None
    finalite: Annotated[str | None, dit("Finalité de l'échange.")] = None
    traceparent: Annotated[str | None, dit("Contexte de trace W3C.")] = None
    tracestate: Annotated[str | None, dit("État de trace W3C.")] = None
    sequence: Annotated[
        int | None,
        dit("Numéro strictement croissant par parcours et par brique ; un trou signale un message non visible."),
    ] = None
    causeid: Annotated[str | None, dit("Le dépôt, ou l'événement, qui a conduit à celui-ci.")] = None
    correlationid: Annotated[str | None, dit("L'échange auquel il appartient.")] = None
    data: Annotated[dict[str, Any], dit("Le contenu, réduit à ce que le destinataire peut voir.")]

    def en_json(self) -> Mapping[str, Any]:
        """The event as it travels: absent attributes are absent."""
        return self.model_dump(mode="json", exclude_none=True)
