"""A dossier that is restated whole: what was stored of it goes, and its history begins anew."""

from uuid import UUID

import pytest

from services.dossiers.vie import DossierOuvert, DossierRetabli
from services.referents.domain.dossier import Dossier
from services.referents.store.dossiers import REGISTRE
from tests.engines import Bench
from tests.services.ouvert import faits

pytestmark = pytest.mark.anyio

PARCOURS, AUTRE = UUID(int=1), UUID(int=2)


async def test_a_dossier_that_is_restated_has_one_fact_and_leads_nowhere(banc: Bench) -> None:
    pool = await banc.pool("referents")
    await REGISTRE.sceaux.preparer([PARCOURS])
    stocke = Dossier(PARCOURS, "59", est_clos=True, absorbe_par=AUTRE)
    async with pool.acquire() as conn, conn.transaction():
        lot = await REGISTRE.charger(conn, [])
        for fait in (DossierOuvert(PARCOURS, "59"), DossierRetabli(stocke)):
            lot.appliquer(fait)
        await REGISTRE.enregistrer(conn, lot, [])
        lot = await REGISTRE.charger(conn, [])
        lot.appliquer(DossierRetabli(Dossier(PARCOURS, "62")))
        await REGISTRE.enregistrer(conn, lot, [])

    async with pool.acquire() as conn:
        [tenu] = await REGISTRE.famille(conn, PARCOURS)
    tenus = [(fait["type"], fait["fait"]["departement"]) for fait in await faits(pool, REGISTRE.sceaux, PARCOURS)]
    assert tenu == Dossier(PARCOURS, "62")
    assert tenus == [("dossier.pose", "62")]
