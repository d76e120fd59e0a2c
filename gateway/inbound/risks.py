"""What an operator should look at, told to the console over the bus: partners and queues by code, never a person."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import orjson

from chassis.database import Pool

SUBJECT = "lecture.passerelle.risques"

# One row per risk: `echeance` is when it comes true, or since when it is.
_RISKS = """
SELECT 'profil-herite' AS nature, partenaire, NULL::uuid AS abonnement, max(expire_le) AS echeance, 1 AS nombre
FROM secrets_herites GROUP BY partenaire
UNION ALL
SELECT 'cle-bientot-finie', p.code, NULL, max(c.fin), 1
FROM partenaires p JOIN (
    SELECT partenaire, fin FROM cles_partenaire UNION ALL SELECT partenaire, fin FROM certificats_partenaire
) c ON c.partenaire = p.code
WHERE p.etat = 'actif' GROUP BY p.code HAVING max(c.fin) < $1::timestamptz + interval '30 days'
UNION ALL
SELECT 'abonnement-suspendu', partenaire, id, premier_echec_a, 1 FROM abonnements WHERE etat = 'suspendu'
UNION ALL
SELECT 'livraisons-arretees', a.partenaire, a.id, min(f.premier_echec_a), count(*)
FROM files f JOIN abonnements a ON a.id = f.abonnement
WHERE f.restants > 0 AND f.essais > 0 GROUP BY a.id
UNION ALL
SELECT 'depots-en-attente', partenaire, NULL, min(recu_a), count(*)
FROM depots WHERE etat = 'en-attente' AND recu_a < $1::timestamptz - interval '1 minute' GROUP BY partenaire
ORDER BY nature, echeance, partenaire
"""


def answering(pool: Pool) -> Callable[[bytes], Awaitable[bytes]]:
    async def answer(_: bytes) -> bytes:
        async with pool.acquire() as conn:
            return orjson.dumps([dict(row) for row in await conn.fetch(_RISKS, datetime.now(UTC))])

    return answer
