"""Deposits by the thousand while processes are killed: every 2xx is delivered, once in effect, in order per parcours.

Beside the endpoint that listens, one is dead and one is slow; half-way, a new one has the whole period sent again.

`python -m tests.fiabilite.campaign --depots 20000` runs it at length; the suite runs a short one.
"""

import argparse
import asyncio
import itertools
import json
import random
import secrets
import signal
import statistics
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import stamina
import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from relais_contrats.client import HubUnreachable, Partner, RequestRefused
from tests.hub import Hub, free_port
from tests.persons import signalement

VICTIMS = ("entrant", "usagers", "sortant", "postgres", "orientation", "nats")
WORKERS = 24
_SLOW_S = 3.0
_VERIFICATION = "fr.insertion.abonnement.verification.v1"


@dataclass
class Ledger:
    """What was accepted, per parcours in the order of the deposits, and what was received, in the order of arrival.

    `replayed` came to the endpoint that subscribed half-way; `accounts` are those that the hub gives of its replay.
    """

    accepted: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    accepted_at: dict[str, float] = field(default_factory=dict)
    answers: Counter[str] = field(default_factory=Counter)
    pulled: list[dict[str, Any]] = field(default_factory=list)
    pushed: list[dict[str, Any]] = field(default_factory=list)
    replayed: list[dict[str, Any]] = field(default_factory=list)
    slow: list[dict[str, Any]] = field(default_factory=list)
    delays_s: list[float] = field(default_factory=list)
    accounts: dict[str, int] = field(default_factory=dict)
    kills: Counter[str] = field(default_factory=Counter)

    @property
    def ids(self) -> set[str]:
        return {id_ for ids in self.accepted.values() for id_ in ids}

    def faults(self) -> list[str]:
        """What broke a promise; empty when all held."""
        channels = [*self._of("fil", self.pulled, exactly=True), *self._of("webhook", self.pushed, exactly=False)]
        return [*channels, *self._of_the_replay()]

    def push(self, events: Sequence[dict[str, Any]]) -> None:
        """What the endpoint that listens received, and how long after the 2xx."""
        now = time.monotonic()
        self.pushed.extend(events)
        self.delays_s += [now - at for e in events if (at := self.accepted_at.pop(_deposit_of(e), None))]

    def _of_the_replay(self) -> list[str]:
        """The late endpoint ends with what the other one of the same partner has; the accounts add up."""
        faults = []
        pushed, replayed = (
            {event["id"] for event in events if event["type"] != _VERIFICATION}
            for events in (self.pushed, self.replayed)
        )
        if pushed != replayed:
            faults.append(f"rejeu: {len(pushed - replayed)} events missing, {len(replayed - pushed)} too many")
        settled = sum(self.accounts.get(part, 0) for part in ("livres", "deja_livres"))
        if settled == 0 or self.accounts["selectionnes"] != settled:
            faults.append(f"rejeu: accounts {self.accounts}")
        return faults

    def _of(self, channel: str, received: Sequence[dict[str, Any]], *, exactly: bool) -> list[str]:
        faults = []
        facts = [e for e in received if e["type"] == "fr.insertion.droits.modifies.v1"]
        counts = Counter(event["id"] for event in facts)
        if exactly and (twice := sum(count > 1 for count in counts.values())):
            faults.append(f"{channel}: {twice} events given more than once")
        effects = Counter(_deposit_of(event) for event in {e["id"]: e for e in facts}.values())
        if double := sum(count > 1 for count in effects.values()):
            faults.append(f"{channel}: {double} deposits with more than one effect")
        if missing := len(self.ids - effects.keys()):
            faults.append(f"{channel}: {missing} accepted deposits never delivered")
        first = list({event["id"]: event for event in facts}.values())
        sequences: dict[str, list[int]] = defaultdict(list)
        for event in first:
            sequences[event["subject"]].append(event["sequence"])
        if disorder := sum(numbers != sorted(numbers) for numbers in sequences.values()):
            faults.append(f"{channel}: {disorder} parcours out of order")
        place = {_deposit_of(event): rank for rank, event in enumerate(first)}
        for ids in self.accepted.values():
            ranks = [place[id_] for id_ in ids if id_ in place]
            if ranks != sorted(ranks):
                faults.append(f"{channel}: deposits of one parcours delivered in another order")
        return faults


