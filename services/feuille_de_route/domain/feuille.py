"""The sheet as a decision looks at it: which objectives and actions there are, and where they stand."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import assert_never
from uuid import UUID

from services.feuille_de_route.domain import faits
from services.feuille_de_route.domain.carnet import Action, Objectif, StatutAction
from services.feuille_de_route.domain.ensemble import Ensemble
from services.feuille_de_route.domain.prescriptions import Prescription, statut_effectif


@dataclass(frozen=True, slots=True)
class Feuille:
    """Objects by their key; where merged parcours share one, that of the survivor, else of the latest."""

    parcours: UUID
    departement: str
    est_close: bool = False
    objectifs: Mapping[str, Objectif] = field(default_factory=dict)
    actions: Mapping[str, Action] = field(default_factory=dict)
    prescriptions: tuple[Prescription, ...] = ()

    def statut(self, action: Action) -> StatutAction:
        return statut_effectif(action, self.prescriptions)


@dataclass(frozen=True, slots=True)
class Situation:
    """`feuille` is None while nothing has been told about the parcours; an erased person never has one again."""

    feuille: Feuille | None = None
    est_oubliee: bool = False


def feuille_de(ensemble: Ensemble) -> Feuille:
    carnet = ensemble.carnet
    return Feuille(
        parcours=ensemble.parcours,
        departement=ensemble.departement,
        est_close=ensemble.vie.est_close,
        objectifs={objectif.objectif_id: objectif for _, objectif in carnet.objectifs.values()},
        actions={action.action_id: action for _, action in carnet.actions.values()},
        prescriptions=tuple(ensemble.prescriptions.connues.values()),
    )


def appliquer(feuille: Feuille, fait: faits.FaitPublie) -> Feuille:
    """Fold a fact in, for the next message of the same batch."""
    match fait:
        case faits.ObjectifAjoute() | faits.ObjectifChange():
            return replace(feuille, objectifs={**feuille.objectifs, fait.objectif.objectif_id: fait.objectif})
        case faits.ActionAjoutee() | faits.ActionChangee():
            return replace(feuille, actions={**feuille.actions, fait.action.action_id: fait.action})
        case faits.ObservationAjoutee():
            return feuille
        case _:
            assert_never(fait)
