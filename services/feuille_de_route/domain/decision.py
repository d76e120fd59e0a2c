"""The one decision of the service. Events of the other briques are kept; deposits follow the rules of the sheet.

An action serves one objective of the same parcours, and keeps it; what is over does not go on: to go on is to add
another (CATALOGUE § 4, invariant 16).
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import assert_never

from chassis.decision import Attente, Refus
from services.feuille_de_route.domain import faits, messages
from services.feuille_de_route.domain.carnet import SANTE, Action, StatutAction, StatutObjectif
from services.feuille_de_route.domain.faits import Fait
from services.feuille_de_route.domain.feuille import Feuille, Situation

Decision = Sequence[Fait] | Refus | Attente


def decider(situation: Situation, message: messages.Message, maintenant: datetime) -> Decision:
    if isinstance(message, messages.Evenement):
        return _apprendre(situation, message)
    if situation.est_oubliee:
        return Refus("parcours-inconnu", "/subject")
    if situation.feuille is None:
        return Attente("feuille absente")
    if situation.feuille.est_close:
        return Refus("etat-interdit", "/subject", {"etat": "parcours-clos"})
    return _decider_du_depot(situation.feuille, message)


def _apprendre(situation: Situation, message: messages.Evenement) -> Sequence[Fait]:
    """Of an erased person nothing is kept, and what was on its way when it was erased is dropped."""
    if situation.est_oubliee:
        return []
    match message:
        case messages.Apprendre():
            return [faits.EvenementAppris(message.recu)]
        case messages.UsagerFusionne():
            absorbes = [faits.FeuilleAbsorbee(absorbe, message.parcours) for absorbe in message.absorbes]
            return [faits.EvenementAppris(message.recu), *absorbes]
        case messages.UsagerDefusionne():
            rendues = [faits.FeuilleRendue(rendu, message.parcours) for rendu in message.rendus]
            return [faits.EvenementAppris(message.recu), *rendues]
        case messages.UsagerEfface():
            return [faits.FeuilleEffacee(message.parcours)]
        case messages.Replier():
            par = message.absorbee_par
            return [faits.FeuilleAbsorbee(message.parcours, par) if par else faits.FeuilleRepliee(message.parcours)]
        case _:
            assert_never(message)


def _decider_du_depot(feuille: Feuille, message: messages.Depot) -> Decision:
    match message:
        case messages.AjouterObjectif():
            return _ajouter_objectif(feuille, message)
        case messages.ChangerObjectif():
            return _changer_objectif(feuille, message)
        case messages.AjouterAction():
            return _ajouter_action(feuille, message.action)
        case messages.ChangerAction():
            return _changer_action(feuille, message.action)
        case messages.AjouterObservation():
            return [faits.ObservationAjoutee(feuille.parcours, feuille.departement, message.observation)]
        case _:
            assert_never(message)


def _ajouter_objectif(feuille: Feuille, message: messages.AjouterObjectif) -> Decision:
    connu = feuille.objectifs.get(message.objectif.objectif_id)
    if connu:
        return Refus("deja-traite", "/data/objectif_id", {"etat": connu.statut})
    return [faits.ObjectifAjoute(feuille.parcours, feuille.departement, message.objectif)]


def _changer_objectif(feuille: Feuille, message: messages.ChangerObjectif) -> Decision:
    connu = feuille.objectifs.get(message.objectif.objectif_id)
    if connu is None:
        return Refus("etat-interdit", "/data/objectif_id", {"motif": "objectif-inconnu"})
    if connu.statut.est_final:
        return _deja_fini(connu.statut, message.objectif.statut)
    return [faits.ObjectifChange(feuille.parcours, feuille.departement, message.objectif)]


def _ajouter_action(feuille: Feuille, action: Action) -> Decision:
    connue = feuille.actions.get(action.action_id)
    if connue:
        return Refus("deja-traite", "/data/action_id", {"etat": feuille.statut(connue)})
    if refus := _refus_d_objectif(feuille, action):
        return refus
    return [faits.ActionAjoutee(feuille.parcours, feuille.departement, _telle_qu_on_la_dit(feuille, action))]


def _changer_action(feuille: Feuille, action: Action) -> Decision:
    """What a prescription has brought to its end is over, as if it had been said here."""
    connue = feuille.actions.get(action.action_id)
    if connue is None:
        return Refus("etat-interdit", "/data/action_id", {"motif": "action-inconnue"})
    if connue.objectif_id != action.objectif_id:
        return Refus("etat-interdit", "/data/objectif_id", {"motif": "autre-objectif"})
    statut = feuille.statut(connue)
    if statut.est_final:
        return _deja_fini(statut, action.statut)
    if not action.statut.est_final and (refus := _refus_d_objectif(feuille, action)):
        return refus
    # Who changes the date of an action of health, and says no more of it, does not show it to everybody.
    dite = replace(action, sensibilite=action.sensibilite or connue.sensibilite)
    return [faits.ActionChangee(feuille.parcours, feuille.departement, _telle_qu_on_la_dit(feuille, dite))]


def _telle_qu_on_la_dit(feuille: Feuille, action: Action) -> Action:
    """What serves a health objective is about health, whatever its author declared: in the event as in the sheet."""
    objectif = feuille.objectifs.get(action.objectif_id)
    return replace(action, sensibilite=SANTE) if objectif and objectif.theme == SANTE else action


def _refus_d_objectif(feuille: Feuille, action: Action) -> Refus | None:
    """An action goes on for an objective that goes on; once it is closed, its actions can only end."""
    objectif = feuille.objectifs.get(action.objectif_id)
    if objectif is None:
        return Refus("etat-interdit", "/data/objectif_id", {"motif": "objectif-inconnu"})
    if objectif.statut.est_final:
        return Refus("etat-interdit", "/data/objectif_id", {"etat": objectif.statut})
    return None


def _deja_fini(etat: StatutObjectif | StatutAction, voulu: StatutObjectif | StatutAction) -> Refus:
    """To end again what is over is to say it twice; to go on with it is forbidden."""
    return Refus("deja-traite" if voulu.est_final else "etat-interdit", "/data/statut", {"etat": etat})
