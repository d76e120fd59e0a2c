"""The one decision of the service: which facts follow from a message, or why it is refused."""

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from chassis.decision import Attente, Refus
from services.orientation.domain import annulation, demande, messages, orientation, parcours, reprise
from services.orientation.domain.dossier import Dossier
from services.orientation.domain.faits import Fait
from services.orientation.domain.messages import Message
from services.orientation.domain.situation import Situation

Decision = Sequence[Fait] | Refus | Attente


def decider(situation: Situation, message: Message, maintenant: datetime) -> Decision:
    """Internal facts come before the published ones."""
    if isinstance(message, messages.Evenement):
        return [] if situation.est_oublie else parcours.suivre(situation, message, maintenant)
    if situation.est_oublie:
        return Refus("parcours-inconnu", "/subject")
    if situation.dossier is None:
        return Attente("dossier absent")
    if isinstance(message, messages.Echeance):
        return _constater(situation.dossier, message, maintenant)
    if situation.dossier.est_clos:
        return Refus("etat-interdit", "/subject", {"etat": "parcours-clos"})
    return _decider_du_depot(situation.dossier, situation, message, maintenant)


def _constater(dossier: Dossier, message: messages.Echeance, maintenant: datetime) -> Sequence[Fait] | Attente:
    match message:
        case messages.DelaiEcoule():
            return demande.dessaisir(dossier, message, maintenant)
        case messages.TermeAtteint():
            return orientation.constater_le_terme(dossier, message, maintenant)
        case messages.PremierJour():
            return orientation.commencer(dossier, message, maintenant)
        case messages.DroitEffectif():
            return parcours.constater_le_droit(dossier, message, maintenant)
        case _:
            assert_never(message)


def _decider_du_depot(
    dossier: Dossier, situation: Situation, message: messages.Depot, maintenant: datetime
) -> Decision:
    delegataires = situation.reglage.delegataires
    match message:
        case messages.DemanderOrientation():
            return demande.demander(dossier, message)
        case messages.RealiserDiagnostic():
            return demande.diagnostiquer(dossier, situation.reglage.regles, message)
        case messages.Preconiser():
            return demande.preconiser(dossier, message)
        case messages.DeciderOrientation():
            return orientation.decider(dossier, delegataires, message)
        case messages.NotifierOrientation():
            return orientation.notifier(dossier, message)
        case messages.DemanderReorientation():
            return orientation.demander_reorientation(dossier, message)
        case messages.DeciderReorientation():
            return orientation.decider_reorientation(dossier, delegataires, message)
        case messages.CloreOrientation():
            return orientation.clore(dossier, message)
        case messages.AnnulerOrientation():
            return annulation.annuler(dossier, message, maintenant)
        case messages.DeclarerReprise():
            return reprise.declarer(dossier, message)
        case _:
            assert_never(message)
