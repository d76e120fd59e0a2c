"""Actions: each serves one objective of the same parcours, for good. One that is over does not go on: add a new one
(CATALOGUE § 4, invariant 16)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from chassis.decision import Refus
from relais_contrats.v1 import feuille_de_route as contrat
from services.dossiers.vie import Situation
from services.feuille_de_route.domain.carnet import SANTE, Action, lire_action
from services.feuille_de_route.domain.dossier import Dossier, Sous, dit, ecrire
from services.feuille_de_route.domain.objectif import deja_fini
from services.feuille_de_route.domain.regles import Dit, Message, regle, repli

repli(contrat.ActionAjoutee, contrat.ActionModifiee, contrat.ActionRealisee, contrat.ActionAbandonnee, garde=Sous)(
    ecrire
)


@regle(contrat.ActionAjoutee)
def ajouter(
    situation: Situation, message: Message[contrat.ActionAjoutee], maintenant: datetime
) -> Sequence[Any] | Refus:
    dossier: Dossier = situation.dossier
    action = lire_action(message.data.en_json())
    if connue := dossier.actions.get(action.action_id):
        return Refus("deja-traite", "/data/action_id", {"etat": dossier.statut(connue)})
    return _refus_d_objectif(dossier, action) or [_telle_qu_on_la_dit(dossier, message, None, maintenant)]


@regle(contrat.ActionModifiee, contrat.ActionRealisee, contrat.ActionAbandonnee)
def changer(situation: Situation, message: Message[contrat.Action], maintenant: datetime) -> Sequence[Any] | Refus:
    """Change an action. One that its prescription ended is over."""
    dossier: Dossier = situation.dossier
    action = lire_action(message.data.en_json())
    connue = dossier.actions.get(action.action_id)
    if connue is None:
        return Refus("etat-interdit", "/data/action_id", {"motif": "action-inconnue"})
    if connue.objectif_id != action.objectif_id:
        return Refus("etat-interdit", "/data/objectif_id", {"motif": "autre-objectif"})
    statut = dossier.statut(connue)
    if statut.est_final:
        return deja_fini(statut, action.statut)
    if not action.statut.est_final and (refus := _refus_d_objectif(dossier, action)):
        return refus
    return [_telle_qu_on_la_dit(dossier, message, connue, maintenant)]


def _telle_qu_on_la_dit(
    dossier: Dossier, message: Message[Any], connue: Action | None, maintenant: datetime
) -> Dit[Any, Sous]:
    """What serves a health objective is about health, whatever its author declared; and who changes the date of an
    action of health, and says no more of it, does not show it to everybody."""
    objectif = dossier.objectifs.get(message.data.objectif_id)
    sensible = SANTE if objectif and objectif.theme == SANTE else message.data.sensibilite
    sensible = sensible or (connue.sensibilite if connue else None)
    data = type(message.data).model_validate(message.data.model_dump() | {"sensibilite": sensible})
    return dit(dossier, message, data, maintenant)


def _refus_d_objectif(dossier: Dossier, action: Action) -> Refus | None:
    """An action goes on for an objective that goes on; once it is closed, its actions can only end."""
    objectif = dossier.objectifs.get(action.objectif_id)
    if objectif is None:
        return Refus("etat-interdit", "/data/objectif_id", {"motif": "objectif-inconnu"})
    if objectif.statut.est_final:
        return Refus("etat-interdit", "/data/objectif_id", {"etat": objectif.statut})
    return None
