"""Mandates as the operator manages them: each has a key of its own at the hub, sealed beside its configuration."""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import tomllib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg

from chassis.database import Connection, open_pool
from connectors.database import PostgreSQL
from connectors.mandates import Mandate, Mandates, new_token, token_digest
from connectors.runtime import Installation
from connectors.sealing import Vault
from connectors.systems import ConfigurationRefused, system, systems
from deploy import partner_registry
from deploy.datadir import HOST, DataDir, LaunchError, Ports
from deploy.keys import new_es256_key
from deploy.postgres import DATABASE
from gateway import partners
from gateway.declarations import CODE_FORMAT

SCHEMA = "connecteurs"


@dataclass(frozen=True, slots=True)
class Registry:
    """The mandates of one hub, and the partners' table in which their keys are."""

    mandates: Mandates
    installation: Installation
    partners: Connection
    ports: Ports

    async def find(self, code: str) -> Mandate:
        for mandate in await self.mandates.all():
            if mandate.code == code:
                return mandate
        raise LaunchError(f"Connecteur inconnu : {code} ; voyez ./relais connecteurs lister.")

    async def create(
        self, code: str, systeme: str, partner: str, configuration: Mapping[str, Any]
    ) -> tuple[Mandate, str]:
        """A new mandate, and the token for the partner's own system. Raises LaunchError for what is not admitted."""
        if not CODE_FORMAT.fullmatch(code):
            raise LaunchError(f"Code de connecteur invalide : {code} (minuscules, chiffres et tirets, 2 à 31 signes).")
        if any(mandate.code == code for mandate in await self.mandates.all()):
            raise LaunchError(f"Le connecteur {code} existe déjà.")
        _checked(systeme, configuration)
        now, token = datetime.now(UTC), new_token()
        client, key_pem = await self._new_key(partner, now)
        mandate = Mandate(
            code=code,
            systeme=systeme,
            partenaire=partner,
            etat="actif",
            configuration=configuration,
            client=client,
            key_pem=key_pem,
            jeton=token_digest(token),
            cree_a=now,
            change_a=now,
        )
        await self.mandates.add(mandate)
        return mandate, token

    async def reconfigure(self, code: str, configuration: Mapping[str, Any]) -> None:
        mandate = await self.find(code)
        _checked(mandate.systeme, configuration)
        changed = dataclasses.replace(mandate, configuration=configuration, change_a=datetime.now(UTC))
        await self.mandates.change(changed)

    async def suspend(self, code: str) -> None:
        """It stops, and its key opens nothing any more."""
        mandate, now = await self.find(code), datetime.now(UTC)
        await partners.retirer_cle(self.partners, code=mandate.partenaire, kid=mandate.client["kid"], maintenant=now)
        await self.mandates.change(dataclasses.replace(mandate, etat="suspendu", change_a=now))

    async def resume(self, code: str) -> None:
        """It goes on where it was, with a new key."""
        mandate, now = await self.find(code), datetime.now(UTC)
        if mandate.is_active:
            raise LaunchError(f"Le connecteur {code} est déjà en service.")
        client, key_pem = await self._new_key(mandate.partenaire, now)
        changed = dataclasses.replace(mandate, etat="actif", client=client, key_pem=key_pem, change_a=now)
        await self.mandates.change(changed)

    async def renew(self, code: str, configuration: Mapping[str, Any]) -> str:
        """In service again with this configuration, a new key, and a new token, which is returned."""
        mandate, now, token = await self.find(code), datetime.now(UTC), new_token()
        _checked(mandate.systeme, configuration)
        if mandate.is_active:
            await self.suspend(code)
        client, key_pem = await self._new_key(mandate.partenaire, now)
        changed = dataclasses.replace(
            mandate,
            etat="actif",
            configuration=configuration,
            client=client,
            key_pem=key_pem,
            jeton=token_digest(token),
            change_a=now,
        )
        await self.mandates.change(changed)
        return token

    async def _new_key(self, partner: str, now: datetime) -> tuple[dict[str, Any], str]:
        """`client.json` of the partner with a key of the connector's own: revoking it revokes nothing else."""
        declared = await partners.declare(self.partners, code=partner)
        if declared is None:
            raise LaunchError(f"Partenaire inconnu : {partner}.")
        key_pem = new_es256_key()
        jwk = partner_registry.public_jwk(key_pem)
        await partner_registry.add_key(self.partners, partner, jwk, now, previous=[], overlap=timedelta(0))
        issuer = f"http://{HOST}:{self.ports.passerelle}"
        return {
            "issuer": issuer,
            "token_endpoint": f"{issuer}/oauth/token",
            "api": issuer,
            "client_id": f"si:{partner}",
            "kid": jwk["kid"],
            "alg": jwk["alg"],
            "scopes": list(declared["scopes"]),
        }, key_pem


@contextlib.asynccontextmanager
async def opened(data: DataDir, ports: Ports) -> AsyncIterator[Registry]:
    url = f"postgresql://{SCHEMA}@{HOST}:{ports.postgres}/{DATABASE}"
    password = data.password_file(SCHEMA).read_text().strip()
    try:
        pool = await open_pool(url, password, SCHEMA, min_size=1, max_size=2)
    except (OSError, asyncpg.PostgresError) as error:
        raise LaunchError(f"Le relais de {data.path} ne répond pas ; lancez d'abord ./relais up.") from error
    async with pool, partner_registry.connection(data, ports) as conn:
        key = (data.secrets / "connecteurs" / "coffre.cle").read_text().strip()
        database, vault = PostgreSQL(pool), Vault(base64.urlsafe_b64decode(key + "=="))
        yield Registry(Mandates(database, vault), Installation(database, vault, data.connectors), conn, ports)


def read_configuration(path: Path | None) -> dict[str, Any]:
    """A TOML file; without one, what the system needs nothing of."""
    if path is None:
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise LaunchError(f"{path} n'est pas du TOML lisible : {error}.") from error


def _checked(systeme: str, configuration: Mapping[str, Any]) -> None:
    try:
        system(systeme).configure(configuration)
    except KeyError as error:
        known = ", ".join(one.code for one in systems())
        raise LaunchError(f"Système inconnu : {systeme} ; choix : {known}.") from error
    except ConfigurationRefused as error:
        raise LaunchError(f"Configuration refusée : {error}") from error
