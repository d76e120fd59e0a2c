"""What the service establishes: facts to tell, and changes of what it keeps, which stay at home."""

from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

from services.feuille_de_route.domain.carnet import Action, Objectif, Observation
from services.feuille_de_route.domain.recu import Recu


@dataclass(frozen=True, slots=True)
class ObjectifAjoute:
    parcours: UUID
    departement: str
    objectif: Objectif


@dataclass(frozen=True, slots=True)
class ObjectifChange:
    """Told as `objectif.modifie`, or `objectif.clos` when its `statut` is a final one."""

    parcours: UUID
    departement: str
    objectif: Objectif


@dataclass(frozen=True, slots=True)
class ActionAjoutee:
    parcours: UUID
    departement: str
    action: Action


@dataclass(frozen=True, slots=True)
class ActionChangee:
    """Told as `action.modifiee`, or by its final `statut`."""

    parcours: UUID
    departement: str
    action: Action


@dataclass(frozen=True, slots=True)
class ObservationAjoutee:
    parcours: UUID
    departement: str
    observation: Observation


@dataclass(frozen=True, slots=True)
class EvenementAppris:
    recu: Recu

    @property
    def parcours(self) -> UUID:
        return self.recu.parcours


@dataclass(frozen=True, slots=True)
class FeuilleAbsorbee:
    """From now on this sheet is part of that of `par`."""

    parcours: UUID
    par: UUID


@dataclass(frozen=True, slots=True)
class FeuilleRendue:
    """The merge of this sheet with that of `par` is undone."""

    parcours: UUID
    par: UUID


@dataclass(frozen=True, slots=True)
class FeuilleRepliee:
    """This sheet is folded again, by itself."""

    parcours: UUID


@dataclass(frozen=True, slots=True)
class FeuilleEffacee:
    parcours: UUID


FaitPublie: TypeAlias = ObjectifAjoute | ObjectifChange | ActionAjoutee | ActionChangee | ObservationAjoutee
FaitInterne: TypeAlias = EvenementAppris | FeuilleAbsorbee | FeuilleRendue | FeuilleRepliee | FeuilleEffacee
Fait: TypeAlias = FaitPublie | FaitInterne
