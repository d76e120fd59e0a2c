"""What the meter of persons says to operators: who named how many, how many the hub knew, how many live elsewhere.

The same counts that refuse and suspend (`exploration`), read for `./relais etat` and for `/metrics`.
"""

from dataclasses import dataclass
from datetime import datetime

from chassis.database import Connection
from gateway.inbound.request.counters import AILLEURS, RECHERCHES, SIGNALEMENTS, SUSPENSIONS, TROUVEES, period

# The busiest hour of the last day, and the one that runs. A suspension is told as long as it lasts.
_READ = """
WITH heures AS (
    SELECT partenaire, debut,
        coalesce(sum(nombre) FILTER (WHERE nature IN ($2, $3)), 0)::int AS personnes,
        coalesce(sum(nombre) FILTER (WHERE nature = $4), 0)::int AS trouvees,
        coalesce(sum(nombre) FILTER (WHERE nature = $5), 0)::int AS ailleurs
    FROM compteurs WHERE nature IN ($2, $3, $4, $5) AND debut > $1::timestamptz - interval '24 hours'
    GROUP BY partenaire, debut
), pires AS (
    SELECT DISTINCT ON (partenaire) * FROM heures ORDER BY partenaire, personnes DESC, debut DESC
)
SELECT p.code AS partenaire, coalesce(h.personnes, 0) AS cette_heure, coalesce(w.personnes, 0) AS personnes,
    coalesce(w.trouvees, 0) AS trouvees, coalesce(w.ailleurs, 0) AS ailleurs, w.debut AS heure,
    p.etat = 'suspendu' AND EXISTS (
        SELECT FROM compteurs c WHERE c.partenaire = p.code AND c.nature = $6
        AND c.debut = date_trunc('hour', p.jetons_depuis AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'
    ) AS est_suspendu
FROM partenaires p LEFT JOIN pires w ON w.partenaire = p.code
LEFT JOIN heures h ON h.partenaire = p.code AND h.debut = $7
ORDER BY p.code
"""


@dataclass(frozen=True, slots=True)
class Mesure:
    """Of one partner. `personnes`, `trouvees` and `ailleurs` are those of its busiest hour of the last day."""

    partenaire: str
    cette_heure: int
    personnes: int
    trouvees: int
    ailleurs: int
    heure: datetime | None
    est_suspendu: bool
    """By this meter, and not resumed since."""

    @property
    def part_connue(self) -> float:
        return self.trouvees / self.personnes if self.personnes else 0.0

    @property
    def part_ailleurs(self) -> float:
        return self.ailleurs / self.personnes if self.personnes else 0.0


async def read(conn: Connection, now: datetime) -> list[Mesure]:
    """Every partner."""
    natures = (RECHERCHES, SIGNALEMENTS, TROUVEES, AILLEURS, SUSPENSIONS)
    rows = await conn.fetch(_READ, now, *natures, period(RECHERCHES, now))
    return [Mesure(**dict(row)) for row in rows]
