"""Migrations are append-only: none that was released changes, and what an older release wrote is opened and served."""

from __future__ import annotations

import hashlib
import json
import shutil
import tomllib
from collections.abc import AsyncIterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from chassis.database import Pool
from chassis.depots import Engine
from coffre.keys import Vault
from coffre.masters import Masters
from deploy import postgres, provisioning
from deploy.components import ROOT, schemas
from gateway.inbound.deposit.cabinet import Cabinet
from gateway.inbound.deposit.former_rows import Sealing
from gateway.sealing import ANSWERS, EVENTS, open_answers, open_events
from services import aside
from services.dossiers.rejouer import rejouer
from services.referents.domain.dossier import Depot
from services.referents.store import lectures, portefeuille
from services.referents.store.dossiers import REGISTRE
from tests.chassis.counter import BRIQUE, NOW, deposit
from tests.engines import Engines

pytestmark = pytest.mark.anyio

RELEASES = sorted((ROOT / "deploy").glob("migrations-*.sha256"))
"""Every migration of a release with its SHA-256. Nothing is taken out of them; a newer release adds its own file."""


def migrations(release: Path) -> dict[str, str]:
    return {path: digest for digest, path in (line.split() for line in release.read_text().splitlines())}


FIRST = migrations(RELEASES[0])
RELEASED = {(path, digest) for release in RELEASES for path, digest in migrations(release).items()}
PARCOURS, EVENT, DEPOSIT = (UUID(int=number) for number in (1, 2, 3))


@pytest.mark.parametrize(("path", "digest"), sorted(RELEASED))
def test_a_released_migration_never_changes(path: str, digest: str) -> None:
    assert hashlib.sha256((ROOT / path).read_bytes()).hexdigest() == digest


def test_the_release_of_this_tree_has_all_of_its_migrations_frozen() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]

    assert RELEASES[-1].name == f"migrations-{version}.sha256"


@pytest.fixture
async def older(engines: Engines, tmp_path: Path) -> AsyncIterator[asyncpg.Connection]:
    """A database as the first release made it."""
    async for conn in made_by(FIRST, engines, tmp_path):
        yield conn


@pytest.fixture
async def of_0_2_0(engines: Engines, tmp_path: Path) -> AsyncIterator[asyncpg.Connection]:
    async for conn in made_by(migrations(ROOT / "deploy" / "migrations-0.2.0.sha256"), engines, tmp_path):
        yield conn


async def made_by(release: Mapping[str, str], engines: Engines, tmp_path: Path) -> AsyncIterator[asyncpg.Connection]:
    for path in release:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / path, tmp_path / path)
    name = f"ancien_{uuid4().hex}"
    admin = await postgres.connect_admin(engines.data, engines.ports.postgres, "postgres")
    await admin.execute(f"CREATE DATABASE {name}")
    conn = await postgres.connect_admin(engines.data, engines.ports.postgres, name)
    try:
        await provisioning.provision_database(conn, {role: engines.password(role) for role in schemas()}, tmp_path)
        yield conn
    finally:
        await conn.close()
        await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await admin.close()


async def written_then(conn: asyncpg.Connection, engines: Engines) -> list[str]:
    """Rows of that release, then today's migrations; returns what was applied."""
    await conn.execute(
        "INSERT INTO orientation.faits (id, agregat, sequence, type, partition, donnees, source, survenu_a,"
        " enregistre_a, cause, publie_seq) VALUES"
        " ($1, $2, 1, 'compteur.augmente', '59', '{\"plus\": 5}', '/partenaires/cd-59', now(), now(), $3, 7)",
        EVENT,
        PARCOURS,
        DEPOSIT,
    )
    await conn.execute("INSERT INTO orientation.transport VALUES ('PARCOURS', now(), 0, now())")
    await conn.execute(
        "INSERT INTO orientation.rebut VALUES ($1, 'evenement', 'droits.modifies', $2, 'KeyError', now())",
        uuid4(),
        f'{{"agregat": "{PARCOURS}", "brique": "usagers", "sequence": 2}}',
    )
    await conn.execute(
        "INSERT INTO passerelle.rebut VALUES ($1, 'usagers', $2, 3, '{}', 'KeyError', now())", uuid4(), PARCOURS
    )
    return await provisioning.provision_database(conn, {role: engines.password(role) for role in schemas()})


