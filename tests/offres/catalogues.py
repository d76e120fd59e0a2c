"""A catalogue on a database of its own, and what a test asks of it."""

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import orjson

from chassis.database import Pool
from services.offres.app import SERVICE
from services.offres.domain.offre import Genre
from services.offres.importer.passage import Demande, importer
from services.offres.importer.rapport import Bilan
from services.offres.store import catalogue
from services.offres.store.catalogue import RetraitOffre

INSTANT = datetime(2026, 10, 1, 9, tzinfo=UTC)


class Catalogue:
    def __init__(self, pool: Pool, folder: Path) -> None:
        self.pool = pool
        self.folder = folder

    async def publier(self, *fiches: Mapping[str, Any], instant: datetime = INSTANT) -> None:
        structures = [fiche for fiche in fiches if "structure_id" not in fiche]
        services = [fiche for fiche in fiches if "structure_id" in fiche]
        async with self.pool.acquire() as conn, conn.transaction():
            await catalogue.publier(conn, structures, services, instant)

    async def retirer(self, id_: str, genre: Genre = "service", raison: str = "Fermé.") -> list[str]:
        async with self.pool.acquire() as conn, conn.transaction():
            return await catalogue.retirer(conn, [RetraitOffre(id_, genre, date(2026, 10, 2), raison)], INSTANT)

    async def lire(self, vue: str, **demande: Any) -> Any:
        async with self.pool.acquire() as conn:
            return orjson.loads(orjson.dumps(await SERVICE.lectures[vue](conn, demande)))

    async def chercher(self, **demande: Any) -> list[str]:
        """The ids of the first page."""
        return [un["id"] for un in (await self.lire("services", **demande))["services"]]

    async def valeur(self, sql: str) -> Any:
        async with self.pool.acquire() as conn:
            return await conn.fetchval(sql)

    def fichier(self, fiches: Iterable[Mapping[str, Any]], nom: str = "catalogue.jsonl") -> Path:
        chemin = self.folder / nom
        chemin.write_bytes(b"".join(orjson.dumps(fiche) + b"\n" for fiche in fiches))
        return chemin

    async def importer(
        self, chemin: Path, *, complet: bool = True, confirme: bool = False, genre: Genre | None = None
    ) -> Bilan:
        demande = Demande(chemin, "dora", complet, confirme, genre, self.rapport)
        with ThreadPoolExecutor(2) as travail:
            return await importer(self.pool, demande, travail, lambda: INSTANT)

    @property
    def rapport(self) -> Path:
        return self.folder / "rapport.jsonl"

    def refus(self) -> list[dict[str, Any]]:
        """The lines of the report but the last, which is the account."""
        return [orjson.loads(ligne) for ligne in self.rapport.read_bytes().splitlines()[:-1]]
