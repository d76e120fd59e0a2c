"""The messages and reads of this service. It listens to no sibling: identities come from partners."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from chassis.database import Connection
from chassis.decision import Refus
from chassis.facts import Entree
from services.service import Lecture
from services.usagers.domain import Message
from services.usagers.domain.echeances import CONSERVATION, TRANSFERT
from services.usagers.store import lectures, territoires
from services.usagers.translation import depots

DEPOTS: Mapping[str, depots.Lecteur] = {
    "usager.corrige": depots.correction,
    "usager.rapproche": depots.rapprochement,
    "usager.fusionne": depots.fusion,
    "usager.defusionne": depots.defusion,
    "droits.modifies": depots.droits,
    "parcours.transfere": depots.transfert,
    "parcours.clos": depots.cloture,
    "usager.oppose": depots.opposition,
    "usager.efface": depots.effacement,
}
"""Deposits on a parcours; `usager.signale` alone concerns none yet."""

ECHEANCES: Mapping[str, depots.Lecteur] = {
    CONSERVATION: depots.conservation_echue,
    TRANSFERT: depots.transfert_echu,
}


def lire(entree: Entree) -> Message | Refus:
    if entree.type == "usager.signale":
        return replace(depots.signalement(entree), nouveau=uuid7())
    lecteur = DEPOTS.get(entree.type) or ECHEANCES.get(entree.type.removeprefix("echeance."))
    if lecteur is None:
        return Refus("schema-invalide", "/type")
    if entree.agregat is None:
        return Refus("parcours-inconnu", "/subject")
    return lecteur(entree, entree.agregat)


async def _champs(conn: Connection, demande: Mapping[str, Any]) -> dict[str, Any]:
    return await lectures.champs(conn, [UUID(id_) for id_ in demande["faits"]])


async def _parcours(conn: Connection, demande: Mapping[str, Any]) -> dict[str, Any] | None:
    return await lectures.parcours(conn, UUID(demande["parcours"]))


async def _dire(conn: Connection, demande: Mapping[str, Any]) -> dict[str, Any] | None:
    return await lectures.dire(conn, UUID(demande["alias"]), demande["emetteur"])


async def _resoudre(conn: Connection, demande: Mapping[str, Any]) -> dict[str, Any]:
    """`emetteur`: the source of the partner that asks, which owns its local identifiers; `departements`: the
    territories whose persons it may know."""
    brut = demande.get("identite")
    identifiants = depots.liste_identifiants(demande["identifiants"], demande.get("emetteur"), brut)
    return await lectures.resoudre(conn, depots.cherchee(brut), identifiants, demande["departements"])


async def _retrouver(conn: Connection, demande: Mapping[str, Any]) -> list[str]:
    return await lectures.retrouver(conn, depots.liste_identifiants(demande["identifiants"], demande.get("emetteur")))


async def _alias(conn: Connection, demande: Mapping[str, Any]) -> dict[str, str]:
    return await lectures.survivants(conn, [UUID(id_) for id_ in demande["parcours"]])


LECTURES: Mapping[str, Lecture] = {
    "champs": _champs,
    "parcours": _parcours,
    "dire": _dire,
    "resoudre": _resoudre,
    "retrouver": _retrouver,
    "alias": _alias,
    "en_attente": territoires.en_attente,
}
"""`lecture.usagers.<vue>` → its answer."""

REGLAGES: Mapping[str, Lecture] = {"territoires": territoires.servir}
