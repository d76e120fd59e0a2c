"""The first page: what the gateway told is shown, its silence too; the stream brings the figures and ends."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from console import home
from console.charts import barres
from tests.console.serving import Served, served
from tests.engines import Bench

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def rows(step: timedelta, count: int) -> list[dict[str, Any]]:
    return [{"a": (NOW - step * (count - n)).isoformat(), "entrees": n, "sorties": 2 * n} for n in range(count)]


TOLD = {
    "a": NOW.isoformat(),
    "minutes": rows(timedelta(minutes=1), 60),
    "heures": rows(timedelta(hours=1), 169),
    "non_regles": {"nombre": 2, "age_s": 120.0},
    "non_publies": {"nombre": 0, "age_s": 0},
    "non_livres": {"age_s": 3600.0},
    "parcours_arretes": 7,
    "rebut": {"orientation": 1},
    "decisions": {
        "jour": {"nombre": 3, "refuses": 1, "centiles": [41.0, 90.0, 1250.0]},
        "semaine": {"nombre": 0, "refuses": 0, "centiles": None},
    },
    "refus": [{"code": "hors-territoire", "jour": 4, "semaine": 12_000}],
    "lecteurs": [
        {"composant": "orientation", "repond": False, "flux": "PARCOURS", "a_lire": 5, "bloque_s": 90},
    ],
    "partenaires": [{"partenaire": "<cd-59>", "age_s": 3600.0, "arretees": 3, "suspendus": 1}],
}


async def hub(view: str, asked: Mapping[str, Any]) -> Any:
    assert (view, asked) == ("accueil", {})
    return TOLD


async def test_the_first_page_shows_what_the_gateway_told(banc: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(home, "_EVERY_S", 0.05)
    async with served(banc, hub=hub) as console:
        page = await console.page("/")
        stream = (await console.client.get("/accueil/direct")).text

    said = (
        *(
            "2\u202fmin 00\u202fs",
            "1\u202fh 00\u202fmin",
            "41\u202fms",
            "1,25\u202fs",
            "hors-territoire",
            "12\u202f000",
        ),
        *("orientation", "muet", "&lt;cd-59&gt;", "58", "116"),
    )
    assert [text for text in said if text not in page] == []
    assert "<script>" not in page
    assert stream.count("data: <dl") == 12
    assert stream.startswith("retry: ")


async def test_a_gateway_that_is_silent_is_told(console: Served) -> None:
    assert "La passerelle ne répond pas" in await console.page("/")


async def test_a_stream_ends_with_the_process() -> None:
    stop = asyncio.Event()
    stop.set()

    assert [said async for said in home.Home(hub, stop)._events()] == ["retry: 5000\n\n"]


def test_bars_are_as_high_as_their_figures_and_what_is_little_is_seen() -> None:
    drawn = barres([(0, 100), (1, 1000)])

    assert [bar.hauteur for bar in drawn.barres] == [0, 6, 1, 60]
    assert all(bar.y + bar.hauteur == drawn.hauteur for bar in drawn.barres)
    assert barres([]).barres == []
