"""How long the store takes for a search near a commune, of one thématique, over 100,000 services and over 1,000,000.

`python -m tests.charge.recherche`: engines of its own in a temporary folder. The first services are those of the bench,
published as deposits are; the others are copies of them, moved by some kilometres, made by SQL. It stops growing the
table when its time is up, and says how far it went.
"""

import argparse
import asyncio
import itertools
import random
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import psutil

from chassis.database import Pool
from deploy import postgres
from deploy.bench import offre
from relais_contrats.codes.offre import Thematique
from services.offres.lieux import communes
from services.offres.store import catalogue, recherche
from services.offres.store.lignes import SERVICE
from tests.engines import Engines, bench

_MODELES = 100_000
_LOT = 2_000
_INSTANT = datetime(2026, 10, 1, 9, tzinfo=UTC)
_THEMATIQUES = [code.value for code in Thematique]
_DEPLACE = {
    "id": "id || '-' || $1",
    "latitude": "la",
    "longitude": "lo",
    "maille": "(floor(la * 10) * 3600 + floor(lo * 10) + 1800)::integer",
    "x": "cosd(la) * cosd(lo)",
    "y": "cosd(la) * sind(lo)",
    "z": "sind(la)",
}
_COPIER = f"""
INSERT INTO services ({", ".join(SERVICE)}, publie_a)
SELECT {", ".join(_DEPLACE.get(colonne, colonne) for colonne in SERVICE)}, publie_a
FROM (SELECT *, latitude + (random() - 0.5) / 10 AS la, longitude + (random() - 0.5) / 10 AS lo FROM services
    WHERE numero > $2 AND numero <= $3) AS modele
"""
_TAILLES = """
SELECT relname || ' ' || pg_size_pretty(pg_table_size(oid)) || ' + ' || pg_size_pretty(pg_indexes_size(oid))
FROM pg_class WHERE oid IN ('services'::regclass, 'reperes'::regclass, 'distants'::regclass)
"""


async def publier_modeles(pool: Pool, combien: int) -> None:
    fiches = offre.records(combien)
    while lot := list(itertools.islice(fiches, _LOT)):
        structures = [fiche for fiche in lot if "structure_id" not in fiche]
        services = [fiche for fiche in lot if "structure_id" in fiche]
        async with pool.acquire() as conn, conn.transaction():
            await catalogue.publier(conn, structures, services, _INSTANT)


async def copier(pool: Pool, de: int, jusqua: int, fin: float) -> int:
    """Copies of the first services until there are so many; returns how many there are in the end."""
    while de < jusqua and time.monotonic() < fin:
        premier = de % _MODELES
        combien = min(_LOT, jusqua - de, _MODELES - premier)
        await pool.execute(_COPIER, str(de // _MODELES), premier, premier + combien)
        de += combien
    return de


async def entretenir(engines: Engines, base: str, pool: Pool) -> None:
    """What the hub does after an import, and what PostgreSQL does by itself within minutes."""
    async with pool.acquire() as conn:
        await catalogue.entretenir(conn, timeout_s=600)
    admin = await postgres.connect_admin(engines.data, engines.ports.postgres, base)
    await admin.execute("VACUUM offres.reperes", timeout=600)
    await admin.close()


def questions(nombre: int) -> Sequence[Mapping[str, Any]]:
    """A commune as often as people live there, 50 km, one thématique: those of the bench."""
    hasard = random.Random(4)  # noqa: S311  the same questions in every run
    placees = [commune for commune in communes().values() if commune.origine == "geonames"]
    tirees = hasard.choices(placees, weights=[commune.population for commune in placees], k=nombre)
    return [
        {"code_commune": commune.code, "rayon_km": 50, "thematiques": [hasard.choice(_THEMATIQUES)], "limite": 20}
        for commune in tirees
    ]


async def mesurer(pool: Pool, combien: int, nombre: int) -> str:
    """p50, p99 and the longest; the processor of PostgreSQL and of this process; a tenth warms up."""
    durees: list[float] = []
    async with pool.acquire() as conn:
        serveur, ici = psutil.Process(conn.get_server_pid()), psutil.Process()
        posees = questions(nombre + nombre // 10)
        for rang, demande in enumerate(posees):
            if rang == nombre // 10:
                avant = sum(serveur.cpu_times()[:2]), sum(ici.cpu_times()[:2])
            debut = time.perf_counter()
            orjson.dumps(await recherche.services(conn, demande))
            durees.append((time.perf_counter() - debut) * 1_000)
        apres = sum(serveur.cpu_times()[:2]), sum(ici.cpu_times()[:2])
    comptees = sorted(durees[nombre // 10 :])
    cpu = [(b - a) / nombre * 1_000 for a, b in zip(avant, apres, strict=True)]
    p50, p99 = comptees[nombre // 2], comptees[nombre * 99 // 100]
    temps = f"p50 {p50:.2f} ms, p99 {p99:.2f} ms, max {comptees[-1]:.1f} ms"
    return f"{combien:>9,} services : {temps} ; processeur {cpu[0]:.2f} ms de PostgreSQL, {cpu[1]:.2f} ms de Python"


async def mesures(engines: Engines, tailles: Sequence[int], lectures: int, borne_s: float) -> None:
    async with bench(engines) as banc:
        pool = await banc.pool("offres")
        fin, combien = time.monotonic() + borne_s, min(_MODELES, tailles[0])
        await publier_modeles(pool, combien)
        for taille in tailles:
            combien = await copier(pool, combien, taille, fin)
            await entretenir(engines, banc.database, pool)
            dire(await mesurer(pool, combien, lectures))
            dire("tables + index : " + ", ".join(row[0] for row in await pool.fetch(_TAILLES)))


def dire(ligne: str) -> None:
    sys.stdout.write(ligne + "\n")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--services", type=int, default=1_000_000)
    parser.add_argument("--lectures", type=int, default=3_000)
    parser.add_argument("--borne-s", type=float, default=900, help="seconds after which the table stops growing")
    choix = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="relais-charge-") as dossier:
        engines = Engines(Path(dossier))
        try:
            asyncio.run(mesures(engines, (_MODELES, choix.services), choix.lectures, choix.borne_s))
        finally:
            engines.stop()


if __name__ == "__main__":
    main()