async def test_what_an_older_release_wrote_is_opened_and_served(
    older: asyncpg.Connection,
    engines: Engines,
) -> None:
    applied = await written_then(older, engines)
    database = await older.fetchval("SELECT current_database()")
    await older.execute(f"GRANT CONNECT ON DATABASE {database} TO orientation")
    pool = await engines.pool(database, "orientation")
    engine = Engine(BRIQUE, pool, on_facts=lambda: None, clock=lambda: NOW)

    held, free = await engine.decide([deposit(PARCOURS, 1), deposit(uuid4(), 1)])
    async with pool.acquire() as conn:
        [parked] = await aside.reading(BRIQUE)["rebut"](conn, {})
    await pool.close()
    held_by_the_gateway = await older.fetchrow("SELECT agregat, brique, sequence, etat FROM passerelle.rebut")

    assert "orientation.0004_chassis_rebut" in applied
    assert (held.etat, free.etat) == ("attente", "accepte")
    assert (parked["agregat"], parked["etat"]) == (PARCOURS, "parque")
    assert (parked["entree"]["brique"], parked["entree"]["sequence"]) == ("usagers", 2)
    assert tuple(held_by_the_gateway or ()) == (PARCOURS, "usagers", 3, "parque")


async def test_a_second_provisioning_after_an_upgrade_applies_nothing(
    older: asyncpg.Connection,
    engines: Engines,
) -> None:
    await written_then(older, engines)

    again = await provisioning.provision_database(older, {role: engines.password(role) for role in schemas()})

    assert again == []


SURVIVANT, ABSORBE, ANCIEN = (UUID(int=number) for number in (0x59, 0x5A, 0x5B))
DEPOTS = [UUID(int=number) for number in (0xD1, 0xD2, 0xD3)]
REFERENTS_OF_0_2_0 = f"""
SET search_path = referents;
INSERT INTO dossiers (parcours, departement, est_clos, absorbe_par, effets) VALUES
    ('{SURVIVANT}', '59', false, NULL, '{{2026-06-01}}'),
    ('{ABSORBE}', '62', true, '{SURVIVANT}', '{{}}'), ('{ANCIEN}', '62', true, '{SURVIVANT}', '{{}}');
INSERT INTO orientations VALUES
    ('{SURVIVANT}', 1, '59', 'siret', '1', 'Pôle', '2025-01-02', '2025-01-03', '2025-12-31', true, '2025-02-01',
        '2025-01-04', NULL, true),
    ('{SURVIVANT}', 2, '59', 'local', '2', 'Mission « été »', '2026-01-02', '2026-01-03', NULL, false, '2026-02-01',
        '2026-01-04', '2026-01-20', false);
INSERT INTO designations VALUES
    ('{SURVIVANT}', 1, 2, 'MODELE', 'Dominique', 'd@exemple.fr', NULL, 'AG-1', 'local', '2', 'Mission « été »',
        '2026-01-03', '2026-01-03', '2026-01-04', 'remplacee', '2026-05-31', 'Départ.', '{DEPOTS[0]}',
        '/partenaires/cd-59', '{DEPOTS[1]}', '/partenaires/ml', '{DEPOTS[2]} {DEPOTS[0]}'),
    ('{SURVIVANT}', 2, 2, 'SPECIMEN', 'Camille', 'c@exemple.fr', '0199000000', 'AG-2', 'local', '2', 'Mission',
        '2026-06-01', '2026-05-02', '2026-05-02', NULL, NULL, NULL, NULL, NULL, NULL, NULL, ''),
    ('{ABSORBE}', 1, 1, 'SPECIMEN', 'Camille', 'c@exemple.fr', '0199000000', 'AG-2', 'local', '2', 'Mission',
        '2025-06-01', '2025-05-02', NULL, 'declinee', NULL, 'Complet.', NULL, NULL, NULL, NULL, '');
INSERT INTO accompagnants VALUES
    ('{SURVIVANT}', 1, 'AIDE', 'Alix', 'a@exemple.fr', NULL, 'AG-3', 'siret', '3', 'Association', 'accompagnant',
        '2026-01-05', '2026-02-05', 'Mutation.');
INSERT INTO rendez_vous VALUES
    ('{SURVIVANT}', 'cd-59/b', 1, 'accompagnement', '2026-01-20 09:30+01', 45, 'physique', 'individuel', 'Lille',
        'honore', NULL, '/partenaires/cd-59', 2, '2026-01-20 11:00:00.120034+01'),
    ('{SURVIVANT}', 'cd-59/a', 2, 'orientation', '2026-03-20 09:30+01', 30, 'visio', 'individuel', NULL,
        'annule', 'usager', '/partenaires/ml', NULL, NULL);
INSERT INTO fusions VALUES
    ('01890000-0000-7000-8000-000000000001', '{DEPOTS[0]}', '{{{ABSORBE},{ANCIEN}}}', '{{}}', '{{}}', '{{}}', false),
    ('01890000-0000-7000-8000-000000000002', '{DEPOTS[1]}', '{{{SURVIVANT},{ABSORBE}}}', '{{}}', '{{}}',
        '{{"{ABSORBE}": ["{ANCIEN}"]}}', false);
RESET search_path;
"""
VUE = {
    "referent": "MODELE",
    "suivant": "SPECIMEN",
    "historique": [("declinee", None), ("remplacee", date(2026, 5, 31)), (None, None)],
    "anciens_accompagnants": ["AIDE"],
    "rdv": [("cd-59/a", "annule", None), ("cd-59/b", "honore", "2026-01-20T11:00:00+01:00")],
    "file": [(str(SURVIVANT), date(2026, 1, 3), "MODELE")],
    "delais": [("59", "2026-01", 1, 1, 1)],
}


