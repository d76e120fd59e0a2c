"""Two years after the last communication: the archive; two years later: erasure. The clock is an argument."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import orjson
import pytest

from chassis.database import Pool
from coffre.keys import Vault
from gateway import archives, participations
from gateway.inbound.deposit.cabinet import Cabinet
from gateway.inbound.deposit.retention import Retention
from gateway.inbound.events import feed, replays_store, subscriptions_store
from gateway.inbound.reading import reads_store
from gateway.outbound.store import renewals
from gateway.outbound.store.renewals import Kind
from gateway.participations import Lieu, Participation
from relais_contrats.droits import Role
from tests.engines import Bench
from tests.passerelle.outgoing import KEY, register, vault_of

pytestmark = pytest.mark.anyio
BEGIN = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
YEAR = timedelta(days=365.25)
VAULTS: dict[Pool, Vault] = {}
TELL = "INSERT INTO evenements (id, parcours, type, corps, recu_a) VALUES ($1, $2, $3, $4, $5)"
DELIVER = """
INSERT INTO livraisons (partenaire, evenement, parcours, type, roles, a, relaisnumero)
SELECT $1, $2, $3, 'usager.signale', '{territoire}', $4, count(*) + 1 FROM livraisons RETURNING numero
"""
SUBSCRIBE = """
INSERT INTO abonnements (id, partenaire, url, types, lot, etat, signature, secret, cree_a, portees)
VALUES ($1, 'cd-59', 'http://127.0.0.1:9/', '{}', 1, 'actif', 'v1', '', $2, '{}')
"""


@pytest.fixture
async def pool(banc: Bench) -> Pool:
    process = await banc.process("entrant", "passerelle")
    VAULTS[process.pool] = vault_of(banc, process.pool)
    for code in ("cd-59", "ft-hdf"):
        await register(process, code)
    return process.pool


@pytest.fixture
async def parcours(pool: Pool) -> UUID:
    """Somebody of whom caf-59 spoke at the beginning."""
    one = uuid4()
    await shared(pool, one)
    await tell(pool, one, BEGIN)
    return one


async def shared(pool: Pool, parcours: UUID, partenaire: str = "cd-59") -> None:
    """Somebody of the Nord, whose parcours this partner of the territory follows."""
    async with pool.acquire() as conn:
        await participations.place(conn, [Lieu(parcours, "59", 1)])
        await participations.enter(conn, [Participation(parcours, partenaire, Role.TERRITOIRE)], BEGIN)


async def tell(pool: Pool, parcours: UUID, at: datetime, source: str = "/partenaires/caf-59") -> None:
    corps = {"source": source, "departement": "59", "data": {}}
    await pool.execute(TELL, uuid4(), parcours, "usager.signale", corps, at)


async def cabinet(pool: Pool) -> Cabinet:
    one = Cabinet(VAULTS[pool], KEY)
    await one.ready(BEGIN)
    return one


async def turn(pool: Pool, at: datetime) -> None:
    await Retention(pool, await cabinet(pool)).turn(at)


async def is_open(pool: Pool, parcours: UUID, partenaire: str = "cd-59") -> bool:
    async with pool.acquire() as conn:
        return bool(await participations.of_pairs(conn, [(parcours, partenaire)]))


async def erasures(pool: Pool) -> list[Any]:
    return await pool.fetch("SELECT * FROM depots WHERE type = 'usager.efface'")


async def test_nothing_happens_before_two_years(pool: Pool, parcours: UUID) -> None:
    await turn(pool, BEGIN + 2 * YEAR - timedelta(days=2))

    assert await is_open(pool, parcours)


async def test_after_two_years_nobody_reads_it(pool: Pool, parcours: UUID) -> None:
    await turn(pool, BEGIN + 2 * YEAR + timedelta(days=1))

    assert not await is_open(pool, parcours)
    assert await erasures(pool) == []


async def test_a_clock_of_the_hub_is_no_communication_and_a_partner_s_word_is(pool: Pool, parcours: UUID) -> None:
    other = uuid4()
    await shared(pool, other)
    await tell(pool, other, BEGIN)
    await tell(pool, parcours, BEGIN + YEAR, "/services/engagements")
    await tell(pool, other, BEGIN + YEAR, "/liens/00000000-0000-7000-8000-000000000000")

    await turn(pool, BEGIN + 2 * YEAR + timedelta(days=1))

    assert (await is_open(pool, parcours), await is_open(pool, other)) == (False, True)


async def test_what_a_partner_said_that_nobody_else_was_to_hear_is_a_communication(pool: Pool, parcours: UUID) -> None:
    alone = "INSERT INTO sans_destinataire VALUES ($1, $2, 'usager.corrige', 'emetteur-seul', $3, $4)"
    other = uuid4()
    await shared(pool, other)
    await tell(pool, other, BEGIN)
    await pool.execute(alone, uuid4(), parcours, BEGIN + YEAR, True)
    await pool.execute(alone, uuid4(), other, BEGIN + YEAR, False)

    await turn(pool, BEGIN + 2 * YEAR + timedelta(days=1))
    archived = (await is_open(pool, parcours), await is_open(pool, other))
    await pool.execute(alone, uuid4(), other, BEGIN + 3 * YEAR, True)
    await turn(pool, BEGIN + 3 * YEAR + timedelta(days=1))

    assert archived == (True, False)
    assert (await is_open(pool, parcours), await is_open(pool, other)) == (False, True)


async def test_who_takes_part_may_speak_of_it_again_and_its_key_comes(banc: Bench, pool: Pool, parcours: UUID) -> None:
    await turn(pool, BEGIN + 3 * YEAR)
    async with pool.acquire() as conn:
        may_speak = await participations.of_pairs(conn, [(parcours, "cd-59"), (parcours, "ft-hdf")], archived=True)
        await archives.spoken_of(conn, [parcours])

    assert list(may_speak) == [(parcours, "cd-59")]
    assert await is_open(pool, parcours)
    assert [row["id"] for row in await (await banc.admin()).fetch("SELECT id FROM coffre.retours")] == [parcours]


async def test_who_speaks_of_it_again_takes_it_out(pool: Pool, parcours: UUID) -> None:
    await turn(pool, BEGIN + 2 * YEAR + timedelta(days=1))
    await tell(pool, parcours, BEGIN + 2 * YEAR + timedelta(days=2))

    await Retention(pool, await cabinet(pool)).turn(BEGIN + 2 * YEAR + timedelta(days=2), whole=False)

    assert await is_open(pool, parcours)


async def test_after_four_years_the_hub_asks_for_its_erasure_once(pool: Pool, parcours: UUID) -> None:
    await turn(pool, BEGIN + 3 * YEAR)
    for days in (1, 2):
        await turn(pool, BEGIN + 4 * YEAR + timedelta(days=days))

    [asked] = await erasures(pool)
    async with pool.acquire() as conn:
        [body] = await (await cabinet(pool)).open(conn, [asked])
    entree = orjson.loads(body)
    assert (asked["parcours"], asked["brique"], asked["partenaire"]) == (parcours, "usagers", "_passerelle")
    assert (entree["emetteur"], entree["partition"]) == ("/services/passerelle", "59")
    assert "R. 263-8" in entree["donnees"]["motif"]


async def test_what_comes_back_is_not_erased(pool: Pool, parcours: UUID) -> None:
    await turn(pool, BEGIN + 3 * YEAR)
    await tell(pool, parcours, BEGIN + 3 * YEAR + timedelta(days=1))

    await turn(pool, BEGIN + 4 * YEAR + timedelta(days=1))

    assert await erasures(pool) == []
    assert await is_open(pool, parcours)


async def test_an_absorbed_parcours_counts_for_its_survivor(pool: Pool, parcours: UUID) -> None:
    survivor = uuid4()
    await shared(pool, survivor)
    async with pool.acquire() as conn:
        await participations.absorb(conn, [(survivor, [parcours])])
    await tell(pool, survivor, BEGIN - YEAR)
    await tell(pool, parcours, BEGIN + YEAR)

    await turn(pool, BEGIN + 2 * YEAR + timedelta(days=1))

    assert await is_open(pool, survivor)


async def test_a_motive_opens_it_to_one_partner_for_a_while(pool: Pool, parcours: UUID) -> None:
    now = datetime.now(UTC)
    await shared(pool, parcours, "ft-hdf")
    await turn(pool, BEGIN + 3 * YEAR)
    told: dict[str, Any] = {"motif": "Recours devant le juge.", "agent": "Durand Anne a-12", "now": now}
    async with pool.acquire() as conn:
        assert await archives.open_for(conn, parcours, "cd-59", until=now + timedelta(days=7), **told)
        assert not await archives.open_for(conn, uuid4(), "cd-59", until=now + timedelta(days=7), **told)

    assert (await is_open(pool, parcours), await is_open(pool, parcours, "ft-hdf")) == (True, False)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await pool.execute("UPDATE archives_ouvertes SET motif = 'Un autre motif.'")


async def told(pool: Pool, partenaire: str = "cd-59") -> dict[str, list[int]]:
    """The deliveries that each way of reading again would give, from the beginning on."""
    period = (BEGIN - YEAR, BEGIN + 9 * YEAR)
    async with pool.acquire() as conn:
        page = await conn.fetch(feed._PAGE, partenaire, 0, None, 100)
        listed = await conn.fetch(reads_store._DELIVERIES_BETWEEN, partenaire, 0, 2**40, *period, 100)
        query = f"SELECT l.numero {replays_store._SELECTED}"
        again = await conn.fetch(query, partenaire, None, 0, 2**40, *period, [])
    ways = {"fil": page, "reconciliation": listed, "rejeu": again}
    return {way: [row["numero"] for row in rows] for way, rows in ways.items()}


async def delivered(pool: Pool, parcours: UUID, at: datetime, partenaire: str = "cd-59") -> int:
    """An event of this parcours that the partner was told, by its number."""
    event = uuid4()
    await pool.execute(TELL, event, parcours, "usager.signale", {"source": "/services/usagers", "data": {}}, at)
    number: int = await pool.fetchval(DELIVER, partenaire, event, parcours, at)
    return number


async def test_what_was_told_of_it_is_told_again_by_no_way(pool: Pool, parcours: UUID) -> None:
    before = await delivered(pool, parcours, BEGIN)
    await turn(pool, BEGIN + 3 * YEAR)
    since = await delivered(pool, parcours, BEGIN + 3 * YEAR + timedelta(seconds=1))

    assert before not in (await told(pool))["fil"]
    assert await told(pool) == {"fil": [since], "reconciliation": [since], "rejeu": [since]}


async def test_to_whom_it_is_opened_it_is_told_again(pool: Pool, parcours: UUID) -> None:
    now = datetime.now(UTC)
    mine, theirs = [await delivered(pool, parcours, BEGIN, code) for code in ("cd-59", "ft-hdf")]
    await turn(pool, BEGIN + 3 * YEAR)
    async with pool.acquire() as conn:
        until = now + timedelta(days=7)
        motif, agent = "Recours devant le juge.", "Durand Anne a-12"
        await archives.open_for(conn, parcours, "cd-59", motif=motif, agent=agent, now=now, until=until)

    assert await told(pool) == {"fil": [mine], "reconciliation": [mine], "rejeu": [mine]}
    assert theirs not in (await told(pool, "ft-hdf"))["fil"]


async def test_a_delivery_of_it_is_not_sent_again(pool: Pool, parcours: UUID) -> None:
    subscription = uuid4()
    number = await delivered(pool, parcours, BEGIN)
    await pool.execute(SUBSCRIBE, subscription, BEGIN)
    await pool.execute(
        "INSERT INTO envois (abonnement, livraison, parcours, relaisnumero) VALUES ($1, $2, $3, 1)",
        subscription,
        number,
        parcours,
    )
    event = await pool.fetchval("SELECT evenement FROM livraisons WHERE numero = $1", number)

    before = await pool.fetch(subscriptions_store._OWN_SENDING, "cd-59", [subscription], [event])
    await turn(pool, BEGIN + 3 * YEAR)
    after = await pool.fetch(subscriptions_store._OWN_SENDING, "cd-59", [subscription], [event])

    assert ([row["livraison"] for row in before], after) == ([number], [])


async def test_what_an_absorbed_parcours_was_told_goes_with_its_survivor(pool: Pool, parcours: UUID) -> None:
    survivor = uuid4()
    await delivered(pool, parcours, BEGIN)
    await shared(pool, survivor)
    async with pool.acquire() as conn:
        await participations.absorb(conn, [(survivor, [parcours])])
    await turn(pool, BEGIN + 3 * YEAR)

    assert await told(pool) == {"fil": [], "reconciliation": [], "rejeu": []}


HOLD = "UPDATE livraisons SET retenue = true WHERE numero = $1"
SEND = "INSERT INTO envois (abonnement, livraison, parcours, etat, relaisnumero) VALUES ($1, $2, $3, 'retenu', $2)"


async def freed(pool: Pool, at: datetime, partenaire: str = "cd-59") -> tuple[list[str], int]:
    """Who has something that a renewal would free, and how many rows it frees."""
    async with pool.acquire() as conn, conn.transaction():
        waiting = await renewals.waiting(conn)
        return waiting, await renewals.resume(conn, partenaire, [Kind("usager.signale", "territoire")], at)


async def test_what_an_ended_convention_held_back_leaves_when_the_parcours_comes_back_not_before(
    pool: Pool, parcours: UUID
) -> None:
    now, subscription = datetime.now(UTC), uuid4()
    shown, pushed = [await delivered(pool, parcours, BEGIN) for _ in range(2)]
    await pool.execute(SUBSCRIBE, subscription, BEGIN)
    await pool.execute(HOLD, shown)
    await pool.execute(SEND, subscription, pushed, parcours)
    await turn(pool, BEGIN + 3 * YEAR)
    async with pool.acquire() as conn:
        motif, agent, until = "Recours devant le juge.", "Durand Anne a-12", now + timedelta(days=7)
        await archives.open_for(conn, parcours, "cd-59", motif=motif, agent=agent, now=now, until=until)

    archived = await freed(pool, BEGIN + 3 * YEAR)
    await tell(pool, parcours, BEGIN + 3 * YEAR + timedelta(days=1))
    await turn(pool, BEGIN + 3 * YEAR + timedelta(days=1))

    assert archived == ([], 0)
    assert await freed(pool, BEGIN + 3 * YEAR + timedelta(days=1)) == (["cd-59"], 2)
