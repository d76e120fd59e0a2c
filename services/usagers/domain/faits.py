"""The facts of a parcours. `parcours`: the one that the fact is about; `departement`: its territory at that moment."""

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
    """Why an agent must identify the person. `translation` has the sentences."""

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
    """The description of a person by an emitter that may not know who it is, and its name (`alias`) of the person.

    A signalement is not a search: the name, and what is read under it, follow from the emitter's own words alone.
    `est_neuf`: messages to the alias reach `parcours` from now on. `dossier` stores it: `parcours`, or one that it
    absorbed.
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
    """`ailleurs`: the candidates of other territories, which nobody here learns."""

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
    """The data that a survivor takes from its absorbed parcours."""

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
    """A merge absorbs this parcours. Not published."""

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
    """The same, published under the name of an absorbed parcours. For the siblings only."""

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
    """A payer sent the right of a person of another territory. It has no effect, and the answer does not show that."""

    parcours: UUID
    departement: str


@dataclass(frozen=True, slots=True)
class ParcoursTransfere:
    """Published in the département that it leaves; later facts in the new one. `effet` when it is for later.

    To its own département: it stays, and with `effet` the siblings move nothing.
    """

    parcours: UUID
    departement: str
    departement_nouveau: str
    date_effet: date
    effet: date | None = None


@dataclass(frozen=True, slots=True)
class TransfertEffectif:
    """The day of a transfer that was published in advance. For the siblings and the gateway only."""

    parcours: UUID
    departement: str
    departement_nouveau: str
    date_effet: date


@dataclass(frozen=True, slots=True)
class TransfertEnAttente:
    """On its day no département there could receive the person: it stays. Not published."""

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
