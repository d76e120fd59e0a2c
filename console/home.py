"""The first page: how the hub is doing now, over a day and a week; renewed by server-sent events."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import BaseRoute

from chassis.waiting import wait
from console import presentation as dire
from console.access.guard import Guard
from console.access.rights import Acte
from console.charts import Barres, barres
from console.hub import Ask
from console.templates import render
from relais_contrats.refus import REFUS

_EVERY_S, _ROUNDS = 5.0, 12
"""A stream lasts a minute, then the browser asks again: an operator without rights any more gets nothing then."""


class Home:
    """`stop`: the process ends, and its streams with it."""

    def __init__(self, ask: Ask, stop: asyncio.Event) -> None:
        self._ask = ask
        self._stop = stop

    def routes(self, guard: Guard) -> Sequence[BaseRoute]:
        return [
            guard.route("/", Acte.VOIR_ACCUEIL, self.page),
            guard.route("/accueil/direct", Acte.VOIR_ACCUEIL, self.live),
        ]

    async def page(self, _: Request) -> Response:
        return HTMLResponse(render("accueil.html", page="/", chiffres=await self._figures()))

    async def live(self, _: Request) -> Response:
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(self._events(), media_type="text/event-stream", headers=headers)

    async def _events(self) -> AsyncIterator[str]:
        yield f"retry: {int(_EVERY_S * 1000)}\n\n"
        for _ in range(_ROUNDS):
            await wait(self._stop, _EVERY_S)
            if self._stop.is_set():
                return
            page = render("accueil_chiffres.html", chiffres=await self._figures())
            yield "".join(f"data: {line}\n" for line in page.splitlines()) + "\n"

    async def _figures(self) -> dict[str, Any] | None:
        told = await self._ask("accueil", {})
        return figures(told) if told else None


def figures(told: Mapping[str, Any]) -> dict[str, Any]:
    """What the gateway told, as the page shows it."""
    minutes, hours = ([_instant(row) for row in told[name]] for name in ("minutes", "heures"))
    # The minute that runs is not whole.
    last = minutes[-2] if len(minutes) > 1 else minutes[-1]
    return {
        "a": datetime.fromisoformat(told["a"]),
        "derniere": last,
        "attentes": [
            ("Plus ancien message non réglé", *_wait(told["non_regles"])),
            ("Plus ancien fait non publié", *_wait(told["non_publies"])),
            ("Plus ancienne livraison non faite", *_wait(told["non_livres"])),
        ],
        "parcours_arretes": told["parcours_arretes"],
        "rebut": sum(told["rebut"].values()),
        "debits": [
            _chart("Les soixante dernières minutes, par minute", minutes, dire.heure_minute),
            _chart("Les vingt-quatre dernières heures, par heure", hours[-24:], dire.heure_minute),
            _chart("Les sept derniers jours, par jour", _by_day(hours), dire.jour),
        ],
        "decisions": [
            (name, told["decisions"][key]["nombre"], told["decisions"][key]["refuses"], _times(told["decisions"][key]))
            for name, key in (("24 heures", "jour"), ("7 jours", "semaine"))
        ],
        "refus": [
            (row["code"], REFUS[row["code"]].titre if row["code"] in REFUS else "", row["jour"], row["semaine"])
            for row in told["refus"]
        ],
        "lecteurs": sorted(told["lecteurs"], key=lambda row: (row["repond"], -row["bloque_s"], -row["a_lire"])),
        "partenaires": told["partenaires"],
    }


def _instant(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, "a": datetime.fromisoformat(row["a"])}


def _wait(told: Mapping[str, Any]) -> tuple[str, int | None, bool]:
    """Its age, how many wait with it, and whether that is long."""
    age_s = told["age_s"]
    return dire.duree(timedelta(seconds=age_s)) if age_s else "aucun", told.get("nombre"), age_s > 60


def _times(told: Mapping[str, Any]) -> list[str]:
    return [dire.duree(timedelta(milliseconds=ms)) for ms in told["centiles"] or []]


def _by_day(hours: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    days: dict[str, dict[str, Any]] = {}
    for row in hours:
        day = days.setdefault(dire.jour(row["a"]), {"a": row["a"], "entrees": 0, "sorties": 0})
        day["entrees"] += row["entrees"]
        day["sorties"] += row["sorties"]
    return list(days.values())


def _chart(titre: str, rows: Sequence[Mapping[str, Any]], said: Any) -> tuple[str, Barres, list[tuple[str, int, int]]]:
    lines = [(said(row["a"]), row["entrees"], row["sorties"]) for row in rows]
    return titre, barres([(entered, left) for _, entered, left in lines]), lines
