"""A person's right of access (RGPD, art. 15): found by what an operator is given, opened by an act, told whole.

Every search and every reading is in the access journal, with its motive, before anything is answered.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson

from chassis.bus import Unavailable
from chassis.bus_nats import NatsBus
from chassis.database import Connection, Pool
from coffre.keys import Vault
from gateway.accesses import Access
from gateway.inbound.audit import persons_rows as rows
from gateway.inbound.deposit.journal import Journal
from gateway.inbound.reading.contents import OPERATORS
from gateway.inbound.timeline import lookup
from gateway.partners import Annuaire
from gateway.pseudonyms import Pseudonyms
from gateway.sealing import open_events
from relais_contrats.champs import reunir
from relais_contrats.vues import VUES

SEARCH, FILE = "lecture.passerelle.personne_chercher", "lecture.passerelle.personne"
_TIMEOUT_S = 4.0
_FACTS_AT_ONCE = 100
# What each brique tells of a person, whole: the same readings that partners see a part of.
_READINGS = {
    "usagers": "usagers.parcours",
    "feuille-de-route": "feuille_de_route.feuille",
    **{vue.nom: vue.lecture for vue in VUES},
}


class Persons:
    def __init__(
        self, pool: Pool, bus: NatsBus, vault: Vault, pseudonyms: Pseudonyms, annuaire: Annuaire, journal: Journal
    ) -> None:
        self._pool = pool
        self._bus = bus
        self._vault = vault
        self._pseudonyms = pseudonyms
        self._annuaire = annuaire
        self._journal = journal

    async def search(self, asked: bytes) -> bytes:
        """`{identifiants | parcours, agent, motif, reference}` → the operators' names of whoever is meant."""
        demande = orjson.loads(asked)
        found = await self._found(demande)
        told = f"recherche d'une personne {demande['reference']}".rstrip()
        await self._note(demande, told, found, 200 if found else 404)
        return orjson.dumps([self._pseudonyms.of(OPERATORS, one) for one in found])

    async def file(self, asked: bytes) -> bytes:
        """`{parcours, agent, contenu}` → until when it is open to this operator, and what is held; null when nobody
        bears this name."""
        demande = orjson.loads(asked)
        parcours = self._pseudonyms.read(OPERATORS, demande["parcours"])
        async with self._pool.acquire() as conn:
            if parcours is None or not await lookup.is_known(conn, parcours):
                return b"null"
            opening = await rows.opening(conn, parcours, demande["parcours"], demande["agent"], datetime.now(UTC))
            family = await lookup.family(conn, parcours)
        if opening is None or not demande["contenu"]:
            return orjson.dumps({"jusqua": opening["jusqua"] if opening else None, "contenu": None})
        why = opening["demande"]
        noted = {"agent": demande["agent"], "motif": why["motif"]}
        await self._note(noted, f"dossier d'une personne {why.get('reference', '')}".rstrip(), family[:1], 200)
        return orjson.dumps({"jusqua": opening["jusqua"], "contenu": await self._held(family)})

    async def _found(self, demande: Mapping[str, Any]) -> list[UUID]:
        if demande.get("parcours"):
            async with self._pool.acquire() as conn:
                everybody = [*self._annuaire.codes(), OPERATORS]
                known = await lookup.known(conn, self._pseudonyms, everybody, demande["parcours"])
                return (await lookup.family(conn, known[0]))[:1] if known else []
        return [UUID(one) for one in await self._ask("usagers.retrouver", {"identifiants": demande["identifiants"]})]

    async def _note(self, demande: Mapping[str, Any], quoi: str, parcours: Sequence[UUID], status: int) -> None:
        access = Access(OPERATORS, demande["agent"], parcours, demande["motif"], quoi, status, None, None)
        await self._journal.record_access(access)

    async def _held(self, family: Sequence[UUID]) -> dict[str, Any]:
        """What each brique says now, every event with its protected fields, who received what, who looked."""
        views = await asyncio.gather(*(self._view(reading, family[0]) for reading in _READINGS.values()))
        async with self._pool.acquire() as conn:
            person = await lookup.person(conn, family)
            opened = await open_events(self._vault, conn, await rows.events(conn, family))
            told = await rows.told_of(conn, family)
        protected = await self._protected([one["id"] for one in opened])
        return {
            "fait_a": datetime.now(UTC),
            "personne": person,
            "vues": dict(zip(_READINGS, views, strict=True)),
            "evenements": [_event(one, protected.get(str(one["id"]))) for one in opened],
            **told,
        }

    async def _view(self, reading: str, parcours: UUID) -> Any:
        """A brique that does not answer is told as such: what is held is then not whole."""
        try:
            return await self._ask(reading, {"parcours": str(parcours)})
        except Unavailable:
            return {"indisponible": True}

    async def _protected(self, facts: Sequence[UUID]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for start in range(0, len(facts), _FACTS_AT_ONCE):
            asked = {"faits": [str(one) for one in facts[start : start + _FACTS_AT_ONCE]]}
            found |= await self._ask("usagers.champs", asked)
        return found

    async def _ask(self, reading: str, demande: Mapping[str, Any]) -> Any:
        return orjson.loads(await self._bus.request(f"lecture.{reading}", orjson.dumps(demande), timeout_s=_TIMEOUT_S))


def _event(row: Mapping[str, Any], protected: Mapping[str, Any] | None) -> dict[str, Any]:
    corps = row["corps"]
    data = corps.get("data", {})
    return {
        "type": row["type"],
        "recu_a": row["recu_a"],
        "source": corps.get("source"),
        "donnees": reunir(data, protected) if protected else data,
    }


async def open_for(conn: Connection, id_: UUID, parcours: UUID, now: datetime, until: datetime) -> bool:
    """Open it until then; False when nobody bears this id."""
    if not await lookup.is_known(conn, parcours):
        return False
    await rows.open_person(conn, id_, parcours, now, until)
    return True
