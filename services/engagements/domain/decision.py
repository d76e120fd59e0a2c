"""The one decision of the service: which facts follow from a message, or why it is refused."""

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from chassis.decision import EN_ROUTE, Attente, Refus
from services.engagements.domain import annulation, contrat, messages, parcours, reexamen, sanction, suivi
from services.engagements.domain.dossier import Dossier
from services.engagements.domain.evolution import appliquer
from services.engagements.domain.faits import EtapeFranchie, Fait, FaitPublie
from services.engagements.domain.messages import Message
from services.engagements.domain.situation import Situation

Decision = Sequence[Fait] | Refus | Attente


def decider(situation: Situation, message: Message, maintenant: datetime) -> Decision:
    """Internal facts come before the published ones."""
    decision = _decider(situation, message, maintenant)
    if isinstance(decision, Refus | Attente):
        return decision
    return _avec_le_reexamen(situation.dossier, _avec_l_etape(situation.dossier, message, decision))


def _avec_l_etape(avant: Dossier | None, message: Message, decides: Sequence[Fait]) -> Sequence[Fait]:
    """How the contracts were before a deposit, by which it may be cancelled."""
    depot = message.depot if isinstance(message, messages.ChangerContrat) else None
    if avant is None or depot is None:
        return decides
    apres = avant
    for fait in decides:
        apres = appliquer(apres, fait)
    return [EtapeFranchie(avant.parcours, annulation.etape(avant, apres, depot)), *decides]


def _avec_le_reexamen(avant: Dossier | None, decides: Sequence[Fait]) -> Sequence[Fait]:
    """Whatever set or moved the date of the re-examination, the siblings are told it: the rule is here only."""
    apres = avant
    for fait in decides:
        if apres is None or fait.parcours == apres.parcours:
            apres = appliquer(apres, fait)
    prevu = reexamen.prevoir(avant, apres) if apres else None
    if prevu is None:
        return decides
    place = next((rang for rang, fait in enumerate(decides) if isinstance(fait, FaitPublie)), len(decides))
    return [*decides[:place], prevu, *decides[place:]]


def _decider(situation: Situation, message: Message, maintenant: datetime) -> Decision:
    dossier = situation.dossier
    if isinstance(message, messages.Evenement):
        return [] if situation.est_oublie else _suivre(situation, message, maintenant)
    if situation.est_oublie:
        return Refus("parcours-inconnu", "/subject")
    if dossier is None:
        return Attente("dossier absent")
    if isinstance(message, messages.Echeance):
        return _constater(dossier, message, maintenant)
    if dossier.est_clos:
        return Refus("etat-interdit", "/subject", {"etat": "parcours-clos"})
    decision = _decider_du_depot(dossier, message, maintenant)
    if isinstance(decision, Refus) and isinstance(message, messages.DepotSurContrat):
        return _sauf_reprise_en_route(decision, dossier, message, maintenant)
    return decision


def _sauf_reprise_en_route(
    refus: Refus, dossier: Dossier, message: messages.DepotSurContrat, maintenant: datetime
) -> Refus | Attente:
    """A contract declared a moment ago may be named before `orientation` has told it here."""
    est_inconnu = dossier.contrat(message.contrat_id) is None
    est_recent = message.tour_a is not None and maintenant - message.tour_a < EN_ROUTE
    return Attente("reprise en route") if est_inconnu and est_recent else refus


def _suivre(situation: Situation, message: messages.Evenement, maintenant: datetime) -> Sequence[Fait]:
    if isinstance(message, messages.EvenementDuParcours):
        return parcours.suivre(situation, message, maintenant)
    connu = situation.dossier or Dossier(message.parcours, message.departement)
    ouverts = parcours.ouvrir(situation.dossier, message.parcours, message.departement)
    return ouverts if connu.est_clos else [*ouverts, *suivi.suivre(connu, message)]


def _constater(dossier: Dossier, message: messages.Echeance, maintenant: datetime) -> Sequence[Fait] | Attente:
    match message:
        case messages.MoisEcoule():
            return contrat.constater_le_retard(dossier, message, maintenant)
        case messages.ContratDebute():
            return contrat.commencer(dossier, message, maintenant)
        case messages.SuspensionEchue():
            return contrat.constater_la_fin(dossier, message, maintenant)
        case messages.ReexamenEchu():
            return reexamen.constater(dossier, message, maintenant)
        case messages.InstructionEchue():
            return sanction.constater_le_retard(dossier, message, maintenant)
        case messages.LeveeAtteinte():
            return sanction.constater_la_levee(dossier, message, maintenant)
        case _:
            assert_never(message)


def _decider_du_depot(dossier: Dossier, message: messages.Depot, maintenant: datetime) -> Decision:
    match message:
        case messages.ProposerContrat():
            return contrat.proposer(dossier, message)
        case messages.SignerContrat():
            return contrat.signer(dossier, message, maintenant)
        case messages.RefuserContrat():
            return contrat.refuser(dossier, message)
        case messages.SuspendreContrat():
            return contrat.suspendre(dossier, message)
        case messages.ReprendreContrat():
            return contrat.reprendre(dossier, message)
        case messages.CloreContrat():
            return contrat.clore(dossier, message)
        case messages.AnnulerContrat():
            return annulation.annuler(dossier, message)
        case messages.FaireBilan():
            return contrat.faire_bilan(dossier, message)
        case messages.SignalerManquement():
            return sanction.signaler(dossier, message)
        case messages.ProposerSanction():
            return sanction.proposer(dossier, message)
        case messages.DeciderSanction():
            return sanction.decider(dossier, message)
        case messages.LeverSanction():
            return sanction.lever(dossier, message)
        case _:
            assert_never(message)
