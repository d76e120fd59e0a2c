"""The parameters of data·inclusion's API v1, under their names, and what they ask our catalogue for."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints

from connectors.data_inclusion.codes import (
    DEPARTEMENTS,
    REGIONS,
    CodeDepartement,
    CodeRegion,
    SlugDepartement,
    SlugRegion,
    ThematiqueOuCategorie,
)
from relais_contrats.codes.offre import Frais, ModeAccueil, Public, ReseauPorteur, Thematique, TypeService

Codes = tuple[str, ...] | None
"""One of these is enough; None asks for nothing."""
CodeCommune = Annotated[str, StringConstraints(min_length=5, max_length=5, pattern=r"^\w{5}$")]


@dataclass(frozen=True, slots=True)
class Criteres:
    """What a record must be to be listed. `departements`: what the code of its commune begins with."""

    sources: Codes = None
    departements: Codes = None
    communes: Codes = None
    thematiques: Codes = None
    types: Codes = None
    publics: Codes = None
    frais: Codes = None
    modes_accueil: Codes = None
    reseaux_porteurs: Codes = None
    score_minimum: float | None = None


class Page(BaseModel):
    page: Annotated[int, Field(ge=1)] = 1
    size: Annotated[int, Field(ge=1, le=10_000)] = 5_000


class Territoire(BaseModel):
    """A code wins over a slug, and both a région and a département are asked for together."""

    code_region: CodeRegion | None = None
    slug_region: SlugRegion | None = None
    code_departement: CodeDepartement | None = None
    slug_departement: SlugDepartement | None = None
    code_commune: CodeCommune | None = None

    def departements(self) -> Codes:
        wanted: set[str] | None = None
        if region := self.code_region or self.slug_region:
            wanted = {one for code, (its, of) in REGIONS.items() if region in (code, its) for one in of}
        if departement := self.code_departement or self.slug_departement:
            found = {code for code, its in DEPARTEMENTS.items() if departement in (code, its)}
            wanted = found if wanted is None else wanted & found
        return None if wanted is None else tuple(sorted(wanted))

    def communes(self) -> Codes:
        return (self.code_commune,) if self.code_commune else None


class Filtres(BaseModel):
    """Of services, listed or searched."""

    sources: list[str] | None = None
    thematiques: list[ThematiqueOuCategorie] | None = None
    frais: list[Frais] | None = None
    publics: list[Public] | None = None
    recherche_public: str | None = None
    modes_accueil: list[ModeAccueil] | None = None
    types: list[TypeService] | None = None
    score_qualite_minimum: float | None = None

    def criteres(self, departements: Codes = None, communes: Codes = None) -> Criteres:
        return Criteres(
            sources=_codes(self.sources),
            departements=departements,
            communes=communes,
            thematiques=_thematiques(self.thematiques),
            types=_codes(self.types),
            publics=_publics(self.publics),
            frais=_codes(self.frais),
            modes_accueil=_codes(self.modes_accueil),
            score_minimum=self.score_qualite_minimum,
        )


class ListeStructures(Page, Territoire):
    sources: list[str] | None = None
    reseaux_porteurs: list[ReseauPorteur] | None = None
    exclure_doublons: bool | None = False

    def criteres(self) -> Criteres:
        return Criteres(
            sources=_codes(self.sources),
            departements=self.departements(),
            communes=self.communes(),
            reseaux_porteurs=_codes(self.reseaux_porteurs),
        )


class ListeServices(Page, Territoire, Filtres):
    extra: bool = False


class Recherche(Page, Filtres):
    """`lat` and `lon` move the centre within a search around a commune; without one they ask for nothing."""

    code_commune: CodeCommune | None = None
    lat: float | None = None
    lon: float | None = None
    exclure_doublons: bool | None = False


def _codes(given: Iterable[str] | None) -> Codes:
    return None if given is None else tuple(sorted({str(one) for one in given}))


def _thematiques(given: Iterable[str] | None) -> Codes:
    """A category stands for all of its own."""
    if given is None:
        return None
    asked = {str(one) for one in given}
    return tuple(code.value for code in Thematique if asked & {code.value, code.value.partition("--")[0]})


def _publics(given: Iterable[str] | None) -> Codes:
    """Who asks for all publics asks for no one; a service for all of them suits each."""
    codes = _codes(given)
    if codes is None or Public.TOUS_PUBLICS in codes:
        return None
    return (*codes, Public.TOUS_PUBLICS.value)
