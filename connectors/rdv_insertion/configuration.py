"""What a mandate sets for rdv-insertion: the secret of its webhook endpoint, and what rdv-insertion does not say."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from connectors.systems import Configuration
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
"""


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
