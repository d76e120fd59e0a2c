"""Exercises of a sandbox: which faults are on, and what each did to the deliveries of its partner."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson

from chassis.database import Connection, Pool, Record

SUBJECT = "lecture.passerelle.exercices"
_SHOWN = 10
_START = """
INSERT INTO exercices (id, partenaire, panne, lenteur_s, debut, fin) VALUES ($1, $2, $3, $4, $5, $6)
"""
_END = """
UPDATE exercices SET arrete_a = $2 WHERE id = $1 AND arrete_a IS NULL AND debut <= $2 AND fin > $2 RETURNING partenaire
"""
_LAST = """
SELECT e.*, a.par FROM exercices e
LEFT JOIN administration a ON a.acte = 'exercice-demarrer' AND a.objet = e.partenaire AND a.a = e.debut
ORDER BY e.debut DESC LIMIT $1
"""
_PUSHED_TO = "SELECT DISTINCT partenaire FROM abonnements WHERE etat IN ('actif', 'suspendu') ORDER BY 1"
# All that was tried since it began, or still waits.
_SENDINGS = """
SELECT v.abonnement, v.parcours, v.livraison, v.etat, v.essaye_a, v.recu_chaine, v.tentatives, l.a
FROM abonnements s JOIN envois v ON v.abonnement = s.id JOIN livraisons l ON l.numero = v.livraison
WHERE s.partenaire = $1 AND l.a < $3 AND (v.etat = 'a-livrer' OR v.essaye_a >= $2)
ORDER BY v.abonnement, v.parcours, v.livraison
"""


async def start(
    conn: Connection, id_: UUID, partenaire: str, panne: str, lenteur_s: int | None, now: datetime, until: datetime
) -> None:
    """Raises asyncpg.ExclusionViolationError when one of this partner is on."""
    await conn.execute(_START, id_, partenaire, panne, lenteur_s, now, until)


async def end(conn: Connection, id_: UUID, now: datetime) -> str | None:
    """End it now; its partner, or None when it is not on."""
    partenaire: str | None = await conn.fetchval(_END, id_, now)
    return partenaire


@dataclass(frozen=True, slots=True)
class Bilan:
    """What became of the events of one exercise. `perdus`: neither delivered under a receipt, nor waiting, nor without
    object. `ordre_rompu`: events that reached their receiver before an older one of the same parcours."""

    evenements: int
    touches: int
    essais: int
    livres_pendant: int
    livres_apres: int
    en_attente: int
    parcours_arretes: int
    perdus: int
    ordre_rompu: int
    signatures_acceptees: int
    """Events that the receiver took under a false signature."""
    plus_longue_attente_s: float | None
    retour_s: float | None
    """From the end of the fault to the last delivery that it had kept."""


class Exercises:
    def __init__(self, pool: Pool, *, bac_a_sable: bool) -> None:
        self._pool = pool
        self._bac_a_sable = bac_a_sable

    async def answer(self, _: bytes) -> bytes:
        """`{bac_a_sable, partenaires, exercices}`: the last ones, the newest first, each with its report."""
        if not self._bac_a_sable:
            return orjson.dumps({"bac_a_sable": False, "partenaires": [], "exercices": []})
        now = datetime.now(UTC)
        async with self._pool.acquire() as conn:
            partners = [row["partenaire"] for row in await conn.fetch(_PUSHED_TO)]
            told = [await _told(conn, row, now) for row in await conn.fetch(_LAST, _SHOWN)]
        return orjson.dumps({"bac_a_sable": True, "partenaires": partners, "exercices": told})


async def _told(conn: Connection, row: Record, now: datetime) -> dict[str, Any]:
    until = min(row["arrete_a"] or row["fin"], now)
    rows = await conn.fetch(_SENDINGS, row["partenaire"], row["debut"], until)
    is_on = row["arrete_a"] is None and row["fin"] > now
    return {**dict(row), "en_cours": is_on, "bilan": report(rows, row["debut"], until)}


def report(rows: Sequence[Any], debut: datetime, fin: datetime) -> Bilan:
    """Of the sendings of one partner, by queue and in their order."""
    touched = [row for row in rows if _failures(row, debut, fin)]
    delivered = [row for row in rows if row["etat"] == "livre"]
    after = [row for row in delivered if row["essaye_a"] > fin]
    waiting = [row for row in rows if row["etat"] == "a-livrer"]
    kept = [row for row in touched if row["etat"] == "livre"]
    accounted = [row for row in delivered if row["recu_chaine"]]
    others = [row for row in rows if row["etat"] not in ("livre", "a-livrer")]
    return Bilan(
        evenements=len(rows),
        touches=len(touched),
        essais=sum(len(_failures(row, debut, fin)) for row in touched),
        livres_pendant=len(delivered) - len(after),
        livres_apres=len(after),
        en_attente=len(waiting),
        parcours_arretes=len({(row["abonnement"], row["parcours"]) for row in waiting}),
        perdus=len(rows) - len(accounted) - len(waiting) - len(others),
        ordre_rompu=_out_of_order(rows),
        signatures_acceptees=sum(
            any(one.get("erreur") == "signature-acceptee" for one in _failures(row, debut, fin)) for row in rows
        ),
        plus_longue_attente_s=max(((row["essaye_a"] - row["a"]).total_seconds() for row in kept), default=None),
        retour_s=max(((row["essaye_a"] - fin).total_seconds() for row in kept if row["essaye_a"] > fin), default=None),
    )


def _failures(row: Any, debut: datetime, fin: datetime) -> list[Any]:
    """Attempts in that time that did not deliver."""
    return [
        one
        for one in row["tentatives"]
        if debut <= datetime.fromisoformat(one["a"]) <= fin and not 200 <= (one["code"] or 0) < 300
    ]


def _out_of_order(rows: Iterable[Any]) -> int:
    queues = defaultdict(list)
    for row in rows:
        if row["etat"] in ("livre", "a-livrer"):
            queues[row["abonnement"], row["parcours"]].append(row)
    return sum(_overtakes(queue) for queue in queues.values())


def _overtakes(queue: Sequence[Any]) -> int:
    """How many were delivered while an older one waited, or before it."""
    broken, last = 0, None
    for row in reversed(queue):
        if row["etat"] == "livre":
            last = min(last, row["essaye_a"]) if last else row["essaye_a"]
            broken += last < row["essaye_a"]
        else:
            broken += last is not None
    return broken
