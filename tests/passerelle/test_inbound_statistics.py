"""Statistics as they leave the door: what services count is told for eleven persons or more only."""

from typing import Any

import orjson
import pytest

from gateway.inbound.reading import delays
from gateway.inbound.reading.disclosure import DELAIS, SEUIL
from tests.engines import Bench
from tests.passerelle.entrance import Entrance

pytestmark = pytest.mark.anyio


def counted(brique: str, personnes: int) -> dict[str, Any]:
    """A month of so many persons, all of them served in time."""
    cellules = {famille: {"a_temps": personnes} for famille in DELAIS[brique]}
    line: dict[str, Any] = {"departement": "59", "mois": "2026-03", "personnes": personnes, "cellules": cellules}
    for famille in DELAIS[brique]:
        line[famille] = {"nombre": personnes} if brique == "referents" else personnes
    return line


async def answering(banc: Bench, brique: str, lecture: str, told: Any) -> None:
    service = await banc.process(brique, brique)

    async def answer(_: bytes) -> bytes:
        return orjson.dumps(told)

    await service.bus.respond(f"lecture.{brique}.{lecture}", brique, answer)
    await banc.reach(f"lecture.{brique}.{lecture}")


async def test_a_month_of_ten_persons_is_told_by_no_delay(entree: Entrance, banc: Bench) -> None:
    for brique in DELAIS:
        await answering(banc, brique, "delais", [counted(brique, SEUIL - 1), counted(brique, SEUIL)])
    partner = await entree.partner("cd-59")

    told = await partner.get("/v1/statistiques/delais", departement="59")

    assert {brique: len(lines) for brique, lines in told.items()} == dict.fromkeys(DELAIS, 1)
    assert not {"personnes", "cellules"} & {field for lines in told.values() for field in lines[0]}


async def test_ten_prescriptions_are_told_by_no_statistic_of_the_offer(entree: Entrance, banc: Bench) -> None:
    def line(personnes: int) -> dict[str, Any]:
        etats = {"etats": {"acceptee-repondue": personnes}}
        return {"personnes": personnes, "nombre": personnes, "etats": {"acceptee": personnes}, "motifs_refus": {}} | {
            "repondues": personnes,
            "expirees": 0,
            "reponse_mediane_jours": 1.0,
            "cellules": etats,
        }

    service = await banc.process("offres", "offres")
    told = {"statistiques_catalogue": [], "statistiques_prescriptions": [line(SEUIL - 1), line(SEUIL)]}
    for lecture, lines in told.items():

        async def answer(_: bytes, lines: Any = lines) -> bytes:
            return orjson.dumps(lines)

        await service.bus.respond(f"lecture.offres.{lecture}", "offres", answer)
    partner = await entree.partner("cd-59")

    shown = (await partner.get("/v1/statistiques/offres", departement="59"))["prescriptions"]

    assert [one["nombre"] for one in shown] == [SEUIL]


async def test_the_console_is_told_no_more_of_a_month_of_ten_persons(entree: Entrance, banc: Bench) -> None:
    for brique in DELAIS:
        await answering(banc, brique, "delais", [counted(brique, SEUIL - 1), counted(brique, SEUIL)])

    told = orjson.loads(await delays.answering(banc.bus)(b"{}"))

    assert {brique: len(lines) for brique, lines in told.items()} == dict.fromkeys(DELAIS, 1)
    assert not {"personnes", "cellules"} & {field for lines in told.values() for field in lines[0]}
