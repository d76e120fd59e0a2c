"""Structures that are probably one and the same: listed with the reason, not merged.

Alike by SIRET, unless it is a head office's that more than five share; or in one commune, with the same street line
and names that look alike, or the same name and street lines that look alike (trigrams). Both parts misspelt at once
are not found: every pair would be compared.
"""

from collections.abc import Sequence
from datetime import datetime

from chassis.database import Connection

_FORGET_ALL = "DELETE FROM doublons"
_FORGET = "DELETE FROM doublons WHERE structure_id = ANY($1) OR autre_id = ANY($1)"
_FIND_ALL = """
WITH paires AS (
    SELECT a.id AS une, b.id AS autre, 'siret' AS raison FROM structures a JOIN structures b ON b.siret = a.siret
    WHERE a.retire_a IS NULL AND b.retire_a IS NULL AND a.id <> b.id
        AND (SELECT count(*) FROM structures c WHERE c.siret = a.siret AND c.retire_a IS NULL) <= 5
    UNION ALL
    SELECT a.id, b.id, 'nom-et-adresse' FROM structures a
    JOIN structures b ON b.code_commune = a.code_commune AND b.voie_simple = a.voie_simple
    WHERE a.retire_a IS NULL AND b.retire_a IS NULL AND a.id <> b.id AND a.voie_simple <> ''
        AND public.similarity(a.nom_simple, b.nom_simple) >= 0.5
    UNION ALL
    SELECT a.id, b.id, 'nom-et-adresse' FROM structures a
    JOIN structures b ON b.code_commune = a.code_commune AND b.nom_simple = a.nom_simple
    WHERE a.retire_a IS NULL AND b.retire_a IS NULL AND a.id <> b.id AND a.voie_simple <> ''
        AND public.similarity(a.voie_simple, b.voie_simple) >= 0.5
)
INSERT INTO doublons (structure_id, autre_id, raison, vu_a)
SELECT DISTINCT ON (least(une, autre), greatest(une, autre)) least(une, autre), greatest(une, autre), raison, $1
FROM paires ORDER BY least(une, autre), greatest(une, autre), raison DESC
ON CONFLICT (structure_id, autre_id) DO UPDATE SET raison = EXCLUDED.raison
"""
_THESE = "WHERE a.id = ANY($2) AND a.retire_a IS NULL"
# A statement of its own: looked up by their ids, a few structures do not make the whole catalogue be read.
_FIND = _FIND_ALL.replace("WHERE a.retire_a IS NULL", _THESE)


async def signaler(conn: Connection, ids: Sequence[str] | None, instant: datetime) -> None:
    """Search the duplicates of these structures again, of all when None. Where both reasons hold, store the SIRET."""
    if ids is None:
        await conn.execute(_FORGET_ALL)
        await conn.execute(_FIND_ALL, instant)
    elif ids:
        await conn.execute(_FORGET, list(ids))
        await conn.execute(_FIND, instant, list(ids))
