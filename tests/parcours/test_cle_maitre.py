"""The master key of a whole hub turns under traffic: nothing is refused, what was told before is read after."""

import asyncio
import json
from uuid import uuid4

import pytest

from coffre import masters
from relais_contrats.client import Partner
from tests.hub import Hub

pytestmark = [pytest.mark.anyio, pytest.mark.lent]


async def deposit(partner: Partner, number: int) -> str:
    """The id of a deposit that was accepted."""
    data = {
        "identite": {"nom_naissance": f"Tournant{uuid4().hex[:6]}", "prenoms": "Essai", "date_naissance": "1990-01-02"},
        "identifiants": [{"type": "local", "valeur": f"tour-{uuid4().hex}"}],
        "brsa": True,
        "date_reception_droit": "2026-11-20",
        "origine": "inscription-auto-caf",
    }
    answer = await partner.post(partner.message("usager.signale", data, departement="59"), wait_s=20)
    assert answer.etat == "accepte", (number, answer)
    return str(answer.corps["id"])


async def test_the_master_key_turns_under_traffic(hub: Hub) -> None:
    async with hub.partner("cd-59") as partner:
        before = [await deposit(partner, number) for number in range(5)]
        turning = asyncio.create_task(asyncio.to_thread(hub.relais, "cle-maitre tourner", "--json"))
        during: list[str] = []
        while not turning.done():
            during.append(await deposit(partner, len(during)))
        turned = json.loads((await turning).stdout)
        after = [await deposit(partner, number) for number in range(5)]
        told = [
            (await partner._send("GET", f"/v1/messages/{id_}")).json()["etat"] for id_ in (*before, *during, *after)
        ]
        feed = (await partner.events(wait_s=2)).evenements

    assert set(told) == {"accepte"}
    assert len(during) > 5
    assert all(event["data"] for event in feed)
    assert turned["abandonnees"] == [turned["version"] - 1]
    assert turned["reemballees"] >= len(before)
    assert list(masters.read(hub.data.masters.read_text())) == [turned["version"]]
    assert json.loads(hub.relais("preuve verifier", "--json").stdout)["est_intact"]
