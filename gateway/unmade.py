"""Events of which no body can be made: each is set aside for an operator, and what was to leave with it goes on.

It steps out of the feed and of its queues like what waits for a convention, and comes again once it is tried again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis.database import Connection

# One row for all its receivers. What an operator discarded stays discarded.
_PARK = """
INSERT INTO rebut (id, nature, type, agregat, entree, raison, parque_a)
SELECT d.id, 'livraison', d.type, d.agregat, jsonb_build_object('partenaire', d.partenaire), d.raison, $6
FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::text[]) AS d(id, type, agregat, raison, partenaire)
ORDER BY d.id
ON CONFLICT (id) DO UPDATE
SET nature = 'livraison', entree = EXCLUDED.entree, scelle = NULL, raison = EXCLUDED.raison, etat = 'parque',
    regle_a = NULL,
    parque_a = CASE WHEN rebut.etat = 'parque' THEN rebut.parque_a ELSE EXCLUDED.parque_a END,
    echecs = rebut.echecs + 1
WHERE rebut.etat <> 'ecarte'
"""


@dataclass(frozen=True, slots=True)
class Unmade:
    """`raison` is the name of what it raised."""

    partenaire: str
    evenement: UUID
    numero: int
    parcours: UUID
    type: str
    raison: str


async def park(conn: Connection, unmade: Sequence[Unmade], now: datetime) -> None:
    rows = {one.evenement: (one.evenement, one.type, one.parcours, one.raison, one.partenaire) for one in unmade}
    if rows:
        await conn.execute(_PARK, *[list(column) for column in zip(*rows.values(), strict=True)], now)
