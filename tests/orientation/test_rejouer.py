"""Dossiers and read tables are rebuilt from the facts, identical to the byte, whatever life was theirs."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings

from services.dossiers.rejouer import rejouer
from services.dossiers.vie import DossierOuvert
from services.orientation.domain.droit import DroitConnu
from services.orientation.store.dossiers import MODELE, REGISTRE
from tests.orientation import dits as messages
from tests.orientation.conftest import Essai
from tests.orientation.fabrique import (
    AUTRE,
    CD,
    COMPLETS,
    PARCOURS,
    RECEPTION,
    a,
    decidee_json,
    depot,
    echeance,
    evenement,
    reorientation_json,
)
from tests.orientation.test_invariants import joue, sequences
from tests.services.defusions import defusion, fusion
from tests.services.ouvert import textes

JUIN, JUILLET = date(2026, 6, 1), date(2026, 7, 1)
CONSERVE, TROISIEME = UUID(int=PARCOURS.int + 5), UUID(int=PARCOURS.int + 6)
_DEFUSION = UUID("01890000-0000-7000-8000-00000000d002")
DERIVEES = ("dossiers", "delais", "periodes", "echeances")
CONTRAINTES = [
    {"niveau": niveau, "code": "27", "libelle": "Logement", "referentiel": "ft-v4", "valeur": "oui"} | impact
    for niveau, impact in (("situation", {}), ("contrainte", {"impact": "fort"}))
]
REFUSEE = {"decision": "refusee", "motif_refus": "autre", "commentaire_refus": "Rien à Lille."}
DOMMAGES = {
    "the state": "UPDATE dossiers SET etat = '{}' WHERE parcours = $1",
    "a byte of it": "UPDATE dossiers SET etat = set_byte(etat, 40, 255 - get_byte(etat, 40)) WHERE parcours = $1",
    "a line that is lost": "DELETE FROM delais WHERE parcours = $1",
    "a line that moved": "UPDATE periodes SET date_debut = date_debut - 1 WHERE parcours = $1 AND rang = 1",
}


@settings(max_examples=60, deadline=None)
@given(sequences)
def test_any_life_folds_to_the_same_dossiers_from_its_written_facts(
    recus: list[tuple[datetime, messages.Message]],
) -> None:
    histoire = joue(recus)

    for parcours, dossier in histoire.dossiers.items():
        avant = [DossierOuvert(parcours, "59"), DroitConnu(parcours, True)]
        siens = [*avant, *(fait for fait in histoire.faits if fait.parcours == parcours)]
        replie = MODELE.rejouer([dict(zip(("type", "fait"), MODELE.ecrire_fait(f), strict=True)) for f in siens])
        assert (replie, MODELE.ecrire(replie)) == (dossier, MODELE.ecrire(dossier))
        assert MODELE.lire(MODELE.ecrire(dossier)) == dossier


async def orienter(essai: Essai) -> None:
    """A right, a diagnostic, a decision told and followed, and the réorientation of it for a day to come."""
    await essai.ouvrir(droit=True)
    await essai.accepte(evenement("rdv.planifie", {"rdv_id": f"cd-59/b@{PARCOURS.hex}"}))
    await essai.accepte(evenement("rdv.planifie", {"rdv_id": f"cd-59/a@{PARCOURS.hex}"}))
    droits = {"etat_dossier": "6", "soumis_droits_devoirs": False, "date_effet": "2026-12-01"}
    instant = a(RECEPTION, 11) + timedelta(microseconds=120)
    await essai.accepte(replace(evenement("droits.modifies", droits), survenu_a=instant))
    await essai.accepte(depot("diagnostic.realise", {"criteres": COMPLETS, "contraintes_diagnostic": CONTRAINTES}))
    await essai.accepte(depot("orientation.decidee", decidee_json() | REFUSEE))
    await essai.accepte(depot("orientation.notifiee", {"date_notification": RECEPTION.isoformat()}))
    structure = {"structure": decidee_json()["structure"]}
    await essai.accepte(replace(evenement("referent.designe", structure), emetteur=CD.partenaire))
    await essai.accepte(depot("reorientation.demandee", reorientation_json()))
    nouvelle = decidee_json(2, JUILLET, date_decision=JUIN.isoformat())
    del nouvelle["decision"]
    reponse = {"decision": "acceptee", "nouvelle_decision": nouvelle}
    await essai.accepte(depot("reorientation.decidee", reponse, recu_a=a(JUIN)))


async def vivre(essai: Essai) -> None:
    """One oriented twice, one whose decision is cancelled, then merged, given back and merged again; one declared."""
    await orienter(essai)
    await essai.ouvrir(AUTRE, droit=True)
    annulee = depot("orientation.decidee", decidee_json(), AUTRE)
    await essai.accepte(annulee)
    await essai.accepte(depot("orientation.annulee", {"annule": str(annulee.id), "motif": "Erreur."}, AUTRE))
    la_fusion = fusion(evenement("usager.fusionne", {"conserve": str(AUTRE), "absorbes": [str(PARCOURS)]}, AUTRE))
    await essai.accepte(la_fusion)
    await essai.accepte(defusion(la_fusion, _DEFUSION))
    essai.maintenant = a(JUILLET, 0)
    await essai.accepte(echeance("premier-jour-2", essai.maintenant))
    await essai.accepte(evenement("usager.oppose", {"motif": "Demande."}, AUTRE))
    await essai.accepte(evenement("usager.fusionne", {"conserve": str(CONSERVE), "absorbes": [str(AUTRE)]}, CONSERVE))
    await essai.ouvrir(TROISIEME)
    orientation = decidee_json(2, date(2025, 2, 17), date_decision="2025-02-10", date_notification="2025-02-12")
    declaree = {"date_reprise": RECEPTION.isoformat(), "orientation": orientation}
    await essai.accepte(depot("reprise.declaree", declaree, TROISIEME))
    transfert = {"departement_nouveau": "62", "date_effet": JUILLET.isoformat()}
    await essai.accepte(evenement("parcours.transfere", transfert, TROISIEME))


async def stockes(essai: Essai) -> Sequence[object]:
    """Everything that a rebuilding is to give back."""
    return await textes(essai.pool, REGISTRE.sceaux, DERIVEES)


@pytest.mark.anyio
async def test_all_is_rebuilt_from_the_facts_to_the_byte(essai: Essai) -> None:
    await vivre(essai)
    avant = await stockes(essai)

    a_blanc = await rejouer(essai.pool, REGISTRE, a_blanc=True)
    await essai.pool.execute("; ".join(f"DELETE FROM {table}" for table in DERIVEES))
    compte = await rejouer(essai.pool, REGISTRE)

    assert (a_blanc.dossiers, a_blanc.differents) == (4, [])
    assert (len(compte.differents), await stockes(essai)) == (4, avant)


@pytest.mark.anyio
@pytest.mark.parametrize("dommage", DOMMAGES.values(), ids=list(DOMMAGES))
async def test_what_was_damaged_is_found_and_restored(essai: Essai, dommage: str) -> None:
    await vivre(essai)
    avant = await stockes(essai)
    await essai.pool.execute(dommage, PARCOURS)

    a_blanc = await rejouer(essai.pool, REGISTRE, a_blanc=True)
    compte = await rejouer(essai.pool, REGISTRE)

    assert (a_blanc.differents, compte.differents) == ([PARCOURS], [PARCOURS])
    assert await stockes(essai) == avant


@pytest.mark.anyio
async def test_an_erased_person_is_not_rebuilt(essai: Essai) -> None:
    await vivre(essai)
    await essai.accepte(evenement("usager.efface", {"motif": "Demande de la personne."}, CONSERVE))

    await rejouer(essai.pool, REGISTRE)

    assert [await essai.compte(table, AUTRE) for table in ("dossiers", "histoire", "delais", "periodes")] == [0] * 4
