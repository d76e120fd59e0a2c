"""What release 0.2.0 wrote of prescriptions is opened whole: each column stands in the state, and in the read table."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from deploy import provisioning
from deploy.components import ROOT, schemas
from services.dossiers.rejouer import rejouer
from services.offres.domain.dossier import Demande, Etat, Prescription, Service
from services.offres.store import lectures
from services.offres.store.dossiers import REGISTRE
from services.offres.store.fusions import JOURNAL
from tests.deploy.test_migrations import made_by, migrations
from tests.engines import Engines

pytestmark = pytest.mark.anyio

SURVIVANT, ABSORBE, ANCIEN = (UUID(int=number) for number in (0x59, 0x5A, 0x5B))
DEPOTS = [UUID(int=number) for number in (0xD1, 0xD2)]


@pytest.fixture
async def of_0_2_0(engines: Engines, tmp_path: Path) -> AsyncIterator[asyncpg.Connection]:
    async for conn in made_by(migrations(ROOT / "deploy" / "migrations-0.2.0.sha256"), engines, tmp_path):
        yield conn


AVANT_LA_FUSION = """{"parcours": "%s", "departement": "62", "est_clos": false, "est_efface": false,
    "absorbe_par": null, "prescriptions": [{
        "numero": 1, "prescription_id": "cd-59/b", "service": {"id": "dora--x", "structure_id": "dora--s",
        "structure_nom": "Mission « été »", "siret": "90000083700014"}, "prescripteur": "/partenaires/cd-59",
        "departement": "62", "emise_le": "2026-01-02", "demande": {"motif": "Travailler.",
        "contact_prefere": "telephone", "disponibilite": "2026-02-01", "agent": "MODELE AG-1"},
        "action_id": "cd-59/action", "etat": "refusee", "repondue_le": "2026-01-05", "relances": 1,
        "fin_le": "2026-01-06", "motifs": ["hors-zone", "autre"], "issue": null, "message": "Trop loin."}]}"""
OFFRES_OF_0_2_0 = f"""
SET search_path = offres;
INSERT INTO dossiers VALUES
    ('{SURVIVANT}', '59', false, NULL), ('{ABSORBE}', '62', true, '{SURVIVANT}'),
    ('{ANCIEN}', '62', true, '{SURVIVANT}');
INSERT INTO prescriptions VALUES
    ('{SURVIVANT}', 'cd-59/b', 1, 'dora--x', 'dora--s', 'Mission « été »', '90000083700014', '/partenaires/cd-59', '62',
        '2026-01-02', 'cd-59/action', 'refusee', '2026-01-05', 1, '2026-01-06', '{{hors-zone,autre}}', NULL,
        'Trop loin.', 'Travailler.', 'telephone', '2026-02-01', 'MODELE AG-1'),
    ('{SURVIVANT}', 'cd-59/a', 2, 'dora--y', 'dora--s', 'Mission', NULL, '/partenaires/cd-59', '59', '2026-01-03', NULL,
        'terminee', '2026-01-04', 0, '2026-03-01', '{{}}', 'accomplie', NULL, NULL, NULL, NULL, NULL),
    ('{SURVIVANT}', 'cd-59/c', 3, 'dora--y', 'dora--s', 'Mission', NULL, '/partenaires/cd-59', '59', '2026-01-04', NULL,
        'a-l-etude', '2026-01-05', 2, NULL, '{{}}', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO fusions VALUES
    ('01890000-0000-7000-8000-000000000001', '{DEPOTS[0]}', '{{{ABSORBE},{ANCIEN}}}', '{{}}', '{{}}', '{{}}', false),
    ('01890000-0000-7000-8000-000000000002', '{DEPOTS[1]}', '{{{SURVIVANT},{ABSORBE}}}', '{{}}',
        '{{"avant": {{"{ABSORBE}": {AVANT_LA_FUSION % ABSORBE}}}, "apres": {{}}}}', '{{"{ABSORBE}": ["{ANCIEN}"]}}',
        false);
INSERT INTO echeances VALUES ('{SURVIVANT}', 'prescription-3', '2026-02-02 23:00Z', '59');
RESET search_path;
"""
REFUSEE = Prescription(
    numero=1,
    prescription_id="cd-59/b",
    service=Service("dora--x", "dora--s", "Mission « été »", "90000083700014"),
    prescripteur="/partenaires/cd-59",
    departement="62",
    emise_le=date(2026, 1, 2),
    demande=Demande("Travailler.", "telephone", date(2026, 2, 1), "MODELE AG-1"),
    action_id="cd-59/action",
    etat=Etat.REFUSEE,
    repondue_le=date(2026, 1, 5),
    relances=1,
    fin_le=date(2026, 1, 6),
    motifs=("hors-zone", "autre"),
    message="Trop loin.",
)


async def test_prescriptions_of_0_2_0_open_with_their_state_as_first_fact(
    of_0_2_0: asyncpg.Connection, engines: Engines
) -> None:
    await of_0_2_0.execute(OFFRES_OF_0_2_0)
    await provisioning.provision_database(of_0_2_0, {role: engines.password(role) for role in schemas()})
    database = await of_0_2_0.fetchval("SELECT current_database()")
    await of_0_2_0.execute(f"GRANT CONNECT ON DATABASE {database} TO offres")
    pool = await engines.pool(database, "offres")

    compte = await rejouer(pool, REGISTRE, a_blanc=True)
    await pool.execute("DELETE FROM dossiers; DELETE FROM prescriptions; DELETE FROM echeances")
    await rejouer(pool, REGISTRE)
    due = await pool.fetchval("SELECT nature FROM echeances")
    async with pool.acquire() as conn:
        survivant, absorbe, ancien = await REGISTRE.famille(conn, ANCIEN)
        lue = await lectures.prescription(conn, {"parcours": str(ANCIEN), "prescription_id": "cd-59/c"})
        mois = await lectures.statistiques_prescriptions(conn, {})
        [fusion] = await JOURNAL.connues(conn, [DEPOTS[1]])
    await pool.close()

    assert (compte.dossiers, compte.differents, due) == (3, [], "prescription-3")
    assert (absorbe.absorbe_par, ancien.absorbe_par) == (SURVIVANT, ABSORBE)
    assert (survivant.prescriptions[0], fusion.avant[ABSORBE].prescriptions) == (REFUSEE, (REFUSEE,))
    assert [(p.etat.value, p.issue) for p in survivant.prescriptions[1:]] == [
        ("terminee", "accomplie"),
        ("a-l-etude", None),
    ]
    assert lue
    assert (lue["etat"], lue["expire_le"]) == ("a-l-etude", date(2026, 3, 5))
    assert [(m["departement"], m["nombre"], m["motifs_refus"]) for m in mois] == [
        ("59", 2, {}),
        ("62", 1, {"autre": 1, "hors-zone": 1}),
    ]
