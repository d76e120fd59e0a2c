"""Deposits and decisions written together, by one process or by two: one row, one answer, one receipt for each."""

import asyncio
import hashlib
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from chassis.database import Pool
from coffre import keys
from deploy.keys import new_es256_key
from gateway import participations
from gateway.accesses import AccessChain
from gateway.inbound.deposit.cabinet import Cabinet, drop
from gateway.inbound.deposit.journal import Journal
from gateway.inbound.deposit.receptions import Incoming, Known, New, Refused
from gateway.inbound.deposit.settlements import Settlement
from gateway.inbound.deposit.store import NewDeposit
from gateway.pseudonyms import Pseudonyms
from gateway.receipts import Chains
from relais_contrats.droits import Demandeur
from tests.engines import Bench
from tests.passerelle.outgoing import BASE_URL, KEY, vault_of
from tests.passerelle.test_no_common_identifier import partner

pytestmark = pytest.mark.anyio
_DEPOSIT = """
INSERT INTO depots (id, partenaire, message, empreinte, type, brique, agent, finalite, corps, recu_a, prochain_essai)
VALUES ($1, $2, 'm', decode(repeat('00', 32), 'hex'), 'usager.signale', 'usagers', 'batch', 'orientation', 'x', now(),
    now())
"""

_LOCK = "SELECT FROM depots WHERE id = $1 FOR UPDATE"


async def signalled(pool: Pool, partenaire: str, parcours: UUID, nom: UUID) -> Settlement:
    depot = uuid4()
    await pool.execute(_DEPOSIT, depot, partenaire)
    receipt = {"message": "m", "decision": "accepte"}
    return Settlement(depot, partenaire, "accepte", {"etat": "accepte"}, receipt, nom, absorbed=(parcours, [nom]))


def journal_of_a_process(banc: Bench, pool: Pool, pem: bytes) -> Journal:
    return Journal(pool, Chains(pem, BASE_URL), AccessChain(pem), Pseudonyms(KEY), vault_of(banc, pool))


def incoming(demandeur: Demandeur, message: str) -> Incoming:
    """Of a link, which needs no right of its emitter."""
    empreinte, code = hashlib.sha256(message.encode()).digest(), demandeur.partenaire.code

    def seal(*_: object) -> NewDeposit:
        columns = ("usager.signale", "usagers", None, "batch", "orientation", b"x", None, datetime.now(UTC))
        return NewDeposit(uuid4(), code, message, empreinte, *columns)

    read = (message, empreinte, "usager.signale", "59", None, frozenset[UUID](), ())
    return Incoming(demandeur, *read, seal, est_par_lien=True)


async def test_of_two_processes_that_take_the_same_ids_at_once_one_journals_each(banc: Bench) -> None:
    pool, pem = await banc.pool("passerelle"), new_es256_key().encode()
    journals = [journal_of_a_process(banc, pool, pem) for _ in range(2)]
    demandeur = Demandeur(partner("caf-59"), frozenset(), date(2026, 3, 2))
    batch = [incoming(demandeur, f"m-{number}") for number in range(200)]

    one, other = await asyncio.gather(*(journal.receive_all(batch) for journal in journals))

    for pair in zip(one, other, strict=True):
        assert {type(reception) for reception in pair} == {New, Known}
    assert await pool.fetchval("SELECT count(*) FROM depots") == 200


async def test_of_two_processes_that_settle_the_same_deposit_both_give_the_answer_of_one(banc: Bench) -> None:
    pool, pem, parcours = await banc.pool("passerelle"), new_es256_key().encode(), uuid4()
    journals = [journal_of_a_process(banc, pool, pem) for _ in range(2)]
    names = {f"caf-{number}": uuid4() for number in range(40)}
    batch = [await signalled(pool, code, parcours, nom) for code, nom in names.items()]

    one, other = await asyncio.gather(
        *(journal.settle_all(part) for journal, part in zip(journals, [batch, batch[::-1]], strict=True))
    )

    assert one == other[::-1]
    receipts = await pool.fetch("SELECT depot, jws, chaine, rang FROM recus ORDER BY chaine, rang")
    assert {row["depot"]: row["jws"] for row in receipts} == {
        settlement.depot: answer["recu"] for settlement, answer in zip(batch, one, strict=True)
    }
    assert {row["rang"] for row in receipts} == {1}, "a receipt that was not written leaves no hole in its chain"


async def test_who_meets_a_deadlock_with_another_process_settles_all_the_same(banc: Bench) -> None:
    pool, pem, parcours = await banc.pool("passerelle"), new_es256_key().encode(), uuid4()
    batch = [await signalled(pool, code, parcours, uuid4()) for code in ("caf-59", "msa-59")]
    first, second = sorted(settlement.depot for settlement in batch)

    async with pool.acquire() as other, other.transaction():
        await other.execute(_LOCK, second)
        settling = asyncio.create_task(journal_of_a_process(banc, pool, pem).settle_all(batch))
        await until_somebody_waits_for_a_lock(pool)
        await other.execute(_LOCK, first)  # the one that waits longer is the one that PostgreSQL stops

    assert [answer["etat"] for answer in await settling] == ["accepte", "accepte"]
    assert {row["rang"] for row in await pool.fetch("SELECT rang FROM recus")} == {1}


