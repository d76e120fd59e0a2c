"""A merge that is undone: contracts, the month to sign, re-examination and sanctions of each are as they were."""

from datetime import date
from uuid import UUID

import pytest

from chassis.facts import Entree
from services.engagements.store.dossiers import REGISTRE
from tests.engagements.conftest import Essai
from tests.engagements.fabrique import (
    AUTRE,
    CD,
    FT,
    PARCOURS,
    decidee_json,
    depot,
    etape_json,
    evenement,
    propose_json,
    sanction_json,
    signe_json,
)
from tests.services.defusions import DEPOT, de, defusion, etat, fusion, suite

pytestmark = pytest.mark.anyio

DEUX = (PARCOURS, AUTRE)
_DEFUSION = UUID("01890000-0000-7000-8000-00000000d002")
_SANCTION = depot("sanction.proposee", sanction_json(date_proposition="2026-09-01"), par=CD)
_VIES = ("rien", "accompagnee", "proposee", "engagee", "sanctionnee")


def _fusion() -> Entree:
    return fusion(evenement("usager.fusionne", {"conserve": str(AUTRE), "absorbes": [str(PARCOURS)]}, AUTRE))


async def _vivre(essai: Essai, parcours: UUID, vie: str) -> None:
    await essai.accepte(evenement("parcours.transfere", {"departement_nouveau": "59"}, parcours))
    match vie:
        case "accompagnee":
            await essai.accompagner(parcours)
        case "proposee":
            await essai.accompagner(parcours)
            await essai.accepte(depot("contrat.propose", propose_json(), parcours))
        case "engagee":
            await essai.engager(parcours)
        case "sanctionnee":
            await essai.engager(parcours)
            await essai.accepte(de(_SANCTION, parcours))


@pytest.mark.parametrize("de_l_absorbe", _VIES)
@pytest.mark.parametrize("du_survivant", _VIES)
async def test_each_dossier_is_as_before(essai: Essai, de_l_absorbe: str, du_survivant: str) -> None:
    await _vivre(essai, PARCOURS, de_l_absorbe)
    await _vivre(essai, AUTRE, du_survivant)
    avant = await etat(essai.pool, REGISTRE.sceaux, DEUX)
    la_fusion = _fusion()
    await essai.accepte(la_fusion)
    close = evenement("orientation.close", {"date_fin": "2026-12-02", "motif": "Parcours fusionné."})
    await essai.accepte(suite(la_fusion.id, close))
    if de_l_absorbe != "rien" and du_survivant == "rien":
        await essai.accepte(suite(la_fusion.id, evenement("orientation.decidee", decidee_json(), AUTRE)))

    faits = await essai.accepte(defusion(la_fusion, _DEFUSION))

    assert list(faits) == []
    assert await etat(essai.pool, REGISTRE.sceaux, DEUX) == avant


@pytest.mark.parametrize(
    ("vie", "entree", "depend"),
    [
        ("proposee", depot("contrat.signe", signe_json(date(2026, 4, 10)), AUTRE), "contrat.signe"),
        ("engagee", depot("contrat.suspendu", etape_json(date(2026, 7, 1)), AUTRE, par=FT), "contrat.suspendu"),
        ("accompagnee", depot("contrat.propose", propose_json(), AUTRE), None),
        ("engagee", depot("sanction.proposee", sanction_json(date_proposition="2026-09-01"), AUTRE, par=CD), None),
    ],
)
async def test_what_stands_on_a_contract_that_it_brought_is_named(
    essai: Essai, vie: str, entree: Entree, depend: str | None
) -> None:
    await _vivre(essai, PARCOURS, vie)
    await _vivre(essai, AUTRE, "rien")
    await essai.accepte(_fusion())
    await essai.accepte(evenement("referent.accepte", {}, AUTRE))
    await essai.accepte(entree)

    lue = await essai.lire("defusion", depot=str(DEPOT))

    assert lue.get("depend") == depend


async def test_a_contract_given_since_under_the_name_of_the_absorbed_one_is_named(essai: Essai) -> None:
    await _vivre(essai, PARCOURS, "rien")
    await _vivre(essai, AUTRE, "accompagnee")
    await essai.accepte(_fusion())
    await essai.accepte(depot("contrat.propose", propose_json(f"cd-59/c@{PARCOURS.hex}"), AUTRE))

    lue = await essai.lire("defusion", depot=str(DEPOT))

    assert lue.get("depend") == "contrat.propose"
