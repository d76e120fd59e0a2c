"""What this service takes, and what it answers. It listens to no sibling: identities come from partners only."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from chassis.database import Connection
from chassis.decision import Refus
from chassis.facts import Entree
from services.service import Lecture
from services.usagers import clocks, translation
from services.usagers.domain import Message
from services.usagers.store import Coffre, lectures, territoires

DEPOTS: Mapping[str, translation.Lecteur] = {
    "usager.corrige": translation.correction,
    "usager.rapproche": translation.rapprochement,
    "usager.fusionne": translation.fusion,
    "usager.defusionne": translation.defusion,
    "droits.modifies": translation.droits,
    "parcours.transfere": translation.transfert,
    "parcours.clos": translation.cloture,
    "usager.oppose": translation.opposition,
    "usager.efface": translation.effacement,
}
"""Deposits on a parcours; `usager.signale` alone concerns none yet."""

ECOUTE: tuple[str, ...] = ()

ECHEANCES: Mapping[str, translation.Lecteur] = {
    clocks.CONSERVATION: translation.conservation_echue,
    clocks.TRANSFERT: translation.transfert_echu,
}


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

    async def dire(conn: Connection, demande: Mapping[str, Any]) -> dict[str, Any] | None:
        return await lectures.dire(conn, coffre, UUID(demande["alias"]), demande["emetteur"])

    async def resoudre(conn: Connection, demande: Mapping[str, Any]) -> dict[str, Any]:
        """`emetteur`, the source of the partner that asks, gives a meaning to its local identifiers; `departements` are
        those whose persons it may be told."""
        brut = demande.get("identite")
        identifiants = translation.liste_identifiants(demande["identifiants"], demande.get("emetteur"), brut)
        dite = translation.cherchee(brut)
        return await lectures.resoudre(conn, coffre, dite, identifiants, demande["departements"])

    async def alias(conn: Connection, demande: Mapping[str, Any]) -> dict[str, str]:
        return await lectures.survivants(conn, [UUID(id_) for id_ in demande["parcours"]])

    return {
        "champs": champs,
        "parcours": parcours,
        "dire": dire,
        "resoudre": resoudre,
        "alias": alias,
        "en_attente": territoires.en_attente,
    }


REGLAGES: Mapping[str, Lecture] = {"territoires": territoires.servir}
