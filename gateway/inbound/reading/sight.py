"""What a partner may look at: its pseudonym resolved, its roles found, its purpose declared; then the service is asked.

A parcours that it may not see and one that does not exist take the same way: one lookup, no question to any service.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
from starlette.requests import Request
from starlette.responses import Response

from chassis.bus_nats import NatsBus
from chassis.database import Pool
from chassis.microbatch import MicroBatch
from gateway import objets, participations
from gateway.inbound.request.call import Call
from gateway.objets import Nomme
from gateway.pseudonyms import Pseudonyms
from relais_contrats.champs import nommer_objets_vue, nommes_dans_la_vue, referencer_vue
from relais_contrats.consultation import lire_consultation
from relais_contrats.droits import (
    Ferme,
    Passage,
    Role,
    finalites_nominatives,
    ouvrir,
    vue_visible,
)
from relais_contrats.finalites import NOMINATIVES
from relais_contrats.modele import Donnees
from relais_contrats.problemes import Problem
from relais_contrats.transport import etiquetee

PARIS = ZoneInfo("Europe/Paris")
_TIMEOUT_S = 2.0


@dataclass(frozen=True, slots=True)
class Seen:
    """A parcours (the survivor, after a fusion) and the roles that open it to the partner."""

    parcours: UUID
    roles: frozenset[Role]


class Sight:
    """Shared by all reads of persons."""

    def __init__(self, pool: Pool, bus: NatsBus, pseudonyms: Pseudonyms) -> None:
        self.pool = pool
        self.pseudonyms = pseudonyms
        self._bus = bus
        self.looks = MicroBatch(self._look, delay_s=0.001)
        """Who may look at what, asked once for many readers; `looks.run` is a loop of the process."""

    async def _look(self, asked: Sequence[tuple[UUID, str]]) -> list[Seen]:
        """Per (parcours as it is named, partner): where it is now, and the roles that open it, if there are any."""
        async with self.pool.acquire() as conn:
            survivors = await participations.survivors(conn, {named for named, _ in asked})
            pairs = [(survivors.get(named, named), code) for named, code in asked]
            roles = await participations.of_pairs(conn, list(dict.fromkeys(pairs)))
        return [Seen(parcours, roles.get((parcours, code), frozenset())) for parcours, code in pairs]

    async def find(self, call: Call, pseudonyme: str) -> Seen:
        """Raises the same 404 for what does not exist and for what is not this partner's to see."""
        code = call.partenaire.code
        named = self.pseudonyms.read(code, pseudonyme)
        if named is None:
            raise unknown()
        seen = await self.looks.submit((named, code))
        if not seen.roles:
            raise unknown()
        call.parcours = seen.parcours
        return seen

    async def own_words(self, call: Call, pseudonyme: str) -> dict[str, Any] | None:
        """What the partner itself said of a person whom it signalled, when nothing else opens her parcours to it."""
        code = call.partenaire.code
        named = self.pseudonyms.read(code, pseudonyme)
        if named is None:
            return None
        seen = await self.looks.submit((named, code))
        if seen.roles:
            return None
        async with self.pool.acquire() as conn:
            if not await participations.signalled_as(conn, {(named, code)}):
                return None
        call.parcours = seen.parcours
        return await self.said(call, named)

    async def said(self, call: Call, nom: UUID) -> dict[str, Any] | None:
        """Its own words under this name of its own, under which it reads them."""
        words: dict[str, Any] | None = await self.ask(
            "usagers.dire", {"alias": str(nom), "emetteur": call.partenaire.source}
        )
        return words and words | {"parcours": self.pseudonyms.of(call.partenaire.code, nom)}

    async def ask(self, lecture: str, demande: Mapping[str, Any]) -> Any:
        """The answer to `lecture.<service>.<vue>`. Raises chassis.bus.Unavailable."""
        reply = await self._bus.request(f"lecture.{lecture}", orjson.dumps(demande), timeout_s=_TIMEOUT_S)
        return orjson.loads(reply)

    async def set(self, reglage: str, demande: Mapping[str, Any]) -> Any:
        """The answer to `reglage.<service>.<geste>`. Raises chassis.bus.Unavailable."""
        reply = await self._bus.request(f"reglage.{reglage}", orjson.dumps(demande), timeout_s=_TIMEOUT_S)
        return orjson.loads(reply)

    async def object_named(self, call: Call, pseudonyme: str, nature: str, texte: str) -> str:
        """The internal key of an object, from the names that this partner has of its parcours and of itself."""
        code = call.partenaire.code
        parcours = self.pseudonyms.read(code, pseudonyme)
        if parcours is None:
            raise unknown()
        named = Nomme(code, parcours, nature, texte)
        async with self.pool.acquire() as conn:
            survivors = await participations.survivors(conn, [parcours])
            return (await objets.resoudre(conn, self.pseudonyms, [named], survivors))[named]

    async def homonyms(self, parcours: UUID, modele: type[Donnees], vue: Mapping[str, Any]) -> frozenset[str]:
        """Objects in a view of merged parcours whose plain key another one has: asked only when it names such ones."""
        if not objets.ailleurs((cle for _, cle in nommes_dans_la_vue(modele, vue)), parcours):
            return frozenset()
        async with self.pool.acquire() as conn:
            return await objets.homonymes(conn, [parcours])

    def object_name(self, call: Call, interne: str, homonyms: Collection[str] = ()) -> str:
        return objets.nom(self.pseudonyms, call.partenaire.code, interne, homonyms)

    def opening(self, call: Call, roles: frozenset[Role]) -> Passage | Ferme:
        """What the gate opens for this read of somebody in whose parcours the partner has these roles."""
        return ouvrir(call.demandeur, roles, finalites_nominatives(call.finalites, roles))

    def passage(self, call: Call, roles: frozenset[Role]) -> Passage:
        """The same, open. Raises the 404 of what is unknown."""
        opening = self.opening(call, roles)
        if isinstance(opening, Ferme):
            raise unknown()
        return opening

    def show(
        self,
        call: Call,
        roles: frozenset[Role],
        modele: type[Donnees],
        vue: Mapping[str, Any],
        homonyms: Collection[str] = (),
    ) -> dict[str, Any]:
        """The view as this partner may see it, in its own names of parcours and objects."""
        finalites = finalites_nominatives(call.finalites, roles)
        visible = vue_visible(call.demandeur, roles, finalites, modele, vue) or {}
        visible = nommer_objets_vue(modele, visible, lambda _, interne: self.object_name(call, interne, homonyms))
        return referencer_vue(modele, visible, lambda p: self.pseudonyms.of(call.partenaire.code, UUID(p)))


def declare(call: Call, request: Request, finalites: frozenset[str] = NOMINATIVES) -> None:
    """Note who reads, and for what, in the access journal: `Relais-Agent` and `Relais-Finalite`, both optional.

    Without one of these purposes in force nothing is read. Raises a Problem.
    """
    consultation = lire_consultation(call.demandeur, request.headers, finalites)
    call.agent, call.finalite = consultation.agent, consultation.finalite
    call.finalites = consultation.finalites


def unknown() -> Problem:
    return Problem("parcours-inconnu")


def answer(call: Call, request: Request, content: Mapping[str, Any]) -> Response:
    """JSON with its `ETag`; 304 when the partner holds it already (RFC 9110 § 13.1.2)."""
    return etiquetee(call.partenaire.code, request, orjson.dumps(content), "application/json")
