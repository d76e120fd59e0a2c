"""What release 0.2.0 wrote of orientations is opened whole: each column stands in the state, and in the read tables."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from deploy import provisioning
from deploy.components import ROOT, schemas
from services.dossiers.rejouer import rejouer
from services.orientation.domain.decision import (
    Appui,
    Auteur,
    Avant,
    Contestation,
    Decision,
    DemandeReorientation,
    Orientation,
    Structure,
)
from services.orientation.domain.dossier import (
    Contrainte,
    Demande,
    Dossier,
    Issue,
    MotifPreconisation,
    Preconisation,
)
from services.orientation.store.dossiers import REGISTRE
from services.orientation.store.fusions import JOURNAL
from tests.deploy.test_migrations import made_by, migrations
from tests.engines import Engines

pytestmark = pytest.mark.anyio

SURVIVANT, ABSORBE, ANCIEN = (UUID(int=number) for number in (0x59, 0x5A, 0x5B))
DEPOTS = [UUID(int=number) for number in (0xD1, 0xD2, 0xD3)]
FUSION = UUID("01890000-0000-7000-8000-000000000002")
_REORIENTATION = """{"demandeur": {"partenaire": "/partenaires/cd-59", "role": "departement"}, "motif": "Projet.",
    "parcours_type_propose": "emploi", "structure_proposee": {"systeme": "local", "valeur": "2", "nom": "Mission"},
    "accord_referent": true, "accord_personne": false, "urgence": true}"""
_CONTRAINTES = """{
    "ft-v4/situation/27": {"niveau": "situation", "code": "27", "libelle": "Départ", "referentiel": "ft-v4",
        "valeur": "oui", "impact": null},
    "ft-v4/contrainte/3": {"niveau": "contrainte", "code": "3", "libelle": "Logement", "referentiel": "ft-v4",
        "valeur": "oui", "impact": "fort"}}"""
_PRECONISATION = """{"parcours_type": "social", "organisme": "departement", "motifs": [{"critere": "projet_pro",
    "valeur": null, "explication": "« Été »"}], "structure": null, "est_calculee": true}"""
_GARDE = f"""{{"avant": {{"{ABSORBE}": {{"parcours": "{ABSORBE}", "departement": "62", "tenus": ["referent", "contrat"]}}}},
    "apres": {{"{ABSORBE}": {{"parcours": "{ABSORBE}", "departement": "62"}}}}}}"""  # noqa: E501
OF_0_2_0 = f"""
SET search_path = orientation;
INSERT INTO dossiers (parcours, departement, brsa, est_clos, absorbe_par, criteres, contraintes, preconisation,
        reorientation, droit_dit_a, droit_effet, est_oppose, annonce_brsa, annonce_dit_a, annonce_effet, tenus) VALUES
    ('{SURVIVANT}', '59', true, false, NULL, '{{"projet_pro": "aucun", "brsa": true, "msa_autonomie_recherche_emploi": 3}}',
        '{_CONTRAINTES}', '{_PRECONISATION}', '{_REORIENTATION}', '2026-01-20 11:00:00.120034+01', '0001-01-01', false,
        false, '2026-02-20 12:00+01', '2026-12-01', '{{"referent": true, "cd-59/b": true, "cd-59/B": true}}'),
    ('{ABSORBE}', '62', true, true, '{SURVIVANT}', '{{}}', '{{}}', NULL, NULL, NULL, NULL, true, NULL, NULL, NULL, '{{}}'),
    ('{ANCIEN}', '62', false, true, '{SURVIVANT}', '{{}}', '{{}}', NULL, NULL, NULL, NULL, false, NULL, NULL, NULL, '{{}}');
INSERT INTO demandes VALUES
    ('{SURVIVANT}', 1, '59', '2025-01-02', '2025-02-13', 'Ouverture.', true, 'decidee', '2025-02-20'),
    ('{SURVIVANT}', 2, '62', '2026-01-02', '2026-02-13', NULL, false, NULL, NULL),
    ('{ANCIEN}', 1, '62', '2025-03-02', '2025-04-13', NULL, false, 'reprise', NULL),
    ('{ABSORBE}', 1, '62', '2025-03-02', '2025-04-13', NULL, false, 'fusionnee', NULL);
INSERT INTO orientations (parcours, rang, parcours_type, organisme, structure_systeme, structure_valeur, structure_nom,
        date_decision, date_debut, date_fin, est_close, motif_fin, motif_refus, commentaire_refus, notifiee_le, decideur,
        decideur_role, est_effective, depot, avant, appui, est_reprise, appuis) VALUES
    ('{SURVIVANT}', 2, 'social', 'departement', 'local', '2', 'Mission « été »', '2025-02-20', '2025-03-01', '2026-05-31',
        false, NULL, 'autre', 'Rien ici.', '2025-02-21', '/partenaires/cd-59', 'departement', true, '{DEPOTS[0]}',
        '{{"rang": 1, "fin": "2025-02-28", "est_close": false, "motif_fin": null, "demande": 1, "reorientation":
            {_REORIENTATION}}}', 'referent.designe', false,
        '{{"dits": [{{"type": "referent.designe", "depot": "{DEPOTS[1]}"}}, {{"type": "contrat.signe", "depot": null}}]}}'),
    ('{SURVIVANT}', 1, 'emploi', 'france-travail', 'siret', '1', 'Agence', '2024-02-20', '2024-03-01', '2025-02-28', true,
        'Remplacée.', NULL, NULL, NULL, '/partenaires/ft', 'france-travail', true, NULL, NULL, NULL, true, DEFAULT),
    ('{SURVIVANT}', 3, 'social', 'departement', 'local', '2', 'Mission', '2026-05-20', '2026-06-01', NULL, false, NULL,
        NULL, NULL, NULL, '/partenaires/cd-59', 'departement', false, '{DEPOTS[2]}', NULL, NULL, false, DEFAULT);
