"""What is written of a person is sealed, what an older release wrote becomes so, and an erasure closes it."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest

from chassis.bus import Message
from chassis.facts import sujet_du_fait
from chassis.ordering import read_each
from coffre.keys import SANS_PARCOURS
from gateway.inbound.deposit.former_rows import Sealing
from gateway.outbound.fanout import Fanout
from gateway.quiescence import Quiescence
from gateway.sealing import ANSWERS, ASIDE, EVENTS, HELD, IN_CLEAR, key_of_event
from relais_contrats.catalogue import ABONNES_TERRITOIRE, CATALOGUE
from tests.passerelle.outgoing import DROITS, SIGNALE, Sortant, until, vault_of

pytestmark = pytest.mark.anyio
CANARY = "zqcanariscelle"
TABLES = ("depots", "evenements", "retenus", "rebut", "recus", "livraisons", "acces", "objets")
OF_BEFORE = {
    "evenements": "INSERT INTO evenements (id, parcours, type, corps, recu_a) VALUES ($1, $2, $3, $4, now())",
    "retenus": "INSERT INTO retenus (id, type, brique, agregat, sequence, entree, attend, depuis, vu_a)"
    " VALUES ($1, $3, 'referents', $2, 2, $4, 'suite', now(), now())",
    "rebut": "INSERT INTO rebut (id, nature, type, brique, agregat, sequence, entree, raison, parque_a)"
    " VALUES ($1, 'evenement', $3, 'referents', $2, 2, $4, 'KeyError', now())",
    "depots": "INSERT INTO depots (id, partenaire, message, empreinte, type, brique, parcours, agent, finalite, corps,"
    " recu_a, prochain_essai, etat, reponse, regle_a) VALUES ($1, 'cd-59', 'm', decode(repeat('00', 32), 'hex'), $3,"
    " 'referents', $2, 'a', 'suivi', 'zqcanariscelle', now(), now(), 'accepte', $4, now())",
}


async def clear(pool: Any) -> dict[str, int]:
    """In how many rows of each table the canary can be read, in text or in bytes."""
    rows = {
        table: await pool.fetchval(
            f"SELECT count(*) FROM {table} t WHERE t::text LIKE $1 OR t::text LIKE $2",
            f"%{CANARY}%",
            f"%{CANARY.encode().hex()}%",
        )
        for table in TABLES
    }
    return {table: count for table, count in rows.items() if count}


def body(parcours: UUID, **more: Any) -> dict[str, Any]:
    return {"source": "/partenaires/cd-59", "departement": "59", "subject": str(parcours), "data": {"m": CANARY}} | more


async def test_an_event_that_is_told_and_one_that_waits_are_sealed(sortant: Sortant) -> None:
    parcours = uuid4()
    sortant.distribute()
    await sortant.signale(parcours)
    await sortant.tell("droits.modifies", parcours, {**DROITS, "motif": CANARY})
    await sortant.delivered(4)
    sortant.sequences[parcours, "usagers"] += 1  # a number is missing
    await sortant.tell("droits.modifies", parcours, {**DROITS, "motif": CANARY})
    await until(lambda: has_rows(sortant, "retenus"))

    assert await clear(sortant.process.pool) == {}
    told = await sortant.body("SELECT * FROM evenements WHERE type = 'droits.modifies'")
    kept = await sortant.field("SELECT corps FROM evenements WHERE type = 'droits.modifies'")
    assert (told["data"]["motif"], kept.keys() <= IN_CLEAR) == (CANARY, True)


async def has_rows(sortant: Sortant, table: str) -> bool:
    return bool(await sortant.field(f"SELECT count(*) FROM {table}"))


async def test_an_erasure_destroys_the_key_and_is_read_itself(sortant: Sortant) -> None:
    parcours, other = uuid4(), uuid4()
    sortant.distribute()
    for one in (parcours, other):
        await sortant.signale(one)
    await sortant.delivered(4)
    kept = await sortant.process.pool.fetch("SELECT * FROM evenements")

    await sortant.tell("usager.efface", parcours, {"motif": CANARY})
    await until(lambda: is_shredded(sortant, parcours))

    assert await clear(sortant.process.pool) == {}
    assert (await sortant.body("SELECT * FROM evenements WHERE type = 'usager.efface'"))["data"]["motif"] == CANARY
    vault = vault_of(sortant.banc, sortant.process.pool)
    cells = [row["scelle"] for row in kept]
    async with sortant.process.pool.acquire() as conn:
        keyring = await vault.of_cells(conn, cells)
    opened = {row["parcours"]: keyring.open(EVENTS, row["id"], row["scelle"]) is not None for row in kept}
    assert opened == {parcours: False, other: True}


async def is_shredded(sortant: Sortant, parcours: UUID) -> bool:
    return not await sortant.field("SELECT count(enveloppe) FROM coffre.cles WHERE id = $1", parcours)


def test_only_the_offer_and_notices_are_of_no_person() -> None:
    parcours = uuid4()
    keys = {nom: key_of_event(nom, body(parcours), parcours) for nom in CATALOGUE}

    assert {nom for nom, key in keys.items() if key is None} == {
        nom for nom, message in CATALOGUE.items() if ABONNES_TERRITOIRE in message.recepteurs
    }
    assert {nom for nom, key in keys.items() if key == SANS_PARCOURS} == {"usager.efface"}
    assert key_of_event("abonnement.suspendu", {"data": {}}, parcours) is None
    assert key_of_event("droits.conserves", body(parcours), parcours) == parcours


async def test_what_an_older_release_wrote_is_sealed_once(sortant: Sortant) -> None:
    pool, ids, parcours = sortant.process.pool, {table: uuid4() for table in OF_BEFORE}, uuid4()
    for table, insert in OF_BEFORE.items():
        content = {"etat": "refuse", "refus": CANARY} if table == "depots" else body(parcours)
        await pool.execute(insert, ids[table], parcours, "referent.designe", content)
    assert set(await clear(pool)) == set(OF_BEFORE)
    before = await sortant.body("SELECT * FROM evenements")

    sealing = Sealing(pool, sortant.vault)
    for table in (ANSWERS, EVENTS, HELD, ASIDE):
        after: UUID | None = UUID(int=0)
        while after:
            after = await sealing.turn(table, after)

    assert await clear(pool) == {}
    assert before == await sortant.body("SELECT * FROM evenements") == body(parcours)
    assert await pool.fetchval("SELECT count(*) FROM scellements") == 4
    [kept] = await pool.fetch("SELECT id, reponse_scellee, reponse, corps FROM depots")
    async with pool.acquire() as conn:
        keyring = await sortant.vault.of_cells(conn, [kept["reponse_scellee"]])
    answer = orjson.loads(keyring.open(ANSWERS, kept["id"], kept["reponse_scellee"]) or b"")
    assert (answer["refus"], kept["reponse"], kept["corps"]) == (CANARY, None, None)


async def test_one_connection_is_enough_to_tell_to_keep_waiting_and_to_seal_what_was(sortant: Sortant) -> None:
    """Who holds one and wants another waits for a replica that does the same."""
    pool, parcours, of_before = await sortant.banc.pool("passerelle", min_size=1, max_size=1), uuid4(), uuid4()
    vault = vault_of(sortant.banc, pool)
    fanout = Fanout(pool, vault, sortant.annuaire, Quiescence(sortant.process.bus), lambda: None)
    kinds = [("usager.signale", SIGNALE), ("droits.modifies", DROITS), ("droits.modifies", DROITS)]
    events = [sortant.event(type_, parcours, data) for type_, data in kinds]
    first, between, last = [
        Message(sujet_du_fait("59", "usagers", kind, parcours), orjson.dumps(event), place, 1)
        for place, ((kind, _), event) in enumerate(zip(kinds, events, strict=True), 1)
    ]
    await pool.execute(OF_BEFORE["evenements"], uuid4(), of_before, "referent.designe", body(of_before))

    async with asyncio.timeout(20):
        await fanout.handle([first, last])
        [[parked], _] = read_each([between])
        await fanout._park(parked, ValueError())
        await Sealing(pool, vault).turn(EVENTS, UUID(int=0))

    told = await pool.fetch("SELECT parcours FROM evenements WHERE scelle IS NOT NULL")
    assert {row["parcours"] for row in told} == {parcours, of_before}
    assert [await pool.fetchval(f"SELECT count(scelle) FROM {table}") for table in ("retenus", "rebut")] == [1, 1]


async def test_a_row_of_an_older_release_reads_before_it_is_sealed(sortant: Sortant) -> None:
    parcours = uuid4()
    await sortant.process.pool.execute(OF_BEFORE["evenements"], uuid4(), parcours, "referent.designe", body(parcours))

    assert await sortant.body("SELECT * FROM evenements") == body(parcours)
