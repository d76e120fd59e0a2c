"""Référent, contract and roadmap on a whole hub: one decision unsettles all three, also when a service sleeps."""

import asyncio
import time
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

import pytest

from deploy.partner import Answer, Partner
from tests.hub import Hub
from tests.persons import signalement

pytestmark = [pytest.mark.anyio, pytest.mark.lent]

MAISON = {"systeme": "siret", "valeur": "90000059700014", "nom": "Maison Nord Solidarités de Lille"}
AGENCE = {"systeme": "siret", "valeur": "90000062100012", "nom": "Agence France Travail de Lille"}
REFERENT = {"nom": "Delattre", "prenom": "Inès", "courriel": "ines@nord.example", "identifiant_agent": "n-1"}
MIXTURE_S = 5.0

Vue = Mapping[str, Any]


def day(offset: int) -> str:
    return (date.today() + timedelta(days=offset)).isoformat()  # noqa: DTZ011


def decision(structure: dict[str, str], organisme: str, rang: int, since: int) -> dict[str, Any]:
    parcours_type = "emploi" if organisme == "france-travail" else "social"
    said = {"parcours_type": parcours_type, "organisme": organisme, "structure": structure, "rang": rang}
    return said | {"date_decision": day(since), "date_debut": day(since)}


async def opened(hub: Hub, cd: Partner) -> str:
    """Somebody new, by the name that the département has for her."""
    person = signalement(date_reception_droit=day(-20))
    async with hub.partner("caf-59") as caf:
        await caf.post(caf.message("usager.signale", person, departement="59"))
    search = {"identifiants": person["identifiants"], "identite": person["identite"]}
    return str(await eventually(lambda: cd.call("POST", "/v1/usagers/recherche", search), lambda v: v.get("parcours")))


async def eventually(ask: Callable[[], Any], wanted: Callable[[Any], Any], timeout_s: float = 20.0) -> Any:
    """What `wanted` finds in the answer, as soon as it finds something."""
    deadline = time.monotonic() + timeout_s
    while not (found := wanted(answer := await ask())):
        assert time.monotonic() < deadline, answer
        await asyncio.sleep(0.1)
    return found


async def send(cd: Partner, prc: str, fait: str, data: Mapping[str, Any]) -> Answer:
    finalite = {"contrat": "engagement", "referent": "accompagnement"}.get(fait.partition(".")[0], "orientation")
    answer = await cd.post(cd.message(fait, data, departement="59", subject=prc, finalite=finalite))
    return await cd.settled(answer.id or "") if answer.etat == "en-attente" else answer


async def followed(hub: Hub, cd: Partner) -> str:
    """Oriented to the département, with its référent and a signed contract: nine deposits in one breath."""
    prc = await opened(hub, cd)
    contrat = {"contrat_id": "c-1", "date_debut": day(-8), "duree_mois": 6}
    engagement = {"id": "e-1", "theme": "mobilite", "libelle": "Apprendre à conduire"}
    reciprocal = {"engagements_usager": [engagement], "engagements_organisme": [engagement | {"id": "o-1"}]}
    for fait, data in (
        ("orientation.decidee", {"decision": "acceptee"} | decision(MAISON, "departement", 1, -10)),
        ("orientation.notifiee", {"date_notification": day(-10)}),
        ("referent.designe", {"referent": REFERENT, "structure": MAISON, "date_debut": day(-9)}),
        ("referent.accepte", {}),
        ("contrat.propose", contrat | reciprocal),
        ("contrat.signe", {"contrat_id": "c-1", "date_signature": day(-8), "signataires": ["usager", "referent"]}),
    ):
        answer = await send(cd, prc, fait, data)
        assert answer.etat == "accepte", (fait, answer)
    await eventually(lambda: sheet(cd, prc), lambda v: is_active(v) and contract(v) == "signe")
    return prc


async def reoriented(cd: Partner, prc: str) -> None:
    asked = {"motif": "Promesse d'embauche.", "parcours_type_propose": "emploi"}
    agreed = {"accord_referent": True, "accord_personne": True, "urgence": False}
    new = {"decision": "acceptee", "nouvelle_decision": decision(AGENCE, "france-travail", 2, 0)}
    for fait, data in (("reorientation.demandee", asked | agreed), ("reorientation.decidee", new)):
        answer = await send(cd, prc, fait, data)
        assert answer.etat == "accepte", (fait, answer)


async def sheet(cd: Partner, prc: str) -> Vue:
    vue: Vue = await cd.get(f"/v1/parcours/{prc}/feuille-de-route")
    return vue


def is_active(vue: Vue) -> bool:
    return (vue.get("referent") or {}).get("etat") == "actif"


def contract(vue: Vue) -> str | None:
    return (vue.get("contrat") or {}).get("etat")


def open_structure(vue: Vue) -> str | None:
    return ((vue.get("orientation") or {}).get("structure") or {}).get("valeur")


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


@pytest.mark.parametrize("asleep", ["referents", "engagements"])
async def test_the_roadmap_shows_no_mixture_while_a_service_sleeps(hub: Hub, asleep: str) -> None:
    async with hub.partner("cd-59") as cd:
        prc = await followed(hub, cd)
        with hub.stopped(asleep):
            await reoriented(cd, prc)
            decided = time.monotonic()
            seen: list[Vue] = []
            while time.monotonic() < decided + MIXTURE_S + 2:
                seen.append(await sheet(cd, prc))
                await asyncio.sleep(0.2)
            late = [vue for vue in seen[-8:] if open_structure(vue) != AGENCE["valeur"]]
        awake = await eventually(
            lambda: cd.get(f"/v1/parcours/{prc}/referent"),
            lambda v: v.get("historique") and v["historique"][-1]["etat"] == "termine",
        )

    mixed = [v for v in seen if open_structure(v) == AGENCE["valeur"] and (is_active(v) or contract(v) == "signe")]
    assert mixed == []
    assert late == []
    assert awake


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
