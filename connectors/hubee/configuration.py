"""What a mandate sets for HubEE: where it is, and the credentials of each démarche."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

from connectors.hubee.codes import DEMARCHES, expected
from connectors.systems import Configuration
from relais_contrats.codes.acteurs import Organisme
from relais_contrats.codes.orientation import ParcoursType
from relais_contrats.valeurs import Departement

_Texte = Annotated[str, Field(min_length=1, max_length=255)]

EXEMPLE = """\
# HubEE : une paire d'identifiants par démarche à laquelle le département est abonné.
departement = "59"
jeton = "https://auth.hubee.numerique.gouv.fr/oauth2/token"
base = "https://api.hubee.numerique.gouv.fr"
toutes_les_s = 60
# Déposer ce que la personne a déclaré (« vird ») comme critères d'un diagnostic.
dsp = false

[demarches."RSABEM-RSABAM"]
client = "…"
secret = "…"

[demarches."ContactsAllocataires-BRSA"]
client = "…"
secret = "…"

# L'organisme que le département retient pour chaque parcours calculé par la CAF ; sans cela, il n'est pas préconisé.
[organismes]
emploi = "france-travail"
"""


class Identifiants(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    client: _Texte
    secret: _Texte


class HubeeConfiguration(Configuration):
    """`toutes_les_s`: pause between two looks at the box, in seconds."""

    departement: Departement
    jeton: _Texte
    base: _Texte
    toutes_les_s: Annotated[int, Field(ge=1, le=86_400)] = 60
    demarches: Annotated[dict[str, Identifiants], Field(min_length=1)]
    organismes: Annotated[dict[ParcoursType, Organisme], Field(default_factory=dict)]
    dsp: bool = False
    """Whether the socio-professional data that a person declared are deposited as criteria of a diagnosis."""

    @field_validator("demarches")
    @classmethod
    def _known(cls, demarches: dict[str, Identifiants]) -> dict[str, Identifiants]:
        unknown = sorted(code for code in demarches if expected(code) is None)
        if unknown:
            raise ValueError(f"démarche inconnue : {', '.join(unknown)} ; choix : {', '.join(DEMARCHES)}")
        return demarches
