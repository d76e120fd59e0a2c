"""The access journal: who, whose, for what, and every refusal once; written once, chained, kept twelve months."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias, cast
from uuid import UUID, uuid4

import asyncpg
import pytest

from chassis.database import Pool
from coffre.keys import Vault
from deploy import postgres
from deploy.keys import new_es256_key
from gateway import accesses, participations, proofs
from gateway.accesses import Access, AccessChain
from gateway.inbound.deposit.journal import Journal
from gateway.inbound.request.refusals import Refusals
from gateway.participations import Participation
from gateway.pseudonyms import Pseudonyms
from gateway.receipts import Chains
from relais_contrats.droits import Role
from relais_contrats.identifiants import cle_nir
from tests.engines import Bench
from tests.passerelle.entrance import Entrance, entrance
from tests.passerelle.outgoing import BASE_URL, KEY, in_a_day

pytestmark = pytest.mark.anyio
NO_VAULT = cast(Vault, None)
"""Accesses are not sealed."""
Admin: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
SEARCH = {"identifiants": [{"type": "nir", "valeur": "1900159350123" + cle_nir("1900159350123")}]}
ALL = "SELECT * FROM acces ORDER BY chaine, rang"


def access(quoi: str = "GET /v1/parcours", parcours: tuple[UUID, ...] = (), **others: Any) -> Access:
    told = {"agent": None, "finalite": None, "resultat": 200, "trace": None, "liaison": "dpop"} | others
    return Access(partenaire="cd-59", parcours=parcours, quoi=quoi, **told)


@pytest.fixture
async def pool(banc: Bench) -> Pool:
    return await banc.pool("passerelle")


@pytest.fixture
async def admin(banc: Bench) -> AsyncIterator[Admin]:
    """The role that owns the tables, which no component is."""
    conn = await postgres.connect_admin(banc.engines.data, banc.engines.ports.postgres, banc.database)
    await conn.execute("SET search_path = passerelle")
    yield conn
    await conn.close()


@pytest.fixture
def pem() -> bytes:
    return new_es256_key().encode()


async def write(pool: Pool, chain: AccessChain, *several: Access) -> None:
    async with pool.acquire() as conn, conn.transaction():
        await accesses.insert(conn, chain.chained(several, datetime.now(UTC)))


async def verdict(pool: Pool, pem: bytes) -> proofs.Verdict:
    async with pool.acquire() as conn:
        return await proofs.verify_accesses(conn, pem)


async def test_what_is_written_verifies(pool: Pool, pem: bytes) -> None:
    for chain in (AccessChain(pem), AccessChain(pem)):
        await write(pool, chain, access(parcours=(uuid4(), uuid4())), access(agent="Durand Anne a-12"))
        await write(pool, chain, access(resultat=404, code="parcours-inconnu"))

    assert (await verdict(pool, pem)) == proofs.Verdict(lus=6, chaines=2)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("UPDATE acces SET partenaire = 'caf-59' WHERE rang = 2", "contenu"),
        ("UPDATE acces SET parcours = '{}' WHERE rang = 1", "contenu"),
        ("UPDATE acces SET a = a + interval '1 second' WHERE rang = 2", "contenu"),
        ("DELETE FROM acces WHERE rang = 2", "manque"),
        ("DELETE FROM acces WHERE rang = 3", "fin de cette chaîne"),
        ("UPDATE acces SET precedent = empreinte WHERE rang = 1", "ne commence pas"),
        ("UPDATE acces SET precedent = empreinte WHERE rang = 2", "suit pas"),
        ("UPDATE acces SET signature = 'AAAA' WHERE rang = 3", "signature"),
    ],
)
async def test_what_was_touched_is_told(pool: Pool, pem: bytes, admin: Admin, change: str, said: str) -> None:
    await write(pool, AccessChain(pem), access(parcours=(uuid4(),)), access(), access())
    await admin.execute(change)

    found = await verdict(pool, pem)

    assert found.nombre_ruptures >= 1
    assert any(said in rupture for rupture in found.ruptures)


async def test_rows_that_are_rewritten_whole_lack_the_signature_of_the_hub(
    pool: Pool, pem: bytes, admin: Admin
) -> None:
    await write(pool, AccessChain(new_es256_key().encode()), access())

    assert "signature" in (await verdict(pool, pem)).ruptures[0]


@pytest.mark.parametrize("table", ["acces", "recus"])
@pytest.mark.parametrize("change", ["DELETE FROM {}", "UPDATE {} SET rang = rang + 1", "TRUNCATE {}"])
async def test_the_role_of_the_gateway_only_inserts(pool: Pool, table: str, change: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await pool.execute(change.format(table))


async def test_the_role_of_the_gateway_does_not_go_round_by_the_months(pool: Pool) -> None:
    query = "SELECT min(inhrelid::regclass::text) FROM pg_inherits WHERE inhparent = 'acces'::regclass"
    month = await pool.fetchval(query)

    for change in (f"DELETE FROM {month}", f"INSERT INTO {month} SELECT * FROM acces", f"DROP TABLE {month}"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await pool.execute(change)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await pool.execute("SELECT entretenir_acces_au('2099-01-01')")


async def test_twelve_months_are_kept_then_go_whole_and_what_is_left_verifies(
    pool: Pool, pem: bytes, admin: Admin
) -> None:
    chain, first = AccessChain(pem), datetime.now(UTC).replace(day=15)
    kept = []
    for months in (0, 1, 12, 13):
        day = first + timedelta(days=30.44 * months)
        await admin.execute("SELECT entretenir_acces_au($1)", day.date())
        async with pool.acquire() as conn, conn.transaction():
            await accesses.insert(conn, chain.chained([access()], day))
        kept.append(await pool.fetchval("SELECT count(*) FROM acces"))

    assert kept == [1, 2, 3, 3]
    assert (await verdict(pool, pem)).nombre_ruptures == 0


async def test_a_failed_write_breaks_no_chain(pool: Pool, pem: bytes) -> None:
    chain = AccessChain(pem)
    journal = Journal(pool, Chains(pem, BASE_URL), chain, Pseudonyms(KEY), NO_VAULT)
    await journal._record_accesses([(access(), (), ())])
    with pytest.raises(asyncpg.PostgresError):
        await journal._record_accesses([(access(liaison="autre"), (), ())])
    await journal._record_accesses([(access(), (), ())])

    assert await verdict(pool, pem) == proofs.Verdict(lus=2, chaines=2)


async def test_a_flood_of_refusals_is_counted_and_its_first_one_is_told_at_once(pool: Pool, pem: bytes) -> None:
    journal = Journal(pool, Chains(pem, BASE_URL), AccessChain(pem), Pseudonyms(KEY), NO_VAULT)
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(journal.accesses.run(stop))
        refusals = Refusals(journal)
        for number in range(1_000):
            one = access(resultat=401, provenance=f"192.0.2.{number % 2}", liaison=None, trace=f"{number}")
            await refusals.note(one)
        at_once = await pool.fetchval("SELECT count(*) FROM acces")
        for number in range(1_000):
            await refusals.note(access(resultat=401, provenance=f"2001:db8::{number:x}", liaison=None))
        await refusals.flush()
        stop.set()

    assert at_once == 2
    assert await pool.fetchval("SELECT sum(nombre) FROM acces") == 2_000
    assert await pool.fetchval("SELECT count(*) FROM acces") < 250


async def traced(entree: Entrance, quoi: str) -> list[dict[str, Any]]:
    rows = await entree.fetch("SELECT * FROM acces WHERE quoi = $1 ORDER BY a, rang", quoi)
    return [row for row in rows if row["resultat"]]


async def test_a_refusal_without_partner_tells_from_where(entree: Entrance) -> None:
    await entree.bare("GET", "/v1/evenements")

    [row] = await traced(entree, "GET /v1/evenements")
    assert (row["resultat"], row["partenaire"], bool(row["provenance"])) == (401, "", True)


@pytest.mark.parametrize(
    ("method", "path", "body", "resultat", "code"),
    [
        ("GET", "/v1/statistiques/delais", None, 403, "403"),
        ("GET", "/v1/parcours/prc_" + "a" * 26, None, 404, "parcours-inconnu"),
        ("GET", "/v1/parcours?etat=inconnu", None, 422, "code-inconnu"),
        ("POST", "/v1/usagers/recherche", {"identifiants": []}, 422, "schema-invalide"),
    ],
)
async def test_every_refusal_is_traced_once_with_its_code(
    entree: Entrance, method: str, path: str, body: Any, resultat: int, code: str
) -> None:
    partenaire = "caf-59" if resultat == 403 else "cd-59"
    partner = await entree.partner(partenaire)
    content = {"content": json.dumps(body).encode(), "headers": {"Content-Type": "application/json"}} if body else {}

    await partner._send(method, path, **content)

    rows = [row for row in await entree.fetch("SELECT * FROM acces") if row["resultat"] == resultat]
    assert [(row["partenaire"], row["code"], row["liaison"]) for row in rows] == [(partenaire, code, "dpop")]


async def test_a_partner_over_its_limits_is_traced(banc: Bench) -> None:
    async with entrance(banc, rafale=1, debit_par_s=1) as entree:
        partner = await entree.partner("cd-59")
        await partner._renew_token()
        statuses = [
            (await partner._http.request("GET", "http://127.0.0.1:8420/v1/abonnements", headers=headers)).status_code
            for headers in [await partner.headers("GET", "/v1/abonnements") for _ in range(3)]
        ]
        rows = await traced(entree, "GET /v1/abonnements")

    assert statuses.count(429) >= 1
    assert [row["partenaire"] for row in rows if row["resultat"] == 429] == ["cd-59"]


async def test_a_search_says_who_and_for_what(entree: Entrance, banc: Bench) -> None:
    service = await banc.process("usagers", "usagers")

    async def nobody(_: bytes) -> bytes:
        return b'{"resultat":"aucun","ailleurs":false}'

    await service.bus.respond("lecture.usagers.resoudre", "usagers", nobody)
    partner = await entree.partner("cd-59")
    told = {"Relais-Agent": "Durand Anne a-12", "Relais-Finalite": "accompagnement"}
    headers = {"Content-Type": "application/json"}

    await partner._send("POST", "/v1/usagers/recherche", content=json.dumps(SEARCH).encode(), headers=headers | told)
    await partner._send("POST", "/v1/usagers/recherche", content=json.dumps(SEARCH).encode(), headers=headers)

    rows = await entree.fetch("SELECT agent, finalite, resultat FROM acces ORDER BY a, rang")
    assert [tuple(row.values()) for row in rows] == [
        ("Durand Anne a-12", "accompagnement", 0),
        ("Durand Anne a-12", "accompagnement", 200),
        (None, None, 0),
        (None, "accompagnement engagement offre orientation", 200),
    ]


@pytest.mark.parametrize(
    "path",
    ["/v1/evenements", "/v1/reconciliation?sens=recu&du=2026-03-01T00:00:00Z&au=2026-03-02T00:00:00Z"],
)
async def test_what_was_received_is_read_again_for_a_purpose(entree: Entrance, path: str) -> None:
    partner = await entree.partner("cd-59")

    for told in ({}, {"Relais-Agent": "Durand Anne a-12", "Relais-Finalite": "engagement"}):
        await partner._send("GET", path, headers=told)

    rows = await entree.fetch("SELECT agent, finalite FROM acces WHERE resultat = 200 ORDER BY a, rang")
    assert [tuple(row.values()) for row in rows] == [
        (None, "accompagnement engagement offre orientation pilotage"),
        ("Durand Anne a-12", "engagement"),
    ]


async def test_a_list_says_whose(entree: Entrance, banc: Bench) -> None:
    service = await banc.process("usagers", "usagers")
    orientation = await banc.process("orientation", "orientation")

    async def known(_: bytes) -> bytes:
        return b'{"departement":"59","etat":"actif"}'

    async def nothing(_: bytes) -> bytes:
        return b"null"

    await service.bus.respond("lecture.usagers.parcours", "usagers", known)
    await orientation.bus.respond("lecture.orientation.orientations", "orientation", nothing)
    followed = [uuid4() for _ in range(3)]
    async with entree.process.pool.acquire() as conn:
        entered = [Participation(parcours, "cd-59", Role.TERRITOIRE) for parcours in followed]
        await participations.enter(conn, entered, in_a_day())
    partner = await entree.partner("cd-59")

    page = await partner.get("/v1/parcours")

    [row] = await traced(entree, "GET /v1/parcours")
    assert len(page["parcours"]) == 3
    assert set(row["parcours"]) == set(followed)


async def test_a_token_that_is_refused_is_traced(entree: Entrance) -> None:
    for _ in range(3):
        await entree.bare("POST", "/oauth/token", data={"grant_type": "client_credentials", "client_id": "si:cd-59"})

    rows = await traced(entree, "POST /oauth/token")
    assert [(row["resultat"], row["partenaire"], row["nombre"]) for row in rows] == [(401, "", 1)]


async def test_a_refusal_waits_for_a_database_that_is_away(
    pool: Pool, pem: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(pool, Chains(pem, BASE_URL), AccessChain(pem), Pseudonyms(KEY), NO_VAULT)
    refusals, written = Refusals(journal), []

    async def away(_: Access) -> bool:
        raise OSError("away")

    async def back(access: Access) -> bool:
        written.append(access.nombre)
        return True

    monkeypatch.setattr(journal, "record_access", away)
    for _ in range(3):
        await refusals.note(access(resultat=401))
    await refusals.flush()
    monkeypatch.setattr(journal, "record_access", back)
    await refusals.flush()

    assert written == [3]
