"""Dossiers and the read table are rebuilt from the facts, identical to the byte; what was damaged is found."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings

from services.dossiers.rejouer import rejouer
from services.dossiers.vie import DossierOuvert
from services.offres.store.dossiers import MODELE, REGISTRE
from tests.offres.prescripteurs import AUTRE, CODE, PARCOURS, a, evenement, le
from tests.offres.test_invariants_prescriptions import (
    Step,
    answer,
    elsewhere,
    emission,
    end,
    lives,
    merge,
    move,
    played,
    withdrawal,
)
from tests.offres.test_prescriptions_store import Essai, essai, reponse
from tests.offres.test_prescriptions_store import emission as emet
from tests.services.defusions import defusion, fusion
from tests.services.ouvert import textes

__all__ = ["essai"]

_DEFUSION = UUID("01890000-0000-7000-8000-00000000d002")
DERIVEES = ("dossiers", "prescriptions", "echeances")
DOMMAGES = {
    "the state": "UPDATE dossiers SET etat = '{}' WHERE parcours = $1",
    "a byte of it": "UPDATE dossiers SET etat = set_byte(etat, 40, 255 - get_byte(etat, 40)) WHERE parcours = $1",
    "the lineage": f"UPDATE dossiers SET absorbe_par = '{UUID(int=7)}' WHERE parcours = $1",
    "the dossier": "DELETE FROM dossiers WHERE parcours = $1",
    "a line that is lost": "DELETE FROM prescriptions WHERE parcours = $1",
    "a line that moved": "UPDATE prescriptions SET emise_le = emise_le - 1 WHERE parcours = $1",
    "a line twice": "INSERT INTO prescriptions SELECT * FROM prescriptions WHERE parcours = $1",
}


@settings(max_examples=60, deadline=None)
@given(lives(emission, emission, elsewhere, answer, answer, withdrawal, merge, move, end))
def test_any_life_folds_to_the_same_dossiers_from_its_written_facts(life: list[Step]) -> None:
    histoire = played(life)

    for parcours, dossier in histoire.dossiers.items():
        siens = [DossierOuvert(PARCOURS, "59")] if parcours == PARCOURS else []
        siens += [fait for fait in histoire.faits if fait.parcours == parcours]
        replie = MODELE.rejouer([dict(zip(("type", "fait"), MODELE.ecrire_fait(f), strict=True)) for f in siens])
        assert (replie, MODELE.ecrire(replie)) == (dossier, MODELE.ecrire(dossier))
        assert MODELE.lire(MODELE.ecrire(dossier)) == dossier


async def vivre(essai: Essai) -> None:
    """Prescriptions answered, reminded, refused and expired; a merge undone, then made again."""
    await essai.accepte(evenement("parcours.ouvert", {}, AUTRE))
    for cle in ("p-1", "p-2", "p-3"):
        await essai.accepte(emet(cle))
    await essai.accepte(emet("p-1", CODE.id, AUTRE))
    await essai.accepte(emet("p-9", CODE.id, AUTRE))
    await essai.accepte(reponse("prescription.acceptee", le(2), "p-1"))
    refus = {"motifs": ["hors-zone", "autre"], "message": "Nous fermons."}
    await essai.accepte(reponse("prescription.refusee", le(3), "p-2", **refus))
    await essai.attend(a(le(12)))
    la_fusion = fusion(evenement("usager.fusionne", {"conserve": str(PARCOURS), "absorbes": [str(AUTRE)]}))
    await essai.accepte(la_fusion)
    await essai.accepte(defusion(la_fusion, _DEFUSION))
    await essai.attend(essai.maintenant + timedelta(days=20))
    await essai.accepte(evenement("usager.fusionne", {"conserve": str(PARCOURS), "absorbes": [str(AUTRE)]}))
    await essai.accepte(evenement("parcours.transfere", {"departement_nouveau": "62"}))


async def stockes(essai: Essai) -> Sequence[object]:
    """Everything that a rebuilding is to give back."""
    return await textes(essai.pool, REGISTRE.sceaux, DERIVEES)


@pytest.mark.anyio
async def test_all_is_rebuilt_from_the_facts_to_the_byte(essai: Essai) -> None:
    await vivre(essai)
    avant, a_blanc = await stockes(essai), await rejouer(essai.pool, REGISTRE, a_blanc=True)
    await essai.pool.execute("; ".join(f"DELETE FROM {table}" for table in DERIVEES))

    compte = await rejouer(essai.pool, REGISTRE)

    assert (a_blanc.dossiers, a_blanc.differents, len(compte.differents)) == (2, [], 2)
    assert await stockes(essai) == avant


@pytest.mark.anyio
@pytest.mark.parametrize("dommage", DOMMAGES.values(), ids=list(DOMMAGES))
async def test_what_was_damaged_is_found_and_restored(essai: Essai, dommage: str) -> None:
    await vivre(essai)
    avant = await stockes(essai)
    await essai.pool.execute(dommage, PARCOURS)

    a_blanc = await rejouer(essai.pool, REGISTRE, a_blanc=True)
    trouve = await stockes(essai)
    compte = await rejouer(essai.pool, REGISTRE)

    assert (a_blanc.differents, compte.differents) == ([PARCOURS], [PARCOURS])
    assert (trouve == avant, await stockes(essai) == avant) == (False, True)


@pytest.mark.anyio
async def test_an_erased_person_is_not_rebuilt(essai: Essai) -> None:
    await vivre(essai)
    await essai.accepte(evenement("usager.efface", {"motif": "Demande de la personne."}))

    compte = await rejouer(essai.pool, REGISTRE)

    assert (compte.total, compte.differents) == (0, [])
    assert await stockes(essai) == []