async def asked(pool: Pool) -> dict[str, Any]:
    """What the reads of `referents` answer on a day of 2026."""
    async with pool.acquire() as conn:
        quand = {"parcours": str(ANCIEN), "maintenant": "2026-05-20T12:00:00+02:00"}
        referent, rdv = await lectures.referent(conn, quand), await lectures.rdv(conn, quand)
        file = await portefeuille.file_active(conn, quand | {"structure": {"systeme": "local", "valeur": "2"}})
        delais = await portefeuille.delais(conn, quand)
    assert referent
    assert rdv
    return {
        "referent": referent["referent"]["referent"]["nom"],
        "suivant": referent["suivant"]["referent"]["nom"],
        "historique": [(d["issue"], d["date_fin"]) for d in referent["historique"]],
        "anciens_accompagnants": [a["accompagnant"]["nom"] for a in referent["anciens_accompagnants"]],
        "rdv": [
            (r["rdv_id"], r["statut"], r["constate_a"].isoformat() if r["constate_a"] else None)
            for r in rdv["rendez_vous"]
        ],
        "file": [(p["parcours"], p["date_debut"], p["referent"]["nom"]) for p in file["parcours"]],
        "delais": [
            (m["departement"], m["mois"], m["decisions"], m["referent"]["nombre"], m["premier_rdv"]["nombre"])
            for m in delais
        ],
    }


