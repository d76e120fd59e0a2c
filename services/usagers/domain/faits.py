"""What happened to a parcours. `parcours` is the one that it is told about, `departement` the one that it then had."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from services.usagers.domain.identite import Coordonnees, CorrectionIdentite, Identifiant, Identite
from services.usagers.domain.messages import Signalement
from services.usagers.domain.parcours import Acte, Droits, FusionConnue, Parcours


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
class SignalementConserve:
    """What an emitter said of a person whom it may not be told, and the name (`alias`) that it has for the person.

    A signalement is not a search: the name, and what is read under it, follow from the emitter's own words alone.
    `est_neuf`: messages to the alias are to reach `parcours` from now on. `dossier` keeps it: `parcours`, or one that
    it absorbed.
    """

    parcours: UUID
    departement: str
    alias: UUID
    signalement: Signalement
    est_neuf: bool
    dossier: UUID


@dataclass(frozen=True, slots=True)
class ParcoursOuvert:
    """`ecartes`: identifiers that the signalement brought and that another active parcours holds: not taken."""

    parcours: UUID
    departement: str
    regle: Regle
    ecartes: frozenset[Identifiant] = frozenset()


@dataclass(frozen=True, slots=True)
class ParcoursRattache:
    """`ecartes`: identifiers that the signalement brought and that a distinct person holds: not taken."""

    parcours: UUID
    departement: str
    regle: Regle
    ecartes: frozenset[Identifiant] = frozenset()


@dataclass(frozen=True, slots=True)
class UsagerAmbigu:
    """`ailleurs`: the candidates of other territories, which are told to nobody here."""

    parcours: UUID
    departement: str
    candidats: tuple[UUID, ...]
    motifs: tuple[Motif, ...]
    ailleurs: frozenset[UUID] = frozenset()


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
    distincts: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class UsagerFusionne:
    """`parcours` survives, `absorbes` lead to it from now on; `avant` is how they were."""

    parcours: UUID
    departement: str
    avant: tuple[Parcours, ...]
    reprise: Reprise
    acte: Acte

    @property
    def absorbes(self) -> tuple[UUID, ...]:
        return tuple(absorbe.id for absorbe in self.avant)


@dataclass(frozen=True, slots=True)
class ParcoursAbsorbe:
    """What a merge makes of each of those that it absorbs. Kept here."""

    parcours: UUID
    par: UUID


@dataclass(frozen=True, slots=True)
class UsagerDefusionne:
    """`conserve` and `rendus` are each as if there had been no merge."""

    parcours: UUID
    departement: str
    motif: str
    fusion: FusionConnue
    conserve: Parcours
    rendus: tuple[Parcours, ...]


@dataclass(frozen=True, slots=True)
class ParcoursRendu:
    """The same, told under the name of one that was absorbed. For the siblings only."""

    parcours: UUID
    departement: str
    fusion: FusionConnue


@dataclass(frozen=True, slots=True)
class DroitsModifies:
    parcours: UUID
    departement: str
    droits: Droits


@dataclass(frozen=True, slots=True)
class DroitsConserves:
    """A payer told the right of a person of another territory: without effect, which its answer does not say."""

    parcours: UUID
    departement: str


@dataclass(frozen=True, slots=True)
class ParcoursTransfere:
    """Told in the département that it leaves; whatever follows is told in the new one. `effet` when it is for later.

    To the département where it is: it stays, and `effet` keeps whoever follows it from moving anything.
    """

    parcours: UUID
    departement: str
    departement_nouveau: str
    date_effet: date
    effet: date | None = None


@dataclass(frozen=True, slots=True)
class TransfertEffectif:
    """The day of a transfer that was told before it. For the siblings and the gateway only."""

    parcours: UUID
    departement: str
    departement_nouveau: str
    date_effet: date


@dataclass(frozen=True, slots=True)
class TransfertEnAttente:
    """Its day has come and nobody there could receive the person: it stays where it is. Kept here."""

    parcours: UUID
    departement: str


@dataclass(frozen=True, slots=True)
class TransfertSignale:
    """The person is known in another territory: nobody there enters before the transfer is confirmed."""

    parcours: UUID
    departement: str
    departement_nouveau: str
    origine: str


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
    | SignalementConserve
    | ParcoursOuvert
    | ParcoursRattache
    | UsagerAmbigu
    | UsagerCorrige
    | UsagerRapproche
    | UsagerFusionne
    | UsagerDefusionne
    | ParcoursRendu
    | DroitsModifies
    | DroitsConserves
    | ParcoursTransfere
    | TransfertEffectif
    | TransfertEnAttente
    | TransfertSignale
    | ParcoursClos
    | UsagerOppose
    | UsagerEfface
)
