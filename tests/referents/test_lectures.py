"""The reads, on the real PostgreSQL: who follows, when they meet, how long it takes, as views of the contract."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
import pytest

from relais_contrats.champs import projeter_vue
from relais_contrats.groupes import Groupe
from relais_contrats.modele import Donnees
from relais_contrats.v1.vues_referents import VueFileActive, VueReferent, VueRendezVous
from tests.referents.conftest import Essai
from tests.referents.fabrique import (
    AUTRE,
    DEBUT,
    DECISION,
    MISSION,
    PARCOURS,
    POLE,
    a,
    demain,
    depot,
    designe_json,
    evenement,
    rdv_json,
    remplace_json,
)

pytestmark = pytest.mark.anyio

APRES = demain(DEBUT, 60)
FILE = {"systeme": POLE.systeme, "valeur": POLE.valeur}


def voisin(rang: int) -> UUID:
    return UUID(int=PARCOURS.int + 10 + rang)


async def suivis(essai: Essai, combien: int) -> list[str]:
    """Parcours of the Pôle's active file, in the order of their ids."""
    for rang in range(combien):
        await essai.suivre(voisin(rang))
    return [str(voisin(rang)) for rang in range(combien)]


async def test_who_follows_depends_on_the_day(essai: Essai) -> None:
    await essai.suivre()
    await essai.accepte(depot("referent.remplace", remplace_json(APRES, demain(APRES))))

    dernier_jour = await essai.lire("referent", a(APRES, 23, 59), parcours=str(PARCOURS))
    lendemain = await essai.lire("referent", a(demain(APRES), 0, 0), parcours=str(PARCOURS))

    assert dernier_jour["referent"]["referent"]["nom"] == "MODELE"
    assert dernier_jour["suivant"]["referent"]["nom"] == "SPECIMEN"
    assert (lendemain["referent"]["referent"]["nom"], lendemain["suivant"]) == ("SPECIMEN", None)


async def test_a_proposal_is_not_yet_who_follows(essai: Essai) -> None:
    await essai.orienter()
    await essai.accepte(depot("referent.designe", designe_json()))

    lue = await essai.lire("referent", parcours=str(PARCOURS))

    assert (lue["referent"], lue["propose"]["referent"]["courriel"]) == (None, "dominique.modele@exemple.fr")


async def test_appointments_to_come_are_first_and_the_next_one_before_all(essai: Essai) -> None:
    await essai.orienter()
    jours = {"passe": "2026-03-12", "prochain": "2026-03-20", "hier": "2026-03-15", "lointain": "2026-05-20"}
    for rdv_id, jour in jours.items():
        await essai.accepte(depot("rdv.planifie", rdv_json(rdv_id, f"{jour}T09:30:00+01:00")))

    lus = (await essai.lire("rdv", parcours=str(PARCOURS)))["rendez_vous"]

    assert [rdv["rdv_id"] for rdv in lus] == ["prochain", "lointain", "hier", "passe"]
    assert [rdv["est_a_renseigner"] for rdv in lus] == [False, False, True, True]


async def test_an_appointment_is_read_at_the_hour_of_the_territory(essai: Essai) -> None:
    await essai.orienter()
    await essai.accepte(depot("rdv.planifie", rdv_json(debut="2026-12-16T00:30:00Z")))
    await essai.accepte(evenement("parcours.transfere", {"departement_nouveau": "971", "date_effet": "2026-03-20"}))

    [rdv] = (await essai.lire("rdv", parcours=str(PARCOURS)))["rendez_vous"]

    assert rdv["debut"].isoformat() == "2026-12-15T20:30:00-04:00"


async def test_an_appointment_kept_from_a_former_orientation_is_to_confirm(essai: Essai) -> None:
    await essai.orienter()
    await essai.accepte(depot("rdv.planifie", rdv_json(debut="2026-06-20T09:30:00+02:00")))
    await essai.orienter(rang=2, debut=APRES, structure=MISSION)

    [rdv] = (await essai.lire("rdv", parcours=str(PARCOURS)))["rendez_vous"]

    assert (rdv["statut"], rdv["est_a_venir"], rdv["est_a_confirmer"]) == ("planifie", True, True)


async def test_the_view_says_who_acted_last_on_each_appointment(essai: Essai) -> None:
    await essai.orienter()
    planifie, modifie = depot("rdv.planifie", rdv_json()), depot("rdv.modifie", rdv_json(lieu="Ici"))
    await essai.accepte(replace(planifie, agent="MODELE Dominique AG-1"))
    [avant] = (await essai.lire("rdv", parcours=str(PARCOURS)))["rendez_vous"]
    await essai.accepte(replace(modifie, agent="EXEMPLE Camille AG-2"))

    [apres] = (await essai.lire("rdv", parcours=str(PARCOURS)))["rendez_vous"]

    assert (avant["agent"], apres["agent"]) == ("MODELE Dominique AG-1", "EXEMPLE Camille AG-2")


async def test_the_active_file_is_read_page_by_page_while_it_grows(essai: Essai) -> None:
    premiers = await suivis(essai, 3)

    page = await essai.lire("file_active", structure=FILE, limite=2)
    await essai.suivre(voisin(7))
    suite = await essai.lire("file_active", structure=FILE, limite=2, apres=page["suite"])

    assert [ligne["parcours"] for ligne in page["parcours"]] == premiers[:2]
    assert [ligne["parcours"] for ligne in suite["parcours"]] == [premiers[2], str(voisin(7))]


