"""How long a département waits for a page of what is due, asked through the API of a whole hub.

`python -m tests.charge.panier`: a hub of its own, its sheets and participations made by SQL, then page after page of
the basket as `cd-59`, with a proof a request, one at a time.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from chassis.database import open_pool
from deploy.datadir import HOST
from deploy.postgres import DATABASE
from tests.charge.feuille import dire, remplir
from tests.hub import Hub, free_port

_PARTICIPATIONS = """
INSERT INTO participations (parcours, partenaire, role, depuis)
SELECT ('01890000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'cd-59', 'territoire', now()
FROM generate_series(1, $1::bigint) AS n
"""


async def preparer(hub: Hub, combien: int) -> None:
    for schema in ("feuille_de_route", "passerelle"):
        url = f"postgresql://{schema}@{HOST}:{hub.data.known_ports().postgres}/{DATABASE}"
        async with await open_pool(url, hub.data.password_file(schema).read_text().strip(), schema) as pool:
            if schema == "feuille_de_route":
                await remplir(pool, 0, combien, time.monotonic() + 600)
            else:
                await pool.execute(_PARTICIPATIONS, combien, timeout=600)
                await pool.execute("ANALYZE participations")


async def paginer(hub: Hub, pages: int, limite: int) -> list[float]:
    """Milliseconds of each page, the first tenth left out; the cursor goes on through the basket."""
    durees: list[float] = []
    suite: str | None = None
    async with hub.partner("cd-59") as cd:
        for _ in range(pages + pages // 10):
            debut = time.perf_counter()
            demande: dict[str, str | int] = {"departement": "59", "echeance_avant": "2027-12-31", "limite": limite}
            page = await cd.get("/v1/parcours", **demande, **({"apres": suite} if suite else {}))
            durees.append((time.perf_counter() - debut) * 1_000)
            assert page["parcours"]
            suite = page["suite"]
    return sorted(durees[pages // 10 :])


async def mesurer(hub: Hub, combien: int, pages: int, limites: Sequence[int]) -> None:
    await preparer(hub, combien)
    for limite in limites:
        durees = await paginer(hub, pages, limite)
        p50, p99 = durees[len(durees) // 2], durees[len(durees) * 99 // 100]
        quoi = f"panier, {combien:,} parcours, page de {limite}"
        dire(f"{quoi} : p50 {p50:.1f} ms, p99 {p99:.1f} ms, max {durees[-1]:.1f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parcours", type=int, default=200_000)
    parser.add_argument("--pages", type=int, default=300)
    choix = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="relais-panier-") as dossier:
        hub = Hub(Path(dossier), free_port())
        hub.up()
        try:
            asyncio.run(mesurer(hub, choix.parcours, choix.pages, (50,)))
        finally:
            hub.down()


if __name__ == "__main__":
    main()
