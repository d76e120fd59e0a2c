"""Many parcours through the engine of `referents`, then all rebuilt: `python -m tests.charge.rejouer 20000`."""

import asyncio
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from uuid import UUID, uuid4

from chassis.facts import Entree
from services.dossiers.rejouer import rejouer
from services.referents.store.dossiers import REGISTRE
from tests.engines import Engines, bench
from tests.referents.conftest import Essai
from tests.referents.fabrique import decidee_json, depot, designe_json, evenement, rdv_json

_LOT = 256
_UNE_FUSION_SUR = 50
_TABLES = ("dossiers", "suivis", "delais")
VIE: tuple[Callable[[UUID], Entree], ...] = (
    lambda parcours: evenement("orientation.decidee", decidee_json(), parcours, brique="orientation"),
    lambda parcours: depot("referent.designe", designe_json(), parcours),
    lambda parcours: depot("referent.accepte", {}, parcours),
    lambda parcours: depot("rdv.planifie", rdv_json(), parcours),
)


async def _remplir(essai: Essai, nombre: int) -> None:
    ids = [uuid4() for _ in range(nombre)]
    for entree in VIE:
        for debut in range(0, nombre, _LOT):
            await essai.decider(*map(entree, ids[debut : debut + _LOT]))
    for conserve, absorbe in zip(ids[::_UNE_FUSION_SUR], ids[1::_UNE_FUSION_SUR], strict=False):
        fusion = {"conserve": str(conserve), "absorbes": [str(absorbe)]}
        await essai.accepte(evenement("usager.fusionne", fusion, conserve))


async def _empreintes(essai: Essai) -> list[str]:
    somme = "SELECT md5(string_agg(t::text, E'\\n' ORDER BY t::text)) FROM {} t"
    return [await essai.pool.fetchval(somme.format(table)) for table in _TABLES]


async def main(nombre: int) -> None:
    with tempfile.TemporaryDirectory() as dossier:
        engines = Engines(Path(dossier) / "donnees")
        try:
            async with bench(engines) as banc:
                essai = Essai(await banc.pool("referents"))
                await _remplir(essai, nombre)
                avant = await _empreintes(essai)
                for table in _TABLES:
                    await essai.pool.execute(f"DELETE FROM {table}")
                debut_s, processeur_s = time.monotonic(), time.process_time()
                compte = await rejouer(essai.pool, REGISTRE)
                durees = f"{time.monotonic() - debut_s:.1f} s, Python {time.process_time() - processeur_s:.1f} s"
                memes = await _empreintes(essai) == avant
                print(f"{compte.dossiers} dossiers, {durees}, same bytes: {memes}")  # noqa: T201
        finally:
            engines.stop()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
