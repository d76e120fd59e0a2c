"""What the door tells the console: who deserves a look, by code, and nothing when all is well."""

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from chassis.database import Pool
from gateway import partners
from gateway.inbound.request.counters import RECHERCHES, SIGNALEMENTS, TROUVEES, Counters
from gateway.inbound.watching.exploration import Parts
from gateway.inbound.watching.risks import answering
from gateway.inbound.watching.watch import Anomalie, Watch
from tests.engines import Bench
from tests.securite.oauth.partenaire import cle_es256

pytestmark = pytest.mark.anyio


@pytest.fixture
async def pool(banc: Bench) -> Pool:
    return await banc.pool("passerelle")


class Watched(Watch):
    """Components that are well, but those named."""

    def __init__(self, *anomalies: Anomalie) -> None:
        self._anomalies = list(anomalies)

    def anomalies(self) -> list[Anomalie]:
        return self._anomalies


async def told(pool: Pool, *anomalies: Anomalie) -> list[dict[str, Any]]:
    risks: list[dict[str, Any]] = orjson.loads(await answering(pool, Watched(*anomalies), Parts(600, 200_000))(b""))
    return risks


async def test_a_component_in_trouble_comes_first(pool: Pool) -> None:
    parked = Anomalie("rebut", "orientation", "orientation a 2 éléments au rebut", nombre=2)

    [first, *_] = await told(pool, parked)

    assert (first["nature"], first["partenaire"], first["nombre"]) == ("rebut", "orientation", 2)


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


async def test_who_names_too_many_persons_or_only_unknown_ones_is_told(pool: Pool) -> None:
    now, counters = datetime.now(UTC), Counters(pool)
    counters.add("ml-lille", RECHERCHES, now, 700)
    counters.add("ml-lille", TROUVEES, now, 300)
    counters.add("caf-59", SIGNALEMENTS, now, 1_500)
    counters.add("caf-59", TROUVEES, now, 1)
    counters.add("cd-59", RECHERCHES, now, 20)
    await counters.share(now)

    risks = {(risk["nature"], risk["partenaire"], risk["nombre"]) for risk in await told(pool)}

    assert risks == {
        ("exploration-trop-de-personnes", "ml-lille", 700),
        ("exploration-personnes-inconnues", "caf-59", 1_500),
    }
