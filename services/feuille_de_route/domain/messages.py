"""What the service decides on: the deposits about the sheet, and every event of the other briques."""

from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

from services.feuille_de_route.domain.carnet import Action, Objectif, Observation
from services.feuille_de_route.domain.recu import Recu


@dataclass(frozen=True, slots=True)
class AjouterObjectif:
    parcours: UUID
    objectif: Objectif


@dataclass(frozen=True, slots=True)
class ChangerObjectif:
    """Modify it, or close it when its `statut` is a final one."""

    parcours: UUID
    objectif: Objectif


@dataclass(frozen=True, slots=True)
class AjouterAction:
    parcours: UUID
    action: Action


@dataclass(frozen=True, slots=True)
class ChangerAction:
    """Modify it, or say that it is done or given up when its `statut` is a final one."""

    parcours: UUID
    action: Action


@dataclass(frozen=True, slots=True)
class AjouterObservation:
    parcours: UUID
    observation: Observation


@dataclass(frozen=True, slots=True)
class Apprendre:
    """An event of another brique, to be kept and folded into the view."""

    recu: Recu

    @property
    def parcours(self) -> UUID:
        return self.recu.parcours


@dataclass(frozen=True, slots=True)
class UsagerFusionne:
    """`absorbes` are now the same person as the parcours of the event."""

    recu: Recu
    absorbes: tuple[UUID, ...]

    @property
    def parcours(self) -> UUID:
        return self.recu.parcours


@dataclass(frozen=True, slots=True)
class UsagerDefusionne:
    """`rendus` are again by themselves, each with the sheets that were merged with it before."""

    recu: Recu
    rendus: tuple[UUID, ...]

    @property
    def parcours(self) -> UUID:
        return self.recu.parcours


@dataclass(frozen=True, slots=True)
class UsagerEfface:
    parcours: UUID


@dataclass(frozen=True, slots=True)
class Replier:
    """What is stored of this sheet is not what was told: fold it again, alone or as a part of `absorbee_par`."""

    parcours: UUID
    absorbee_par: UUID | None


Depot: TypeAlias = AjouterObjectif | ChangerObjectif | AjouterAction | ChangerAction | AjouterObservation
Evenement: TypeAlias = Apprendre | UsagerFusionne | UsagerDefusionne | UsagerEfface | Replier
Message: TypeAlias = Depot | Evenement
