"""What happened to a parcours. `parcours` is the one that it is told about, `departement` the one that it then had."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from services.usagers.domain.identite import Coordonnees, CorrectionIdentite, Identifiant, Identite
from services.usagers.domain.messages import Signalement
from services.usagers.domain.parcours import Droits


class Regle(StrEnum):
    """How a person was recognised, strongest first."""

    NIR = "nir"
    NUMERO_FRANCE_TRAVAIL = "numero-france-travail"
    MATRICULE = "matricule"
    NUMERO_DEMANDE_RSA = "numero-demande-rsa"
    LOCAL = "local"
    IMILO = "imilo"
    ETAT_CIVIL = "etat-civil"
    AUCUNE = "aucune"
    DECISION = "decision"


class Motif(StrEnum):
    """Why nobody can tell without an agent. The sentences are those of the translation."""

    NIR_DIFFERENT = "nir-different"
    NUMERO_FT_DIFFERENT = "numero-france-travail-different"
    ETAT_CIVIL_DIFFERENT = "etat-civil-different"
    ETAT_CIVIL_SEUL = "etat-civil-seul"
    PLUSIEURS_PARCOURS = "plusieurs-parcours"
    IDENTIFIANT_DESORMAIS_TENU = "identifiant-desormais-tenu"


@dataclass(frozen=True, slots=True)
class UsagerSignale:
    parcours: UUID
    departement: str
    signalement: Signalement


@dataclass(frozen=True, slots=True)
class ParcoursOuvert:
    """`ecartes`: identifiers that the signalement brought and that another active parcours holds: not taken."""

    parcours: UUID
    departement: str
    regle: Regle
    ecartes: frozenset[Identifiant] = frozenset()


@dataclass(frozen=True, slots=True)
class ParcoursRattache:
    parcours: UUID
    departement: str
    regle: Regle


@dataclass(frozen=True, slots=True)
class UsagerAmbigu:
    parcours: UUID
    departement: str
    candidats: tuple[UUID, ...]
    motifs: tuple[Motif, ...]


@dataclass(frozen=True, slots=True)
class UsagerCorrige:
    parcours: UUID
    departement: str
    identite: CorrectionIdentite | None
    identifiants: tuple[Identifiant, ...]
    coordonnees: Coordonnees | None


@dataclass(frozen=True, slots=True)
class UsagerRapproche:
    parcours: UUID
    departement: str
    decision: Literal["meme-personne", "personne-nouvelle"]
    reconnu: UUID | None


@dataclass(frozen=True, slots=True)
class Reprise:
    """What a survivor takes from those that it absorbs."""

    variantes: frozenset[Identite]
    identifiants: frozenset[Identifiant]
    coordonnees: Coordonnees | None
    droits: Droits | None
    oppose_a: datetime | None


@dataclass(frozen=True, slots=True)
class UsagerFusionne:
    """`parcours` survives, `absorbes` lead to it from now on."""

    parcours: UUID
    departement: str
    absorbes: tuple[UUID, ...]
    reprise: Reprise


@dataclass(frozen=True, slots=True)
class DroitsModifies:
    parcours: UUID
    departement: str
    droits: Droits


@dataclass(frozen=True, slots=True)
class ParcoursTransfere:
    """Told in the département that it leaves; whatever follows is told in the new one."""

    parcours: UUID
    departement: str
    departement_nouveau: str
    date_effet: date


@dataclass(frozen=True, slots=True)
class ParcoursClos:
    parcours: UUID
    departement: str
    date_fin: date
    motif: str


@dataclass(frozen=True, slots=True)
class UsagerOppose:
    parcours: UUID
    departement: str
    motif: str
    oppose_a: datetime


@dataclass(frozen=True, slots=True)
class UsagerEfface:
    parcours: UUID
    departement: str
    motif: str


Fait = (
    UsagerSignale
    | ParcoursOuvert
    | ParcoursRattache
    | UsagerAmbigu
    | UsagerCorrige
    | UsagerRapproche
    | UsagerFusionne
    | DroitsModifies
    | ParcoursTransfere
    | ParcoursClos
    | UsagerOppose
    | UsagerEfface
)
