"""Objects of several emitters on a whole hub: two systems that number 1, 2, 3 never meet, and nobody changes by
accident what is another's."""

import secrets
from collections.abc import Mapping
from typing import Any

import pytest

from relais_contrats.client import Answer, Partner
from tests.hub import Hub
from tests.parcours.noms import CD, same_parcours
from tests.parcours.reorientation import eventually, known, opened

pytestmark = [pytest.mark.anyio, pytest.mark.lent]
FT = "ft-hauts-de-france"


def rdv(key: str, debut: str = "2026-12-20T10:00:00+01:00", **others: Any) -> dict[str, Any]:
    told = {"motif": "accompagnement", "duree_min": 30, "modalite": "physique", "forme": "individuel"}
    return {"rdv_id": key, "debut": debut, "statut": "planifie"} | told | others


async def send(partner: Partner, prc: str, fait: str, data: Mapping[str, Any], **others: Any) -> Answer:
    message = partner.message(fait, data, departement="59", subject=prc, finalite="accompagnement") | others
    answer = await partner.post(message)
    return await partner.settled(answer.id or "") if answer.etat == "en-attente" else answer


async def appointments(partner: Partner, prc: str) -> dict[str, str]:
    """Key → beginning, as the partner reads them."""
    vue = await partner.get(f"/v1/parcours/{prc}/rdv")
    return {one["rdv_id"]: one["debut"] for one in vue.get("rendez_vous", [])}


async def test_two_emitters_with_one_key_have_two_appointments(hub: Hub) -> None:
    async with hub.partner(CD) as cd, hub.partner(FT) as ft:
        prc = await opened(hub, cd)
        at_ft = same_parcours(hub, prc, FT)
        await eventually(lambda: known(ft, at_ft), bool)

        answers = [
            await send(cd, prc, "rdv.planifie", rdv("1042", "2026-12-20T10:00:00+01:00")),
            await send(ft, at_ft, "rdv.planifie", rdv("1042", "2026-12-21T10:00:00+01:00")),
            await send(ft, at_ft, "rdv.modifie", rdv("1042", "2026-12-22T10:00:00+01:00")),
        ]
        of_cd, of_ft = await appointments(cd, prc), await appointments(ft, at_ft)

    assert [answer.etat for answer in answers] == ["accepte"] * 3
    assert of_cd.pop("1042").startswith("2026-12-20")
    assert of_ft.pop("1042").startswith("2026-12-22")
    ((at_cd, of_the_other), (named_at_ft, of_cd_there)) = (next(iter(of_cd.items())), next(iter(of_ft.items())))
    assert of_the_other.startswith("2026-12-22")
    assert of_cd_there.startswith("2026-12-20")
    assert at_cd.startswith("obj_")
    assert named_at_ft.startswith("obj_")
    assert at_cd != named_at_ft


async def test_an_object_of_another_is_named_by_its_pseudonym_and_changed_by_those_who_may(hub: Hub) -> None:
    async with hub.partner(CD) as cd, hub.partner(FT) as ft:
        prc, other = await opened(hub, cd), await opened(hub, cd)
        at_ft, other_at_ft = same_parcours(hub, prc, FT), same_parcours(hub, other, FT)
        await eventually(lambda: known(ft, at_ft), bool)
        await eventually(lambda: known(ft, other_at_ft), bool)
        await send(ft, at_ft, "rdv.planifie", rdv("7"))
        await send(cd, prc, "rdv.planifie", rdv("8"))
        await send(ft, other_at_ft, "rdv.planifie", rdv("9"))
        (of_ft,) = [key for key in await appointments(cd, prc) if key != "8"]
        (elsewhere,) = await appointments(cd, other)
        (of_cd,) = [key for key in await appointments(ft, at_ft) if key != "7"]

        by_the_departement = await send(cd, prc, "rdv.modifie", rdv(of_ft, "2026-12-24T10:00:00+01:00"))
        by_france_travail = await send(ft, at_ft, "rdv.modifie", rdv(of_cd))
        unknown = await send(cd, prc, "rdv.modifie", rdv("inconnu"))
        made_up = await send(cd, prc, "rdv.modifie", rdv("obj_" + "a" * 26))
        of_another_parcours = await send(cd, prc, "rdv.modifie", rdv(elsewhere))
        of_another_partner = await send(cd, prc, "rdv.modifie", rdv(of_cd))
        as_own_key = await send(cd, prc, "rdv.planifie", rdv("obj_" + "b" * 26))
        moved = (await appointments(ft, at_ft))["7"]

    assert by_the_departement.etat == "accepte"
    assert moved.startswith("2026-12-24")
    assert by_france_travail.code == "non-autorise"
    assert unknown.code == "etat-interdit"
    told = [
        (one.code, one.detail, one.corps.get("erreurs")) for one in (made_up, of_another_parcours, of_another_partner)
    ]
    assert told == [(unknown.code, unknown.detail, unknown.corps.get("erreurs"))] * 3
    assert as_own_key.code == "identifiant-invalide"


async def test_a_merge_keeps_both_objects_even_of_one_emitter_under_one_key(hub: Hub) -> None:
    async with hub.partner(CD) as cd, hub.partner(FT) as ft:
        kept, absorbed = await opened(hub, cd), await opened(hub, cd)
        at_ft = same_parcours(hub, kept, FT)
        await eventually(lambda: known(ft, at_ft), bool)
        key = secrets.token_hex(2)
        await send(cd, kept, "rdv.planifie", rdv(key, "2026-12-20T10:00:00+01:00"))
        await send(cd, absorbed, "rdv.planifie", rdv(key, "2026-12-21T10:00:00+01:00"))
        await send(cd, absorbed, "rdv.planifie", rdv(f"{key}-seul", "2026-12-22T10:00:00+01:00"))
        fusion = await send(cd, kept, "usager.fusionne", {"conserve": kept, "absorbes": [absorbed]})
        merged = await eventually(lambda: appointments(cd, kept), lambda v: v if len(v) == 3 else None)

        alone = await send(cd, kept, "rdv.modifie", rdv(f"{key}-seul", "2026-12-25T10:00:00+01:00"))
        (renamed,) = [name for name in merged if name.startswith("obj_")]
        by_name = await send(cd, kept, "rdv.modifie", rdv(renamed, "2026-12-26T10:00:00+01:00"))
        by_key = await send(cd, kept, "rdv.modifie", rdv(key, "2026-12-27T10:00:00+01:00"))
        again = await send(cd, kept, "rdv.planifie", rdv(f"{key}-seul"))
        after = await appointments(cd, kept)
        seen_by_ft = await appointments(ft, at_ft)

    assert fusion.etat == "accepte"
    assert {answer.etat for answer in (alone, by_name, by_key)} == {"accepte"}
    assert again.code == "deja-traite"
    days = {name: debut[:10] for name, debut in after.items()}
    assert days == {key: "2026-12-27", f"{key}-seul": "2026-12-25", renamed: "2026-12-26"}
    assert sorted(debut[:10] for debut in seen_by_ft.values()) == ["2026-12-25", "2026-12-26", "2026-12-27"]
    assert all(name.startswith("obj_") for name in seen_by_ft)
    assert set(seen_by_ft).isdisjoint(after)
