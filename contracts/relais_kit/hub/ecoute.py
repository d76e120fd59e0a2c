"""A webhook receiver for the length of a run: stores the events, answers 204, and checks the signatures."""

import asyncio
import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from relais_contrats.client.webhooks import Receiver, WebhookRefused
from relais_kit.echange import Echange

_TOUJOURS = datetime.min.replace(tzinfo=UTC)


@dataclass(eq=False)
class Envoi:
    """One delivery as it came."""

    echange: Echange
    evenements: list[dict[str, Any]]

    @property
    def types(self) -> set[str]:
        return {str(e.get("type")) for e in self.evenements}

    def depuis(self, debut: datetime) -> list[dict[str, Any]]:
        """Return its events since then: a new subscription may still receive earlier deposits of others."""
        return [e for e in self.evenements if _instant(e) >= debut.replace(microsecond=0)]

    def est_signe(self, *secrets: str) -> bool:
        """Whether each of these secrets, alone, verifies it."""
        try:
            for secret in secrets:
                Receiver(secret).verify(dict(self.echange.entetes), self.echange.corps)
        except (WebhookRefused, ValueError):
            return False
        return True


@dataclass
class Ecoute:
    """`url` is what the hub is given; `recus` is in order of arrival."""

    url: str
    recus: list[Envoi] = field(default_factory=list)

    async def recevoir(self, request: Request) -> Response:
        corps = await request.body()
        entetes = tuple((nom.lower(), valeur) for nom, valeur in request.headers.items())
        echange = Echange("POST", request.url.path, entetes, corps, time.monotonic(), note="reçu du relais")
        echange.statut, echange.fin = 204, time.monotonic()
        self.recus.append(Envoi(echange, _evenements(corps)))
        return Response(status_code=204)

    async def attendre(self, type_: str, apres: int, patience_s: float, depuis: datetime = _TOUJOURS) -> Envoi | None:
        """The first delivery after that many that holds an event of this type, of then or later; None when none came
        in time."""
        fin = time.monotonic() + patience_s
        while True:
            attendus = (e for e in self.recus[apres:] if type_ in {d.get("type") for d in e.depuis(depuis)})
            if venu := next(attendus, None):
                return venu
            if time.monotonic() > fin:
                return None
            await asyncio.sleep(0.05)


@contextlib.contextmanager
def ouverte(port: int, url: str | None = None) -> Iterator[Ecoute]:
    """Listens on loopback while the block runs; `url` is how the hub reaches it. Raises OSError: the port is taken."""
    prise = socket.create_server(("127.0.0.1", port))
    ecoute = Ecoute(url or f"http://127.0.0.1:{prise.getsockname()[1]}/webhooks")
    routes = [Route("/{chemin:path}", ecoute.recevoir, methods=["POST"])]
    config = uvicorn.Config(Starlette(routes=routes), log_level="error", access_log=False, lifespan="off")
    serveur = uvicorn.Server(config)
    fil = threading.Thread(target=serveur.run, kwargs={"sockets": [prise]}, name="ecoute")
    fil.start()
    try:
        yield ecoute
    finally:
        serveur.should_exit = serveur.force_exit = True
        fil.join()


def _instant(evenement: dict[str, Any]) -> datetime:
    """An event whose `time` cannot be read is judged like one of now."""
    try:
        dit = datetime.fromisoformat(str(evenement.get("time")))
    except ValueError:
        return datetime.now(UTC)
    return dit if dit.tzinfo else dit.replace(tzinfo=UTC)


def _evenements(corps: bytes) -> list[dict[str, Any]]:
    try:
        dit = json.loads(corps)
    except ValueError:
        return []
    return [e for e in (dit if isinstance(dit, list) else [dit]) if isinstance(e, dict)]
