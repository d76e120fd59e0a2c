"""Failures by cause, counted from the rows that fail: however many of one cause there are, it is one line.

Nothing of a failure is stored here: what operators said of its cause is (`pannes`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from chassis.database import Pool, Record
from gateway.inbound.operating.aside import Aside
from gateway.inbound.operating.causes import Cause, dit
from gateway.inbound.watching.watch import Watch

_REFUSED_SINCE = timedelta(hours=24)
_MOST = 500

_CAUSES = f"""
SELECT 'livraison' AS genre, a.partenaire AS qui, a.id::text AS objet,
    coalesce(t.code::text, t.erreur, 'interne') AS code,
    count(*) AS nombre, min(f.premier_echec_a) AS premier, max(coalesce(t.essaye_a, f.premier_echec_a)) AS dernier
FROM files f JOIN abonnements a ON a.id = f.abonnement
LEFT JOIN LATERAL (
    SELECT code, erreur, essaye_a FROM envois e
    WHERE (e.abonnement, e.parcours, e.etat) = (f.abonnement, f.parcours, 'a-livrer') ORDER BY livraison LIMIT 1
) t ON true
WHERE f.restants > 0 AND f.essais > 0 GROUP BY 2, 3, 4
UNION ALL
SELECT 'suspension', partenaire, id::text, 'suspendu', 1, suspendu_a, suspendu_a
FROM abonnements WHERE etat = 'suspendu' AND suspendu_par IS NULL
UNION ALL
SELECT 'refus', partenaire, '', code, sum(nombre)::bigint, min(a), max(a)
FROM acces WHERE a >= $1 AND code IS NOT NULL AND partenaire <> '' AND partenaire NOT LIKE '\\_%' GROUP BY 2, 4
UNION ALL
SELECT 'attente', brique, '', coalesce(attend, 'service'), count(*), min(recu_a), $2::timestamptz
FROM depots WHERE etat = 'en-attente' AND recu_a < $2::timestamptz - interval '1 minute' GROUP BY 2, 4
LIMIT {_MOST}
"""  # noqa: S608  constants only
_SAID = "SELECT cause, prise_par, note, reglee_a, reglee_par FROM pannes"
# Said by the watch too, and counted here from their own rows.
_ELSEWHERE = frozenset({"rebut"})


class Failures:
    def __init__(self, pool: Pool, watch: Watch, aside: Aside) -> None:
        self._pool = pool
        self._watch = watch
        self._aside = aside

    async def all(self, _: dict[str, Any]) -> dict[str, Any]:
        """`{pannes: […], muets: […]}`: open ones first, the latest first; components that could not be asked."""
        now = datetime.now(UTC)
        async with self._pool.acquire() as conn:
            rows = [dict(row) for row in await conn.fetch(_CAUSES, now - _REFUSED_SINCE, now)]
            said = {row["cause"]: row for row in await conn.fetch(_SAID)}
        parked, silent = await self._aside.groups()
        rows += [*parked, *self._components(now)]
        found = sorted((_told(row, said) for row in rows), key=lambda one: (not one["est_ouverte"], -one["age"]))
        return {"pannes": [{k: v for k, v in one.items() if k != "age"} for one in found], "muets": silent}

    def _components(self, now: datetime) -> Iterator[dict[str, Any]]:
        for one in self._watch.anomalies():
            if one.nature not in _ELSEWHERE:
                told = {"genre": "composant", "qui": one.composant, "objet": "", "code": one.nature}
                yield told | {"nombre": one.nombre, "premier": one.depuis or now, "dernier": now}


def _told(row: Mapping[str, Any], said: Mapping[str, Record]) -> dict[str, Any]:
    """`est_revenue`: an operator had settled it, and it failed again since."""
    cause = Cause(row["genre"], row["qui"], row["objet"], row["code"])
    known = said.get(cause.cle)
    settled_at = known["reglee_a"] if known else None
    is_back = settled_at is not None and row["dernier"] > settled_at
    return {
        **row,
        **asdict(dit(cause)),
        "cause": cause.cle,
        "prise_par": known["prise_par"] if known else None,
        "note": known["note"] if known else "",
        "reglee_a": settled_at,
        "reglee_par": known["reglee_par"] if known else None,
        "est_ouverte": settled_at is None or is_back,
        "est_revenue": is_back,
        "age": row["dernier"].timestamp(),
    }
