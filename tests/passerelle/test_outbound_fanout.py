"""The fan-out on the real stream: each event once, in its order, for those who may see it, whatever the stream does."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest

from chassis.bus import Message
from tests.engines import delete_stream
from tests.passerelle.outgoing import DECISION, DROITS, OUVERT, Sortant, until

pytestmark = pytest.mark.anyio


def message(event: dict[str, Any], deliveries: int = 1) -> Message:
    return Message("parcours.59.usagers.x", orjson.dumps(event), 1, deliveries)


async def test_who_takes_part_receives_and_the_emitter_does_not_hear_itself(sortant: Sortant) -> None:
    parcours = uuid4()
    sortant.distribute()

    await sortant.signale(parcours)
    await sortant.tell("parcours.ouvert", parcours, OUVERT, source="/services/usagers")
    await sortant.delivered(5)

    assert await sortant.types_of("cd-59", parcours) == ["parcours.partage", "usager.signale", "parcours.ouvert"]
    assert await sortant.types_of("ft-hdf", parcours) == ["parcours.partage", "usager.signale"]
    assert await sortant.types_of("caf-59", parcours) == []
    assert await sortant.types_of("cd-62", parcours) == []


async def test_the_emitter_receives_what_the_hub_says_of_its_own_deposit_under_its_own_id(sortant: Sortant) -> None:
    parcours, depot = uuid4(), uuid4()
    await deposited(sortant, depot, "caf-59", "caf-000042")
    sortant.distribute()

    await sortant.signale(parcours)
    told = await sortant.tell("parcours.ouvert", parcours, OUVERT, source="/services/usagers", cause=depot)
    await sortant.delivered(6)

    assert await sortant.types_of("caf-59", parcours) == ["parcours.ouvert"]
    corps = await sortant.field("SELECT corps FROM evenements WHERE id = $1", UUID(told["id"]))
    assert corps["causeid"] == "caf-000042"


async def test_a_partner_that_enters_is_told_so_before_anything_else_and_the_one_that_leaves_is_told_last(
    sortant: Sortant,
) -> None:
    parcours = uuid4()
    autre_structure = DECISION["structure"] | {"valeur": "90000059700014"}
    suivante = DECISION | {"organisme": "departement", "structure": autre_structure}
    sortant.distribute()
    await sortant.signale(parcours)

    await sortant.tell("orientation.decidee", parcours, DECISION, source="/partenaires/cd-59")
    await sortant.tell("orientation.decidee", parcours, suivante | {"rang": 2}, source="/partenaires/cd-59")
    notification = {"date_notification": "2026-03-10"}
    await sortant.tell("orientation.notifiee", parcours, notification, source="/partenaires/cd-59")
    await until(lambda: position_is(sortant, parcours, "orientation", 3))

    assert await sortant.types_of("ml-lille", parcours) == [
        "parcours.partage",
        "orientation.decidee",
        "orientation.decidee",
    ]


async def test_a_duplicate_changes_nothing(sortant: Sortant) -> None:
    event, fanout = sortant.event("usager.signale", uuid4(), {"brsa": True, "origine": "x"}), sortant.fanout()

    first = await fanout.handle([message(event), message(event)])
    second = await fanout.handle([message(event, deliveries=2)])

    assert [*first, *second] == [None, None, None]
    assert await sortant.field("SELECT count(*) FROM livraisons") == 4


async def test_a_gap_is_waited_for_and_holds_back_its_parcours_only(sortant: Sortant) -> None:
    fanout = sortant.fanout()
    sick, well = uuid4(), uuid4()
    opening = [sortant.event("usager.signale", one, {"brsa": True, "origine": "x"}) for one in (sick, well)]
    first, second = (sortant.event("droits.modifies", sick, DROITS) for _ in range(2))
    other = sortant.event("droits.modifies", well, DROITS)

    early = await fanout.handle([message(e) for e in (*opening, second, other)])
    seen_while_waiting = await sortant.types_of("cd-59", sick)
    late = await fanout.handle([message(e) for e in (first, second)])

    assert early == [None, None, 0.5, None]
    assert seen_while_waiting == ["parcours.partage", "usager.signale"]
    assert late == [None, None]
    rows = [r["evenement"] for r in await sortant.deliveries("cd-59") if r["parcours"] == sick]
    assert rows[-2:] == [UUID(first["id"]), UUID(second["id"])]


async def test_a_stream_deleted_and_filled_again_delivers_what_was_missed_and_nothing_twice(sortant: Sortant) -> None:
    parcours = uuid4()
    sortant.distribute()
    signale = await sortant.signale(parcours)
    await sortant.delivered(4)

    await delete_stream(sortant.banc.bus, "PARCOURS")
    await sortant.banc.bus.ensure_stream("PARCOURS")
    await sortant.publish(signale)
    await sortant.tell("droits.modifies", parcours, DROITS)
    await until(lambda: position_is(sortant, parcours, "usagers", 2), timeout_s=20)

    assert await sortant.types_of("cd-59", parcours) == ["parcours.partage", "usager.signale", "droits.modifies"]


async def test_a_poison_event_is_set_aside_and_stops_nobody(sortant: Sortant) -> None:
    parcours, autre = uuid4(), uuid4()
    poison = sortant.event("orientation.decidee", parcours, {"decision": "acceptee"})
    good = sortant.event("usager.signale", autre, {"brsa": True, "origine": "x"})
    unreadable = Message("parcours.59.usagers.x", b"{", 1, 1)

    verdicts = await sortant.fanout().handle([unreadable, message(poison), message(good)])

    assert verdicts == [None, None, None]
    assert await sortant.field("SELECT raison FROM rebut WHERE agregat = $1", parcours) == "KeyError"
    assert await sortant.types_of("cd-59", autre) == ["parcours.partage", "usager.signale"]


async def test_replicas_at_once_leave_no_hole_behind_a_reader(sortant: Sortant) -> None:
    """A reader that goes from the last number it saw reads every row, in whatever order the batches commit."""
    seen: list[int] = []
    done = asyncio.Event()

    async def read() -> None:
        last = 0
        while True:
            is_last_round = done.is_set()
            rows = await sortant.process.pool.fetch("SELECT numero FROM livraisons WHERE numero > $1", last)
            seen.extend(row["numero"] for row in rows)
            last = max([last, *(row["numero"] for row in rows)])
            if is_last_round:
                return

    async def write() -> None:
        fanout = sortant.fanout()
        for _ in range(15):
            events = [sortant.event("usager.signale", uuid4(), {"brsa": True, "origine": "x"}) for _ in range(3)]
            await fanout.handle([message(event) for event in events])

    async with asyncio.TaskGroup() as group:
        group.create_task(read())
        await asyncio.gather(*(write() for _ in range(4)))
        done.set()

    assert len(seen) == 4 * 15 * 3 * 4
    assert len(set(seen)) == len(seen)


async def test_an_erasure_leaves_only_the_event_that_tells_it(sortant: Sortant) -> None:
    parcours, autre = uuid4(), uuid4()
    await sortant.subscribe("cd-59", "http://127.0.0.1:1")
    sortant.distribute()
    await sortant.signale(parcours)
    await sortant.signale(autre)
    await sortant.tell("usager.efface", parcours, {"motif": "Demande de la personne."}, source="/partenaires/cd-59")
    await until(lambda: position_is(sortant, parcours, "usagers", 2))

    await sortant.tell("droits.modifies", parcours, DROITS)
    await until(lambda: position_is(sortant, parcours, "usagers", 3))

    kept = await sortant.process.pool.fetch("SELECT type FROM evenements WHERE parcours = $1", parcours)
    assert [row["type"] for row in kept] == ["usager.efface"]
    assert await sortant.types_of("ft-hdf", parcours) == ["usager.efface"]
    assert await sortant.types_of("ft-hdf", autre) == ["parcours.partage", "usager.signale"]
    assert await sortant.field("SELECT restants FROM files WHERE parcours = $1", parcours) == 0
    assert not await sortant.field("SELECT count(*) FROM participations WHERE parcours = $1 AND fin IS NULL", parcours)


async def test_a_fusion_brings_the_participants_of_the_absorbed_into_the_survivor(sortant: Sortant) -> None:
    survivant, absorbe = uuid4(), uuid4()
    sortant.distribute()
    await sortant.signale(survivant)
    await sortant.signale(absorbe)
    await sortant.tell("orientation.decidee", absorbe, DECISION, source="/partenaires/cd-59")
    await until(lambda: position_is(sortant, absorbe, "orientation", 1))

    fusion = {"conserve": str(survivant), "absorbes": [str(absorbe)]}
    await sortant.tell("usager.fusionne", survivant, fusion, source="/partenaires/cd-59")
    await until(lambda: position_is(sortant, survivant, "usagers", 2))

    assert await sortant.types_of("ml-lille", survivant) == ["parcours.partage", "usager.fusionne"]
    assert await sortant.field("SELECT survivant FROM alias WHERE absorbe = $1", absorbe) == survivant


async def test_the_offer_goes_to_those_of_the_territory_who_subscribed_to_it(sortant: Sortant) -> None:
    for code in ("ml-lille", "cd-62"):
        await sortant.subscribe(code, "http://127.0.0.1:1", "service.retire")
    await sortant.subscribe("cd-59", "http://127.0.0.1:1")
    retrait = {"id": "dora--1", "date": "2026-03-01", "raison": "Fermeture."}
    event = sortant.event("service.retire", uuid4(), retrait, brique="offres", source="/partenaires/asso-mobilite")

    await sortant.fanout().handle([message(event)])

    assert [row["type"] for row in await sortant.deliveries("ml-lille")] == ["service.retire"]
    assert await sortant.deliveries("cd-62") == await sortant.deliveries("cd-59") == []


async def position_is(sortant: Sortant, parcours: UUID, brique: str, sequence: int) -> bool:
    query = "SELECT sequence FROM positions WHERE agregat = $1 AND brique = $2"
    return bool(await sortant.field(query, parcours, brique) == sequence)


async def deposited(sortant: Sortant, depot: UUID, partenaire: str, identifiant: str) -> None:
    await sortant.process.pool.execute(
        "INSERT INTO depots (id, partenaire, message, empreinte, type, brique, agent, finalite, corps, recu_a, "
        "prochain_essai) "
        "VALUES ($1, $2, $3, $4, 'usager.signale', 'usagers', 'batch', 'orientation', 'x', now(), now())",
        depot,
        partenaire,
        identifiant,
        bytes(32),
    )
