"""How every component is doing, as each tells it over the bus: who is silent, stuck, or set something aside."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from chassis.bus import Unavailable
from chassis.bus_nats import NatsBus
from chassis.waiting import wait
from relais_contrats.briques import BRIQUES

COMPONENTS = (*sorted(brique.nom for brique in BRIQUES), "sortant", "archive")
_EVERY_S, _PATIENCE_S = 5.0, 2.0
# A process that was killed is back before; a batch that waits for a lock is not an alarm.
SILENT_AFTER_S, STUCK_AFTER_S = 10.0, 30.0


@dataclass(frozen=True, slots=True)
class Anomalie:
    """`depuis`: since when, where that is known; `nombre`: of what waits."""

    nature: str
    composant: str
    phrase: str
    depuis: datetime | None = None
    nombre: int = 1


@dataclass(slots=True)
class Watched:
    """One component: what it told last, when it answered last, and since when each of its readers has not advanced."""

    heard_at: datetime
    told: Mapping[str, Any] = field(default_factory=dict)
    stuck_since: dict[str, datetime] = field(default_factory=dict)

    def hear(self, told: Mapping[str, Any], now: datetime) -> None:
        before = self.told.get("lecteurs", {})
        for stream, reader in told.get("lecteurs", {}).items():
            if before.get(stream) != reader or not _waits(reader):
                self.stuck_since[stream] = now
            self.stuck_since.setdefault(stream, now)
        self.told, self.heard_at = told, now

    def silence_s(self, now: datetime) -> float:
        return (now - self.heard_at).total_seconds()

    def stuck_s(self, stream: str, now: datetime) -> float:
        """How long this reader has had something to read without reading it."""
        return (now - self.stuck_since.get(stream, now)).total_seconds()

    def unpublished_s(self, now: datetime) -> float:
        """Age of the oldest fact that is not in its stream yet."""
        return self._age_s("a_publier_depuis", now)

    def held_s(self, now: datetime) -> float:
        """How long an event has waited for what precedes it."""
        return self._age_s("retenus_depuis", now)

    def owed_s(self, now: datetime) -> float:
        """How long ago the oldest fact was accepted that is not distributed yet."""
        return self._age_s("a_distribuer_depuis", now)

    def awaited_s(self, now: datetime) -> float:
        """How long a key has been asked back from the archive."""
        return self._age_s("retours_attendus_depuis", now)

    def _age_s(self, name: str, now: datetime) -> float:
        since = self.told.get(name)
        return max(0.0, (now - datetime.fromisoformat(since)).total_seconds()) if since else 0.0


def _waits(reader: Mapping[str, int]) -> bool:
    return reader["a_lire"] + reader["en_cours"] > 0


class Watch:
    """Asks every component, every few seconds; `components` holds the last that was heard."""

    def __init__(self, bus: NatsBus, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._bus = bus
        self._clock = clock
        self.components = {name: Watched(clock()) for name in COMPONENTS}

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            await asyncio.gather(*map(self._ask, COMPONENTS))
            await wait(stop, _EVERY_S)

    async def _ask(self, name: str) -> None:
        try:
            told = orjson.loads(await self._bus.request(f"lecture.{name}.sante", b"{}", timeout_s=_PATIENCE_S))
        except Unavailable:
            return
        self.components[name].hear(told, self._clock())

    def state(self) -> dict[str, Any]:
        """By component: what it told, and how long it has been silent or stuck; then what is wrong, in French."""
        now = self._clock()
        return {
            "composants": {name: _facts(watched, now) for name, watched in self.components.items()},
            "anomalies": [anomalie.phrase for anomalie in self.anomalies()],
        }

    def anomalies(self) -> list[Anomalie]:
        now = self._clock()
        return [one for name, watched in self.components.items() for one in anomalies(name, watched, now)]


def _facts(watched: Watched, now: datetime) -> dict[str, Any]:
    readers = {
        stream: {**reader, "bloque_s": round(watched.stuck_s(stream, now))}
        for stream, reader in watched.told.get("lecteurs", {}).items()
    }
    ages = {"silence_s": round(watched.silence_s(now)), "a_publier_s": round(watched.unpublished_s(now))}
    return {"repond": watched.silence_s(now) < SILENT_AFTER_S, **ages, **watched.told, "lecteurs": readers}


def anomalies(name: str, watched: Watched, now: datetime) -> Iterator[Anomalie]:
    """What an operator must know of this component, one sentence each."""
    silence_s, unpublished_s = watched.silence_s(now), watched.unpublished_s(now)
    if silence_s >= SILENT_AFTER_S:
        phrase = f"{name} ne répond pas depuis {silence_s:.0f} s"
        yield Anomalie("composant-muet", name, phrase, watched.heard_at)
    for stream, reader in watched.told.get("lecteurs", {}).items():
        stuck_s, waiting = watched.stuck_s(stream, now), reader["a_lire"] + reader["en_cours"]
        if stuck_s >= STUCK_AFTER_S:
            phrase = f"{name} n'avance pas dans {stream} depuis {stuck_s:.0f} s ({waiting} événements l'attendent)"
            yield Anomalie("lecteur-arrete", name, phrase, watched.stuck_since[stream], waiting)
    if (awaited_s := watched.awaited_s(now)) >= STUCK_AFTER_S:
        count = watched.told["retours_attendus"]
        phrase = f"{name} n'a pas rendu {count} clés demandées, la plus ancienne depuis {awaited_s:.0f} s"
        yield Anomalie("retours-attendus", name, phrase, now - timedelta(seconds=awaited_s), count)
    if unpublished_s >= STUCK_AFTER_S:
        count = watched.told["a_publier"]
        phrase = f"{name} ne publie pas depuis {unpublished_s:.0f} s ({count} faits attendent)"
        yield Anomalie("publication-arretee", name, phrase, now - timedelta(seconds=unpublished_s), count)
    if (held_s := watched.held_s(now)) >= STUCK_AFTER_S:
        count = sum(nombre for attend, nombre in watched.told["retenus"].items() if attend != "rebut")
        phrase = f"{name} retient {count} événements depuis {held_s:.0f} s : ce qui les précède n'est pas arrivé"
        yield Anomalie("evenements-retenus", name, phrase, now - timedelta(seconds=held_s), count)
    if (owed_s := watched.owed_s(now)) >= STUCK_AFTER_S:
        count = watched.told["a_distribuer"]
        phrase = f"{name} n'a pas distribué {count} faits acceptés, le plus ancien depuis {owed_s:.0f} s"
        yield Anomalie("faits-non-distribues", name, phrase, now - timedelta(seconds=owed_s), count)
    if parked := watched.told.get("rebut"):
        phrase = f"{name} a {parked} éléments au rebut ; leur parcours attend, s'ils en ont un (./relais rebut lister)"
        yield Anomalie("rebut", name, phrase, nombre=parked)
    if late := watched.told.get("echeances_en_retard"):
        yield Anomalie("echeances-en-retard", name, f"{name} a {late} échéances dépassées d'une minute", nombre=late)
