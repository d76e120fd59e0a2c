"""A search around a commune: the hub finds and measures, and the list is then put in data·inclusion's order.

The list is read whole, because its order and its total are not ours; it is kept for a while, so that its next pages
are of the same list.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlencode

from connectors.data_inclusion.catalogue import Catalogue
from connectors.data_inclusion.reading import Criteres, Recherche
from connectors.systems import Context
from relais_contrats.codes.offre import ModeAccueil

_SEARCH = "/v1/offres/services"
_MOST = 100
_KEPT = 32
_KEPT_FOR = timedelta(minutes=5)
_ASKED = ("thematiques", "types", "publics", "frais", "modes_accueil", "sources")


class Found(NamedTuple):
    """`distance`: in whole kilometres, None for a remote service, or one without a place."""

    id: str
    distance: int | None


class Searches:
    """The lists of one mandate."""

    def __init__(self, context: Context, catalogue: Catalogue) -> None:
        self._context = context
        self._catalogue = catalogue
        self._kept: OrderedDict[str, tuple[datetime, list[Found]]] = OrderedDict()

    async def around(self, asked: Recherche, traceparent: str) -> list[Found]:
        """The nearest first, then those without a distance, by id. Raises `PartnerError`."""
        criteres, now = asked.criteres(), self._context.clock()
        sources = await self._known_sources(criteres)
        if sources == []:
            return []
        question = urlencode(_question(asked, criteres, sources))
        key = f"{question} {criteres.score_minimum}"
        kept = self._kept.get(key)
        if kept is None or now - kept[0] > _KEPT_FOR:
            kept = (now, await self._read(question, criteres, traceparent))
            self._kept[key] = kept
        self._kept.move_to_end(key)
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return kept[1]

    async def _known_sources(self, criteres: Criteres) -> list[str] | None:
        """Return the requested sources that the catalogue has: the hub refuses an unknown one."""
        if criteres.sources is None:
            return None
        return sorted(set(criteres.sources) & set(await asyncio.to_thread(self._catalogue.sources)))

    async def _read(self, question: str, criteres: Criteres, traceparent: str) -> list[Found]:
        found: dict[str, int | None] = {}
        suite: str | None = ""
        while suite is not None:
            after = f"&{urlencode({'apres': suite})}" if suite else ""
            path = f"{_SEARCH}?{question}&limite={_MOST}{after}"
            page = await self._context.hub.call("GET", path, headers={"traceparent": traceparent})
            found |= {service["id"]: _distance(service) for service in page["services"]}
            suite = page.get("suite")
        scores = await asyncio.to_thread(self._catalogue.scores_of, list(found))
        least = criteres.score_minimum
        kept = [Found(id_, found[id_]) for id_, score in scores.items() if least is None or score >= least]
        return sorted(kept, key=lambda one: (one.distance is None, one.distance or 0, one.id))


def _question(asked: Recherche, criteres: Criteres, sources: list[str] | None) -> Mapping[str, str]:
    """Our parameters: lists separated by commas."""
    values: dict[str, Any] = {name: getattr(criteres, name) for name in _ASKED} | {"sources": sources}
    place = {name: repr(value) for name in ("lat", "lon") if (value := getattr(asked, name)) is not None}
    lists = {name: ",".join(codes) for name, codes in values.items() if codes is not None}
    return {"code_commune": asked.code_commune or ""} | place | lists


def _distance(service: Mapping[str, Any]) -> int | None:
    """Only of a service to which one goes, as data·inclusion tells it."""
    distance_km: float | None = service.get("distance_km")
    if distance_km is None or ModeAccueil.EN_PRESENTIEL not in (service.get("modes_accueil") or ()):
        return None
    return round(distance_km)
