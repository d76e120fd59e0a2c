"""What this service takes, and what it answers. It listens to no sibling: identities come from partners only."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from chassis.database import Connection
from chassis.decision import Refus
from chassis.facts import Entree
from chassis.service import Lecture
from services.usagers import clocks, translation
from services.usagers.domain import Message
from services.usagers.store import Coffre, lectures

DEPOTS: Mapping[str, translation.Lecteur] = {
    "usager.corrige": translation.correction,
    "usager.rapproche": translation.rapprochement,
    "usager.fusionne": translation.fusion,
    "droits.modifies": translation.droits,
    "parcours.transfere": translation.transfert,
    "parcours.clos": translation.cloture,
    "usager.oppose": translation.opposition,
    "usager.efface": translation.effacement,
}
"""Deposits on a parcours; `usager.signale` alone concerns none yet."""

ECOUTE: tuple[str, ...] = ()

ECHEANCES: Mapping[str, translation.Lecteur] = {clocks.CONSERVATION: translation.conservation_echue}


def lire(entree: Entree) -> Message | Refus:
    if entree.type == "usager.signale":
        return translation.signalement(entree)
    lecteur = DEPOTS.get(entree.type) or ECHEANCES.get(entree.type.removeprefix("echeance."))
    if lecteur is None:
        return Refus("schema-invalide", "/type")
    if entree.agregat is None:
        return Refus("parcours-inconnu", "/subject")
    return lecteur(entree, entree.agregat)


def table_lectures(coffre: Coffre) -> Mapping[str, Lecture]:
    """`lecture.usagers.<vue>` → its answer."""

    async def champs(conn: Connection, demande: Mapping[str, Any]) -> dict[str, Any]:
        return await lectures.champs(conn, coffre, [UUID(id_) for id_ in demande["faits"]])

    async def parcours(conn: Connection, demande: Mapping[str, Any]) -> dict[str, Any] | None:
        return await lectures.parcours(conn, coffre, UUID(demande["parcours"]))

    async def resoudre(conn: Connection, demande: Mapping[str, Any]) -> dict[str, Any]:
        """`emetteur`, the source of the partner that asks, gives a meaning to its local identifiers."""
        brut = demande.get("identite")
        identifiants = translation.liste_identifiants(demande["identifiants"], demande.get("emetteur"))
        return await lectures.resoudre(conn, coffre, translation.identite(brut) if brut else None, identifiants)

    async def alias(conn: Connection, demande: Mapping[str, Any]) -> dict[str, str]:
        return await lectures.survivants(conn, [UUID(id_) for id_ in demande["parcours"]])

    return {"champs": champs, "parcours": parcours, "resoudre": resoudre, "alias": alias}
