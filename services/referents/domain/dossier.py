"""The nouns of the service: the dossier of a parcours, its référents one after the other, its followers, its
appointments, and the copy of its orientations on which the référent depends."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from relais_contrats.v1 import partages
from relais_contrats.v1 import referents as contrat


class Etat(StrEnum):
    """Where a designation stands: `propose → actif | decline`, `actif → termine`."""

    PROPOSE = "propose"
    ACTIF = "actif"
    DECLINE = "decline"
    TERMINE = "termine"
    """Ended; also a proposal that was overtaken before anyone answered it."""


class Issue(StrEnum):
    """The end of a designation."""

    DECLINEE = "declinee"
    REMPLACEE = "remplacee"
    TERMINEE = "terminee"
    ORIENTATION = "orientation"
    """A new decision, or the end of the orientation."""
    CLOTURE = "cloture"
    FUSION = "fusion"


class Statut(StrEnum):
    """The state of an appointment."""

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

    @classmethod
    def lue(cls, dite: partages.Structure) -> "Structure":
        return cls(str(dite.systeme), dite.valeur, dite.nom)

    def est(self, autre: "Structure") -> bool:
        """Whether both are one structure, under any name."""
        return (self.systeme, self.valeur) == (autre.systeme, autre.valeur)


@dataclass(frozen=True, slots=True)
class Professionnel:
    """Who accompanies, with a professional contact. `identifiant_agent` means something within the structure only."""

    nom: str
    prenom: str
    courriel: str
    identifiant_agent: str
    telephone: str | None = None

    @classmethod
    def lu(cls, dit: partages.Professionnel) -> "Professionnel":
        return cls(dit.nom, dit.prenom, dit.courriel, dit.identifiant_agent, dit.telephone)


@dataclass(frozen=True, slots=True)
class Orientation:
    """A decision of `orientation`. `departement` is the one in which it was taken."""

    rang: int
    departement: str
    structure: Structure
    decidee_le: date
    debut: date
    fin: date | None = None
    est_close: bool = False
    est_reprise: bool = False
    """Decided before the hub followed the person: nothing is measured from it."""

    @classmethod
    def lue(cls, dite: Mapping[str, Any], departement: str) -> "Orientation":
        """Read the decision that `orientation` publishes: the contract's model, with its rank and its end."""
        return cls(
            rang=dite["rang"],
            departement=departement,
            structure=Structure(*(dite["structure"][champ] for champ in ("systeme", "valeur", "nom"))),
            decidee_le=date.fromisoformat(dite["date_decision"]),
            debut=date.fromisoformat(dite["date_debut"]),
            fin=date.fromisoformat(dite["date_fin"]) if dite.get("date_fin") else None,
            est_reprise=dite.get("est_reprise", False),
        )

    def est_la_meme_que(self, autre: "Orientation") -> bool:
        """Whether this is the same decision, published again for the survivor of a merge, under another rank."""
        return self.structure.est(autre.structure) and self.decidee_le == autre.decidee_le


@dataclass(frozen=True, slots=True)
class Affectation:
    """The content of a designation: who, of which structure, from which day."""

    referent: Professionnel
    structure: Structure
    debut: date

    @classmethod
    def lue(cls, dite: contrat.Designation) -> "Affectation":
        return cls(Professionnel.lu(dite.referent), Structure.lue(dite.structure), dite.date_debut)

    def dite(self) -> contrat.ReferentDesigne:
        return contrat.ReferentDesigne.model_validate(
            {"referent": asdict(self.referent), "structure": asdict(self.structure), "date_debut": self.debut}
        )


