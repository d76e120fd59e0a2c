"""The fan-out on the real stream: each event once, in its order, for those who may see it, whatever the stream does."""

import asyncio
from functools import partial
from typing import Any
from uuid import UUID, uuid4, uuid5

import asyncpg
import orjson
import pytest
from structlog.testing import capture_logs

from chassis.bus import Message, Unavailable
from chassis.facts import sujet_du_fait, type_court
from chassis.ordering import Event
from gateway.inbound.watching import metrics
from gateway.outbound import health
from gateway.outbound.distribution import Distribution
from gateway.outbound.fanout import Fanout
from gateway.outbound.order import LONGEST_WAIT
from gateway.quiescence import BRIQUES, Quiescence
from tests.engines import delete_stream
from tests.passerelle.outgoing import DECISION, DROITS, OUVERT, SIGNALE, Sortant, until

FIN = {"date_fin": "2026-04-01", "motif": "Fin."}
REEXAMEN = {"date_debut": "2025-09-01", "date_echeance": "2026-03-01", "duree_mois": 6, "cause": None}

pytestmark = pytest.mark.anyio


def message(event: dict[str, Any], deliveries: int = 1) -> Message:
    flux = "OFFRES" if event["type"].startswith("fr.insertion.service.") else "PARCOURS"
    agregat, nom = UUID(event["subject"]), type_court(event["type"])
    sujet = sujet_du_fait(event["departement"], event["brique"], nom, agregat, flux)
    return Message(sujet, orjson.dumps(event), 1, deliveries)


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
    await deposited(sortant, depot, "caf-59", "caf-000042", "59")
    sortant.distribute()

    await sortant.signale(parcours, cause=depot)
    told = await sortant.tell("parcours.ouvert", parcours, OUVERT, source="/services/usagers", cause=depot)
    await sortant.delivered(6)

    assert await sortant.types_of("caf-59", parcours) == ["parcours.ouvert"]
    corps = await sortant.field("SELECT corps FROM evenements WHERE id = $1", UUID(told["id"]))
    assert corps["causeid"] == "caf-59:caf-000042"


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

    assert early == [None, None, None, None]
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


async def test_a_poison_event_is_set_aside_with_its_parcours_and_stops_nobody_else(sortant: Sortant) -> None:
    parcours, autre = uuid4(), uuid4()
    opening = [sortant.event("usager.signale", one, SIGNALE) for one in (parcours, autre)]
    poison = sortant.event("orientation.decidee", parcours, {"decision": "acceptee"})
    after = sortant.event("droits.modifies", parcours, DROITS)
    good = sortant.event("droits.modifies", autre, DROITS)
    unreadable = Message("parcours.59.usagers.x", b"{", 1, 1)
    fanout = sortant.fanout()

    verdicts = await fanout.handle([unreadable, *map(message, (*opening, poison, good))])
    behind = await fanout.handle([message(after)])

    assert [*verdicts, *behind] == [None] * 6
    assert await sortant.field("SELECT raison FROM rebut WHERE agregat = $1", parcours) == "KeyError"
    assert await sortant.types_of("cd-59", autre) == ["parcours.partage", "usager.signale", "droits.modifies"]
    assert await sortant.types_of("cd-59", parcours) == ["parcours.partage", "usager.signale"]
    assert await sortant.field("SELECT attend FROM retenus WHERE agregat = $1", parcours) == "rebut"


@pytest.mark.parametrize("geste", ["a-reprendre", "ecarte"])
async def test_what_an_operator_decides_of_it_lets_its_parcours_go_on(
    sortant: Sortant, monkeypatch: pytest.MonkeyPatch, geste: str
) -> None:
    parcours = uuid4()
    opening = sortant.event("usager.signale", parcours, SIGNALE)
    poison = sortant.event("droits.modifies", parcours, DROITS)
    after = [sortant.event("droits.modifies", parcours, DROITS), sortant.event("orientation.close", parcours, FIN)]
    fanout = sortant.fanout()
    with monkeypatch.context() as broken:
        fail_on(broken, poison["id"], KeyError("x"))
        await fanout.handle([message(event) for event in (opening, poison)])
    await fanout.handle([message(event) for event in after])

    await sortant.process.pool.execute("UPDATE rebut SET etat = $1", geste)
    await soon(sortant)
    await fanout.try_again()
    await soon(sortant)
    await fanout.try_again()

    told = ["droits.modifies"] * (2 if geste == "a-reprendre" else 1)
    assert await sortant.types_of("cd-59", parcours) == [
        "parcours.partage",
        "usager.signale",
        *told,
        "orientation.close",
    ]
    assert await sortant.field("SELECT count(*) FROM retenus") == 0
    if geste == "a-reprendre":
        assert await sortant.field("SELECT etat || entree FROM rebut") == "repris{}"


