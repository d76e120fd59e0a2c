"""What the door answers about a parcours, at the door alone: no service decides on what is refused here."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest

from gateway import moves, objets, participations
from gateway.objets import Objet
from gateway.participations import Lieu, Participation
from gateway.pseudonyms import PREFIX
from relais_contrats.client import Partner
from relais_contrats.droits import Role
from relais_contrats.exemples import exemple_valide
from tests.passerelle.entrance import Entrance
from tests.passerelle.outgoing import in_a_day

pytestmark = pytest.mark.anyio
PARCOURS = UUID(int=2 << 64 | 1)
MADE_UP = "obj_" + "a" * 26
RESOUDRE = "identite:resoudre"


async def placed(entree: Entrance, departement: str, **roles: Role) -> None:
    """The parcours is in that territory; partners, by code with `_` for `-`, take part in it."""
    held = [Participation(PARCOURS, code.replace("_", "-"), role) for code, role in roles.items()]
    async with entree.process.pool.acquire() as conn:
        await participations.enter(conn, held, in_a_day())
        await participations.place(conn, [Lieu(PARCOURS, departement, 1)])


async def said(
    entree: Entrance, partner: Partner, fait: str, data: Mapping[str, Any] | None = None, **attributes: Any
) -> tuple[int, str | None, str | None]:
    """Status, code and pointer of the answer to a deposit about the parcours; 202 when nothing refuses it."""
    example = exemple_valide(fait)
    message = partner.message(
        fait,
        {**example["data"], **(data or {})},
        departement="59",
        subject=entree.pseudonyms.of(partner.code, PARCOURS),
        finalite=example["finalite"],
    )
    headers = {"Content-Type": "application/cloudevents+json", "Prefer": "respond-async"}
    answer = await partner._send(
        "POST", "/v1/messages", content=json.dumps(message | attributes).encode(), headers=headers
    )
    told = answer.json()
    return answer.status_code, told.get("code"), told["erreurs"][0]["pointeur"] if "erreurs" in told else None


async def test_who_only_signalled_is_told_no_version(entree: Entrance) -> None:
    """Whatever number it gives, right or wrong, the answer is one."""
    await placed(entree, "59", caf_59=Role.SIGNALANT)
    caf = await entree.partner("caf-59")

    answers = [await said(entree, caf, "droits.modifies", versionattendue=number) for number in (0, 1, 10**9)]
    without = await said(entree, caf, "droits.modifies")

    assert set(answers) == {(409, "version-perimee", "/versionattendue")}
    assert without[0] == 202


async def test_an_object_of_somebody_else_is_changed_by_no_other_participant(entree: Entrance) -> None:
    await placed(entree, "59", ml_lille=Role.ACCOMPAGNANT, cd_59=Role.TERRITOIRE)
    rdv = Objet("ft-hauts-de-france", "1042", PARCOURS)
    async with entree.process.pool.acquire() as conn:
        await objets.noter(conn, [("rdv", rdv.interne)])
    lille, departement = await entree.partner("ml-lille"), await entree.partner("cd-59")

    foreign, competent = [
        await said(entree, one, "rdv.modifie", {"rdv_id": entree.pseudonyms.object_of(one.code, rdv.id)})
        for one in (lille, departement)
    ]
    own = await said(entree, lille, "rdv.modifie", {"rdv_id": "1042"})

    assert foreign == (403, "non-autorise", "/data")
    assert (competent[0], own[0]) == (202, 202)


@pytest.mark.parametrize(
    ("fait", "champ", "pointeur"),
    [
        ("rdv.planifie", "rdv_id", "/data/rdv_id"),
        ("action.ajoutee", "action_id", "/data/action_id"),
        ("contrat.propose", "contrat_id", "/data"),
    ],
)
async def test_a_name_of_the_hub_is_given_to_no_new_object(
    entree: Entrance, fait: str, champ: str, pointeur: str
) -> None:
    await placed(entree, "59", cd_59=Role.REFERENT)
    departement = await entree.partner("cd-59")

    answer = await said(entree, departement, fait, {champ: MADE_UP})

    assert answer == (422, "identifiant-invalide", pointeur)


async def test_an_envelope_of_another_territory_than_the_parcours_is_refused(entree: Entrance) -> None:
    await placed(entree, "62", ml_lille=Role.REFERENT)
    lille = await entree.partner("ml-lille")

    answer = await said(entree, lille, "rdv.planifie")

    assert answer == (403, "hors-territoire", "/departement")


async def test_a_parcours_that_may_be_coming_is_told_to_who_may_recognise_its_person(entree: Entrance) -> None:
    await placed(entree, "62")
    async with entree.process.pool.acquire() as conn:
        await moves.note(conn, [(PARCOURS, "59")])
    knows, does_not = await entree.partner("cd-59"), await entree.partner("cd-59", "messages:deposer")
    lille = await entree.partner("ml-lille")

    answers = [await said(entree, one, "usager.corrige") for one in (knows, does_not)]
    elsewhere = await said(entree, lille, "usager.corrige")

    assert answers[0] == (409, "transfert-a-confirmer", "/subject")
    assert answers[1] == elsewhere == (404, "parcours-inconnu", "/subject")


async def test_a_parcours_that_has_come_waits_for_no_confirmation(entree: Entrance) -> None:
    await placed(entree, "59")
    async with entree.process.pool.acquire() as conn:
        await moves.note(conn, [(PARCOURS, "59")])
    departement = await entree.partner("cd-59")

    assert await said(entree, departement, "usager.corrige") == (404, "parcours-inconnu", "/subject")


async def test_a_name_of_another_partner_names_nothing_here(entree: Entrance) -> None:
    await placed(entree, "59", cd_59=Role.TERRITOIRE, caf_59=Role.EMETTEUR)
    departement = await entree.partner("cd-59")
    of_the_caf = entree.pseudonyms.of("caf-59", PARCOURS)

    answer = await said(entree, departement, "usager.corrige", subject=of_the_caf)

    assert of_the_caf.startswith(PREFIX)
    assert answer == (404, "parcours-inconnu", "/subject")
    assert (await said(entree, departement, "usager.corrige"))[0] == 202
