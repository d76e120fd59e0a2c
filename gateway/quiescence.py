"""How far each service is with a parcours: what it said last, and what it has heard of its siblings."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import orjson

from chassis.bus import Unavailable
from chassis.bus_nats import NatsBus
from chassis.ordering import Key
from relais_contrats import briques

BRIQUES = tuple(brique.nom for brique in briques.BRIQUES if brique.est_suivie)
"""The services whose facts let partners in or out of a parcours, or on whose facts another service decides."""
_TIMEOUT_S = 2.0


@dataclass(frozen=True, slots=True)
class Avancement:
    """What a service answers about a parcours: the sequence of its last fact, and of what it heard of each sibling.

    `place` is that of its last fact in the stream, once all are there; `lu` how far it has read the stream whole.
    `dits` has the last sequence of each type of its facts, `entend` the types that it follows of each sibling.
    """

    dit: int
    entendu: Mapping[str, int]
    place: int | None = None
    lu: int = 0
    dits: Mapping[str, int] = field(default_factory=dict)
    entend: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def a_entendu(self, sibling: str, told: "Avancement") -> bool:
        """All that it follows. What came before one listened to it left no position, and is behind in the stream."""
        is_behind = told.place is not None and told.place <= self.lu
        return self.entendu[sibling] >= self.suit(sibling, told) or (not self.entendu[sibling] and is_behind)

    def suit(self, sibling: str, told: "Avancement") -> int:
        """The sequence of the last fact of this sibling that it follows; one that does not name types follows all."""
        types = self.entend.get(sibling)
        return told.dit if types is None else max((told.dits.get(type_, 0) for type_ in types), default=0)


Avancements = Mapping[Key, Avancement]


class Quiescence:
    def __init__(self, bus: NatsBus) -> None:
        self._bus = bus

    async def ask(self, parcours: Collection[UUID]) -> Avancements:
        """By brique and parcours; a service that does not answer is absent."""
        if not parcours:
            return {}
        body = orjson.dumps({"parcours": sorted(map(str, parcours))})
        said = await asyncio.gather(*(self._ask(brique, body) for brique in BRIQUES))
        return {key: avancement for of_brique in said for key, avancement in of_brique.items()}

    async def informed(self, brique: str, families: Mapping[UUID, Collection[UUID]]) -> set[UUID]:
        """Of these parcours, each with those that it absorbed, the ones of which the service has heard all."""
        said = await self.ask(set().union(*families.values()))
        return {one for one, family in families.items() if all(est_au_courant(brique, two, said) for two in family)}

    async def _ask(self, brique: str, body: bytes) -> Avancements:
        try:
            answer = await self._bus.request(f"lecture.{brique}.avancement", body, timeout_s=_TIMEOUT_S)
        except Unavailable:
            return {}
        return {(brique, UUID(one)): Avancement(**dit) for one, dit in orjson.loads(answer).items()}


def est_au_courant(brique: str, parcours: UUID, avancements: Avancements) -> bool:
    """Whether it has heard all that was said of the parcours before the answers were asked for, conclusions included:
    its siblings have heard all that leads them to say more. A service that did not answer may have said something."""
    seen, to_see = set[str](), {brique}
    while to_see:
        seen |= (asked := to_see)
        to_see = set()
        for one in asked:
            if (avancement := avancements.get((one, parcours))) is None:
                return False
            for sibling in avancement.entendu:
                told = avancements.get((sibling, parcours))
                if told is None or not avancement.a_entendu(sibling, told):
                    return False
            to_see |= avancement.entendu.keys() - seen
    return True
