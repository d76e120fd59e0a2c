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

from chassis import ledger, settings, telemetry
from chassis.database import Connection, Pool, grouped, open_pool, write
from services.dossiers.modele import A, Modele, Table
from services.dossiers.registre import Registre

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
SELECT parcours, absorbe_par, etat::text AS etat FROM dossiers WHERE parcours = ANY($1) ORDER BY parcours FOR UPDATE
"""
_HISTOIRE = "SELECT dossier, type, fait FROM histoire WHERE dossier = ANY($1) ORDER BY dossier, numero"
_MEME_ETAT = "SELECT etat::jsonb::text AS etat FROM unnest($1::text[]) WITH ORDINALITY AS n(etat, rang) ORDER BY rang"
_RETIRER = "DELETE FROM dossiers WHERE parcours = ANY($1)"
_POSER = """
INSERT INTO dossiers (parcours, absorbe_par, etat)
SELECT parcours, absorbe_par, etat::jsonb FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS n(parcours, absorbe_par, etat)
ON CONFLICT (parcours) DO UPDATE SET absorbe_par = EXCLUDED.absorbe_par, etat = EXCLUDED.etat
"""  # noqa: E501


@dataclass(slots=True)
class Compte:
    """`dossiers` were looked at; `differents` names those that were not stored as they fold."""

    total: int
    dossiers: int = 0
    differents: list[UUID] = field(default_factory=list)


Dire = Callable[[Compte], None]


async def rejouer(
    pool: Pool, registre: Registre[A], *, a_blanc: bool = False, dire: Dire = lambda compte: None
) -> Compte:
    """Compare every dossier with the fold of its facts; write again those that differ unless `a_blanc`."""
    async with pool.acquire() as conn:
        compte, apres = Compte(await conn.fetchval(_COMBIEN)), UUID(int=0)
        while page := [row["parcours"] for row in await conn.fetch(_SUIVANTS, apres, _PAGE)]:
            async with conn.transaction():
                compte.differents += await _rejouer_une_page(conn, registre, page, a_blanc=a_blanc)
            apres = page[-1]
            compte.dossiers += len(page)
            if compte.dossiers % _DIT_TOUTES_LES < len(page):
                dire(compte)
    return compte


async def _rejouer_une_page(
    conn: Connection, registre: Registre[A], page: Sequence[UUID], *, a_blanc: bool
) -> list[UUID]:
    modele = registre.modele
    stockes = {row["parcours"]: (row["absorbe_par"], row["etat"]) for row in await conn.fetch(_STOCKES, page)}
    histoires = grouped(await conn.fetch(_HISTOIRE, page), "dossier", dict)
    replies = {id_: modele.rejouer(faits) for id_, faits in histoires.items()}
    # As the database writes JSON.
    etats = await conn.fetch(_MEME_ETAT, [modele.ecrire(dossier) for dossier in replies.values()])
    attendus = {d.parcours: (d.absorbe_par, row["etat"]) for d, row in zip(replies.values(), etats, strict=True)}
    differents = {id_ for id_ in page if stockes.get(id_) != attendus.get(id_)}
    for table in modele.tables:
        differents |= await _lignes_differentes(conn, modele, table, page, replies)
    if not a_blanc and differents:
        await _ecrire(conn, registre, sorted(differents), [replies[id_] for id_ in sorted(differents & replies.keys())])
    return sorted(differents)


async def _lignes_differentes(
    conn: Connection, modele: Modele[A], table: Table[A], page: Sequence[UUID], replies: Mapping[UUID, A]
) -> set[UUID]:
    cle = table.colonnes[0]
    trouvees = await conn.fetch(
        f"SELECT {', '.join(table.colonnes)} FROM {table.nom} WHERE {cle} = ANY($1)",  # noqa: S608
        page,
    )
    tenues = grouped(trouvees, cle, tuple)
    return {id_ for id_ in page if Counter(tenues.get(id_, ())) != Counter(modele.lignes(table, replies.get(id_)))}


async def _ecrire(conn: Connection, registre: Registre[A], differents: Sequence[UUID], replies: Sequence[A]) -> None:
    modele = registre.modele
    if sans_histoire := set(differents) - {dossier.parcours for dossier in replies}:
        await conn.execute(_RETIRER, list(sans_histoire))
    await write(conn, _POSER, [(d.parcours, d.absorbe_par, modele.ecrire(d)) for d in replies])
    for table in modele.tables:
        lignes = [ligne for dossier in replies for ligne in modele.lignes(table, dossier)]
        await registre.remplacer(conn, table, differents, lignes)
    await ledger.replace_due_dates(conn, [(d.parcours, d.departement, modele.echeances(d)) for d in replies])


async def _run(lus: settings.Settings, nom: str, *, a_blanc: bool) -> Compte:
    registre: Registre[Any] = importlib.import_module(f"services.{nom}.app").REGISTRE
    pool = await open_pool(lus.database_url, lus.database_password, nom)
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
    lus = settings.read(settings.Settings)
    telemetry.start(demande.service, lus.otlp_url, lus.niveau_log)
    try:
        compte = asyncio.run(_run(lus, demande.service, a_blanc=demande.a_blanc))
    finally:
        telemetry.stop()
    sys.stdout.write(orjson.dumps(asdict(compte)).decode() + "\n")
    return int(demande.a_blanc and bool(compte.differents))


if __name__ == "__main__":
    raise SystemExit(main())
