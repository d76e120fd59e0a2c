"""What data·inclusion publishes, published at the hub by the mandate's partner: once a day, and only what changed.

What was published is remembered by digest. A run that would withdraw too much does nothing until it is confirmed.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import sqlite3
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import structlog

from chassis.waiting import wait
from connectors.archive import folder_of
from connectors.data_inclusion import pages
from connectors.data_inclusion.configuration import Tirage
from connectors.data_inclusion.pages import Genre, SourceUnreachable
from connectors.exchanges import Exchange, ExchangeRefused
from connectors.hub import ACCEPTED, WAITING, Answer, HubUnreachable, PartnerError, deposit
from connectors.state import Held, Outcome
from connectors.systems import Context
from relais_contrats.lecture import forme_canonique
from relais_contrats.territoires import territoire_de
from relais_contrats.v1.offres import ServicePublie, StructurePubliee

_log = structlog.get_logger()
_PARIS = ZoneInfo("Europe/Paris")
_LEASE = timedelta(minutes=10)
_LOOK_EVERY_S = 30.0
_FIRST_AGAIN_S, _LAST_AGAIN_S = 5.0, 600.0
"""The pauses after a run that failed: each is twice the one before."""
_CHUNK = 500
_ABSENT = "Ne figure plus dans les données de data·inclusion."
GENRES: Final[tuple[Genre, ...]] = ("structures", "services")
"""A service names a structure that is there: structures come first, and leave last."""
_FIELDS: Final = {"structures": StructurePubliee.model_fields, "services": ServicePublie.model_fields}
_PUBLISHED: Final = {"structures": "structure.publiee", "services": "service.publie"}
_WITHDRAWN: Final = {"structures": "structure.retiree", "services": "service.retire"}
_SCHEMA = """
CREATE TABLE IF NOT EXISTS publies (
    genre TEXT NOT NULL, id TEXT NOT NULL, empreinte TEXT NOT NULL, departement TEXT NOT NULL, PRIMARY KEY (genre, id)
)
"""


@dataclass(frozen=True, slots=True)
class Record:
    """`donnees`: None for what is withdrawn."""

    id: str
    departement: str
    donnees: Mapping[str, Any] | None

    @property
    def empreinte(self) -> str:
        return hashlib.sha256(forme_canonique(self.donnees)).hexdigest()[:32]


class Published:
    """What the hub accepted of this mandate, in one SQLite file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._open() as conn:
            conn.execute(_SCHEMA)
        path.chmod(0o600)

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, timeout=30, isolation_level=None)

    def known(self, genre: Genre) -> dict[str, tuple[str, str]]:
        """id → (digest, territory)."""
        with closing(self._open()) as conn:
            rows = conn.execute("SELECT id, empreinte, departement FROM publies WHERE genre = ?", (genre,))
            return {id_: (empreinte, departement) for id_, empreinte, departement in rows}

    def keep(self, genre: Genre, accepted: Sequence[Record]) -> None:
        with closing(self._open()) as conn:
            conn.execute("BEGIN")
            for one in accepted:
                if one.donnees is None:
                    conn.execute("DELETE FROM publies WHERE genre = ? AND id = ?", (genre, one.id))
                else:
                    row = (genre, one.id, one.empreinte, one.departement)
                    conn.execute("INSERT OR REPLACE INTO publies VALUES (?, ?, ?, ?)", row)
            conn.execute("COMMIT")


async def pull_daily(context: Context, stop: asyncio.Event) -> None:
    again_s = _FIRST_AGAIN_S
    while not stop.is_set():
        if await pull(context):
            again_s = _FIRST_AGAIN_S
            await wait(stop, _LOOK_EVERY_S)
        else:
            await wait(stop, again_s)
            again_s = min(again_s * 2, _LAST_AGAIN_S)


async def pull(context: Context) -> bool:
    """Publish what changed, once a day after the hour of the mandate; False when it must be tried again."""
    settings: Tirage = context.configuration.tirage
    now = context.clock().astimezone(_PARIS)
    if now.strftime("%H:%M") < settings.heure:
        return True
    held = await context.state.take(f"tirage {now.date()} {settings.retraits_confirmes_le}", _LEASE)
    if held is None:
        return True
    try:
        async with held:
            await held.settle(await _pull(context, now.date(), held))
    except (SourceUnreachable, PartnerError) as error:
        _log.warning("data_inclusion.later", mandat=context.mandate.code, error=type(error).__name__)
        return False
    return True


async def _pull(context: Context, today: date, held: Held) -> Outcome:
    try:
        async with context.journal.exchange("entrant", "data-inclusion.tirage", str(today)) as exchange:
            try:
                await Pull(context, exchange, today, held.extend).run()
            except (SourceUnreachable, PartnerError) as error:
                exchange.motif = str(error)
                raise
    except ExchangeRefused:
        return "refuse"
    return "fait"


