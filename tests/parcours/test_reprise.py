"""The stock of a département on a whole hub: declared once, it is there as if it had been followed."""

from collections.abc import Mapping
from typing import Any

import pytest

from relais_contrats.client import Answer, Partner
from tests.hub import Hub
from tests.parcours.reorientation import (
    AGENCE,
    MAISON,
    contract,
    day,
    decision,
    eventually,
    is_active,
    open_structure,
    opened,
    reorientation,
    send,
    sheet,
)
from tests.parcours.stock import ENGAGEMENT, contrat, rdv, situation

pytestmark = [pytest.mark.anyio, pytest.mark.lent]

MISSION = {"systeme": "siret", "valeur": "90000075300013", "nom": "Mission locale de Lille"}
SANTE = {"id": "u2", "theme": "sante", "libelle": "Canari de santé"}
CONTRAT = contrat(engagements_usager=[ENGAGEMENT, SANTE])
A_SIGNER = contrat(date_signature=None, signataires=None)


async def declare(cd: Partner, prc: str, data: Mapping[str, Any]) -> Answer:
    return await send(cd, prc, "reprise.declaree", data)


async def folded(cd: Partner, prc: str) -> Mapping[str, Any]:
    vue: Mapping[str, Any] = await eventually(
        lambda: sheet(cd, prc), lambda v: v if is_active(v) and contract(v) == "signe" else None
    )
    return vue


async def events_of(partner: Partner, prc: str | None = None) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    curseur = None
    while (page := await partner.events(after=curseur)).evenements:
        found += page.evenements
        curseur = page.curseur
    return [one for one in found if prc is None or one["subject"] == prc]


def types(events: list[dict[str, Any]]) -> list[str]:
    return [one["type"].removeprefix("fr.insertion.").removesuffix(".v1") for one in events]


async def test_the_stock_is_there_without_a_delay(hub: Hub) -> None:
    async with hub.partner("cd-59") as cd:
        prc = await opened(hub, cd)

        answer = await declare(cd, prc, situation())
        assert answer.etat == "accepte", answer

        vue = await folded(cd, prc)
        orientations = await cd.get(f"/v1/parcours/{prc}/orientations")
        contrat = await eventually(
            lambda: cd.get(f"/v1/parcours/{prc}/contrat"), lambda v: v if v.get("en_vigueur") else None
        )
        referent = await eventually(
            lambda: cd.get(f"/v1/parcours/{prc}/referent"), lambda v: v if v.get("referent") else None
        )
        visits = await cd.get(f"/v1/parcours/{prc}/rdv")

    assert (vue["orientation"]["rang"], open_structure(vue)) == (2, MAISON["valeur"])
    assert (orientations["ouverte"]["rang"], orientations["demande"]["etat"]) == (2, "reprise")
    assert (contrat["en_vigueur"]["contrat_id"], contrat["en_vigueur"]["est_hors_delai"]) == ("1", False)
    assert referent["referent"]["etat"] == "actif"
    assert [one["rdv_id"] for one in visits["rendez_vous"]] == ["1"]
    assert "decision" not in [due["nature"] for due in vue["echeances"]]
    assert {due["nature"] for due in vue["echeances"]} == {"premier-rendez-vous", "fin-contrat"}


async def test_it_is_refused_whole_with_the_part_that_is_known_already(hub: Hub) -> None:
    async with hub.partner("cd-59") as cd:
        prc = await opened(hub, cd)
        await declare(cd, prc, {"date_reprise": day(0), "contrat": A_SIGNER})

        refused = await declare(cd, prc, situation())

        orientations = await cd.get(f"/v1/parcours/{prc}/orientations")

    assert (refused.etat, refused.code) == ("refuse", "deja-traite")
    assert [e["pointeur"] for e in refused.corps["erreurs"]] == ["/data/contrat"]
    assert "ouverte" not in orientations


async def test_a_reorientation_goes_on_from_its_rank(hub: Hub) -> None:
    async with hub.partner("cd-59") as cd:
        prc = await opened(hub, cd)
        await declare(cd, prc, situation())
        await folded(cd, prc)

        for fait, data in reorientation():
            new = {"nouvelle_decision": decision(AGENCE, "france-travail", 3, 0)} if "decision" in data else {}
            answer = await send(cd, prc, fait, data | new)
            assert answer.etat == "accepte", answer

        vue = await eventually(lambda: sheet(cd, prc), lambda v: v if contract(v) == "a-signer" else None)

    assert (vue["orientation"]["rang"], open_structure(vue)) == (3, AGENCE["valeur"])