@dataclass(frozen=True, slots=True)
class Depot:
    """A deposit and who made it."""

    id: UUID
    auteur: str


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
    decidee: Depot | None = None
    """What designated, by which it may be cancelled; None for what a merge brought."""
    terminee: Depot | None = None
    """What ended the follow-up, when a partner did."""
    signatures: tuple[UUID, ...] = ()
    """The deposits of the contracts that were signed since: they stand on it."""

    @property
    def est_en_cours(self) -> bool:
        return self.issue is None

    @property
    def a_suivi(self) -> bool:
        """Accepted, and not over before it began."""
        return self.acceptee_le is not None and (self.fin is None or self.fin >= self.affectation.debut)

    @property
    def etat_de_suivi(self) -> Etat:
        """As it counts while it lasts, its end being announced or not."""
        return Etat.ACTIF if self.acceptee_le else Etat.PROPOSE

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

    @classmethod
    def lu(cls, dit: contrat.AccompagnantAjoute) -> "Accompagnant":
        professionnel, structure = Professionnel.lu(dit.accompagnant), Structure.lue(dit.structure)
        return cls(professionnel, structure, str(dit.role), dit.date_debut)

    def dit(self) -> contrat.AccompagnantAjoute:
        return contrat.AccompagnantAjoute.model_validate(
            {
                "accompagnant": asdict(self.professionnel),
                "structure": asdict(self.structure),
                "date_debut": self.debut,
                "role": self.role,
            }
        )

    def est(self, identifiant_agent: str, structure: Structure) -> bool:
        return self.professionnel.identifiant_agent == identifiant_agent and self.structure.est(structure)


@dataclass(frozen=True, slots=True)
class RendezVous:
    """An appointment, which each of its messages restates in full. `debut` is an aware instant."""

    rdv_id: str
    motif: str
    debut: datetime
    duree_min: int
    modalite: str
    forme: str
    lieu: str | None
    statut: Statut
    annule_par: str | None = None

    @classmethod
    def lu(cls, dit: contrat.RendezVous) -> "RendezVous":
        """Read an appointment, its instant in UTC."""
        return cls(
            rdv_id=dit.rdv_id,
            motif=str(dit.motif),
            debut=dit.debut.astimezone(UTC),
            duree_min=dit.duree_min,
            modalite=str(dit.modalite),
            forme=str(dit.forme),
            lieu=dit.lieu,
            statut=Statut(dit.statut),
            annule_par=str(dit.annule_par) if dit.annule_par else None,
        )

    def dit(self) -> contrat.RdvPlanifie:
        return contrat.RdvPlanifie.model_validate(asdict(self))


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
    effets: tuple[date, ...] = ()
    """The days to come on which who follows the person changes, as it was told in advance."""

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

    def encore_la(self, apres: date) -> tuple[Designation, ...]:
        """The designation in force, and one that was ended in advance and still follows the person after that day."""
        return tuple(d for d in self.designations if d.est_en_cours or (d.acceptee_le and d.fin and d.fin > apres))

    def en_place(self, jour: date) -> Designation | None:
        """Who follows the person on that day; else who is proposed, or comes next."""
        suivent = (d for d in self.encore_la(jour - timedelta(days=1)) if d.acceptee_le and d.affectation.debut <= jour)
        return next(suivent, self.designation)

    def accompagnants_le(self, jour: date) -> tuple[Accompagnant, ...]:
        return tuple(a for a in self.accompagnants if a.debut <= jour and (a.fin is None or a.fin >= jour))

    def accompagnant(self, identifiant_agent: str, structure: Structure) -> Accompagnant | None:
        """The follower who is still one."""
        en_cours = (a for a in self.accompagnants if a.fin is None)
        return next((a for a in en_cours if a.est(identifiant_agent, structure)), None)

    def rdv(self, rdv_id: str) -> RdvSuivi | None:
        return next((suivi for suivi in self.rendez_vous if suivi.rdv_id == rdv_id), None)

    def avec_rdv(self, suivi: RdvSuivi) -> "Dossier":
        """In its place if it is known, else after the others."""
        if self.rdv(suivi.rdv_id) is None:
            return replace(self, rendez_vous=(*self.rendez_vous, suivi))
        rendez_vous = tuple(suivi if connu.rdv_id == suivi.rdv_id else connu for connu in self.rendez_vous)
        return replace(self, rendez_vous=rendez_vous)
