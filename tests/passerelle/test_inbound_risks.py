"""What the door tells the console: who deserves a look, by code, and nothing when all is well."""

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from chassis.database import Pool
from gateway import partners
from gateway.inbound.risks import answering
from tests.engines import Bench
from tests.securite.oauth.partenaire import cle_es256

pytestmark = pytest.mark.anyio


@pytest.fixture
async def pool(banc: Bench) -> Pool:
    return await banc.pool("passerelle")


async def told(pool: Pool) -> list[dict[str, Any]]:
    risks: list[dict[str, Any]] = orjson.loads(await answering(pool)(b""))
    return risks


async def declare(pool: Pool, code: str) -> None:
    key = cle_es256()
    async with pool.acquire() as conn:
        await partners.creer(
            conn,
            code=code,
            type_organisme="departement",
            nom=code,
            departements=["59"],
            structures=[],
            conventions=[],
            scopes=[],
            jwk={**key.jwk, "kid": "cle-1", "alg": key.alg},
        )


async def test_a_partner_with_a_key_in_its_prime_is_no_risk(pool: Pool) -> None:
    await declare(pool, "cd-59")

    assert await told(pool) == []


async def test_a_shared_secret_is_told_with_its_end(pool: Pool) -> None:
    now = datetime.now(UTC)
    await declare(pool, "cd-59")
    async with pool.acquire() as conn:
        await partners.ouvrir_herite(
            conn, code="cd-59", maintenant=now, expire_le=now + timedelta(days=90), fin_des_autres=now
        )

    [risk] = await told(pool)

    assert (risk["nature"], risk["partenaire"]) == ("profil-herite", "cd-59")
    assert datetime.fromisoformat(risk["echeance"]) == now + timedelta(days=90)


async def test_a_last_key_that_ends_within_a_month_is_told_until_another_is_given(pool: Pool) -> None:
    now = datetime.now(UTC)
    await declare(pool, "cd-59")
    async with pool.acquire() as conn:
        await conn.execute("UPDATE cles_partenaire SET fin = $1", now + timedelta(days=20))
    before = await told(pool)
    key = cle_es256()
    async with pool.acquire() as conn:
        jwk = {**key.jwk, "kid": "cle-2", "alg": key.alg}
        await partners.ajouter_cle(conn, code="cd-59", jwk=jwk, debut=now, fin=now + timedelta(days=300))

    assert [risk["nature"] for risk in before] == ["cle-bientot-finie"]
    assert await told(pool) == []
