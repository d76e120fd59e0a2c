"""Dossiers and the read table are rebuilt from the facts, identical to the byte; what was damaged is found."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import pytest
from hypothesis import given, settings

from services.dossiers.rejouer import rejouer
from services.dossiers.vie import DossierOuvert
from services.engagements.store.dossiers import MODELE, REGISTRE
from tests.engagements.conftest import Essai
from tests.engagements.fabrique import (
    AUTRE,
    FT,
    PARCOURS,
    a,
    decidee_json,
    depot,
    echeance,
    etape_json,
    evenement,
    propose_json,
    sanction_json,
    signe_json,
)
from tests.engagements.test_invariants import Recus, joue, sequences
from tests.services.defusions import defusion, fusion
from tests.services.ouvert import textes

CONSERVE = UUID(int=PARCOURS.int + 5)
_DEFUSION = UUID("01890000-0000-7000-8000-00000000d002")
DERIVEES = ("dossiers", "delais", "echeances")
DOMMAGES = {
    "the state": "UPDATE dossiers SET etat = '{}' WHERE parcours = $1",
    "a byte of it": "UPDATE dossiers SET etat = set_byte(etat, 40, 255 - get_byte(etat, 40)) WHERE parcours = $1",
    "the dossier": "DELETE FROM dossiers WHERE parcours = $1",
    "a line that is lost": "DELETE FROM delais WHERE parcours = $1",
    "a line that moved": "UPDATE delais SET date_notification = date_notification - 1 WHERE parcours = $1",
    "a line twice": "INSERT INTO delais SELECT * FROM delais WHERE parcours = $1",
}


@settings(max_examples=60, deadline=None)
@given(sequences())
def test_any_life_folds_to_the_same_dossiers_from_its_written_facts(recus: Recus) -> None:
    histoire = joue(recus)

    for parcours, dossier in histoire.dossiers.items():
        siens = [DossierOuvert(parcours, "59"), *(f for f in histoire.faits if f.parcours == parcours)]
        replie = MODELE.rejouer([dict(zip(("type", "fait"), MODELE.ecrire_fait(f), strict=True)) for f in siens])
        assert (replie, MODELE.ecrire(replie)) == (dossier, MODELE.ecrire(dossier))
        assert MODELE.lire(MODELE.ecrire(dossier)) == dossier


async def vivre(essai: Essai) -> None:
    """Two parcours followed, one of them merged into the other and given back, then merged again."""
    await essai.engager()
    await essai.accompagner(AUTRE)
    bilan = {"contrat_id": "ce-1", "date": "2026-06-01", "points": ["Code."], "heures_realisees": 7}
    await essai.accepte(
        depot("contrat.bilan", bilan),
        depot("contrat.suspendu", etape_json(date(2026, 7, 1)), par=FT),
        depot("contrat.repris", etape_json(date(2026, 8, 3)), par=FT),
        depot("contrat.propose", propose_json("ce-2", date_debut="2027-01-01", dispense_heures={"motif": "sante"})),
        depot("contrat.signe", signe_json(date(2026, 11, 2), "ce-2")),
        evenement("diagnostic.realise", {"criteres": {"boe": True, "contrainte_logement": "sans-logement"}}),
        depot("sanction.proposee", sanction_json(date_proposition="2026-09-01", montant=30), par=FT),
        depot("sanction.decidee", sanction_json("s-2", date_notification="2026-11-30")),
    )
    essai.maintenant = a(date(2027, 1, 1), 0)
    await essai.accepte(echeance("debut-2", essai.maintenant), echeance("instruction-1", essai.maintenant))
    await essai.accepte(evenement("orientation.decidee", decidee_json(date(2026, 12, 1), "emploi")))
    la_fusion = fusion(evenement("usager.fusionne", {"conserve": str(AUTRE), "absorbes": [str(PARCOURS)]}, AUTRE))
    await essai.accepte(la_fusion)
    await essai.accepte(defusion(la_fusion, _DEFUSION))
    await essai.accepte(evenement("parcours.transfere", {"departement_nouveau": "62"}))
    await essai.accepte(evenement("usager.fusionne", {"conserve": str(CONSERVE), "absorbes": [str(AUTRE)]}, CONSERVE))


async def stockes(essai: Essai) -> Sequence[object]:
    """Everything that a rebuilding is to give back."""
    return await textes(essai.pool, REGISTRE.sceaux, DERIVEES)


@pytest.mark.anyio
async def test_all_is_rebuilt_from_the_facts_to_the_byte(essai: Essai) -> None:
    await vivre(essai)
    avant = await stockes(essai)
    compte = await rejouer(essai.pool, REGISTRE, a_blanc=True)
    await essai.pool.execute("; ".join(f"DELETE FROM {table}" for table in DERIVEES))

    rebatis = await rejouer(essai.pool, REGISTRE)

    assert (compte.total, compte.dossiers, compte.differents) == (3, 3, [])
    assert (len(rebatis.differents), await stockes(essai)) == (3, avant)


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
    await essai.accepte(evenement("usager.efface", {"motif": "Demande de la personne."}, CONSERVE))

    await rejouer(essai.pool, REGISTRE)

    assert [await essai.compte(table, AUTRE) for table in ("dossiers", "histoire", "delais")] == [0, 0, 0]


@pytest.mark.anyio
async def test_the_read_table_holds_no_word_of_the_dossier(essai: Essai) -> None:
    """Ids, dates, states and territory only."""
    await vivre(essai)

    colonnes = await essai.pool.fetch(
        "SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = current_schema()"
        " AND table_name = 'delais' AND data_type NOT IN ('uuid', 'date', 'boolean')"
    )

    assert [tuple(colonne) for colonne in colonnes] == [("departement", "text")]
