"""Loads dossiers under lock, saves the changes of a batch, erases dossiers, and reads them outside a decision."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Generic
from uuid import UUID

from chassis import ledger
from chassis.database import Connection, Record, write
from chassis.facts import Fait, FaitEnregistre
from chassis.settings import Settings
from coffre.keys import Vault
from services.dossiers.lot import Lot
from services.dossiers.modele import A, Modele, Table
from services.dossiers.regles import Recu
from services.dossiers.sceaux import Sceaux
from services.lineage import lock

# A message for an absorbed parcours concerns its survivor, some messages of a survivor all that it absorbed: all are
# locked, in one order.
_LOCK = """
WITH RECURSIVE absorbes AS (
    SELECT parcours FROM dossiers WHERE absorbe_par = ANY($2)
    UNION SELECT d.parcours FROM dossiers d JOIN absorbes a ON d.absorbe_par = a.parcours)
SELECT parcours, absorbe_par, etat FROM dossiers WHERE parcours IN (
    SELECT unnest($1::uuid[]) UNION SELECT absorbe_par FROM dossiers WHERE parcours = ANY($1)
    UNION SELECT parcours FROM absorbes)
ORDER BY parcours FOR UPDATE
"""
# Without ON CONFLICT: of two replicas that open the same dossier, one starts again and finds what the other wrote.
_ADD = """
INSERT INTO dossiers (parcours, absorbe_par, etat)
SELECT parcours, absorbe_par, etat FROM unnest($1::uuid[], $2::uuid[], $3::bytea[]) AS n(parcours, absorbe_par, etat)
"""
_CHANGE = """
UPDATE dossiers d SET absorbe_par = c.absorbe_par, etat = c.etat
FROM unnest($1::uuid[], $2::uuid[], $3::bytea[]) AS c(parcours, absorbe_par, etat) WHERE d.parcours = c.parcours
"""
_RESTART = """
WITH histoires AS (DELETE FROM histoire WHERE dossier = ANY($1)) DELETE FROM dossiers WHERE parcours = ANY($1)
"""
_ERASE = """
WITH RECURSIVE effaces AS (
    SELECT unnest($1::uuid[]) AS parcours
    UNION SELECT d.parcours FROM dossiers d JOIN effaces e ON d.absorbe_par = e.parcours),
histoires AS (DELETE FROM histoire h USING effaces e WHERE h.dossier = e.parcours),
partis AS (DELETE FROM dossiers d USING effaces e WHERE d.parcours = e.parcours)
SELECT parcours FROM effaces
"""
_FAMILLE = """
WITH RECURSIVE survivants AS (
    SELECT parcours, absorbe_par FROM dossiers WHERE parcours = $1
    UNION SELECT d.parcours, d.absorbe_par FROM survivants s JOIN dossiers d ON d.parcours = s.absorbe_par),
famille AS (
    SELECT parcours FROM survivants WHERE absorbe_par IS NULL
    UNION SELECT d.parcours FROM famille f JOIN dossiers d ON d.absorbe_par = f.parcours)
