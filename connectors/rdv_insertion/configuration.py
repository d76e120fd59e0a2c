"""What a mandate sets for rdv-insertion: the secret of its webhooks, what it does not say, and what it is told."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from connectors.systems import Configuration
from relais_contrats.codes.acteurs import Organisme
from relais_contrats.codes.orientation import ParcoursType
from relais_contrats.codes.suivi import MotifRdv
from relais_contrats.codes.usagers import Origine

EXEMPLE = """\
# rdv-insertion : l'adresse à lui donner est https://…/connecteurs/<code du connecteur>/webhooks
departement = "59"
secret = "le secret partagé convenu avec rdv-insertion"
# « hmac » signe tout le message ; « jwt » ne signe que trois champs d'un rendez-vous : à éviter.
signature = "hmac"
# La caisse dont « affiliation_number » est le matricule ; sans elle, il n'est pas lu.
caisse = "caf"

# Objet d'un rendez-vous par catégorie de motif, quand il n'est pas celui que rdv-insertion dit à France Travail.
[motifs]
rsa_cer_signature = "accompagnement"

# Une personne inconnue du relais y est signalée ; sans cette section, son webhook est refusé et sera représenté.
[signalement]
brsa = true
origine = "inscription-conseiller-cd"

# Ce que le relais dit à rdv-insertion, au nom d'un agent ; sans cette section, ce connecteur reçoit seulement.
# [sortie]
# base = "https://www.rdv-insertion.fr"
# connexion = "https://www.rdv-solidarites.fr/api/v1/auth/sign_in"
# courriel = "l'adresse de l'agent"
# mot_de_passe = "…"
#
# # La première ligne qui convient à l'orientation décidée dit où inviter ; ce qu'elle tait convient toujours.
# [[sortie.invitations]]
# parcours = "social"
# organisme = "departement"
# organisation = 422                        # identifiant de l'organisation sur RDV-Solidarités
# categorie = "rsa_accompagnement_social"   # catégorie de motif
"""


class Invitation(BaseModel):
    """Where a decided orientation is invited. `parcours`, `organisme`, `structure`: what it must say, if set."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    parcours: ParcoursType | None = None
    organisme: Organisme | None = None
    structure: Annotated[str, Field(min_length=1, max_length=255)] | None = None
    organisation: Annotated[int, Field(gt=0)]
    categorie: Annotated[str, Field(min_length=1, max_length=255)] | None = None
    lieu: Annotated[int, Field(gt=0)] | None = None


class Sortie(BaseModel):
    """The agent in whose name rdv-insertion is told. `toutes_les_s`: pause between two looks at the hub, in seconds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    base: Annotated[str, Field(pattern=r"^https?://", max_length=255)]
    connexion: Annotated[str, Field(pattern=r"^https?://", max_length=255)]
    courriel: Annotated[str, Field(min_length=3, max_length=255)]
    mot_de_passe: Annotated[str, Field(min_length=1, max_length=255)]
    toutes_les_s: Annotated[int, Field(ge=1, le=86_400)] = 60
    invitations: Annotated[list[Invitation], Field(min_length=1)]


class Signalement(BaseModel):
    """What rdv-insertion does not know of a person, and that reporting her needs."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    brsa: bool
    origine: Origine


class RdvInsertionConfiguration(Configuration):
    """`signature`: the one kind that the endpoint was given; the other is refused."""

    departement: Annotated[str, Field(pattern=r"^(\d{2,3}|2[AB])$")]
    secret: Annotated[str, Field(min_length=16, max_length=255)]
    signature: Literal["hmac", "jwt"] = "hmac"
    caisse: Literal["caf", "msa"] | None = None
    motifs: Annotated[dict[str, MotifRdv], Field(default_factory=dict)]
    signalement: Signalement | None = None
    sortie: Sortie | None = None
