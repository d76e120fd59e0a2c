"""What one partner receives of an event: the same for feed, webhook and redelivery.

Rows hold references only: protected fields are asked of `usagers` when the body is made, for whoever may see them.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol
from uuid import UUID

import orjson

from chassis.bus_nats import NatsBus
from gateway.partners import Partenaire
from gateway.pseudonyms import Pseudonyms
from gateway.rights import Role, groupes_visibles, visible
from relais_contrats.catalogue import CATALOGUE
from relais_contrats.champs import PROTEGES, plan, referencer, reunir
from relais_contrats.groupes import Groupe

_FIELDS = "lecture.usagers.champs"
_TIMEOUT_S = 2.0
_ASKED_AT_ONCE = 256
_ATTRIBUTES = (
    "specversion",
    "id",
    "source",
    "type",
    "time",
    "datacontenttype",
    "departement",
    "sequence",
    "causeid",
    "correlationid",
    "traceparent",
)

Protected = Mapping[UUID, Mapping[str, Any]]
NOTHING: Protected = {}


class Repertoire(Protocol):
    """What is asked of the partners' snapshot."""

    def partenaire(self, code: str) -> Partenaire | None: ...


@dataclass(frozen=True, slots=True)
class Delivered:
    """One row of `livraisons` with its event, for the partner that owns it."""

    numero: int
    evenement: UUID
    parcours: UUID
    type: str
    roles: frozenset[Role]
    corps: Mapping[str, Any]


class Bodies:
    """Projects events. What a receiver sees is what its roles opened when the event came, under its rights of now."""

    def __init__(self, bus: NatsBus, repertoire: Repertoire, pseudonyms: Pseudonyms, base_url: str) -> None:
        self._bus = bus
        self._repertoire = repertoire
        self._pseudonyms = pseudonyms
        self._base_url = base_url

    def needs_protected(self, partenaire: str, delivered: Delivered) -> bool:
        """Whether something that only `usagers` holds belongs in this body."""
        known = self._repertoire.partenaire(partenaire)
        groupes = _protected_groups(delivered.type)
        return bool(groupes and known and groupes & groupes_visibles(known, delivered.roles))

    async def protected(self, evenements: Collection[UUID]) -> Protected:
        """The protected fields of these events; none for an erased person. Raises chassis.bus.Unavailable."""
        wanted = [str(evenement) for evenement in evenements]
        fields: dict[UUID, Mapping[str, Any]] = {}
        for start in range(0, len(wanted), _ASKED_AT_ONCE):
            request = orjson.dumps({"faits": wanted[start : start + _ASKED_AT_ONCE]})
            reply = orjson.loads(await self._bus.request(_FIELDS, request, timeout_s=_TIMEOUT_S))
            fields |= {UUID(id_): champs for id_, champs in reply.items() if champs}
        return fields

    def make(self, partenaire: str, delivered: Delivered, protected: Protected) -> dict[str, Any] | None:
        """The CloudEvent for this partner; None when it may see nothing of it (any more)."""
        known = self._repertoire.partenaire(partenaire)
        if known is None:
            return None
        corps = delivered.corps
        donnees = corps["data"]
        if champs := protected.get(delivered.evenement):
            donnees = reunir(donnees, champs)
        projection = visible(known, delivered.roles, delivered.type, donnees)
        if projection is None:
            return None
        body = {name: corps[name] for name in _ATTRIBUTES if name in corps}
        body["dataschema"] = f"{self._base_url}/v1/contrats/{delivered.type}"
        if _is_about_a_parcours(delivered.type):
            body["subject"] = self._pseudonyms.of(partenaire, delivered.parcours)
        body["data"] = referencer(delivered.type, projection, self._pseudonym_for(known))
        return body

    async def build(self, partenaire: str, rows: Sequence[Delivered]) -> list[dict[str, Any]]:
        """The bodies of these rows in their order, without those of which nothing is visible."""
        asked = {row.evenement for row in rows if self.needs_protected(partenaire, row)}
        protected = await self.protected(asked) if asked else NOTHING
        bodies = (self.make(partenaire, row, protected) for row in rows)
        return [body for body in bodies if body is not None]

    def _pseudonym_for(self, partenaire: Partenaire) -> Any:
        return lambda parcours: self._pseudonyms.of(partenaire.code, UUID(parcours))


@cache
def _protected_groups(type_message: str) -> frozenset[Groupe]:
    """An identifier's group depends on its content: where one of them is possible, all are."""
    return PROTEGES if plan(type_message).groupes() & PROTEGES else frozenset()


@cache
def _is_about_a_parcours(type_message: str) -> bool:
    """All but the offer, whose messages name no parcours."""
    message = CATALOGUE[type_message]
    return message.porte_sur_parcours or message.ouvre_parcours
