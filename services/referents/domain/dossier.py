"""The nouns of the service: the dossier of a parcours, its référents one after the other, its followers, its
appointments, and the copy of its orientations on which the référent depends."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID


class Etat(StrEnum):
    """Where a designation stands: `propose → actif | decline`, `actif → termine`."""

    PROPOSE = "propose"
    ACTIF = "actif"
    DECLINE = "decline"
    TERMINE = "termine"
    """Ended; also a proposal that was overtaken before anyone answered it."""


class Issue(StrEnum):
    """What ended a designation."""

    DECLINEE = "declinee"
    REMPLACEE = "remplacee"
    TERMINEE = "terminee"
    ORIENTATION = "orientation"
    """A new decision, or the end of the orientation."""
    CLOTURE = "cloture"
    FUSION = "fusion"


class Statut(StrEnum):
    """What became of an appointment."""

    PLANIFIE = "planifie"
    HONORE = "honore"
    NON_HONORE = "non-honore"
    ANNULE = "annule"


MOTIF_RDV_ORIENTATION = "orientation"
"""The motive of the appointments that come before the decision; the others are accompaniment."""


@dataclass(frozen=True, slots=True)
class Structure:
    systeme: str
    valeur: str
    nom: str

    def est(self, autre: "Structure") -> bool:
        """The same structure, whatever name each partner gives it."""
        return (self.systeme, self.valeur) == (autre.systeme, autre.valeur)


@dataclass(frozen=True, slots=True)
class Professionnel:
    """Who accompanies, with a professional contact. `identifiant_agent` means something within the structure only."""

    nom: str
    prenom: str
    courriel: str
    identifiant_agent: str
    telephone: str | None = None


@dataclass(frozen=True, slots=True)
class Orientation:
    """What is kept here of a decision told by `orientation`. `departement` is the one in which it was taken."""

    rang: int
    departement: str
    structure: Structure
    decidee_le: date
    debut: date
    fin: date | None = None
    est_close: bool = False

    def est_la_meme_que(self, autre: "Orientation") -> bool:
        """The decision of an absorbed parcours is told again for its survivor, under another rank."""
        return self.structure.est(autre.structure) and self.decidee_le == autre.decidee_le


@dataclass(frozen=True, slots=True)
class Affectation:
    """What a designation says: who, of which structure, from which day."""

    referent: Professionnel
    structure: Structure
    debut: date


@dataclass(frozen=True, slots=True)
class Designation:
    """A référent unique, proposed then active. `rang` is the orientation under which it was designated.

    `fin` is its last day, the eve of `affectation.debut` when it ended before it began; None while `issue` is None,
    and for what was declined.
    """

    numero: int
    affectation: Affectation
    rang: int
    designee_le: date
    acceptee_le: date | None = None
    issue: Issue | None = None
    fin: date | None = None
    motif_fin: str | None = None

    @property
    def est_en_cours(self) -> bool:
        return self.issue is None

    @property
    def etat(self) -> Etat:
        if self.issue is None:
            return Etat.ACTIF if self.acceptee_le else Etat.PROPOSE
        return Etat.DECLINE if self.issue is Issue.DECLINEE else Etat.TERMINE


@dataclass(frozen=True, slots=True)
class Accompagnant:
    """A professional beside the référent unique; there may be any number of them. `fin` is None while it goes on."""

    professionnel: Professionnel
    structure: Structure
    role: str
    debut: date
    fin: date | None = None
    motif_fin: str | None = None

    def est(self, identifiant_agent: str, structure: Structure) -> bool:
        return self.professionnel.identifiant_agent == identifiant_agent and self.structure.est(structure)


@dataclass(frozen=True, slots=True)
class RendezVous:
    """An appointment as each of its messages tells it, in full. `debut` is an aware instant."""

    rdv_id: str
    motif: str
    debut: datetime
    duree_min: int
    modalite: str
    forme: str
    lieu: str | None
    statut: Statut
    annule_par: str | None = None


@dataclass(frozen=True, slots=True)
class RdvSuivi:
    """An appointment of the dossier. `organisateur` is the source of the partner that planned it.

    `rang` is the orientation under which it was planned or last changed, None before the first one.
    """

    rendez_vous: RendezVous
    organisateur: str
    rang: int | None = None
    constate_a: datetime | None = None

    @property
    def rdv_id(self) -> str:
        return self.rendez_vous.rdv_id

    @property
    def statut(self) -> Statut:
        return self.rendez_vous.statut


@dataclass(frozen=True, slots=True)
class Dossier:
    """The state of one parcours here. `orientations` and `designations` are in the order in which they came."""

    parcours: UUID
    departement: str
    est_clos: bool = False
    est_efface: bool = False
    absorbe_par: UUID | None = None
    orientations: tuple[Orientation, ...] = ()
    designations: tuple[Designation, ...] = ()
    accompagnants: tuple[Accompagnant, ...] = ()
    rendez_vous: tuple[RdvSuivi, ...] = ()

    @property
    def derniere_orientation(self) -> Orientation | None:
        return self.orientations[-1] if self.orientations else None

    @property
    def ouverte(self) -> Orientation | None:
        derniere = self.derniere_orientation
        return derniere if derniere and not derniere.est_close else None

    @property
    def derniere(self) -> Designation | None:
        return self.designations[-1] if self.designations else None

    @property
    def designation(self) -> Designation | None:
        """The one in force: proposed or active. There is at most one, the last."""
        return self.derniere if self.derniere and self.derniere.est_en_cours else None

    def accompagnant(self, identifiant_agent: str, structure: Structure) -> Accompagnant | None:
        """The follower who is still one."""
        en_cours = (a for a in self.accompagnants if a.fin is None)
        return next((a for a in en_cours if a.est(identifiant_agent, structure)), None)

    def rdv(self, rdv_id: str) -> RdvSuivi | None:
        return next((suivi for suivi in self.rendez_vous if suivi.rdv_id == rdv_id), None)
