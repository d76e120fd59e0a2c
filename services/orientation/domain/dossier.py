"""The dossier of a parcours: its requests, its diagnostic, its recommendation, its orientations (see `decision`)."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from relais_contrats.v1 import orientation as contrat
from services.orientation.domain.decision import DemandeReorientation, Orientation, Structure

Critere = str | bool | int
Criteres = Mapping[str, Critere]
"""Criteria of the diagnostic by name, those that are known (CATALOGUE § 3 `diagnostic.realise`)."""

Mot = tuple[datetime, date]
"""When something was said about the right, and from when on it holds: the last word holds, whenever it came here."""


class Etat(StrEnum):
    """Where the orientation of a person stands (domaine § 1.A.2)."""

    BROUILLON = "brouillon"
    """Criteria are being collected, nobody waits for a decision."""
    EN_ATTENTE = "en-attente"
    """Requested or recommended: a decision is to be taken."""
    OUVERTE = "ouverte"
    CLOSE = "close"


class Issue(StrEnum):
    """The end of a request for orientation."""

    DECIDEE = "decidee"
    TRANSFEREE = "transferee"
    FUSIONNEE = "fusionnee"
    CLOSE = "close"
    REPRISE = "reprise"
    """The person had been oriented before the hub followed her: nobody kept a delay, or missed it."""


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

    @classmethod
    def lue(cls, dite: contrat.OrientationPreconisee, *, est_calculee: bool) -> "Preconisation":
        return cls(
            parcours_type=str(dite.parcours_type),
            organisme=str(dite.organisme),
            motifs=tuple(MotifPreconisation(m.critere, m.valeur, m.explication) for m in dite.motifs),
            structure=Structure.lue(dite.structure) if dite.structure else None,
            est_calculee=est_calculee,
        )

    def dite(self) -> contrat.OrientationPreconisee:
        champs = asdict(self)
        del champs["est_calculee"]
        return contrat.OrientationPreconisee.model_validate(champs)


@dataclass(frozen=True, slots=True)
class Contrainte:
    """An element of the constraint reference; a code means something within its level and version only."""

    niveau: str
    code: str
    libelle: str
    referentiel: str
    valeur: str
    impact: str | None = None

    @classmethod
    def lue(cls, dite: contrat.ContrainteDiagnostic) -> "Contrainte":
        return cls(**dite.en_json())

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
    droit_dit: Mot | None = None
    droit_annonce: tuple[bool, Mot] | None = None
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
    tenus: tuple[str, ...] = ()
    """What the siblings hold of this parcours, as they told it, in one order: see `reprise`."""

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
        """The orientations that begin on a day to come, the next first."""
        attendues = (o for o in self.orientations if not (o.est_effective or o.est_close))
        return tuple(sorted(attendues, key=lambda orientation: orientation.debut))

    @property
    def rang(self) -> int:
        """Rank of the last decision, 0 before the first. A declared one may have any rank."""
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

    def avec_demande_close(self, issue: Issue, decidee_le: date | None = None) -> "Dossier":
        """The request that waits, if there is one, waits no more."""
        demandes = tuple(d if d.issue else replace(d, issue=issue, decidee_le=decidee_le) for d in self.demandes)
        return replace(self, demandes=demandes)

    def avec(self, changee: Orientation) -> "Dossier":
        """`changee` in the place of the orientation of its rank."""
        orientations = tuple(changee if o.rang == changee.rang else o for o in self.orientations)
        return replace(self, orientations=orientations)

    def avec_rang(self, rang: int, **changements: Any) -> "Dossier":
        """The orientation of that rank, changed so."""
        nommee = next((orientation for orientation in self.orientations if orientation.rang == rang), None)
        return self.avec(replace(nommee, **changements)) if nommee else self

    def avec_tenus(self, quoi: Iterable[str]) -> "Dossier":
        return replace(self, tenus=tuple(sorted({*self.tenus, *quoi})))
