"""The page of the legal delays, by département and month: a map of tiles, the same in a table, a trend, a CSV."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute

from console.access.guard import Guard
from console.access.rights import Acte
from console.charts import barres
from console.hub import Ask
from console.shell import plain
from console.templates import render
from console.tiles import HEIGHT, PLACES, WIDTH
from relais_contrats.territoires import TERRITOIRES


@dataclass(frozen=True, slots=True)
class Sorte:
    """One delay: where its figures are in what the gateway tells. `retards`: the field that counts what is overdue."""

    nom: str
    loi: str
    brique: str
    sous: str | None
    nombre: str
    retards: str | None


SORTES: Mapping[str, Sorte] = {
    "orientation": Sorte("Orientation", "de la demande à la décision", "orientation", None, "decidees", "dessaisies"),
    "referent": Sorte("Référent", "de l'orientation au référent", "referents", "referent", "nombre", None),
    "premier-rdv": Sorte(
        "Premier rendez-vous", "de l'orientation au premier rendez-vous", "referents", "premier_rdv", "nombre", None
    ),
    "contrat": Sorte("Contrat", "de la notification à la signature", "engagements", None, "signatures", "retards"),
}


_TEINTES = (("haut", 0.9), ("bon", 0.75), ("moyen", 0.5), ("bas", 0.0))


@dataclass(frozen=True, slots=True)
class Ligne:
    """One month of one département; None is what would tell of fewer than eleven persons."""

    departement: str
    mois: str
    nombre: int | None
    mediane: float | None
    p90: float | None
    part: float | None
    retards: int | None

    @property
    def territoire(self) -> str:
        found = TERRITOIRES.get(self.departement)
        return found.nom if found else self.departement

    @property
    def teinte(self) -> str:
        """The class of its tile: by the share within the law."""
        if self.part is None:
            return "cache"
        return next(
            name for name, least in (("haut", 0.9), ("bon", 0.75), ("moyen", 0.5), ("bas", 0.0)) if self.part >= least
        )


class Delays:
    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def routes(self, guard: Guard) -> Sequence[BaseRoute]:
        return [
            guard.route("/delais", Acte.VOIR_DELAIS, self.page),
            guard.route("/delais.csv", Acte.VOIR_DELAIS, self.export),
        ]

    async def page(self, request: Request) -> Response:
        asked = request.query_params
        key = _one_of(asked.get("delai", "orientation"), SORTES)
        told = await self._ask("delais", {})
        lines = read(told, SORTES[key]) if told is not None else []
        months = sorted({line.mois for line in lines}, reverse=True)
        month = plain(asked.get("mois", "")) or (months[0] if months else "")
        departement = plain(asked.get("departement", ""))
        if (month and month not in months) or (departement and departement not in TERRITOIRES):
            raise HTTPException(400)
        of_month = [line for line in lines if line.mois == month]
        page = render(
            "delais.html",
            page="/delais",
            repond=told is not None,
            sorte=SORTES[key],
            cle=key,
            sortes=SORTES,
            mois=month,
            tous_les_mois=months,
            departement=departement,
            territoires=TERRITOIRES,
            lignes=of_month,
            pavage={"largeur": WIDTH, "hauteur": HEIGHT, "paves": list(_tiles(of_month))},
            mediane=_median([line.mediane for line in of_month]),
            part=_median([line.part for line in of_month]),
            retards=sorted((line for line in of_month if line.retards), key=lambda line: -(line.retards or 0)),
            tendance=_trend([line for line in lines if line.departement == departement]),
        )
        return HTMLResponse(page)

    async def export(self, request: Request) -> Response:
        """All months of one delay. A figure that may not be shown is an empty cell."""
        key = _one_of(request.query_params.get("delai", "orientation"), SORTES)
        told = await self._ask("delais", {})
        if told is None:
            raise HTTPException(503)
        written = io.StringIO()
        rows = csv.writer(written, delimiter=";")
        rows.writerow(("departement", "nom", "mois", "nombre", "mediane_jours", "p90_jours", "part_dans_le_delai"))
        for line in read(told, SORTES[key]):
            figures = (
                "" if n is None else str(n).replace(".", ",") for n in (line.nombre, line.mediane, line.p90, line.part)
            )
            rows.writerow((line.departement, line.territoire, line.mois, *figures))
        headers = {"Content-Disposition": f'attachment; filename="delais-{key}.csv"'}
        return Response(written.getvalue().encode("utf-8-sig"), media_type="text/csv", headers=headers)


def read(told: Mapping[str, Any], sorte: Sorte) -> list[Ligne]:
    """The lines of one delay that have a figure to show, by département and month."""
    lines = []
    for row in told[sorte.brique]:
        figures = row[sorte.sous] if sorte.sous else row
        lines.append(
            Ligne(
                row["departement"],
                row["mois"],
                figures[sorte.nombre],
                figures["mediane_jours"],
                figures["p90_jours"],
                figures["part_dans_le_delai"],
                row[sorte.retards] if sorte.retards else None,
            )
        )
    return sorted(lines, key=lambda line: (line.departement, line.mois))


def _tiles(lines: Sequence[Ligne]) -> Iterator[dict[str, Any]]:
    by_code = {line.departement: line for line in lines}
    for code, (column, row) in PLACES.items():
        yield {"code": code, "x": column, "y": row, "ligne": by_code.get(code)}


def _median(figures: Sequence[float | None]) -> float | None:
    """Of the départements, each for one: their persons are not told."""
    told = [figure for figure in figures if figure is not None]
    return median(told) if told else None


def _trend(lines: Sequence[Ligne]) -> dict[str, Any] | None:
    if not lines:
        return None
    return {"lignes": lines, "barres": barres([(round(line.mediane or 0),) for line in lines])}


def _cell(figure: float | None) -> str:
    return "" if figure is None else str(figure).replace(".", ",")


def _one_of(given: str, known: Mapping[str, Any]) -> str:
    if given not in known:
        raise HTTPException(400)
    return given
