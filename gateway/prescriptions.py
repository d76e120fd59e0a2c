"""Whom a prescription concerns: its emitter, the partners of its structure, and until when. SQL of both processes.

A structure takes part in a parcours through each of its prescriptions, and knows those only: this table tells which.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from chassis.database import Connection
from relais_contrats.droits import Role

SEJOUR = timedelta(days=30)
"""How long the structure goes on taking part after the end of a prescription (CATALOGUE § 5)."""

Cle = tuple[UUID, str]

_SUIVIES = """
SELECT s.parcours, a.survivant, s.prescription_id, s.prescripteur, s.partenaires
FROM prescriptions_suivies s LEFT JOIN alias a ON a.absorbe = s.parcours
WHERE s.prescription_id = ANY($2) AND s.parcours IN (
    SELECT unnest($1::uuid[]) UNION SELECT absorbe FROM alias WHERE survivant = ANY($1))
ORDER BY a.survivant NULLS LAST
"""
_OF_PARTNER = """
SELECT prescription_id FROM prescriptions_suivies
WHERE $2 = ANY(partenaires) AND parcours IN (SELECT $1::uuid UNION SELECT absorbe FROM alias WHERE survivant = $1)
"""
_NOTE = """
INSERT INTO prescriptions_suivies (parcours, prescription_id, prescripteur, partenaires)
SELECT parcours, prescription_id, prescripteur, string_to_array(partenaires, ' ')
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) AS n(parcours, prescription_id, prescripteur, partenaires)
ON CONFLICT DO NOTHING
"""
_END = """
UPDATE prescriptions_suivies s SET sort_le = $3 FROM unnest($1::uuid[], $2::text[]) AS f(parcours, prescription_id)
WHERE s.sort_le IS NULL AND s.prescription_id = f.prescription_id
AND s.parcours IN (SELECT f.parcours UNION SELECT absorbe FROM alias WHERE survivant = f.parcours)
"""
_END_ALL = """
UPDATE prescriptions_suivies SET sort_le = $2
WHERE sort_le IS NULL AND parcours IN (
    SELECT unnest($1::uuid[]) UNION SELECT absorbe FROM alias WHERE survivant = ANY($1))
"""
# Another prescription to the same partner keeps its role.
_LEAVE = """
WITH finies AS (
    DELETE FROM prescriptions_suivies WHERE sort_le <= $1 RETURNING parcours, partenaires
), sortants AS (
    SELECT DISTINCT coalesce(a.survivant, f.parcours) AS parcours, code
    FROM finies f LEFT JOIN alias a ON a.absorbe = f.parcours, unnest(f.partenaires) AS code
)
UPDATE participations p SET fin = $1 FROM sortants s
WHERE (p.parcours, p.partenaire, p.role) = (s.parcours, s.code, $2) AND p.fin IS NULL AND NOT EXISTS (
    SELECT FROM prescriptions_suivies autre LEFT JOIN alias b ON b.absorbe = autre.parcours
    WHERE coalesce(b.survivant, autre.parcours) = s.parcours AND s.code = ANY(autre.partenaires)
    AND (autre.sort_le IS NULL OR autre.sort_le > $1))
"""
_ERASE = """
DELETE FROM prescriptions_suivies
WHERE parcours IN (SELECT unnest($1::uuid[]) UNION SELECT absorbe FROM alias WHERE survivant = ANY($1))
"""
_ERASE_LINKS = """
DELETE FROM liens_de_reponse
WHERE parcours IN (SELECT unnest($1::uuid[]) UNION SELECT absorbe FROM alias WHERE survivant = ANY($1))
"""


@dataclass(frozen=True, slots=True)
class Suivie:
    """`prescripteur` and `partenaires` are codes of partners."""

    parcours: UUID
    prescription_id: str
    prescripteur: str
    partenaires: frozenset[str]


def roles_dans(suivie: Suivie | None, partenaire: str, roles: frozenset[Role]) -> frozenset[Role]:
    """The roles of a participant as they count for one prescription: that of another one opens nothing of it."""
    if suivie is None or partenaire not in suivie.partenaires:
        roles -= {Role.PRESCRIPTION}
    return roles | {Role.PRESCRIPTEUR} if roles and suivie and partenaire == suivie.prescripteur else roles


async def suivies(conn: Connection, cles: Collection[Cle]) -> Mapping[Cle, Suivie]:
    """By parcours and key, those of absorbed parcours also under their survivor, unless it uses the key itself."""
    trouvees: dict[Cle, Suivie] = {}
    if cles:
        for row in await conn.fetch(_SUIVIES, [cle[0] for cle in cles], [cle[1] for cle in cles]):
            champs = (row["prescription_id"], row["prescripteur"], frozenset(row["partenaires"]))
            for parcours in {row["parcours"], row["survivant"] or row["parcours"]}:
                trouvees[parcours, row["prescription_id"]] = Suivie(parcours, *champs)
    return trouvees


async def du_partenaire(conn: Connection, parcours: UUID, partenaire: str) -> frozenset[str]:
    """The keys of the prescriptions to this partner in that parcours."""
    return frozenset(row["prescription_id"] for row in await conn.fetch(_OF_PARTNER, parcours, partenaire))


async def noter(conn: Connection, nouvelles: Sequence[Suivie]) -> None:
    if nouvelles:
        await conn.execute(
            _NOTE,
            [n.parcours for n in nouvelles],
            [n.prescription_id for n in nouvelles],
            [n.prescripteur for n in nouvelles],
            [" ".join(sorted(n.partenaires)) for n in nouvelles],
        )


async def finir(conn: Connection, finies: Collection[Cle], clos: Collection[UUID], now: datetime) -> None:
    """These prescriptions are over, and all those of the closed parcours: their structures leave in thirty days."""
    if finies:
        await conn.execute(_END, [cle[0] for cle in finies], [cle[1] for cle in finies], now + SEJOUR)
    if clos:
        await conn.execute(_END_ALL, list(clos), now + SEJOUR)


async def sortir(conn: Connection, now: datetime) -> int:
    """End the participations whose time is over; returns how many."""
    done: str = await conn.execute(_LEAVE, now, Role.PRESCRIPTION.value)
    return int(done.rpartition(" ")[2])


async def effacer(conn: Connection, parcours: Iterable[UUID]) -> None:
    erased = list(parcours)
    await conn.execute(_ERASE, erased)
    await conn.execute(_ERASE_LINKS, erased)
