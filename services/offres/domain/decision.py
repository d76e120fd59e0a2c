"""The one decision of the service: which facts follow from a message, or why it is refused."""

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from chassis.decision import Attente, Refus
from services.offres.domain import messages, offre, parcours, prescription
from services.offres.domain.faits import Fait
from services.offres.domain.messages import Message
from services.offres.domain.situation import Offre, Situation

Decision = Sequence[Fait] | Refus | Attente


def decider(situation: Situation | Offre, message: Message, maintenant: datetime) -> Decision:
    """Internal facts come before the published ones."""
    if isinstance(situation, Offre):
        return _decider_de_l_offre(situation, message)
    match message:
        case messages.Emettre() | messages.DonnerSuite():
            return _decider_du_depot(situation, message)
        case messages.FairePasserLeTemps():
            return _faire_passer_le_temps(situation, maintenant)
        case messages.Publier() | messages.Retirer():
            raise TypeError("a message about the offer is decided on the offer")
        case _:
            return [] if situation.est_oublie else parcours.suivre(situation, message, maintenant)


def _decider_de_l_offre(connue: Offre, message: Message) -> Decision:
    match message:
        case messages.Publier():
            return offre.publier(connue, message)
        case messages.Retirer():
            return offre.retirer(connue, message)
        case _:
            raise TypeError("a message about a parcours is decided on its dossier")


def _decider_du_depot(situation: Situation, message: messages.Depot) -> Decision:
    dossier = situation.dossier
    if situation.est_oublie:
        return Refus("parcours-inconnu", "/subject")
    if dossier is None:
        return Attente("dossier absent")
    match message:
        case messages.Emettre():
            if dossier.est_clos:
                return Refus("etat-interdit", "/subject", {"etat": "parcours-clos"})
            return prescription.emettre(situation, dossier, message)
        case messages.DonnerSuite():
            return prescription.donner_suite(dossier, message)
        case _:
            assert_never(message)


def _faire_passer_le_temps(situation: Situation, maintenant: datetime) -> Decision:
    if situation.dossier is None or situation.est_oublie:
        return []
    return prescription.faire_passer_le_temps(situation.dossier, situation.retraits, maintenant)
