"""What a mandate sets for i-milo: where it is, its key, and what i-milo does not say."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from connectors.systems import Configuration
from relais_contrats.codes.suivi import AnnulePar, MotifRdv
from relais_contrats.codes.usagers import Origine
from relais_contrats.valeurs import Departement

EXEMPLE = """\
# i-milo : les logiciels qui lisent sa file la lisent ici, à https://…/connecteurs/<code>/operateurs/events, avec le
# jeton du connecteur pour clé. Avec « base » et « cle », la file d'i-milo est aussi lue, au nom de la mission locale.
departement = "59"
base = "https://api.i-milo.fr"
cle = "la clé que l'éditeur donne pour la file d'événements"
toutes_les_s = 60

# Ce qu'i-milo ne dit pas d'un rendez-vous.
motif = "accompagnement"
annule_par = "structure"
duree_min = 30              # quand la fin manque

# Un jeune inconnu du relais y est signalé ; sans cette section, son événement est refusé, et noté.
[signalement]
brsa = false
origine = "inscription-auto-milo"
"""


class Signalement(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    brsa: bool
    origine: Origine


class ImiloConfiguration(Configuration):
    """`base`, `cle`: of the queue that is read, if any; `toutes_les_s`: pause between two looks at it, in seconds.

    `motif`, `annule_par`, `duree_min`: what i-milo does not say of an appointment.
    """

    departement: Departement
    base: Annotated[str, Field(pattern=r"^https?://", max_length=255)] | None = None
    cle: Annotated[str, Field(min_length=1, max_length=255)] | None = None
    operateur: Annotated[str, Field(min_length=1, max_length=64)] = "relais"
    toutes_les_s: Annotated[int, Field(ge=1, le=86_400)] = 60
    motif: MotifRdv = MotifRdv.ACCOMPAGNEMENT
    annule_par: AnnulePar = AnnulePar.STRUCTURE
    duree_min: Annotated[int, Field(ge=5, le=1_440)] = 30
    signalement: Signalement | None = None

    @model_validator(mode="after")
    def _together(self) -> Self:
        if (self.base is None) != (self.cle is None):
            raise ValueError("« base » et « cle » vont ensemble")
        return self
