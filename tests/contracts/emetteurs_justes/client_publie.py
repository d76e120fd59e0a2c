"""A right sender with the published client: a message, a stream, a batch, its feed."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

from relais_contrats.client import Client, Partner, read_key
from relais_contrats.exemples import exemple_valide


def signalement(moi: Partner) -> dict[str, Any]:
    return moi.message("usager.signale", exemple_valide("usager.signale")["data"], departement="59")


async def envoyer() -> int:
    client = Client.read(Path(os.environ["CLIENT_JSON"]))
    async with Partner(client, read_key(Path(os.environ["KEY_PEM"]), client.alg)) as moi:
        dits = [await moi.post(signalement(moi))]
        dits += await moi.post_many([signalement(moi) for _ in range(3)])
        dits += await moi.post_batch([signalement(moi) for _ in range(2)])
        while (page := await moi.events()).evenements:
            await moi.acknowledge(page.curseur)
    return 0 if all(dit.etat in ("accepte", "en-attente") for dit in dits) else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(envoyer()))
