"""A merge that is undone: each dossier is as it was, its six weeks too, and what stands on the merge is named."""

from datetime import date, timedelta
from uuid import UUID

import pytest

from chassis.facts import Entree
from services.orientation.store.dossiers import REGISTRE
from tests.orientation.conftest import Essai
from tests.orientation.fabrique import (
    AUTRE,
    COMPLETS,
    ECHEANCE,
    PARCOURS,
    a,
    decidee_json,
    depot,
    echeance,
    evenement,
    reorientation_json,
)
from tests.services.defusions import DEPOT, de, defusion, etat, fusion

pytestmark = pytest.mark.anyio

DEUX = (PARCOURS, AUTRE)
_DEFUSION = UUID("01890000-0000-7000-8000-00000000d002")
_VIES: dict[str, tuple[Entree, ...]] = {
    "rien": (),
    "diagnostic": (depot("diagnostic.realise", {"criteres": COMPLETS}),),
    "orientee": (depot("orientation.decidee", decidee_json()),),
    "reorientation": (
        depot("orientation.decidee", decidee_json()),
        depot("reorientation.demandee", reorientation_json()),
    ),
    "a-venir": (depot("orientation.decidee", decidee_json(debut=date(2026, 9, 1))),),
}


def _fusion() -> Entree:
    return fusion(evenement("usager.fusionne", {"conserve": str(AUTRE), "absorbes": [str(PARCOURS)]}, AUTRE))


@pytest.mark.parametrize("de_l_absorbe", _VIES)
@pytest.mark.parametrize("du_survivant", _VIES)
@pytest.mark.parametrize("droit", [False, True])
async def test_each_dossier_is_as_before(essai: Essai, de_l_absorbe: str, du_survivant: str, droit: bool) -> None:
    for parcours, vie in ((PARCOURS, de_l_absorbe), (AUTRE, du_survivant)):
        await essai.ouvrir(parcours, droit=droit)
        for entree in _VIES[vie]:
            await essai.accepte(de(entree, parcours))
    avant = await etat(essai.pool, REGISTRE.sceaux, DEUX)
    la_fusion = _fusion()
    await essai.accepte(la_fusion)

    faits = await essai.accepte(defusion(la_fusion, _DEFUSION))

    assert list(faits) == []
    assert await etat(essai.pool, REGISTRE.sceaux, DEUX) == avant


async def test_six_weeks_that_ended_meanwhile_fire_once(essai: Essai) -> None:
    await essai.ouvrir(PARCOURS, droit=True)
    await essai.ouvrir(AUTRE, brsa=False)
    la_fusion = _fusion()
    await essai.accepte(la_fusion)
    essai.maintenant = a(ECHEANCE + timedelta(days=2))
    instant = await essai.pool.fetchval("SELECT du_a FROM echeances WHERE agregat = $1", AUTRE)
    await essai.accepte(echeance("delai-1", instant, AUTRE))

    await essai.accepte(defusion(la_fusion, _DEFUSION))
    dus = await essai.pool.fetch("SELECT agregat, nature FROM echeances")
    faits = await essai.accepte(echeance("delai-1", instant, PARCOURS))

    assert [(due["agregat"], due["nature"]) for due in dus] == [(PARCOURS, "delai-1")]
    assert [(fait.type, fait.agregat) for fait in faits] == [("orientation.dessaisie", PARCOURS)]
    assert (await essai.lire("orientations", parcours=str(AUTRE)))["demande"] is None


@pytest.mark.parametrize(
    ("suite", "depend"),
    [
        (depot("orientation.decidee", decidee_json(2, date(2026, 6, 1)), AUTRE), "orientation.decidee"),
        (depot("orientation.notifiee", {"date_notification": "2026-03-02"}, AUTRE), "orientation.notifiee"),
        (depot("reorientation.demandee", reorientation_json(), AUTRE), "reorientation.demandee"),
        (depot("diagnostic.realise", {"criteres": COMPLETS}, AUTRE), None),
    ],
)
async def test_what_stands_on_what_it_brought_is_named(essai: Essai, suite: Entree, depend: str | None) -> None:
    await essai.ouvrir(PARCOURS)
    await essai.ouvrir(AUTRE)
    await essai.accepte(depot("orientation.decidee", decidee_json()))
    await essai.accepte(_fusion())
    await essai.decider(suite)

    lue = await essai.lire("defusion", depot=str(DEPOT))

    assert (lue["etat"], lue.get("depend")) == ("connue", depend)


async def test_a_decision_on_a_survivor_that_took_nothing_stands_on_nothing(essai: Essai) -> None:
    await essai.ouvrir(PARCOURS, brsa=False)
    await essai.ouvrir(AUTRE)
    la_fusion = _fusion()
    await essai.accepte(la_fusion)
    await essai.accepte(depot("orientation.decidee", decidee_json(), AUTRE))
    lue = await essai.lire("defusion", depot=str(DEPOT))

    await essai.accepte(defusion(la_fusion, _DEFUSION))

    assert lue == {"etat": "connue"}
    assert (await essai.lire("orientations", parcours=str(AUTRE)))["ouverte"]["rang"] == 1
    assert (await essai.lire("orientations", parcours=str(PARCOURS)))["ouverte"] is None
    assert await essai.lire("defusion", depot=str(DEPOT)) == {"etat": "faite"}


async def test_nothing_of_a_merge_outlives_the_person(essai: Essai) -> None:
    await essai.ouvrir(PARCOURS)
    await essai.ouvrir(AUTRE)
    await essai.accepte(_fusion())

    await essai.accepte(evenement("usager.efface", {"motif": "Demande."}, AUTRE))

    assert await essai.pool.fetchval("SELECT count(*) FROM fusions") == 0
