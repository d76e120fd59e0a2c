"""`./relais up`: from a data folder to a hub that answers, then watch over it until asked to stop."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Awaitable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import asyncpg
import httpx
from rich.console import Console

from deploy import demo_partners, nats_config, operators, postgres, provisioning, readiness
from deploy.components import COMPONENTS, Component, child_environment
from deploy.datadir import HOST, DataDir, LaunchError, Ports, free_port
from deploy.keys import ensure_secrets
from deploy.logs import Terminal, last_lines
from deploy.space import Waiting, is_full, lacks, sentence
from deploy.supervision import Program, Supervisor, identify, stop_leftovers

STUCK_AFTER_S = 180.0
"""A start goes on as long as something happens in it: lines of a process, one more that is at work."""
SAY_EVERY_S = 15.0
LOOK_AT_SPACE_EVERY_S = 2.0
GAVE_UP = ("no space left on device", "will be DISABLED")
"""What NATS says of a store that takes nothing more until the server is started again, also once there is room."""
STARTED = '"process.started"'
ENGINES = ("nats", "postgres")


@dataclass(slots=True)
class Hub:
    """One run of the hub, from the lock on its folder to the last process stopped."""

    data: DataDir
    console: Console
    gateway_port: int | None = None
    with_demo: bool = True
    components: tuple[Component, ...] = COMPONENTS
    replicas: Mapping[str, int] = field(default_factory=dict)
    """How many processes of a component there are, when it is not one."""
    is_at_terminal: bool = True
    """Somebody reads what it says; else the first password is left to whoever started it."""
    _terminal: Terminal = field(init=False)
    _supervisor: Supervisor = field(init=False)
    _stop: asyncio.Event = field(init=False, default_factory=asyncio.Event)
    _phase: str = field(init=False, default="preparation")
    _pids: dict[str, int] = field(init=False, default_factory=dict)
    _started: set[str] = field(init=False, default_factory=set)
    _moved_at: float = field(init=False, default_factory=time.monotonic)
    _space: Waiting = field(init=False)
    _is_unwritten: bool = field(init=False, default=False)
    _to_restart: set[str] = field(init=False, default_factory=set)

    def __post_init__(self) -> None:
        self._terminal = Terminal(self.console, ["lanceur", *ENGINES, *self.names(self.components)])
        self._space = Waiting(self.data.path)

    async def run(self) -> None:
        """Start, announce readiness, watch, and stop in order on SIGINT, SIGTERM or SIGHUP."""
        started = time.monotonic()
        self.data.create()
        with self.data.locked():
            try:
                ports = await asyncio.to_thread(self._prepare)
                await self._serve(ports, started)
            except LaunchError as error:
                told = (
                    f"Le relais ne peut pas démarrer : {sentence(self.data.path)}." if lacks(self.data.path) else error
                )
                self._record("echec", erreur=str(told))
                raise LaunchError(str(told)) from error
            except Exception as error:
                if is_full(error):
                    raise LaunchError(f"Le relais ne peut pas démarrer : {sentence(self.data.path)}.") from error
                self._record("echec", erreur=f"Erreur inattendue au démarrage : {error!r}.")
                raise
            self._record("arrete")

    def _prepare(self) -> Ports:
        """All that needs no running process."""
        left = self.data.state().get("processus")
        stopped = stop_leftovers(left) if isinstance(left, dict) else []
        if stopped:
            self._say(f"processus d'un lancement interrompu arrêtés : {', '.join(stopped)}")
        ports = self.data.choose_ports(self.gateway_port)
        self._record("preparation")
        ensure_secrets(self.data)
        nats_config.write(self.data, ports.nats)
        opened = postgres.ensure_reachable(self.data) if os.geteuid() == 0 else []
        if opened:
            folders = ", ".join(str(folder) for folder in opened)
            self._say(f"droit de traverser accordé à {postgres.system_user()} (PostgreSQL) sur : {folders}")
        if postgres.ensure_cluster(self.data):
            self._say("base PostgreSQL créée")
        return ports

    async def _serve(self, ports: Ports, started: float) -> None:
        self._listen_to_signals()
        try:
            async with asyncio.TaskGroup() as children:
                self._supervisor = Supervisor(children, self.data.logs, self._hear, self._processes_changed)
                try:
                    async with asyncio.TaskGroup() as tasks:
                        starting = tasks.create_task(self._start(ports, started))
                        watching = tasks.create_task(self._watch_space())
                        await self._stop.wait()
                        starting.cancel()
                        watching.cancel()
                finally:
                    self._record("arret")
                    self._say("arrêt…")
                    await self._stop_in_order()
        except* LaunchError as group:
            raise _first(group) from None

    async def _start(self, ports: Ports, started: float) -> None:
        for program in engines(self.data, ports, len(self.names(self.components))):
            self._supervisor.start(program)
        await self._while_it_moves(
            "PostgreSQL et NATS",
            asyncio.gather(
                provisioning.wait_for_server(self.data, ports.postgres, None), readiness.nats_answers(ports.nats, None)
            ),
        )
        applied = await self._provision(ports)
        migrations = f" ; {len(applied)} migrations appliquées" if applied else ""
        self._say(f"PostgreSQL (port {ports.postgres}) et NATS (port {ports.nats}) répondent{migrations}")
        await operators.ensure_first(self.data)
        if self.with_demo:
            await self._ensure_demo_partners(ports)
        for component in self.components:
            if component.is_present:
                for name in self.names([component]):
                    self._supervisor.start(self._program(ports, component, name))
            else:
                self._say(f"{component.name} : module {component.module} absent, non démarré")
        await self._until_ready(ports)
        self._record("pret")
        elapsed_s = time.monotonic() - started
        self._say(f"prêt en {elapsed_s:.1f} s · API http://{HOST}:{ports.passerelle} · données {self.data.path}")
        if self.is_at_terminal:
            self._say(operators.sentence(self.data))

    def names(self, components: Iterable[Component]) -> list[str]:
        """Their processes: the first bears the name of its component, the others a number after it."""
        return [
            component.name if rank == 1 else f"{component.name}-{rank}"
            for component in components
            for rank in range(1, self.replicas.get(component.name, 1) + 1)
        ]

    def _program(self, ports: Ports, component: Component, name: str) -> Program:
        program = component_program(self.data, ports, component)
        own = dict(program.environment)
        if component.serves_partners and self.replicas.get(component.name, 1) > 1:
            own["RELAIS_PORT_PARTAGE"] = "1"
        if component.serves_partners and name != component.name:
            own["RELAIS_PORT_ADMIN"] = str(free_port())
            self._say(f"{name} : métriques http://{HOST}:{own['RELAIS_PORT_ADMIN']}/metrics")
        return replace(program, name=name, environment=own)

    async def _ensure_demo_partners(self, ports: Ports) -> None:
        created = await demo_partners.ensure(self.data, ports)
        if created:
            self._say(f"partenaires de démonstration : {', '.join(created)} (clés dans {self.data.partners})")

    async def _until_ready(self, ports: Ports) -> None:
        if not any(component.serves_partners and component.is_present for component in self.components):
            return
        await self._while_it_moves("la passerelle", self._all_at_work(ports))

    async def _all_at_work(self, ports: Ports) -> None:
        async with httpx.AsyncClient(trust_env=False) as client:
            expected = set(self.names(component for component in self.components if component.is_present))
            while not (expected <= self._started and await readiness.gateway_ready(client, ports.passerelle)):  # noqa: ASYNC110
                await asyncio.sleep(0.1)

    async def _provision(self, ports: Ports) -> list[str]:
        """Roles, schemas and migrations; begun again when the disk was full in the middle of it."""
        while True:
            try:
                return await provisioning.provision(self.data, ports.postgres)
            except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
                if not lacks(self.data.path):
                    raise
            await asyncio.sleep(LOOK_AT_SPACE_EVERY_S)

    async def _while_it_moves(self, what: str, awaited: Awaitable[Any]) -> None:
        """Wait, and say so, as long as something happens; raises LaunchError when nothing does, or it cannot start."""
        task = asyncio.ensure_future(awaited)
        started = said = self._moved_at = time.monotonic()
        try:
            while not (await asyncio.wait({task}, timeout=0.2))[0]:
                now = time.monotonic()
                if now - said > SAY_EVERY_S:
                    said = now
                    self._say(f"en attente de {self._missing(what)} depuis {now - started:.0f} s")
                if self._space.is_waiting:
                    self._moved_at = now
                    continue
                self._give_up_on_failing()
                if now - self._moved_at > STUCK_AFTER_S:
                    raise LaunchError(
                        f"Rien ne bouge depuis {STUCK_AFTER_S:.0f} s en attendant {self._missing(what)} ; "
                        f"voyez {self.data.logs}."
                    )
            task.result()
        finally:
            task.cancel()

    def _missing(self, what: str) -> str:
        """The components that are not at work yet, once they were started; else `what`."""
        pending = [n for n in self.names(self.components) if n in self._pids and n not in self._started]
        return ", ".join(pending) or what

    async def _watch_space(self) -> None:
        """A full disk stops no process: the launcher reports it, and restarts stopped processes once there is room."""
        while True:
            if said := self._space.look():
                self._say(said)
            if not self._space.is_waiting:
                for name in list(self._to_restart):
                    self._to_restart.discard(name)
                    self._supervisor.restart(name)
                if self._is_unwritten:
                    self._record(self._phase)
            await asyncio.sleep(LOOK_AT_SPACE_EVERY_S)

    def _give_up_on_failing(self) -> None:
        name = self._supervisor.failing()
        if name is not None:
            said = "\n  ".join(last_lines(self.data.logs, name))
            raise LaunchError(f"{name} s'arrête à chaque démarrage :\n  {said}")

    async def _stop_in_order(self) -> None:
        """Connectors, then gateways, so that nothing new is promised; the console once all have sent their last
        traces; the engines last, so that everyone can settle."""
        connectors = [component for component in self.components if component.serves_systems]
        gateways = [component for component in self.components if component.gateway]
        consoles = [component for component in self.components if component.receives_traces]
        services = [one for one in self.components if one not in (*connectors, *gateways, *consoles)]
        for together in (connectors, gateways, services, consoles):
            await self._supervisor.stop(self.names(together))
        for engine in ENGINES:
            await self._supervisor.stop([engine])

    def _listen_to_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._stop.set)

    def _hear(self, name: str, line: str) -> None:
        """A component says once that it is at work: the gateway alone cannot vouch for the others."""
        self._moved_at = time.monotonic()
        if STARTED in line:
            self._started.add(name)
        if name == "nats" and any(mark in line for mark in GAVE_UP):
            self._to_restart.add(name)
        self._terminal.show(name, line)

    def _say(self, line: str) -> None:
        self._terminal.show("lanceur", line)

    def _processes_changed(self, pids: dict[str, int]) -> None:
        self._pids = pids
        self._record(self._phase)

    def _record(self, phase: str, **facts: str) -> None:
        self._phase = phase
        try:
            self.data.write_state(pid=os.getpid(), phase=phase, processus=identify(self._pids), **facts)
            self._is_unwritten = False
        except OSError as error:  # written once there is room again
            if not is_full(error):
                raise
            self._is_unwritten = True


def engines(data: DataDir, ports: Ports, processes: int) -> list[Program]:
    environment = {name: value for name, value in child_environment().items() if name in ("PATH", "TMPDIR", "TZ")}
    return [
        Program(
            "postgres",
            postgres.command(data, ports.postgres, processes),
            environment | {"LC_ALL": "C"},
            # Fast shutdown: open sessions are cut instead of awaited.
            stop_signal=signal.SIGINT,
            death_signal=signal.SIGINT,
            graceful_s=30,
            user=postgres.system_user(),
        ),
        Program("nats", nats_config.command(data), environment, death_signal=signal.SIGTERM),
    ]


def component_program(data: DataDir, ports: Ports, component: Component) -> Program:
    return Program(
        component.name,
        [sys.executable, "-m", component.module],
        child_environment() | component_environment(data, ports, component),
        graceful_s=15,
    )


def component_environment(data: DataDir, ports: Ports, component: Component) -> dict[str, str]:
    """What `chassis.settings` reads. Secrets go by file, never by value."""
    environment = {
        "RELAIS_NATS_URL": f"nats://{HOST}:{ports.nats}",
        "RELAIS_NATS_NKEY_FILE": str(data.nkey_file(component.name)),
        "RELAIS_DATABASE_URL": f"postgresql://{component.schema}@{HOST}:{ports.postgres}/{postgres.DATABASE}",
        "RELAIS_DATABASE_PASSWORD_FILE": str(data.password_file(component.schema)),
        "RELAIS_SECRETS": str(data.secrets / component.secrets),
    }
    if component.seals:
        environment["RELAIS_CLES_MAITRES"] = str(data.masters)
    if component.keeps_archive:
        environment["RELAIS_CLES_ARCHIVE"] = str(data.archive_masters)
    if component.gateway:
        environment["RELAIS_AUTORISER_LOOPBACK"] = "1"
        # Loopback is open to webhooks here, but not what the hub itself serves or uses there.
        environment["RELAIS_PORTS_DU_HUB"] = json.dumps(sorted(asdict(ports).values()))
        environment["RELAIS_URL_PUBLIQUE"] = f"http://{HOST}:{ports.passerelle}"
    if component.serves_partners:
        # No TLS front here: nobody may say with which certificate a request came.
        environment |= {"RELAIS_HOTE": HOST, "RELAIS_PORT": str(ports.passerelle), "RELAIS_PROXY_DE_CONFIANCE": "0"}
        environment["RELAIS_PORT_ADMIN"] = str(ports.metriques)
    if component.serves_systems:
        environment |= {"RELAIS_HOTE": HOST, "RELAIS_PORT": str(ports.connecteurs)}
        environment["RELAIS_PORT_SFTP"] = str(ports.sftp)
        environment["RELAIS_DOSSIER_CONNECTEURS"] = str(data.connectors)
    if component.receives_traces:
        environment |= {"RELAIS_HOTE": HOST, "RELAIS_PORT": str(ports.console)}
    elif "RELAIS_OTLP_URL" not in os.environ:
        environment["RELAIS_OTLP_URL"] = f"http://{HOST}:{ports.console}"
    return environment


def _first(group: BaseExceptionGroup[LaunchError]) -> LaunchError:
    leaf = group.exceptions[0]
    return leaf if isinstance(leaf, LaunchError) else _first(leaf)
