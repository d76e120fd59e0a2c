"""Partners as the operator manages them: rows of the gateway's schema, keys and `client.json` in the data folder."""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg

from chassis.database import Connection, open_pool
from deploy.datadir import HOST, DataDir, LaunchError, Ports, write_private
from deploy.keys import new_es256_key
from deploy.postgres import DATABASE
from gateway import conformity, partners
from gateway.declarations import Partner
from relais_contrats.oauth.errors import CertificatInvalide, CleInvalide
from relais_contrats.oauth.keys import cle_a_inscrire

SCHEMA = "passerelle"


@contextlib.asynccontextmanager
async def connection(data: DataDir, ports: Ports) -> AsyncIterator[Connection]:
    """A connection under the gateway's own role, which has the rights that this needs and no more."""
    url = f"postgresql://{SCHEMA}@{HOST}:{ports.postgres}/{DATABASE}"
    password = data.password_file(SCHEMA).read_text().strip()
    try:
        pool = await open_pool(url, password, SCHEMA, min_size=1, max_size=1)
    except (OSError, asyncpg.PostgresError) as error:
        raise LaunchError(f"Le relais de {data.path} ne répond pas ; lancez d'abord ./relais up.") from error
    async with pool, pool.acquire() as conn:
        yield conn


async def create(
    conn: Connection, partner: Partner, jwk: dict[str, Any] | None, certificate: bytes | None = None
) -> None:
    """Register an active partner with its first key or certificate; raises LaunchError when the code is taken or
    either is not accepted."""
    try:
        await partners.creer(
            conn,
            code=partner.code,
            type_organisme=partner.type_organisme,
            nom=partner.nom,
            departements=partner.departements,
            structures=partner.structures,
            conventions=partner.conventions,
            scopes=partner.scopes,
            hotes=partner.hotes,
            exige_certificat=partner.exige_certificat,
            jwk=jwk,
            certificat=certificate,
        )
    except asyncpg.UniqueViolationError as error:
        raise LaunchError(f"Le partenaire {partner.code} ou son certificat existe déjà.") from error
    except CleInvalide as error:
        raise LaunchError(f"La clé de {partner.code} est refusée : {error}") from error
    except CertificatInvalide as error:
        raise LaunchError(f"Le certificat de {partner.code} est refusé : {error}") from error


async def add_key(
    conn: Connection, code: str, jwk: dict[str, Any], now: datetime, *, previous: list[str], overlap: timedelta
) -> None:
    """Register a new key; the previous ones (their `kid`) stay valid during the overlap."""
    try:
        async with conn.transaction():
            await partners.ajouter_cle(conn, code=code, jwk=jwk, debut=now, fin=now + partners.KEY_LIFETIME)
            for kid in previous:
                await partners.retirer_cle(conn, code=code, kid=kid, maintenant=now + overlap)
    except asyncpg.UniqueViolationError as error:
        raise LaunchError(f"Le partenaire {code} a déjà cette clé.") from error
    except CleInvalide as error:
        raise LaunchError(f"La clé de {code} est refusée : {error}") from error


async def listed(conn: Connection) -> dict[str, dict[str, Any]]:
    """Every partner by code, with the ids of its keys and certificates, the end of its profil hérité, and in
    `conformites` its last certificate of conformance for each program, with its `etat`."""
    now, found = datetime.now(UTC), {row["code"]: row | {"conformites": []} for row in await partners.lister(conn)}
    for one in await conformity.last(conn):
        found[one.partenaire]["conformites"].append(dataclasses.asdict(one) | {"etat": one.etat(now)})
    return found


def ensure_key(data: DataDir, code: str, *, renew: bool = False) -> dict[str, Any]:
    """The public JWK of `partenaires/<code>/cle.pem`, generated when it is missing or due for renewal."""
    folder = data.partners / code
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    key_file = folder / "cle.pem"
    if renew and key_file.exists():
        key_file.rename(folder / f"cle-{datetime.now(UTC):%Y%m%dT%H%M%S}.pem")
    if not key_file.exists():
        write_private(key_file, new_es256_key())
    return public_jwk(key_file.read_text())


def write_client(data: DataDir, issuer: str, code: str, proof: Mapping[str, Any], scopes: list[str]) -> Path:
    """Write `client.json`: all that a partner's developer needs to ask for a token, but the key.

    `proof`: `kid` and `alg` of its key, or the `methode` of who has a certificate.
    """
    client = {
        "issuer": issuer,
        "token_endpoint": f"{issuer}/oauth/token",
        "api": issuer,
        "client_id": f"si:{code}",
        **{name: proof[name] for name in ("kid", "alg", "methode") if name in proof},
        "scopes": scopes,
    }
    path = data.partners / code / "client.json"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_private(path, json.dumps(client, ensure_ascii=False, indent=2) + "\n")
    return path


def public_text(jwk: Mapping[str, Any]) -> str:
    """A public JWK as the administration API takes it."""
    return json.dumps({name: value for name, value in jwk.items() if name not in ("kid", "alg", "use")})


def issuer_of(ports: Ports) -> str:
    return f"http://{HOST}:{ports.passerelle}"


def change_scopes(data: DataDir, code: str, scopes: list[str]) -> None:
    """Keep a `client.json` that the hub wrote true to what the partner may ask for."""
    path = data.partners / code / "client.json"
    with contextlib.suppress(FileNotFoundError):
        client = json.loads(path.read_text()) | {"scopes": scopes}
        write_private(path, json.dumps(client, ensure_ascii=False, indent=2) + "\n")


def public_jwk(pem_or_jwk: str) -> dict[str, str]:
    """See `relais_contrats.oauth.keys.cle_a_inscrire`."""
    try:
        return cle_a_inscrire(pem_or_jwk)
    except CleInvalide as error:
        raise LaunchError("La clé n'est ni un PEM ni un JWK lisible (P-256, Ed25519 ou RSA).") from error
