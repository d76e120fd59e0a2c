"""Alarms leave: one mail per addressee for all that is due at once, one signed webhook for each alarm and moment.

A webhook is signed like those of partners (`v1a`, the hub's own key): whoever receives it verifies it with
`/v1/webhooks/cles`, and has no secret to keep.
"""

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit
from uuid import uuid5

import orjson
import structlog

from chassis.database import TRANSIENT, Pool, Record
from chassis.waiting import wait
from gateway.outbound import signals
from gateway.outbound.http_client import Answer, HttpClient
from gateway.outbound.mail import NotSent, Smtp
from gateway.outbound.store import alarms as store
from gateway.outbound.targets import SINGLE
from gateway.webhook_keys import Cles
from relais_contrats import signatures
from relais_contrats.administration.alertes import ESSAI, NATURES, Nature

_log = structlog.get_logger()
ALERTE = "hub.alerte"
_LOOK_EVERY_S = 1.0
_LEASE = timedelta(minutes=2)
_PAUSES = tuple(timedelta(seconds=seconds) for seconds in (30, 120, 600, 3600, 3 * 3600))
"""Between two tries; after the last, the message is given up, and the page says so."""
_TRIAL = Nature("Alerte d'essai", "", 0)


class Alarms:
    """`smtp` None: no mail server is configured, and mails wait. `console`: the address that a mail leads to."""

    def __init__(self, pool: Pool, client: HttpClient, cles: Cles, smtp: Smtp | None, console: str | None) -> None:
        self._pool = pool
        self._client = client
        self._signers = tuple(signatures.v1a(cle.privee) for cle in cles)
        self._smtp = smtp
        self._console = console

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                await self.send_due(datetime.now(UTC))
            except TRANSIENT as error:
                await _log.awarning("alarms.database_away", error=type(error).__name__)
            except Exception:
                await _log.aexception("alarms.failed")
            await wait(stop, _LOOK_EVERY_S)

    async def send_due(self, now: datetime) -> int:
        """Send what is due, and write what became of it; returns how many messages were due."""
        async with self._pool.acquire() as conn:
            due = await store.claim(conn, now, now + _LEASE)
        for rows in store.by_addressee(due):
            errors = await (self._mail(rows) if rows[0]["canal"] == "courriel" else self._post(rows))
            async with self._pool.acquire() as conn:
                for row, error in zip(rows, errors, strict=True):
                    pause = _PAUSES[row["essais"] - 1] if row["essais"] <= len(_PAUSES) else None
                    await store.note(conn, row, error, now, now + pause if pause else None)
        return len(due)

    async def _mail(self, rows: Sequence[Record]) -> list[str | None]:
        """One mail for all of them: many alarms at once are no storm."""
        if self._smtp is None:
            return ["sans-serveur"] * len(rows)
        subject = _subject(rows[0]) if len(rows) == 1 else f"Relais : {len(rows)} alertes"
        key = str(uuid5(rows[0]["alerte"], " ".join(f"{row['alerte']} {row['moment']}" for row in rows)))
        try:
            await self._smtp.send(rows[0]["adresse"], subject, self._body(rows), key, datetime.now(UTC))
        except NotSent as error:
            return [str(error)] * len(rows)
        return [None] * len(rows)

    def _body(self, rows: Sequence[Record]) -> str:
        where = f"Voir et prendre en charge : {self._console}/alertes\n\n" if self._console else ""
        told = "\n\n".join("\n".join(_lines(row)) for row in rows)
        return f"{told}\n\n{where}Ce courriel est envoyé une fois à l'ouverture de l'alerte, et une fois à sa fin.\n"

    async def _post(self, rows: Sequence[Record]) -> list[str | None]:
        return [await self._post_one(row) for row in rows]

    async def _post_one(self, row: Record) -> str | None:
        url, identifier = row["adresse"], uuid5(row["alerte"], f"{row['moment']} {row['destinataire']}")
        told = {"adresse": url, **told_of(row)}
        content = orjson.dumps(signals.event(identifier, ALERTE, told, row["close_a"] or row["ouverte_a"]))
        headers = signatures.headers(self._signers, str(identifier), int(time.time()), content)
        headers |= {"content-type": SINGLE, "user-agent": "relais"}
        answer = await self._client.post(url, headers, content, {urlsplit(url).hostname or ""})
        if isinstance(answer, Answer):
            return None if 200 <= answer.status < 300 else f"http-{answer.status}"
        return answer.raison


def told_of(row: Record) -> dict[str, object]:
    """An alarm as its webhook tells it."""
    nature = _nature(row)
    return {
        "alerte": str(row["alerte"]),
        "moment": row["moment"],
        "nature": row["nature"],
        "titre": nature.titre,
        "objet": row["objet"],
        "valeur": round(row["valeur"], 2),
        "seuil": row["seuil"],
        "unite": nature.unite,
        "ouverte_a": row["ouverte_a"],
        "close_a": row["close_a"],
    }


def _nature(row: Record) -> Nature:
    return _TRIAL if row["nature"] == ESSAI else NATURES[row["nature"]]


def _subject(row: Record) -> str:
    what = "fin de l'alerte" if row["moment"] == "fin" else "alerte"
    about = f" ({row['objet']})" if row["objet"] else ""
    return f"Relais, {what} : {_nature(row).titre}{about}"


def _lines(row: Record) -> list[str]:
    nature = _nature(row)
    title = _subject(row).removeprefix("Relais, ")
    lines = [title[:1].upper() + title[1:]]
    if nature.unite:
        lines.append(f"Valeur : {row['valeur']:.0f} {nature.unite} (seuil : {row['seuil']:g} {nature.unite})")
    lines.append(f"Depuis le {row['ouverte_a'].astimezone(UTC):%d/%m/%Y à %H:%M:%S} UTC")
    if row["moment"] == "fin" and row["close_a"]:
        lines.append(f"Fin le {row['close_a'].astimezone(UTC):%d/%m/%Y à %H:%M:%S} UTC")
    return lines
