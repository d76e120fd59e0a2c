"""Sheets of 0.2.0 open as they were: merged, merged again, given back, with what falls due."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import date
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import orjson
import pytest

from chassis.database import Pool
from deploy import provisioning
from deploy.components import ROOT, schemas
from services.dossiers.rejouer import rejouer
from services.feuille_de_route.domain.ensemble import replier
from services.feuille_de_route.domain.recu import NOUS, Recu
from services.feuille_de_route.domain.vue import composer
from services.feuille_de_route.store import lectures
from services.feuille_de_route.store.dossiers import REGISTRE, canonique
from tests.deploy.test_migrations import made_by, migrations
from tests.engines import Engines
from tests.feuille_de_route.fabrique import Recit, action, objectif, oriente, rendez_vous
from tests.services.ouvert import textes

pytestmark = pytest.mark.anyio

PREMIER, DEUXIEME, SURVIVANT, RENDU = (UUID(int=(7 << 76) | (2 << 62) | rang) for rang in range(1, 5))
BONNE, FAUSSE = UUID(int=0xD1), UUID(int=0xD2)
SIENS = f"cd-59/o3@{RENDU.hex}"
DERIVEES = ("dossiers", "feuilles", "prochaines", "fusions")


def vecu() -> Recit:
    """`PREMIER` was merged into `DEUXIEME`, and that into `SURVIVANT`; `RENDU` too, wrongly."""
    recit = Recit(SURVIVANT)
    for parcours in (PREMIER, DEUXIEME, SURVIVANT, RENDU):
        recit.dit("parcours.ouvert", parcours=parcours)
    for recu in oriente(Recit(PREMIER)).recus[1:]:
        recit.dit(recu.type, dict(recu.donnees), PREMIER)
    recit.dit("objectif.ajoute", objectif("o1"), DEUXIEME)
    recit.dit("action.ajoutee", action("a1", "o1", echeance="2026-05-31"), DEUXIEME)
    recit.dit("objectif.ajoute", objectif("o2"), RENDU)
    recit.dit("usager.fusionne", {"absorbes": [str(PREMIER)]}, DEUXIEME, cause=UUID(int=0xD0))
    recit.dit("usager.fusionne", {"absorbes": [str(DEUXIEME)]}, cause=BONNE)
    fusion = recit.dit("usager.fusionne", {"absorbes": [str(RENDU)]}, cause=FAUSSE)
    recit.dit("rdv.planifie", rendez_vous(date(2026, 4, 2)), cause=fusion.id)
    recit.dit("objectif.ajoute", objectif(SIENS))
    annule = {"annule": str(FAUSSE), "causes": [str(fusion.id)]}
    recit.dit("usager.defusionne", annule | {"motif": "Erreur.", "rendus": [str(RENDU)]})
    recit.dit("parcours.rendu", annule, RENDU)
    recit.dit("action.realisee", action("a1", "o1", "realisee"))
    return recit


def de(recit: Recit, parcours: UUID) -> list[Recu]:
    """What the sheet of 0.2.0 was folded from."""
    siens = [recu for recu in recit.recus if (recu.parcours == RENDU) == (parcours == RENDU)]
    deplaces = [recu for recu in recit.recus if recu.objet == SIENS]
    if parcours != RENDU:
        return [recu for recu in siens if recu not in deplaces]
    moved = [Recu(**{nom: getattr(r, nom) for nom in r.__slots__} | {"parcours": RENDU}) for r in deplaces]
    return [*siens, *moved]


async def ecrire(conn: asyncpg.Connection, recit: Recit) -> None:
    """The rows of 0.2.0."""
    await conn.execute("SET search_path = feuille_de_route")
    for parcours in (SURVIVANT, RENDU):
        vue, dues = composer(replier(parcours, de(recit, parcours)))
        await conn.execute("INSERT INTO feuilles VALUES ($1, '59', NULL, $2)", parcours, canonique(vue))
        for due in dues:
            valeurs = (due.nature, due.numero, "59", due.date_echeance, due.objet, due.libelle, due.sensibilite)
            await conn.execute("INSERT INTO prochaines VALUES ($1, $2, $3, $4, $5, $6, $7, $8)", parcours, *valeurs)
    absorbees = "INSERT INTO feuilles (parcours, departement, absorbee_par, chemin) VALUES ($1, '', $2, $3)"
    await conn.execute(absorbees, PREMIER, SURVIVANT, [DEUXIEME])
    await conn.execute(absorbees, DEUXIEME, SURVIVANT, [])
    for recu in recit.recus:
        donnees = orjson.dumps(recu.donnees).decode()
        if recu.brique == NOUS:
            await conn.execute(
                "INSERT INTO faits (id, agregat, sequence, type, partition, donnees, source, survenu_a, enregistre_a,"
                " cause) VALUES ($1, $2, $3, $4, '59', $5, $6, $7, now(), $8)",
                *(recu.id, recu.parcours, recu.sequence, recu.type, donnees, recu.auteur, recu.survenu_a, uuid4()),
            )
        else:
            await conn.execute(
                "INSERT INTO recus VALUES ($1, $2, $3, $4, $5, '59', $6, $7, $8, $9, $10)",
                *(recu.parcours, recu.brique, recu.sequence, recu.id, recu.type, recu.auteur, recu.survenu_a),
                *(donnees, recu.effet, recu.cause),
            )
    await conn.execute("RESET search_path")


@pytest.fixture
async def of_0_2_0(engines: Engines, tmp_path: Path) -> AsyncIterator[asyncpg.Connection]:
    async for conn in made_by(migrations(ROOT / "deploy" / "migrations-0.2.0.sha256"), engines, tmp_path):
        yield conn


async def stockes(pool: Pool) -> Sequence[object]:
    return await textes(pool, REGISTRE.sceaux, DERIVEES)


async def test_sheets_of_0_2_0_open_with_their_state_as_first_fact(
    of_0_2_0: asyncpg.Connection, engines: Engines
) -> None:
    recit = vecu()
    await ecrire(of_0_2_0, recit)
    await provisioning.provision_database(of_0_2_0, {role: engines.password(role) for role in schemas()})
    database = await of_0_2_0.fetchval("SELECT current_database()")
    await of_0_2_0.execute(f"GRANT CONNECT ON DATABASE {database} TO feuille_de_route")
    pool = await engines.pool(database, "feuille_de_route")

    compte = await rejouer(pool, REGISTRE, a_blanc=True)
    avant = await stockes(pool)
    await pool.execute("; ".join(f"DELETE FROM {table}" for table in DERIVEES))
    await rejouer(pool, REGISTRE)
    rebatis = await stockes(pool)
    async with pool.acquire() as conn:
        famille = await REGISTRE.famille(conn, PREMIER)
        lues = [await lectures.feuille(conn, {"parcours": str(parcours)}) for parcours in (PREMIER, RENDU)]
        etats = [await lectures.defusion(conn, {"depot": str(depot)}) for depot in (BONNE, FAUSSE, UUID(int=9))]
        dues = await lectures.echeances(conn, {"departement": "59"})
    await pool.close()

    assert (compte.dossiers, compte.differents) == (4, [])
    assert rebatis == avant
    assert {(un.parcours, un.absorbe_par) for un in famille} == {
        (SURVIVANT, None),
        (DEUXIEME, SURVIVANT),
        (PREMIER, DEUXIEME),
    }
    attendues = [canonique(composer(replier(parcours, de(recit, parcours)))[0]) for parcours in (SURVIVANT, RENDU)]
    assert [orjson.dumps(lue) for lue in lues] == attendues
    assert [etat["etat"] for etat in etats] == ["connue", "faite", "inconnue"]
    textes = {due["objet"]: due["libelle"] for due in dues["echeances"] if due["libelle"]}
    assert textes == {"u1": "Préparer le code"}
