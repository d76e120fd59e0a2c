"""What the console takes at 1,000,000 messages and 200,000 parcours: `python -m tests.charge.console --donnees DIR`.

On a hub that runs and has played `./relais demo`: SQL copies the rows of the demonstration, with ids of their own, over
the last thirty days (accesses over nine hours: their table begins with the month). `--pages /messages …` then asks for
pages. Answers of copies stay sealed: only the real messages can be opened.
"""

import argparse
import asyncio
import time
from collections.abc import Mapping
from pathlib import Path

import httpx

from deploy import postgres
from deploy.datadir import DataDir
from deploy.operators import bearer
from relais_contrats.refus import REFUS

_LOT = 50_000
_ID = "md5({}::text || k)::uuid"
# When the copy k of `{total}` took place, in the order of k.
_SHIFT = "(now() - interval '31 days') + k * interval '30 days' / {total}"
_COPIES: Mapping[str, str] = {
    "depots": """
        INSERT INTO depots (id, partenaire, message, empreinte, type, brique, parcours, agent, finalite, recu_a, trace,
            etat, prochain_essai, regle_a, reponse_scellee, departement, code)
        SELECT {id}, partenaire, message || '-' || k, empreinte, type, brique, {parcours}, agent, finalite, {at},
            '00-' || md5(trace || k) || right(trace, 20), etat, {at}, {at} + interval '40 ms', reponse_scellee,
            departement, code
        FROM generate_series($1::int, $2) AS k, base_depots ORDER BY k, numero""",
    "evenements": """
        INSERT INTO evenements (id, parcours, type, corps, recu_a, scelle)
        SELECT {id}, {parcours}, type, corps, {at}, scelle FROM generate_series($1::int, $2) AS k, base_evenements""",
    "livraisons": """
        INSERT INTO livraisons (partenaire, evenement, parcours, type, roles, a, retenue, relaisnumero)
        SELECT partenaire, {evenement}, {parcours}, type, roles, {at}, retenue, 1000000 + relaisnumero + k * 1000
        FROM generate_series($1::int, $2) AS k, base_livraisons ORDER BY k, numero""",
    "participations": """
        INSERT INTO participations (parcours, partenaire, role, depuis, fin)
        SELECT {parcours}, partenaire, role, {at}, fin FROM generate_series($1::int, $2) AS k, base_participations""",
    "territoires": """
        INSERT INTO territoires (parcours, departement, sequence, distribue)
        SELECT {parcours}, departement, sequence, distribue FROM generate_series($1::int, $2) AS k, base_territoires""",
    "acces": """
        INSERT INTO acces (chaine, rang, a, partenaire, agent, finalite, parcours, quoi, resultat, code, trace, liaison,
            nombre, precedent, empreinte)
        SELECT {chaine}, rang, now() - interval '9 hours' * ({total} - k) / {total}, partenaire, agent, finalite,
            (SELECT coalesce(array_agg(md5(un::text || k)::uuid), '{{}}') FROM unnest(parcours) AS un), quoi, resultat,
            code, trace, liaison, nombre, precedent, empreinte
        FROM generate_series($1::int, $2) AS k, base_acces""",
}
_IN_PART = frozenset({"evenements", "livraisons", "acces"})
"""Several rows for each message: of the newest quarter only."""
_REFUSED = """
INSERT INTO refus_de_depot (partenaire, message, type, code, statut, pointeurs, trace, a)
SELECT 'caf-59', 'refuse-' || k, 'usager.signale', $2, 422, '{/data/brsa}', md5('r' || k), now() - interval '12 hours'
FROM generate_series(1, $1::int) AS k
"""


async def grow(data: DataDir, messages: int) -> None:
    conn = await postgres.connect_admin(data, data.known_ports().postgres)
    await conn.execute("SET search_path = passerelle; SET synchronous_commit = off")
    await conn.execute("UPDATE depots SET recu_a = now() - interval '32 days'")
    for table in _COPIES:
        await conn.execute(f"CREATE TEMP TABLE base_{table} AS SELECT * FROM {table}")
    of_base = await conn.fetchval("SELECT count(*) FROM base_depots")
    total, step = messages // of_base, max(1, _LOT // of_base)
    names = {name: _ID.format(name) for name in ("id", "parcours", "evenement", "chaine")}
    for table, statement in _COPIES.items():
        began = time.monotonic()
        copying = statement.format(at=_SHIFT.format(total=total), total=total, **names)
        last = total // 4 if table in _IN_PART else total
        for first in range(total - last + 1, total + 1, step):
            await conn.execute(copying, first, min(first + step - 1, total), timeout=600)
        await conn.execute(f"ANALYZE {table}", timeout=600)
        count = await conn.fetchval(f"SELECT count(*) FROM {table}")
        print(f"{table}: {count} lignes, {time.monotonic() - began:.0f} s", flush=True)  # noqa: T201
    await conn.execute(_REFUSED, 20_000, next(iter(REFUS)))
    await conn.execute("ANALYZE refus_de_depot")
    await conn.close()


async def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--donnees", type=Path, required=True)
    asked.add_argument("--messages", type=int, default=1_400_000)
    asked.add_argument("--pages", nargs="*", default=[], help="only ask for these pages: nothing is copied")
    given = asked.parse_args()
    data = DataDir(given.donnees)
    if not given.pages:
        await grow(data, given.messages)
    url = f"http://127.0.0.1:{data.known_ports().console}"
    async with httpx.AsyncClient(base_url=url, headers=bearer(data), timeout=30) as client:
        for page in given.pages:
            times = []
            for _ in range(7):
                began = time.perf_counter()
                async with client.stream("GET", page) as response:
                    times.append((time.perf_counter() - began) * 1000)
            first, *rest = times
            median = sorted(rest)[len(rest) // 2]
            print(f"{response.status_code} {page}: {first:.0f} ms, puis {median:.0f} ms")  # noqa: T201


if __name__ == "__main__":
    asyncio.run(main())
