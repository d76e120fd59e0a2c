"""The table of all messages: who emits, who receives, which brique owns the fact, which model describes its data.

Its rows are declared with their models, one module of `v1` per brique.
"""

from collections.abc import Mapping
from types import MappingProxyType

from relais_contrats.declaration import (
    ABONNES_TERRITOIRE,
    EMETTEUR_PRESCRIPTION,
    HUB,
    ROLES,
    STRUCTURE_SERVICE,
    TypeMessage,
)
from relais_contrats.v1 import (
    engagements,
    feuille_de_route,
    offres,
    orientation,
    passerelle,
    referents,
    reprise,
    usagers,
)

__all__ = [
    "ABONNES_TERRITOIRE",
    "ANNULATIONS",
    "CATALOGUE",
    "CHANGENT_UN_OBJET",
    "CREENT_UN_OBJET",
    "EMETTEUR_PRESCRIPTION",
    "HUB",
    "MODULES",
    "PARTIES",
    "ROLES",
    "STRUCTURE_SERVICE",
    "TypeMessage",
    "par_type_cloudevents",
]

MODULES = (usagers, orientation, reprise, referents, engagements, offres, feuille_de_route, passerelle)
_TABLE: tuple[TypeMessage, ...] = tuple(row for module in MODULES for row in module.MESSAGES)

CREENT_UN_OBJET = frozenset(
    {"rdv.planifie", "contrat.propose", "objectif.ajoute", "action.ajoutee", "prescription.emise", "reprise.declaree"}
    | {"manquement.signale", "sanction.proposee", "sanction.decidee"}
)
"""What gives an object its key; a sanction that is decided may also be one that was proposed, and a contract that is
proposed one that is in force and changes."""

CHANGENT_UN_OBJET = frozenset(
    {"rdv.modifie", "rdv.annule", "rdv.constate"}
    | {"contrat.propose", "contrat.signe", "contrat.refuse", "contrat.bilan"}
    | {"contrat.suspendu", "contrat.repris", "contrat.clos"}
    | {"objectif.modifie", "objectif.clos"}
    | {"action.modifiee", "action.realisee", "action.abandonnee"}
)
"""What its emitter, the structure of the référent and the département may say of an object, and nobody else."""

PARTIES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "reprise.declaree": MappingProxyType(
            {
                "orientation": "orientation.decidee",
                "referent": "referent.designe",
                "contrat": "contrat.propose",
                "rdv": "rdv.planifie",
            }
        )
    }
)
"""Fields of a message that say what another message says: each is shown to who would receive that other one."""

CATALOGUE: Mapping[str, TypeMessage] = MappingProxyType({t.nom: t for t in _TABLE})
"""Every message of v1, by its short type."""

ANNULATIONS: frozenset[str] = frozenset(
    {"orientation.annulee", "referent.annule", "contrat.annule", "usager.defusionne"}
)
"""Messages whose `annule` names a deposit: everybody who received what it led to receives them."""

_PAR_TYPE = {t.type_cloudevents: t for t in _TABLE}


def par_type_cloudevents(type_: str) -> TypeMessage | None:
    """The message of a CloudEvents `type` (`fr.insertion.usager.signale.v1`), or None when there is none."""
    return _PAR_TYPE.get(type_)
