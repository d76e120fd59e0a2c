"""Erasure of a person: vault, protected fields and facts go, the erasure fact and the aliases stay.

A fact leaves the database once it was published; its sequence in the stream is kept until the stream has forgotten it
too. The erasure fact bears the last number of its aggregate, so that nothing is numbered twice.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from chassis.database import Connection

_OUVRIR = """
INSERT INTO effacements (parcours, demande_a) SELECT id, $2 FROM unnest($1::uuid[]) AS e(id)
ON CONFLICT (parcours) DO NOTHING
"""
_OUBLIER_CHAMPS = """
DELETE FROM champs_proteges WHERE parcours IN (SELECT id FROM parcours WHERE id = ANY($1) OR survivant = ANY($1))
"""
# A fact that waits to be published is left for later: its number would be missing to those who read in order.
_OUBLIER_FAITS = """
WITH lignee AS (
    SELECT p.id, e.parcours FROM effacements e JOIN parcours p ON p.id = e.parcours OR p.survivant = e.parcours
    WHERE e.acheve_a IS NULL
), oublies AS (
    DELETE FROM faits f USING lignee
    WHERE f.agregat = lignee.id AND f.publie_seq IS NOT NULL AND f.type <> 'usager.efface'
    RETURNING lignee.parcours, f.publie_seq
), par_parcours AS (
    SELECT parcours, array_agg(publie_seq) AS flux FROM oublies GROUP BY parcours
)
UPDATE effacements e SET flux = e.flux || p.flux FROM par_parcours p WHERE p.parcours = e.parcours
"""
_EN_COURS = """
SELECT e.parcours, e.flux, EXISTS (
    SELECT FROM faits f JOIN parcours p ON p.id = f.agregat
    WHERE (p.id = e.parcours OR p.survivant = e.parcours) AND f.type <> 'usager.efface'
) AS reste
FROM effacements e WHERE e.acheve_a IS NULL ORDER BY e.demande_a LIMIT 100
"""
_ACHEVER = "UPDATE effacements SET flux = '{}', acheve_a = $2 WHERE parcours = ANY($1)"
_RETIRER_DU_FLUX = """
UPDATE effacements SET flux = ARRAY(SELECT s FROM unnest(flux) AS s WHERE s <> ALL($2::bigint[])) WHERE parcours = $1
"""


async def ouvrir(conn: Connection, parcours: Sequence[UUID], demande_a: datetime) -> None:
    """In the transaction of the erasure: forget at once all that can be. The vault was emptied with the state."""
    await conn.execute(_OUVRIR, parcours, demande_a)
    await conn.execute(_OUBLIER_CHAMPS, parcours)
    await conn.execute(_OUBLIER_FAITS)


async def en_cours(conn: Connection) -> list[tuple[UUID, list[int], bool]]:
    """Erasures under way: the parcours, its messages still in the stream, and whether facts still wait to go."""
    await conn.execute(_OUBLIER_FAITS)
    return [(ligne["parcours"], list(ligne["flux"]), ligne["reste"]) for ligne in await conn.fetch(_EN_COURS)]


async def retirer_du_flux(conn: Connection, parcours: UUID, sequences: Sequence[int]) -> None:
    """The stream has forgotten these."""
    await conn.execute(_RETIRER_DU_FLUX, parcours, sequences)


async def achever(conn: Connection, parcours: Sequence[UUID], acheve_a: datetime) -> None:
    await conn.execute(_ACHEVER, parcours, acheve_a)
