"""The nouns of the service: the dossier of a parcours, its requests, its orientations, its recommendation."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

Critere = str | bool | int
Criteres = Mapping[str, Critere]
"""Criteria of the diagnostic by name, those that are known (CATALOGUE § 3 `diagnostic.realise`)."""

Dit = tuple[datetime, date]
"""When something was said about the right, and from when on it holds: the last word holds, whenever it came here."""


class Organisme(StrEnum):
    """The kinds of organisation that the rules name; the contract checks the closed list."""

    DEPARTEMENT = "departement"
    FRANCE_TRAVAIL = "france-travail"
    MISSION_LOCALE = "mission-locale"
    CAP_EMPLOI = "cap-emploi"


class Etat(StrEnum):
    """Where the orientation of a person stands (domaine § 1.A.2)."""

    BROUILLON = "brouillon"
    """Criteria are being collected, nobody waits for a decision."""
    EN_ATTENTE = "en-attente"
    """Requested or recommended: a decision is to be taken."""
    OUVERTE = "ouverte"
    CLOSE = "close"


class Issue(StrEnum):
    """What ended a request for orientation."""

    DECIDEE = "decidee"
    TRANSFEREE = "transferee"
    FUSIONNEE = "fusionnee"
    CLOSE = "close"
    REPRISE = "reprise"
    """The person had been oriented before the hub followed her: nobody kept a delay, or missed it."""


@dataclass(frozen=True, slots=True)
class Auteur:
    """Who deposits: `partenaire` is the CloudEvents source, `role` its kind of organisation."""

    partenaire: str
    role: str


@dataclass(frozen=True, slots=True)
class Structure:
    systeme: str
    valeur: str
    nom: str


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


@dataclass(frozen=True, slots=True)
class Contestation:
    """Why the recommendation was set aside; the decision then carries the counter-proposal."""

    motif_refus: str
    commentaire: str | None


@dataclass(frozen=True, slots=True)
class Appui:
    """What a partner did under an orientation, by which deposit."""

    type: str
    depot: UUID | None = None


@dataclass(frozen=True, slots=True)
class Avant:
    """What a decision changed, as it was: the orientation that it cut or closed, the requests that it settled."""

    rang: int | None = None
    fin: date | None = None
    est_close: bool = False
    motif_fin: str | None = None
    demande: int | None = None
    reorientation: "DemandeReorientation | None" = None


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


@dataclass(frozen=True, slots=True)
class Demande:
    """A request to orient. `recue_le` starts the legal delay; `issue` is None while nobody decided."""

    numero: int
    departement: str
    recue_le: date
    motif: str | None = None
    est_dessaisie: bool = False
    issue: Issue | None = None
    decidee_le: date | None = None
    """Day on which the hub received the decision."""


@dataclass(frozen=True, slots=True)
class MotifPreconisation:
    critere: str
    valeur: str | None
    explication: str


@dataclass(frozen=True, slots=True)
class Preconisation:
    """A recommendation, by the rule engine (`est_calculee`) or by a professional."""

    parcours_type: str
    organisme: str
    motifs: tuple[MotifPreconisation, ...]
    structure: Structure | None = None
    est_calculee: bool = False


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


@dataclass(frozen=True, slots=True)
class Contrainte:
    """An element of the constraint reference; a code means something within its level and version only."""

    niveau: str
    code: str
    libelle: str
    referentiel: str
    valeur: str
    impact: str | None = None

    @property
    def cle(self) -> tuple[str, str, str]:
        return (self.referentiel, self.niveau, self.code)


@dataclass(frozen=True, slots=True)
class Dossier:
    """The state of one parcours here. `orientations` and `demandes` are in the order of their numbers."""

    parcours: UUID
    departement: str
    brsa: bool = False
    """The person asks for the RSA or receives it: the département orients (C. trav. L. 5411-5-1)."""
    droit_dit: Dit | None = None
    droit_annonce: tuple[bool, Dit] | None = None
    """What was last said of the right from a day to come on: it is `brsa` from that day."""
    est_oppose: bool = False
    """The person has objected (RGPD art. 21): no recommendation is computed, no statistic counts it."""
    est_clos: bool = False
    est_efface: bool = False
    absorbe_par: UUID | None = None
    criteres: Criteres = field(default_factory=dict)
    contraintes: tuple[Contrainte, ...] = ()
    preconisation: Preconisation | None = None
    reorientation: DemandeReorientation | None = None
    demandes: tuple[Demande, ...] = ()
    orientations: tuple[Orientation, ...] = ()
    tenus: frozenset[str] = frozenset()
    """What the siblings hold of this parcours, as they told it: see `reprise`."""

    @property
    def demande(self) -> Demande | None:
        """The request that waits for a decision: the last one, at most."""
        return self.demandes[-1] if self.demandes and self.demandes[-1].issue is None else None

    @property
    def derniere(self) -> Orientation | None:
        """The latest in time, the only one that may still change; a decision about the past does not become it."""
        return max(self.orientations, key=lambda orientation: orientation.debut, default=None)

    @property
    def ouverte(self) -> Orientation | None:
        """The one in force; a later decision leaves it in force until its own first day."""
        return next((o for o in self.orientations if o.est_effective and not o.est_close), None)

    @property
    def a_venir(self) -> tuple[Orientation, ...]:
        """Those decided for a day to come, the next first."""
        attendues = (o for o in self.orientations if not (o.est_effective or o.est_close))
        return tuple(sorted(attendues, key=lambda orientation: orientation.debut))

    @property
    def rang(self) -> int:
        """Rank of the last decision, 0 before the first. What is declared from before may begin at any."""
        return max((orientation.rang for orientation in self.orientations), default=0)

    @property
    def etat(self) -> Etat:
        if self.ouverte:
            return Etat.OUVERTE
        if self.demande or self.a_venir:
            return Etat.EN_ATTENTE
        if self.orientations:
            return Etat.CLOSE
        return Etat.EN_ATTENTE if self.preconisation else Etat.BROUILLON
