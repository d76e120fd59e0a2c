"""A merge that is undone: the référent, who accompanies and the appointments of each are as they were."""

from datetime import timedelta
from uuid import UUID

import pytest

from chassis.facts import Entree
from services.referents.store.dossiers import REGISTRE
from tests.referents.conftest import Essai
from tests.referents.fabrique import (
    AUTRE,
    DEBUT,
    PARCOURS,
    accompagne_json,
    decidee_json,
    depot,
    designe_json,
    evenement,
    rdv_json,
)
from tests.services.defusions import DEPOT, de, defusion, etat, fusion, suite

pytestmark = pytest.mark.anyio

DEUX = (PARCOURS, AUTRE)
_DEFUSION = UUID("01890000-0000-7000-8000-00000000d002")
_ORIENTEE = evenement("orientation.decidee", decidee_json(), brique="orientation")
_SUIVIE = (_ORIENTEE, depot("referent.designe", designe_json()), depot("referent.accepte", {}))
_VIES: dict[str, tuple[Entree, ...]] = {
    "rien": (),
    "orientee": (_ORIENTEE,),
    "suivie": _SUIVIE,
    "accompagnee": (*_SUIVIE, depot("accompagnant.ajoute", accompagne_json())),
    "rdv": (depot("rdv.planifie", rdv_json()),),
}


def _fusion() -> Entree:
    return fusion(evenement("usager.fusionne", {"conserve": str(AUTRE), "absorbes": [str(PARCOURS)]}, AUTRE))


async def _vivre(essai: Essai, de_l_absorbe: str, du_survivant: str) -> None:
    for parcours, vie in ((PARCOURS, de_l_absorbe), (AUTRE, du_survivant)):
        for entree in _VIES[vie]:
            await essai.accepte(de(entree, parcours))


@pytest.mark.parametrize("de_l_absorbe", _VIES)
@pytest.mark.parametrize("du_survivant", _VIES)
@pytest.mark.parametrize("retard", [False, True])
async def test_each_dossier_is_as_before(essai: Essai, de_l_absorbe: str, du_survivant: str, retard: bool) -> None:
    """What `orientation` tells because of the merge is taken back too, or comes too late (`retard`)."""
    for parcours in DEUX:
        await essai.accepte(evenement("parcours.transfere", {"departement_nouveau": "59"}, parcours))
    await _vivre(essai, de_l_absorbe, du_survivant)
    avant = await etat(essai.pool, REGISTRE.sceaux, DEUX)
    la_fusion = _fusion()
    close = {"date_fin": DEBUT.isoformat(), "motif": "Parcours fusionné."}
    suites = [
        evenement("orientation.close", close, PARCOURS, brique="orientation"),
        evenement("orientation.decidee", decidee_json(), AUTRE, brique="orientation"),
    ]
    suivent = [suite(la_fusion.id, une) for une in suites] if de_l_absorbe in ("orientee", "suivie") else []
    await essai.accepte(la_fusion)
    for une in () if retard else suivent:
        await essai.accepte(une)

    faits = await essai.accepte(defusion(la_fusion, _DEFUSION))
    for une in suivent if retard else ():
        await essai.accepte(une)

    assert list(faits) == []
    assert await etat(essai.pool, REGISTRE.sceaux, DEUX) == avant


async def test_an_appointment_goes_back_as_it_was_left_and_a_new_one_to_whom_it_names(essai: Essai) -> None:
    await _vivre(essai, "rien", "rien")
    avant, apres = (f"cd-59/{nom}@{PARCOURS.hex}" for nom in ("avant", "apres"))
    await essai.accepte(depot("rdv.planifie", rdv_json(avant)))
    la_fusion = _fusion()
    await essai.accepte(la_fusion)
    await essai.accepte(depot("rdv.annule", rdv_json(avant, statut="annule", annule_par="usager"), AUTRE))
    await essai.accepte(depot("rdv.planifie", rdv_json(apres), AUTRE))
    await essai.accepte(depot("rdv.planifie", rdv_json("du-survivant"), AUTRE))

    await essai.accepte(defusion(la_fusion, _DEFUSION))

    rendus, gardes = [await essai.lire("rdv", parcours=str(id_)) for id_ in DEUX]
    assert {r["rdv_id"]: r["statut"] for r in rendus["rendez_vous"]} == {avant: "annule", apres: "planifie"}
    assert [r["rdv_id"] for r in gardes["rendez_vous"]] == ["du-survivant"]


async def test_one_that_came_before_the_merge_was_heard_goes_to_whom_it_names(essai: Essai) -> None:
    """The door knows of a merge before this service does: it sends to the survivor what names the other one."""
    await _vivre(essai, "rien", "rien")
    early = f"cd-59/tot@{PARCOURS.hex}"
    await essai.accepte(depot("rdv.planifie", rdv_json(early), AUTRE))
    la_fusion = _fusion()
    await essai.accepte(la_fusion)

    await essai.accepte(defusion(la_fusion, _DEFUSION))

    rendus, gardes = [await essai.lire("rdv", parcours=str(id_)) for id_ in DEUX]
    assert [r["rdv_id"] for r in rendus["rendez_vous"]] == [early]
    assert gardes["rendez_vous"] == []


@pytest.mark.parametrize(
    ("vie", "entree", "depend"),
    [
        ("suivie", depot("referent.termine", {"date_fin": DEBUT.isoformat(), "motif": "Départ."}, AUTRE), "termine"),
        ("orientee", depot("referent.designe", designe_json(), AUTRE), None),
        ("suivie", depot("rdv.planifie", rdv_json(), AUTRE), None),
    ],
)
async def test_what_stands_on_a_referent_that_it_brought_is_named(
    essai: Essai, vie: str, entree: Entree, depend: str | None
) -> None:
    await _vivre(essai, vie, "orientee")
    await essai.accepte(_fusion())
    essai.maintenant += timedelta(minutes=1)
    await essai.accepte(entree)

    lue = await essai.lire("defusion", depot=str(DEPOT))

    assert lue.get("depend") == (f"referent.{depend}" if depend else None)
