"""An event of which no body can be made goes aside alone: its page, its batch, its replay and its parcours go on."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from gateway.outbound.health import waiting as health_of
from gateway.outbound.store import waiting
from tests.passerelle.outgoing import DROITS, Sortant, until
from tests.passerelle.receiver import Receiver
from tests.passerelle.test_conventions import feed_of, renewed, short, types

pytestmark = pytest.mark.anyio
WITHOUT = ["parcours.partage", "usager.signale", "droits.modifies"]


async def three(sortant: Sortant, parcours: UUID) -> UUID:
    """Three events of one parcours are told, and the second one's row is broken. Its id."""
    sortant.distribute()
    await sortant.signale(parcours)
    for _ in range(2):
        await sortant.tell("droits.modifies", parcours, DROITS)
    await sortant.delivered(8)
    [second, _] = [row for row in await sortant.deliveries("cd-59") if row["type"] == "droits.modifies"]
    evenement: UUID = second["evenement"]
    await spoil(sortant, evenement)
    return evenement


# One bit of its cell; once more, and it is whole again.
_FLIP = "UPDATE evenements SET scelle = set_byte(scelle, 40, get_byte(scelle, 40) # 1) WHERE id = $1"


async def spoil(sortant: Sortant, evenement: Any) -> None:
    await sortant.process.pool.execute(_FLIP, evenement)


async def mend(sortant: Sortant, evenement: UUID) -> None:
    await sortant.process.pool.execute(_FLIP, evenement)


async def parked(sortant: Sortant) -> list[tuple[UUID, str, str]]:
    rows = await sortant.process.pool.fetch("SELECT id, nature, etat FROM rebut")
    return [(row["id"], row["nature"], row["etat"]) for row in rows]


async def test_the_page_of_a_feed_goes_on_without_it(sortant: Sortant) -> None:
    broken = await three(sortant, uuid4())

    first = await feed_of(sortant, "cd-59")
    again = await feed_of(sortant, "ft-hdf")

    assert [(status, types(page)) for status, page in (first, again)] == [(200, WITHOUT)] * 2
    assert await parked(sortant) == [(broken, "livraison", "parque")]
    assert (await health(sortant))["rebut"] == 1


async def health(sortant: Sortant) -> dict[str, Any]:

    return await health_of(sortant.process.pool)


@pytest.mark.parametrize("lot", [1, 3])
async def test_a_queue_of_webhooks_goes_on_without_it(sortant: Sortant, endpoint: Receiver, lot: int) -> None:
    await sortant.subscribe("cd-59", endpoint.url, lot=lot)
    broken = await three(sortant, uuid4())

    sortant.push(sortant.sender())
    await until(lambda: len(endpoint.events) == 3)
    await until(lambda: sortant.field_is("SELECT sum(restants) = 0 FROM files"))

    assert await parked(sortant) == [(broken, "livraison", "parque")]
    assert (
        await sortant.field(
            "SELECT etat FROM envois v JOIN livraisons l ON l.numero = v.livraison WHERE l.evenement = $1", broken
        )
        == "retenu"
    )


async def test_it_waits_whatever_its_convention_says_and_comes_once_it_is_tried_again(sortant: Sortant) -> None:
    broken = await three(sortant, uuid4())
    _, before = await feed_of(sortant, "cd-59")

    early = await renewed(sortant)
    await mend(sortant, broken)
    await sortant.process.pool.execute("UPDATE rebut SET etat = 'a-reprendre' WHERE id = $1", broken)
    late = await renewed(sortant)
    _, after = await feed_of(sortant, "cd-59", apres=before["curseur"])

    assert (early, late) == (0, 1)
    assert [short(event) for event in after["evenements"]] == ["droits.modifies"]
    assert await parked(sortant) == [(broken, "livraison", "repris")]


async def test_one_that_was_discarded_never_comes(sortant: Sortant) -> None:
    broken = await three(sortant, uuid4())
    await feed_of(sortant, "cd-59")

    await sortant.process.pool.execute("UPDATE rebut SET etat = 'ecarte', entree = '{}' WHERE id = $1", broken)
    _, other = await feed_of(sortant, "ft-hdf")
    resumed = await renewed(sortant)

    assert (types(other), resumed) == (WITHOUT, 0)
    assert await parked(sortant) == [(broken, "livraison", "ecarte")]


async def test_what_follows_in_its_parcours_is_told(sortant: Sortant) -> None:
    parcours = uuid4()
    await three(sortant, parcours)
    _, before = await feed_of(sortant, "cd-59")

    await sortant.tell("droits.modifies", parcours, DROITS)
    await sortant.delivered(10)
    _, after = await feed_of(sortant, "cd-59", apres=before["curseur"])

    assert types(after) == ["droits.modifies"]


async def test_an_erasure_takes_it_along(sortant: Sortant) -> None:
    parcours = uuid4()
    await three(sortant, parcours)
    await feed_of(sortant, "cd-59")

    async with sortant.process.pool.acquire() as conn:
        await waiting.erase(conn, [parcours])

    assert await parked(sortant) == []
