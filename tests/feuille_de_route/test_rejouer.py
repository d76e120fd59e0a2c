"""Dossiers, views and what falls due are rebuilt from the facts, identical to the byte; what was damaged is found."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.dossiers import rejouer as commande
from services.dossiers.rejouer import rejouer
from services.feuille_de_route.domain import REGLES
from services.feuille_de_route.domain.dossier import Dossier
from services.feuille_de_route.domain.parcours import EvenementAppris
from services.feuille_de_route.store.dossiers import MODELE, REGISTRE, canonique
from tests.feuille_de_route.conftest import Essai
from tests.feuille_de_route.fabrique import (
    AUTRE,
    PARCOURS,
    action,
    depot,
    evenement,
    evenement_neuf,
    objectif,
    oriente,
    vue_de,
)
from tests.feuille_de_route.histoires import Vie, entrelacements, vies
from tests.services.ouvert import ecrit, faits, textes

CONSERVE = UUID("01890000-0000-7000-8000-000000000003")
DEPOT = UUID("01890000-0000-7000-8000-00000000d001")
DERIVEES = ("dossiers", "feuilles", "prochaines", "fusions")
DOMMAGES = {
    "the state": "UPDATE dossiers SET etat = '{}' WHERE parcours = $1",
    "a byte of it": "UPDATE dossiers SET etat = set_byte(etat, 40, 255 - get_byte(etat, 40)) WHERE parcours = $1",
    "the lineage": f"UPDATE dossiers SET absorbe_par = '{CONSERVE}' WHERE parcours = $1",
    "the dossier": "DELETE FROM dossiers WHERE parcours = $1",
    "a byte of the view": "UPDATE feuilles SET vue = set_byte(vue, 10, 255 - get_byte(vue, 10)) WHERE parcours = $1",
    "the view in the clear": "UPDATE feuilles SET vue = '{}' WHERE parcours = $1",
    "the view": "DELETE FROM feuilles WHERE parcours = $1",
    "the departement": "UPDATE prochaines SET departement = '62' WHERE parcours = $1",
    "a deadline that is lost": "DELETE FROM prochaines WHERE parcours = $1 AND nature = 'action'",
    "a deadline that moved": "UPDATE prochaines SET date_echeance = date_echeance + 1 WHERE parcours = $1",
    "a deadline too many": "INSERT INTO prochaines (parcours, nature, numero, departement, date_echeance, rang)"
    " VALUES ($1, 'decision', 1, '59', '2026-01-01', 9)",
}


@settings(max_examples=60, deadline=None)
@given(st.data(), vies())
def test_any_life_folds_to_the_same_dossier_from_its_written_facts(donnees: st.DataObject, vie: Vie) -> None:
    arrives = donnees.draw(entrelacements(vie.recit.recus))
    faits = [EvenementAppris(PARCOURS, recu) for recu in arrives]
    dossier: Dossier | None = None
    for fait in faits:
        dossier = REGLES.replier(dossier, fait)
    assert dossier is not None

    replie = MODELE.rejouer([dict(zip(("type", "fait"), MODELE.ecrire_fait(f), strict=True)) for f in faits])

    assert (replie, MODELE.ecrire(replie)) == (dossier, MODELE.ecrire(dossier))
    assert MODELE.lire(MODELE.ecrire(dossier)) == dossier
    assert canonique(replie.composee[0]) == canonique(vue_de(vie.recit.recus))


async def vivre(essai: Essai) -> None:
    """Two parcours with all that a sheet has, one merged into the other, given back, and merged again."""
    await essai.accepte(*[evenement(recu) for recu in oriente().recus])
    await essai.accepte(depot("objectif.ajoute", objectif()), depot("action.ajoutee", action(echeance="2026-05-31")))
    await essai.ouvrir(AUTRE)
    fusion = evenement_neuf("usager.fusionne", {"conserve": str(AUTRE), "absorbes": [str(PARCOURS)]}, AUTRE, sequence=3)
    await essai.accepte(replace(fusion, cause=DEPOT))
    siens = f"cd-59/o3@{PARCOURS.hex}"
    await essai.accepte(
        depot("objectif.ajoute", objectif(siens), AUTRE), depot("objectif.ajoute", objectif("o4"), AUTRE)
    )
    dit = {"annule": str(DEPOT), "causes": [str(fusion.id)]}
    annulee = dit | {"motif": "Erreur.", "rendus": [str(PARCOURS)]}
    await essai.accepte(
        evenement_neuf("usager.defusionne", annulee, AUTRE, sequence=4),
        evenement_neuf("parcours.rendu", dit, PARCOURS, sequence=3),
    )
    encore = {"conserve": str(CONSERVE), "absorbes": [str(AUTRE)]}
    await essai.accepte(replace(evenement_neuf("usager.fusionne", encore, CONSERVE, sequence=3), cause=uuid4()))


async def stockes(essai: Essai) -> Sequence[object]:
    """Everything that a rebuilding is to give back."""
    return await textes(essai.pool, REGISTRE.sceaux, DERIVEES)


@pytest.mark.anyio
async def test_nothing_differs_from_what_the_service_wrote(essai: Essai) -> None:
    await vivre(essai)

    compte = await rejouer(essai.pool, REGISTRE, a_blanc=True)

    assert (compte.total, compte.dossiers, compte.differents) == (3, 3, [])


@pytest.mark.anyio
@pytest.mark.parametrize("page", [1, 256])
async def test_all_is_rebuilt_from_the_facts_to_the_byte(
    essai: Essai, page: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commande, "_PAGE", page)
    await vivre(essai)
    avant = await stockes(essai)
    await essai.pool.execute("; ".join(f"DELETE FROM {table}" for table in DERIVEES))

    compte = await rejouer(essai.pool, REGISTRE)

    assert (len(compte.differents), await stockes(essai)) == (3, avant)


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
async def test_a_merge_that_nobody_told_is_undone(essai: Essai) -> None:
    await vivre(essai)
    avant = await stockes(essai)
    await essai.pool.execute("UPDATE dossiers SET absorbe_par = $2 WHERE parcours = $1", PARCOURS, AUTRE)
    await essai.pool.execute("DELETE FROM feuilles WHERE parcours = $1", PARCOURS)

    await rejouer(essai.pool, REGISTRE)

    assert await stockes(essai) == avant


@pytest.mark.anyio
async def test_a_merge_that_was_undone_leaves_nothing_of_one_person_in_the_history_of_the_other(essai: Essai) -> None:
    await vivre(essai)

    tenus = [row for row in await faits(essai.pool, REGISTRE.sceaux) if "MODELE" in ecrit(row)]
    assert {row["dossier"] for row in tenus} == {PARCOURS}
