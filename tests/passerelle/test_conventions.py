"""A convention that ends stops what was to be delivered, and a renewal starts it again: nothing lost, nobody blamed."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from gateway import participations
from gateway.inbound.events.feed import Feed
from gateway.outbound.renewals import Renewals
from gateway.participations import Participation
from gateway.receipts import Chains
from relais_contrats.droits import Role
from tests.passerelle.outgoing import BASE_URL, DECISION, DROITS, FINALITES, KEY, Sortant, until
from tests.passerelle.partner_api import OpenDoor, api, as_partner
from tests.passerelle.receiver import Receiver

pytestmark = pytest.mark.anyio
OVER = date(2020, 12, 31)


async def agree(sortant: Sortant, code: str, ends: Mapping[str, date | None]) -> None:
    """What `./relais partenaire modifier` writes."""
    conventions = [{"finalite": finalite} | ({"date_fin": str(end)} if end else {}) for finalite, end in ends.items()]
    async with sortant.process.pool.acquire() as conn:
        await conn.execute("UPDATE partenaires SET conventions = $2 WHERE code = $1", code, conventions)
        await conn.execute("UPDATE changements_partenaires SET version = version + 1")
    await sortant.annuaire.reload()


async def renewed(sortant: Sortant) -> int:
    renewals = Renewals(sortant.process.pool, sortant.annuaire, lambda: None)
    return await renewals.resume_due(datetime.now(UTC) + timedelta(minutes=1))


async def feed_of(sortant: Sortant, code: str, **query: str) -> tuple[int, dict[str, Any]]:
    feed = Feed(sortant.process.pool, sortant.bodies, KEY, Chains(sortant.cle_recus, BASE_URL))
    async with api(feed.routes(OpenDoor(sortant.annuaire))) as client:
        answer = await client.get("/v1/evenements", params=query, headers=as_partner(code))
    return answer.status_code, answer.json()


def short(event: Mapping[str, Any]) -> str:
    return str(event["type"]).removeprefix("fr.insertion.").removesuffix(".v1")


def types(page: dict[str, Any]) -> list[str]:
    return [short(event) for event in page["evenements"]]


async def told(sortant: Sortant, parcours: UUID) -> None:
    fanout = sortant.fanout()
    signale = sortant.event("usager.signale", parcours, {"brsa": True, "origine": "x"})
    decidee = sortant.event("orientation.decidee", parcours, DECISION, source="/partenaires/ft-hdf")
    for event in (signale, sortant.event("droits.modifies", parcours, DROITS), decidee):
        await sortant.publish(event)
    sortant.distribute(fanout)
    await until(lambda: sortant.field_is("SELECT count(*) >= 1 FROM livraisons WHERE type = 'orientation.decidee'"))


async def test_an_ended_convention_holds_the_queue_without_a_failure_and_a_renewal_sends_it_in_order(
    sortant: Sortant, endpoint: Receiver
) -> None:
    parcours = uuid4()
    await sortant.subscribe("cd-59", endpoint.url)
    await agree(sortant, "cd-59", dict.fromkeys(FINALITES, OVER))
    sortant.push(sortant.sender())
    await told(sortant, parcours)

    await until(lambda: sortant.field_is("SELECT bool_and(etat = 'retenu') FROM envois"))
    health = await sortant.process.pool.fetchrow("SELECT echecs, etat FROM abonnements")
    waiting = await sortant.field("SELECT sum(restants) FROM files")
    received_meanwhile = list(endpoint.events)
    await agree(sortant, "cd-59", dict.fromkeys(FINALITES, None))
    resumed = await renewed(sortant)

    await until(lambda: len(endpoint.events) == resumed)
    assert received_meanwhile == []
    assert health is not None
    assert (health["echecs"], health["etat"], waiting) == (0, "actif", 0)
    rows = [row["type"] for row in await sortant.deliveries("cd-59")]
    assert [short(event) for event in endpoint.events] == rows
    assert len(rows) == 4


async def test_the_feed_is_closed_without_a_convention_and_goes_on_where_it_was_after_the_renewal(
    sortant: Sortant,
) -> None:
    parcours = uuid4()
    await told(sortant, parcours)
    await agree(sortant, "cd-59", dict.fromkeys(FINALITES, OVER))

    closed, problem = await feed_of(sortant, "cd-59")
    await agree(sortant, "cd-59", dict.fromkeys(FINALITES, None))
    _, page = await feed_of(sortant, "cd-59")

    assert (closed, problem["code"]) == (403, "finalite-interdite")
    assert set(types(page)) == {"parcours.partage", "usager.signale", "droits.modifies", "orientation.decidee"}


async def test_a_purpose_that_ended_holds_its_own_facts_only_and_they_come_after_the_renewal(sortant: Sortant) -> None:
    """`orientation.decidee` serves the engagement too; an identity does; a request of orientation does not."""
    parcours = uuid4()
    await told(sortant, parcours)
    demande = sortant.event("orientation.demandee", parcours, {"date_reception": "2026-03-01"})
    await sortant.publish(demande)
    await until(lambda: sortant.field_is("SELECT count(*) > 0 FROM livraisons WHERE type = 'orientation.demandee'"))
    ends = {"orientation": OVER, "accompagnement": OVER, "engagement": None}
    await agree(sortant, "cd-59", ends)

    _, during = await feed_of(sortant, "cd-59")
    await agree(sortant, "cd-59", dict.fromkeys(FINALITES, None))
    resumed = await renewed(sortant)
    _, after = await feed_of(sortant, "cd-59", apres=during["curseur"])

    assert "orientation.demandee" not in types(during)
    assert "orientation.decidee" in types(during)
    assert (resumed, types(after)) == (1, ["orientation.demandee"])


async def test_a_purpose_never_agreed_on_makes_nobody_a_receiver(sortant: Sortant) -> None:
    parcours = uuid4()
    await agree(sortant, "cd-59", {"offre": None})
    await told(sortant, parcours)

    assert await sortant.deliveries("cd-59") == []
    assert len(await sortant.deliveries("ft-hdf")) == 3


async def test_what_is_pushed_is_seen_with_the_scopes_of_its_subscription(sortant: Sortant, endpoint: Receiver) -> None:
    parcours = uuid4()
    await sortant.subscribe("cd-59", endpoint.url, "diagnostic.realise", portees=[])
    await told(sortant, parcours)
    criteres = {"contrainte_sante": "aucune", "niveau_etude": "nv4"}
    await sortant.tell("diagnostic.realise", parcours, {"criteres": criteres}, source="/partenaires/ft-hdf")

    sortant.push(sortant.sender())

    await until(lambda: len(endpoint.events) == 1)
    assert endpoint.events[0]["data"] == {"criteres": {"niveau_etude": "nv4"}}


async def test_what_is_told_late_goes_to_the_territory_where_the_parcours_was(sortant: Sortant) -> None:
    """The door knows of a transfer before the fan-out has told it."""
    parcours = uuid4()
    await told(sortant, parcours)
    async with sortant.process.pool.acquire() as conn:
        takes_part = [Participation(parcours, "caf-59", Role.EMETTEUR)]
        await participations.enter(conn, takes_part, datetime.now(UTC))
    await sortant.process.pool.execute(
        "UPDATE territoires SET departement = '62', sequence = 9 WHERE parcours = $1", parcours
    )

    sanction = {"sanction_id": "s-1", "nature": "n65", "rang": "r1", "type": "susp-rsa"}
    await sortant.tell("sanction.decidee", parcours, sanction, source="/partenaires/cd-59", brique="engagements")
    await until(lambda: sortant.field_is("SELECT count(*) > 0 FROM livraisons WHERE type = 'sanction.decidee'"))

    assert await sortant.types_of("caf-59", parcours) == ["sanction.decidee"]


PUT_AWAY = "INSERT INTO archives (parcours, derniere_a, depuis) VALUES ($1, now() - interval '2 years', now())"


async def test_what_still_waits_to_be_pushed_when_its_parcours_is_put_away_goes_when_it_comes_back(
    sortant: Sortant, endpoint: Receiver
) -> None:
    parcours = uuid4()
    await sortant.subscribe("cd-59", endpoint.url)
    await told(sortant, parcours)
    await sortant.process.pool.execute(PUT_AWAY, parcours)
    sortant.push(sortant.sender())

    await until(lambda: sortant.field_is("SELECT bool_and(etat = 'retenu') FROM envois"))
    waiting, resumed = await sortant.field("SELECT sum(restants) FROM files"), await renewed(sortant)
    received_meanwhile = list(endpoint.events)
    await sortant.process.pool.execute("DELETE FROM archives")
    number = await renewed(sortant)

    await until(lambda: len(endpoint.events) == number)
    assert (received_meanwhile, waiting, resumed) == ([], 0, 0)
    assert number == 4
