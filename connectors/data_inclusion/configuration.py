"""What a mandate sets for data·inclusion: how often the catalogue is read again, and how its producers are named."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from connectors.systems import Configuration
from relais_contrats.valeurs import Slug

EXEMPLE = """\
# data·inclusion : les clients de son API v1 appellent https://…/connecteurs/<code>/api/v1 avec le jeton du connecteur.
toutes_les_s = 60

# Les clients qui envoient exclure_doublons=true : « refuser » leur répond 422, « ignorer » rend aussi les doublons.
exclure_doublons = "refuser"

# Le nom des producteurs, tel que /sources le rend ; les autres y portent leur identifiant.
[sources.dora]
nom = "DORA"
description = "Structures et services inclusifs recensés sur DORA."
"""

_Texte = Annotated[str, Field(min_length=1, max_length=1000)]


class Producteur(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    nom: _Texte
    description: _Texte | None = None


class DataInclusionConfiguration(Configuration):
    """`toutes_les_s`: pause between two reads of what changed in the catalogue, in seconds."""

    toutes_les_s: Annotated[int, Field(ge=1, le=300)] = 60
    exclure_doublons: Literal["refuser", "ignorer"] = "refuser"
    sources: Annotated[dict[Slug, Producteur], Field(default_factory=dict)]
