"""The reads, on the real PostgreSQL: the contract as its view describes it, how long it takes."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest

from relais_contrats.champs import projeter_vue
from relais_contrats.groupes import Groupe
from relais_contrats.v1.vues_engagements import VueContrat
from tests.engagements.conftest import Essai
from tests.engagements.fabrique import (
    AUTRE,
    FT,
    PARCOURS,
    a,
    depot,
    echeance,
    etape_json,
    evenement,
    propose_json,
    sanction_json,
    signe_json,
)

pytestmark = pytest.mark.anyio

NOTIFICATION = date(2026, 3, 18)


async def _complet(essai: Essai) -> dict[str, Any]:
    """A contract in force with all that may happen to it, as JSON."""
    await essai.engager()
    await essai.accepte(
        depot(
            "contrat.bilan", {"contrat_id": "ce-1", "date": "2026-06-01", "points": ["Code."], "heures_realisees": 7.5}
        ),
        depot("contrat.suspendu", etape_json(date(2026, 7, 1)), par=FT),
        depot("contrat.repris", etape_json(date(2026, 8, 1)), par=FT),
        depot("contrat.propose", propose_json("ce-2", dispense_heures={"motif": "sante"})),
        depot("contrat.refuse", {"contrat_id": "ce-2", "date_refus": "2026-09-01"}),
        evenement("diagnostic.realise", {"criteres": {"contrainte_logement": "sans-logement"}}),
        depot("sanction.proposee", sanction_json(date_proposition="2026-09-01"), par=FT),
        depot("sanction.decidee", sanction_json(date_notification="2026-09-10")),
        depot("sanction.levee", {"sanction_id": "s-1", "date_effet": "2026-10-01", "motif": "Engagements repris."}),
    )
    vue: dict[str, Any] = orjson.loads(orjson.dumps(await essai.lire("contrat", parcours=str(PARCOURS))))
    return vue


async def test_the_view_says_where_the_contract_stands(essai: Essai) -> None:
    vue = await _complet(essai)

    contrat = vue["en_vigueur"]
    assert (vue["etat"], contrat["contrat_id"], vue["en_attente"]["etat"]) == ("signe", "ce-1", "refuse")
    assert (contrat["date_fin"], contrat["date_signature"], contrat["est_hors_delai"]) == (
        "2026-09-30",
        "2026-04-10",
        False,
    )
    assert contrat["heures"] == {"total_hebdo": 6.0, "seuil_hebdo": 15, "lecture": "inferieur"}
    assert contrat["suspensions"][0]["date_limite"] == "2027-07-01"
    assert vue["en_attente"]["heures"]["lecture"] == "dispense"
    assert vue["signature"] == {
        "date_notification": "2026-03-18",
        "date_echeance": "2026-04-18",
        "etat": "signee",
        "est_en_retard": False,
        "date_signature": "2026-04-10",
    }
    assert vue["reexamen"] == {
        "date_debut": "2026-03-16",
        "date_echeance": "2027-03-16",
        "duree_mois": 12,
        "cause": "logement",
        "est_du": False,
    }
    assert (vue["sanctions"][0]["etat"], vue["sanctions"][0]["date_limite_instruction"]) == ("levee", "2026-09-16")


async def test_all_that_is_read_is_described_by_the_view(essai: Essai) -> None:
    vue = await _complet(essai)

    assert VueContrat.model_validate(vue).etat == "signe"


async def test_a_field_is_seen_with_its_group_only(essai: Essai) -> None:
    vue = await _complet(essai)

    contrat = projeter_vue(VueContrat, vue, frozenset({Groupe.COMMUN, Groupe.CONTRAT}))
    payeur = projeter_vue(VueContrat, vue, frozenset({Groupe.COMMUN, Groupe.SANCTIONS}))

    assert not {"sanctions", "manquements"} & set(contrat)
    assert "cause" not in contrat["reexamen"]
    assert "dispense_heures" not in contrat["en_attente"]
    assert set(payeur) == {"parcours", "departement", "sanctions"}


async def test_an_unknown_parcours_has_no_view(essai: Essai) -> None:
    assert await essai.lire("contrat", parcours=str(AUTRE)) is None


async def test_delays_are_counted_per_departement_and_month(essai: Essai) -> None:
    for rang, jours in enumerate((5, 10, 35)):
        await essai.engager(UUID(int=PARCOURS.int + 10 + rang), le=NOTIFICATION + timedelta(days=jours))
    await essai.accompagner()
    essai.maintenant = a(date(2026, 4, 19), 0)
    await essai.accepte(echeance("signature-1", essai.maintenant))
    await essai.accompagner(AUTRE, notifiee_le="2026-03-31")

    [mars] = await essai.lire("delais", departement="59", depuis="2026-01-01")

    assert mars == {
        "departement": "59", "mois": "2026-03", "notifications": 5, "signatures": 3, "retards": 2,
        "mediane_jours": 10.0, "p90_jours": 30.0, "part_dans_le_delai": 0.5, "personnes": 5,
        "cellules": {
            "notifications": {"a_temps": 2, "a_temps_en_retard": 0, "hors_delai": 1, "non_signees": 1},
        },
    }  # fmt: skip


async def test_the_hub_reads_the_delays_of_every_departement(essai: Essai) -> None:
    await essai.accompagner()

    [mars] = await essai.lire("delais")

    assert (mars["notifications"], mars["signatures"], mars["part_dans_le_delai"]) == (1, 0, None)


async def test_the_view_says_who_acted_last_on_each_contract(essai: Essai) -> None:
    await essai.accompagner()
    propose, signe = depot("contrat.propose", propose_json()), depot("contrat.signe", signe_json())
    await essai.accepte(replace(propose, agent="MODELE Dominique AG-1"), replace(signe, agent="EXEMPLE Camille AG-2"))
    avant = await essai.lire("contrat", parcours=str(PARCOURS))

    await essai.accepte(depot("contrat.annule", {"annule": str(signe.id), "motif": "Erreur."}))
    apres = await essai.lire("contrat", parcours=str(PARCOURS))

    assert (avant["en_vigueur"]["agent"], avant["contrats"][0]["agent"]) == ("EXEMPLE Camille AG-2",) * 2
    assert apres["en_attente"]["agent"] == "MODELE Dominique AG-1"


async def test_who_acted_is_known_after_a_merge(essai: Essai) -> None:
    await essai.accompagner(AUTRE)
    await essai.accepte(replace(depot("contrat.propose", propose_json(), AUTRE), agent="MODELE Dominique AG-1"))
    await essai.accepte(evenement("parcours.transfere", {"departement_nouveau": "59"}))

    await essai.accepte(evenement("usager.fusionne", {"conserve": str(PARCOURS), "absorbes": [str(AUTRE)]}))

    assert (await essai.lire("contrat", parcours=str(PARCOURS)))["en_attente"]["agent"] == "MODELE Dominique AG-1"
