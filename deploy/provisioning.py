"""Roles, schemas and migrations, applied by the admin role under an advisory lock; safe to run again at each start."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urlsplit

import asyncpg
from pogo_core.util import migrate, sql

from deploy import postgres
from deploy.components import ARCHIVED, COMPONENTS, ROOT, SHREDDERS, VAULT, schemas
from deploy.datadir import DataDir, LaunchError

Admin: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
LOCK = 0x52454C4149  # "RELAI": one provisioner at a time, however many launchers or jobs start together.


async def provision(data: DataDir, port: int) -> list[str]:
    """Migrate the database to this version and return the migrations applied, as `schema.migration`."""
    await _ensure_database(data, port)
    passwords = {role: data.password_file(role).read_text().strip() for role in schemas()}
    conn = await postgres.connect_admin(data, port)
    try:
        return await provision_database(conn, passwords)
    finally:
        await conn.close()


async def provision_database(conn: Admin, passwords: Mapping[str, str], root: Path = ROOT) -> list[str]:
    """Same, on an open admin connection: tests and external databases come in here."""
    await conn.execute("SELECT pg_advisory_lock($1)", LOCK)
    try:
        applied: list[str] = []
        for schema, folders in schemas().items():
            await _ensure_role(conn, schema, passwords[schema])
            await _ensure_schema(conn, schema)
            applied += await _migrate(conn, schema, [root / folder for folder in folders])
        return applied + await _ensure_vault(conn, root)
    finally:
        await conn.execute("SELECT pg_advisory_unlock($1)", LOCK)


async def provision_external(url: str, password: str, passwords: Mapping[str, str], wait_s: float) -> list[str]:
    """Same, on a server that is not ours: `url` names the admin role and the database, created if it is missing."""
    conn = await _connect_external(url, password, wait_s)
    try:
        return await provision_database(conn, passwords)
    finally:
        await conn.close()


async def _connect_external(url: str, password: str, wait_s: float) -> Admin:
    """Tried again while the server starts. `sslmode` and the rest of the URL are asyncpg's."""
    deadline = asyncio.get_running_loop().time() + wait_s
    while True:
        try:
            return await asyncpg.connect(url, password=password, timeout=5)
        except asyncpg.InvalidCatalogNameError:
            name = urlsplit(url).path.removeprefix("/")
            conn = await asyncpg.connect(url, password=password, database="postgres", timeout=5)
            try:
                await _create_database(conn, name)
            finally:
                await conn.close()
        except (OSError, asyncpg.CannotConnectNowError, TimeoutError) as error:
            if asyncio.get_running_loop().time() > deadline:
                raise LaunchError(f"PostgreSQL n'a pas répondu en {wait_s:.0f} s.") from error
            await asyncio.sleep(0.5)


async def wait_for_server(data: DataDir, port: int, timeout_s: float | None = 60) -> None:
    """Until PostgreSQL accepts the admin role; long enough for a crash recovery. None: as long as the caller waits."""
    try:
        async with asyncio.timeout(timeout_s):
            while True:
                try:
                    conn = await postgres.connect_admin(data, port, "postgres")
                except (OSError, asyncpg.CannotConnectNowError, TimeoutError):
                    await asyncio.sleep(0.05)
                else:
                    await conn.close()
                    return
    except TimeoutError as error:
        raise LaunchError(
            f"PostgreSQL n'a pas répondu en {timeout_s:.0f} s ; voyez {data.logs / 'postgres.log'}."
        ) from error


async def _ensure_database(data: DataDir, port: int) -> None:
    conn = await postgres.connect_admin(data, port, "postgres")
    try:
        if not await conn.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", postgres.DATABASE):
            await _create_database(conn, postgres.DATABASE)
    finally:
        await conn.close()


async def _create_database(conn: Admin, name: str) -> None:
    """Closed to roles that are not granted it."""
    quoted = await conn.fetchval("SELECT quote_ident($1)", name)
    await conn.execute(f"CREATE DATABASE {quoted}")
    await conn.execute(f"REVOKE ALL ON DATABASE {quoted}, postgres, template1 FROM PUBLIC")


