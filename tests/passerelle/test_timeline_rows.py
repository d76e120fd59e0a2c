"""The rows of the timeline: found by every id, closed by an erasure; how many attempts and refusals are kept."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from chassis.database import Pool
from gateway.inbound.deposit import store as deposits
from gateway.inbound.deposit.store import RefusedDeposit
from gateway.inbound.timeline import lookup
from gateway.inbound.timeline.lookup import Cle
from gateway.inbound.timeline.rows import load
from gateway.inbound.timeline.steps import steps
from gateway.outbound.store import delivery
from gateway.outbound.store.delivery import Sending
from gateway.pseudonyms import Pseudonyms
from tests.engines import Bench
from tests.passerelle.outgoing import KEY, register, vault_of

pytestmark = pytest.mark.anyio
ID = UUID("0190c6b2-0f3e-7cc1-8a52-3f6d6b0c1a11")
TRACE, NAMES = "a" * 32, Pseudonyms(KEY)
NOW = datetime(2026, 11, 30, 9, tzinfo=UTC)


async def an_event(pool: Pool, corps: dict[str, str]) -> None:
    event = "INSERT INTO evenements (id, parcours, type, corps, recu_a) VALUES ($1, $1, 'droits.modifies', $2, $3)"
    await pool.execute(event, ID, corps, NOW)


async def a_refused_deposit(pool: Pool) -> None:
    await pool.execute(
        "INSERT INTO depots (id, partenaire, message, empreinte, type, brique, parcours, agent, finalite, recu_a, etat,"
        " prochain_essai, reponse, regle_a, trace) VALUES ($1, 'caf-59', 'm-1', $2, 'droits.modifies', 'usagers', $1,"
        " 'batch', 'orientation', $3, 'refuse', $3, $4, $3, $5)",
        ID,
        bytes(32),
        NOW,
        {"etat": "refuse", "refus": {"code": "deja-traite", "pointeur": "", "details": {}}},
        f"00-{TRACE}-{'b' * 16}-01",
    )


async def test_a_message_is_found_by_every_id_that_somebody_may_have_of_it(banc: Bench) -> None:
    process, codes = await banc.process("entrant", "passerelle"), ["caf-59", "cd-59"]
    for code in codes:
        await register(process, code)
    await a_refused_deposit(process.pool)
    await an_event(process.pool, {"causeid": "caf-59:m-1"})
    event = str(NAMES.event_of("cd-59", ID))
    by_name = ("m-1", "caf-59/m-1", "cd-59/12", str(ID), event, TRACE, f"00-{TRACE}-{'c' * 16}-01")

    await process.pool.execute(
        "INSERT INTO livraisons (partenaire, evenement, parcours, type, roles, a, relaisnumero)"
        " VALUES ('cd-59', $1, $1, 'droits.modifies', '{}', $2, 12)",
        *(ID, NOW),
    )
    await process.pool.execute("INSERT INTO objets VALUES ($1, 'rdv', $1, 'caf-59', 'r-1')", ID)

    async with process.pool.acquire() as conn:
        found = [await lookup.messages(conn, NAMES, codes, text) for text in by_name]
        others = [await lookup.messages(conn, NAMES, codes, text) for text in ("m-2", "cd-59/m-1", "f" * 32, "x")]
        of_parcours = await lookup.parcours(conn, NAMES, codes, NAMES.of("cd-59", ID))
        of_object = await lookup.known(conn, NAMES, codes, NAMES.object_of("caf-59", ID))
        nobody = await lookup.parcours(conn, NAMES, codes, NAMES.of("ml-lille", ID))

    assert [[(cle.partenaire, cle.message) for cle in one] for one in found] == [[("caf-59", "m-1")]] * len(by_name)
    assert others == [[]] * len(others)
    assert of_parcours and (of_parcours.de, [one.message for one in of_parcours.messages]) == ("cd-59", ["m-1"])
    assert of_object == (ID, "caf-59")
    assert nobody is None


async def test_the_answer_to_a_deposit_is_told_until_its_person_is_erased(banc: Bench) -> None:
    process = await banc.process("entrant", "passerelle")
    await a_refused_deposit(process.pool)
    vault, cle = vault_of(banc, process.pool), Cle("caf-59", "m-1")

    async with process.pool.acquire() as conn:
        before = await load(conn, vault, NAMES, cle)
        await conn.execute("INSERT INTO effaces (parcours, a) VALUES ($1, $2)", ID, NOW)
        after = await load(conn, vault, NAMES, cle)

    assert [one.motif is None for one in steps(before) if one.nature == "decision"] == [False]
    assert [one.motif is None for one in steps(after) if one.nature == "decision"] == [True]
    assert after.depot and after.depot["est_close"]


async def a_sending(pool: Pool) -> None:
    await pool.execute(
        "INSERT INTO evenements (id, parcours, type, corps, recu_a) VALUES ($1, $1, 'x', '{}', $2)", ID, NOW
    )
    await pool.execute(
        "INSERT INTO livraisons (numero, partenaire, evenement, parcours, type, roles, a, relaisnumero) "
        "VALUES (1, 'cd-59', $1, $1, 'x', '{}', $2, 1)",
        ID,
        NOW,
    )
    await pool.execute(
        "INSERT INTO abonnements (id, partenaire, url, types, lot, etat, signature, cree_a) "
        "VALUES ($1, 'cd-59', 'https://exemple.fr/', '{}', 1, 'actif', 'v1a', $2)",
        ID,
        NOW,
    )
    await pool.execute("INSERT INTO envois (abonnement, livraison, parcours, relaisnumero) VALUES ($1, 1, $1, 1)", ID)


async def test_each_attempt_is_kept_with_its_code_and_duration_the_last_twenty(banc: Bench) -> None:
    process = await banc.process("sortant", "passerelle")
    await register(process, "cd-59")
    await a_sending(process.pool)

    async with process.pool.acquire() as conn:
        for rank in range(25):
            failed = Sending(ID, 1, "a-livrer", 1, 503, "reponse", rank)
            await delivery.settle(conn, [failed], [], NOW + timedelta(minutes=rank))
        await delivery.settle(conn, [Sending(ID, 1, "a-livrer", 0, None, None)], [], NOW)
        kept = await conn.fetchval("SELECT tentatives FROM envois")

    assert [one["ms"] for one in kept] == list(range(5, 25))
    assert kept[-1] | {"a": None} == {"a": None, "code": 503, "erreur": "reponse", "ms": 24}
    assert datetime.fromisoformat(kept[-1]["a"]) == NOW + timedelta(minutes=24)


async def test_a_partner_that_floods_keeps_its_last_refusals_and_nobody_loses_any_by_it(banc: Bench) -> None:
    process = await banc.process("entrant", "passerelle")
    for code in ("caf-59", "cd-59"):
        await register(process, code)

    async with process.pool.acquire() as conn:
        for partenaire, count in (("cd-59", 2), ("caf-59", 5)):
            refused = [
                RefusedDeposit(partenaire, f"m-{n}", None, "schema-invalide", 422, [], None, None) for n in range(count)
            ]
            await deposits.insert_refusals(conn, refused, NOW)
        await deposits.forget_refusals(conn, NOW - timedelta(days=1), 3)
        kept = await conn.fetch("SELECT partenaire, message FROM refus_de_depot ORDER BY numero")

    assert [row["message"] for row in kept if row["partenaire"] == "caf-59"] == ["m-2", "m-3", "m-4"]
    assert [row["message"] for row in kept if row["partenaire"] == "cd-59"] == ["m-0", "m-1"]
