"""What waited behind older deposits of its parcours is judged once more: one of them may have moved the person away."""

import asyncio
import json
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest

from chassis.facts import Entree
from gateway import participations
from gateway.inbound.deposit import turns
from gateway.participations import Lieu, Participation
from gateway.quiescence import BRIQUES
from relais_contrats.client import Partner
from relais_contrats.droits import Role
from relais_contrats.exemples import exemple_valide
from tests.engines import Bench
from tests.passerelle.entrance import Entrance
from tests.passerelle.outgoing import Sortant

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
PARCOURS, ABSORBE = UUID(int=2 << 64 | 1), UUID(int=1 << 64 | 1)


def waited(type_: str, emetteur: str, parcours: UUID = PARCOURS) -> Entree:
    """A deposit of 59 whose turn has come."""
    return Entree(uuid4(), "depot", type_, parcours, f"/partenaires/{emetteur}", "", "59", {}, NOW, NOW)


async def refused(sortant: Sortant, entree: Entree, *roles: Role, departement: str = "62") -> Any:
    """The refusal of one whose parcours is there by now, and whose emitter has these roles; None when it goes on."""
    emetteur = entree.emetteur.rpartition("/")[2]
    async with sortant.process.pool.acquire() as conn:
        await participations.place(conn, [Lieu(PARCOURS, departement, 2)])
        await participations.enter(conn, [Participation(PARCOURS, emetteur, role) for role in roles], NOW)
        found = await turns.refusals(conn, sortant.annuaire, [entree])
    return found[entree.id]["refus"]["code"] if found else None


async def test_what_is_still_where_its_envelope_says_goes_on(sortant: Sortant) -> None:
    assert await refused(sortant, waited("orientation.decidee", "cd-59"), departement="59") is None


async def test_whoever_has_no_part_in_it_any_more_says_nothing(sortant: Sortant) -> None:
    assert await refused(sortant, waited("orientation.decidee", "cd-59")) == "hors-territoire"


async def test_the_former_territory_closes_what_is_its_own_and_decides_nothing(sortant: Sortant) -> None:
    assert await refused(sortant, waited("contrat.clos", "cd-59"), Role.TERRITOIRE) is None
    assert await refused(sortant, waited("orientation.decidee", "cd-59"), Role.TERRITOIRE) == "hors-territoire"


async def test_a_payer_tells_of_the_right_wherever_the_person_is(sortant: Sortant) -> None:
    assert await refused(sortant, waited("droits.modifies", "caf-59")) is None


async def test_a_prescriber_that_takes_part_takes_its_prescription_back(sortant: Sortant) -> None:
    annulee = waited("prescription.annulee", "ml-lille")

    assert await refused(sortant, annulee) == "hors-territoire"
    assert await refused(sortant, annulee, Role.ACCOMPAGNANT) is None


async def test_an_absorbed_parcours_is_where_its_survivor_is(sortant: Sortant) -> None:
    async with sortant.process.pool.acquire() as conn:
        await participations.absorb(conn, [(PARCOURS, [ABSORBE])])

    assert await refused(sortant, waited("orientation.decidee", "cd-59", ABSORBE)) == "hors-territoire"


async def deposited(entree: Entrance, partner: Partner) -> str:
    """The id of one more notification, journalled."""
    message = partner.message(
        "orientation.notifiee",
        dict(exemple_valide("orientation.notifiee")["data"]),
        departement="59",
        subject=entree.pseudonyms.of(partner.code, PARCOURS),
    )
    headers = {"Content-Type": "application/cloudevents+json", "Prefer": "respond-async"}
    answer = await partner._send("POST", "/v1/messages", content=json.dumps(message).encode(), headers=headers)
    assert answer.status_code == 202, answer.text
    return str(message["id"])


async def refusal(partner: Partner, message: str) -> str:
    """The code, once it is settled."""
    async with asyncio.timeout(20):
        while (found := await partner.get(f"/v1/messages/{message}"))["etat"] == "en-attente":
            await asyncio.sleep(0.2)
    return str(found["probleme"]["code"])


async def test_the_door_asks_the_service_nothing_of_what_its_turn_refuses(entree: Entrance, banc: Bench) -> None:
    """The first was let in on its own and is decided; the second waited behind it while the person moved away."""
    asked: list[str] = []
    partner = await entree.partner("cd-59")
    async with entree.process.pool.acquire() as conn:
        await participations.enter(conn, [Participation(PARCOURS, "cd-59", Role.TERRITOIRE)], NOW)
        await participations.place(conn, [Lieu(PARCOURS, "59", 1)])
    first, second = [await deposited(entree, partner) for _ in range(2)]
    async with entree.process.pool.acquire() as conn:
        await participations.place(conn, [Lieu(PARCOURS, "62", 2)])

    async def refuse(body: bytes) -> bytes:
        entrees = orjson.loads(body)
        asked.extend(entree["message"] for entree in entrees)
        refus = {"code": "etat-interdit", "pointeur": "/subject", "details": {}}
        return orjson.dumps([{"id": entree["id"], "etat": "refuse", "refus": refus, "faits": []} for entree in entrees])

    service = await banc.process("orientation", "orientation")
    await service.bus.respond("depot.orientation", "orientation", refuse)

    assert [await refusal(partner, one) for one in (first, second)] == ["etat-interdit", "hors-territoire"]
    assert set(asked) == {first}


async def test_a_service_refuses_for_what_it_lacks_once_it_has_heard_all_and_not_before(
    entree: Entrance, banc: Bench
) -> None:
    """`orientation` is behind: `referents` said something of an absorbed parcours that it has not heard."""
    asked, behind = list[bool](), {ABSORBE}
    partner = await entree.partner("cd-59")
    async with entree.process.pool.acquire() as conn:
        await participations.enter(conn, [Participation(PARCOURS, "cd-59", Role.TERRITOIRE)], NOW)
        await participations.place(conn, [Lieu(PARCOURS, "59", 1)])
        await participations.absorb(conn, [(PARCOURS, [ABSORBE])])

    async def refuse_at_rest(body: bytes) -> bytes:
        refus = {"code": "etat-interdit", "pointeur": "/subject", "details": {}}
        entrees = orjson.loads(body)
        asked.extend(bool(entree.get("au_repos")) for entree in entrees)
        etats = ["refuse" if entree.get("au_repos") else "attente" for entree in entrees]
        pairs = zip(entrees, etats, strict=True)
        return orjson.dumps([{"id": entree["id"], "etat": etat, "refus": refus} for entree, etat in pairs])

    async def progress(brique: str, body: bytes) -> bytes:
        dit = {"referents": 1}.get(brique, 0)
        parcours = [UUID(one) for one in orjson.loads(body)["parcours"]]
        heard = {one: {"referents": int(one not in behind)} if brique == "orientation" else {} for one in parcours}
        return orjson.dumps({str(one): {"dit": dit, "place": 7, "entendu": heard[one], "lu": 6} for one in parcours})

    service = await banc.process("orientation", "orientation")
    await service.bus.respond("depot.orientation", "orientation", refuse_at_rest)
    for brique in BRIQUES:
        await banc.bus.respond(f"lecture.{brique}.avancement", brique, partial(progress, brique))
    message = await deposited(entree, partner)

    async with asyncio.timeout(20):
        while len(asked) < 3:
            await asyncio.sleep(0.05)
    early = set(asked)
    behind.clear()

    assert await refusal(partner, message) == "etat-interdit"
    assert (early, asked[-1]) == ({False}, True)
