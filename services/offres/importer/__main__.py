"""`python -m services.offres.importer FICHIER --source S`: the import, with the settings of the service.

The last line on standard output is the account, as JSON. Exits with 1 when the import is refused, 3 at the floor.
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import orjson

from chassis import settings
from chassis.database import open_pool
from services.offres.importer.atelier import atelier
from services.offres.importer.fichier import FichierRefuse
from services.offres.importer.passage import Demande, ImportRefuse, PlancherAtteint, importer
from services.offres.importer.rapport import Bilan


async def _run(lus: settings.Settings, demande: Demande) -> Bilan:
    pool = await open_pool(lus.database_url, lus.database_password, "offres")
    try:
        with atelier() as travail:
            return await importer(pool, demande, travail, lambda: datetime.now(UTC))
    finally:
        await pool.close()


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Importe un catalogue de structures et de services.")
    parser.add_argument("fichier", type=Path)
    parser.add_argument("--source", required=True)
    parser.add_argument("--complet", action="store_true", help="ce qui n'est pas au fichier est retiré")
    parser.add_argument("--confirmer", action="store_true", help="même si plus d'un cinquième est retiré")
    parser.add_argument("--type", choices=("structures", "services"))
    parser.add_argument("--rapport", type=Path)
    lu = parser.parse_args(arguments)
    demande = Demande(
        chemin=lu.fichier,
        source=lu.source,
        est_complet=lu.complet,
        est_confirme=lu.confirmer,
        genre={"structures": "structure", "services": "service", None: None}[lu.type],
        rapport=lu.rapport or Path(f"rapport-{lu.fichier.stem}.jsonl"),
    )
    try:
        bilan = asyncio.run(_run(settings.read(settings.Settings), demande))
    except (ImportRefuse, FichierRefuse) as error:
        sys.stderr.write(f"Erreur : {error}\n")
        return 3 if isinstance(error, PlancherAtteint) else 1
    sys.stdout.write(orjson.dumps(bilan.en_json()).decode() + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
