"""The example partners on a whole hub, in each language that is installed: deposit, signed webhook, feed."""

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from deploy.allowed_skips import NO_LANGUAGE
from relais_contrats.client import Partner
from tests.contracts.partenaires_exemples import EXEMPLES, MESSAGE, acces, traites
from tests.hub import Hub, free_port

pytestmark = [pytest.mark.anyio, pytest.mark.lent]
EMITTER, READER = "caf-59", "cd-59"
LETTERS = str.maketrans("0123456789", "GHIJKLMNOP")


@pytest.mark.parametrize("language", EXEMPLES)
async def test_what_one_deposits_another_receives_and_reads_once(hub: Hub, language: str, tmp_path: Path) -> None:
    example, port, folder = EXEMPLES[language], free_port(), hub.data.partners
    if not example.est_installe:
        pytest.skip(NO_LANGUAGE)

    async with hub.partner(READER) as reader:
        await read_to_the_end(reader)
        asked = {"url": f"http://127.0.0.1:{port}/", "types": ["usager.signale"], "actif": False}
        made = await reader.call("POST", "/v1/abonnements", asked)
        with example.recepteur(tmp_path, made["secret"], port=port) as url:
            await reader.call("PATCH", f"/v1/abonnements/{made['id']}", {"actif": True})
            deposited = await asyncio.to_thread(
                example.lancer, tmp_path, acces(folder, EMITTER), "envoyer", someone(tmp_path)
            )
            await until(lambda: asyncio.to_thread(lambda: bool(traites(url))))
            delivered = traites(url)
        due = await waiting(reader)
        read = await asyncio.to_thread(example.lancer, tmp_path, acces(folder, READER), "lire")
        left = await waiting(reader)
        await reader.call("DELETE", f"/v1/abonnements/{made['id']}")
    with example.recepteur(tmp_path, made["secret"]) as url:
        kept = traites(url)

    assert (deposited[0], read[0], len(delivered)) == (0, 0, 1)
    assert set(delivered) <= set(due) <= set(kept)
    assert len(kept) == len(set(kept))
    assert not set(due) & set(left)


def someone(folder: Path) -> str:
    """The message of the examples about a person whom the hub has not met."""
    message = json.loads(MESSAGE.read_text()) | {"id": secrets.token_hex(16)}
    message["data"]["identifiants"][0]["valeur"] = str(9_000_000 + secrets.randbelow(900_000))
    message["data"]["identite"]["nom_naissance"] = f"EXEMPLE {secrets.token_hex(3).upper().translate(LETTERS)}"
    file = folder / "message.json"
    file.write_text(json.dumps(message))
    return str(file)


async def read_to_the_end(reader: Partner) -> None:
    while (page := await reader.events()).evenements:
        await reader.acknowledge(page.curseur)


async def waiting(reader: Partner) -> list[str]:
    """The ids of what it has not acknowledged; other facts may follow."""
    return [event["id"] for event in (await reader.events()).evenements]


async def until(is_so: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(30):
        while not await is_so():
            await asyncio.sleep(0.1)
