"""The reads, on the real PostgreSQL: how long it takes, which rules apply, as JSON can say it."""

from datetime import timedelta
from uuid import UUID

import orjson
import pytest

from services.orientation.domain.regles_par_defaut import PAR_DEFAUT
from tests.orientation.conftest import Essai
from tests.orientation.fabrique import (
    AUTRE,
    ECHEANCE,
    PARCOURS,
    RECEPTION,
    a,
    decidee_json,
    depot,
    echeance,
    evenement,
)

pytestmark = pytest.mark.anyio

LENDEMAIN = ECHEANCE + timedelta(days=1)


async def test_the_others_follow_the_default_rules(essai: Essai) -> None:
    lue = await essai.lire("regles", departement="62")

    assert (lue["origine"], len(lue["table"])) == ("defaut", len(PAR_DEFAUT))


async def test_delays_are_counted_per_departement_and_month(essai: Essai) -> None:
    for rang, jours in enumerate((5, 10, 30)):
        parcours = UUID(int=PARCOURS.int + 10 + rang)
        recue = RECEPTION + timedelta(days=jours)
        await essai.ouvrir(parcours, droit=True)
        await essai.accepte(
            depot("orientation.decidee", decidee_json(date_decision=recue.isoformat()), parcours, recu_a=a(recue))
        )
    await essai.ouvrir(droit=True)
    essai.maintenant = a(LENDEMAIN, 0)
    await essai.accepte(echeance("delai-1", essai.maintenant))

    [mars] = await essai.lire("delais", departement="59", depuis="2026-01-01")

    assert mars == {
        "departement": "59", "mois": "2026-03", "demandes": 4, "decidees": 3, "dessaisies": 1,
        "mediane_jours": 10.0, "p90_jours": 26.0, "part_dans_le_delai": 0.75, "personnes": 4,
        "cellules": {"demandes": {"a_temps": 3, "hors_delai": 0, "apres_dessaisissement": 0, "sans_decision": 1}},
    }  # fmt: skip


async def test_who_objected_is_counted_in_no_statistic(essai: Essai) -> None:
    await essai.ouvrir(droit=True)
    await essai.ouvrir(AUTRE, droit=True)

    await essai.accepte(evenement("usager.oppose", {"motif": "Demande de la personne."}))

    [mars] = await essai.lire("delais", departement="59", depuis="2026-01-01")
    assert mars["demandes"] == 1


async def test_every_read_can_travel_as_json(essai: Essai) -> None:
    await essai.ouvrir(droit=True)
    await essai.accepte(depot("orientation.decidee", decidee_json()))

    lues = [
        await essai.lire("orientations", parcours=str(PARCOURS)),
        await essai.lire("diagnostic", parcours=str(PARCOURS)),
        await essai.lire("delais", depuis="2026-01-01"),
        await essai.lire("regles", departement="59"),
        await essai.lire("orientations", parcours=str(AUTRE)),
    ]

    assert orjson.loads(orjson.dumps(lues))[-1] is None
