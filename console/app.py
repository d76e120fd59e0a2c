"""The console, assembled: the receiver of traces, the pages, the JSON that `./relais trace` reads, the forgetting.

It answers pages to operators that signed in, and only under the names it is known by. Traces come from the hub's own
components, which nobody is asked to vouch for: it listens on loopback unless told otherwise.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from fastapi import FastAPI
from pydantic import Field

from chassis import process, settings
from chassis.database import Pool
from chassis.http_server import serve
from chassis.process import Process
from chassis.waiting import wait
from console import store
from console.access.guard import Guard
from console.access.machines import Tokens
from console.access.oidc import Oidc, Provider
from console.access.pages import OperatorPages
from console.access.rights import Role
from console.access.sessions import LONGEST, Sessions
from console.access.signin import SignIn
from console.access.store import forget_sessions, forget_uses
from console.administration.api import AdministrationApi
from console.administration.desk import Administer, Desk, administering
from console.administration.pages import ActPages
from console.alerts import Alerts
from console.api import Api
from console.audit.acts import RegisteredActs
from console.audit.journal import AccessPages
from console.audit.persons import PersonPages
from console.audit.proofs import ProofPages
from console.audit.register import RegisterPages
from console.audit.usages import UsagePages
from console.contents import Contents
from console.delays import Delays
from console.deliveries import Deliveries
from console.exercises import ExercisePages
from console.home import Home
from console.hub import Ask, asking_hub
from console.messages.page import MessagePages
from console.pages import Pages
from console.partners import Partners
from console.receiver import Receiver
from console.risks import Demander, asking
from console.shell import Application, Cookie, guarded
from console.way import Chercher, seeking

COMPONENT = "console"
_FORGET_EVERY_S = 60.0
_SLICE_SPANS = 5_000


class Settings(settings.Settings):
    """`console_noms`: names under which operators reach it, separated by spaces; `console_url`: its address for them,
    which a provider of identities sends them back to. `console_conservation_jours`: how long traces are kept.

    `quatre_yeux`: sensitive acts wait for a second operator.
    `console_oidc_emetteur` turns the provider on: its issuer. `console_oidc_roles` says which value of the claim
    `console_oidc_revendication` gives which role. Its client secret is `<secrets>/oidc.secret`.
    """

    hote: str = "127.0.0.1"
    port: int
    console_noms: str = "127.0.0.1 localhost"
    console_url: str | None = None
    console_conservation_jours: int = Field(7, ge=1, le=365)
    quatre_yeux: bool = False
    console_oidc_emetteur: str | None = None
    console_oidc_client: str = "relais-console"
    console_oidc_revendication: str = "roles"
    console_oidc_roles: dict[str, Role] = Field(default_factory=dict)

    @property
    def url(self) -> str:
        return (self.console_url or f"http://127.0.0.1:{self.port}").rstrip("/")

    @property
    def oidc(self) -> Oidc | None:
        if not self.console_oidc_emetteur:
            return None
        provider = Provider(
            self.console_oidc_emetteur,
            self.console_oidc_client,
            (self.secrets / "oidc.secret").read_text().strip(),
            self.console_oidc_revendication,
            self.console_oidc_roles,
        )
        return Oidc(provider, f"{self.url}/connexion/oidc/retour")

    @property
    def cookie(self) -> Cookie:
        """Browsers send cookies to every port of a host: each console has its own."""
        is_tls = self.url.startswith("https:")
        name = f"relais_console_{self.port}"
        return Cookie(f"__Host-{name}" if is_tls else name, self.key("session"), is_tls)


@dataclass(frozen=True, slots=True)
class Wiring:
    """What the application is made of. `ask` tells the risks, `seek` the way of a message, `hub` what else the gateway
    knows, `administer` what it does; `cle_outils` verifies the bearers of commands, `tokens`
    gives theirs to machines."""

    pool: Pool
    noms: Sequence[str]
    retention: timedelta
    clock: Callable[[], datetime]
    ask: Demander
    seek: Chercher
    hub: Ask
    administer: Administer
    stop: asyncio.Event
    cookie: Cookie
    cle_outils: bytes
    oidc: Oidc | None = None
    tokens: Tokens | None = None
    quatre_yeux: bool = False


async def assemble(running: Process, configured: Settings) -> None:
    hub = asking_hub(running.bus)
    wiring = Wiring(
        running.pool,
        configured.console_noms.split(),
        timedelta(days=configured.console_conservation_jours),
        utc_now,
        asking(running.bus),
        seeking(running.bus),
        hub,
        administering(running.bus),
        running.stop,
        configured.cookie,
        configured.key("outil"),
        configured.oidc,
        Tokens(running.pool, hub, configured.url, configured.pem("jeton")),
        configured.quatre_yeux,
    )
    app, receiver = build(wiring)
    running.loop("traces", receiver.inserts.run)
    running.loop("menage", lambda stop: _forget(running, wiring.retention, stop))
    running.loop("http", lambda stop: serve(app, configured.hote, configured.port, stop))


def build(wiring: Wiring) -> tuple[FastAPI, Receiver]:
    """The application, and its receiver, whose `inserts` must run for a request to be answered."""
    receiver = Receiver(wiring.pool, wiring.clock, wiring.retention)
    sessions = Sessions(wiring.pool, wiring.cle_outils, wiring.clock, wiring.tokens.of if wiring.tokens else None)
    guard = Guard(sessions)
    desk = Desk(wiring.administer, wiring.pool, wiring.clock, quatre_yeux=wiring.quatre_yeux)
    seen = [
        *Home(wiring.hub, wiring.stop).routes(guard),
        *Delays(wiring.hub).routes(guard),
        *Contents(wiring.hub).routes(guard),
        *Deliveries(wiring.hub).routes(guard),
        *AccessPages(wiring.hub).routes(guard),
        *ProofPages(wiring.hub).routes(guard),
        *RegisterPages().routes(guard),
        *RegisteredActs(wiring.hub).routes(guard),
        *UsagePages(wiring.hub).routes(guard),
        *PersonPages(wiring.hub).routes(guard),
        *ExercisePages(wiring.hub).routes(guard),
        *MessagePages(wiring.pool, wiring.hub).routes(guard),
        *Alerts(wiring.hub).routes(guard),
        *Pages(wiring.pool, wiring.retention, wiring.ask, wiring.seek).routes(guard),
        *OperatorPages(wiring.pool).routes(guard),
        *SignIn(wiring.pool, sessions, wiring.oidc, time.monotonic).routes(guard),
        *Api(wiring.pool, wiring.seek).routes(guard),
        *Partners(wiring.hub).routes(guard),
        *ActPages(desk).routes(guard),
        *AdministrationApi(desk, wiring.hub).routes(guard),
        *(wiring.tokens.routes() if wiring.tokens else ()),
    ]
    routes = [*receiver.routes(), guarded(seen, wiring.noms, wiring.cookie)]
    app = Application(routes)
    return app, receiver


def utc_now() -> datetime:
    return datetime.now(UTC)


async def forget(pool: Pool, before: datetime, stop: asyncio.Event) -> int:
    """Delete what began before, slice by slice, so that no transaction is long; returns how many traces went."""
    gone = 0
    while not stop.is_set():
        async with pool.acquire() as conn:
            deleted = await store.forget(conn, before, _SLICE_SPANS)
        if not deleted:
            break
        gone += deleted
    return gone


async def _forget(running: Process, retention: timedelta, stop: asyncio.Event) -> None:
    while not stop.is_set():
        await forget(running.pool, utc_now() - retention, stop)
        async with running.pool.acquire() as conn:
            await forget_sessions(conn, utc_now() - LONGEST)
            await forget_uses(conn, utc_now())
        await wait(stop, _FORGET_EVERY_S)


def main() -> None:
    configured = settings.read(Settings)
    process.run(COMPONENT, COMPONENT, configured, lambda running: assemble(running, configured))


if __name__ == "__main__":
    main()
