"""The real NATS and PostgreSQL of a test session, provisioned by the same code as a hub; a fresh database per test."""

import asyncio
import contextlib
import importlib
import os
import signal
import subprocess
import uuid
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import asyncpg
from nats.errors import NoRespondersError

from chassis.bus import STREAMS, Unavailable
from chassis.bus_nats import NatsBus
from chassis.database import Pool, open_pool
from chassis.process import Process
from chassis.settings import Settings
from coffre.keys import Vault
from coffre.masters import Masters
from deploy import nats_config, postgres, provisioning
from deploy.components import SERVICES, schemas
from deploy.datadir import HOST, DataDir
from deploy.keys import ADMIN, ensure_secrets

# Databases are made and thrown away for each test; what must survive a crash is tried on whole hubs (tests/fiabilite).
_FAST = ("--fsync=off", "--full_page_writes=off")


class Engines:
    """One NATS server and one PostgreSQL cluster in a folder of their own, stopped at the end of the session."""

    def __init__(self, folder: Path) -> None:
        self.data = DataDir(folder)
        self.data.create()
        self.ports = self.data.choose_ports(None)
        ensure_secrets(self.data)
        nats_config.write(self.data, self.ports.nats)
        postgres.ensure_cluster(self.data)
        self._processes = [
            self._start(nats_config.command(self.data), None),
            self._start([*postgres.command(self.data, self.ports.postgres), *_FAST], postgres.system_user()),
        ]
        with ThreadPoolExecutor(1) as thread:  # a test's event loop may be running already
            thread.submit(asyncio.run, self._provision()).result()

    def _start(self, command: list[str], user: str | None) -> subprocess.Popen[bytes]:
        name = Path(command[0]).name
        with (self.data.path / f"{name}.log").open("wb") as log:
            return subprocess.Popen(
                command,
                stdout=log,
                stderr=log,
                user=user,
                extra_groups=[] if user else None,
                cwd="/",
                env={"PATH": os.environ["PATH"], "TZ": "UTC"},
            )

    async def _provision(self) -> None:
        await provisioning.wait_for_server(self.data, self.ports.postgres)
        await provisioning.provision(self.data, self.ports.postgres)

    def stop(self) -> None:
        for process in self._processes:
            process.send_signal(signal.SIGINT)  # PostgreSQL's fast stop: it does not wait for open sessions
        for process in self._processes:
            process.wait(20)

    @property
    def nats_url(self) -> str:
        return f"nats://{HOST}:{self.ports.nats}"

    def password(self, schema: str) -> str:
        return self.data.password_file(schema).read_text().strip()

    async def new_database(self) -> str:
        """A copy of the provisioned database: every schema, no row. As files: a quarter of the time of the default."""
        name = f"essai_{uuid.uuid4().hex}"
        conn = await postgres.connect_admin(self.data, self.ports.postgres, "postgres")
        try:
            await conn.execute(f"CREATE DATABASE {name} TEMPLATE {postgres.DATABASE} STRATEGY FILE_COPY")
            for role in schemas():
                await conn.execute(f"GRANT CONNECT ON DATABASE {name} TO {role}")
        finally:
            await conn.close()
        return name

    async def drop_database(self, name: str) -> None:
        conn = await postgres.connect_admin(self.data, self.ports.postgres, "postgres")
        try:
            await conn.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        finally:
            await conn.close()

    async def pool(self, database: str, schema: str, **sizes: int) -> Pool:
        url = f"postgresql://{schema}@{HOST}:{self.ports.postgres}/{database}"
        pool = await open_pool(url, self.password(schema), schema, **sizes)
        if schema in SERVICES:
            registre = importlib.import_module(f"services.{schema}.app").REGISTRE
            lus = Settings.model_construct(secrets=self.data.secrets / schema)
            registre.lier(Vault(pool, Masters(self.data.masters)), lus)
        return pool

    async def bus(self, tasks: asyncio.TaskGroup, component: str = ADMIN) -> NatsBus:
        return await NatsBus.connect(self.nats_url, self.data.nkey_file(component), component, tasks)


class Bench:
    """What one test has: its database, the bus as administrator, and processes that end with it."""

    def __init__(self, engines: Engines, database: str, tasks: asyncio.TaskGroup, stop: asyncio.Event) -> None:
        self.engines = engines
        self.database = database
        self.tasks = tasks
        self.stop = stop
        self.bus: NatsBus
        self._opened: list[Any] = []

    async def pool(self, schema: str, **sizes: int) -> Pool:
        pool = await self.engines.pool(self.database, schema, **sizes)
        self._opened.append(pool)
        return pool

    async def admin(self) -> "asyncpg.Connection[asyncpg.Record]":
        """A connection to the test's database under the provisioning role."""
        conn = await postgres.connect_admin(self.engines.data, self.engines.ports.postgres, self.database)
        self._opened.append(conn)
        return conn

    async def process(self, component: str, schema: str) -> Process:
        """A process under its own NATS user and database role, in this event loop."""
        bus = await self.engines.bus(self.tasks, component)
        self._opened.append(bus)
        return Process(await self.pool(schema), bus, self.tasks, self.stop)

    async def reach(self, subject: str) -> None:
        """Ask until somebody answers: the PING of the client's `flush` overtakes subscriptions that wait to be sent."""
        for _ in range(500):
            try:
                await self.bus.request(subject, b"{", timeout_s=2)
            except Unavailable as error:
                if isinstance(error.__cause__, NoRespondersError):
                    await asyncio.sleep(0.01)
                    continue
            return

    async def close(self) -> None:
        for opened in reversed(self._opened):
            await opened.close()


@contextlib.asynccontextmanager
async def bench(engines: Engines) -> AsyncIterator[Bench]:
    """Streams are emptied before, processes stopped after."""
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        one = Bench(engines, await engines.new_database(), tasks, stop)
        one.bus = await engines.bus(tasks)
        for stream in STREAMS:
            await delete_stream(one.bus, stream)
            await one.bus.ensure_stream(stream)
        try:
            yield one
        finally:
            stop.set()
            await asyncio.sleep(0)
    await one.close()
    await one.bus.close()
    await engines.drop_database(one.database)


async def delete_stream(bus: NatsBus, stream: str) -> None:
    """What an accident does; no component may."""
    with contextlib.suppress(Exception):
        await bus._jetstream.delete_stream(stream)


async def purge_stream(bus: NatsBus, stream: str, *, subject: str | None = None, keep: int | None = None) -> None:
    """What another accident does: messages go, the stream stays."""
    await bus._jetstream.purge_stream(stream, subject=subject, keep=keep)
