"""SQL of the heartbeats: which subscriptions are due, whether nothing was sent to them meanwhile, their last number."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from chassis.database import Connection, Record

_AT_ONCE = 32
# The last number that was given says when something left last; an endpoint that fails is tried by its schedule only.
_CLAIM = """
WITH dus AS (
    SELECT id, (
        SELECT essaye_a FROM envois WHERE abonnement = a.id ORDER BY relaisnumero DESC LIMIT 1
    ) AS essaye_a
    FROM abonnements a
    WHERE etat = 'actif' AND echecs = 0 AND coalesce(battement_a, cree_a + $2::interval) <= $1
    AND EXISTS (SELECT FROM partenaires p WHERE p.code = a.partenaire AND p.etat = 'actif')
    ORDER BY id LIMIT $3 FOR UPDATE SKIP LOCKED
)
UPDATE abonnements a
SET battement_a = $2::interval + CASE WHEN d.essaye_a > $1::timestamptz - $2 THEN d.essaye_a ELSE $1 END
FROM dus d WHERE a.id = d.id
RETURNING a.id, a.partenaire, a.url, a.lot, a.signature, a.secret,
    ARRAY(SELECT s.secret FROM secrets_anciens s WHERE s.abonnement = a.id AND s.jusqua > $1 ORDER BY s.jusqua DESC)
        AS secrets_anciens,
    (SELECT p.hotes FROM partenaires p WHERE p.code = a.partenaire) AS hotes,
    (d.essaye_a > $1::timestamptz - $2) IS NOT TRUE AS est_au_repos, coalesce(d.essaye_a, a.cree_a) AS depuis,
    coalesce((SELECT n.dernier FROM numeros n WHERE n.suite = a.id::text), 0) AS dernier
"""


async def claim(conn: Connection, now: datetime, idle: timedelta) -> Sequence[Record]:
    """The active subscriptions whose turn it is: nothing left to those that are `est_au_repos` within `idle`."""
    return await conn.fetch(_CLAIM, now, idle, _AT_ONCE)
