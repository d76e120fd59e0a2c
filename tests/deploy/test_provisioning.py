"""Roles, schemas and migrations against the real PostgreSQL."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from deploy import postgres, provisioning
from deploy.components import ROOT, schemas
from deploy.datadir import DataDir

pytestmark = pytest.mark.anyio

MIGRATION = """\
--a table that only grows
-- depends:

-- migrate: apply
CREATE TABLE releve (numero integer PRIMARY KEY);
REVOKE UPDATE, DELETE ON releve FROM usagers;

-- migrate: rollback
DROP TABLE releve;
"""


def passwords(data: DataDir) -> dict[str, str]:
    return {role: data.password_file(role).read_text().strip() for role in schemas()}


async def as_role(data: DataDir, role: str, database: str = postgres.DATABASE) -> asyncpg.Connection[asyncpg.Record]:
    return await asyncpg.connect(
        host="127.0.0.1",
        port=data.known_ports().postgres,
        user=role,
        password=passwords(data)[role],
        database=database,
    )


@pytest.fixture
async def usagers(started: DataDir) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    conn = await as_role(started, "usagers")
    yield conn
    await conn.close()


@pytest.fixture
async def fresh(started: DataDir) -> AsyncIterator[str]:
    """An empty database of its own."""
    admin = await postgres.connect_admin(started, started.known_ports().postgres, "postgres")
    await admin.execute("CREATE DATABASE essai")
    yield "essai"
    await admin.execute("DROP DATABASE essai WITH (FORCE)")
    await admin.close()


async def test_a_second_provisioning_applies_nothing(started: DataDir) -> None:
    applied = await provisioning.provision(started, started.known_ports().postgres)

    assert applied == []


async def test_a_role_works_in_its_own_schema(usagers: asyncpg.Connection[asyncpg.Record]) -> None:
    count = await usagers.fetchval("SELECT count(*) FROM faits")
    schema = await usagers.fetchval("SELECT current_schema()")

    assert count == 0
    assert schema == "usagers"


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM orientation.faits",
        "SELECT * FROM passerelle.partenaires",
        "INSERT INTO orientation.rebut VALUES (gen_random_uuid(), 'depot', 'x', '{}', 'x', now())",
        "CREATE TABLE intrus (x integer)",
        "CREATE TABLE public.intrus (x integer)",
        "CREATE TEMP TABLE intrus (x integer)",
        "CREATE SCHEMA intrus",
        "DROP TABLE usagers.faits",
        "TRUNCATE usagers.faits",
        "ALTER TABLE usagers.faits ADD COLUMN x integer",
        "SET ROLE admin",
        "COPY usagers.faits TO PROGRAM 'cat'",
        "SELECT pg_read_file('/etc/passwd')",
    ],
)
async def test_a_role_can_do_nothing_else(usagers: asyncpg.Connection[asyncpg.Record], statement: str) -> None:
    with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.InvalidParameterValueError)):
        await usagers.execute(statement)


async def test_a_wrong_password_is_refused(started: DataDir) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(
            host="127.0.0.1",
            port=started.known_ports().postgres,
            user="usagers",
            password="faux",
            database=postgres.DATABASE,
        )


async def test_a_right_that_a_migration_takes_back_stays_taken(started: DataDir, fresh: str, tmp_path: Path) -> None:
    folder = tmp_path / "services" / "usagers" / "schema"
    folder.mkdir(parents=True)
    (folder / "0001_essai_releve.sql").write_text(MIGRATION)
    admin = await postgres.connect_admin(started, started.known_ports().postgres, fresh)

    first = await provisioning.provision_database(admin, passwords(started), tmp_path)
    second = await provisioning.provision_database(admin, passwords(started), tmp_path)
    await admin.close()
    role = await as_role(started, "usagers", fresh)
    await role.execute("INSERT INTO releve VALUES (1)")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await role.execute("UPDATE releve SET numero = 2")
    await role.close()

    assert first == ["usagers.0001_essai_releve"]
    assert second == []


def test_what_a_migration_depends_on_stands_before_it() -> None:
    for file in sorted(ROOT.rglob("schema/*.sql")):
        depends = re.search(r"^-- depends:(.*)$", file.read_text(encoding="utf-8"), re.MULTILINE)
        assert depends, file
        beside = [name for name in depends[1].split() if file.with_name(f"{name}.sql").exists()]
        assert all(name < file.stem for name in beside), file


@pytest.mark.parametrize("reverse", [False, True])
async def test_the_order_of_a_folder_does_not_matter(
    started: DataDir, fresh: str, monkeypatch: pytest.MonkeyPatch, reverse: bool
) -> None:
    """Each file system lists a folder in its own order: by creation, by hash, the newest first."""
    listed = Path.iterdir
    monkeypatch.setattr(Path, "iterdir", lambda folder: iter(sorted(listed(folder), reverse=reverse)))
    conn = await postgres.connect_admin(started, started.known_ports().postgres, fresh)

    applied = await provisioning.provision_database(conn, passwords(started))
    await conn.close()

    assert len(applied) > len(schemas())


async def test_two_provisioners_at_once_apply_each_migration_once(started: DataDir, fresh: str) -> None:
    port = started.known_ports().postgres
    admins = [await postgres.connect_admin(started, port, fresh) for _ in range(2)]

    applied = await asyncio.gather(*(provisioning.provision_database(admin, passwords(started)) for admin in admins))
    for admin in admins:
        await admin.close()

    assert sorted(map(bool, applied)) == [False, True]


async def test_durability_is_never_traded(started: DataDir) -> None:
    admin = await postgres.connect_admin(started, started.known_ports().postgres)
    names = ("fsync", "synchronous_commit", "full_page_writes", "data_checksums")
    settings = [await admin.fetchval("SELECT current_setting($1)", name) for name in names]
    await admin.close()

    assert settings == ["on"] * 4
