"""The territory seen by its offer: how many services, of which thématiques, and how many that nobody has reviewed."""

from collections.abc import Mapping
from typing import Any

from chassis.database import Connection
from services.offres.store.requete import jour

_DEPARTEMENT = """
SELECT count(*) AS services, count(DISTINCT structure_id) AS structures,
    count(*) FILTER (WHERE date_maj < $2::date - 180) AS a_revoir,
    count(*) FILTER (WHERE date_maj < $2::date - 730) AS perimes
FROM services WHERE cles && ARRAY[$1] AND departement = substr($1, 4) AND retire_a IS NULL
"""
_THEMATIQUES = """
SELECT thematique, count(*) AS services, count(*) FILTER (WHERE date_maj < $2::date - 180) AS a_revoir
FROM services, unnest(thematiques) AS thematique
WHERE cles && ARRAY[$1] AND departement = substr($1, 4) AND retire_a IS NULL
GROUP BY thematique ORDER BY services DESC, thematique
"""


async def statistiques_catalogue(conn: Connection, demande: Mapping[str, Any]) -> dict[str, Any]:
    """`{departement, maintenant?}` → counts of the services located there. `a_revoir`: not updated for six months;
    `perimes`: for two years."""
    arguments = (f"de:{demande['departement']}", jour(demande))
    total = await conn.fetchrow(_DEPARTEMENT, *arguments)
    assert total is not None
    services = total["services"]
    return {
        "departement": demande["departement"],
        **dict(total),
        "part_a_revoir": round(total["a_revoir"] / services, 4) if services else None,
        "part_perimes": round(total["perimes"] / services, 4) if services else None,
        "thematiques": [dict(row) for row in await conn.fetch(_THEMATIQUES, *arguments)],
    }