class Pull:
    """One run: fetch, compare, publish, withdraw. Each chunk that the hub accepted is kept before the next one."""

    def __init__(self, context: Context, exchange: Exchange, jour: date, alive: Callable[[], Awaitable[bool]]) -> None:
        self._context = context
        self._settings: Tirage = context.configuration.tirage
        self._exchange = exchange
        self._jour = jour
        self._alive = alive
        self._published = Published(context.folder / "publies.sqlite")
        self._report = folder_of(context, "rapports") / f"tirage-{jour}.jsonl"

    async def run(self) -> None:
        """Raises `ExchangeRefused` at the floor, `SourceUnreachable` or `PartnerError` to be tried again."""
        for genre in GENRES:
            await pages.fetch(self._context, genre, self._jour)
            await self._go_on()
        gone = {genre: await asyncio.to_thread(self._gone, genre) for genre in GENRES}
        for genre in GENRES:
            changed = await asyncio.to_thread(self._changed, genre)
            await self._send(genre, _PUBLISHED[genre], changed)
        for genre in reversed(GENRES):
            await self._send(genre, _WITHDRAWN[genre], gone[genre])

    def _gone(self, genre: Genre) -> list[Record]:
        known = self._published.known(genre)
        gone = known.keys() - {one.id for one in self._records(genre)}
        floor = self._settings.retraits_max
        if len(gone) > floor * len(known) and self._settings.retraits_confirmes_le != self._jour:
            told = f"{len(gone)} {genre} sur {len(known)} seraient retirés, plus de {floor:.0%} : rien n'est fait."
            raise ExchangeRefused(f"{told} Pour l'admettre : retraits_confirmes_le = {self._jour}")
        return [Record(id_, known[id_][1], None) for id_ in sorted(gone)]

    def _changed(self, genre: Genre) -> list[Record]:
        known = self._published.known(genre)
        return [one for one in self._records(genre) if known.get(one.id) != (one.empreinte, one.departement)]

    def _records(self, genre: Genre) -> Iterator[Record]:
        """Of the sources of the mandate, in the fields of the contract: computed ones stay behind."""
        for item in pages.records(self._context, genre):
            told = {name: item[name] for name in _FIELDS[genre] if item.get(name) not in (None, "", [])}
            if told.get("source") in self._settings.sources and isinstance(told.get("id"), str):
                where = territoire_de(str(told.get("code_insee", ""))) or self._settings.departement
                yield Record(told["id"], where, told)

    async def _send(self, genre: Genre, fait: str, records: Sequence[Record]) -> None:
        for chunk in _chunks(records):
            messages = [self._message(fait, one) for one in chunk]
            answers = await deposit(self._context.hub, messages, self._exchange.traceparent)
            accepted = [one for one, answer in zip(chunk, answers, strict=True) if answer.etat == ACCEPTED]
            await asyncio.to_thread(self._published.keep, genre, accepted)
            self._exchange.counts[fait] += len(accepted)
            if any(answer.etat == WAITING or answer.est_relancable for answer in answers):
                raise HubUnreachable("Le relais n'a pas tout décidé : la suite au prochain passage.")
            await asyncio.to_thread(self._tell, zip(chunk, answers, strict=True))
            await self._go_on()

    async def _go_on(self) -> None:
        if not await self._alive():
            raise SourceUnreachable("Un autre processus a repris ce tirage.")

    def _message(self, fait: str, one: Record) -> dict[str, Any]:
        """The same record of the same day is the same message: a run that begins again has no second effect."""
        data = one.donnees or {"id": one.id, "date": self._jour.isoformat(), "raison": _ABSENT}
        content = forme_canonique([fait, self._jour.isoformat(), one.departement, data])
        return self._context.hub.message(
            fait,
            data,
            departement=one.departement,
            id_=f"di-{hashlib.sha256(content).hexdigest()[:40]}",
            instant=datetime.combine(self._jour, datetime.min.time(), _PARIS),
            finalite="offre",
        )

    def _tell(self, answered: Iterable[tuple[Record, Answer]]) -> None:
        refused = [(one, answer) for one, answer in answered if answer.etat != ACCEPTED]
        self._exchange.counts["refuse"] += len(refused)
        with self._report.open("a", encoding="utf-8") as report:
            for one, answer in refused:
                report.write(json.dumps({"id": one.id, "code": answer.code, "motif": answer.detail}) + "\n")


def _chunks(records: Iterable[Record]) -> Iterator[list[Record]]:
    iterator = iter(records)
    while chunk := list(islice(iterator, _CHUNK)):
        yield chunk
