"""Deposits by the thousand while processes are killed: every 2xx is delivered, once in effect, in order per parcours.

`python -m tests.fiabilite.campaign --depots 20000` runs it at length; the suite runs a short one.
"""

import argparse
import asyncio
import itertools
import json
import random
import signal
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import stamina
import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from deploy.partner import HubUnreachable, Partner, RequestRefused
from tests.hub import Hub, free_port
from tests.persons import signalement

VICTIMS = ("entrant", "usagers", "sortant", "postgres", "orientation", "nats")
WORKERS = 24


@dataclass
class Ledger:
    """What was accepted, per parcours in the order of the deposits, and what was received, in the order of arrival."""

    accepted: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    answers: Counter[str] = field(default_factory=Counter)
    pulled: list[dict[str, Any]] = field(default_factory=list)
    pushed: list[dict[str, Any]] = field(default_factory=list)
    kills: Counter[str] = field(default_factory=Counter)

    @property
    def ids(self) -> set[str]:
        return {id_ for ids in self.accepted.values() for id_ in ids}

    def faults(self) -> list[str]:
        """What broke a promise; empty when all held."""
        return [*self._of("fil", self.pulled, exactly=True), *self._of("webhook", self.pushed, exactly=False)]

    def _of(self, channel: str, received: Sequence[dict[str, Any]], *, exactly: bool) -> list[str]:
        faults = []
        facts = [e for e in received if e["type"] == "fr.insertion.droits.modifies.v1"]
        counts = Counter(event["id"] for event in facts)
        if exactly and (twice := sum(count > 1 for count in counts.values())):
            faults.append(f"{channel}: {twice} events given more than once")
        effects = Counter(event["causeid"] for event in {e["id"]: e for e in facts}.values())
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
        place = {event["causeid"]: rank for rank, event in enumerate(first)}
        for ids in self.accepted.values():
            ranks = [place[id_] for id_ in ids if id_ in place]
            if ranks != sorted(ranks):
                faults.append(f"{channel}: deposits of one parcours delivered in another order")
        return faults


async def depositor(hub: Hub, ledger: Ledger, numbers: "itertools.count[int]", total: int) -> None:
    """Open a parcours, then change its rights again and again, each deposit after the 2xx of the one before."""
    async with Partner.load(hub.data.partners / "caf-59", patience_s=120) as caf:
        while (number := next(numbers)) < total:
            opened = await _deposit(caf, ledger, caf.message("usager.signale", signalement(), departement="59"))
            if opened is None:
                continue
            for day in range(min(19, total - number)):
                if next(numbers) >= total:
                    return
                data = {"etat_dossier": "2", "soumis_droits_devoirs": True, "date_effet": f"2026-10-{day + 1:02d}"}
                message = caf.message("droits.modifies", data, departement="59", subject=opened)
                if await _deposit(caf, ledger, message, wait_s=1):
                    ledger.accepted[opened].append(message["id"])


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


async def receiver(ledger: Ledger, port: int, stop: asyncio.Event) -> None:
    """The webhook endpoint of France Travail."""

    async def receive(request: Request) -> Response:
        try:
            content = json.loads(await request.body())
        except ClientDisconnect:  # the sender was killed while it spoke
            return Response(status_code=400)
        ledger.pushed.extend(content if isinstance(content, list) else [content])
        return Response(status_code=204)

    app = Starlette(routes=[Route("/", receive, methods=["POST"])])
    config = uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, lifespan="off")
    server = _Server(config)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(server.serve())
        await stop.wait()
        server.should_exit = True


async def run(hub: Hub, total: int, every_s: float) -> tuple[Ledger, float]:
    """The whole campaign; returns what was seen and the rate of deposits per second."""
    ledger, numbers = Ledger(), itertools.count()
    killed, pulled, pushed = asyncio.Event(), asyncio.Event(), asyncio.Event()
    port = free_port()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(receiver(ledger, port, pushed))
        async with hub.partner("ft-hauts-de-france") as france_travail:
            await france_travail.call("POST", "/v1/abonnements", {"url": f"http://127.0.0.1:{port}/", "types": []})
        tasks.create_task(puller(hub, ledger, pulled))
        tasks.create_task(killer(hub, ledger, killed, every_s))
        started = time.monotonic()
        async with asyncio.TaskGroup() as depositors:
            for _ in range(WORKERS):
                depositors.create_task(depositor(hub, ledger, numbers, total))
        rate = total / (time.monotonic() - started)
        killed.set()
        await _settle(ledger)
        pulled.set()
        pushed.set()
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
    report = {"depots_par_s": round(rate, 1), "reponses": dict(ledger.answers), "arrets": dict(ledger.kills)}
    faults = ledger.faults()
    sys.stdout.write(json.dumps(report | {"acceptes": len(ledger.ids), "defauts": faults}, ensure_ascii=False) + "\n")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