def _deposit_of(event: dict[str, Any]) -> str:
    """The deposit that an event repeats: receivers do not know its id, so its agent says it."""
    return str(event.get("agent", "")).removeprefix("Campagne ")


async def depositor(
    hub: Hub, ledger: Ledger, numbers: "itertools.count[int]", total: int, half_way: asyncio.Event
) -> None:
    """Open a parcours, then change its rights again and again, each deposit after the 2xx of the one before."""
    async with Partner.load(hub.data.partners / "caf-59", patience_s=120) as caf:
        while (number := next(numbers)) < total:
            opened = await _deposit(caf, ledger, caf.message("usager.signale", signalement(), departement="59"))
            if opened is None:
                continue
            if number > total // 2:
                half_way.set()
            for day in range(min(19, total - number)):
                if next(numbers) >= total:
                    return
                data = {"etat_dossier": "2", "soumis_droits_devoirs": True, "date_effet": f"2026-10-{day + 1:02d}"}
                id_ = secrets.token_hex(16)
                message = caf.message(
                    "droits.modifies", data, departement="59", subject=opened, id_=id_, agent=f"Campagne {id_}"
                )
                if await _deposit(caf, ledger, message, wait_s=1):
                    ledger.accepted[opened].append(message["id"])
                    ledger.accepted_at[message["id"]] = time.monotonic()


async def _deposit(caf: Partner, ledger: Ledger, message: dict[str, Any], wait_s: int = 5) -> str | None:
    """The parcours of an accepted deposit; a 202 to an opening is waited for, as its pseudonym is needed."""
    try:
        answer = await caf.post(message, wait_s=wait_s)
        ledger.answers[answer.etat] += 1
        if answer.etat == "en-attente" and "subject" not in message:
            answer = await caf.settled(message["id"], patience_s=60)
    except HubUnreachable:
        ledger.answers["injoignable"] += 1
        return None
    except RequestRefused as error:
        ledger.answers[f"{error.status} {error.problem.get('code', '')}"] += 1
        return None
    if answer.etat == "refuse":
        ledger.answers[f"refuse {answer.code}"] += 1
        return None
    return answer.parcours or message.get("subject")


async def killer(hub: Hub, ledger: Ledger, stop: asyncio.Event, every_s: float) -> None:
    """Kill one process after another, without a word (SIGKILL)."""
    for victim in itertools.cycle(VICTIMS):
        try:
            async with asyncio.timeout(every_s * random.uniform(0.7, 1.3)):  # noqa: S311  not a secret
                await stop.wait()
                return
        except TimeoutError:
            await asyncio.to_thread(hub.signal, victim, signal.SIGKILL)
            ledger.kills[victim] += 1


async def puller(hub: Hub, ledger: Ledger, done: asyncio.Event) -> None:
    """The département reads its feed to the end, acknowledging as it goes."""
    async with Partner.load(hub.data.partners / "cd-59", patience_s=120) as departement:
        while True:
            try:
                page = await departement.events(wait_s=1)
                ledger.pulled.extend(page.evenements)
                await departement.acknowledge(page.curseur)
            except (HubUnreachable, RequestRefused):
                await asyncio.sleep(0.5)
                continue
            if done.is_set() and not page.evenements:
                return


