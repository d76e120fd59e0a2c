"""The line `offres`: searches over a catalogue of the size of the country's, and the time that it took to import."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from deploy.bench import offre
from deploy.bench.caller import Caller
from deploy.bench.measure import Load, closed_loop
from deploy.bench.site import Site
from deploy.components import ROOT
from deploy.datadir import LaunchError
from relais_contrats.codes.offre import Thematique
from services.offres.lieux import communes

SERVICES = 100_000
CALLERS = 16
_THEMATIQUES = [code.value for code in Thematique]


async def measure(site: Site, warm_up_s: float, measured_s: float) -> tuple[Load, Load, dict[str, object]]:
    """16 callers, then one alone, then the floor: commune (as often as people live there) + 50 km + one thématique."""
    imported_s, again_s, lines = await _import(site)
    questions = _questions()
    async with Caller.load(site.data, "cd-59", CALLERS) as cd:

        async def search(number: int) -> int:
            await cd.request("GET", questions(number), 200)
            return 1

        async def bare(number: int) -> int:
            async with cd.bare("GET", f"{site.floor}/lecture/prc_{number % 1000}", b"") as response:
                await response.read()
                return int(response.status == 200)

        before = site.processor_s()
        hub = await closed_loop(search, callers=CALLERS, warm_up_s=warm_up_s, duration_s=measured_s)
        after, asked = site.processor_s(), cd.requests
        alone = await closed_loop(search, callers=1, warm_up_s=warm_up_s / 3, duration_s=measured_s / 2)
        floor = await closed_loop(bare, callers=CALLERS, warm_up_s=warm_up_s / 3, duration_s=measured_s / 2)
    spent = {name: round((after[name] - before.get(name, 0.0)) / asked * 1000, 2) for name in after}
    details = {
        "services": SERVICES,
        "seul_p50_ms": alone.p50_ms,
        "seul_p99_ms": alone.p99_ms,
        "import_s": imported_s,
        "import_lignes_par_s": round(lines / imported_s),
        "reimport_lignes_par_s": round(lines / again_s),
        "processeur_ms": {name: ms for name, ms in spent.items() if ms >= 0.01},
    }
    return hub, floor, details


def _questions() -> Callable[[int], str]:
    """The same ones at each run, none twice in a row."""
    chance = random.Random(4)  # noqa: S311  reproducible, not secret
    placed = [commune for commune in communes().values() if commune.origine == "geonames"]
    drawn = chance.choices(placed, weights=[commune.population for commune in placed], k=5_000)
    asked = [
        f"/v1/offres/services?code_commune={commune.code}&rayon_km=50&thematiques={chance.choice(_THEMATIQUES)}"
        for commune in drawn
    ]
    return lambda number: asked[number % len(asked)]


async def _import(site: Site) -> tuple[float, float, int]:
    """Through the command, as an operator does; then the same file again. Seconds of each, and lines."""
    with tempfile.TemporaryDirectory(prefix="relais-bench-offres-") as folder:
        path = Path(folder) / "catalogue.jsonl"
        lines = await asyncio.to_thread(offre.write, path, SERVICES)
        first_s = await _timed(_command(site, path))
        again_s = await _timed(_command(site, path))
    return first_s, again_s, lines


async def _timed(run: Callable[[], Awaitable[None]]) -> float:
    began_s = time.perf_counter()
    await run()
    return round(time.perf_counter() - began_s, 2)


def _command(site: Site, path: Path) -> Callable[[], Awaitable[None]]:
    command = [sys.executable, "-m", "deploy.cli", "offres", "importer", str(path), "--source", offre.SOURCE]
    command += [
        "--complet",
        "--donnees",
        str(site.data.path),
        "--rapport",
        str(path.with_name("rapport.jsonl")),
        "--json",
    ]

    async def run() -> None:
        process = await asyncio.create_subprocess_exec(
            *command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        if await process.wait():
            raise LaunchError("La mesure s'arrête : l'import du catalogue a échoué.")

    return run
