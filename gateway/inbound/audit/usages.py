"""What each partner did in a month, beside the others of its kind: counts from the access journal, never a name."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from statistics import median
from typing import Any

import orjson

from chassis.database import Connection, Pool
from gateway.inbound.reading.search import SANS_NIR
from gateway.inbound.request.counters import AILLEURS
from gateway.partners import Annuaire
from relais_contrats.partenaires import Partenaire
from relais_contrats.territoires import fuseau

SUBJECT = "lecture.passerelle.usages"
_SEARCH = "POST /v1/usagers/recherche"
_OPENS, _CLOSES, _SATURDAY = 7, 20, 5
_FRESH_S = 600.0
_BY_HOUR = f"""
SELECT partenaire, date_trunc('hour', a) AS heure, sum(nombre)::bigint AS acces,
    coalesce(sum(nombre) FILTER (WHERE resultat >= 400), 0)::bigint AS refus,
    coalesce(sum(cardinality(parcours)), 0)::bigint AS personnes,
    count(*) FILTER (WHERE quoi LIKE '{_SEARCH}%' AND resultat > 0) AS recherches,
    count(*) FILTER (WHERE quoi = '{_SEARCH} {SANS_NIR}' AND resultat > 0) AS sans_nir,
    count(*) FILTER (WHERE agent IS NOT NULL AND resultat > 0) AS d_agents
FROM acces WHERE a >= $1 AND a < $2 AND partenaire NOT IN ('', '_console') GROUP BY 1, 2
"""  # noqa: S608  constants only
_AGENTS = """
SELECT partenaire, count(DISTINCT agent) AS agents FROM acces
WHERE a >= $1 AND a < $2 AND agent IS NOT NULL AND partenaire <> '_console' GROUP BY 1
"""
_ELSEWHERE = """
SELECT partenaire, sum(nombre)::bigint AS ailleurs FROM compteurs
WHERE debut >= $1 AND debut < $2 AND nature = $3 GROUP BY 1
"""


@dataclass(frozen=True, slots=True)
class Usage:
    """One partner in one month. `hors_heures`: of what its named agents did, on a day off or outside of seven to
    twenty, by the legal time of every territory that it has. `ailleurs`: of the persons that it named."""

    partenaire: str
    genre: str
    acces: int
    refus: int
    personnes: int
    agents: int
    recherches: int
    sans_nir: int
    d_agents: int
    hors_heures: int
    ailleurs: int

    @property
    def parts(self) -> Mapping[str, float]:
        """What is compared with the others of its kind."""
        return {
            "sans_nir": _share(self.sans_nir, self.recherches),
            "hors_heures": _share(self.hors_heures, self.d_agents),
            "ailleurs": _share(self.ailleurs, self.recherches),
        }


class Usages:
    def __init__(self, pool: Pool, annuaire: Annuaire) -> None:
        self._pool = pool
        self._annuaire = annuaire
        self._kept: dict[date, tuple[float, bytes]] = {}
        self._counting = asyncio.Lock()

    async def answer(self, asked: bytes) -> bytes:
        """`{mois}`: its first day → a line per partner, with the medians of its kind. Counted once for all who ask, and
        kept even when whoever asked did not wait for it."""
        mois = date.fromisoformat(orjson.loads(asked)["mois"])
        async with self._counting:
            made_at, told = self._kept.get(mois, (float("-inf"), b""))
            if time.monotonic() - made_at >= _FRESH_S:
                async with self._pool.acquire() as conn:
                    told = orjson.dumps(compared(await self._month(conn, mois)))
                self._kept[mois] = (time.monotonic(), told)
        return told

    async def _month(self, conn: Connection, mois: date) -> list[Usage]:
        since = datetime(mois.year, mois.month, 1, tzinfo=UTC)
        until = (since + timedelta(days=32)).replace(day=1)
        hours = defaultdict(list)
        for row in await conn.fetch(_BY_HOUR, since, until):
            hours[row["partenaire"]].append(row)
        agents = {row["partenaire"]: row["agents"] for row in await conn.fetch(_AGENTS, since, until)}
        named = {row["partenaire"]: row["ailleurs"] for row in await conn.fetch(_ELSEWHERE, since, until, AILLEURS)}
        known = [(code, self._annuaire.partenaire(code)) for code in sorted(hours)]
        return [_usage(one, hours[code], agents.get(code, 0), named.get(code, 0)) for code, one in known if one]


def _usage(partenaire: Partenaire, rows: Sequence[Any], agents: int, ailleurs: int) -> Usage:
    def total(name: str, among: Iterable[Any]) -> int:
        return sum(row[name] for row in among)

    late = [row for row in rows if is_out_of_hours(row["heure"], partenaire.departements)]
    names = ("acces", "refus", "personnes", "recherches", "sans_nir", "d_agents")
    counted = {name: total(name, rows) for name in names}
    return Usage(
        partenaire.code,
        str(partenaire.type_organisme),
        agents=agents,
        hors_heures=total("d_agents", late),
        ailleurs=ailleurs,
        **counted,
    )


def is_out_of_hours(instant: datetime, departements: Iterable[str]) -> bool:
    """Whether nobody is at work then, in any of these territories."""
    return all(_is_closed(instant.astimezone(zone)) for zone in {fuseau(one) for one in departements})


def _is_closed(local: datetime) -> bool:
    return local.weekday() >= _SATURDAY or not _OPENS <= local.hour < _CLOSES


def compared(usages: Sequence[Usage]) -> list[dict[str, Any]]:
    """Each with its shares, and the median of its kind when others of it are there."""
    kinds = defaultdict(list)
    for one in usages:
        kinds[one.genre].append(one)
    return [
        {**asdict(one), "parts": one.parts, "medianes": _medians(kinds[one.genre]), "du_genre": len(kinds[one.genre])}
        for one in usages
    ]


def _medians(others: Sequence[Usage]) -> dict[str, float]:
    return {name: median(one.parts[name] for one in others) for name in others[0].parts}


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
