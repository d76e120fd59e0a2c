"""Merges as the gateway keeps them, so that one can be undone: who took part before, and what followed."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from chassis.database import Connection, Record
from gateway import participations
from gateway.participations import Participation
from relais_contrats.droits import Role

_LOAD = """
SELECT * FROM fusions WHERE depot = ANY($1) OR suites && $1::uuid[] OR (survivant = ANY($2) AND NOT est_defaite)
"""
_SAVE = """
INSERT INTO fusions (depot, survivant, absorbes, suites, garde, apportes, etait_opposee, est_defaite)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (depot) DO UPDATE SET suites = EXCLUDED.suites, garde = EXCLUDED.garde, apportes = EXCLUDED.apportes
"""
# One batch of the fan-out at a time, and none while a merge is undone (`outbound.store.fanout`).
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('passerelle livraisons', 0))"
_UNDO = "UPDATE fusions SET est_defaite = true, garde = '{}', apportes = '{}' WHERE depot = $1"
_LEAD_BACK = """
UPDATE alias SET survivant = chemin[1], chemin = chemin[2:] WHERE survivant = $1 AND chemin[1] = ANY($2::uuid[])
"""
_SEPARATE = "DELETE FROM alias WHERE absorbe = ANY($2::uuid[]) AND survivant = $1"
_OBJECT_NO_MORE = "DELETE FROM oppositions WHERE parcours = $1"
_GIVE_PRESCRIPTIONS = """
UPDATE prescriptions_suivies SET parcours = $2 WHERE parcours = $1 AND prescription_id LIKE '%@' || $3
"""
_PRESCRIBED = "SELECT DISTINCT unnest(partenaires) AS code FROM prescriptions_suivies WHERE parcours = $1"
_ERASE = "DELETE FROM fusions WHERE survivant = ANY($1) OR absorbes && $1::uuid[]"

Roles = dict[str, frozenset[Role]]


@dataclass(slots=True)
class Fusion:
    """See `fusions`. `garde` is by absorbed parcours."""

    depot: UUID
    survivant: UUID
    absorbes: tuple[UUID, ...]
    garde: dict[UUID, Roles]
    etait_opposee: bool
    suites: set[UUID] = field(default_factory=set)
    apportes: Roles = field(default_factory=dict)
    est_defaite: bool = False

    def apporte(self, code: str, role: Role) -> None:
        self.apportes[code] = self.apportes.get(code, frozenset()) | {role}

    def confirme(self, code: str, role: Role) -> None:
        """The role is held for a reason of its own from now on."""
        self.apportes[code] = self.apportes.get(code, frozenset()) - {role}


async def load(conn: Connection, causes: Collection[UUID], parcours: Collection[UUID]) -> list[Fusion]:
    """Those that these deposits decided or these events followed from, and those that stand on these survivors."""
    return [_fusion(row) for row in await conn.fetch(_LOAD, list(causes), list(parcours))]


async def save(conn: Connection, fusions: Iterable[Fusion]) -> None:
    for fusion in fusions:
        garde = {str(parcours): _dits(roles) for parcours, roles in fusion.garde.items()}
        await conn.execute(
            _SAVE,
            fusion.depot,
            fusion.survivant,
            list(fusion.absorbes),
            sorted(fusion.suites),
            garde,
            _dits(fusion.apportes),
            fusion.etait_opposee,
            fusion.est_defaite,
        )


async def undo(conn: Connection, depot: UUID, survivant: UUID, absorbes: Sequence[UUID], now: datetime) -> None:
    """Names lead where they led before, and each parcours has its own participants back.

    Where the fan-out has not reached the merge yet nobody entered by it, and nobody will.
    """
    await conn.execute(_LOCK)
    await conn.execute(_SEPARATE, survivant, list(absorbes))
    await conn.execute(_LEAD_BACK, survivant, list(absorbes))
    rows = await conn.fetch(_LOAD, [depot], [])
    fusion = next((fusion for fusion in map(_fusion, rows) if fusion.depot == depot), None)
    if fusion is None:
        await save(conn, [Fusion(depot, survivant, tuple(absorbes), {}, False, est_defaite=True)])
        return
    if fusion.est_defaite:
        return
    held = await participations.of_parcours(conn, [survivant, *absorbes])
    for absorbe in absorbes:
        await conn.execute(_GIVE_PRESCRIPTIONS, survivant, absorbe, absorbe.hex)
        prescrits = {row["code"] for row in await conn.fetch(_PRESCRIBED, absorbe)}
        before = _flat(absorbe, _en_cours(fusion.garde.get(absorbe, {}), prescrits))
        after = _flat(absorbe, {code: roles for (parcours, code), roles in held.items() if parcours == absorbe})
        await participations.enter(conn, sorted(before - after, key=_order), now)
        await participations.leave(conn, sorted(after - before, key=_order), now)
    encore = {row["code"] for row in await conn.fetch(_PRESCRIBED, survivant)}
    apportes = _flat(survivant, fusion.apportes)
    left = [p for p in apportes if p.role is not Role.PRESCRIPTION or p.partenaire not in encore]
    await participations.leave(conn, left, now)
    if not fusion.etait_opposee:
        await conn.execute(_OBJECT_NO_MORE, survivant)
    await conn.execute(_UNDO, depot)


async def erase(conn: Connection, parcours: Collection[UUID]) -> None:
    await conn.execute(_ERASE, list(parcours))


def _en_cours(garde: Roles, prescrits: Collection[str]) -> Roles:
    """A prescription that ended meanwhile lets nobody in again; one that came since does."""
    codes = garde.keys() | set(prescrits)
    return {
        code: (garde.get(code, frozenset()) - {Role.PRESCRIPTION})
        | (frozenset({Role.PRESCRIPTION}) if code in prescrits else frozenset())
        for code in codes
    }


def _flat(parcours: UUID, roles_of: Mapping[str, frozenset[Role]]) -> set[Participation]:
    return {Participation(parcours, code, role) for code, roles in roles_of.items() for role in roles}


def _order(participation: Participation) -> tuple[str, str]:
    return (participation.partenaire, participation.role)


def _dits(roles_of: Mapping[str, frozenset[Role]]) -> dict[str, list[str]]:
    return {code: sorted(role.value for role in roles) for code, roles in roles_of.items()}


def _lus(brut: Mapping[str, Sequence[str]]) -> Roles:
    return {code: frozenset(map(Role, roles)) for code, roles in brut.items()}


def _fusion(row: Record) -> Fusion:
    return Fusion(
        row["depot"],
        row["survivant"],
        tuple(row["absorbes"]),
        {UUID(parcours): _lus(roles) for parcours, roles in row["garde"].items()},
        row["etait_opposee"],
        set(row["suites"]),
        _lus(row["apportes"]),
        row["est_defaite"],
    )
