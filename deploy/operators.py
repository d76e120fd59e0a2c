"""Operators of the console: the first of an embedded hub, those that the command line declares, and its own bearer."""

from __future__ import annotations

import base64
import getpass
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from console.access import passwords
from deploy import postgres
from deploy.datadir import DataDir, LaunchError, write_private

FIRST = "operateur"
ROLES = ("lecture", "exploitation", "administration")
_SECONDS = 60


def bearer(data: DataDir, role: str = "exploitation", name: str | None = None) -> dict[str, str]:
    """The header with which a command of this machine asks the console, for one minute, in the name of its user."""
    from joserfc import jwt
    from joserfc.jwk import OctKey

    raw = (data.secrets / "console" / "outil.cle").read_text().strip()
    now, who = int(time.time()), name or getpass.getuser()
    claims = {"aud": "relais-console", "sub": who, "role": role, "iat": now, "exp": now + _SECONDS}
    token = jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(base64.urlsafe_b64decode(raw + "==")))
    return {"Authorization": f"Bearer {token}"}


@asynccontextmanager
async def connection(data: DataDir) -> AsyncIterator[Any]:
    try:
        conn = await postgres.connect_admin(data, data.known_ports().postgres)
    except (OSError, asyncpg.PostgresError) as error:
        raise LaunchError(f"Le relais de {data.path} ne répond pas ; lancez d'abord ./relais up.") from error
    try:
        yield conn
    finally:
        await conn.close()


async def ensure_first(data: DataDir) -> None:
    """Make the first operator of a hub that has none; its password waits in a file for whoever is at the terminal."""
    async with connection(data) as conn:
        if await conn.fetchval("SELECT EXISTS (SELECT FROM console.operateurs)"):
            return
        password = await create(conn, FIRST, "administration")
    write_private(data.first_password, password + "\n")


def take_first_password(data: DataDir) -> str | None:
    """The first password, once: it is written nowhere afterwards."""
    try:
        password = data.first_password.read_text().strip()
    except FileNotFoundError:
        return None
    data.first_password.unlink()
    return password


def sentence(data: DataDir) -> str:
    """Where the console is, and how to come in."""
    where = f"Console http://127.0.0.1:{data.known_ports().console}"
    password = take_first_password(data)
    return f"{where} · opérateur {FIRST}, mot de passe {password} (il ne sera plus écrit)" if password else where


async def create(conn: Any, name: str, role: str) -> str:
    """The password of a new operator. Raises LaunchError when the name is taken or is none."""
    password = passwords.generate()
    try:
        await conn.execute(
            "INSERT INTO console.operateurs (nom, role, condensat) VALUES ($1, $2, $3)",
            *(name, role, passwords.digest(password)),
        )
    except asyncpg.UniqueViolationError as error:
        raise LaunchError(f"L'opérateur {name} existe déjà.") from error
    except asyncpg.CheckViolationError as error:
        raise LaunchError(
            f"« {name} » n'est pas un nom : minuscules, chiffres, points et tirets, 64 signes au plus."
        ) from error
    return password


async def new_password(conn: Any, name: str) -> str:
    """Another password, and no session under the former one."""
    password = passwords.generate()
    await _change(conn, name, "UPDATE console.operateurs SET condensat = $2 WHERE nom = $1", passwords.digest(password))
    await conn.execute("DELETE FROM console.sessions WHERE origine = 'local' AND operateur = $1", name)
    return password


async def set_role(conn: Any, name: str, role: str) -> None:
    await _change(conn, name, "UPDATE console.operateurs SET role = $2 WHERE nom = $1", role)


async def remove(conn: Any, name: str) -> None:
    await _change(conn, name, "DELETE FROM console.operateurs WHERE nom = $1")
    await conn.execute("DELETE FROM console.sessions WHERE origine = 'local' AND operateur = $1", name)


async def listed(conn: Any) -> Sequence[Any]:
    found: Sequence[Any] = await conn.fetch("SELECT nom, role, cree_a FROM console.operateurs ORDER BY nom")
    return found


async def _change(conn: Any, name: str, query: str, *values: str) -> None:
    if await conn.execute(query, name, *values) in ("UPDATE 0", "DELETE 0"):
        raise LaunchError(f"Aucun opérateur local ne s'appelle {name}.")