async def test_each_receiver_has_the_parts_that_it_may_see_under_its_own_names(hub: Hub) -> None:
    async with hub.partner("cd-59") as cd, hub.partner("ml-lille") as ml, hub.partner("caf-59") as caf:
        before = len(await events_of(ml))
        caf_before = len(await events_of(caf))
        prc = await opened(hub, cd)
        await declare(cd, prc, situation(MISSION, "mission-locale", contrat=CONTRAT))

        received = await eventually(lambda: events_of(ml), lambda v: v[before:] if len(v) >= before + 2 else None)
        of_the_caf = (await events_of(caf))[caf_before:]

    assert types(received) == ["parcours.partage", "reprise.declaree"]
    data = received[1]["data"]
    assert {"orientation", "referent", "contrat", "rdv"} <= data.keys()
    assert data["contrat"]["contrat_id"].startswith("obj_") and data["rdv"][0]["rdv_id"].startswith("obj_")
    assert [one["theme"] for one in data["contrat"]["engagements_usager"]] == ["mobilite"]
    assert "recue_a" not in data and "role" not in data
    assert "reprise.declaree" not in types(of_the_caf)


async def test_the_structure_of_the_referent_says_what_becomes_of_an_appointment(hub: Hub) -> None:
    async with hub.partner("cd-59") as cd, hub.partner("ml-lille") as ml:
        before = len(await events_of(ml))
        prc = await opened(hub, cd)
        await declare(cd, prc, situation(MISSION, "mission-locale", contrat=CONTRAT))
        received = await eventually(lambda: events_of(ml), lambda v: v[before:] if len(v) >= before + 2 else None)
        theirs = received[1]
        annule = theirs["data"]["rdv"][0] | {"statut": "annule", "annule_par": "usager"}

        moved = await send(ml, theirs["subject"], "rdv.annule", annule)

        told = await eventually(
            lambda: cd.get(f"/v1/parcours/{prc}/rdv"),
            lambda v: [one for one in v["rendez_vous"] if one["statut"] == "annule"],
        )

    assert moved.etat == "accepte", moved
    assert [one["rdv_id"] for one in told] == ["1"]


@pytest.mark.parametrize(
    ("fait", "data"),
    [
        ("contrat.suspendu", {"contrat_id": "1", "date": day(0), "motif": "Congé maternité."}),
        ("contrat.bilan", {"contrat_id": "1", "date": day(0), "points": ["Le permis est obtenu."]}),
        ("referent.termine", {"date_fin": day(0), "motif": "Mutation."}),
        ("rdv.annule", rdv() | {"statut": "annule", "annule_par": "structure"}),
        ("orientation.notifiee", {"date_notification": day(0)}),
    ],
)
async def test_what_is_told_in_the_same_breath_finds_what_was_declared(
    hub: Hub, fait: str, data: Mapping[str, Any]
) -> None:
    async with hub.partner("cd-59") as cd:
        prc = await opened(hub, cd)
        await declare(cd, prc, situation())

        answer = await send(cd, prc, fait, data)

    assert answer.etat == "accepte", answer


async def test_who_sees_no_orientation_learns_nothing_from_the_filter(hub: Hub) -> None:
    async with hub.partner("cd-59") as cd, hub.partner("caf-59") as caf:
        prc = await opened(hub, cd)
        await declare(cd, prc, situation())

        oriented = await caf.get("/v1/parcours", orientation="ouverte")
        refused = [
            (await cd._send("GET", f"/v1/parcours?orientation=aucune&{other}")).status_code
            for other in (f"echeance_avant={day(0)}", f"structure={MAISON['valeur']}")
        ]

    assert oriented["parcours"] == []
    assert refused == [422, 422]


async def test_only_the_departement_and_france_travail_declare(hub: Hub) -> None:
    async with hub.partner("cd-59") as cd, hub.partner("ml-lille") as ml:
        before = len(await events_of(ml))
        prc = await opened(hub, cd)
        await declare(cd, prc, situation(MISSION, "mission-locale", contrat=CONTRAT))
        received = await eventually(lambda: events_of(ml), lambda v: v[before:])

        refused = await declare(ml, received[0]["subject"], {"date_reprise": day(0), "rdv": [rdv("2")]})

    assert (refused.etat, refused.code) == ("refuse", "non-autorise")
