"""How long the store takes to read a sheet at 20,000 and at 2,000,000, and a page of deadlines at 200,000 parcours.

`python -m tests.charge.feuille`: engines of its own in a temporary folder, rows made by SQL from one real view, and the
reads of the service, through its pool. It stops growing the tables when its time is up, and says how far it went.
"""

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson

from chassis.database import Connection, Pool
from services.feuille_de_route.app import SERVICE
from services.feuille_de_route.store.dossiers import canonique
from tests.engines import Engines, bench
from tests.feuille_de_route.test_droits import complete

_PREMIER = UUID("01890000-0000-7000-8000-000000000000")
_TRANCHE = 20_000
_BASKET = 200_000

# The view of each parcours differs by its id and by a text that does not compress with the others.
_FEUILLES = """
INSERT INTO feuilles (parcours, vue)
SELECT id, convert_to(
    replace(replace($3, $4, id::text), 'S''inscrire', md5(n::text) || md5((n + 1)::text)), 'UTF8')
FROM (SELECT n, ('01890000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid AS id
      FROM generate_series($1::bigint, $2::bigint) AS n) AS g
"""
_PROCHAINES = """
INSERT INTO prochaines (parcours, nature, numero, departement, date_echeance, objet, rang)
SELECT f.parcours, nature, 1, '59', date '2026-01-01' + (hashtext(f.parcours::text || nature) & 511), 'act-1', 0
FROM feuilles f, unnest(ARRAY['action', 'premier-rendez-vous', 'signature']) AS nature
WHERE f.parcours BETWEEN $1 AND $2
"""
_TAILLE = "SELECT pg_size_pretty(pg_total_relation_size(t::regclass)) FROM unnest($1::text[]) AS t"

Lire = Callable[[Connection, random.Random], Awaitable[Any]]


def parcours(rang: int) -> UUID:
    return UUID(int=_PREMIER.int + rang)


async def remplir(pool: Pool, de: int, jusqua: int, fin: float) -> int:
    """Sheets numbered from `de` + 1, and deadlines for the first of them; returns how many there are in the end."""
    vue = complete()
    modele = canonique(vue).decode()
    while de < jusqua and time.monotonic() < fin:
        dernier = min(de + _TRANCHE, jusqua)
        await pool.execute(_FEUILLES, de + 1, dernier, modele, vue["parcours"])
        if dernier <= _BASKET:
            await pool.execute(_PROCHAINES, parcours(de + 1), parcours(dernier))
        de = dernier
    await pool.execute("ANALYZE feuilles")
    await pool.execute("ANALYZE prochaines")
    return de


async def mesurer(pool: Pool, lire: Lire, nombre: int) -> tuple[float, float, float]:
    """p50, p99 and the longest, in milliseconds; a tenth of the reads warms up and does not count."""
    hasard = random.Random(59)  # noqa: S311  the same reads in every run
    durees: list[float] = []
    async with pool.acquire() as conn:
        for rang in range(nombre + nombre // 10):
            debut = time.perf_counter()
            orjson.dumps(await lire(conn, hasard))
            if rang >= nombre // 10:
                durees.append((time.perf_counter() - debut) * 1_000)
    durees.sort()
    return durees[len(durees) // 2], durees[len(durees) * 99 // 100], durees[-1]


def une_feuille(combien: int) -> Lire:
    async def lire(conn: Connection, hasard: random.Random) -> Any:
        return await SERVICE.lectures["feuille"](conn, {"parcours": str(parcours(hasard.randint(1, combien)))})

    return lire


def une_page(limite: int) -> Lire:
    """A page from anywhere in the basket of the département."""

    async def lire(conn: Connection, hasard: random.Random) -> Any:
        jour = f"2026-{hasard.randint(1, 12):02}-{hasard.randint(1, 28):02}"
        apres = [jour, str(parcours(hasard.randint(1, _BASKET))), "action", 1]
        return await SERVICE.lectures["echeances"](conn, {"departement": "59", "apres": apres, "limite": limite})

    return lire


async def mesures(engines: Engines, tailles: Sequence[int], lectures: int, borne_s: float) -> None:
    async with bench(engines) as banc:
        pool = await banc.pool("feuille_de_route")
        fin, combien, p99s = time.monotonic() + borne_s, 0, []
        for taille in tailles:
            combien = await remplir(pool, combien, taille, fin)
            p50, p99, pire = await mesurer(pool, une_feuille(combien), lectures)
            p99s.append(p99)
            dire(f"feuille, {combien:>9,} : p50 {p50:.2f} ms, p99 {p99:.2f} ms, max {pire:.1f} ms")
        dire(f"p99, dernière taille sur première : {p99s[-1] / p99s[0]:.2f}")
        paniers = min(combien, _BASKET)
        for limite in (100, 500):
            p50, p99, pire = await mesurer(pool, une_page(limite), lectures // 2)
            quoi = f"échéances, {paniers:,} parcours, page de {limite}"
            dire(f"{quoi} : p50 {p50:.2f} ms, p99 {p99:.2f} ms, max {pire:.1f} ms")
        tailles_en_base = [row[0] for row in await pool.fetch(_TAILLE, ["feuilles", "prochaines"])]
        dire("tables feuilles et prochaines : " + ", ".join(tailles_en_base))


def dire(ligne: str) -> None:
    sys.stdout.write(ligne + "\n")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--feuilles", type=int, default=2_000_000)
    parser.add_argument("--lectures", type=int, default=5_000)
    parser.add_argument("--borne-s", type=float, default=900, help="seconds after which the tables stop growing")
    choix = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="relais-charge-") as dossier:
        engines = Engines(Path(dossier))
        try:
            asyncio.run(mesures(engines, (20_000, choix.feuilles), choix.lectures, choix.borne_s))
        finally:
            engines.stop()


if __name__ == "__main__":
    main()
