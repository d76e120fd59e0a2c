"""Events in their order: `sequence` grows by one per (brique, aggregate), and an event names the last one before it of
each type (`precedents`): a reader of some types sees a gap in what it hears, and waits for it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson

from chassis.bus import Message
from chassis.facts import PLUSIEURS, sujet_du_fait, type_court

RETRY_S, LONGEST_RETRY_S = 0.5, 4.0
# The owning service fills a gap, also after two hours down; past this, the fact is too old for the stream: given up.
GIVE_UP_DELIVERIES = 1_800

Key = tuple[str, UUID]


@dataclass(frozen=True, slots=True)
class Event:
    """An event as received. `body` is the CloudEvent; the rest is read from it once."""

    id: UUID
    type: str
    brique: str
    agregat: UUID
    sequence: int
    body: Mapping[str, Any]
    deliveries: int

    @property
    def key(self) -> Key:
        return (self.brique, self.agregat)

    def previous(self, heard: Collection[str] | None) -> int:
        """The sequence of the last event before it of these types (None: of any), 0 when it is the first."""
        before = self.body.get("precedents")
        if heard is None or before is None:  # before 0.3.0 all was heard
            return self.sequence - 1
        named = (one.split("=") for one in before.split())
        return max((int(sequence) for type_, sequence in named if type_ in heard), default=0)

    @classmethod
    def read(cls, message: Message) -> "Event":
        """Raises ValueError when this is no event of ours, or when its subject names another one."""
        try:
            body = orjson.loads(message.body)
            id_, agregat, kind = UUID(body["id"]), UUID(body["subject"]), type_court(body["type"])
            event = cls(id_, kind, body["brique"], agregat, body["sequence"], body, message.deliveries)
            *place, kinds, of = message.subject.split(".")
            *told_in, kind, about = sujet_du_fait(
                body["departement"], event.brique, event.type, agregat, place[0]
            ).split(".")
            is_told = (place, of) == (told_in, about) and (kinds == PLUSIEURS or kind in kinds.split("+"))
            event.previous(())
            datetime.fromisoformat(body["time"]).astimezone(UTC)
            fits = type(event.sequence) is int and isinstance(body["data"], dict) and isinstance(body["source"], str)
        except (KeyError, TypeError, AttributeError, OverflowError) as error:
            raise ValueError("not an event") from error
        if not (is_told and fits and 0 < event.sequence < 2**31):
            raise ValueError("not an event")
        return event


def read_each(messages: Sequence[Message]) -> tuple[list[Event], dict[int, ValueError]]:
    """The events among these messages, and, by its place in the list, why each other cannot be read."""
    events, unreadable = list[Event](), dict[int, ValueError]()
    for rank, message in enumerate(messages):
        try:
            events.append(Event.read(message))
        except ValueError as error:
            unreadable[rank] = error
    return events, unreadable


def take_in_order(
    events: Sequence[Event], positions: Mapping[Key, int], heard: Collection[str] | None = None
) -> tuple[list[Event], list[float | None]]:
    """The events to handle now, and a verdict per event: None when taken or already read, a delay when it is early."""
    reached, taken, verdicts = dict(positions), list[Event](), list[float | None]()
    for event in events:
        last = reached.setdefault(event.key, 0)
        is_next = event.previous(heard) <= last or event.deliveries > GIVE_UP_DELIVERIES
        if event.sequence > last and is_next:
            reached[event.key] = event.sequence
            taken.append(event)
        pause_s = RETRY_S if event.deliveries < 20 else LONGEST_RETRY_S
        verdicts.append(None if event.sequence <= reached[event.key] else pause_s)
    return taken, verdicts
