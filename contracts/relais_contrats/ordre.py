"""Of which objects a deposit says something: between two messages about one object, `time` decides."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from relais_contrats.champs import objet_principal

DISENT_UN_OBJET = frozenset(
    {"rdv.planifie", "rdv.modifie", "rdv.annule", "rdv.constate"}
    | {"contrat.propose", "contrat.signe", "contrat.refuse", "contrat.suspendu", "contrat.repris", "contrat.clos"}
    | {"objectif.ajoute", "objectif.modifie", "objectif.clos"}
    | {"action.ajoutee", "action.modifiee", "action.realisee", "action.abandonnee"}
    | {"sanction.decidee", "sanction.levee", "prescription.emise", "prescription.annulee"}
)
"""What changes the object that it names. The proposal of a sanction and the answers to a prescription come from
somebody else, by another clock, and their states go one way only; a review of a contract changes nothing in it."""

DISENT_UNE_OFFRE = frozenset({"structure.publiee", "structure.retiree", "service.publie", "service.retire"})

DISENT_LE_REFERENT = frozenset(
    {"referent.designe", "referent.accepte", "referent.decline", "referent.remplace", "referent.termine"}
)


def dit_a(time: datetime, recu_a: datetime) -> datetime:
    """When something was said: a clock that runs ahead has not the last word for ever."""
    return min(time, recu_a)


def objets_dits(type_message: str, donnees: Mapping[str, Any], parcours: str) -> dict[str, str]:
    """By JSON Pointer into the deposit, a key that no other object has; empty for a message about no such object."""
    principal = objet_principal(type_message) if type_message in DISENT_UN_OBJET else None
    if principal:
        champ, nature = principal
        return {f"/data/{champ}": f"{nature} {donnees[champ]}"}
    if type_message in DISENT_UNE_OFFRE:
        return {"/data/id": f"{type_message.partition('.')[0]} {donnees['id']}"}
    if type_message in DISENT_LE_REFERENT:
        return {"/subject": f"referent {parcours}"}
    if type_message.startswith("accompagnant."):
        agent = donnees.get("accompagnant", donnees)["identifiant_agent"]
        structure = donnees["structure"]
        return {"/data": f"accompagnant {structure['systeme']}:{structure['valeur']}:{agent} {parcours}"}
    if type_message == "parcours.transfere":
        return {"/data/departement_nouveau": f"transfert {parcours}"}
    return {p: f"{p} {parcours}" for p in _corriges(donnees)} if type_message == "usager.corrige" else {}


def _corriges(donnees: Mapping[str, Any]) -> Iterator[str]:
    """Each field of the person by itself. Contacts, which signalements tell too, bear their own instants."""
    yield from (f"/data/identite/{champ}" for champ, valeur in (donnees.get("identite") or {}).items() if valeur)
    yield from {f"/data/identifiants/{identifiant['type']}": None for identifiant in donnees.get("identifiants") or ()}