async def test_the_active_file_holds_who_is_followed_today_by_that_structure(essai: Essai) -> None:
    await suivis(essai, 1)
    await essai.orienter(AUTRE)
    await essai.accepte(depot("referent.designe", designe_json(), AUTRE))
    await essai.suivre(voisin(3))
    await essai.accepte(depot("referent.termine", {"date_fin": DEBUT.isoformat(), "motif": "Départ."}, voisin(3)))

    aujourd_hui = await essai.lire("file_active", structure=FILE)
    demain_ = await essai.lire("file_active", a(demain(DEBUT)), structure=FILE)
    ailleurs = await essai.lire("file_active", structure=FILE | {"systeme": "siret"})

    assert [ligne["parcours"] for ligne in aujourd_hui["parcours"]] == [str(voisin(0)), str(voisin(3))]
    assert [ligne["parcours"] for ligne in demain_["parcours"]] == [str(voisin(0))]
    assert ailleurs["parcours"] == []


async def test_the_active_file_tells_the_next_appointment(essai: Essai) -> None:
    await essai.suivre()
    for rdv_id, jour in {"b": "2026-04-20", "a": "2026-03-20", "passe": "2026-03-10"}.items():
        await essai.accepte(depot("rdv.planifie", rdv_json(rdv_id, f"{jour}T09:30:00Z")))

    [ligne] = (await essai.lire("file_active", structure=FILE))["parcours"]

    assert ligne["prochain_rdv"] == datetime(2026, 3, 20, 9, 30, tzinfo=UTC)


async def test_delays_are_counted_per_departement_and_month(essai: Essai) -> None:
    """Four decisions of March: référents after 14, 24 and 54 days, a first appointment after 18 days."""
    for rang, jours in enumerate((0, 10, 40)):
        jour = demain(DEBUT, jours)
        await essai.orienter(voisin(rang))
        await essai.accepte(depot("referent.designe", designe_json(), voisin(rang), recu_a=a(jour)))
        await essai.accepte(depot("referent.accepte", {}, voisin(rang), recu_a=a(jour)))
    await essai.orienter()
    await essai.accepte(depot("rdv.planifie", rdv_json()))
    await essai.accepte(depot("rdv.constate", rdv_json(statut="honore"), recu_a=a(APRES)))

    [mars] = await essai.lire("delais", a(APRES), departement="59", depuis="2026-01-01")

    assert mars == {
        "departement": "59", "mois": "2026-03", "decisions": 4, "personnes": 4,
        "referent": {"nombre": 3, "mediane_jours": 24.0, "p90_jours": 48.0, "part_dans_le_delai": 0.5},
        "premier_rdv": {"nombre": 1, "mediane_jours": 18.0, "p90_jours": 18.0, "part_dans_le_delai": 0.25},
        "cellules": {
            "referent": {"a_temps": 2, "hors_delai": 1, "absent": 1},
            "premier_rdv": {"a_temps": 1, "hors_delai": 0, "absent": 3},
        },
    }  # fmt: skip


async def test_a_decision_whose_delay_runs_is_neither_in_time_nor_late(essai: Essai) -> None:
    await essai.suivre()
    await essai.orienter(AUTRE)

    [dernier_jour] = await essai.lire("delais", a(demain(DECISION, 30)))
    [lendemain] = await essai.lire("delais", a(demain(DECISION, 31)))

    assert dernier_jour["referent"]["part_dans_le_delai"] == 1.0
    assert lendemain["referent"]["part_dans_le_delai"] == 0.5


async def test_a_merged_decision_is_counted_once(essai: Essai) -> None:
    await essai.suivre()
    await essai.orienter(AUTRE)
    await essai.accepte(evenement("usager.fusionne", {"conserve": str(AUTRE), "absorbes": [str(PARCOURS)]}, AUTRE))

    [mars] = await essai.lire("delais")

    assert (mars["decisions"], mars["referent"]["nombre"]) == (1, 1)


async def test_the_views_of_the_contract_name_all_that_reads_answer(essai: Essai) -> None:
    await essai.suivre()
    await essai.accepte(depot("rdv.planifie", rdv_json(lieu="Unité territoriale d'Exempleville")))
    page = await essai.lire("file_active", structure=FILE)

    lues: list[tuple[type[Donnees], Any]] = [
        (VueReferent, await essai.lire("referent", parcours=str(PARCOURS))),
        (VueRendezVous, await essai.lire("rdv", parcours=str(PARCOURS))),
        *((VueFileActive, ligne) for ligne in page["parcours"]),
    ]

    assert len(lues) == 3
    for vue, lue in lues:
        transporte = orjson.loads(orjson.dumps(lue))
        assert vue.model_validate(transporte).model_dump(mode="json").keys() == transporte.keys()
        assert projeter_vue(vue, transporte, frozenset({Groupe.COMMUN})).keys() <= {"parcours", "departement"}


async def test_an_unknown_parcours_reads_as_nothing(essai: Essai) -> None:
    assert await essai.lire("referent", parcours=str(AUTRE)) is None
    assert await essai.lire("rdv", parcours=str(AUTRE)) is None
