"""Rebuild the dossiers and the read tables of a service from its facts: `python -m services.dossiers.rejouer NOM`.

It runs with the settings of the service, beside it or while it is stopped: each page of dossiers is locked, folded,
compared with what is stored, and written again where it differs. `--a-blanc` only compares. The last line on standard
output is the account, as JSON.
"""

import argparse
import asyncio
import importlib
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import UUID

import orjson
import structlog
from cryptography.exceptions import InvalidTag

from chassis import ledger, settings, telemetry
from chassis.database import Connection, Pool, grouped, open_pool, write
from coffre.keys import Vault
from coffre.masters import Masters
from services.dossiers.modele import A, Table
from services.dossiers.registre import Registre
from services.dossiers.sceaux import CleAbsente, Sceaux
from services.dossiers.sceaux.processus import Reglages

_log = structlog.get_logger()
_PAGE = 256
_DIT_TOUTES_LES = 10_000

_COMBIEN = "SELECT count(DISTINCT dossier) FROM histoire"
_SUIVANTS = """
SELECT parcours FROM (
    (SELECT DISTINCT dossier AS parcours FROM histoire WHERE dossier > $1 ORDER BY dossier LIMIT $2) UNION
    (SELECT parcours FROM dossiers WHERE parcours > $1 ORDER BY parcours LIMIT $2)
) AS connus ORDER BY parcours LIMIT $2
"""
_STOCKES = """
SELECT parcours, absorbe_par, etat FROM dossiers WHERE parcours = ANY($1) ORDER BY parcours FOR UPDATE
"""
_HISTOIRE = "SELECT dossier, type, fait FROM histoire WHERE dossier = ANY($1) ORDER BY dossier, numero"
_RETIRER = "DELETE FROM dossiers WHERE parcours = ANY($1)"
_POSER = """
INSERT INTO dossiers (parcours, absorbe_par, etat)
SELECT parcours, absorbe_par, etat FROM unnest($1::uuid[], $2::uuid[], $3::bytea[]) AS n(parcours, absorbe_par, etat)
ON CONFLICT (parcours) DO UPDATE SET absorbe_par = EXCLUDED.absorbe_par, etat = EXCLUDED.etat
"""


@dataclass(slots=True)
class Compte:
    """`dossiers`: how many were compared; `differents`: the ids of dossiers that differed from their fold; `archives`:
    how many were left in the archive."""

    total: int
    dossiers: int = 0
    archives: int = 0
    differents: list[UUID] = field(default_factory=list)


Dire = Callable[[Compte], None]


async def rejouer(
    pool: Pool, registre: Registre[A], *, a_blanc: bool = False, dire: Dire = lambda compte: None
) -> Compte:
    """Compare every dossier with the fold of its facts; write again those that differ unless `a_blanc`.

    Those of the archive stay there, unread.
    """
    compte, apres = Compte(await pool.fetchval(_COMBIEN)), UUID(int=0)
    while page := [row["parcours"] for row in await pool.fetch(_SUIVANTS, apres, _PAGE)]:
        apres = page[-1]
        async with pool.acquire() as conn:
            archives = await registre.sceaux.archives(conn, page)
        compte.archives += len(archives)
        page = [id_ for id_ in page if id_ not in archives]
        if not a_blanc:
            await registre.sceaux.preparer(page)
        async with pool.acquire() as conn, conn.transaction():
            compte.differents += await _rejouer_une_page(conn, registre, page, a_blanc=a_blanc)
        compte.dossiers += len(page)
        if compte.dossiers % _DIT_TOUTES_LES < len(page):
            dire(compte)
    return compte


async def _rejouer_une_page(
    conn: Connection, registre: Registre[A], page: Sequence[UUID], *, a_blanc: bool
) -> list[UUID]:
    modele, sceaux = registre.modele, registre.sceaux
    effaces = await sceaux.effaces(conn, page)
    page = [id_ for id_ in page if id_ not in effaces]  # the service deletes them when it hears of it
    rows = await conn.fetch(_STOCKES, page)
    etats = await _ouverts(conn, sceaux, "dossiers", [(row["parcours"], row["etat"]) for row in rows])
    stockes = {r["parcours"]: (r["absorbe_par"], _canonique(etat)) for r, etat in zip(rows, etats, strict=True)}
    rows = await conn.fetch(_HISTOIRE, page)
    faits = await sceaux.ouvrir(conn, "histoire", [(row["dossier"], row["fait"]) for row in rows])
    lus: Any = [dict(row) | {"fait": fait} for row, fait in zip(rows, faits, strict=True)]
    replies = {id_: modele.rejouer(siens) for id_, siens in grouped(lus, "dossier", dict).items()}
    attendus = {d.parcours: (d.absorbe_par, _canonique(modele.ecrire(d))) for d in replies.values()}
    differents = {id_ for id_ in page if stockes.get(id_) != attendus.get(id_)}
    for table in modele.tables:
        differents |= await _lignes_differentes(conn, registre, table, page, replies)
    if not a_blanc and differents:
        await _ecrire(conn, registre, sorted(differents), [replies[id_] for id_ in sorted(differents & replies.keys())])
    return sorted(differents)


