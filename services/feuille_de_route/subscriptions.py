"""What the service takes and answers: deposits on the sheet, the events of all briques that the view shows, reads.

Nothing falls due here: what falls due elsewhere is shown, and told by the service that decides of it.
"""

from collections.abc import Callable, Mapping

from chassis.facts import Entree
from services.feuille_de_route import translation
from services.feuille_de_route.domain.messages import Message
from services.feuille_de_route.store import lectures
from services.service import Lecture

Lecteur = Callable[[Entree], Message | None]

DEPOTS: Mapping[str, Lecteur] = {
    "objectif.ajoute": translation.objectif_ajoute,
    "objectif.modifie": translation.objectif_change,
    "objectif.clos": translation.objectif_change,
    "action.ajoutee": translation.action_ajoutee,
    "action.modifiee": translation.action_changee,
    "action.realisee": translation.action_changee,
    "action.abandonnee": translation.action_changee,
    "observation.ajoutee": translation.observation_ajoutee,
}

ECOUTE = (
    "parcours.*.usagers.>",
    "parcours.*.orientation.>",
    "parcours.*.referents.>",
    "parcours.*.engagements.>",
    "parcours.*.offres.>",
)

_MONTRES = (
    "parcours.transfere",
    "parcours.clos",
    "usager.ambigu",
    "usager.rapproche",
    "orientation.demandee",
    "orientation.decidee",
    "orientation.notifiee",
    "orientation.dessaisie",
    "orientation.close",
    "orientation.annulee",
    "reprise.declaree",
    "referent.designe",
    "referent.accepte",
    "referent.decline",
    "referent.remplace",
    "referent.termine",
    "referent.annule",
    "accompagnant.ajoute",
    "accompagnant.retire",
    "rdv.planifie",
    "rdv.modifie",
    "rdv.annule",
    "rdv.constate",
    "contrat.propose",
    "contrat.signe",
    "contrat.refuse",
    "contrat.suspendu",
    "contrat.repris",
    "contrat.clos",
    "contrat.annule",
    "contrat.a-resigner",
    "reexamen.prevu",
    "sanction.proposee",
    "sanction.decidee",
    "sanction.levee",
    "levee.effective",
    "orientation.effective",
    "suivi.effectif",
    "transfert.effectif",
    "parcours.rendu",
    "prescription.emise",
    "prescription.mise-a-l-etude",
    "prescription.acceptee",
    "prescription.refusee",
    "prescription.annulee",
    "prescription.expiree",
    "participation.commencee",
    "participation.terminee",
)

EVENEMENTS: Mapping[str, Lecteur] = {
    **dict.fromkeys(_MONTRES, translation.appris),
    "usager.signale": translation.usager_signale,
    "parcours.ouvert": translation.survenu,
    "usager.fusionne": translation.usager_fusionne,
    "usager.defusionne": translation.usager_defusionne,
    "usager.efface": translation.usager_efface,
}

ECHEANCES: Mapping[str, Lecteur] = {"echeance.reconstruction": translation.a_replier}
"""What the rebuilding asks for (`reconstruire.py`)."""

LECTURES: Mapping[str, Lecture] = {
    "feuille": lectures.feuille,
    "echeances": lectures.echeances,
    "defusion": lectures.defusion,
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
            return ECHEANCES[entree.type](entree)