SELECT parcours, etat FROM famille JOIN dossiers USING (parcours) ORDER BY absorbe_par IS NOT NULL, parcours
"""


class Registre(Generic[A]):
    """The dossiers of one service in its schema, which has its name."""

    def __init__(self, modele: Modele[A], schema: str) -> None:
        self.modele = modele
        self.sceaux = Sceaux(schema)

    def lier(self, vault: Vault, lus: Settings) -> None:
        """Set the vault and the settings. The process calls it before it reads or writes."""
        self.sceaux.lier(vault)

    async def charger(self, conn: Connection, lus: Sequence[Recu[Any]]) -> Lot[A]:
        """Lock the rows until the transaction ends. A dossier opened twice at once is caught by its primary key.

        A person whose key is destroyed is erased, also before this service reads of it.
        """
        nommes = {lu.parcours for lu in lus}.union(*(lu.absorbes for lu in lus))
        regardent = self.modele.regles.regardent
        trouves = await lock(conn, _LOCK, nommes, [lu.parcours for lu in lus if lu.cle in regardent])
        oublies = await ledger.forgotten(conn, nommes)
        effaces = await self.sceaux.effaces(conn, nommes | trouves.keys()) - oublies
        charges = await self.ouvrir(conn, [row for id_, row in trouves.items() if id_ not in effaces])
        contexte = await self.modele.contexte(conn, lus, charges) if self.modele.contexte else None
        lot = Lot(self.modele, charges, oublies | effaces, contexte)
        lot.erased += effaces
        return lot

    async def enregistrer(self, conn: Connection, lot: Lot[A], faits_: Sequence[tuple[Fait, FaitEnregistre]]) -> None:
        changes = lot.changed()
        if lot.reposes:
            await conn.execute(_RESTART, lot.reposes)
        lignes = await self.lignes(conn, [dossier for _, dossier in changes])
        await write(conn, _ADD, [ligne for ligne, (avant, _) in zip(lignes, changes, strict=True) if avant is None])
        await write(conn, _CHANGE, [ligne for ligne, (avant, _) in zip(lignes, changes, strict=True) if avant])
        faits = lot.faits()
        cellules = await self.sceaux.sceller(conn, "histoire", [(id_, id_, fait) for id_, _, fait in faits])
        histoire = [(id_, nom, cellule) for (id_, nom, _), cellule in zip(faits, cellules, strict=True)]
        await ledger.insert(conn, "histoire", ("dossier", "type", "fait"), histoire)
        for table in self.modele.tables:
            await self.remplacer(conn, table, *lot.remplacees(table))
        if lot.erased:
            await self.effacer(conn, lot.erased, {e.agregat: e.id for _, e in faits_ if e.type == "usager.efface"})

    async def remplacer(
        self, conn: Connection, table: Table[A], dossiers: Sequence[UUID], lignes: Sequence[tuple[Any, ...]]
    ) -> None:
        """Put `lignes` in the place of all rows of these dossiers."""
        if dossiers:
            await conn.execute(f"DELETE FROM {table.nom} WHERE {table.colonnes[0]} = ANY($1)", dossiers)  # noqa: S608
        if table.scellee:
            rang = table.colonnes.index(table.scellee)
            cellules = await self.sceaux.sceller(
                conn, table.nom, [(ligne[0], ligne[0], ligne[rang]) for ligne in lignes]
            )
            lignes = [(*li[:rang], une, *li[rang + 1 :]) for li, une in zip(lignes, cellules, strict=True)]
        await ledger.insert(conn, table.nom, table.colonnes, lignes)

    async def famille(self, conn: Connection, parcours: UUID, departement: str | None = None) -> list[A]:
        """Return the surviving dossier of this parcours, then its absorbed ones. Of an unknown one, an empty dossier in
        `departement` if it is given: nothing that concerns this service was said of it yet."""
        connus = list((await self.lire(conn, await conn.fetch(_FAMILLE, parcours))).values())
        return connus or [self.modele.dossier(parcours, lieu) for lieu in (departement,) if lieu]

    async def lire(self, conn: Connection, rows: Iterable[Record]) -> dict[UUID, A]:
        """Return the dossiers of these rows for a read: without the archived ones."""
        return await self.ouvrir(conn, rows, est_lecture=True)

    async def ouvrir(self, conn: Connection, rows: Iterable[Record], *, est_lecture: bool = False) -> dict[UUID, A]:
        """Return the dossiers of these rows (`parcours, etat`), but the erased ones."""
        cellules = {row["parcours"]: row["etat"] for row in rows}
        clairs = await self.sceaux.ouvrir(conn, "dossiers", list(cellules.items()), est_lecture=est_lecture)
        return {id_: self.modele.lire(clair) for id_, clair in zip(cellules, clairs, strict=True) if clair}

    async def lignes(self, conn: Connection, dossiers: Sequence[A]) -> list[tuple[UUID, UUID | None, bytes]]:
        """Their rows: `parcours, absorbe_par, etat`."""
        clairs = [(dossier.parcours, dossier.parcours, self.modele.ecrire(dossier)) for dossier in dossiers]
        cellules = await self.sceaux.sceller(conn, "dossiers", clairs)
        return [(d.parcours, d.absorbe_par, cellule) for d, cellule in zip(dossiers, cellules, strict=True)]

    async def effacer(self, conn: Connection, effaces: Iterable[UUID], dits: Mapping[UUID, UUID]) -> list[UUID]:
        """Delete all rows of these dossiers and of their absorbed ones, but the facts of `dits`. Return the ids."""
        tous = [row["parcours"] for row in await conn.fetch(_ERASE, list(effaces))]
        for table in self.modele.tables:
            await self.remplacer(conn, table, tous, ())
        await ledger.forget(conn, {id_: dits.get(id_) for id_ in tous})
        return tous
