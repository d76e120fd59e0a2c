"""A person as partners describe it: civil status, contacts, identifiers, and what makes two descriptions comparable."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Any, Literal

Nature = Literal[
    "nir", "numero-france-travail", "matricule-caf", "matricule-msa", "numero-demande-rsa", "local", "imilo"
]
EXCLUSIVES: frozenset[str] = frozenset({"nir", "numero-france-travail", "local", "imilo"})
"""Natures that name one person: held by one active parcours at most. The others name a household."""
DU_FOYER: frozenset[str] = frozenset({"matricule-caf", "matricule-msa", "numero-demande-rsa"})

Cle = tuple[str, ...]
"""What two records of one person share: equal keys are compared, in clear here and as blind indexes in the database."""
ETAT_CIVIL = "etat-civil"
_GRAPHIES_PROCHES = 0.8
_SEPARATEURS = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Identifiant:
    """An identifier in its canonical form. `ecrit` is the form in which the partner wrote it.

    `emetteur` is set for a `local` one, which means nothing outside its partner; `role` is the place in the household.
    """

    nature: Nature
    valeur: str
    role: str | None = None
    emetteur: str | None = None
    ecrit: str = field(default="", compare=False)

    @property
    def est_exclusif(self) -> bool:
        return self.nature in EXCLUSIVES

    @property
    def est_provisoire(self) -> bool:
        """A number given while waiting for the definitive one: NIR that begin with 3, 4, 7 or 8."""
        return self.nature == "nir" and self.valeur[:1] in "3478"

    @property
    def cle(self) -> Cle | None:
        """None for a household number without a role: it does not say which person of the household it names."""
        if self.nature in DU_FOYER:
            return (self.nature, self.valeur, self.role) if self.role else None
        if self.nature == "local":
            return (self.nature, self.emetteur or "", self.valeur)
        return (self.nature, self.valeur)

    @property
    def genre(self) -> tuple[str, ...]:
        """Two identifiers of one genre contradict each other, or replace each other in a correction."""
        match self.nature:
            case "nir":
                return ("nir", "provisoire" if self.est_provisoire else "definitif")
            case "numero-france-travail":
                return (self.nature, str(len(self.valeur)))  # 8 and 11 characters live side by side
            case "local":
                return (self.nature, self.emetteur or "")
            case _:
                return (self.nature,)


@dataclass(frozen=True, slots=True)
class Identite:
    nom_naissance: str
    prenoms: str
    date_naissance: date
    nom_usage: str | None = None
    sexe: str | None = None
    commune_naissance: str | None = None

    def completee(self, autre: "Identite") -> "Identite":
        """Fill what is not known here with what another description says; nothing known is changed."""
        return replace(self, **{nom: valeur for nom, valeur in connus(autre).items() if getattr(self, nom) is None})


@dataclass(frozen=True, slots=True)
class CorrectionIdentite:
    """The fields that change; None leaves a field as it is."""

    nom_naissance: str | None = None
    prenoms: str | None = None
    date_naissance: date | None = None
    nom_usage: str | None = None
    sexe: str | None = None
    commune_naissance: str | None = None

    def corriger(self, identite: Identite) -> Identite:
        return replace(identite, **connus(self))


@dataclass(frozen=True, slots=True)
class Adresse:
    code_commune: str
    code_postal: str
    voie: str | None = None


@dataclass(frozen=True, slots=True)
class Coordonnees:
    adresse: Adresse | None = None
    telephone: str | None = None
    courriel: str | None = None

    def remplacees(self, nouvelles: "Coordonnees | None") -> "Coordonnees":
        """The last known contact wins, field by field."""
        return replace(self, **connus(nouvelles)) if nouvelles else self


def connus(objet: Any) -> dict[str, Any]:
    """The fields of a dataclass that are known, by name."""
    return {nom: valeur for nom in objet.__slots__ if (valeur := getattr(objet, nom)) is not None}


def jetons(nom: str | None) -> tuple[str, ...]:
    """The words of a name without accents, case, hyphens, apostrophes: `Jean-François D’Été` → jean francois d ete."""
    replie = (nom or "").casefold()
    if not replie.isascii():
        depliee = unicodedata.normalize("NFKD", replie.replace("œ", "oe").replace("æ", "ae"))
        replie = "".join(c for c in depliee if not unicodedata.combining(c))
    return tuple(_SEPARATEURS.sub(" ", replie).split())


@lru_cache(maxsize=4096)
def cles_etat_civil(identite: Identite) -> frozenset[Cle]:
    """Birth date and sorted words of the names, so that neither the order of given names nor a swap of names counts.

    One key per family name (birth, usage), with all given names and with the first one alone, which is all that many
    systems know.
    """
    prenoms = jetons(identite.prenoms)
    premier = jetons(next(iter(identite.prenoms.split()), ""))
    jour = identite.date_naissance.isoformat()
    return frozenset(
        (ETAT_CIVIL, jour, " ".join(sorted((*famille, *donnes))))
        for famille in {jetons(identite.nom_naissance), jetons(identite.nom_usage)} - {()}
        for donnes in {prenoms, premier} - {()}
    )


def cles(identites: Iterable[Identite], identifiants: Iterable[Identifiant]) -> frozenset[Cle]:
    """Every key under which a person can be found."""
    propres = frozenset(cle for i in identifiants if (cle := i.cle))
    return propres.union(*map(cles_etat_civil, identites))


@dataclass(frozen=True, slots=True)
class Accord:
    """On what two civil statuses agree. A family name counts under birth or usage name, names may be swapped."""

    naissance: bool
    nom: bool
    prenom: bool

    @property
    def suffit(self) -> bool:
        """A given name, and the family name or the birth date: one of these may be mistyped or change by marriage.

        Twins share all but the given name: the number of one told for the other must not make one person of them.
        """
        return self.prenom and (self.naissance or self.nom)


def accord(a: Identite, b: Identite) -> Accord:
    familles_a, familles_b = _mots(a.nom_naissance, a.nom_usage), _mots(b.nom_naissance, b.nom_usage)
    prenoms_a, prenoms_b = _mots(a.prenoms), _mots(b.prenoms)
    inverses = bool(familles_a & prenoms_b) and bool(prenoms_a & familles_b)
    return Accord(
        naissance=a.date_naissance == b.date_naissance,
        nom=inverses or bool(familles_a & familles_b),
        prenom=inverses or bool(prenoms_a & prenoms_b) or _proches(prenoms_a, prenoms_b),
    )


def _proches(prenoms_a: frozenset[str], prenoms_b: frozenset[str]) -> bool:
    """Two spellings of one given name (Mohamed, Mohammed)."""
    return any(SequenceMatcher(None, a, b).ratio() >= _GRAPHIES_PROCHES for a in prenoms_a for b in prenoms_b)


def _mots(*noms: str | None) -> frozenset[str]:
    """Words that can tell two people apart: particles (`de`, `el`) do not, unless there is nothing else."""
    tous = frozenset(mot for nom in noms for mot in jetons(nom))
    return frozenset(mot for mot in tous if len(mot) > 2) or tous