async def until_somebody_waits_for_a_lock(pool: Pool) -> None:
    while not await pool.fetchval("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"):
        await asyncio.sleep(0.01)


async def test_each_name_given_to_one_person_in_one_batch_leads_to_her(banc: Bench) -> None:
    pool, pem, parcours = await banc.pool("passerelle"), new_es256_key().encode(), uuid4()
    journal = journal_of_a_process(banc, pool, pem)
    names = {code: uuid4() for code in ("caf-59", "ml-lille", "msa-59")}

    await journal.settle_all([await signalled(pool, code, parcours, nom) for code, nom in names.items()])

    async with pool.acquire() as conn:
        assert await participations.survivors(conn, names.values()) == dict.fromkeys(names.values(), parcours)


async def test_the_answer_of_an_erased_person_is_closed_and_her_deposit_is_unknown_when_it_is_sent_again(
    banc: Bench,
) -> None:
    pool, pem, parcours = await banc.pool("passerelle"), new_es256_key().encode(), uuid4()
    demandeur = Demandeur(partner("caf-59"), frozenset(), date(2026, 3, 2))
    one = incoming(demandeur, "m-1")
    before = journal_of_a_process(banc, pool, pem)
    await before.receive_all([one])
    depot = await pool.fetchval("SELECT id FROM depots")
    told = {"etat": "accepte", "evenements": []}
    await before.settle_all([Settlement(depot, "caf-59", "accepte", told, {"message": "m-1"}, parcours, key=parcours)])
    [known] = await before.receive_all([one])
    assert isinstance(known, Known)
    assert known.answer is not None
    assert known.answer.items() >= told.items()

    async with pool.acquire() as conn:
        await keys.destroy(conn, [parcours])

    assert await journal_of_a_process(banc, pool, pem).receive_all([one]) == [Refused("parcours-inconnu", "")]


async def test_what_is_settled_after_an_erasure_closes_and_leaves_the_answers_of_before_closed(banc: Bench) -> None:
    pool, pem, parcours = await banc.pool("passerelle"), new_es256_key().encode(), uuid4()
    demandeur = Demandeur(partner("caf-59"), frozenset(), date(2026, 3, 2))
    both = [incoming(demandeur, "m-1"), incoming(demandeur, "m-2")]
    await journal_of_a_process(banc, pool, pem).receive_all(both)
    first, second = [row["id"] for row in await pool.fetch("SELECT id FROM depots ORDER BY message")]

    async def settle(depot: UUID, etat: str) -> None:
        settlement = Settlement(depot, "caf-59", etat, {"etat": etat}, {"message": "m"}, parcours, key=parcours)
        await journal_of_a_process(banc, pool, pem).settle_all([settlement])

    await settle(first, "accepte")
    async with pool.acquire() as conn:
        await keys.destroy(conn, [parcours])
    await settle(second, "refuse")

    assert await journal_of_a_process(banc, pool, pem).receive_all(both) == [Refused("parcours-inconnu", "")] * 2
    assert {row["etat"] for row in await pool.fetch("SELECT etat FROM depots")} == {"accepte", "refuse"}


async def test_a_body_goes_with_its_settlement_and_the_key_of_its_hour_once_nothing_waits_under_it(banc: Bench) -> None:
    pool, pem, now = await banc.pool("passerelle"), new_es256_key().encode(), datetime.now(UTC)
    cabinet = Cabinet(vault_of(banc, pool), KEY)
    await cabinet.ready(now)
    journal = journal_of_a_process(banc, pool, pem)
    demandeur = Demandeur(partner("caf-59"), frozenset(), date(2026, 3, 2))
    await journal.receive_all([incoming(demandeur, "m-1")])
    depot = await pool.fetchval("SELECT id FROM depots")
    await pool.execute("UPDATE depots SET corps = $1", cabinet.seal(depot, b"clair"))
    later, left = now + timedelta(hours=5), []
    async with pool.acquire() as conn:
        await drop(conn, later)
        left.append(await conn.fetchval("SELECT count(*) FROM coffre.cles WHERE id = $1", keys.passage(now)))
        assert await Cabinet(vault_of(banc, pool), KEY).open(conn, await conn.fetch("SELECT * FROM depots")) == [
            b"clair"
        ]

    await journal.settle_all([Settlement(depot, "caf-59", "accepte", {"etat": "accepte"}, {"message": "m-1"})])
    async with pool.acquire() as conn:
        await drop(conn, later)
        left.append(await conn.fetchval("SELECT count(*) FROM coffre.cles WHERE id = $1", keys.passage(now)))

    assert left == [1, 0]
    assert await pool.fetchval("SELECT corps FROM depots") is None
