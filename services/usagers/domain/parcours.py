"""The parcours of a person as this service knows it, and the input of a decision."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from services.usagers.domain.identite import Cle, Coordonnees, Identifiant, Identite, cles


class EtatParcours(StrEnum):
    AMBIGU = "ambigu"
    """Signalled, and nobody knows yet whether it is somebody already known."""
    ACTIF = "actif"
    CLOS = "clos"
    FUSIONNE = "fusionne"
    """An alias: `survivant` is the parcours that goes on."""
    EFFACE = "efface"


@dataclass(frozen=True, slots=True)
class Droits:
    """The RSA right as its payer sends it (CNAF ETATDOSRSA, TOPPERSDRODEVORSA). `dit_a`: the payer's instant."""

    dit_a: datetime
    etat_dossier: str
    soumis_droits_devoirs: bool
    date_effet: date
    motif_suspension: str | None = None
    motif_cloture: str | None = None

    @property
    def rang(self) -> tuple[datetime, date]:
        """The order of rights: the later message wins, even about a past day; then the later effect."""
        return (self.dit_a, self.date_effet)


@dataclass(frozen=True, slots=True)
class Acte:
    """A deposit that may be cancelled, and its emitter."""

    depot: UUID
    auteur: str


@dataclass(frozen=True, slots=True)
class Dire:
    """A person as one emitter described her, under its own name (`alias`) of `parcours`: see `SignalementConserve`."""

    alias: UUID
    parcours: UUID
    departement: str
    emetteur: str
    identite: Identite
    identifiants: frozenset[Identifiant]
    coordonnees: Coordonnees | None = None

    @property
    def comme_parcours(self) -> "Parcours":
        """As if nothing else were known of the person."""
        return Parcours(
            self.alias,
            EtatParcours.ACTIF,
            self.departement,
            self.emetteur,
            identite=self.identite,
            identifiants=self.identifiants,
        )


@dataclass(frozen=True, slots=True)
class Parcours:
    """`emetteur` signalled it first; `candidats` are the parcours that an ambiguous one may belong to, of which those
    in `ailleurs` are in another territory (known where a decision is to be taken).

    `variantes`: other civil statuses that an agent has said to be this person's; the question is not asked again.
    `distincts`: parcours that an agent has said to be another person's, by undoing a merge. `dires`: what was said of
    it by those who may not be told who it is. `fusions`: the merges that stand and by which it absorbed, oldest first.
    """

    id: UUID
    etat: EtatParcours
    departement: str
    emetteur: str
    identite: Identite | None = None
    variantes: frozenset[Identite] = frozenset()
    identifiants: frozenset[Identifiant] = frozenset()
    coordonnees: Coordonnees | None = None
    droits: Droits | None = None
    candidats: tuple[UUID, ...] = ()
    ailleurs: frozenset[UUID] = frozenset()
    survivant: UUID | None = None
    date_fin: date | None = None
    oppose_a: datetime | None = None
    transfert: tuple[str, date] | None = None
    """The territory to which it moves, and the day."""
    attend_un_partenaire: bool = False
    """The day has come, and no département of that territory is a partner yet."""
    arrivees_signalees: frozenset[tuple[str, str]] = frozenset()
    """(kind of organisation, territory) of the moves that were made known from there, to be confirmed."""
    distincts: frozenset[UUID] = frozenset()
    dires: tuple[Dire, ...] = ()
    fusions: tuple["FusionConnue", ...] = ()

    @property
    def parcours(self) -> UUID:
        return self.id

    @property
    def absorbe_par(self) -> UUID | None:
        return self.survivant

    @property
    def seul(self) -> "Parcours":
        """The person alone, as a merge that is undone gives it back."""
        return replace(self, dires=(), fusions=(), ailleurs=frozenset())

    @property
    def cles(self) -> frozenset[Cle]:
        return cles(self.identites, self.identifiants)

    @property
    def identites(self) -> tuple[Identite, ...]:
        return (self.identite, *self.variantes) if self.identite else ()

    def est_distinct_de(self, autre: "Parcours") -> bool:
        return autre.id in self.distincts or self.id in autre.distincts

    @property
    def nirs(self) -> frozenset[Identifiant]:
        return frozenset(i for i in self.identifiants if i.nature == "nir")

    @property
    def nirs_definitifs(self) -> frozenset[Identifiant]:
        return frozenset(i for i in self.nirs if not i.est_provisoire)


@dataclass(frozen=True, slots=True)
class FusionConnue:
    """A merge as it was decided, so that it can be undone: its persons before it, its survivor before and after.

    `fait`: the event that published it, for the undoing.
    """

    acte: Acte
    fait: UUID
    conserve: Parcours
    apres: Parcours
    absorbes: tuple[Parcours, ...]

    @property
    def noms(self) -> frozenset[UUID]:
        return frozenset((self.conserve.id, *(p.id for p in self.absorbes)))


@dataclass(frozen=True, slots=True)
class Etat:
    """The input of the decision on one message.

    `nommes`: each parcours that the message names, under the name that it uses, aliases resolved; absent when unknown.
    `proches`: the active and ambiguous parcours that share a key with the person of the message.
    `dires`: earlier descriptions of these by the same emitter, where it may not know who they are.
    `fusions`: the merges in force that concern the parcours of a `Defusion`, oldest first.
    `servis`: the territories of which a département is a partner; None until the gateway sends them.
    """

    nommes: Mapping[UUID, Parcours] = field(default_factory=lambda: MappingProxyType({}))
    proches: tuple[Parcours, ...] = ()
    dires: tuple[Dire, ...] = ()
    fusions: tuple[FusionConnue, ...] = ()
    servis: frozenset[str] | None = None

    def est_servi(self, departement: str) -> bool:
        return self.servis is None or departement in self.servis

    @property
    def actifs(self) -> tuple[Parcours, ...]:
        return tuple(p for p in self.proches if p.etat is EtatParcours.ACTIF)

    @property
    def ambigus(self) -> tuple[Parcours, ...]:
        return tuple(p for p in self.proches if p.etat is EtatParcours.AMBIGU)

    def tenu_ailleurs(self, identifiant: Identifiant, *sauf: UUID) -> bool:
        """Whether an active parcours outside `sauf` holds this identifier, which one parcours at most may hold."""
        return identifiant.est_exclusif and any(identifiant in p.identifiants for p in self.actifs if p.id not in sauf)
