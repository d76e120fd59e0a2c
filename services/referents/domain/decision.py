"""The one decision of the service: which facts follow from a message, or why it is refused."""

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from chassis.decision import Attente, Refus
from services.referents.domain import accompagnement, designation, messages, parcours, rendez_vous
from services.referents.domain.dossier import Dossier
from services.referents.domain.faits import Fait
from services.referents.domain.messages import Message
from services.referents.domain.situation import Situation

Decision = Sequence[Fait] | Refus | Attente


def decider(situation: Situation, message: Message, maintenant: datetime) -> Decision:
    """Internal facts come before the published ones."""
    if isinstance(message, messages.Evenement):
        return [] if situation.est_oublie else parcours.suivre(situation, message, maintenant)
    if situation.est_oublie:
        return Refus("parcours-inconnu", "/subject")
    if situation.dossier is None:
        return Attente("dossier absent")
    # What became of an appointment may be told once the parcours is closed.
    if situation.dossier.est_clos and not isinstance(message, messages.AnnulerRdv | messages.ConstaterRdv):
        return Refus("etat-interdit", "/subject", {"etat": "parcours-clos"})
    return _decider_du_depot(situation.dossier, message, maintenant)


def _decider_du_depot(dossier: Dossier, message: messages.Depot, maintenant: datetime) -> Decision:
    match message:
        case messages.DesignerReferent():
            return designation.designer(dossier, message, maintenant)
        case messages.AccepterReferent():
            return designation.accepter(dossier, message)
        case messages.DeclinerReferent():
            return designation.decliner(dossier, message)
        case messages.RemplacerReferent():
            return designation.remplacer(dossier, message, maintenant)
        case messages.TerminerReferent():
            return designation.terminer(dossier, message)
        case messages.AjouterAccompagnant():
            return accompagnement.ajouter(dossier, message)
        case messages.RetirerAccompagnant():
            return accompagnement.retirer(dossier, message)
        case messages.PlanifierRdv():
            return rendez_vous.planifier(dossier, message)
        case messages.ModifierRdv():
            return rendez_vous.modifier(dossier, message)
        case messages.AnnulerRdv():
            return rendez_vous.annuler(dossier, message)
        case messages.ConstaterRdv():
            return rendez_vous.constater(dossier, message)
        case _:
            assert_never(message)
