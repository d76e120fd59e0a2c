"""What the service takes and answers: deposits, events of its siblings, due dates, reads; each type with its reader."""

from collections.abc import Callable, Mapping

from chassis.facts import Entree
from services.orientation import clocks, translation
from services.orientation.domain.messages import Message
from services.orientation.store import lectures, reglages
from services.service import Lecture

Lecteur = Callable[[Entree], Message | None]

DEPOTS: Mapping[str, Lecteur] = {
    "orientation.demandee": translation.orientation_demandee,
    "diagnostic.realise": translation.diagnostic_realise,
    "orientation.preconisee": translation.orientation_preconisee,
    "orientation.decidee": translation.orientation_decidee,
    "orientation.notifiee": translation.orientation_notifiee,
    "reorientation.demandee": translation.reorientation_demandee,
    "reorientation.decidee": translation.reorientation_decidee,
    "orientation.close": translation.orientation_close,
    "orientation.annulee": translation.orientation_annulee,
    "reprise.declaree": translation.reprise_declaree,
}

ECOUTE = ("parcours.*.usagers.>", "parcours.*.referents.>", "parcours.*.engagements.>")

EVENEMENTS: Mapping[str, Lecteur] = {
    "parcours.ouvert": translation.parcours_ouvert,
    "parcours.transfere": translation.parcours_transfere,
    "parcours.clos": translation.parcours_clos,
    "usager.signale": translation.usager_signale,
    "usager.fusionne": translation.usager_fusionne,
    "usager.oppose": translation.usager_oppose,
    "usager.efface": translation.usager_efface,
    "droits.modifies": translation.droits_modifies,
    "referent.designe": translation.suite_donnee,
    "referent.remplace": translation.suite_donnee,
    "rdv.planifie": translation.rdv_planifie,
    "contrat.propose": translation.suite_donnee,
    "contrat.signe": translation.suite_donnee,
    "contrat.refuse": translation.suite_donnee,
    "referent.annule": translation.suite_annulee,
    "contrat.annule": translation.suite_annulee,
}

EFFETS: Mapping[str, Lecteur] = {"transfert.effectif": translation.parcours_transfere}
"""What the siblings tell to one another on the day on which something takes effect that was told before."""

ECHEANCES: Mapping[str, Callable[[Entree, int], Message]] = {
    clocks.DELAI: translation.delai_ecoule,
    clocks.TERME: translation.terme_atteint,
    clocks.PREMIER_JOUR: translation.premier_jour,
    clocks.DROIT: translation.droit_effectif,
}

LECTURES: Mapping[str, Lecture] = {
    "orientations": lectures.orientations,
    "diagnostic": lectures.diagnostic,
    "delais": lectures.delais,
    "regles": reglages.lire_regles,
    "delegations": reglages.lire_delegations,
}

REGLAGES: Mapping[str, Lecture] = {"changer": reglages.changer}


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