class _Server(uvicorn.Server):
    """Signals are the campaign's."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def endpoints(ledger: Ledger) -> Starlette:
    """The receivers of the partners: each answers 204, one of them after three seconds."""

    def route(path: str, keep: Callable[[Sequence[dict[str, Any]]], None], pause_s: float = 0) -> Route:
        async def receive(request: Request) -> Response:
            try:
                content = json.loads(await request.body())
            except ClientDisconnect:  # the sender was killed while it spoke
                return Response(status_code=400)
            await asyncio.sleep(pause_s)
            keep(content if isinstance(content, list) else [content])
            return Response(status_code=204)

        return Route(path, receive, methods=["POST"])

    return Starlette(
        routes=[
            route("/", ledger.push),
            route("/tard", ledger.replayed.extend),
            route("/lent", ledger.slow.extend, _SLOW_S),
            route("/mort", lambda _: None),
        ]
    )


async def serve(app: Starlette, port: int, stop: asyncio.Event) -> None:
    server = _Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, lifespan="off"))
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(server.serve())
        await stop.wait()
        server.should_exit = True


async def subscribe(partner: Partner, url: str) -> str:
    """The id of a subscription to everything, once its address is verified."""
    created = await partner.call("POST", "/v1/abonnements", {"url": url, "types": []})
    while (await partner.get(f"/v1/abonnements/{created['id']}"))["etat"] != "actif":
        await asyncio.sleep(0.1)
    return str(created["id"])


async def replayer(hub: Hub, ledger: Ledger, url: str, half_way: asyncio.Event, done: asyncio.Event) -> None:
    """Half-way, a second endpoint of France Travail asks for all that the first one had, and for what comes."""
    began = datetime.now(UTC)
    await half_way.wait()
    async with Partner.load(hub.data.partners / "ft-hauts-de-france", patience_s=120) as france_travail:
        abonnement = await subscribe(france_travail, url)
        period = {"du": began.isoformat(), "au": (datetime.now(UTC) + timedelta(minutes=1)).isoformat()}
        asked = await france_travail.call("POST", "/v1/rejeux", {"abonnement": abonnement, **period})
        while not done.is_set():
            with suppress(HubUnreachable, RequestRefused):  # asked again: a kill does not end the campaign
                ledger.accounts = (await france_travail.get(f"/v1/rejeux/{asked['id']}"))["comptes"]
            await asyncio.sleep(1)


async def run(hub: Hub, total: int, every_s: float) -> tuple[Ledger, float]:
    """The whole campaign; returns what was seen and the rate of deposits per second."""
    ledger, numbers = Ledger(), itertools.count()
    killed, half_way, received, dead = asyncio.Event(), asyncio.Event(), asyncio.Event(), asyncio.Event()
    port, dead_port = free_port(), free_port()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(serve(endpoints(ledger), port, received))
        tasks.create_task(serve(endpoints(ledger), dead_port, dead))
        async with hub.partner("ft-hauts-de-france") as france_travail, hub.partner("cd-59") as departement:
            await subscribe(france_travail, f"http://127.0.0.1:{port}/")
            await subscribe(departement, f"http://127.0.0.1:{port}/lent")
            await subscribe(departement, f"http://127.0.0.1:{dead_port}/mort")
        dead.set()
        tasks.create_task(puller(hub, ledger, received))
        tasks.create_task(killer(hub, ledger, killed, every_s))
        tasks.create_task(replayer(hub, ledger, f"http://127.0.0.1:{port}/tard", half_way, received))
        started = time.monotonic()
        async with asyncio.TaskGroup() as depositors:
            for _ in range(WORKERS):
                depositors.create_task(depositor(hub, ledger, numbers, total, half_way))
        rate = total / (time.monotonic() - started)
        killed.set()
        await _settle(ledger)
        received.set()
    return ledger, rate


async def _settle(ledger: Ledger, patience_s: float = 180) -> None:
    """Until both channels have everything, or the patience is over."""
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline and ledger.faults():
        await asyncio.sleep(1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--depots", type=int, default=20_000)
    parser.add_argument("--tous-les", type=float, default=4.0, help="seconds between two kills")
    arguments = parser.parse_args()
    stamina.instrumentation.set_on_retry_hooks([])
    with tempfile.TemporaryDirectory(prefix="relais-campagne-") as folder:
        hub = Hub(Path(folder), free_port())
        hub.up()
        try:
            ledger, rate = asyncio.run(run(hub, arguments.depots, arguments.tous_les))
        finally:
            hub.down()
    delays = statistics.quantiles(ledger.delays_s, n=100)
    report = {
        "depots_par_s": round(rate, 1),
        "reponses": dict(ledger.answers),
        "arrets": dict(ledger.kills),
        "delai_vivant_s": {"p50": round(delays[49], 3), "p99": round(delays[98], 3)},
        "lent": len(ledger.slow),
        "rejeu": ledger.accounts,
    }
    faults = ledger.faults()
    sys.stdout.write(json.dumps(report | {"acceptes": len(ledger.ids), "defauts": faults}, ensure_ascii=False) + "\n")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
