"""What the service takes and answers: deposits, events of `usagers` and `orientation`, reads; each with its reader."""

from collections.abc import Callable, Mapping

from chassis.facts import Entree
from chassis.service import Lecture
from services.referents import translation
from services.referents.domain.messages import Message
from services.referents.store import lectures, portefeuille

Lecteur = Callable[[Entree], Message]

DEPOTS: Mapping[str, Lecteur] = {
    "referent.designe": translation.referent_designe,
    "referent.accepte": translation.referent_accepte,
    "referent.decline": translation.referent_decline,
    "referent.remplace": translation.referent_remplace,
    "referent.termine": translation.referent_termine,
    "accompagnant.ajoute": translation.accompagnant_ajoute,
    "accompagnant.retire": translation.accompagnant_retire,
    "rdv.planifie": translation.rdv_planifie,
    "rdv.modifie": translation.rdv_modifie,
    "rdv.annule": translation.rdv_annule,
    "rdv.constate": translation.rdv_constate,
}

ECOUTE = ("parcours.*.usagers.>", "parcours.*.orientation.>")

# An accepted réorientation is followed by its `orientation.decidee`, which says all of it. An opposition stops what is
# shared, at the gateways; the follow-up itself goes on.
EVENEMENTS: Mapping[str, Lecteur] = {
    "parcours.ouvert": translation.parcours_ouvert,
    "parcours.transfere": translation.parcours_transfere,
    "parcours.clos": translation.parcours_clos,
    "usager.signale": translation.parcours_ouvert,
    "usager.fusionne": translation.usager_fusionne,
    "usager.efface": translation.usager_efface,
    "orientation.decidee": translation.orientation_decidee,
    "orientation.close": translation.orientation_close,
}

LECTURES: Mapping[str, Lecture] = {
    "referent": lectures.referent,
    "rdv": lectures.rdv,
    "file_active": portefeuille.file_active,
    "delais": portefeuille.delais,
}


def lire(entree: Entree) -> Message | None:
    """None for an event that changes nothing here."""
    if entree.nature == "depot":
        return DEPOTS[entree.type](entree)
    lecteur = EVENEMENTS.get(entree.type)
    return lecteur(entree) if lecteur else None
