"""The door, assembled: settings, partners, OAuth, journal, dispatch, routes."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from chassis import process, settings
from chassis.http_server import serve
from chassis.process import Process
from chassis.waiting import wait
from gateway import webhook_keys
from gateway.bodies import Bodies
from gateway.inbound import counters, health, metrics, problems, published, replays_store, revoked, risks, store
from gateway.inbound.answer_links import Signer
from gateway.inbound.answers import Answers
from gateway.inbound.bookmarks import Bookmarks
from gateway.inbound.counters import Counters
from gateway.inbound.deposits import Deposits
from gateway.inbound.dispatch import Dispatch
from gateway.inbound.door import Door
from gateway.inbound.feed import Feed
from gateway.inbound.hygiene import Hygiene, hosts_of
from gateway.inbound.journal import Cabinet, Journal
from gateway.inbound.limits import Limits, Policy
from gateway.inbound.listing import Listing
from gateway.inbound.offres import Offres
from gateway.inbound.prepared import Doorway
from gateway.inbound.problems import Problem
from gateway.inbound.reads import Reads
from gateway.inbound.replays import Replays
from gateway.inbound.reports import Reports
from gateway.inbound.revoked import Revoked
from gateway.inbound.search import Search
from gateway.inbound.shield import Shield
from gateway.inbound.sight import Sight
from gateway.inbound.subscriptions import Subscriptions
from gateway.oauth import single_use
from gateway.oauth.certificate import ProxyDeConfiance
from gateway.oauth.metadata import routes as oauth_routes
from gateway.oauth.profile import Profil
from gateway.oauth.resource import VerificateurAcces
from gateway.oauth.signing import CleServeur, EtatCle, Trousseau
from gateway.partners import Annuaire
from gateway.pseudonyms import Pseudonyms
from gateway.receipts import Chain

COMPONENT = "entrant"
SCHEMA = "passerelle"
_KEEP_BODIES = timedelta(days=7)
_KEEP_COUNTS = timedelta(days=40)
_KEEP_REPLAYS = timedelta(days=90)
_CLEAN_EVERY_S = 60.0


class Settings(settings.Settings):
    url_publique: str
    hote: str = "127.0.0.1"
    port: int
    # Where operators read `/metrics`; not served without it.
    port_admin: int | None = None
    autoriser_loopback: bool = False
    # Whoever knows `proxy.cle` may say with which client certificate a request came. Off: nobody may.
    proxy_de_confiance: bool = False
    # Per partner: requests at once and per second in each process, requests and messages per day over all of them.
    rafale: int = 10_000
    debit_par_s: int = 5_000
    quota_jour: int = 10_000_000
    recherches_par_heure: int = 600


async def assemble(running: Process, configured: Settings) -> None:
    """Start serving once the partners are known."""
    await running.bus.respond(risks.SUBJECT, COMPONENT, risks.answering(running.pool))
    app = await build(running, configured)
    running.loop("http", lambda stop: serve(app, configured.hote, configured.port, stop))
    if configured.port_admin:
        admin, port_admin = metrics.application(running.pool), configured.port_admin
        running.loop("http admin", lambda stop: serve(admin, configured.hote, port_admin, stop))


async def build(running: Process, configured: Settings) -> Shield:
    """Wire the door: its routes, and the loops behind them."""
    base_url = configured.url_publique
    chain = Chain(configured.pem("recu"), base_url)
    journal = Journal(running.pool, chain)
    cabinet = Cabinet(configured.key("journal"))
    pseudonyms = Pseudonyms(configured.key("pseudonymes"))
    annuaire = Annuaire(running.pool)
    await annuaire.reload()
    dispatch = Dispatch(running.pool, running.bus, journal, cabinet, annuaire)
    profil, trousseau, revocations = Profil(base_url), _keys(configured), Revoked(running.pool)
    await revocations.reload()
    used = Counters(running.pool)
    limits = Limits(Policy(configured.rafale, configured.debit_par_s, configured.quota_jour), used)
    proxy = ProxyDeConfiance(configured.key("proxy") if configured.proxy_de_confiance else None)
    door = Door(VerificateurAcces(profil, trousseau, annuaire, revocations), proxy, annuaire, journal, limits, base_url)
    doorway = Doorway(running.pool, journal, dispatch, cabinet, pseudonyms, base_url)
    bodies = Bodies(running.bus, annuaire, pseudonyms, base_url)
    feed = Feed(running.pool, bodies, configured.key("webhooks"), Chain(configured.pem("recu"), base_url))
    subscriptions = Subscriptions(
        running.pool,
        configured.key("webhooks"),
        webhook_keys.read(configured),
        configured.autoriser_loopback,
        pseudonyms,
    )
    sight, bookmarks = Sight(running.pool, running.bus, pseudonyms), Bookmarks(configured.key("webhooks"))
    usages = single_use.UsagesUniquesPostgres(running.pool)
    replays = Replays(running.pool)
    routes = [
        *oauth_routes(profil, trousseau, annuaire, usages, revocations, proxy, lambda: datetime.now(UTC)),
        *Reports(doorway, sight, bodies, bookmarks).routes(door),
        *Deposits(doorway, limits).routes(door),
        *Answers(doorway, sight, annuaire, Signer(configured.pem("recu"))).routes(door),
        *Search(sight, used, configured.recherches_par_heure).routes(door),
        *Listing(sight, bookmarks).routes(door),
        *Reads(sight, bodies, bookmarks).routes(door),
        *Offres(sight, bookmarks).routes(door),
        *published.routes(base_url),
        *feed.routes(door),
        *subscriptions.routes(door),
        *replays.routes(door),
        *health.routes(running, chain, base_url),
    ]
    running.loop("partenaires", annuaire.keep_fresh)
    for name, batch in (
        ("receptions", journal.receptions),
        ("reglements", journal.settlements),
        ("acces", journal.accesses),
        ("acquittements", feed.acknowledgements),
    ):
        running.loop(name, batch.run)
    running.loop("revocations", revocations.keep_fresh)
    running.loop("compteurs", used.run)
    running.loop("rejeux", replays.run)
    running.loop("fil", feed.watch)
    running.loop("menage", lambda stop: _clean(running, stop))
    dispatch.start(running)
    app = Starlette(routes=routes, exception_handlers=handlers(base_url))
    return Shield(Hygiene(app, base_url, hosts_of(base_url)), base_url)


def _keys(configured: Settings) -> Trousseau:
    """`jeton.pem` signs. Beside it, `jeton-suivante.pem` is published before it takes over, `jeton-retiree.pem` until
    the last token that it signed has expired; each change of state is a change of name and a restart."""
    keys = [CleServeur.depuis_pem(configured.pem("jeton"))]
    for etat in (EtatCle.SUIVANTE, EtatCle.RETIREE):
        if (configured.secrets / f"jeton-{etat.value}.pem").exists():
            keys.append(CleServeur.depuis_pem(configured.pem(f"jeton-{etat.value}"), etat))
    return Trousseau(keys)


def handlers(base_url: str) -> dict[Any, Any]:
    """What routing itself refuses, and what a bug leaves unsaid, reads like everything else."""

    async def on_http(_: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        return problems.response(Problem(status=status if status in (404, 405) else 400), base_url)

    async def on_problem(_: Request, error: Exception) -> Response:
        assert isinstance(error, Problem)
        return problems.response(error, base_url)

    async def on_bug(_: Request, error: Exception) -> Response:
        """Starlette raises it again once this is sent: `Shield` writes it down."""
        return problems.response(Problem("indisponible"), base_url)

    return {HTTPException: on_http, Problem: on_problem, Exception: on_bug}


async def _clean(running: Process, stop: asyncio.Event) -> None:
    """Forget settled bodies after seven days, and spent proofs once nothing accepts them."""
    while not stop.is_set():
        now = datetime.now(UTC)
        async with running.pool.acquire() as conn:
            await store.forget_bodies(conn, now - _KEEP_BODIES)
            await single_use.purger(conn, now)
            await revoked.forget(conn, now)
            await counters.forget(conn, now - _KEEP_COUNTS)
            await replays_store.forget(conn, now - _KEEP_REPLAYS)
        await wait(stop, _CLEAN_EVERY_S)


def main() -> None:
    configured = settings.read(Settings)
    process.run(COMPONENT, SCHEMA, configured, lambda running: assemble(running, configured))


if __name__ == "__main__":
    main()
