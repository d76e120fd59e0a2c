"""SQL of the alarms as they are evaluated: thresholds, what opens, what closes, what is to be sent of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from uuid_utils.compat import uuid7

from chassis.database import Connection
from gateway.inbound.alarms.measures import Mesure
from relais_contrats.administration.alertes import NATURES

CALM = timedelta(minutes=5)
"""An alarm closes once it has been well for that long: one that flutters is told once."""
KEPT = timedelta(days=90)

# One process evaluates; the others find the lock taken and wait for their next turn.
_TRY_LOCK = "SELECT pg_try_advisory_xact_lock(hashtextextended('passerelle alertes', 0))"
_THRESHOLDS = "SELECT nature, seuil, actif FROM alertes_seuils"
_OPEN = """
INSERT INTO alertes AS a (id, nature, objet, valeur, seuil, ouverte_a, vue_a)
SELECT d.*, $6, $6 FROM unnest($1::uuid[], $2::text[], $3::text[], $4::float8[], $5::float8[])
    AS d(id, nature, objet, valeur, seuil)
ON CONFLICT (nature, objet) WHERE close_a IS NULL
DO UPDATE SET valeur = EXCLUDED.valeur, seuil = EXCLUDED.seuil, vue_a = EXCLUDED.vue_a
RETURNING a.id, a.ouverte_a = $6 AS est_nouvelle
"""
_CLOSE = "UPDATE alertes SET close_a = $1 WHERE close_a IS NULL AND vue_a <= $2 RETURNING id"
_SEND = """
INSERT INTO alertes_envois (alerte, moment, destinataire, prochain_a)
SELECT a, $2, d.id, $3 FROM unnest($1::uuid[]) AS a CROSS JOIN alertes_destinataires d ON CONFLICT DO NOTHING
"""
_FORGET = "DELETE FROM alertes WHERE close_a < $1"


@dataclass(frozen=True, slots=True)
class Seuil:
    valeur: float
    est_actif: bool


async def is_alone(conn: Connection) -> bool:
    """Whether this process evaluates; to be asked in the transaction that does."""
    return await conn.fetchval(_TRY_LOCK) is True


async def thresholds(conn: Connection) -> dict[str, Seuil]:
    """Those that are shipped, and what operators changed of them."""
    shipped = {nom: Seuil(nature.seuil, est_actif=True) for nom, nature in NATURES.items()}
    changed = {row["nature"]: Seuil(row["seuil"], row["actif"]) for row in await conn.fetch(_THRESHOLDS)}
    return shipped | {nom: seuil for nom, seuil in changed.items() if nom in shipped}


def beyond(mesures: Sequence[Mesure], seuils: dict[str, Seuil]) -> list[tuple[Mesure, float]]:
    """Those that reach their threshold, with it."""
    found = []
    for one in mesures:
        seuil = seuils[one.nature]
        is_beyond = one.valeur <= seuil.valeur if NATURES[one.nature].est_plancher else one.valeur >= seuil.valeur
        if seuil.est_actif and is_beyond:
            found.append((one, seuil.valeur))
    return found


async def open_or_see(conn: Connection, found: Sequence[tuple[Mesure, float]], now: datetime) -> list[UUID]:
    """Open what is not open yet, and note that the rest is still there; the ids of what was opened."""
    columns = (
        [uuid7() for _ in found],
        [one.nature for one, _ in found],
        [one.objet for one, _ in found],
        [one.valeur for one, _ in found],
        [seuil for _, seuil in found],
    )
    return [row["id"] for row in await conn.fetch(_OPEN, *columns, now) if row["est_nouvelle"]]


async def close(conn: Connection, now: datetime) -> list[UUID]:
    return [row["id"] for row in await conn.fetch(_CLOSE, now, now - CALM)]


async def send(conn: Connection, alertes: Sequence[UUID], moment: str, now: datetime) -> None:
    if alertes:
        await conn.execute(_SEND, list(alertes), moment, now)


async def forget(conn: Connection, now: datetime) -> None:
    await conn.execute(_FORGET, now - KEPT)
