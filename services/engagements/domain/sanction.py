"""Failures to comply and sanctions: signalled, proposed, decided by the département, lifted.

Nobody is sanctioned by silence: when the fifteen days of instruction are over the proposal stays to be decided, and is
shown as late (CASF L. 262-37: the département decides, with its reasons, after the person could be heard).
"""

from collections.abc import Sequence
from datetime import datetime

from chassis.decision import Attente, Refus
from relais_contrats.territoires import debut_du_jour, jour_legal
from services.engagements.domain import faits
from services.engagements.domain.dates import refus_de_date
from services.engagements.domain.delai import apres_le, date_de_fin_d_instruction
from services.engagements.domain.dossier import Dossier, EtatSanction, Sanction
from services.engagements.domain.messages import (
    DeciderSanction,
    InstructionEchue,
    LeveeAtteinte,
    LeverSanction,
    ProposerSanction,
    SignalerManquement,
)


def signaler(dossier: Dossier, message: SignalerManquement) -> Sequence[faits.Fait] | Refus:
    """Needs no contract: to refuse to draw one up is a failure too."""
    manquement = message.manquement
    if any(connu.manquement_id == manquement.manquement_id for connu in dossier.manquements):
        return Refus("deja-traite", "/data/manquement_id")
    if refus := refus_de_date(dossier, manquement.constate_le, "/data/date_constat", message.recu_a):
        return refus
    return [faits.ManquementSignale(dossier.parcours, dossier.departement, manquement)]


def proposer(dossier: Dossier, message: ProposerSanction) -> Sequence[faits.Fait] | Refus:
    """The failure that it names may be known to the proposer only."""
    connue = dossier.sanction(message.mesure.sanction_id)
    if connue:
        return Refus("deja-traite", "/data/sanction_id", {"etat": connue.etat})
    if refus := refus_de_date(dossier, message.le, "/data/date_proposition", message.recu_a):
        return refus
    return [faits.SanctionProposee(dossier.parcours, dossier.departement, message.mesure, message.le)]


def decider(dossier: Dossier, message: DeciderSanction) -> Sequence[faits.Fait] | Refus:
    """France Travail proposes, the département decides: as proposed or not, or without a proposal."""
    proposee = dossier.sanction(message.mesure.sanction_id)
    if proposee and proposee.etat is not EtatSanction.PROPOSEE:
        return Refus("deja-traite", "/data/sanction_id", {"etat": proposee.etat})
    depuis = proposee.proposee_le if proposee else None
    if refus := refus_de_date(dossier, message.le, "/data/date_notification", message.recu_a, depuis=depuis):
        return refus
    est_hors_delai = depuis is not None and jour_legal(dossier.departement, message.recu_a) > date_de_fin_d_instruction(
        depuis
    )
    return [
        faits.SanctionDecidee(dossier.parcours, dossier.departement, message.mesure, message.le, est_hors_delai),
    ]


def lever(dossier: Dossier, message: LeverSanction) -> Sequence[faits.Fait] | Refus:
    """It may be announced, and the announcement changed until its day; it does not come before the notification."""
    decidee = dossier.sanction(message.sanction_id)
    if decidee is None or decidee.notifiee_le is None:
        return Refus("etat-interdit", "/data/sanction_id", {"attendu": "sanction.decidee"})
    if decidee.etat is EtatSanction.LEVEE or decidee.levee_le == message.le:
        return Refus("deja-traite", "/data/sanction_id", {"etat": decidee.etat})
    if message.le < decidee.notifiee_le:
        details = {"pas_avant": decidee.notifiee_le.isoformat()}
        return Refus("dates-incoherentes", "/data/date_effet", details)
    effet = message.le if message.le > jour_legal(dossier.departement, message.recu_a) else None
    return [faits.SanctionLevee(dossier.parcours, dossier.departement, decidee.id, message.le, message.motif, effet)]


def attend_sa_levee(sanction: Sanction) -> bool:
    return sanction.etat is EtatSanction.DECIDEE and sanction.levee_le is not None


def constater_la_levee(
    dossier: Dossier, message: LeveeAtteinte, maintenant: datetime
) -> Sequence[faits.Fait] | Attente:
    sanction = next((s for s in dossier.sanctions if s.numero == message.numero), None)
    if sanction is None or sanction.levee_le is None or not attend_sa_levee(sanction):
        return Attente("sanction sans levée à venir")
    if maintenant < debut_du_jour(dossier.departement, sanction.levee_le):
        return Attente("levée à venir")
    return [faits.LeveeEffective(dossier.parcours, dossier.departement, sanction.id, sanction.levee_le)]


def attend_son_instruction(sanction: Sanction) -> bool:
    return sanction.etat is EtatSanction.PROPOSEE and not sanction.est_hors_delai


def constater_le_retard(
    dossier: Dossier, message: InstructionEchue, maintenant: datetime
) -> Sequence[faits.Fait] | Attente:
    sanction = next((s for s in dossier.sanctions if s.numero == message.numero), None)
    if sanction is None or sanction.proposee_le is None or not attend_son_instruction(sanction):
        return Attente("sanction sans instruction")
    if maintenant < apres_le(dossier.departement, date_de_fin_d_instruction(sanction.proposee_le)):
        return Attente("échéance à venir")
    return [faits.InstructionDepassee(dossier.parcours, sanction.numero)]
