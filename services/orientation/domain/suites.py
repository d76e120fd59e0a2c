"""Objects of the siblings on a parcours, and acts of partners that stand on the orientation in force."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from services.dossiers.vie import DossierOuvert, Situation
from services.orientation.domain.decision import Appui, Orientation
from services.orientation.domain.dossier import Dossier
from services.orientation.domain.regles import Recu, regle, repli

Json = Mapping[str, Any]
REFERENT, CONTRAT = "referent", "contrat"
"""What a sibling holds of a parcours, beside the keys of its appointments."""
_TENUS = {"referent.designe": REFERENT, "contrat.propose": CONTRAT}


@dataclass(frozen=True, slots=True)
class DossierTenu:
    """A sibling holds something of this parcours."""

    parcours: UUID
    quoi: str


@dataclass(frozen=True, slots=True)
class OrientationAppuyee:
    """All that partners did under the orientation in force."""

    parcours: UUID
    appuis: tuple[Appui, ...]


@regle(
    *("referent.designe", "referent.remplace", "contrat.propose", "contrat.signe", "contrat.refuse"), au_survivant=True
)
def suivre(situation: Situation, recu: Recu[Json], _: datetime) -> Sequence[Any]:
    """Record an act of a partner, or a conclusion of a service, which stands on nothing."""
    tenus = _tenir(situation, recu, _TENUS.get(recu.type))
    ouverte = situation.dossier.ouverte if situation.dossier else None
    if ouverte is None or not recu.auteur.startswith("/partenaires/") or not _est_sous(ouverte, recu):
        return tenus
    return [*tenus, OrientationAppuyee(situation.dossier.parcours, (*ouverte.appuis, Appui(recu.type, recu.cause)))]


@regle("rdv.planifie", au_survivant=True)
def tenir(situation: Situation, recu: Recu[Json], _: datetime) -> Sequence[Any]:
    """Nothing stands on an appointment."""
    return _tenir(situation, recu, recu.data["rdv_id"])


@repli(DossierTenu)
def _tenu(dossier: Dossier, fait: DossierTenu) -> Dossier:
    return dossier.avec_tenus([fait.quoi])


@regle("referent.annule", "contrat.annule", au_survivant=True)
def desappuyer(situation: Situation, recu: Recu[Json], _: datetime) -> Sequence[Any]:
    """Once it was cancelled too, it stands on the decision no more."""
    dossier: Dossier | None = situation.dossier
    if dossier is None or dossier.ouverte is None:
        return []
    annule = UUID(recu.data["annule"])
    restent = tuple(appui for appui in dossier.ouverte.appuis if appui.depot != annule)
    return [] if restent == dossier.ouverte.appuis else [OrientationAppuyee(dossier.parcours, restent)]


@repli(OrientationAppuyee)
def _appuyee(dossier: Dossier, fait: OrientationAppuyee) -> Dossier:
    return dossier.avec(replace(dossier.ouverte, appuis=fait.appuis)) if dossier.ouverte else dossier


def _tenir(situation: Situation, recu: Recu[Json], quoi: str | None) -> list[Any]:
    connu: Dossier = situation.dossier or Dossier(recu.parcours, recu.departement)
    ouverts = [] if situation.dossier else [DossierOuvert(recu.parcours, recu.departement)]
    return [*ouverts, DossierTenu(connu.parcours, quoi)] if quoi and quoi not in connu.tenus else ouverts


def _est_sous(ouverte: Orientation, recu: Recu[Json]) -> bool:
    """Whether it is under the orientation: not published before the decision, nor of another structure."""
    if ouverte.depot and recu.id < ouverte.depot:
        return False
    structure = recu.data.get("structure") or recu.data.get("nouveau", {}).get("structure")
    return structure is None or f"{structure['systeme']}:{structure['valeur']}" == ouverte.decision.structure.cle