def _canonique(etat: bytes | None) -> bytes | None:
    """As an older release wrote it, or as this one: JSON with its keys in one order. None for a damaged cell."""
    return orjson.dumps(orjson.loads(etat), option=orjson.OPT_SORT_KEYS) if etat is not None else None


async def _ouverts(
    conn: Connection, sceaux: Sceaux, table: str, cellules: Sequence[tuple[UUID, bytes]]
) -> list[bytes | None]:
    """Open cells that were derived from facts. A damaged one is None, and is written again."""
    try:
        return await sceaux.ouvrir(conn, table, cellules)
    except (InvalidTag, CleAbsente):
        if len(cellules) == 1:
            return [None]
        return [clair for une in cellules for clair in await _ouverts(conn, sceaux, table, [une])]


async def _lignes_differentes(
    conn: Connection, registre: Registre[A], table: Table[A], page: Sequence[UUID], replies: Mapping[UUID, A]
) -> set[UUID]:
    cle = table.colonnes[0]
    trouvees = await conn.fetch(
        f"SELECT {', '.join(table.colonnes)} FROM {table.nom} WHERE {cle} = ANY($1)",  # noqa: S608
        page,
    )
    lignes: Any = [dict(row) for row in trouvees]
    if scellee := table.scellee:
        clairs = await _ouverts(conn, registre.sceaux, table.nom, [(row[cle], row[scellee]) for row in lignes])
        lignes = [{**row, scellee: clair} for row, clair in zip(lignes, clairs, strict=True)]
    tenues = grouped(lignes, cle, lambda row: tuple(row.values()))
    attendues = {id_: Counter(registre.modele.lignes(table, replies.get(id_))) for id_ in page}
    return {id_ for id_ in page if Counter(tenues.get(id_, ())) != attendues[id_]}


async def _ecrire(conn: Connection, registre: Registre[A], differents: Sequence[UUID], replies: Sequence[A]) -> None:
    modele = registre.modele
    if sans_histoire := set(differents) - {dossier.parcours for dossier in replies}:
        await conn.execute(_RETIRER, list(sans_histoire))
    await write(conn, _POSER, await registre.lignes(conn, replies))
    for table in modele.tables:
        lignes = [ligne for dossier in replies for ligne in modele.lignes(table, dossier)]
        await registre.remplacer(conn, table, differents, lignes)
    await ledger.replace_due_dates(conn, [(d.parcours, d.departement, modele.echeances(d)) for d in replies])


async def _run(lus: Reglages, nom: str, *, a_blanc: bool) -> Compte:
    registre: Registre[Any] = importlib.import_module(f"services.{nom}.app").REGISTRE
    pool = await open_pool(lus.database_url, lus.database_password, nom)
    registre.lier(Vault(pool, Masters(lus.cles_maitres)), lus)
    try:
        return await rejouer(pool, registre, a_blanc=a_blanc, dire=_dire)
    finally:
        await pool.close()


def _dire(compte: Compte) -> None:
    _log.info("rejouer.progress", seen=compte.dossiers, total=compte.total, different=len(compte.differents))


def main(arguments: Sequence[str] | None = None) -> int:
    """Exits with 1 when `--a-blanc` found differences, 0 when there is none left."""
    parser = argparse.ArgumentParser(description="Reconstruit les dossiers d'un service à partir de ses faits.")
    parser.add_argument("service")
    parser.add_argument("--a-blanc", action="store_true", help="compare sans rien écrire")
    demande = parser.parse_args(arguments)
    lus = settings.read(Reglages)
    telemetry.start(demande.service, lus.otlp_url, lus.niveau_log)
    try:
        compte = asyncio.run(_run(lus, demande.service, a_blanc=demande.a_blanc))
    finally:
        telemetry.stop()
    sys.stdout.write(orjson.dumps(asdict(compte)).decode() + "\n")
    return int(demande.a_blanc and bool(compte.differents))


if __name__ == "__main__":
    raise SystemExit(main())
