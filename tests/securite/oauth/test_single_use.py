"""Single use, by one behaviour suite over the real PostgreSQL and over the fake that the other tests use."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from chassis.database import Pool
from gateway.single_use import UsagesUniquesPostgres, purger, reserver_lot
from relais_contrats.oauth.errors import ReservationIndisponible
from relais_contrats.oauth.usages import UsagesUniques, UsageUnique, usage_unique
from tests.engines import Engines
from tests.securite.oauth.hub import Hub, UsagesMemoire
from tests.securite.oauth.partenaire import URL_PUBLIQUE, Partenaire

EXPIRE_LE = datetime(2026, 3, 2, 9, 5, tzinfo=UTC)


def usage(numero: int, expire_le: datetime = EXPIRE_LE) -> UsageUnique:
    return UsageUnique(numero.to_bytes(32, "big"), expire_le)


@pytest.fixture
async def pool(engines: Engines) -> AsyncIterator[Pool]:
    pool = await engines.pool(await engines.new_database(), "passerelle", min_size=1, max_size=12)
    yield pool
    await pool.close()


@asynccontextmanager
async def reserving(pool: Pool, attente_s: float = 1.5) -> AsyncIterator[UsagesUniquesPostgres]:
    """As a process runs it: its loop goes until it is asked to stop."""
    usages, stop = UsagesUniquesPostgres(pool, attente_s=attente_s), asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(usages.lots.run(stop))
        try:
            yield usages
        finally:
            stop.set()


@pytest.fixture(params=["postgres", "memoire"])
async def usages(request: pytest.FixtureRequest, pool: Pool) -> AsyncIterator[UsagesUniques]:
    if request.param == "memoire":
        yield UsagesMemoire()
        return
    async with reserving(pool) as usages:
        yield usages


pytestmark = pytest.mark.anyio


async def test_a_first_use_is_granted_and_a_second_is_not(usages: UsagesUniques) -> None:
    assert await usages.reserver([usage(1)])
    assert not await usages.reserver([usage(1)])


async def test_all_or_none(usages: UsagesUniques) -> None:
    await usages.reserver([usage(1)])

    assert not await usages.reserver([usage(2), usage(1)])
    assert await usages.reserver([usage(2)])


async def test_the_same_one_twice_in_a_request_is_refused(usages: UsagesUniques) -> None:
    assert not await usages.reserver([usage(1), usage(1)])


async def test_a_use_survives_the_process_that_recorded_it(pool: Pool) -> None:
    async with reserving(pool) as first:
        await first.reserver([usage(1)])

    async with reserving(pool) as second:
        assert not await second.reserver([usage(1)])


async def test_a_lot_decides_each_request_apart(pool: Pool) -> None:
    async with pool.acquire() as conn:
        await reserver_lot(conn, [[usage(9)]])

    async with pool.acquire() as conn, conn.transaction():
        verdicts = await reserver_lot(conn, [[usage(1), usage(2)], [usage(3), usage(9)], [usage(2)], [usage(4)], []])

    assert verdicts == [True, False, False, True, True]
    kept = {row["empreinte"] for row in await pool.fetch("SELECT empreinte FROM usages_uniques")}
    assert kept == {usage(numero).empreinte for numero in (1, 2, 4, 9)}


async def test_lots_that_overlap_in_opposite_orders_do_not_deadlock(pool: Pool) -> None:
    async def lot(numeros: list[int]) -> list[bool]:
        async with pool.acquire() as conn, conn.transaction():
            return await reserver_lot(conn, [[usage(numero)] for numero in numeros])

    numeros = list(range(5_000))
    resultats = await asyncio.gather(*(lot(numeros if tour % 2 else numeros[::-1]) for tour in range(4)))

    assert sum(sum(verdicts) for verdicts in resultats) == 5_000


async def test_what_nothing_accepts_any_more_is_purged(pool: Pool) -> None:
    async with pool.acquire() as conn:
        await reserver_lot(conn, [[usage(1, EXPIRE_LE - timedelta(seconds=1)), usage(2)]])

        purges = await purger(conn, EXPIRE_LE)

        assert purges == 1
        assert await reserver_lot(conn, [[usage(2)]]) == [False]


async def test_a_purge_is_bounded(pool: Pool) -> None:
    async with pool.acquire() as conn:
        await reserver_lot(conn, [[usage(numero) for numero in range(5)]])

        assert await purger(conn, EXPIRE_LE + timedelta(seconds=1), limite=3) == 3
        assert await purger(conn, EXPIRE_LE + timedelta(seconds=1), limite=3) == 2


async def test_a_database_that_refuses_is_told_as_unavailable(engines: Engines) -> None:
    async with (
        await engines.pool(await engines.new_database(), "orientation") as without_the_table,
        reserving(without_the_table) as usages,
    ):
        with pytest.raises(ReservationIndisponible):
            await usages.reserver([usage(1)])


async def test_a_pool_that_is_exhausted_is_told_as_unavailable(engines: Engines) -> None:
    alone = await engines.pool(await engines.new_database(), "passerelle", min_size=1, max_size=1)
    async with alone, alone.acquire(), reserving(alone, attente_s=0.05) as usages:
        with pytest.raises(ReservationIndisponible):
            await usages.reserver([usage(1)])


async def test_reservations_asked_together_are_one_transaction(pool: Pool) -> None:
    async with reserving(pool) as usages:
        verdicts = await asyncio.gather(*(usages.reserver([usage(number // 2)]) for number in range(60)))

    assert verdicts == [True, False] * 30
    written = await pool.fetchval("SELECT count(DISTINCT xmin::text) FROM usages_uniques")
    assert written <= 2


async def test_of_fifty_parallel_uses_of_one_assertion_on_two_workers_one_passes(pool: Pool) -> None:
    partenaire = Partenaire("si:cd-59")
    async with reserving(pool) as un, reserving(pool) as autre:
        status = await _ask_at_once(partenaire, [Hub(usages=un), Hub(usages=autre)])

    assert sorted(status) == [200] + [401] * 49


async def _ask_at_once(partenaire: Partenaire, ouvriers: list[Hub]) -> list[int]:
    """Fifty requests with one assertion, over the workers in turn."""
    for ouvrier in ouvriers:
        ouvrier.registre.inscrire(partenaire)
    assertion = partenaire.assertion()

    async def demander(ouvrier: Hub) -> int:
        transport = httpx.ASGITransport(ouvrier.application)
        async with httpx.AsyncClient(transport=transport, base_url=URL_PUBLIQUE) as client:
            response = await client.post(
                "/oauth/token", data=partenaire.formulaire(assertion), headers={"DPoP": partenaire.preuve()}
            )
        return response.status_code

    return await asyncio.gather(*(demander(ouvriers[numero % 2]) for numero in range(50)))


async def test_fingerprints_do_not_run_into_one_another() -> None:
    empreintes = {
        usage_unique(genre, porteur, jti, 0).empreinte
        for genre, porteur, jti in [("assertion", "ab", "c"), ("assertion", "a", "bc"), ("preuve", "ab", "c")]
    }

    assert len(empreintes) == 3
