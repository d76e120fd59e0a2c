"""Faults of a sandbox: what leaves for a chosen partner is slowed, kept or signed wrongly, until the exercise ends.

Nothing of it is in memory alone: a process that starts again finds what is on.
"""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import structlog

from chassis.database import TRANSIENT, Pool
from chassis.waiting import wait
from gateway.outbound.http_client import Answer, HttpClient, Silence
from gateway.outbound.targets import Target

_log = structlog.get_logger()
_LOOK_EVERY_S = 0.5
_ON = "SELECT * FROM exercices WHERE arrete_a IS NULL AND debut <= $1 AND fin > $1"
_FALSE = "v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
SILENT = Silence("exercice")
ACCEPTED = Silence("signature-acceptee")
"""The receiver took what was signed wrongly: that is no delivery, the event leaves again with its signature."""


class Exercises:
    """In a sandbox only: elsewhere the sender has none, whatever the table holds."""

    def __init__(self, pool: Pool, client: HttpClient) -> None:
        self._pool = pool
        self._client = client
        self._on: Mapping[str, Mapping[str, Any]] = {}

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                await self.look()
            except TRANSIENT as error:
                await _log.awarning("exercises.database_away", error=type(error).__name__)
            await wait(stop, _LOOK_EVERY_S)

    async def look(self) -> None:
        async with self._pool.acquire() as conn:
            self._on = {row["partenaire"]: dict(row) for row in await conn.fetch(_ON, datetime.now(UTC))}

    async def post(self, target: Target, headers: Mapping[str, str], content: bytes) -> Answer | Silence:
        """As the client does, through the fault of this partner, if there is one now."""
        fault = self._on.get(target.partenaire)
        if fault is None or fault["fin"] <= datetime.now(UTC):
            return await self._send(target, headers, content)
        match fault["panne"]:
            case "muet":
                return SILENT
            case "erreur":
                return Answer(503)
            case "signature":
                answer = await self._send(target, {**headers, "webhook-signature": _FALSE}, content)
                return ACCEPTED if isinstance(answer, Answer) and 200 <= answer.status < 300 else answer
            case _:
                await asyncio.sleep(fault["lenteur_s"])
                return await self._send(target, headers, content)

    async def _send(self, target: Target, headers: Mapping[str, str], content: bytes) -> Answer | Silence:
        return await self._client.post(target.url, headers, content, target.hotes)
