"""What the fan-out and the sender do not do: read whole tables, look again for nothing, leave rows behind."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from chassis.database import Connection
from gateway import numbering, participations
from gateway.outbound.store import delivery
from gateway.outbound.store.delivery import Release, Sending
from tests.passerelle.outgoing import Sortant

pytestmark = pytest.mark.anyio
EVENT = "INSERT INTO evenements (id, parcours, type, corps, recu_a) VALUES ($1, $1, 'usager.signale', '{}', now())"


async def told(conn: Connection, events: int) -> dict[tuple[str, UUID], int]:
    """So many events told to one partner, whose numbers these are."""
    ids = [uuid4() for _ in range(events)]
    await conn.executemany(EVENT, [(one,) for one in ids])
    rows = [numbering.Delivery("cd-59", one, one, "usager.signale", ["territoire"]) for one in ids]
    return await numbering.insert_deliveries(conn, rows, datetime.now(UTC))


async def test_an_event_takes_its_deliveries_and_their_sendings_along(sortant: Sortant) -> None:
    abonnement = await sortant.subscribe("cd-59", "http://127.0.0.1:9/recu")
    async with sortant.process.pool.acquire() as conn:
        numbers = await told(conn, 2)
        await numbering.insert_sendings(conn, [(abonnement, number, one) for (_, one), number in numbers.items()])

        await conn.execute("DELETE FROM evenements WHERE id = $1", next(iter(numbers))[1])

        left = await conn.fetchrow("SELECT (SELECT count(*) FROM livraisons), (SELECT count(*) FROM envois)")

    assert tuple(left or ()) == (1, 1)


async def test_a_queue_that_is_given_back_says_whether_something_is_left(sortant: Sortant) -> None:
    abonnement, parcours, now = await sortant.subscribe("cd-59", "http://127.0.0.1:9/recu"), uuid4(), datetime.now(UTC)
    bail = now + timedelta(seconds=30)
    release = Release(abonnement, parcours, bail, 0, None, now)
    async with sortant.process.pool.acquire() as conn:
        first, last = (await told(conn, 2)).values()
        await numbering.insert_sendings(conn, [(abonnement, number, parcours) for number in (first, last)])
        queue = "INSERT INTO files (abonnement, parcours, restants, prochain_a, bail_jusqua) VALUES ($1, $2, 2, $3, $4)"
        await conn.execute(queue, abonnement, parcours, now, bail)

        has_more = await delivery.settle(conn, [Sending(abonnement, first, "livre", 1, 204, None)], [release], now)
        given_back = await conn.fetchrow("SELECT restants, bail_jusqua FROM files")
        is_late = await delivery.settle(conn, [Sending(abonnement, last, "livre", 1, 204, None)], [release], now)
        afterwards = await conn.fetchrow("SELECT restants, essais FROM files")

    assert (has_more, tuple(given_back or ())) == (True, (1, None))
    assert (is_late, tuple(afterwards or ())) == (False, (0, 0))


async def test_who_signalled_is_found_by_an_index(sortant: Sortant) -> None:
    """Every batch asks; it read each participation of the hub."""
    many = "SELECT gen_random_uuid(), 'cd-59', 'signalant', now() FROM generate_series(1, 999)"
    async with sortant.process.pool.acquire() as conn:
        await conn.execute(f"INSERT INTO participations {many}")
        plan = [row[0] for row in await conn.fetch(f"EXPLAIN {participations._SIGNALLED}", [uuid4()])]

    [first, *_] = [rank for rank, line in enumerate(plan) if " on participations " in line]
    assert "Cond: (parcours = ANY" in plan[first + 1]
