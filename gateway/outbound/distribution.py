"""Who receives which event of a batch: participations evolve event after event, with the rows that follow. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, assert_never
from uuid import UUID, uuid5

from chassis.facts import type_cloudevents
from chassis.ordering import Event
from gateway.outbound.effects import (
    Absorbe,
    Accompagnants,
    Efface,
    Effet,
    Entre,
    Repertoire,
    Sort,
    accompagnants_apres,
    effets,
)
from gateway.participations import Participation
from gateway.partners import Partenaire
from gateway.prescriptions import Cle, Suivie, roles_dans
from gateway.rights import Role, recoit, roles_ouverts, visible
from relais_contrats.catalogue import ABONNES_TERRITOIRE, CATALOGUE, TypeMessage

SOURCE = "/services/passerelle"
_FINS_DE_PRESCRIPTION = frozenset(
    {"prescription.refusee", "prescription.annulee", "prescription.expiree", "participation.terminee"}
)
PARTAGE = "parcours.partage"

Roles = dict[str, frozenset[Role]]
_NONE: frozenset[Role] = frozenset()


@dataclass(frozen=True, slots=True)
class Abonne:
    """A subscription as the fan-out sees it. `types` are short names; empty takes everything."""

    id: UUID
    partenaire: str
    types: frozenset[str]

    def prend(self, type_court: str) -> bool:
        return not self.types or type_court in self.types


@dataclass(frozen=True, slots=True)
class Cause:
    """The deposit that led to an event: whose, and the id that its emitter gave it."""

    partenaire: str
    message: str


@dataclass(frozen=True, slots=True)
class Evenement:
    id: UUID
    parcours: UUID
    type: str
    corps: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Livraison:
    """An event for one partner, with the roles that it holds then, and the subscriptions that push it."""

    partenaire: str
    evenement: UUID
    parcours: UUID
    type: str
    roles: frozenset[Role]
    abonnements: tuple[UUID, ...]


@dataclass
class Distribution:
    """Takes events in order; holds, in the end, all that the batch writes."""

    repertoire: Repertoire
    participants: dict[UUID, Roles]
    abonnes: Sequence[Abonne]
    causes: Mapping[UUID, Cause]
    accompagnants: dict[UUID, Accompagnants] = field(default_factory=dict)
    evenements: list[Evenement] = field(default_factory=list)
    livraisons: list[Livraison] = field(default_factory=list)
    absorptions: list[Absorbe] = field(default_factory=list)
    effaces: dict[UUID, UUID] = field(default_factory=dict)
    """Erased parcours → the event that says so, which alone is kept."""
    forgotten: frozenset[UUID] = frozenset()
    """Erased before: what another brique told of them comes too late for everybody."""
    opposed: set[UUID] = field(default_factory=set)
    """Parcours whose person has objected, before or in this batch."""
    prescriptions: dict[Cle, Suivie] = field(default_factory=dict)
    """Those that the events of the batch are about, as far as they were told before."""
    nouvelles: list[Suivie] = field(default_factory=list)
    finies: set[Cle] = field(default_factory=set)
    clos: set[UUID] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._initial = _flat(self.participants)
        self.opposed_before = frozenset(self.opposed)

    @property
    def entered(self) -> list[Participation]:
        return sorted(_flat(self.participants) - self._initial, key=_order)

    @property
    def left(self) -> list[Participation]:
        return sorted(self._initial - _flat(self.participants), key=_order)

    def take(self, event: Event) -> None:
        message = CATALOGUE.get(event.type)
        if message is None or event.agregat in self.forgotten:
            return
        before = dict(self.participants.get(event.agregat, {}))
        accompagnants = self.accompagnants.get(event.agregat, frozenset())
        suite = effets(event, self.repertoire, self.participants, accompagnants)
        for effet in suite:
            self._apply(effet, event)
        self._follow_prescription(event, suite)
        self.accompagnants[event.agregat] = accompagnants_apres(event.type, event.body["data"], accompagnants)
        if event.type == "usager.oppose":
            self.opposed.add(event.agregat)
        if ABONNES_TERRITOIRE in message.recepteurs:
            self._deliver(event, message, self._readers_of_the_offer(event))
        else:
            roles_of = self._concerned(event, _during(before, self.participants.get(event.agregat, {})))
            self._deliver(event, message, {code: self._told(event.agregat, held) for code, held in roles_of.items()})
        if event.agregat in self.effaces:
            self.participants[event.agregat] = {}

    def _follow_prescription(self, event: Event, suite: Sequence[Effet]) -> None:
        """Who is concerned is known from the emission on; the end starts the thirty days."""
        cle = cle_de(event)
        if event.type == "parcours.clos":
            self.clos.add(event.agregat)
        elif cle and event.type == "prescription.emise":
            structures = frozenset(effet.partenaire.code for effet in suite if isinstance(effet, Entre))
            nouvelle = Suivie(*cle, event.body["source"].rpartition("/")[2], structures)
            self.prescriptions[cle] = nouvelle
            self.nouvelles.append(nouvelle)
        elif cle and event.type in _FINS_DE_PRESCRIPTION:
            self.finies.add(cle)

    def _concerned(self, event: Event, roles_of: Roles) -> Roles:
        """What is told of a prescription goes to its own structure and emitter, not to those of another one."""
        cle = cle_de(event)
        if cle is None:
            return roles_of
        suivie = self.prescriptions.get(cle)
        return {code: roles_dans(suivie, code, held) for code, held in roles_of.items()}

    def _apply(self, effet: Effet, event: Event) -> None:
        match effet:
            case Entre():
                self._enter(effet, event)
            case Sort(parcours=parcours, partenaire=code, role=role):
                self._set(parcours, code, self._held(parcours, code) - {role})
            case Absorbe(survivant=survivant, absorbes=absorbes):
                self.absorptions.append(effet)
                if not self.opposed.isdisjoint(absorbes):
                    self.opposed.add(survivant)
            case Efface(parcours=parcours):
                self.effaces[parcours] = event.id
            case _:
                assert_never(effet)

    def _enter(self, effet: Entre, event: Event) -> None:
        code = effet.partenaire.code
        held = self._held(effet.parcours, code)
        self._set(effet.parcours, code, held | {effet.role})
        if not held and effet.motif is not None:
            self._share(effet, event)

    def _share(self, effet: Entre, event: Event) -> None:
        """Tell a partner that it takes part from now on; its id comes from the event, so that a retry repeats it."""
        partenaire = effet.partenaire
        roles = self._told(effet.parcours, frozenset({effet.role}))
        if not roles_ouverts(partenaire.type_organisme, roles):
            return
        role = partenaire.type_organisme if effet.role is Role.TERRITOIRE else effet.role.value
        identifier = uuid5(event.id, f"{PARTAGE} {effet.parcours} {partenaire.code}")
        corps = {
            "specversion": "1.0",
            "id": str(identifier),
            "source": SOURCE,
            "type": type_cloudevents(PARTAGE),
            "time": event.body["time"],
            "datacontenttype": "application/json",
            "subject": str(effet.parcours),
            "departement": event.body["data"].get("departement_nouveau", event.body["departement"]),
            "causeid": str(event.id),
            "data": {"motif": effet.motif, "role": role},
        }
        if "traceparent" in event.body:
            corps["traceparent"] = event.body["traceparent"]
        self.evenements.append(Evenement(identifier, effet.parcours, PARTAGE, corps))
        self._add(partenaire, identifier, effet.parcours, PARTAGE, roles)

    def _deliver(self, event: Event, message: TypeMessage, roles_of: Mapping[str, frozenset[Role]]) -> None:
        cause = self.causes.get(UUID(event.body["causeid"])) if "causeid" in event.body else None
        wanted = list(self._receivers(event, message, roles_of, cause))
        if not wanted:
            return
        corps = dict(event.body) | ({"causeid": cause.message} if cause else {})
        self.evenements.append(Evenement(event.id, event.agregat, event.type, corps))
        for partenaire, roles in wanted:
            self._add(partenaire, event.id, event.agregat, event.type, roles)

    def _receivers(
        self, event: Event, message: TypeMessage, roles_of: Mapping[str, frozenset[Role]], cause: Cause | None
    ) -> Iterator[tuple[Partenaire, frozenset[Role]]]:
        for code, roles in sorted(roles_of.items()):
            partenaire = self.repertoire.partenaire(code)
            if partenaire is None or partenaire.source == event.body["source"]:
                continue
            est_la_cause = cause is not None and cause.partenaire == code
            if recoit(message, partenaire, roles, est_la_cause=est_la_cause) and _sees(partenaire, roles, event):
                yield partenaire, roles

    def _readers_of_the_offer(self, event: Event) -> Roles:
        """Partners of the territory that subscribed to this very type: the offer is too large for everybody's feed."""
        readers: Roles = {}
        for abonne in self.abonnes:
            partenaire = self.repertoire.partenaire(abonne.partenaire)
            if partenaire and event.type in abonne.types and event.body["departement"] in partenaire.departements:
                readers[partenaire.code] = frozenset({Role.ABONNE})
        return readers

    def _add(self, partenaire: Partenaire, evenement: UUID, parcours: UUID, type_: str, roles: frozenset[Role]) -> None:
        abonnements = tuple(a.id for a in self.abonnes if a.partenaire == partenaire.code and a.prend(type_))
        self.livraisons.append(Livraison(partenaire.code, evenement, parcours, type_, roles, abonnements))

    def _told(self, parcours: UUID, roles: frozenset[Role]) -> frozenset[Role]:
        """As they count for what is told now."""
        return roles | {Role.OPPOSITION} if parcours in self.opposed else roles

    def _held(self, parcours: UUID, code: str) -> frozenset[Role]:
        return self.participants.get(parcours, {}).get(code, _NONE)

    def _set(self, parcours: UUID, code: str, roles: frozenset[Role]) -> None:
        held = self.participants.setdefault(parcours, {})
        if roles:
            held[code] = roles
        else:
            held.pop(code, None)


def cle_de(event: Event) -> Cle | None:
    """The prescription that an event is about."""
    if CATALOGUE[event.type].brique != "offres" or "prescription_id" not in event.body["data"]:
        return None
    return (event.agregat, event.body["data"]["prescription_id"])


def _sees(partenaire: Partenaire, roles: frozenset[Role], event: Event) -> bool:
    return visible(partenaire, roles, event.type, event.body["data"]) is not None


def _during(before: Roles, after: Roles) -> Roles:
    """Whoever took part just before or just after: the event that ends a participation is its last one."""
    return {code: before.get(code, _NONE) | after.get(code, _NONE) for code in before.keys() | after.keys()}


def _flat(participants: Mapping[UUID, Roles]) -> set[Participation]:
    return {
        Participation(parcours, code, role)
        for parcours, roles_of in participants.items()
        for code, roles in roles_of.items()
        for role in roles
    }


def _order(participation: Participation) -> tuple[UUID, str, str]:
    return (participation.parcours, participation.partenaire, participation.role)
