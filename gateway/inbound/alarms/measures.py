"""What is measured: one value per thing that an alarm may be about, in the unit of its nature."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from chassis.database import Connection
from gateway.inbound.request.counters import DES_PERSONNES
from gateway.inbound.watching.exploration import Parts, alarmes
from gateway.inbound.watching.metrics import DELIVERIES, ENDS, disks
from gateway.inbound.watching.watch import Watch

_ROWS = """
SELECT 'depot-non-regle' AS nature, '' AS objet, extract(epoch FROM $1 - min(recu_a))::float8 AS valeur
FROM depots WHERE etat = 'en-attente' HAVING count(*) > 0
UNION ALL
SELECT 'taux-d-erreur', partenaire, 100.0 * count(*) FILTER (WHERE etat = 'refuse') / count(*)
FROM depots WHERE recu_a > $1::timestamptz - interval '1 hour' AND etat IN ('accepte', 'refuse')
GROUP BY partenaire HAVING count(*) >= 20
"""
# What a partner deposits on most days: at least ten times, on five different days of the last four weeks.
_SILENCE = """
SELECT partenaire || '/' || type AS objet, extract(epoch FROM $1 - max(recu_a))::float8 / 86400 AS valeur
FROM depots d JOIN partenaires p ON p.code = d.partenaire
WHERE d.recu_a > $1::timestamptz - interval '28 days' AND p.etat = 'actif'
GROUP BY partenaire, type HAVING count(*) >= 10 AND count(DISTINCT (recu_a AT TIME ZONE 'UTC')::date) >= 5
"""
_PERSONS = """
SELECT partenaire, jsonb_object_agg(nature, nombre) AS nombres FROM compteurs
WHERE nature = ANY($1) AND debut > $2::timestamptz - interval '24 hours' GROUP BY partenaire, debut
"""


@dataclass(frozen=True, slots=True)
class Mesure:
    nature: str
    objet: str
    valeur: float


async def of_rows(conn: Connection, now: datetime, parts: Parts) -> list[Mesure]:
    rows = [*await conn.fetch(_ROWS, now), *await conn.fetch(ENDS, now)]
    found = [Mesure(row["nature"], row["objet"], row["valeur"]) for row in rows]
    for row in await conn.fetch(DELIVERIES):
        found.append(Mesure("livraison-en-retard", row["partenaire"], row["age"]))
        found.append(Mesure("parcours-arretes", row["partenaire"], row["arretees"]))
    for row in await conn.fetch(_PERSONS, list(DES_PERSONNES), now):
        heure = parts.heure(row["nombres"])
        found += [Mesure("extraction", f"{row['partenaire']}/{signe}", heure.personnes) for signe in alarmes(heure)]
    return found


async def silences(conn: Connection, now: datetime) -> list[Mesure]:
    return [Mesure("silence", row["objet"], row["valeur"]) for row in await conn.fetch(_SILENCE, now)]


def of_components(watch: Watch, now: datetime) -> Iterator[Mesure]:
    for one in watch.anomalies():
        if one.nature == "rebut":
            yield Mesure("rebut", one.composant, one.nombre)
        else:
            age_s = (now - one.depuis).total_seconds() if one.depuis else float(one.nombre)
            yield Mesure("composant-en-panne", f"{one.composant}/{one.nature}", age_s)


def of_disks(folders: Sequence[Path]) -> Iterator[Mesure]:
    for folder, used in disks(folders):
        yield Mesure("disque", str(folder), 100 * used.free / used.total)


def worst(mesures: Iterable[Mesure]) -> list[Mesure]:
    """One per nature and thing: two hours of one partner are one alarm."""
    found: dict[tuple[str, str], Mesure] = {}
    for one in mesures:
        known = found.get((one.nature, one.objet))
        if known is None or one.valeur > known.valeur:
            found[one.nature, one.objet] = one
    return list(found.values())
