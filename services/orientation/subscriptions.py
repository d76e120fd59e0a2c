"""What the service takes and answers: deposits, events of `usagers`, due dates, reads; each type with its reader."""

from collections.abc import Callable, Mapping

from chassis.facts import Entree
from chassis.service import Lecture
from services.orientation import clocks, translation
from services.orientation.domain.messages import Message
from services.orientation.store import lectures

Lecteur = Callable[[Entree], Message]

DEPOTS: Mapping[str, Lecteur] = {
    "orientation.demandee": translation.orientation_demandee,
    "diagnostic.realise": translation.diagnostic_realise,
    "orientation.preconisee": translation.orientation_preconisee,
    "orientation.decidee": translation.orientation_decidee,
    "orientation.notifiee": translation.orientation_notifiee,
    "reorientation.demandee": translation.reorientation_demandee,
    "reorientation.decidee": translation.reorientation_decidee,
    "orientation.close": translation.orientation_close,
}

ECOUTE = ("parcours.*.usagers.>",)

EVENEMENTS: Mapping[str, Lecteur] = {
    "parcours.ouvert": translation.parcours_ouvert,
    "parcours.transfere": translation.parcours_transfere,
    "parcours.clos": translation.parcours_clos,
    "usager.signale": translation.usager_signale,
    "usager.fusionne": translation.usager_fusionne,
    "usager.oppose": translation.usager_oppose,
    "usager.efface": translation.usager_efface,
    "droits.modifies": translation.droits_modifies,
}

ECHEANCES: Mapping[str, Callable[[Entree, int], Message]] = {
    clocks.DELAI: translation.delai_ecoule,
    clocks.TERME: translation.terme_atteint,
}

LECTURES: Mapping[str, Lecture] = {
    "orientations": lectures.orientations,
    "diagnostic": lectures.diagnostic,
    "delais": lectures.delais,
    "regles": lectures.regles,
}


def lire(entree: Entree) -> Message | None:
    """None for an event that changes nothing here."""
    match entree.nature:
        case "depot":
            return DEPOTS[entree.type](entree)
        case "evenement":
            lecteur = EVENEMENTS.get(entree.type)
            return lecteur(entree) if lecteur else None
        case "echeance":
            nature, _, numero = entree.type.removeprefix("echeance.").rpartition("-")
            return ECHEANCES[nature](entree, int(numero))
