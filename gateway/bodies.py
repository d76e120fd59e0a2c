"""What one partner receives of an event: the same for feed, webhook and redelivery.

Rows hold references only: protected fields are asked of `usagers` when the body is made, for whoever may see them.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, Protocol
from uuid import UUID

import orjson
import structlog

from chassis.bus_nats import NatsBus
from chassis.database import Connection, Record
from coffre.keys import Vault
from gateway import numbering, objets
from gateway.pseudonyms import Pseudonyms, own, whole_second
from gateway.sealing import open_events
from gateway.unmade import Unmade
from relais_contrats.catalogue import CATALOGUE
from relais_contrats.champs import PROTEGES, nommer_objets, plan, referencer, reunir
from relais_contrats.droits import Demandeur, Ferme, Role, groupes_visibles, passer, visible
from relais_contrats.groupes import Groupe
from relais_contrats.partenaires import Partenaire, jour_des_conventions

_log = structlog.get_logger()
_FIELDS = "lecture.usagers.champs"
_TIMEOUT_S = 2.0
_ASKED_AT_ONCE = 256
_LIEN, _PARTENAIRE = "/liens/", "/partenaires/"
_ATTRIBUTES = (
    "specversion",
    "source",
    "type",
    "time",
    "datacontenttype",
    "departement",
    "agent",
    "sequence",
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
    est_archive: bool = False
    """It was told before its parcours went to the archive, which is not open to this partner."""
    relaisnumero: int | None = None
    """In the feed or the subscription that carries it; None where it is read apart from both."""


class Bodies:
    """Projects events. What a receiver sees is what its roles opened when the event came, under its rights of now."""

    def __init__(
        self, bus: NatsBus, repertoire: Repertoire, pseudonyms: Pseudonyms, base_url: str, vault: Vault
    ) -> None:
        self._vault = vault
        self._bus = bus
        self._repertoire = repertoire
        self._pseudonyms = pseudonyms
        self._base_url = base_url

    async def opened(self, conn: Connection, rows: Iterable[Record]) -> list[dict[str, Any]]:
        """Rows of deliveries (`evenement`, `corps`, `scelle`) with their bodies, but those that an erasure closed."""
        return await open_events(self._vault, conn, rows, row="evenement")

    def receiver(self, partenaire: str, portees: frozenset[str]) -> Demandeur | None:
        """Who is pushed to, today, by a subscription that was made with these scopes; None when it is no partner."""
        known = self._repertoire.partenaire(partenaire)
        return Demandeur(known, portees, jour_des_conventions(datetime.now(UTC))) if known else None

    def waits(self, demandeur: Demandeur, delivered: Delivered) -> bool:
        """Whether it must not leave now, and will when a convention is renewed or the parcours leaves the archive."""
        if delivered.est_archive:
            return True
        message = CATALOGUE.get(delivered.type)
        return message is not None and passer(demandeur, delivered.roles, message) is Ferme.ATTENTE

    def needs_protected(self, demandeur: Demandeur, delivered: Delivered) -> bool:
        """Whether something that only `usagers` holds belongs in this body."""
        if delivered.type not in CATALOGUE:
            return False
        groupes = _protected_groups(delivered.type)
        return bool(groupes and groupes & groupes_visibles(demandeur, delivered.roles, CATALOGUE[delivered.type]))

    async def protected(self, evenements: Collection[UUID]) -> Protected:
        """The protected fields of these events; none for an erased person. Raises chassis.bus.Unavailable."""
        wanted = [str(evenement) for evenement in evenements]
        fields: dict[UUID, Mapping[str, Any]] = {}
        for start in range(0, len(wanted), _ASKED_AT_ONCE):
            request = orjson.dumps({"faits": wanted[start : start + _ASKED_AT_ONCE]})
            reply = orjson.loads(await self._bus.request(_FIELDS, request, timeout_s=_TIMEOUT_S))
            fields |= {UUID(id_): champs for id_, champs in reply.items() if champs}
        return fields

    def make(self, demandeur: Demandeur, delivered: Delivered, protected: Protected) -> dict[str, Any] | None:
        """The CloudEvent for this partner; None when it may see nothing of it (any more, or now: see `waits`)."""
        known = demandeur.partenaire
        corps = delivered.corps
        donnees = corps["data"]
        if champs := protected.get(delivered.evenement):
            donnees = reunir(donnees, champs)
        projection = visible(demandeur, delivered.roles, delivered.type, donnees)
        if projection is None:
            return None
        body = {name: corps[name] for name in _ATTRIBUTES if name in corps}
        if not corps["source"].startswith(_PARTENAIRE):
            body["time"] = whole_second(datetime.fromisoformat(corps["time"])).isoformat().replace("+00:00", "Z")
        body |= self._own_names(known.code, delivered)
        if delivered.relaisnumero is not None:
            body[numbering.ATTRIBUT] = delivered.relaisnumero
        body["dataschema"] = f"{self._base_url}/v1/contrats/{delivered.type}"
        if _is_about_a_parcours(delivered.type):
            body["subject"] = self._pseudonyms.of(known.code, delivered.parcours)
        if "annule" in projection and "annule" in corps:
            projection["annule"] = self._cancelled(known.code, corps["annule"])
        homonymes = corps.get("homonymes", ())
        body["data"] = nommer_objets(
            delivered.type,
            referencer(delivered.type, projection, self._pseudonym_for(known)),
            lambda _, interne: objets.nom(self._pseudonyms, known.code, interne, homonymes),
        )
        return body

    def make_each(
        self, demandeur: Demandeur, rows: Sequence[Delivered], protected: Protected
    ) -> tuple[list[tuple[Delivered, dict[str, Any] | None]], list[Unmade]]:
        """The bodies of these rows in their order; apart, the events of which none can be made."""
        made: list[tuple[Delivered, dict[str, Any] | None]] = []
        unmade: list[Unmade] = []
        for row in rows:
            try:
                made.append((row, self.make(demandeur, row, protected)))
            except Exception as error:  # this event's own, whatever it is: the others of its page leave
                raison = type(error).__name__
                _log.error("body.unmade", evenement=str(row.evenement), type=row.type, error=raison)
                unmade.append(
                    Unmade(demandeur.partenaire.code, row.evenement, row.numero, row.parcours, row.type, raison)
                )
        return made, unmade

    async def build(self, demandeur: Demandeur, rows: Sequence[Delivered]) -> tuple[list[dict[str, Any]], list[Unmade]]:
        """The bodies of these rows in their order, without those of which nothing is visible, and what has none."""
        asked = {row.evenement for row in rows if self.needs_protected(demandeur, row)}
        protected = await self.protected(asked) if asked else NOTHING
        made, unmade = self.make_each(demandeur, rows, protected)
        return [body for _, body in made if body is not None], unmade

    def event_id(self, partenaire: str, evenement: UUID) -> str:
        """The id that this partner receives, or would receive, of an event."""
        return str(self._pseudonyms.event_of(partenaire, evenement))

    def _own_names(self, partenaire: str, delivered: Delivered) -> dict[str, str]:
        """What links this event to others, in names that no other partner receives."""
        corps = delivered.corps
        names = {
            "id": self.event_id(partenaire, delivered.evenement),
            "causeid": self._cause(partenaire, corps.get("causeid")),
            "correlationid": own(partenaire, corps.get("correlationid")),
        }
        if "traceparent" in corps:
            names["traceparent"] = self._pseudonyms.trace_of(partenaire, corps["traceparent"])
        if corps["source"].startswith(_LIEN):
            names["source"] = _LIEN + self.event_id(partenaire, UUID(corps["source"].removeprefix(_LIEN)))
        return {name: value for name, value in names.items() if value}

    def _cause(self, partenaire: str, cause: str | None) -> str | None:
        """Its own deposit by the id that it gave it, another's not at all; an event as this partner knows it."""
        if cause is None or ":" in cause:
            return own(partenaire, cause)
        return self.event_id(partenaire, UUID(cause))

    def _cancelled(self, partenaire: str, annule: Mapping[str, str]) -> str:
        """Its own deposit as it named it; that of another one, by the event that it received."""
        return own(partenaire, annule["depot"]) or self.event_id(partenaire, UUID(annule["evenement"]))

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
