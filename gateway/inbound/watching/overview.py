"""How the hub is doing, told to the console over the bus: rates, refusals, times, ages, who lags. Never a person."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import structlog

from chassis.database import TRANSIENT, Pool, Record
from chassis.waiting import wait
from gateway.inbound.watching.metrics import DELIVERIES
from gateway.inbound.watching.watch import Watch

_log = structlog.get_logger()
SUBJECT = "lecture.passerelle.accueil"
_FRESH_S, _LONG_FRESH_S = 3.0, 30.0
"""However many look: what is asked again within that time is told again. The days behind are counted less often."""
_LOOKED_S = 600.0
"""As long after somebody looked, the days behind are counted ahead of who looks next."""

# `e`: what came in (deposits); `s`: what went out (an event for a receiver).
_RATE = """
WITH e AS (SELECT date_trunc($1, recu_a) AS a, count(*) AS n FROM depots WHERE recu_a >= $2 GROUP BY 1),
     s AS (SELECT date_trunc($1, a) AS a, count(*) AS n FROM livraisons WHERE a >= $2 GROUP BY 1)
SELECT p.a, coalesce(e.n, 0) AS entrees, coalesce(s.n, 0) AS sorties
FROM generate_series(date_trunc($1, $2::timestamptz), $3, ('1 ' || $1)::interval) AS p(a)
LEFT JOIN e USING (a) LEFT JOIN s USING (a) ORDER BY p.a
"""
# What partners were refused, at the door or by the answer to a deposit; `acces` says it of each request.
_REFUSALS = """
SELECT code, coalesce(sum(nombre) FILTER (WHERE a >= $1), 0)::bigint AS jour, sum(nombre)::bigint AS semaine
FROM acces WHERE a >= $2 AND code IS NOT NULL GROUP BY code ORDER BY semaine DESC, code LIMIT 20
"""
# From the request to the decision. The newest only: a percentile of a million rows is a sort of a million rows.
_DECISIONS = """
SELECT count(*) AS nombre, percentile_cont(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY ms) AS centiles,
       count(*) FILTER (WHERE etat = 'refuse') AS refuses
FROM (
    SELECT etat, extract(epoch FROM regle_a - recu_a) * 1000 AS ms FROM depots
    WHERE recu_a >= $1 AND etat IN ('accepte', 'refuse') ORDER BY numero DESC LIMIT 20000
) d
"""
_OLDEST_DEPOSIT = "SELECT min(recu_a) AS depuis, count(*) AS nombre FROM depots WHERE etat = 'en-attente'"
_STOPPED = """
SELECT count(DISTINCT f.parcours) FROM files f WHERE f.restants > 0 AND f.essais > 0
"""
_SUSPENDED = "SELECT partenaire, count(*) AS nombre FROM abonnements WHERE etat = 'suspendu' GROUP BY 1"


class Overview:
    def __init__(self, pool: Pool, watch: Watch, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._pool = pool
        self._watch = watch
        self._clock = clock
        self._now = _Kept(self._of_now, _FRESH_S)
        self._days = _Kept(self._of_days, 2 * _LONG_FRESH_S)
        self._asked_at = time.monotonic()

    async def run(self, stop: asyncio.Event) -> None:
        """Count the days behind again before who looks has to wait for it."""
        while not stop.is_set():
            if time.monotonic() - self._asked_at < _LOOKED_S:
                try:
                    await self._days.renew()
                except TRANSIENT as error:
                    _log.warning("overview.database_away", error=type(error).__name__)
            await wait(stop, _LONG_FRESH_S)

    async def answer(self, _: bytes) -> bytes:
        self._asked_at = time.monotonic()
        return orjson.dumps({**await self._now.get(), **await self._days.get()})

    async def _of_now(self) -> dict[str, Any]:
        now = self._clock()
        async with self._pool.acquire() as conn:
            minutes = await conn.fetch(_RATE, "minute", now - timedelta(minutes=59), now)
            waiting = await conn.fetchrow(_OLDEST_DEPOSIT)
            stopped = await conn.fetchval(_STOPPED)
            deliveries = await conn.fetch(DELIVERIES)
            suspended = {row["partenaire"]: row["nombre"] for row in await conn.fetch(_SUSPENDED)}
        assert waiting is not None
        components = self._watch.state()["composants"]
        return {
            "a": now,
            "minutes": [dict(row) for row in minutes],
            "non_regles": {"nombre": waiting["nombre"], "age_s": _age_s(waiting["depuis"], now)},
            "non_publies": {
                "nombre": sum(told.get("a_publier", 0) for told in components.values()),
                "age_s": max((told["a_publier_s"] for told in components.values()), default=0),
            },
            "non_livres": {"age_s": max((row["age"] for row in deliveries), default=0.0)},
            "parcours_arretes": stopped,
            "rebut": {name: told["rebut"] for name, told in components.items() if told.get("rebut")},
            "lecteurs": _readers(components),
            "partenaires": _in_trouble(deliveries, suspended),
        }

    async def _of_days(self) -> dict[str, Any]:
        now = self._clock()
        day, week = now - timedelta(hours=24), now - timedelta(days=7)
        async with self._pool.acquire() as conn:
            hours = await conn.fetch(_RATE, "hour", week, now)
            refusals = await conn.fetch(_REFUSALS, day, week)
            decisions = [await conn.fetchrow(_DECISIONS, since) for since in (day, week)]
        return {
            "heures": [dict(row) for row in hours],
            "refus": [dict(row) for row in refusals],
            "decisions": dict(zip(("jour", "semaine"), (dict(row) for row in decisions if row), strict=True)),
        }


class _Kept:
    """What was made less than `fresh_s` ago is given again; made once for those who ask meanwhile."""

    def __init__(self, make: Callable[[], Awaitable[dict[str, Any]]], fresh_s: float) -> None:
        self._make = make
        self._fresh_s = fresh_s
        self._lock = asyncio.Lock()
        self._made_at = float("-inf")
        self._made: dict[str, Any] = {}

    async def get(self) -> dict[str, Any]:
        if time.monotonic() - self._made_at < self._fresh_s:
            return self._made
        async with self._lock:
            if time.monotonic() - self._made_at >= self._fresh_s:
                self._made, self._made_at = await self._make(), time.monotonic()
            return self._made

    async def renew(self) -> None:
        async with self._lock:
            self._made, self._made_at = await self._make(), time.monotonic()


def _age_s(since: datetime | None, now: datetime) -> float:
    return max(0.0, (now - since).total_seconds()) if since else 0.0


def _readers(components: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "composant": name,
            "repond": told["repond"],
            "flux": stream,
            "a_lire": reader["a_lire"] + reader["en_cours"],
            "bloque_s": reader["bloque_s"],
        }
        for name, told in components.items()
        for stream, reader in told["lecteurs"].items()
    ]


def _in_trouble(deliveries: list[Record], suspended: dict[str, int]) -> list[dict[str, Any]]:
    """Those to whom something does not get through, the oldest wait first."""
    rows = [
        {
            "partenaire": row["partenaire"],
            "age_s": row["age"],
            "arretees": row["arretees"],
            "suspendus": suspended.get(row["partenaire"], 0),
        }
        for row in deliveries
        if row["arretees"] or suspended.get(row["partenaire"])
    ]
    return sorted(rows, key=lambda row: -row["age_s"])
