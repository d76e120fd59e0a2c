"""Référent, contract and roadmap on a whole hub: one decision unsettles all three."""

import asyncio
import json
import secrets
from contextlib import suppress
from datetime import date, timedelta
from typing import Any

import pytest

from deploy.components import SERVICES
from relais_contrats.client import Answer, Partner, RequestRefused
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
from tests.parcours.test_prescriptions import ASSO, prescription, publish
from tests.parcours.test_prescriptions import send as prescribe

pytestmark = [pytest.mark.anyio, pytest.mark.lent]


async def test_one_decision_ends_the_referent_and_reopens_the_contract(hub: Hub) -> None:
    service = await publish(hub, ASSO, run := secrets.token_hex(4))
    async with hub.partner("cd-59") as cd:
        prc = await followed(hub, cd)
        prescribed = await prescribe(cd, prc, "prescription.emise", prescription(f"s-{run}", service))

        await reoriented(cd, prc)

        vue = await eventually(lambda: sheet(cd, prc), lambda v: v if contract(v) == "a-signer" else None)
        referent = await eventually(lambda: cd.get(f"/v1/parcours/{prc}/referent"), lambda v: v.get("historique"))
        signed = await eventually(
            lambda: cd.get(f"/v1/parcours/{prc}/contrat"), lambda v: v if v.get("en_attente") else None
        )

    assert prescribed.etat == "accepte"
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


async def test_a_cancelled_decision_leaves_every_read_as_before(hub: Hub) -> None:
    async with hub.partner("cd-59") as cd:
        prc = await followed(hub, cd)
        before = await reads(cd, prc)
        decided = await send(
            cd, prc, "orientation.decidee", {"decision": "acceptee"} | decision(AGENCE, "france-travail", 2, 0)
        )
        await eventually(lambda: sheet(cd, prc), lambda v: contract(v) == "a-signer")

        unknown = await send(cd, prc, "orientation.annulee", {"annule": "rien-de-tel", "motif": "Erreur."})
        cancelled = await send(cd, prc, "orientation.annulee", {"annule": decided.id, "motif": "Erreur."})
        await eventually(lambda: reads(cd, prc), lambda after: after == before)

    assert (unknown.code, cancelled.etat) == ("annulation-impossible", "accepte")


async def reads(cd: Partner, prc: str) -> list[object]:
    vues = ("orientations", "referent", "contrat", "feuille-de-route")
    return [await cd.get(f"/v1/parcours/{prc}/{vue}") for vue in vues]


async def test_an_orientation_is_freed_step_by_step_of_what_stands_on_it(hub: Hub) -> None:
    contrat = {"contrat_id": "c-9", "date_debut": day(-8), "duree_mois": 6}
    engagement = {"id": "e-1", "theme": "mobilite", "libelle": "Apprendre à conduire"}
    reciprocal = {"engagements_usager": [engagement], "engagements_organisme": [engagement | {"id": "o-1"}]}
    nouveau = {"referent": REFERENT | {"nom": "Morel", "identifiant_agent": "n-2"}, "structure": MAISON}
    remplace = {"date_fin": day(-5), "motif": "Congé.", "nouveau": nouveau | {"date_debut": day(-4)}}
    steps: tuple[tuple[str, dict[str, Any]], ...] = (
        ("orientation.decidee", {"decision": "acceptee"} | decision(MAISON, "departement", 1, -10)),
        ("referent.designe", {"referent": REFERENT, "structure": MAISON, "date_debut": day(-9)}),
        ("referent.accepte", {}),
        ("contrat.propose", contrat | reciprocal),
        ("referent.remplace", remplace),
        ("contrat.signe", {"contrat_id": "c-9", "date_signature": day(0), "signataires": ["usager", "referent"]}),
    )
    annulation = {
        "contrat.signe": "contrat.annule",
        "contrat.propose": "contrat.annule",
        "referent.remplace": "referent.annule",
        "referent.designe": "referent.annule",
        "orientation.decidee": "orientation.annulee",
    }
    async with hub.partner("cd-59") as cd:
        prc = await opened(hub, cd)
        before, ids = [], {}
        for fait, data in steps:
            before.append((fait, await settled(cd, prc)))
            answer = await send(cd, prc, fait, data)
            assert answer.etat == "accepte", (fait, answer)
            ids[fait] = answer.id
        await settled(cd, prc)
        named = [
            details(await send(cd, prc, annulation[fait], {"annule": ids[fait], "motif": "Erreur."}))
            for fait in ("orientation.decidee", "referent.remplace", "contrat.propose")
        ]

        # The référent that was replaced is cancelled before the contract that was proposed under the first one.
        order = ("contrat.signe", "referent.remplace", "contrat.propose", "referent.designe", "orientation.decidee")
        told = [(await send(cd, prc, annulation[f], {"annule": ids[f], "motif": "Erreur."})) for f in order]
        empty = dict(before)["orientation.decidee"]
        await eventually(lambda: reads(cd, prc), lambda after: after == empty)

    assert named == [{"depend": "contrat.signe"}] * 3
    assert [answer.etat for answer in told] == ["accepte"] * 5, told


def details(refusal: Answer) -> object:
    """As it was answered, or as it is read later."""
    return (refusal.corps.get("probleme") or refusal.corps)["details"]


async def known(cd: Partner, prc: str) -> list[object]:
    """The reads; none while a service has not heard of the person."""
    with suppress(RequestRefused):
        return await reads(cd, prc)
    return []


async def settled(cd: Partner, prc: str) -> list[object]:
    """The reads once each of them knows the person, and they change no more for a second."""
    seen: list[object] = await eventually(lambda: known(cd, prc), lambda seen: seen)
    for _ in range(20):
        await asyncio.sleep(1)
        if seen == (seen := await reads(cd, prc)):
            break
    return seen


@pytest.mark.parametrize("service", SERVICES)
def test_the_dossiers_are_the_fold_of_their_facts(hub: Hub, service: str) -> None:
    """Those of every story of this hub, to the byte."""
    compte = json.loads(hub.relais(f"rejouer {service}", "--a-blanc", "--json").stdout)

    assert (compte["dossiers"] > 0, compte["differents"]) == (True, [])
