"""What a mandate sets for data·inclusion: how often the catalogue is read again, and how its producers are named."""

from datetime import date
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

# Publier au relais, chaque jour, ce que rend data·inclusion : le partenaire du mandat est celui qui publie cette offre.
# [tirage]
# base = "https://api.data.inclusion.gouv.fr/api/v1"
# jeton = "…"
# sources = ["dora"]
# departements = ["59"]       # facultatif : ceux à lire, tous sinon
# departement = "59"          # le territoire de ce qui n'a pas de commune
# heure = "05:00"
# retraits_max = 0.2          # au-delà, rien n'est fait sans retraits_confirmes_le = AAAA-MM-JJ
"""

_Texte = Annotated[str, Field(min_length=1, max_length=1000)]


class Producteur(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    nom: _Texte
    description: _Texte | None = None


class Tirage(BaseModel):
    """What is fetched of data·inclusion and published, each day from `heure` on (of Paris). `taille`: of a page.

    `retraits_max`: the share of what was published beyond which nothing is done, but on the day that is confirmed.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    base: Annotated[str, Field(pattern=r"^https?://", max_length=255)]
    jeton: Annotated[str, Field(min_length=1, max_length=4_000)] | None = None
    sources: Annotated[list[Slug], Field(min_length=1)]
    departements: list[Annotated[str, Field(pattern=r"^\d{2,3}$|^2[AB]$")]] = []
    departement: Annotated[str, Field(pattern=r"^\d{2,3}[DM]?$|^2[AB]$")]
    heure: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] = "05:00"
    taille: Annotated[int, Field(ge=1, le=10_000)] = 1_000
    retraits_max: Annotated[float, Field(ge=0, le=1)] = 0.2
    retraits_confirmes_le: date | None = None


class DataInclusionConfiguration(Configuration):
    """`toutes_les_s`: pause between two reads of what changed in the catalogue, in seconds."""

    toutes_les_s: Annotated[int, Field(ge=1, le=300)] = 60
    exclure_doublons: Literal["refuser", "ignorer"] = "refuser"
    sources: Annotated[dict[Slug, Producteur], Field(default_factory=dict)]
    tirage: Tirage | None = None
