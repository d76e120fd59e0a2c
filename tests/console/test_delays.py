"""The page of the legal delays: what the gateway may show, on a map and in the same table; nothing that it hid."""

from collections.abc import Mapping
from typing import Any

import pytest

from console.tiles import PLACES
from relais_contrats.territoires import TERRITOIRES
from tests.console.serving import Served, served
from tests.engines import Bench

pytestmark = pytest.mark.anyio


def line(departement: str, mois: str, part: float | None, dessaisies: int | None = None) -> dict[str, Any]:
    figures = {"decidees": 40, "mediane_jours": 12.5, "p90_jours": 28.0, "part_dans_le_delai": part}
    return {"departement": departement, "mois": mois, "demandes": 50, "dessaisies": dessaisies} | figures


TOLD = {
    "orientation": [
        line("59", "2026-02", 0.62),
        line("59", "2026-03", 0.914, 13),
        line("62", "2026-03", 0.4, 21),
        line("80", "2026-03", None),
    ],
    "referents": [],
    "engagements": [],
}


async def hub(view: str, asked: Mapping[str, Any]) -> Any:
    assert view == "delais"
    return TOLD


async def test_the_last_month_is_shown_on_a_map_in_a_table_and_as_a_trend(banc: Bench) -> None:
    async with served(banc, hub=hub) as console:
        page = await console.page("/delais?departement=59")
        february = await console.page("/delais?mois=2026-02")
        empty = await console.page("/delais?delai=contrat")
        csv = await console.page("/delais.csv?delai=orientation")
        wrong = [
            (await console.client.get(f"/delais?{query}")).status_code
            for query in ("delai=x", "mois=1999-01", "departement=x", "departement=%00")
        ]

    assert all(said in page for said in ("91 %", "40 %", "12,5\u202fj", "91,4\u202f%", "59 Nord", "Tendance : Nord"))
    assert page.count('class="cache"') == 2 * (len(TERRITOIRES) - 2) + 1, "with the legend, what is hidden is said"
    assert page.index("62 Pas-de-Calais</th>") < page.index("59 Nord</th>"), "the most overdue first"
    assert "62 %" in february
    assert "62 Pas-de-Calais</a>" not in february
    assert "Aucun département" in empty
    assert csv.splitlines()[1:] == [
        "59;Nord;2026-02;40;12,5;28,0;0,62",
        "59;Nord;2026-03;40;12,5;28,0;0,914",
        "62;Pas-de-Calais;2026-03;40;12,5;28,0;0,4",
        "80;Somme;2026-03;40;12,5;28,0;",
    ]
    assert wrong == [400] * 4


async def test_a_gateway_that_is_silent_is_told(console: Served) -> None:
    page = await console.page("/delais")
    exported = await console.client.get("/delais.csv")

    assert "ne répond pas" in page
    assert exported.status_code == 503


def test_every_territory_has_a_tile_of_its_own() -> None:
    assert PLACES.keys() == TERRITOIRES.keys()
    assert len(set(PLACES.values())) == len(PLACES)
