"""What the service takes and answers: deposits, events of its siblings, due dates, reads; each type with its reader."""

from collections.abc import Callable, Mapping

from chassis.facts import Entree
from services.engagements import clocks
from services.engagements.domain.messages import Message
from services.engagements.store import lectures
from services.engagements.translation import lecture
from services.service import Lecture

Lecteur = Callable[[Entree], Message | None]

DEPOTS: Mapping[str, Lecteur] = {
    "contrat.propose": lecture.contrat_propose,
    "contrat.signe": lecture.contrat_signe,
    "contrat.refuse": lecture.contrat_refuse,
    "contrat.suspendu": lecture.contrat_suspendu,
    "contrat.repris": lecture.contrat_repris,
    "contrat.clos": lecture.contrat_clos,
    "contrat.annule": lecture.contrat_annule,
    "contrat.bilan": lecture.contrat_bilan,
    "manquement.signale": lecture.manquement_signale,
    "sanction.proposee": lecture.sanction_proposee,
    "sanction.decidee": lecture.sanction_decidee,
    "sanction.levee": lecture.sanction_levee,
}

ECOUTE = ("parcours.*.usagers.>", "parcours.*.orientation.>", "parcours.*.referents.>")

EVENEMENTS: Mapping[str, Lecteur] = {
    "usager.signale": lecture.parcours_ouvert,
    "parcours.ouvert": lecture.parcours_ouvert,
    "parcours.transfere": lecture.parcours_transfere,
    "parcours.clos": lecture.parcours_clos,
    "usager.fusionne": lecture.usager_fusionne,
    "usager.efface": lecture.usager_efface,
    "diagnostic.realise": lecture.diagnostic_realise,
    "orientation.decidee": lecture.orientation_decidee,
    "orientation.notifiee": lecture.orientation_notifiee,
    "reorientation.decidee": lecture.reorientation_decidee,
    "orientation.close": lecture.orientation_close,
    "orientation.annulee": lecture.orientation_annulee,
    "reprise.declaree": lecture.reprise_declaree,
    # Replaced, a référent leaves to the next one the standing that it had: nothing changes here.
    "referent.designe": lecture.referent_designe,
    "referent.accepte": lecture.referent_actif,
    "referent.decline": lecture.referent_parti,
    "referent.termine": lecture.referent_parti,
}

EFFETS: Mapping[str, Lecteur] = {
    "orientation.effective": lecture.orientation_decidee,
    "transfert.effectif": lecture.parcours_transfere,
    "suivi.effectif": lecture.suivi_effectif,
}
"""What the siblings tell to one another on the day on which something takes effect that was told before."""

ECHEANCES: Mapping[str, Callable[[Entree, int], Message]] = {
    clocks.SIGNATURE: lecture.mois_ecoule,
    clocks.REEXAMEN: lecture.reexamen_echu,
    clocks.SUSPENSION: lecture.suspension_echue,
    clocks.INSTRUCTION: lecture.instruction_echue,
    clocks.DEBUT: lecture.contrat_debute,
    clocks.LEVEE: lecture.levee_atteinte,
}

LECTURES: Mapping[str, Lecture] = {
    "contrat": lectures.contrat,
    "delais": lectures.delais,
}


def lire(entree: Entree) -> Message | None:
    """None for an event that changes nothing here, or not before its day, which is told in its turn."""
    match entree.nature:
        case "depot":
            return DEPOTS[entree.type](entree)
        case "evenement":
            lecteur = EFFETS.get(entree.type) or (None if entree.effet else EVENEMENTS.get(entree.type))
            return lecteur(entree) if lecteur else None
        case "echeance":
            nature, _, numero = entree.type.removeprefix("echeance.").rpartition("-")
            return ECHEANCES[nature](entree, int(numero))
