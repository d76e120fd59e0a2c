"""The API of i-milo for operators: its queue, the acknowledgement of an event, and what an event is about.

ImiloUnreachable    in French: nothing was decided, to be tried again
"""

from __future__ import annotations

import asyncio
import time
from types import TracebackType
from typing import Any, Self

from connectors import http
from connectors.i_milo.configuration import ImiloConfiguration
from connectors.i_milo.reading import Dossier, Rdv, Seance, content_of

INTERVAL_S = 1 / 3
"""Three requests a second at most: what its other clients keep to."""


class ImiloUnreachable(Exception):
    """One French sentence."""


class Imilo:
    """Use as an asynchronous context manager."""

    def __init__(self, settings: ImiloConfiguration) -> None:
        self._http = http.client((settings.base or "").rstrip("/"))
        self._http.headers.update({"X-Gravitee-Api-Key": settings.cle or "", "operateur": settings.operateur})
        self._next = 0.0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def events(self) -> list[Any]:
        """What waits, as it is written there."""
        found = await self._call("GET", "/operateurs/events")
        return found if isinstance(found, list) else []

    async def acknowledge(self, identifiant: str) -> None:
        """An event that was acknowledged already is no fault."""
        await self._call("POST", f"/operateurs/events/{identifiant}/ack")

    async def rdv(self, dossier: int, id_: int) -> Rdv | None:
        found = await self._call("GET", f"/operateurs/dossiers/{dossier}/rdv/{id_}")
        return content_of(Rdv, found) if found is not None else None

    async def seance(self, dossier: int, id_: int) -> Seance | None:
        found = await self._call("GET", f"/operateurs/dossiers/{dossier}/sessions/{id_}")
        return content_of(Seance, found) if found is not None else None

    async def dossier(self, id_: int) -> Dossier | None:
        found = await self._call("GET", f"/operateurs/dossiers/{id_}")
        return content_of(Dossier, found) if found is not None else None

    async def _call(self, method: str, path: str) -> Any:
        """What it answers; None when there is no such thing any more."""
        await asyncio.sleep(max(0.0, self._next - time.monotonic()))
        self._next = time.monotonic() + INTERVAL_S
        try:
            reply = await self._http.request(method, path, json={} if method == "POST" else None)
        except http.Failed as error:
            raise ImiloUnreachable("i-milo ne répond pas.") from error
        if reply.status_code == 404:
            return None
        if not 200 <= reply.status_code < 300:
            raise ImiloUnreachable(f"i-milo ne peut pas servir cette demande ({reply.status_code}).")
        try:
            return reply.json() if reply.content else None
        except ValueError as error:
            raise ImiloUnreachable("i-milo a rendu un contenu illisible.") from error