async def _ensure_role(conn: Admin, role: str, password: str) -> None:
    if not await conn.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role):
        await conn.execute(f"CREATE ROLE {role} LOGIN NOINHERIT NOCREATEDB NOCREATEROLE")
    # The server quotes the literal: a utility statement takes no parameter.
    quoted = await conn.fetchval("SELECT quote_literal($1::text)", password)
    await conn.execute(f"ALTER ROLE {role} PASSWORD {quoted}")
    await conn.execute(f"ALTER ROLE {role} SET search_path = {role}")
    database = await conn.fetchval("SELECT quote_ident(current_database())")
    await conn.execute(f"GRANT CONNECT ON DATABASE {database} TO {role}")


async def _ensure_schema(conn: Admin, schema: str) -> None:
    """The runtime role reads and writes rows of its schema and creates nothing.

    Rights come as defaults on future tables, so that a migration may take some back (an append-only table) for good.
    """
    await conn.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
    await conn.execute(f"GRANT USAGE ON SCHEMA {schema} TO {schema}")
    defaults = f"ALTER DEFAULT PRIVILEGES IN SCHEMA {schema}"
    await conn.execute(f"{defaults} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {schema}")
    await conn.execute(f"{defaults} GRANT USAGE, SELECT ON SEQUENCES TO {schema}")


async def _ensure_vault(conn: Admin, root: Path) -> list[str]:
    """Create the schema of the keys and its grants. It has no role of its own: components that seal may read and add,
    those that erase may delete. Archived keys belong to the archive alone, which reads the gateway's requests.
    """
    await conn.execute(f"CREATE SCHEMA IF NOT EXISTS {VAULT}")
    applied = await _migrate(conn, VAULT, [root / VAULT / "schema"])
    if await conn.fetchval("SELECT to_regclass($1) IS NOT NULL", f"{VAULT}.cles"):
        for role in sorted({component.schema for component in COMPONENTS if component.seals}):
            await conn.execute(f"GRANT USAGE ON SCHEMA {VAULT} TO {role}")
            await conn.execute(f"GRANT SELECT, INSERT ON {VAULT}.cles TO {role}")
            await conn.execute(f"GRANT INSERT (id) ON {VAULT}.retours TO {role}")
        for role in SHREDDERS:
            await conn.execute(f"GRANT DELETE ON {VAULT}.cles TO {role}")
            await conn.execute(f"GRANT EXECUTE ON FUNCTION {VAULT}.detruire(uuid[]) TO {role}")
        for role in sorted({component.schema for component in COMPONENTS if component.keeps_archive}):
            await conn.execute(f"GRANT UPDATE ON {VAULT}.cles TO {role}")
            await conn.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {VAULT}.archives, {VAULT}.retours TO {role}")
            await conn.execute(f"GRANT USAGE ON SCHEMA passerelle TO {role}")
            await conn.execute(f"GRANT SELECT ON {', '.join(ARCHIVED)} TO {role}")
    return applied


async def _migrate(conn: Admin, schema: str, folders: list[Path]) -> list[str]:
    before = await _applied(conn, schema)
    await conn.execute(f"SET search_path = {schema}")
    try:
        for folder in folders:
            if folder.is_dir():
                await _apply(conn, schema, folder)
    finally:
        await conn.execute("RESET search_path")
    return [f"{schema}.{name}" for name in sorted(await _applied(conn, schema) - before)]


async def _apply(conn: Admin, schema: str, folder: Path) -> None:
    """Apply what is missing, in the order of the file names: the one that `depends` gives follows the file system."""
    await sql.ensure_pogo_sync(conn)
    for migration in sorted(await sql.read_migrations(folder, conn, schema_name=schema), key=lambda one: one.id):
        if migration.applied:
            continue
        migration.load()
        try:
            async with migrate.transaction(conn, migration):
                await migration.apply(conn)
                await sql.migration_applied(conn, migration.id, migration.hash, schema_name=schema)
        except asyncpg.PostgresError as error:
            raise LaunchError(f"Migration {schema}.{migration.id} refusée par PostgreSQL : {error}") from error


async def _applied(conn: Admin, schema: str) -> set[str]:
    if not await conn.fetchval("SELECT to_regclass('public._pogo_migration') IS NOT NULL"):
        return set()
    rows = await conn.fetch("SELECT migration_id FROM public._pogo_migration WHERE schema_name = $1", schema)
    return {row["migration_id"] for row in rows}
