"""What the service records: facts told to partners, and facts kept here because a sibling has already told them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeAlias
from uuid import UUID

from services.orientation.domain.dossier import (
    Appui,
    Auteur,
    Contestation,
    Contrainte,
    Criteres,
    Decision,
    DemandeReorientation,
    Dit,
    Orientation,
    Preconisation,
)


@dataclass(frozen=True, slots=True)
class OrientationDemandee:
    parcours: UUID
    departement: str
    recue_le: date
    motif: str | None = None


@dataclass(frozen=True, slots=True)
class DiagnosticRealise:
    parcours: UUID
    departement: str
    criteres: Criteres
    contraintes: tuple[Contrainte, ...]


@dataclass(frozen=True, slots=True)
class OrientationPreconisee:
    parcours: UUID
    departement: str
    preconisation: Preconisation


@dataclass(frozen=True, slots=True)
class OrientationDecidee:
    """`fin_precedente` cuts the last orientation; `decidee_le` settles the request, None when it leaves it waiting.

    `est_differee`: it begins later, and the one in force stays so until then; `OrientationEffective` says the day.
    """

    parcours: UUID
    departement: str
    decision: Decision
    contestation: Contestation | None
    decideur: Auteur
    fin_precedente: date | None
    est_derniere: bool
    decidee_le: date | None
    est_differee: bool = False
    depot: UUID | None = None
    reorientation: DemandeReorientation | None = None
    """The request to which it answers."""
    est_reprise: bool = False
    """A merge tells again what had been declared from before."""


@dataclass(frozen=True, slots=True)
class RepriseDeclaree:
    """`donnees` is all that was declared; `tenus` what the siblings hold from now on."""

    parcours: UUID
    departement: str
    donnees: Mapping[str, Any]
    decideur: Auteur
    decision: Decision | None
    contestation: Contestation | None
    notifiee_le: date | None
    tenus: tuple[str, ...]
    recue_a: datetime


@dataclass(frozen=True, slots=True)
class OrientationAnnulee:
    """`annulee` was decided by the deposit `annule`; `retablie` is the one that is in force again, if there is one."""

    parcours: UUID
    departement: str
    annule: UUID
    motif: str
    annulee: Orientation
    retablie: Orientation | None


@dataclass(frozen=True, slots=True)
class OrientationAppuyee:
    """All that partners did under the orientation in force."""

    parcours: UUID
    appuis: tuple[Appui, ...]


@dataclass(frozen=True, slots=True)
class OrientationEffective:
    """The first day of an orientation decided in advance: it takes the place of the one in force.

    For the siblings and the gateway only: partners know the day since the decision.
    """

    parcours: UUID
    departement: str
    orientation: Orientation


@dataclass(frozen=True, slots=True)
class OrientationSansEffet:
    """What was to begin later will not: the parcours is over before."""

    parcours: UUID
    rang: int
    motif: str


@dataclass(frozen=True, slots=True)
class OrientationNotifiee:
    parcours: UUID
    departement: str
    notifiee_le: date
    rang: int
    effet: date | None = None
    """The first day of the orientation, when it is still to begin."""


@dataclass(frozen=True, slots=True)
class OrientationDessaisie:
    parcours: UUID
    departement: str
    recue_le: date
    date_echeance: date


@dataclass(frozen=True, slots=True)
class ReorientationDemandee:
    parcours: UUID
    departement: str
    demande: DemandeReorientation


@dataclass(frozen=True, slots=True)
class ReorientationDecidee:
    """Accepted, it is followed by the `OrientationDecidee` of the new decision, in the same transaction."""

    parcours: UUID
    departement: str
    sens: str
    motif: str | None
    nouvelle: Decision | None


@dataclass(frozen=True, slots=True)
class OrientationClose:
    parcours: UUID
    departement: str
    date_fin: date
    motif: str
    est_differee: bool = False
    """The last day is still to come: it stays open until then, and this fact is told again."""


@dataclass(frozen=True, slots=True)
class DossierOuvert:
    parcours: UUID
    departement: str


@dataclass(frozen=True, slots=True)
class DroitConnu:
    """`dit` is None when this service concludes it from something else than the right."""

    parcours: UUID
    brsa: bool
    dit: Dit | None = None


@dataclass(frozen=True, slots=True)
class DroitAnnonce:
    """What was said of the right from a day to come on."""

    parcours: UUID
    brsa: bool
    dit: Dit


@dataclass(frozen=True, slots=True)
class DossierTenu:
    """A sibling holds something of this parcours."""

    parcours: UUID
    quoi: str


@dataclass(frozen=True, slots=True)
class DossierTransfere:
    parcours: UUID
    departement: str


@dataclass(frozen=True, slots=True)
class DossierAbsorbe:
    parcours: UUID
    par: UUID


@dataclass(frozen=True, slots=True)
class DiagnosticRepris:
    """The survivor of a merge takes what only the absorbed dossier knew."""

    parcours: UUID
    criteres: Criteres
    contraintes: tuple[Contrainte, ...]


@dataclass(frozen=True, slots=True)
class DossierClos:
    parcours: UUID


@dataclass(frozen=True, slots=True)
class DossierOppose:
    parcours: UUID


@dataclass(frozen=True, slots=True)
class DossierEfface:
    parcours: UUID


FaitDuCatalogue: TypeAlias = (
    OrientationDemandee
    | DiagnosticRealise
    | OrientationPreconisee
    | OrientationDecidee
    | OrientationNotifiee
    | OrientationDessaisie
    | ReorientationDemandee
    | ReorientationDecidee
    | OrientationAnnulee
    | OrientationClose
    | RepriseDeclaree
)
FaitPublie: TypeAlias = FaitDuCatalogue | OrientationEffective
FaitSurDossier: TypeAlias = (
    DroitConnu
    | DroitAnnonce
    | OrientationSansEffet
    | OrientationAppuyee
    | DossierTenu
    | DossierTransfere
    | DossierAbsorbe
    | DiagnosticRepris
    | DossierClos
    | DossierOppose
    | DossierEfface
)
FaitInterne: TypeAlias = DossierOuvert | FaitSurDossier
Fait: TypeAlias = FaitPublie | FaitInterne
