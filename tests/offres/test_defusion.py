"""A merge that is undone: each dossier has its prescriptions back, as they became since."""

from datetime import timedelta
from uuid import UUID

import pytest

from chassis.facts import Entree
from services.offres.store.dossiers import REGISTRE
from tests.offres.prescripteurs import AUTRE, CODE, PARCOURS, evenement
from tests.offres.test_prescriptions_store import Essai, emission, essai, reponse
from tests.services.defusions import de, defusion, etat, fusion

__all__ = ["essai"]
pytestmark = pytest.mark.anyio

DEUX = (PARCOURS, AUTRE)
_DEFUSION = UUID("01890000-0000-7000-8000-00000000d002")


def _fusion() -> Entree:
    return fusion(evenement("usager.fusionne", {"conserve": str(PARCOURS), "absorbes": [str(AUTRE)]}))


@pytest.mark.parametrize("meme_cle", [False, True])
async def test_each_dossier_is_as_before(essai: Essai, meme_cle: bool) -> None:
    await essai.accepte(evenement("parcours.transfere", {"departement_nouveau": "59"}, AUTRE))
    await essai.accepte(emission("p-1"))
    await essai.accepte(emission("p-1" if meme_cle else "p-9", CODE.id, AUTRE))
    avant = await etat(essai.pool, REGISTRE.sceaux, DEUX)
    la_fusion = _fusion()
    await essai.accepte(la_fusion)

    faits = await essai.accepte(defusion(la_fusion, _DEFUSION))

    assert list(faits) == []
    assert await etat(essai.pool, REGISTRE.sceaux, DEUX) == avant


async def test_a_prescription_goes_back_as_it_was_answered_and_a_new_one_to_whom_it_names(essai: Essai) -> None:
    avant, apres = (f"cd-59/{nom}@{AUTRE.hex}" for nom in ("avant", "apres"))
    await essai.accepte(evenement("parcours.transfere", {"departement_nouveau": "59"}, AUTRE))
    await essai.accepte(emission(avant, parcours=AUTRE))
    la_fusion = _fusion()
    await essai.accepte(la_fusion)
    jour = essai.maintenant.date()
    await essai.accepte(de(reponse("prescription.acceptee", jour, avant), PARCOURS))
    await essai.accepte(emission(apres))
    await essai.accepte(emission("du-survivant", CODE.id))

    await essai.accepte(defusion(la_fusion, _DEFUSION))
    await essai.accepte(emission("suivante", CODE.id))

    async with essai.pool.acquire() as conn:
        dossiers = [dossier for id_ in DEUX for dossier in await REGISTRE.famille(conn, id_)]
    assert {(d.parcours, p.prescription_id, p.etat, p.numero) for d in dossiers for p in d.prescriptions} == {
        (AUTRE, avant, "acceptee", 1),
        (AUTRE, apres, "emise", 2),
        (PARCOURS, "du-survivant", "emise", 3),
        (PARCOURS, "suivante", "emise", 4),
    }


async def test_a_reminder_that_fell_due_meanwhile_is_not_made_twice(essai: Essai) -> None:
    await essai.accepte(evenement("parcours.transfere", {"departement_nouveau": "59"}, AUTRE))
    await essai.accepte(emission("p-9", parcours=AUTRE))
    la_fusion = _fusion()
    await essai.accepte(la_fusion)
    await essai.attend(essai.maintenant + timedelta(days=11))

    await essai.accepte(defusion(la_fusion, _DEFUSION))
    await essai.attend(essai.maintenant)

    assert await essai.types(PARCOURS) == ["prescription.relancee"]
    assert "prescription.relancee" not in await essai.types(AUTRE)