INSERT INTO fusions VALUES
    ('01890000-0000-7000-8000-000000000001', '{DEPOTS[0]}', '{{{ABSORBE},{ANCIEN}}}', '{{}}', '{{}}', '{{}}', false),
    ('{FUSION}', '{DEPOTS[1]}', '{{{SURVIVANT},{ABSORBE}}}', '{{}}', '{_GARDE}',
        '{{"{ABSORBE}": ["{ANCIEN}"]}}', false);
RESET search_path;
"""  # noqa: E501
CD = Auteur("/partenaires/cd-59", "departement")
MISSION = Structure("local", "2", "Mission")
ETE = Structure("local", "2", "Mission « été »")
AGENCE = Structure("siret", "1", "Agence")
VOULUE = DemandeReorientation(CD, "Projet.", "emploi", MISSION, True, False, True)
OUVERT = Dossier(
    parcours=SURVIVANT,
    departement="59",
    brsa=True,
    droit_dit=(datetime(2026, 1, 20, 10, 0, 0, 120034, tzinfo=UTC), date.min),
    droit_annonce=(False, (datetime(2026, 2, 20, 11, tzinfo=UTC), date(2026, 12, 1))),
    criteres={"projet_pro": "aucun", "brsa": True, "msa_autonomie_recherche_emploi": 3},
    contraintes=(
        Contrainte("contrainte", "3", "Logement", "ft-v4", "oui", "fort"),
        Contrainte("situation", "27", "Départ", "ft-v4", "oui"),
    ),
    preconisation=Preconisation(
        "social", "departement", (MotifPreconisation("projet_pro", None, "« Été »"),), est_calculee=True
    ),
    reorientation=VOULUE,
    demandes=(
        Demande(1, "59", date(2025, 1, 2), "Ouverture.", True, Issue.DECIDEE, date(2025, 2, 20)),
        Demande(2, "62", date(2026, 1, 2)),
    ),
    orientations=(
        Orientation(
            Decision("emploi", "france-travail", AGENCE, date(2024, 2, 20), date(2024, 3, 1), date(2025, 2, 28), 1),
            Auteur("/partenaires/ft", "france-travail"),
            est_close=True,
            motif_fin="Remplacée.",
            est_reprise=True,
        ),
        Orientation(
            Decision("social", "departement", ETE, date(2025, 2, 20), date(2025, 3, 1), date(2026, 5, 31), 2),
            CD,
            Contestation("autre", "Rien ici."),
            notifiee_le=date(2025, 2, 21),
            depot=DEPOTS[0],
            avant=Avant(1, date(2025, 2, 28), False, None, 1, VOULUE),
            appuis=(Appui("referent.designe", DEPOTS[1]), Appui("contrat.signe")),
        ),
        Orientation(
            Decision("social", "departement", MISSION, date(2026, 5, 20), date(2026, 6, 1), None, 3),
            CD,
            est_effective=False,
            depot=DEPOTS[2],
        ),
    ),
    tenus=("cd-59/B", "cd-59/b", "referent"),
)
DELAIS = [
    (SURVIVANT, "59", date(2025, 1, 2), date(2025, 2, 13), date(2025, 2, 20), True),
    (SURVIVANT, "62", date(2026, 1, 2), date(2026, 2, 13), None, False),
]
PERIODES = [
    (SURVIVANT, 1, date(2024, 3, 1), date(2025, 2, 28)),
    (SURVIVANT, 2, date(2025, 3, 1), date(2026, 5, 31)),
    (SURVIVANT, 3, date(2026, 6, 1), None),
]


@pytest.fixture
async def of_0_2_0(engines: Engines, tmp_path: Path) -> AsyncIterator[asyncpg.Connection]:
    async for conn in made_by(migrations(ROOT / "deploy" / "migrations-0.2.0.sha256"), engines, tmp_path):
        yield conn


async def test_each_column_of_0_2_0_stands_in_the_first_fact(of_0_2_0: asyncpg.Connection, engines: Engines) -> None:
    await of_0_2_0.execute(OF_0_2_0)
    await provisioning.provision_database(of_0_2_0, {role: engines.password(role) for role in schemas()})
    database = await of_0_2_0.fetchval("SELECT current_database()")
    await of_0_2_0.execute(f"GRANT CONNECT ON DATABASE {database} TO orientation")
    pool = await engines.pool(database, "orientation")

    compte = await rejouer(pool, REGISTRE, a_blanc=True)
    delais = [tuple(row) for row in await pool.fetch("SELECT * FROM delais ORDER BY date_reception")]
    periodes = [tuple(row) for row in await pool.fetch("SELECT * FROM periodes ORDER BY rang")]
    async with pool.acquire() as conn, conn.transaction():
        famille = await REGISTRE.famille(conn, ANCIEN)
        [fusion] = await JOURNAL.connues(conn, [DEPOTS[1]])
    await pool.close()

    assert (compte.dossiers, compte.differents) == (3, [])
    assert famille[0] == OUVERT
    assert [(d.parcours, d.absorbe_par, d.est_oppose, d.demandes[0].issue) for d in famille[1:]] == [
        (ABSORBE, SURVIVANT, True, Issue.FUSIONNEE),
        (ANCIEN, ABSORBE, False, Issue.REPRISE),
    ]
    assert (delais, periodes) == (DELAIS, PERIODES)
    assert (fusion.avant[ABSORBE].tenus, fusion.apres[ABSORBE].tenus) == (("contrat", "referent"), ())