async def test_dossiers_of_0_2_0_open_with_their_state_as_first_fact(
    of_0_2_0: asyncpg.Connection, engines: Engines
) -> None:
    await of_0_2_0.execute(REFERENTS_OF_0_2_0)
    await provisioning.provision_database(of_0_2_0, {role: engines.password(role) for role in schemas()})
    database = await of_0_2_0.fetchval("SELECT current_database()")
    await of_0_2_0.execute(f"GRANT CONNECT ON DATABASE {database} TO referents")
    pool = await engines.pool(database, "referents")

    vue = await asked(pool)
    compte = await rejouer(pool, REGISTRE, a_blanc=True)
    await pool.execute("DELETE FROM dossiers; DELETE FROM suivis; DELETE FROM delais")
    await rejouer(pool, REGISTRE)
    rebatie = await asked(pool)
    async with pool.acquire() as conn:
        survivant, absorbe, ancien = await REGISTRE.famille(conn, ANCIEN)
    await pool.close()

    assert (vue, rebatie) == (VUE, VUE)
    assert (compte.dossiers, compte.differents) == (3, [])
    assert (absorbe.absorbe_par, ancien.absorbe_par) == (SURVIVANT, ABSORBE)
    assert survivant.effets == (date(2026, 6, 1),)
    assert survivant.designations[0].signatures == (DEPOTS[2], DEPOTS[0])
    assert (survivant.designations[0].decidee, survivant.designations[1].decidee) == (
        Depot(DEPOTS[0], "/partenaires/cd-59"),
        None,
    )


GATEWAY_OF_0_2_0 = """
INSERT INTO passerelle.evenements (id, parcours, type, corps, recu_a) VALUES ($1, $1, 'droits.modifies', $2, now())
"""
DEPOSIT_OF_0_2_0 = """
INSERT INTO passerelle.depots (id, partenaire, message, empreinte, type, brique, parcours, agent, finalite, corps,
    recu_a, prochain_essai, etat, reponse, regle_a)
VALUES ($1::uuid, 'cd-59', ($1::uuid)::text, decode(repeat('00', 32), 'hex'), 'droits.modifies', 'usagers', $2, 'a',
    'suivi', $3, now(), now(), $4::text, $5::jsonb, CASE WHEN $4::text = 'accepte' THEN now() END)
"""


async def test_what_the_gateway_of_0_2_0_kept_in_the_clear_is_sealed_and_reads_as_before(
    of_0_2_0: asyncpg.Connection, engines: Engines
) -> None:
    event, settled, waiting, key = PARCOURS, EVENT, DEPOSIT, bytes(32)
    told = {"subject": str(PARCOURS), "source": "/partenaires/cd-59", "departement": "59", "data": {"motif": "zqavant"}}
    await of_0_2_0.execute(GATEWAY_OF_0_2_0, event, json.dumps(told))
    body = bytes(12) + AESGCM(key).encrypt(bytes(12), b"zqattend", waiting.bytes)
    await of_0_2_0.execute(DEPOSIT_OF_0_2_0, settled, PARCOURS, b"zqavant", "accepte", '{"etat": "zqavant"}')
    await of_0_2_0.execute(DEPOSIT_OF_0_2_0, waiting, PARCOURS, body, "en-attente", None)
    await provisioning.provision_database(of_0_2_0, {role: engines.password(role) for role in schemas()})
    database = await of_0_2_0.fetchval("SELECT current_database()")
    await of_0_2_0.execute(f"GRANT CONNECT ON DATABASE {database} TO passerelle")
    pool = await engines.pool(database, "passerelle")
    vault = Vault(pool, Masters(engines.data.masters))
    sealing = Sealing(pool, vault)

    for table in (ANSWERS, EVENTS):
        after: UUID | None = UUID(int=0)
        while after:
            after = await sealing.turn(table, after)

    clear = await pool.fetchval(
        "SELECT count(*) FROM (SELECT e::text FROM evenements e UNION ALL SELECT d::text FROM depots d) AS r(t)"
        " WHERE t LIKE '%zqavant%' OR t LIKE '%' || encode('zqavant', 'hex') || '%'"
    )
    async with pool.acquire() as conn:
        [read] = await open_events(vault, conn, await conn.fetch("SELECT * FROM evenements"))
        answers = await open_answers(vault, conn, await conn.fetch("SELECT * FROM depots WHERE id = $1", settled))
        bodies = await Cabinet(vault, key).open(conn, await conn.fetch("SELECT * FROM depots WHERE id = $1", waiting))
    await pool.close()
    assert (clear, read["corps"], answers[0]["reponse"], bodies) == (0, told, {"etat": "zqavant"}, [b"zqattend"])
