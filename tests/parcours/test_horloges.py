"""What the hub says by itself on a due date is for those who still take part, whatever service is away meanwhile."""

from collections.abc import Mapping
from typing import Any

import pytest

from deploy.postgres import connect_admin
from relais_contrats.client import Partner
from tests.hub import Hub
from tests.parcours.noms import CD, parcours_of, same_parcours
from tests.parcours.reorientation import AGENCE, MAISON, REFERENT, day, decision, eventually, known, opened, send
from tests.parcours.test_objets import FT

pytestmark = [pytest.mark.anyio, pytest.mark.lent]

ACCORD = {"decision": "acceptee", "motif": "Accord de tous."}
# In the social parcours for a year: its re-examination was due after six months.
SOCIAL = decision(MAISON, "departement", 2, -370) | {"date_debut": day(-365)}
DEMANDE = {"motif": "Des freins demeurent.", "parcours_type_propose": "social"}
_LOOKED_AT = "SELECT vu_a > depuis FROM passerelle.retenus WHERE agregat = $1 AND type = 'reexamen.du'"


async def followed_by_france_travail(hub: Hub, cd: Partner, ft: Partner) -> str:
    """Whom the département calls so: with a référent of the agency."""
    prc = await opened(hub, cd, since=-720)
    at_ft = same_parcours(hub, prc, FT)
    await eventually(lambda: known(ft, at_ft), bool)
    decided = {"decision": "acceptee"} | decision(AGENCE, "france-travail", 1, -700)
    await accepted(ft, at_ft, "orientation.decidee", decided)
    await accepted(cd, prc, "referent.designe", {"referent": REFERENT, "structure": AGENCE, "date_debut": day(-690)})
    # It answers once it has heard that it is the référent: this is what gives it the right.
    await eventually(lambda: told(ft, at_ft), lambda types: "referent.designe" in types)
    await accepted(ft, at_ft, "referent.accepte", {})
    accords = {"accord_referent": True, "accord_personne": True, "urgence": False}
    await accepted(ft, at_ft, "reorientation.demandee", DEMANDE | accords)
    return prc


async def accepted(partner: Partner, subject: str, fait: str, data: Mapping[str, Any]) -> None:
    answer = await send(partner, subject, fait, data)
    assert answer.etat == "accepte", (fait, answer)


async def told(partner: Partner, subject: str) -> list[str]:
    """The types of what it received about a parcours, in order."""
    page = await partner.get("/v1/evenements", depuis="2026-01-01T00:00:00Z", limite=500)
    types: list[str] = []
    while page["evenements"]:
        types += [event["type"] for event in page["evenements"] if event["subject"] == subject]
        page = await partner.get("/v1/evenements", apres=page["curseur"], limite=500)
    return [type_.removeprefix("fr.insertion.").removesuffix(".v1") for type_ in types]


async def is_looked_at_and_held(hub: Hub, prc: str) -> Any:
    conn = await connect_admin(hub.data, hub.data.known_ports().postgres)
    try:
        return await conn.fetchval(_LOOKED_AT, parcours_of(hub, prc))
    finally:
        await conn.close()


async def test_what_a_clock_says_while_a_service_is_away_is_not_for_who_leaves(hub: Hub) -> None:
    async with hub.partner(CD) as cd, hub.partner(FT) as ft:
        prc = await followed_by_france_travail(hub, cd, ft)
        at_ft = same_parcours(hub, prc, FT)

        with hub.stopped("referents"):
            decided = await send(cd, prc, "reorientation.decidee", ACCORD | {"nouvelle_decision": SOCIAL})
            await eventually(lambda: is_looked_at_and_held(hub, prc), bool)
            meanwhile = [await told(cd, prc), await told(ft, at_ft)]
        at_cd = await eventually(lambda: told(cd, prc), lambda types: types if "reexamen.du" in types else None)
        of_ft = await told(ft, at_ft)

    assert decided.etat == "accepte", decided
    assert [types[-1] for types in meanwhile] == ["orientation.decidee", "orientation.decidee"]
    assert at_cd.index("referent.termine") < at_cd.index("reexamen.du")
    assert "referent.termine" in of_ft
    assert "reexamen.du" not in of_ft
