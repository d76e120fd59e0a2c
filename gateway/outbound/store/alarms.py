"""SQL of the messages about alarms: what is due, taken once over all processes, and what became of each."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from operator import itemgetter

from chassis.database import Connection, Record

_CLAIM = """
UPDATE alertes_envois e SET prochain_a = $2, essais = e.essais + 1
FROM (
    SELECT alerte, moment, destinataire FROM alertes_envois
    WHERE etat = 'a-envoyer' AND prochain_a <= $1 ORDER BY prochain_a LIMIT 200 FOR UPDATE SKIP LOCKED
) d, alertes a, alertes_destinataires q
WHERE (e.alerte, e.moment, e.destinataire) = (d.alerte, d.moment, d.destinataire)
    AND a.id = e.alerte AND q.id = e.destinataire
RETURNING e.alerte, e.moment, e.destinataire, e.essais, q.canal, q.adresse, a.nature, a.objet, a.valeur, a.seuil,
    a.ouverte_a, a.close_a
"""
_NOTE = """
UPDATE alertes_envois SET
    etat = CASE WHEN $4::text IS NULL THEN 'envoye' WHEN $6::timestamptz IS NULL THEN 'abandonne' ELSE 'a-envoyer' END,
    envoye_a = CASE WHEN $4 IS NULL THEN $5::timestamptz END, erreur = $4, prochain_a = coalesce($6, prochain_a)
WHERE (alerte, moment, destinataire) = ($1, $2, $3)
"""


async def claim(conn: Connection, now: datetime, until: datetime) -> list[Record]:
    """What is to be sent now, not taken again before `until`."""
    return await conn.fetch(_CLAIM, now, until)


def by_addressee(rows: Sequence[Record]) -> list[list[Record]]:
    """For each addressee what it is told, the oldest alarm first."""
    ordered = sorted(rows, key=lambda row: (str(row["destinataire"]), row["ouverte_a"], row["moment"]))
    return [list(group) for _, group in groupby(ordered, key=itemgetter("destinataire"))]


async def note(conn: Connection, row: Record, error: str | None, now: datetime, again_at: datetime | None) -> None:
    await conn.execute(_NOTE, row["alerte"], row["moment"], row["destinataire"], error, now, again_at)
