"""What the service takes and answers: deposits, events of `usagers`, due dates, reads; each with its reader."""

from collections.abc import Callable, Mapping

from chassis.facts import Entree
from services.offres import translation
from services.offres.domain.messages import Message
from services.offres.lectures_catalogue import LECTURES_CATALOGUE
from services.offres.store import lectures
from services.service import Lecture

Lecteur = Callable[[Entree], Message]

DEPOTS: Mapping[str, Lecteur] = {
    "structure.publiee": translation.structure_publiee,
    "structure.retiree": translation.structure_retiree,
    "service.publie": translation.service_publie,
    "service.retire": translation.service_retire,
    "prescription.emise": translation.prescription_emise,
    **dict.fromkeys(translation.SUITES, translation.suite_donnee),
}

ECOUTE = ("parcours.*.usagers.>",)

# An opposition stops what is shared, at the gateways.
EVENEMENTS: Mapping[str, Lecteur] = {
    "parcours.ouvert": translation.parcours_ouvert,
    "parcours.transfere": translation.parcours_transfere,
    "parcours.clos": translation.parcours_clos,
    "usager.signale": translation.parcours_ouvert,
    "usager.fusionne": translation.usager_fusionne,
    "usager.efface": translation.usager_efface,
}

EFFETS: Mapping[str, Lecteur] = {"transfert.effectif": translation.parcours_transfere}
"""What the siblings tell to one another on the day on which something takes effect that was told before."""

LECTURES: Mapping[str, Lecture] = {
    **LECTURES_CATALOGUE,
    "prescription": lectures.prescription,
    "statistiques_prescriptions": lectures.statistiques_prescriptions,
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
            return translation.temps_passe(entree)
