"""A merge that was a mistake, on a whole hub: undone, every read and every partner is as if it had not been."""

from typing import Any

import pytest

from relais_contrats.client import Partner
from tests.hub import Hub
from tests.parcours.noms import CD, same_parcours
from tests.parcours.reorientation import MAISON, decision, eventually, followed, known, opened
from tests.parcours.test_objets import FT, appointments, rdv, send

pytestmark = [pytest.mark.anyio, pytest.mark.lent]
VUES = ("orientations", "referent", "contrat", "rdv", "feuille-de-route", "diagnostic")


async def reads(cd: Partner, *parcours: str) -> list[Any]:
    return [await cd.get(f"/v1/parcours/{prc}/{vue}") for prc in parcours for vue in VUES] + [
        await cd.get(f"/v1/parcours/{prc}") for prc in parcours
    ]


async def merge(cd: Partner, kept: str, absorbed: str) -> str:
    fusion = await send(cd, kept, "usager.fusionne", {"conserve": kept, "absorbes": [absorbed]})
    assert fusion.etat == "accepte", fusion
    await eventually(lambda: cd.get(f"/v1/parcours/{absorbed}/feuille-de-route"), lambda v: v["parcours"] == kept)
    return fusion.id or ""


async def undo(partner: Partner, prc: str, fusion: str) -> Any:
    return await send(partner, prc, "usager.defusionne", {"annule": fusion, "motif": "Deux personnes."})


@pytest.mark.parametrize("side", [0, 1])
async def test_undone_every_read_is_as_before_and_messages_reach_each_again(hub: Hub, side: int) -> None:
    async with hub.partner(CD) as cd, hub.partner(FT) as ft:
        pair = (await followed(hub, cd), await opened(hub, cd))
        for rank, prc in enumerate(pair):
            await send(cd, prc, "rdv.planifie", rdv("1", f"2026-12-2{rank}T10:00:00+01:00"))
        at_ft = [same_parcours(hub, prc, FT) for prc in pair]
        await eventually(lambda: known(ft, at_ft[1]), bool)
        await eventually(lambda: appointments(cd, pair[1]), bool)
        kept, absorbed = pair[side], pair[1 - side]
        before = await reads(cd, *pair)
        fusion = await merge(cd, kept, absorbed)

        undone = await undo(cd, kept, fusion)
        after = await eventually(lambda: reads(cd, *pair), lambda now: now if now == before else None)
        again = await undo(cd, kept, fusion)
        moved = await send(cd, absorbed, "rdv.modifie", rdv("1", "2026-12-28T10:00:00+01:00"))
        days = [(await appointments(cd, prc))["1"][:10] for prc in (kept, absorbed)]
        told = await received(ft, "usager.defusionne", at_ft[side])

    assert undone.etat == "accepte", undone
    assert after == before
    assert again.code == "annulation-impossible"
    assert moved.etat == "accepte"
    assert days == [f"2026-12-2{side}", "2026-12-28"]
    assert told == at_ft[side]


async def received(partner: Partner, type_: str, subject: str) -> str | None:
    """The subject of the last event of this type about it."""
    page = await partner.get("/v1/evenements", depuis="2026-01-01T00:00:00Z", limite=500)
    while True:
        for event in page["evenements"]:
            if event["type"] == f"fr.insertion.{type_}.v1" and event["subject"] == subject:
                return str(event["subject"])
        if not page["evenements"]:
            return None
        page = await partner.get("/v1/evenements", apres=page["curseur"], limite=500)


def objectif(key: str) -> dict[str, str]:
    return {"objectif_id": key, "theme": "mobilite", "libelle": "Conduire", "statut": "en-cours"}


async def test_objects_go_to_the_parcours_under_whose_name_they_came(hub: Hub) -> None:
    async with hub.partner(CD) as cd:
        kept, absorbed = await followed(hub, cd), await opened(hub, cd)
        await send(cd, absorbed, "rdv.planifie", rdv("avant"))
        await eventually(lambda: appointments(cd, absorbed), bool)
        fusion = await merge(cd, kept, absorbed)
        await send(cd, absorbed, "rdv.planifie", rdv("sous-l-absorbe"))
        await send(cd, absorbed, "rdv.modifie", rdv("avant", "2026-12-25T10:00:00+01:00"))
        await send(cd, kept, "rdv.planifie", rdv("sous-le-conserve"))
        await send(cd, absorbed, "objectif.ajoute", objectif("o"))
        await send(cd, kept, "objectif.ajoute", objectif("p"))

        undone = await undo(cd, absorbed, fusion)
        of_kept, of_absorbed = await appointments(cd, kept), await appointments(cd, absorbed)
        sheets = [await cd.get(f"/v1/parcours/{prc}/feuille-de-route") for prc in (kept, absorbed)]
        unknown = await send(cd, kept, "objectif.modifie", objectif("o"))

    assert undone.etat == "accepte", undone
    assert set(of_kept) == {"sous-le-conserve"}
    assert set(of_absorbed) == {"avant", "sous-l-absorbe"}
    assert of_absorbed["avant"].startswith("2026-12-25")
    assert [[o["objectif_id"] for o in sheet["objectifs"]] for sheet in sheets] == [["p"], ["o"]]
    assert sheets[1]["rendez_vous"][-1]["debut"].startswith("2026-12-25")
    assert unknown.code == "etat-interdit"


async def test_what_stands_on_a_merge_is_named(hub: Hub) -> None:
    async with hub.partner(CD) as cd:
        kept, absorbed = await opened(hub, cd), await followed(hub, cd)
        fusion = await merge(cd, kept, absorbed)
        await eventually(lambda: cd.get(f"/v1/parcours/{kept}/orientations"), lambda v: v.get("ouverte"))
        await send(cd, kept, "orientation.decidee", {"decision": "acceptee"} | decision(MAISON, "departement", 2, 0))

        refused = await undo(cd, kept, fusion)

    assert refused.code == "annulation-impossible"
    assert refused.corps["details"]["depend"] == "orientation.decidee"
