"""The parcours of a person as this service knows it, and what a decision looks at."""

from collections.abc import Mapping
from dataclasses import dataclass, field
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
    """The RSA right as its payer tells it (CNAF ETATDOSRSA, TOPPERSDRODEVORSA). `dit_a`: when it said so."""

    dit_a: datetime
    etat_dossier: str
    soumis_droits_devoirs: bool
    date_effet: date
    motif_suspension: str | None = None
    motif_cloture: str | None = None

    @property
    def rang(self) -> tuple[datetime, date]:
        """The last word holds, even about a past day: it knew what had been said before. Then the later effect."""
        return (self.dit_a, self.date_effet)


@dataclass(frozen=True, slots=True)
class Parcours:
    """`emetteur` signalled it first; `candidats` are the parcours that an ambiguous one may belong to.

    `variantes`: other civil statuses that an agent has said to be this person's; the question is not asked again.
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
    survivant: UUID | None = None
    date_fin: date | None = None
    oppose_a: datetime | None = None

    @property
    def cles(self) -> frozenset[Cle]:
        return cles(self.identites, self.identifiants)

    @property
    def identites(self) -> tuple[Identite, ...]:
        return (self.identite, *self.variantes) if self.identite else ()

    @property
    def nirs(self) -> frozenset[str]:
        return frozenset(i.valeur for i in self.identifiants if i.nature == "nir")

    @property
    def nirs_definitifs(self) -> frozenset[str]:
        return frozenset(i.valeur for i in self.identifiants if i.nature == "nir" and not i.est_provisoire)


@dataclass(frozen=True, slots=True)
class Etat:
    """What one message is decided on.

    `nommes`: each parcours that the message names, under the name that it uses, aliases resolved; absent when unknown.
    `proches`: the active and ambiguous parcours that share a key with the person of the message.
    """

    nommes: Mapping[UUID, Parcours] = field(default_factory=lambda: MappingProxyType({}))
    proches: tuple[Parcours, ...] = ()

    @property
    def actifs(self) -> tuple[Parcours, ...]:
        return tuple(p for p in self.proches if p.etat is EtatParcours.ACTIF)

    @property
    def ambigus(self) -> tuple[Parcours, ...]:
        return tuple(p for p in self.proches if p.etat is EtatParcours.AMBIGU)

    def tenu_ailleurs(self, identifiant: Identifiant, *sauf: UUID) -> bool:
        """Whether an active parcours other than those of `sauf` holds this identifier, which only one may hold."""
        return identifiant.est_exclusif and any(identifiant in p.identifiants for p in self.actifs if p.id not in sauf)
