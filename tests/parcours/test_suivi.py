"""Référent, contract and roadmap on a whole hub: one decision unsettles all three."""

import asyncio
from datetime import date, timedelta

import pytest

from deploy.partner import Partner
from tests.hub import Hub
from tests.parcours.reorientation import (
    AGENCE,
    MAISON,
    REFERENT,
    contract,
    day,
    decision,
    eventually,
    followed,
    is_active,
    open_structure,
    opened,
    reoriented,
    send,
    sheet,
)

pytestmark = [pytest.mark.anyio, pytest.mark.lent]


async def test_one_decision_ends_the_referent_and_reopens_the_contract(hub: Hub) -> None:
    async with hub.partner("cd-59") as cd:
        prc = await followed(hub, cd)

        await reoriented(cd, prc)

        vue = await eventually(lambda: sheet(cd, prc), lambda v: v if contract(v) == "a-signer" else None)
        referent = await eventually(lambda: cd.get(f"/v1/parcours/{prc}/referent"), lambda v: v.get("historique"))
        signed = await eventually(
            lambda: cd.get(f"/v1/parcours/{prc}/contrat"), lambda v: v if v.get("en_attente") else None
        )

    assert open_structure(vue) == AGENCE["valeur"]
    assert not is_active(vue)
    assert [one["etat"] for one in referent] == ["termine"]
    assert signed["en_attente"]["cause_resignature"] == "reorientation"


async def test_the_basket_gives_a_year_to_whom_a_difficulty_does(hub: Hub) -> None:
    async with hub.partner("cd-59") as cd:
        prc = await followed(hub, cd)
        soon = await eventually(lambda: examined(cd, prc), lambda le: le)
        await send(cd, prc, "diagnostic.realise", {"criteres": {"contrainte_logement": "sans-logement"}})

        later = await eventually(lambda: examined(cd, prc), lambda le: le if le != soon else None)
        roadmap = await sheet(cd, prc)
        told = (await cd.get(f"/v1/parcours/{prc}/contrat"))["reexamen"]

    since = date.fromisoformat(day(-10))
    assert date.fromisoformat(soon) < since + timedelta(days=190)
    assert date.fromisoformat(later) > since + timedelta(days=360)
    assert [one["date_echeance"] for one in roadmap["echeances"] if one["nature"] == "reexamen"] == [later]
    assert later == told["date_echeance"]


async def examined(cd: Partner, prc: str) -> str | None:
    """The day of the next examination, from the basket of the département."""
    apres: dict[str, str] = {}
    while True:
        page = await cd.get("/v1/parcours", departement="59", echeance_avant=day(800), limite=200, **apres)
        for due in page["parcours"]:
            if (due["parcours"], due["nature"]) == (prc, "reexamen"):
                return str(due["date_echeance"])
        if page["suite"] is None:
            return None
        apres = {"apres": page["suite"]}


async def test_two_designations_at_once_make_one_referent(hub: Hub) -> None:
    async with hub.partner("cd-59") as cd:
        prc = await opened(hub, cd)
        await send(cd, prc, "orientation.decidee", {"decision": "acceptee"} | decision(MAISON, "departement", 1, -10))

        answers = await asyncio.gather(
            *(
                send(
                    cd,
                    prc,
                    "referent.designe",
                    {"referent": REFERENT | {"nom": name}, "structure": MAISON, "date_debut": day(-9)},
                )
                for name in ("Delattre", "Lefebvre", "Morel")
            )
        )
        seen = await cd.get(f"/v1/parcours/{prc}/referent")

    assert sorted(answer.etat for answer in answers) == ["accepte", "refuse", "refuse"]
    assert [one["etat"] for one in seen["historique"]] == ["propose"]
