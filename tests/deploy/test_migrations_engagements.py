"""What release 0.2.0 wrote of contracts is opened whole: each column stands in the state, and in the read table."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from deploy import provisioning
from deploy.components import ROOT, schemas
from services.dossiers.rejouer import rejouer
from services.engagements.domain.contenu import Auteur, Bilan, Contenu, Engagement
from services.engagements.domain.dossier import (
    Avant,
    Cause,
    Contrat,
    Delai,
    Dossier,
    Etape,
    EtatContrat,
    EtatSanction,
    Issue,
    Manquement,
    Mesure,
    Orientation,
    Reexamen,
    Sanction,
    StatutReferent,
    Suspension,
)
from services.engagements.store.dossiers import REGISTRE
from tests.deploy.test_migrations import made_by, migrations
from tests.engines import Engines

pytestmark = pytest.mark.anyio

SURVIVANT, ABSORBE, ANCIEN = (UUID(int=number) for number in (0x59, 0x5A, 0x5B))
DEPOTS = [UUID(int=number) for number in (0xD1, 0xD2, 0xD3)]
_USAGER = """{"id": "u1", "theme": "mobilite", "libelle": "Le « code »", "heures_hebdo": 6, "echeance": "2026-09-30"}"""
_ORGANISME = """{"id": "o1", "theme": "mobilite", "libelle": "Payer", "heures_hebdo": null, "echeance": null}"""
_SUSPENSION = """{"debut": "2026-07-01", "motif": "Cessation.", "recue_le": "2026-07-02", "reprise": null,
    "motif_reprise": null}"""
_HISTOIRE = f"""{{"signataires": ["usager", "referent"], "suspensions": [{_SUSPENSION}],
    "bilans": [{{"date": "2026-06-01", "points": ["Code."], "heures_realisees": 7}}]}}"""
_VIDE = """{"signataires": [], "suspensions": [], "bilans": []}"""
_ORIENTATION = """{"parcours_type": "%s", "structure": "local:utas-03", "decidee_le": "%s", "debut": "%s"}"""
_AVANT = f"""{{"orientation": {_ORIENTATION % ("social", "2026-03-16", "2026-03-17")},
    "reexamen": {{"depuis": "2026-03-17", "du_le": null}}, "delai": 1, "delais": 1, "etapes": 1,
    "contrats": {{"1": {{"etat": "signe", "est_a_venir": false, "signe_le": "2026-04-10", "refuse_le": null,
        "motif_refus": null, "cause": null, "clos_le": null, "motif_cloture": null}}}}}}"""
_ETAPES = f"""{{"franchies": [{{"type": "contrat.signe", "depot": "{DEPOTS[0]}", "auteur": "/partenaires/cd-59",
    "contrats": [{{"numero": 1, "contenu": {{"contrat_id": "ce-1", "date_debut": "2026-04-01", "duree_mois": 6,
        "engagements_usager": [{_USAGER}], "engagements_organisme": [{_ORGANISME}], "motif_dispense": null}},
        "proposeur": {{"partenaire": "/partenaires/cd-59", "role": "departement"}}, "etat": "a-signer",
        "signe_le": null, "est_a_venir": false, "signataires": [], "est_hors_delai": false, "refuse_le": null,
        "motif_refus": null, "cause": null, "suspensions": [], "bilans": [], "clos_le": null,
        "motif_cloture": null}}],
    "nouveaux": [], "delai": 1, "delais": 1, "causes": ["{DEPOTS[1]}"]}},
    {{"type": "orientation.decidee", "depot": null, "auteur": null, "contrats": [], "nouveaux": [], "delai": null,
        "delais": 0, "causes": []}}]}}"""
OF_0_2_0 = f"""
SET search_path = engagements;
INSERT INTO dossiers (parcours, departement, est_clos, absorbe_par, orientation, referent, criteres, reexamen_depuis,
        reexamen_du_le, avant, etapes) VALUES
    ('{SURVIVANT}', '59', false, NULL, '{_ORIENTATION % ("emploi", "2026-08-01", "2026-08-02")}', 'actif',
        '{{"contrainte_logement": "sans-logement", "boe": true}}', '2026-08-02', '2027-02-02', '{_AVANT}', '{_ETAPES}'),
    ('{ABSORBE}', '62', true, '{SURVIVANT}', NULL, NULL, '{{}}', NULL, NULL, NULL, DEFAULT),
    ('{ANCIEN}', '62', true, '{SURVIVANT}', NULL, 'propose', '{{}}', NULL, NULL, '{{"orientation": null,
        "reexamen": null, "delai": null, "delais": 0, "contrats": {{}}}}', DEFAULT);
