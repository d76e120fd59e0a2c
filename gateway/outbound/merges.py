"""The merges that the events of a batch tell or follow from: what each brought, so that it can be undone. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from chassis.ordering import Event
from gateway.fusions import Fusion
from gateway.outbound.effects import Absorbe, Effet, Entre
from gateway.outbound.told import Roles
from relais_contrats.droits import Role


@dataclass
class Merges:
    """`known`: those that the events of the batch follow from, or that stand on their parcours."""

    known: list[Fusion] = field(default_factory=list)
    changed: dict[UUID, Fusion] = field(default_factory=dict)
    _current: Fusion | None = None
    """The merge that the event in hand tells or follows from."""

    def follow(self, event: Event) -> None:
        """Whether the event tells a merge, or follows from one."""
        cause = UUID(event.body["causeid"]) if "causeid" in event.body else None
        suivie = next((f for f in self.known if cause and (f.depot == cause or cause in f.suites)), None)
        if suivie:
            suivie.suites.add(event.id)
            self.changed[suivie.depot] = suivie
        self._current = suivie

    def unless_undone(self, suite: Sequence[Effet]) -> Sequence[Effet]:
        """Who took part before a merge that is undone does again already: what follows from it comes too late."""
        return [] if self._current and self._current.est_defaite else suite

    def keep(self, effet: Absorbe, event: Event, participants: Mapping[UUID, Roles], opposed: Collection[UUID]) -> None:
        """Who takes part just before it. Told twice (`usager.rapproche` merges too), it is kept once."""
        if self._current or "causeid" not in event.body:
            return
        fusion = Fusion(
            UUID(event.body["causeid"]),
            effet.survivant,
            effet.absorbes,
            {absorbe: dict(participants.get(absorbe, {})) for absorbe in effet.absorbes},
            effet.survivant in opposed,
            {event.id},
        )
        self.known.append(fusion)
        self.changed[fusion.depot] = fusion
        self._current = fusion

    def note_entry(self, effet: Entre, held: frozenset[Role]) -> None:
        """A role that a merge gives goes with it, unless it is given again for a reason of its own."""
        for fusion in self.known:
            if fusion.survivant != effet.parcours or fusion.est_defaite:
                continue
            if fusion is not self._current:
                fusion.confirme(effet.partenaire.code, effet.role)
            elif effet.role not in held:
                fusion.apporte(effet.partenaire.code, effet.role)
            self.changed[fusion.depot] = fusion