async def test_a_redrive_that_fails_again_is_set_aside_again(sortant: Sortant, monkeypatch: pytest.MonkeyPatch) -> None:
    parcours = uuid4()
    opening, poison = sortant.event("usager.signale", parcours, SIGNALE), sortant.event("droits.modifies", parcours, {})
    fail_on(monkeypatch, poison["id"], KeyError("x"))
    fanout = sortant.fanout()
    await fanout.handle([message(event) for event in (opening, poison)])

    await sortant.process.pool.execute("UPDATE rebut SET etat = 'a-reprendre'")
    await fanout.try_again()

    assert await sortant.field("SELECT etat || echecs FROM rebut") == "parque2"


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.LockNotAvailableError("x"),
        asyncpg.QueryCanceledError("x"),
        asyncpg.DiskFullError("x"),
        asyncpg.ReadOnlySQLTransactionError("x"),
        asyncpg.DeadlockDetectedError("x"),
        asyncpg.OutOfMemoryError("x"),
        asyncpg.TooManyConnectionsError("x"),
        asyncpg.InsufficientPrivilegeError("x"),
        asyncpg.UndefinedTableError("x"),
        asyncpg.PostgresIOError("x"),
        asyncpg.InternalServerError("x"),
        asyncpg.ConnectionDoesNotExistError("x"),
        asyncpg.InterfaceError("x"),
        MemoryError(),
        OSError("x"),
        Unavailable("x"),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_an_error_that_no_message_causes_waits_in_place_and_loses_nothing(
    sortant: Sortant, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    parcours, autre = uuid4(), uuid4()
    events = [sortant.event("usager.signale", one, SIGNALE) for one in (parcours, autre)]
    events += [sortant.event("droits.modifies", one, DROITS) for one in (parcours, autre)]
    fanout = sortant.fanout()
    with monkeypatch.context() as broken:
        fail_on(broken, events[0]["id"], error)
        verdicts = await fanout.handle([message(event) for event in events])

    again = await fanout.handle([message(event, deliveries=2) for event in events])

    assert verdicts[0] is not None
    assert again == [None] * 4
    assert await sortant.field("SELECT count(*) FROM rebut") == 0
    for one in (parcours, autre):
        assert await sortant.types_of("cd-59", one) == ["parcours.partage", "usager.signale", "droits.modifies"]


async def test_a_table_locked_for_a_while_delays_the_fan_out_and_parks_nothing(sortant: Sortant) -> None:
    """`lock_timeout` is shorter than the lock: each try fails, none of them is the event's fault."""
    event = sortant.event("usager.signale", uuid4(), SIGNALE)
    await sortant.process.pool.execute(
        f"ALTER ROLE CURRENT_USER IN DATABASE {sortant.banc.database} SET lock_timeout = '50ms'"
    )
    quiescence = Quiescence(sortant.process.bus)
    fanout = Fanout(await sortant.banc.pool("passerelle"), sortant.vault, sortant.annuaire, quiescence, lambda: None)

    async with sortant.process.pool.acquire() as other, other.transaction():
        await other.execute("LOCK TABLE livraisons IN SHARE MODE")
        meanwhile = await fanout.handle([message(event)])
    afterwards = await fanout.handle([message(event, deliveries=2)])

    assert meanwhile[0] is not None
    assert afterwards == [None]
    assert await sortant.field("SELECT count(*) FROM rebut") == 0
    assert await sortant.field("SELECT count(*) FROM livraisons") == 4


async def test_an_event_of_one_brique_that_comes_before_the_opening_waits_for_it(sortant: Sortant) -> None:
    """A killed process: what it had not acknowledged of `usagers` comes again after what was behind it."""
    parcours = uuid4()
    opening = sortant.event("usager.signale", parcours, SIGNALE)
    demandee = sortant.event(
        "orientation.demandee", parcours, {"date_reception": "2026-03-02"}, source="/services/orientation"
    )
    fanout = sortant.fanout()

    early = await fanout.handle([message(demandee)])
    waits_for = await sortant.field("SELECT attend FROM retenus WHERE agregat = $1", parcours)
    await fanout.handle([message(opening)])

    assert early == [None]
    assert waits_for == "ouverture"
    assert await sortant.types_of("cd-59", parcours) == ["parcours.partage", "usager.signale", "orientation.demandee"]
    assert await sortant.field("SELECT count(*) FROM retenus") == 0


async def test_an_event_without_receiver_is_recorded_with_the_reason_and_counted(sortant: Sortant) -> None:
    nowhere, alone = uuid4(), uuid4()
    events = [
        sortant.event("usager.signale", nowhere, SIGNALE, source="/partenaires/inconnu", departement="75"),
        sortant.event("manquement.signale", nowhere, {}, departement="75", brique="engagements"),
        sortant.event("usager.signale", alone, SIGNALE, source="/partenaires/inconnu"),
        sortant.event("usager.signale.interne", alone, {}),
        sortant.event("service.retire", uuid4(), {"id": "dora--1", "date": "2026-03-01"}, brique="offres"),
    ]

    await sortant.fanout().handle([message(event) for event in events])

    rows = await sortant.process.pool.fetch("SELECT evenement, motif FROM sans_destinataire ORDER BY evenement")
    counts = await sortant.process.pool.fetch("SELECT motif, nombre FROM sans_destinataire_comptes ORDER BY motif")
    assert {(str(row["evenement"]), row["motif"]) for row in rows} == {
        (events[0]["id"], "aucun-participant"),
        (events[1]["id"], "aucun-participant"),
        (events[3]["id"], "interne"),
    }
    assert {row["motif"]: row["nombre"] for row in counts if row["motif"] != "aucun-participant"} == {
        "interne": 1,
        "sans-abonne": 1,
    }


async def test_the_outgoing_half_says_what_waits_and_what_nobody_received(sortant: Sortant) -> None:
    nowhere = uuid4()
    decidee = sortant.event("orientation.decidee", uuid4(), DECISION)
    events = [
        sortant.event("usager.signale", nowhere, SIGNALE, source="/partenaires/inconnu", departement="75"),
        decidee,
    ]
    await sortant.fanout().handle([message(event) for event in events])

    told = await health.waiting(sortant.process.pool)
    metrics.tell_distribution(told)

    assert told["retenus"] == {"ouverture": 1}
    assert told["sans_destinataire"] == {"aucun-participant": 1}
    assert (told["rebut"], told["a_distribuer"], told["a_distribuer_depuis"]) == (0, 0, None)
    assert told["retenus_depuis"] is not None


async def test_what_was_accepted_is_promised_until_it_is_told(sortant: Sortant) -> None:
    parcours, depot = uuid4(), uuid4()
    await deposited(sortant, depot, "caf-59", "caf-1")
    await sortant.process.pool.execute(
        "UPDATE depots SET etat = 'accepte', reponse = '{}', regle_a = recu_a + interval '1 s' WHERE id = $1", depot
    )
    await sortant.fanout().handle([message(sortant.event("usager.signale", parcours, SIGNALE))])
    decidee = sortant.event("orientation.decidee", parcours, DECISION, source="/partenaires/cd-59", cause=depot)
    later = sortant.event("droits.modifies", parcours, DROITS)
    later["time"] = "2100-01-01T00:00:00Z"
    await sortant.process.pool.execute(
        "INSERT INTO promis (evenement, parcours, brique, depot) VALUES ($1, $2, 'orientation', $3)",
        UUID(decidee["id"]),
        parcours,
        depot,
    )
    fanout = sortant.fanout()

    await fanout.handle([message(later)])
    waits_for = await sortant.field("SELECT attend FROM retenus WHERE agregat = $1", parcours)
    await fanout.handle([message(decidee)])

    assert waits_for == "precedent"
    assert (await sortant.types_of("ft-hdf", parcours))[2:] == ["orientation.decidee", "droits.modifies"]
    assert await sortant.field("SELECT count(*) FROM promis") == 0


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


async def test_what_comes_after_an_erasure_in_a_later_batch_is_told_to_nobody(sortant: Sortant) -> None:
    parcours = uuid4()
    sortant.distribute()
    await sortant.signale(parcours)
    await sortant.tell("usager.efface", parcours, {"motif": "Demande de la personne."}, source="/partenaires/cd-59")
    await until(lambda: sortant.field_is("SELECT count(*) = 1 FROM effaces"))

    late = await sortant.tell("orientation.decidee", parcours, DECISION, source="/partenaires/cd-59")
    await until(lambda: sortant.field_is("SELECT count(*) > 0 FROM sans_destinataire"))

    kept = await sortant.process.pool.fetch("SELECT evenement, motif FROM sans_destinataire")
    assert [(str(row["evenement"]), row["motif"]) for row in kept] == [(late["id"], "effacement")]
    assert await sortant.types_of("ml-lille", parcours) == []


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


def fail_on(monkeypatch: pytest.MonkeyPatch, evenement: str, error: Exception) -> None:
    """Whatever writes this event raises."""
    take = Distribution.take

    def broken(self: Distribution, event: Event) -> None:
        if str(event.id) == evenement:
            raise error
        take(self, event)

    monkeypatch.setattr(Distribution, "take", broken)


async def soon(sortant: Sortant) -> None:
    """As if what waits had been looked at a while ago."""
    await sortant.process.pool.execute("UPDATE retenus SET vu_a = depuis - interval '1 hour', depuis = now()")


async def position_is(sortant: Sortant, parcours: UUID, brique: str, sequence: int) -> bool:
    query = "SELECT sequence FROM positions WHERE agregat = $1 AND brique = $2"
    return bool(await sortant.field(query, parcours, brique) == sequence)


async def deposited(sortant: Sortant, depot: UUID, partenaire: str, identifiant: str, *reconnait_dans: str) -> None:
    await sortant.process.pool.execute(
        "INSERT INTO depots (id, partenaire, message, empreinte, type, brique, agent, finalite, corps, recu_a, "
        "prochain_essai, reconnait_dans) "
        "VALUES ($1, $2, $3, $4, 'usager.signale', 'usagers', 'batch', 'orientation', 'x', now(), now(), $5)",
        depot,
        partenaire,
        identifiant,
        bytes(32),
        list(reconnait_dans),
    )


async def rings(sortant: Sortant) -> UUID:
    """A parcours of which a clock says that the delay is over; the id of what it says."""
    parcours = uuid4()
    await sortant.signale(parcours)
    due = uuid5(parcours, "reexamen-1 2026-03-02T00:00:00+00:00")
    told = await sortant.tell(
        "reexamen.du", parcours, REEXAMEN, source="/services/engagements", brique="engagements", cause=due
    )
    return UUID(told["id"])


async def is_told(sortant: Sortant, evenement: UUID) -> bool:
    return bool(await sortant.field("SELECT count(*) FROM livraisons WHERE evenement = $1", evenement))


async def test_what_a_clock_says_is_told_once_every_service_answers_that_the_parcours_is_at_rest(
    sortant: Sortant,
) -> None:
    behind = {"orientation"}

    async def answer(brique: str, body: bytes) -> bytes:
        said = {"usagers": 1, "engagements": 1}
        heard = {"usagers": 0 if brique in behind else 1}
        (parcours,) = orjson.loads(body)["parcours"]
        return orjson.dumps({parcours: {"dit": said.get(brique, 0), "entendu": heard}})

    for brique in BRIQUES:
        await sortant.banc.bus.respond(f"lecture.{brique}.avancement", brique, partial(answer, brique))
    sortant.distribute()
    reexamen = await rings(sortant)

    await until(lambda: is_looked_at_again(sortant, reexamen))
    early = await is_told(sortant, reexamen)
    behind.clear()
    await until(lambda: is_told(sortant, reexamen), timeout_s=20)

    assert early is False


async def is_looked_at_again(sortant: Sortant, evenement: UUID) -> bool:
    held = "SELECT count(*) FROM retenus WHERE id = $1 AND attend = 'repos' AND vu_a > depuis"
    return bool(await sortant.field(held, evenement))


async def test_what_a_clock_says_is_told_all_the_same_when_a_service_is_gone_and_that_is_said(sortant: Sortant) -> None:
    sortant.distribute()
    reexamen = await rings(sortant)
    await until(lambda: is_looked_at_again(sortant, reexamen))
    shown = await health.waiting(sortant.process.pool)

    with capture_logs() as logs:
        await sortant.process.pool.execute("UPDATE retenus SET depuis = depuis - $1::interval", LONGEST_WAIT)
        await until(lambda: is_told(sortant, reexamen), timeout_s=20)

    assert shown["retenus"] == {"repos": 1}
    assert shown["retenus_depuis"] is not None
    assert [log["event"] for log in logs if log["log_level"] == "error"] == ["fanout.rest_not_awaited"]