INSERT INTO contrats (parcours, numero, contrat_id, date_debut, duree_mois, engagements, motif_dispense, proposeur,
        proposeur_role, etat, date_signature, est_hors_delai, date_refus, motif_refus, cause, suspendu_le,
        date_cloture, motif_cloture, histoire, est_a_venir) VALUES
    ('{SURVIVANT}', 2, 'ce-2', '2026-09-01', 3, '{{"usager": [{_USAGER}], "organisme": [{_ORGANISME}]}}', 'sante',
        '/partenaires/ft', 'france-travail', 'refuse', NULL, false, '2026-09-02', 'Le logement d''abord.', NULL, NULL,
        NULL, NULL, '{_VIDE}', false),
    ('{SURVIVANT}', 1, 'ce-1', '2026-04-01', 6, '{{"usager": [{_USAGER}], "organisme": [{_ORGANISME}]}}', NULL,
        '/partenaires/cd-59', 'departement', 'suspendu', '2026-04-10', true, NULL, NULL, 'reorientation', '2026-07-01',
        NULL, NULL, '{_HISTOIRE}', false),
    ('{ABSORBE}', 1, 'ce-1', '2026-01-01', 6, '{{"usager": [{_USAGER}], "organisme": [{_ORGANISME}]}}', NULL,
        '/partenaires/cd-59', 'departement', 'clos', NULL, false, NULL, NULL, NULL, NULL, '2026-02-01', 'Fusion.',
        '{_VIDE}', false);
INSERT INTO delais VALUES
    ('{SURVIVANT}', 2, '62', '2026-08-03', '2026-09-03', true, NULL, NULL),
    ('{SURVIVANT}', 1, '59', '2026-03-18', '2026-04-18', false, 'signee', '2026-04-10');
INSERT INTO manquements VALUES ('{SURVIVANT}', 'm-1', 'n65', 'r1', '2026-08-20', 'Trois absences « non excusées ».');
INSERT INTO sanctions VALUES
    ('{SURVIVANT}', 2, 's-2', NULL, 'n65', 'r2', 'susp-rsa', 'euros', 150.5, 4, 'proposee', '2026-09-01', true, NULL,
        NULL, NULL),
    ('{SURVIVANT}', 1, 's-1', 'm-1', 'n65', 'r1', 'susp-rsa', 'pourcentage', 50, 1, 'decidee', '2026-08-21', false,
        '2026-09-01', '2026-12-01', 'Reprise.');
INSERT INTO fusions VALUES
    ('01890000-0000-7000-8000-000000000001', '{DEPOTS[0]}', '{{{ABSORBE},{ANCIEN}}}', '{{}}', '{{}}', '{{}}', false),
    ('01890000-0000-7000-8000-000000000002', '{DEPOTS[1]}', '{{{SURVIVANT},{ABSORBE}}}', '{{}}', '{{}}',
        '{{"{ABSORBE}": ["{ANCIEN}"]}}', false);
