"""The nouns of a decision: its author and content, the state before it, the acts under it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from relais_contrats.v1 import orientation as contrat
from relais_contrats.v1 import partages
from services.dossiers.regles import Recu


class Organisme(StrEnum):
    """The kinds of organisation that the rules name; the contract checks the closed list."""

    DEPARTEMENT = "departement"
    FRANCE_TRAVAIL = "france-travail"
    MISSION_LOCALE = "mission-locale"
    CAP_EMPLOI = "cap-emploi"


@dataclass(frozen=True, slots=True)
class Auteur:
    """Who deposits: `partenaire` is the CloudEvents source, `role` its kind of organisation."""

    partenaire: str
    role: str

    @classmethod
    def de(cls, recu: Recu[Any]) -> "Auteur":
        return cls(recu.auteur, recu.role)


@dataclass(frozen=True, slots=True)
class Structure:
    systeme: str
    valeur: str
    nom: str

    @classmethod
    def lue(cls, dite: partages.Structure) -> "Structure":
        return cls(str(dite.systeme), dite.valeur, dite.nom)

    @property
    def cle(self) -> str:
        """The identity of the structure, under any name."""
        return f"{self.systeme}:{self.valeur}"


@dataclass(frozen=True, slots=True)
class Decision:
    """The content of a decision, first orientation or réorientation. `date_fin` only when it is known in advance."""

    parcours_type: str
    organisme: str
    structure: Structure
    date_decision: date
    date_debut: date
    date_fin: date | None
    rang: int

    @classmethod
    def lue(cls, dite: contrat.Decision) -> "Decision":
        return cls(
            parcours_type=str(dite.parcours_type),
            organisme=str(dite.organisme),
            structure=Structure.lue(dite.structure),
            date_decision=dite.date_decision,
            date_debut=dite.date_debut,
            date_fin=dite.date_fin,
            rang=dite.rang,
        )


@dataclass(frozen=True, slots=True)
class Contestation:
    """Why the recommendation was set aside; the decision then carries the counter-proposal."""

    motif_refus: str
    commentaire: str | None

    @classmethod
    def lue(cls, dite: contrat.OrientationDecidee) -> "Contestation | None":
        return cls(str(dite.motif_refus), dite.commentaire_refus) if dite.motif_refus else None


@dataclass(frozen=True, slots=True)
class DemandeReorientation:
    """A request to change the open orientation; it waits for its decision."""

    demandeur: Auteur
    motif: str
    parcours_type_propose: str
    structure_proposee: Structure | None
    accord_referent: bool
    accord_personne: bool
    urgence: bool

    @classmethod
    def lue(cls, dite: contrat.ReorientationDemandee, demandeur: Auteur) -> "DemandeReorientation":
        return cls(
            demandeur=demandeur,
            motif=dite.motif,
            parcours_type_propose=str(dite.parcours_type_propose),
            structure_proposee=Structure.lue(dite.structure_proposee) if dite.structure_proposee else None,
            accord_referent=dite.accord_referent,
            accord_personne=dite.accord_personne,
            urgence=dite.urgence,
        )

    def dite(self) -> contrat.ReorientationDemandee:
        champs = asdict(self)
        del champs["demandeur"]
        return contrat.ReorientationDemandee.model_validate(champs)


@dataclass(frozen=True, slots=True)
class Appui:
    """An act of a partner under an orientation, and its deposit."""

    type: str
    depot: UUID | None = None


@dataclass(frozen=True, slots=True)
class Avant:
    """The state before a decision: the orientation that it cut or closed, the requests that it settled."""

    rang: int | None = None
    fin: date | None = None
    est_close: bool = False
    motif_fin: str | None = None
    demande: int | None = None
    reorientation: DemandeReorientation | None = None


@dataclass(frozen=True, slots=True)
class Orientation:
    """An orientation that was decided. `decideur` is who decided it; `est_close` once ended, replaced or over.

    `est_effective` is false while it waits for its first day beside the one in force.
    """

    decision: Decision
    decideur: Auteur
    contestation: Contestation | None = None
    est_close: bool = False
    est_effective: bool = True
    motif_fin: str | None = None
    notifiee_le: date | None = None
    depot: UUID | None = None
    """The deposit that decided it, by which it may be cancelled; None for what a merge brought."""
    avant: Avant | None = None
    appuis: tuple[Appui, ...] = ()
    """What partners did under it, the last at the end: it stands on this decision."""
    est_reprise: bool = False
    """Decided before the hub followed the person, and declared since."""

    @property
    def rang(self) -> int:
        return self.decision.rang

    @property
    def debut(self) -> date:
        return self.decision.date_debut

    @property
    def fin(self) -> date | None:
        """Last day, included; None while it is open-ended."""
        return self.decision.date_fin

    def dite(self) -> contrat.OrientationDecidee:
        contestee, sens = self.contestation, {"decision": "acceptee"}
        if contestee:
            sens = {"decision": "refusee", "motif_refus": contestee.motif_refus}
            sens |= {"commentaire_refus": contestee.commentaire} if contestee.commentaire else {}
        return contrat.OrientationDecidee.model_validate(asdict(self.decision) | sens)

    def effective(self) -> Mapping[str, Any]:
        """For siblings and the gateway: the decision as published, with its first day, its notification and its
        deposit."""
        dates = {"date_effet": self.debut.isoformat()}
        dates |= {"date_notification": self.notifiee_le.isoformat()} if self.notifiee_le else {}
        return self.dite().en_json() | dates | ({"depot": str(self.depot)} if self.depot else {})
