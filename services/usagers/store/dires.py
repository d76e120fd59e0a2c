"""What partners said under their own names of parcours (`Dire`): sealed like the vault, and gone with the person."""

from collections.abc import Collection, Iterable
from uuid import UUID

from chassis.database import Connection, Record, write
from services.usagers.domain.parcours import Dire
from services.usagers.store import lignes
from services.usagers.store.vault import Coffre

_DIRE = "dire"
# Of a survivor and of those that it absorbed.
_DE = """
SELECT * FROM dires
WHERE emetteur = ANY($2) AND (parcours = ANY($1) OR parcours IN (SELECT id FROM parcours WHERE survivant = ANY($1)))
"""
_UN = "SELECT * FROM dires WHERE alias = $1 AND emetteur = $2"
_RANGER = """
INSERT INTO dires (alias, parcours, departement, emetteur, chiffre)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::bytea[])
ON CONFLICT (alias) DO UPDATE SET chiffre = EXCLUDED.chiffre
"""
_OUBLIER = "DELETE FROM dires WHERE parcours = ANY($1)"


async def lire(conn: Connection, coffre: Coffre, parcours: Collection[UUID], emetteurs: Collection[str]) -> list[Dire]:
    """What these partners said of these parcours."""
    if not parcours or not emetteurs:
        return []
    return [_dire(ligne, coffre) for ligne in await conn.fetch(_DE, list(parcours), list(emetteurs))]


async def sous(conn: Connection, coffre: Coffre, alias: UUID, emetteur: str) -> Dire | None:
    """What this partner said under this name of its own."""
    ligne = await conn.fetchrow(_UN, alias, emetteur)
    return _dire(ligne, coffre) if ligne else None


async def ranger(conn: Connection, coffre: Coffre, dires: Iterable[Dire]) -> None:
    await write(conn, _RANGER, [_ligne(dire, coffre) for dire in dires])


async def oublier(conn: Connection, parcours: Collection[UUID]) -> None:
    await conn.execute(_OUBLIER, list(parcours))


def _ligne(dire: Dire, coffre: Coffre) -> tuple[UUID, UUID, str, str, bytes]:
    dit = [dire.identite, sorted(dire.identifiants, key=lignes.ordre), dire.coordonnees]
    return dire.alias, dire.parcours, dire.departement, dire.emetteur, coffre.chiffrer(dire.alias, _DIRE, dit)


def _dire(ligne: Record, coffre: Coffre) -> Dire:
    alias = ligne["alias"]
    identite, identifiants, contacts = coffre.dechiffrer(alias, _DIRE, ligne["chiffre"])
    return Dire(
        alias,
        ligne["parcours"],
        ligne["departement"],
        ligne["emetteur"],
        lignes.lire_identite(identite),
        lignes.lire_identifiants(identifiants),
        lignes.lire_coordonnees(contacts) if contacts else None,
    )
