"""The running service under its own NATS user and database role: it hears every brique, decides and answers."""

import asyncio
from typing import Any

import orjson
import pytest

from chassis.facts import FaitEnregistre
from services.feuille_de_route.app import SERVICE
from services.service import connect
from tests.engines import Bench
from tests.feuille_de_route.fabrique import PARCOURS, Json, depot, objectif, oriente

pytestmark = pytest.mark.anyio

PLUS_VIEUX_S = 5.0


async def lire(banc: Bench, vue: str, demande: Json) -> Any:
    reponse = await banc.bus.request(f"lecture.feuille_de_route.{vue}", orjson.dumps(demande), timeout_s=2)
    return orjson.loads(reponse)


async def test_what_every_brique_tells_is_read_within_five_seconds(banc: Bench) -> None:
    await connect(SERVICE, await banc.process("feuille_de_route", "feuille_de_route"))
    demande = {"parcours": str(PARCOURS)}
    for recu in reversed(oriente().recus):
        fait = FaitEnregistre(
            id=recu.id,
            brique=recu.brique,
            type=recu.type,
            agregat=recu.parcours,
            sequence=recu.sequence,
            partition=recu.departement,
            donnees=recu.donnees,
            source=recu.auteur,
            survenu_a=recu.survenu_a,
            cause=recu.id,
            correlation=None,
            trace=None,
        )
        await banc.bus.publish("PARCOURS", fait.sujet, str(fait.id), orjson.dumps(fait.evenement()))

    async with asyncio.timeout(PLUS_VIEUX_S):
        while ((vue := await lire(banc, "feuille", demande)) or {}).get("contrat", {}).get("etat") != "signe":
            await asyncio.sleep(0.05)
    [decision] = orjson.loads(
        await banc.bus.request(
            "depot.feuille_de_route",
            orjson.dumps([depot("objectif.ajoute", objectif()).en_json()]),
            timeout_s=5,
        )
    )

    assert (vue["orientation"]["rang"], vue["referent"]["etat"]) == (1, "actif")
    assert (decision["etat"], decision["faits"][0]["brique"]) == ("accepte", "feuille_de_route")
    assert len((await lire(banc, "feuille", demande))["objectifs"]) == 1
    assert len((await lire(banc, "echeances", {"departement": "59"}))["echeances"]) == 3