RESET search_path;
"""
CD = Auteur("/partenaires/cd-59", "departement")
CONTENU = Contenu(
    "ce-1",
    date(2026, 4, 1),
    6,
    (Engagement("u1", "mobilite", "Le « code »", 6.0, date(2026, 9, 30)),),
    (Engagement("o1", "mobilite", "Payer"),),
)
SUSPENDU = Contrat(
    numero=1,
    contenu=CONTENU,
    proposeur=CD,
    etat=EtatContrat.SUSPENDU,
    signe_le=date(2026, 4, 10),
    signataires=("usager", "referent"),
    est_hors_delai=True,
    cause=Cause.REORIENTATION,
    suspensions=(Suspension(date(2026, 7, 1), "Cessation.", date(2026, 7, 2)),),
    bilans=(Bilan(date(2026, 6, 1), ("Code.",), 7.0),),
)
REFUSE = Contrat(
    numero=2,
    contenu=replace(CONTENU, contrat_id="ce-2", date_debut=date(2026, 9, 1), duree_mois=3, motif_dispense="sante"),
    proposeur=Auteur("/partenaires/ft", "france-travail"),
    etat=EtatContrat.REFUSE,
    refuse_le=date(2026, 9, 2),
    motif_refus="Le logement d'abord.",
)
OUVERT = Dossier(
    parcours=SURVIVANT,
    departement="59",
    orientation=Orientation("emploi", "local:utas-03", date(2026, 8, 1), date(2026, 8, 2)),
    referent=StatutReferent.ACTIF,
    criteres={"contrainte_logement": "sans-logement", "boe": True},
    reexamen=Reexamen(date(2026, 8, 2), date(2027, 2, 2)),
    contrats=(SUSPENDU, REFUSE),
    delais=(
        Delai(1, "59", date(2026, 3, 18), issue=Issue.SIGNEE, signe_le=date(2026, 4, 10)),
        Delai(2, "62", date(2026, 8, 3), est_en_retard=True),
    ),
    manquements=(Manquement("m-1", "n65", "r1", date(2026, 8, 20), "Trois absences « non excusées »."),),
    sanctions=(
        Sanction(
            1,
            Mesure("s-1", "m-1", "n65", "r1", "susp-rsa", "pourcentage", 50.0, 1),
            EtatSanction.DECIDEE,
            date(2026, 8, 21),
            notifiee_le=date(2026, 9, 1),
            levee_le=date(2026, 12, 1),
            motif_levee="Reprise.",
        ),
        Sanction(
            2,
            Mesure("s-2", None, "n65", "r2", "susp-rsa", "euros", 150.5, 4),
            EtatSanction.PROPOSEE,
            date(2026, 9, 1),
            est_hors_delai=True,
        ),
    ),
    avant=Avant(
        Orientation("social", "local:utas-03", date(2026, 3, 16), date(2026, 3, 17)),
        Reexamen(date(2026, 3, 17)),
        1,
        1,
        (replace(SUSPENDU, etat=EtatContrat.SIGNE, cause=None),),
        1,
    ),
    etapes=(
        Etape(
            "contrat.signe",
            DEPOTS[0],
            "/partenaires/cd-59",
            (Contrat(1, CONTENU, CD),),
            delai=1,
            delais=1,
            causes=(DEPOTS[1],),
        ),
        Etape("orientation.decidee"),
    ),
)
DELAIS = [
    (SURVIVANT, "59", date(2026, 3, 18), date(2026, 4, 18), False, date(2026, 4, 10)),
    (SURVIVANT, "62", date(2026, 8, 3), date(2026, 9, 3), True, None),
]


@pytest.fixture
async def of_0_2_0(engines: Engines, tmp_path: Path) -> AsyncIterator[asyncpg.Connection]:
    async for conn in made_by(migrations(ROOT / "deploy" / "migrations-0.2.0.sha256"), engines, tmp_path):
        yield conn


async def test_each_column_of_0_2_0_stands_in_the_first_fact(of_0_2_0: asyncpg.Connection, engines: Engines) -> None:
    await of_0_2_0.execute(OF_0_2_0)
    await provisioning.provision_database(of_0_2_0, {role: engines.password(role) for role in schemas()})
    database = await of_0_2_0.fetchval("SELECT current_database()")
    await of_0_2_0.execute(f"GRANT CONNECT ON DATABASE {database} TO engagements")
    pool = await engines.pool(database, "engagements")

    compte = await rejouer(pool, REGISTRE, a_blanc=True)
    colonnes = ", ".join(REGISTRE.modele.tables[0].colonnes)
    delais = [tuple(row) for row in await pool.fetch(f"SELECT {colonnes} FROM delais ORDER BY date_notification")]
    await pool.execute("DELETE FROM dossiers; DELETE FROM delais")
    await rejouer(pool, REGISTRE)
    async with pool.acquire() as conn:
        survivant, absorbe, ancien = await REGISTRE.famille(conn, ANCIEN)
    await pool.close()

    assert (compte.dossiers, compte.differents) == (3, [])
    assert (survivant, delais) == (OUVERT, DELAIS)
    assert (absorbe.absorbe_par, absorbe.contrats[0].motif_cloture) == (SURVIVANT, "Fusion.")
    assert (ancien.absorbe_par, ancien.referent, ancien.avant) == (ABSORBE, "propose", Avant(None, None, None, 0))
