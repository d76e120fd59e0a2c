"""The acts on partners, and what each is asked with. What is admitted of a partner, `gateway.declarations` says."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from relais_contrats.administration.acte import Acte, Portee
from relais_contrats.administration.machines import ClePublique
from relais_contrats.modele import Demande

CodePartenaire = Annotated[str, StringConstraints(pattern="^[a-z0-9][a-z0-9-]{1,30}$")]
Mot = Annotated[str, StringConstraints(min_length=1, max_length=300)]
Mots = Annotated[list[Mot], Field(default_factory=list, max_length=200)]
Certificat = Annotated[str, StringConstraints(min_length=100, max_length=20_000)]
Recouvrement = Annotated[int, Field(ge=0, le=3_650)]


class UnPartenaire(Demande):
    """Un partenaire, par son code."""

    partenaire: CodePartenaire


class StructureDeclaree(Demande):
    """Une structure du partenaire."""

    systeme: Mot
    valeur: Mot
    nom: Mot


class ConventionDeclaree(Demande):
    """Une finalité, et le dernier jour où elle est ouverte."""

    finalite: Mot
    date_fin: date


class Declare(UnPartenaire):
    """Ce qui se déclare d'un partenaire."""

    departements: Mots
    scopes: Mots
    structures: list[StructureDeclaree] = Field(default_factory=list, max_length=500)
    conventions: list[ConventionDeclaree] = Field(default_factory=list, max_length=20)
    hotes: Mots


class PartenaireCree(Declare):
    """Un nouveau partenaire, avec sa première clé publique ou son certificat, s'il les a déjà remis."""

    type_organisme: Mot
    nom: Mot
    exige_certificat: bool = False
    etape: Literal["demande", "bac-a-sable", "production"] = "production"
    cle: ClePublique | None = None
    certificat: Certificat | None = None


class PartenaireModifie(Declare):
    """Ce qui s'ajoute, se remplace ou se retire (`sans_…`) ; ce qui n'est pas nommé reste."""

    nom: Mot | None = None
    exige_certificat: bool | None = None
    sans_departements: Mots
    sans_scopes: Mots
    sans_structures: Mots
    sans_conventions: Mots
    sans_hotes: Mots


class CleChangee(UnPartenaire):
    """Une nouvelle clé publique ; les précédentes valent encore `recouvrement` jours."""

    cle: ClePublique
    recouvrement: Recouvrement = 7


class CertificatChange(UnPartenaire):
    """Un nouveau certificat client (PEM) ; les précédents valent encore `recouvrement` jours."""

    certificat: Certificat
    recouvrement: Recouvrement = 7


class HeriteOuvert(UnPartenaire):
    """Un secret pour `jours` jours ; les précédents valent encore `recouvrement` jours."""

    jours: int = Field(90, ge=1, le=365)
    recouvrement: Recouvrement = 7


class Quotas(UnPartenaire):
    """Ce que ce partenaire peut demander ; absent : comme tous."""

    rafale: int | None = Field(None, ge=1, le=1_000_000)
    debit_par_s: int | None = Field(None, ge=1, le=1_000_000)
    quota_jour: int | None = Field(None, ge=1, le=2_000_000_000)


_ADMINISTRER, _EXPLOITER = Portee.ADMINISTRER, Portee.EXPLOITER
ACTES = (
    Acte("partenaire-suspendre", "Couper un partenaire, aussitôt", _EXPLOITER, UnPartenaire),
    Acte("partenaire-reprendre", "Lever la coupure d'un partenaire", _ADMINISTRER, UnPartenaire, True),
    Acte("partenaire-creer", "Déclarer un partenaire, ou sa demande", _ADMINISTRER, PartenaireCree, True),
    Acte("partenaire-modifier", "Changer ce qui est déclaré d'un partenaire", _ADMINISTRER, PartenaireModifie, True),
    Acte("partenaire-approuver", "Approuver une demande : ouvrir le bac à sable", _ADMINISTRER, UnPartenaire),
    Acte("partenaire-produire", "Passer un partenaire en production", _ADMINISTRER, UnPartenaire, True),
    Acte("partenaire-essayer", "Ramener un partenaire au bac à sable", _ADMINISTRER, UnPartenaire),
    Acte("partenaire-cle", "Changer la clé d'un partenaire", _ADMINISTRER, CleChangee, True),
    Acte("partenaire-certificat", "Changer le certificat client d'un partenaire", _ADMINISTRER, CertificatChange, True),
    Acte("partenaire-herite", "Mettre un partenaire au profil hérité : un risque", _ADMINISTRER, HeriteOuvert, True),
    Acte("partenaire-sortir-herite", "Sortir un partenaire du profil hérité", _ADMINISTRER, UnPartenaire),
    Acte("partenaire-essai", "Essayer la connexion d'un partenaire", _EXPLOITER, UnPartenaire),
    Acte("partenaire-quotas", "Changer les quotas d'un partenaire", _ADMINISTRER, Quotas),
)
