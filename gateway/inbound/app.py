"""The door, assembled: settings, partners, OAuth, journal, dispatch, routes."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from chassis import process, settings
from chassis.process import Process, wait
from gateway.bodies import Bodies
from gateway.inbound import health, problems, store
from gateway.inbound.deposits import Deposits
from gateway.inbound.dispatch import Dispatch
from gateway.inbound.door import Door
from gateway.inbound.feed import Feed
from gateway.inbound.journal import Cabinet, Journal
from gateway.inbound.oauth import single_use
from gateway.inbound.oauth.metadata import routes as oauth_routes
from gateway.inbound.oauth.profile import Profil
from gateway.inbound.oauth.resource import VerificateurAcces
from gateway.inbound.oauth.signing import CleServeur, Trousseau
from gateway.inbound.prepared import Doorway
from gateway.inbound.problems import Problem
from gateway.inbound.receipts import Chain
from gateway.inbound.shield import Shield
from gateway.inbound.subscriptions import Subscriptions
from gateway.partners import Annuaire
from gateway.pseudonyms import Pseudonyms

COMPONENT = "entrant"
SCHEMA = "passerelle"
_KEEP_BODIES = timedelta(days=7)
_CLEAN_EVERY_S = 60.0


class Settings(settings.Settings):
    url_publique: str
    hote: str = "127.0.0.1"
    port: int
    autoriser_loopback: bool = False


async def assemble(running: Process, configured: Settings) -> None:
    """Wire the door and start serving once the partners are known."""
    base_url = configured.url_publique
    chain = Chain(configured.pem("recu"), base_url)
    journal = Journal(running.pool, chain)
    cabinet = Cabinet(configured.key("journal"))
    pseudonyms = Pseudonyms(configured.key("pseudonymes"))
    dispatch = Dispatch(running.pool, running.bus, journal, cabinet)
    annuaire = Annuaire(running.pool)
    await annuaire.reload()
    profil, trousseau = (Profil(base_url), Trousseau([CleServeur.depuis_pem(configured.pem("jeton"))]))
    door = Door(VerificateurAcces(profil, trousseau, annuaire), annuaire, journal, base_url)
    doorway = Doorway(running.pool, journal, dispatch, cabinet, pseudonyms, base_url)
    bodies = Bodies(running.bus, annuaire, pseudonyms, base_url)
    feed = Feed(running.pool, bodies, configured.key("webhooks"))
    subscriptions = Subscriptions(running.pool, configured.key("webhooks"), configured.autoriser_loopback, pseudonyms)
    usages = single_use.UsagesUniquesPostgres(running.pool)
    routes = [
        *oauth_routes(profil, trousseau, annuaire, usages, lambda: datetime.now(UTC)),
        *Deposits(doorway).routes(door),
        *feed.routes(door),
        *subscriptions.routes(door),
        *health.routes(running, chain, base_url),
    ]
    running.loop("partenaires", annuaire.keep_fresh)
    for name, batch in (
        ("receptions", journal.receptions),
        ("reglements", journal.settlements),
        ("acces", journal.accesses),
    ):
        running.loop(name, batch.run)
    running.loop("fil", feed.watch)
    running.loop("menage", lambda stop: _clean(running, stop))
    dispatch.start(running)
    app = Starlette(routes=routes, exception_handlers=_handlers(base_url))
    running.loop("http", lambda stop: _serve(Shield(app, base_url), configured, stop))


def _handlers(base_url: str) -> dict[Any, Any]:
    """What routing itself refuses reads like everything else."""

    async def on_http(_: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        return problems.response(Problem(status=status if status in (404, 405) else 400), base_url)

    return {HTTPException: on_http}


class _Server(uvicorn.Server):
    """Signals belong to the process, not to one of its loops."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _serve(app: Shield, configured: Settings, stop: asyncio.Event) -> None:
    config = uvicorn.Config(
        app,
        host=configured.hote,
        port=configured.port,
        http="httptools",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        proxy_headers=False,
        timeout_graceful_shutdown=10,
    )
    server = _Server(config)
    async with asyncio.TaskGroup() as group:
        serving = group.create_task(server.serve())
        while not stop.is_set() and not serving.done():
            await wait(stop, 0.5)
        server.should_exit = True


async def _clean(running: Process, stop: asyncio.Event) -> None:
    """Forget settled bodies after seven days, and spent proofs once nothing accepts them."""
    while not stop.is_set():
        now = datetime.now(UTC)
        async with running.pool.acquire() as conn:
            await store.forget_bodies(conn, now - _KEEP_BODIES)
            await single_use.purger(conn, now)
        await wait(stop, _CLEAN_EVERY_S)


def main() -> None:
    configured = settings.read(Settings)
    process.run(COMPONENT, SCHEMA, configured, lambda running: assemble(running, configured))


if __name__ == "__main__":
    main()
