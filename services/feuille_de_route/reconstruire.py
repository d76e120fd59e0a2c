"""Rebuild the views from what was told, identical to the byte: `python -m services.feuille_de_route.reconstruire`.

It runs with the settings of the service, beside it or while it is stopped. Every sheet is folded and compared with
what is stored; one that differs goes through the batch engine, which folds it again under its lock, as the service
does. `--a-blanc` compares only. The last line on standard output is the account, as JSON.
"""

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from uuid import UUID

import orjson
import structlog
from uuid_utils.compat import uuid7

from chassis import settings, telemetry
from chassis.database import Pool, open_pool
from chassis.depots import Engine
from chassis.facts import Entree
from services.feuille_de_route.app import SERVICE
from services.feuille_de_route.store import reconstruction

_log = structlog.get_logger()
_NOM = SERVICE.brique.nom
_PAGE = 256
_DIT_TOUTES_LES = 10_000

Dire = Callable[["Compte"], None]


@dataclass(slots=True)
class Compte:
    """How far the rebuilding is; `differentes` names the sheets that were not stored as they fold."""

    total: int
    vues: int = 0
    differentes: list[UUID] = field(default_factory=list)


async def reconstruire(pool: Pool, *, a_blanc: bool = False, dire: Dire = lambda compte: None) -> Compte:
    """Compare every sheet, put right those that differ unless `a_blanc`; `dire` hears of the progress."""
    engine = Engine(SERVICE.brique, pool, on_facts=lambda: None)
    async with pool.acquire() as conn:
        compte = Compte(await reconstruction.combien(conn))
    async for page, differentes in _comparees(pool):
        if differentes and not a_blanc:
            await engine.decide([_a_replier(parcours, par) for parcours, par in differentes.items()])
        compte.differentes += differentes
        compte.vues += page
        if compte.vues % _DIT_TOUTES_LES < page:
            dire(compte)
    return compte


async def _comparees(pool: Pool) -> AsyncIterator[tuple[int, dict[UUID, UUID | None]]]:
    """How many sheets were looked at, and those that differ, with the one in which each is to be merged.

    The merges first: which events make a sheet depends on them.
    """
    async with pool.acquire() as conn:
        dites, stockees = await reconstruction.absorptions(conn)
    yield 0, {p: dites.get(p) for p in sorted(dites.keys() | stockees.keys()) if dites.get(p) != stockees.get(p)}
    apres = UUID(int=0)
    while True:
        async with pool.acquire() as conn:
            page = await reconstruction.page(conn, apres, _PAGE)
            if not page:
                return
            seules = [parcours for parcours in page if parcours not in dites]
            differentes = await reconstruction.differentes(conn, seules)
            if differentes:  # once more: an event may have come between the two readings
                differentes = await reconstruction.differentes(conn, differentes)
        yield len(page), dict.fromkeys(differentes)
        apres = page[-1]


def _a_replier(parcours: UUID, par: UUID | None) -> Entree:
    maintenant = datetime.now(UTC)
    return Entree(
        id=uuid7(),
        nature="echeance",
        type="echeance.reconstruction",
        agregat=parcours,
        emetteur=f"/services/{_NOM}",
        role="hub",
        partition="",
        donnees={"absorbee_par": str(par)} if par else {},
        survenu_a=maintenant,
        recu_a=maintenant,
    )


async def _run(lus: settings.Settings, *, a_blanc: bool) -> Compte:
    pool = await open_pool(lus.database_url, lus.database_password, _NOM)
    try:
        return await reconstruire(pool, a_blanc=a_blanc, dire=_dire)
    finally:
        await pool.close()


def _dire(compte: Compte) -> None:
    _log.info("reconstruction.progress", seen=compte.vues, total=compte.total, different=len(compte.differentes))


def main(arguments: Sequence[str] | None = None) -> int:
    """Exits with 1 when `--a-blanc` found differences, 0 when there is none left."""
    parser = argparse.ArgumentParser(description="Reconstruit les feuilles de route à partir de ce qui a été dit.")
    parser.add_argument("--a-blanc", action="store_true", help="compare sans rien écrire")
    a_blanc = parser.parse_args(arguments).a_blanc
    lus = settings.read(settings.Settings)
    telemetry.start(_NOM, lus.otlp_url, lus.niveau_log)
    try:
        compte = asyncio.run(_run(lus, a_blanc=a_blanc))
    finally:
        telemetry.stop()
    sys.stdout.write(orjson.dumps(asdict(compte)).decode() + "\n")
    return int(a_blanc and bool(compte.differentes))


if __name__ == "__main__":
    raise SystemExit(main())
