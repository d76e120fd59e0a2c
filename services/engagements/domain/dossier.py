"""The nouns of the service: the dossier of a parcours, its contracts, the months to sign them, its sanctions."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from relais_contrats.v1 import engagements as v1
from services.engagements.domain.contenu import Auteur, Bilan, Contenu

Criteres = Mapping[str, str | bool]
"""Criteria of the diagnostic by name: only those that lengthen the delay of re-examination are kept here."""


class EtatContrat(StrEnum):
    """Where a contract stands (domaine § 1.A.5)."""

    A_SIGNER = "a-signer"
    SIGNE = "signe"
    REFUSE = "refuse"
    SUSPENDU = "suspendu"
    CLOS = "clos"


EN_VIGUEUR = frozenset({EtatContrat.SIGNE, EtatContrat.SUSPENDU})
EN_ATTENTE = frozenset({EtatContrat.A_SIGNER, EtatContrat.REFUSE})


class Cause(StrEnum):
    """Why a contract is to be signed again."""

    REORIENTATION = "reorientation"
    TRANSFERT = "transfert"
    MODIFICATION = "modification-essentielle"


class Issue(StrEnum):
    """The end of a month to sign."""

    SIGNEE = "signee"
    REMPLACEE = "remplacee"
    TRANSFEREE = "transferee"
    FUSIONNEE = "fusionnee"
    CLOSE = "close"


class StatutReferent(StrEnum):
    """The state of the référent unique; its name stays in `referents`."""

    PROPOSE = "propose"
    ACTIF = "actif"


class EtatSanction(StrEnum):
    PROPOSEE = "proposee"
    DECIDEE = "decidee"
    LEVEE = "levee"


@dataclass(frozen=True, slots=True)
class Suspension:
    """`recue_le` is the day on which it was deposited; `reprise` is None while it lasts."""

    debut: date
    motif: str
    recue_le: date
    reprise: date | None = None
    motif_reprise: str | None = None


@dataclass(frozen=True, slots=True)
class Contrat:
    """A contract of the parcours. `signe_le` stays when it must be signed again: it was in force.

    `est_a_venir`: signed, it waits for its first day beside the one in force.
    """

    numero: int
    contenu: Contenu
    proposeur: Auteur
    etat: EtatContrat = EtatContrat.A_SIGNER
    signe_le: date | None = None
    est_a_venir: bool = False
    signataires: tuple[str, ...] = ()
    est_hors_delai: bool = False
    refuse_le: date | None = None
    motif_refus: str | None = None
    cause: Cause | None = None
    """Why it is to be signed again; while it is suspended, why it will be once resumed."""
    suspensions: tuple[Suspension, ...] = ()
    bilans: tuple[Bilan, ...] = ()
    clos_le: date | None = None
    motif_cloture: str | None = None

    @property
    def id(self) -> str:
        return self.contenu.contrat_id

    @property
    def suspension(self) -> Suspension | None:
        """The one under way."""
        return self.suspensions[-1] if self.etat is EtatContrat.SUSPENDU else None


@dataclass(frozen=True, slots=True)
class Etape:
    """The state before a message changed the contracts: `contrats`, the numbers that it opened, the running month, and
    the number of months. Without `depot` it is no deposit, and nobody cancels it.

    `causes`: its later consequences, on the day of its effect.
    """

    type: str
    depot: UUID | None = None
    auteur: str | None = None
    contrats: tuple[Contrat, ...] = ()
    nouveaux: tuple[int, ...] = ()
    delai: int | None = None
    delais: int = 0
    causes: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class Orientation:
    """The open orientation, as `orientation` published it. Its rank changes when it passes to a survivor."""

    parcours_type: str
    structure: str
    """`<systeme>:<valeur>`."""
    decidee_le: date
    debut: date

    @classmethod
    def lue(cls, dite: Mapping[str, Any]) -> "Orientation":
        """As `orientation` tells it."""
        return cls(
            parcours_type=dite["parcours_type"],
            structure=f"{dite['structure']['systeme']}:{dite['structure']['valeur']}",
            decidee_le=date.fromisoformat(dite["date_decision"]),
            debut=date.fromisoformat(dite["date_debut"]),
        )

    def est_la_meme(self, autre: "Orientation") -> bool:
        """Whether this is the same decision, published again after a merge, where it may begin later."""
        return replace(autre, debut=self.debut) == self


@dataclass(frozen=True, slots=True)
class Delai:
    """The month that a notification opens; `issue` is None while the contract is awaited."""

    numero: int
    departement: str
    notifiee_le: date
    est_en_retard: bool = False
    """It was told that the month is over."""
    issue: Issue | None = None
    signe_le: date | None = None


@dataclass(frozen=True, slots=True)
class Reexamen:
    """`depuis`: beginning of the social parcours, or last re-examination. `du_le` is set once published as due."""

    depuis: date
    du_le: date | None = None


@dataclass(frozen=True, slots=True)
class Manquement:
    manquement_id: str
    nature: str
    rang: str
    constate_le: date
    faits: str

    @classmethod
    def lu(cls, dit: v1.ManquementSignale) -> "Manquement":
        return cls(dit.manquement_id, str(dit.nature), str(dit.rang), dit.date_constat, dit.faits)


@dataclass(frozen=True, slots=True)
class Mesure:
    """The content of a sanction; `montant` is in euros or a percentage, by `modalite`."""

    sanction_id: str
    manquement_id: str | None
    nature: str
    rang: str
    type: str
    modalite: str | None = None
    montant: float | None = None
    duree_mois: int | None = None

    @classmethod
    def lue(cls, dite: v1.Sanction) -> "Mesure":
        return cls(
            sanction_id=dite.sanction_id,
            manquement_id=dite.manquement_id,
            nature=str(dite.nature),
            rang=str(dite.rang),
            type=str(dite.type),
            modalite=str(dite.modalite) if dite.modalite else None,
            montant=dite.montant,
            duree_mois=dite.duree_mois,
        )


@dataclass(frozen=True, slots=True)
class Sanction:
    numero: int
    mesure: Mesure
    etat: EtatSanction
    proposee_le: date | None = None
    est_hors_delai: bool = False
    """The fifteen days of instruction ran out before a decision."""
    notifiee_le: date | None = None
    levee_le: date | None = None
    motif_levee: str | None = None

    @property
    def id(self) -> str:
        return self.mesure.sanction_id


@dataclass(frozen=True, slots=True)
class Avant:
    """The follow-up as it was before the last decision, which may be cancelled: the month that it interrupted, and the
    contracts, of which it changes the state only."""

    orientation: Orientation | None
    reexamen: Reexamen | None
    delai: int | None
    delais: int
    contrats: tuple[Contrat, ...] = ()
    etapes: int = 0


@dataclass(frozen=True, slots=True)
class Dossier:
    """The state of one parcours here. Contracts, months and sanctions are in the order of their numbers."""

    parcours: UUID
    departement: str
    est_clos: bool = False
    est_efface: bool = False
    absorbe_par: UUID | None = None
    orientation: Orientation | None = None
    referent: StatutReferent | None = None
    criteres: Criteres = field(default_factory=dict)
    reexamen: Reexamen | None = None
    contrats: tuple[Contrat, ...] = ()
    delais: tuple[Delai, ...] = ()
    manquements: tuple[Manquement, ...] = ()
    sanctions: tuple[Sanction, ...] = ()
    avant: Avant | None = None
    etapes: tuple[Etape, ...] = ()
    """What was told of the contracts, one after the other: the last one may be cancelled."""

    @property
    def en_vigueur(self) -> Contrat | None:
        return next((c for c in self.contrats if c.etat in EN_VIGUEUR and not c.est_a_venir), None)

    @property
    def a_venir(self) -> Contrat | None:
        """The one that is signed and begins later, in the place of the one in force."""
        return next((contrat for contrat in self.contrats if contrat.est_a_venir), None)

    @property
    def en_attente(self) -> Contrat | None:
        """The one that is to be signed, the first or the next."""
        return next((contrat for contrat in self.contrats if contrat.etat in EN_ATTENTE), None)

    @property
    def courant(self) -> Contrat | None:
        return self.en_vigueur or self.a_venir or self.en_attente

    @property
    def vivants(self) -> tuple[Contrat, ...]:
        return tuple(contrat for contrat in self.contrats if contrat.etat is not EtatContrat.CLOS)

    @property
    def delai(self) -> Delai | None:
        """The month that runs: the last one, at most."""
        return self.delais[-1] if self.delais and self.delais[-1].issue is None else None

    def contrat(self, contrat_id: str) -> Contrat | None:
        """The live contract of that key, else the last that bore it."""
        nommes = [contrat for contrat in self.contrats if contrat.id == contrat_id]
        return next((c for c in nommes if c.etat is not EtatContrat.CLOS), nommes[-1] if nommes else None)

    @property
    def prochaine_sanction(self) -> int:
        """The next free number. Sanctions that left with an undone merge keep their places empty."""
        return max((sanction.numero for sanction in self.sanctions), default=0) + 1

    def sanction(self, sanction_id: str) -> Sanction | None:
        return next((sanction for sanction in self.sanctions if sanction.id == sanction_id), None)
