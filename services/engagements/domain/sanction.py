"""Failures to comply and sanctions: signalled, proposed, decided by the département, lifted.

Nobody is sanctioned by silence: when the fifteen days of instruction are over the proposal stays to be decided, and is
shown as late (CASF L. 262-37: the département decides, with its reasons, after the person could be heard).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from chassis.decision import Attente, Echeance, Refus
from relais_contrats.territoires import debut_du_jour, jour_legal
from relais_contrats.v1 import engagements as v1
from services.engagements.domain.delai import apres_le, date_de_fin_d_instruction, refus_de_date
from services.engagements.domain.dossier import Dossier, EtatSanction, Manquement, Mesure, Sanction
from services.engagements.domain.regles import Dit, Recu, Situation, regle, repli

INSTRUCTION, LEVEE = "instruction", "levee"  # their number is that of the sanction


@dataclass(frozen=True, slots=True)
class LeveeEffective:
    """The day of a lifting that was published in advance. For the siblings only: partners have its date already."""

    sanction_id: str
    le: date

    def en_json(self) -> dict[str, Any]:
        return {"sanction_id": self.sanction_id, "date_effet": self.le.isoformat()}


@dataclass(frozen=True, slots=True)
class InstructionDepassee:
    parcours: UUID
    numero: int


@regle(v1.ManquementSignale)
def signaler(situation: Situation, recu: Recu[v1.ManquementSignale], _: datetime) -> Sequence[Any] | Refus:
    """Needs no contract: to refuse to draw one up is a failure too."""
    dossier: Dossier = situation.dossier
    if any(connu.manquement_id == recu.data.manquement_id for connu in dossier.manquements):
        return Refus("deja-traite", "/data/manquement_id")
    if refus := refus_de_date(dossier, recu.data.date_constat, "/data/date_constat", recu.recu_a):
        return refus
    return [Dit(dossier.parcours, dossier.departement, recu.data, None)]


@repli(v1.ManquementSignale)
def _signale(dossier: Dossier, fait: Dit[v1.ManquementSignale, None]) -> Dossier:
    return replace(dossier, manquements=(*dossier.manquements, Manquement.lu(fait.data)))


@regle(v1.SanctionProposee)
def proposer(situation: Situation, recu: Recu[v1.SanctionProposee], _: datetime) -> Sequence[Any] | Refus:
    """The failure that it names may be known to the proposer only."""
    dossier: Dossier = situation.dossier
    if connue := dossier.sanction(recu.data.sanction_id):
        return Refus("deja-traite", "/data/sanction_id", {"etat": connue.etat})
    if refus := refus_de_date(dossier, recu.data.date_proposition, "/data/date_proposition", recu.recu_a):
        return refus
    return [Dit(dossier.parcours, dossier.departement, recu.data, None)]


@repli(v1.SanctionProposee)
def _proposee(dossier: Dossier, fait: Dit[v1.SanctionProposee, None]) -> Dossier:
    mesure, le = Mesure.lue(fait.data), fait.data.date_proposition
    proposee = Sanction(dossier.prochaine_sanction, mesure, EtatSanction.PROPOSEE, proposee_le=le)
    return replace(dossier, sanctions=(*dossier.sanctions, proposee))


@regle(v1.SanctionDecidee)
def decider(situation: Situation, recu: Recu[v1.SanctionDecidee], _: datetime) -> Sequence[Any] | Refus:
    """France Travail proposes, the département decides: as proposed or not, or without a proposal."""
    dossier: Dossier = situation.dossier
    proposee = dossier.sanction(recu.data.sanction_id)
    if proposee and proposee.etat is not EtatSanction.PROPOSEE:
        return Refus("deja-traite", "/data/sanction_id", {"etat": proposee.etat})
    depuis, le = proposee.proposee_le if proposee else None, recu.data.date_notification
    if refus := refus_de_date(dossier, le, "/data/date_notification", recu.recu_a, depuis=depuis):
        return refus
    recu_le = jour_legal(dossier.departement, recu.recu_a)
    tard = depuis is not None and recu_le > date_de_fin_d_instruction(depuis)
    return [Dit(dossier.parcours, dossier.departement, recu.data, tard)]


@repli(v1.SanctionDecidee, garde=bool)
def _decidee(dossier: Dossier, fait: Dit[v1.SanctionDecidee, bool]) -> Dossier:
    """`garde`: whether the instruction was over."""
    mesure = Mesure.lue(fait.data)
    connue = dossier.sanction(mesure.sanction_id) or Sanction(dossier.prochaine_sanction, mesure, EtatSanction.DECIDEE)
    decidee = replace(
        connue,
        mesure=mesure,
        etat=EtatSanction.DECIDEE,
        notifiee_le=fait.data.date_notification,
        est_hors_delai=connue.est_hors_delai or fait.garde,
    )
    autres = {s.numero: s for s in dossier.sanctions} | {decidee.numero: decidee}
    return replace(dossier, sanctions=tuple(autres.values()))


@regle(v1.SanctionLevee)
def lever(situation: Situation, recu: Recu[v1.SanctionLevee], _: datetime) -> Sequence[Any] | Refus:
    """It may be announced, and the announcement changed until its day; it does not come before the notification."""
    dossier: Dossier = situation.dossier
    decidee, le = dossier.sanction(recu.data.sanction_id), recu.data.date_effet
    if decidee is None or decidee.notifiee_le is None:
        return Refus("etat-interdit", "/data/sanction_id", {"attendu": "sanction.decidee"})
    if decidee.etat is EtatSanction.LEVEE or decidee.levee_le == le:
        return Refus("deja-traite", "/data/sanction_id", {"etat": decidee.etat})
    if le < decidee.notifiee_le:
        return Refus("dates-incoherentes", "/data/date_effet", {"pas_avant": decidee.notifiee_le.isoformat()})
    effet = le if le > jour_legal(dossier.departement, recu.recu_a) else None
    return [Dit(dossier.parcours, dossier.departement, recu.data, None, effet)]


@repli(v1.SanctionLevee)
def _levee(dossier: Dossier, fait: Dit[v1.SanctionLevee, None]) -> Dossier:
    """Announced, it holds until its day."""
    etat, dit = EtatSanction.DECIDEE if fait.effet else EtatSanction.LEVEE, fait.data
    return _sur(
        dossier, dit.sanction_id, lambda s: replace(s, etat=etat, levee_le=dit.date_effet, motif_levee=dit.motif)
    )


@regle(LEVEE)
def constater_la_levee(situation: Situation, recu: Recu[int], maintenant: datetime) -> Sequence[Any] | Attente:
    dossier: Dossier = situation.dossier
    sanction = next((s for s in dossier.sanctions if s.numero == recu.data), None)
    if sanction is None or sanction.levee_le is None or sanction.etat is not EtatSanction.DECIDEE:
        return Attente("sanction sans levée à venir")
    if maintenant < debut_du_jour(dossier.departement, sanction.levee_le):
        return Attente("levée à venir")
    effective = LeveeEffective(sanction.id, sanction.levee_le)
    return [Dit(dossier.parcours, dossier.departement, effective, None)]


@repli(LeveeEffective, type_="levee.effective")
def _effective(dossier: Dossier, fait: Dit[LeveeEffective, None]) -> Dossier:
    return _sur(dossier, fait.data.sanction_id, lambda sanction: replace(sanction, etat=EtatSanction.LEVEE))


@regle(INSTRUCTION)
def constater_le_retard(situation: Situation, recu: Recu[int], maintenant: datetime) -> Sequence[Any] | Attente:
    dossier: Dossier = situation.dossier
    sanction = next((s for s in dossier.sanctions if s.numero == recu.data), None)
    if sanction is None or sanction.proposee_le is None or not _attend_son_instruction(sanction):
        return Attente("sanction sans instruction")
    if maintenant < apres_le(dossier.departement, date_de_fin_d_instruction(sanction.proposee_le)):
        return Attente("échéance à venir")
    return [InstructionDepassee(dossier.parcours, sanction.numero)]


@repli(InstructionDepassee)
def _depassee(dossier: Dossier, fait: InstructionDepassee) -> Dossier:
    suivies = (replace(s, est_hors_delai=True) if s.numero == fait.numero else s for s in dossier.sanctions)
    return replace(dossier, sanctions=tuple(suivies))


def echeances(dossier: Dossier) -> Iterator[Echeance]:
    """Return the end of each instruction and the day of each lifting that was published in advance."""
    parcours, ici = dossier.parcours, dossier.departement
    for une in dossier.sanctions:
        if une.proposee_le and _attend_son_instruction(une):
            due_a = apres_le(ici, date_de_fin_d_instruction(une.proposee_le))
            yield Echeance(parcours, f"{INSTRUCTION}-{une.numero}", due_a)
        if une.levee_le and une.etat is EtatSanction.DECIDEE:
            yield Echeance(parcours, f"{LEVEE}-{une.numero}", debut_du_jour(ici, une.levee_le))


def _attend_son_instruction(sanction: Sanction) -> bool:
    return sanction.etat is EtatSanction.PROPOSEE and not sanction.est_hors_delai


def _sur(dossier: Dossier, sanction_id: str, changer: Callable[[Sanction], Sanction]) -> Dossier:
    sanctions = tuple(changer(s) if s.id == sanction_id else s for s in dossier.sanctions)
    return replace(dossier, sanctions=sanctions)
