"""The process of a service with dossiers: opens its keys, and seals rows that an older release left in the clear."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog

from chassis import process, settings
from chassis.database import Connection, Pool, write
from chassis.process import Process
from chassis.waiting import wait
from coffre.keys import Vault
from coffre.masters import Masters
from services import service
from services.dossiers.registre import Registre
from services.dossiers.sceaux.livre import EST_FAIT, FAIT, Livre
from services.service import Service

_log = structlog.get_logger()
_ENSEMBLE = 256
_ENTRE_S = 0.05
_PAGE = "SELECT parcours FROM dossiers WHERE parcours > $1 ORDER BY parcours LIMIT $2"
# Like those of a decision: by their parcours, in one order.
_VERROU = "SELECT FROM dossiers WHERE parcours = ANY($1) ORDER BY parcours FOR UPDATE"
# A cell begins with 1, JSON never does.
_EN_CLAIR = "SELECT {ligne} AS ligne, {cle} AS cle, {rang} AS rang, {colonne} AS clair FROM {table} WHERE {de} AND get_byte({colonne}, 0) <> 1 FOR UPDATE"  # noqa: E501
_SCELLER = """
UPDATE {table} t SET {colonne} = n.cellule
FROM unnest($1::uuid[], $2::bigint[], $3::bytea[]) AS n(ligne, rang, cellule)
WHERE t.{ligne} = n.ligne AND {rang} = n.rang
"""


class Reglages(settings.Settings):
    """The settings of a service that seals."""

    cles_maitres: Path


def lancer(
    service_: Service, registre: Registre[Any], assembler: Callable[[Process], Awaitable[Any]] | None = None
) -> None:
    """The `main` of a service with dossiers. `assembler` starts it; by default, as `services.service` does."""
    lus, nom = settings.read(Reglages), service_.brique.nom

    async def demarrer(running: Process) -> None:
        vault = Vault(running.pool, Masters(lus.cles_maitres))
        registre.lier(vault, lus)
        running.loop("retours-archive", vault.keep_asking)
        running.loop("scellement-faits", Livre(running.pool, registre.sceaux).run)
        running.loop("scellement", Anciens(running.pool, registre).run)
        await (assembler(running) if assembler else service.connect(service_, running))

    process.run(nom, nom, lus, demarrer)


class Anciens:
    """The rows of before, sealed in batches beside a service that decides; readers take both."""

    def __init__(self, pool: Pool, registre: Registre[Any]) -> None:
        self._pool = pool
        self._registre = registre

    async def run(self, stop: asyncio.Event) -> None:
        apres: UUID | None = UUID(int=0)
        while apres is not None and not stop.is_set():
            apres = await self.tour(apres)
            await wait(stop, _ENTRE_S)

    async def tour(self, apres: UUID) -> UUID | None:
        """Seal the rows of the next dossiers. Return the last id, or None when all is done."""
        if await self._pool.fetchval(EST_FAIT, "dossiers"):
            return None
        page: Sequence[UUID] = [row["parcours"] for row in await self._pool.fetch(_PAGE, apres, _ENSEMBLE)]
        await self._registre.sceaux.preparer(page)
        async with self._pool.acquire() as conn, conn.transaction():
            await conn.execute(_VERROU, page)
            if not page:
                await self._fusions(conn)
                await conn.execute(FAIT, "dossiers")
                return None
            await self._sceller(conn, "dossiers", "etat", page)
            await self._sceller(conn, "histoire", "fait", page, ligne="dossier", rang="numero")
            for table in self._registre.modele.tables:
                if table.scellee:
                    await self._sceller(conn, table.nom, table.scellee, page, ligne=table.colonnes[0])
        _log.info("scellement.tour", dossiers=len(page))
        return page[-1]

    async def _fusions(self, conn: Connection) -> None:
        """Seal the rows that undo merges: few, each under the key of its survivor."""
        if "garde" in [row["nom"] for row in await conn.fetch(_COLONNES)]:
            await self._sceller(conn, "fusions", "garde", None, ligne="fusion", cle="parcours[1]")

    async def _sceller(
        self,
        conn: Connection,
        table: str,
        colonne: str,
        page: Sequence[UUID] | None,
        *,
        ligne: str = "parcours",
        rang: str = "0",
        cle: str | None = None,
    ) -> None:
        noms = {"table": table, "colonne": colonne, "ligne": ligne, "rang": rang, "cle": cle or ligne}
        de = "TRUE" if page is None else f"{ligne} = ANY($1)"
        rows = await conn.fetch(_EN_CLAIR.format(**noms, de=de), *([] if page is None else [page]))
        clairs = [(row["cle"], row["ligne"], row["clair"]) for row in rows]
        cellules = await self._registre.sceaux.sceller(conn, table, clairs)
        nouvelles = [(row["ligne"], row["rang"], une) for row, une in zip(rows, cellules, strict=True)]
        await write(conn, _SCELLER.format(**noms), nouvelles)


_COLONNES = """
SELECT column_name AS nom FROM information_schema.columns
WHERE table_schema = current_schema() AND table_name = 'fusions'
"""
