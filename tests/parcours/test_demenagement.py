"""Moving between départements on a whole hub: to be confirmed, waiting for a partner, judged where the person is."""

import asyncio
import json
import secrets
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from relais_contrats.client import Answer, Partner
from tests.hub import Hub, free_port
from tests.jour import aujourdhui
from tests.parcours.reorientation import eventually, known
from tests.persons import signalement

pytestmark = [pytest.mark.anyio, pytest.mark.lent]

TODAY = aujourdhui()
_SCOPES = "--scope messages:deposer --scope evenements:lire --scope parcours:lire"
_PURPOSES = "--convention orientation:2030-12-31 --convention accompagnement:2030-12-31"
REQUEST = {"date_reception": TODAY.isoformat(), "motif": "Elle le demande."}


@pytest.fixture(scope="module")
def hub() -> Iterator[Hub]:
    with tempfile.TemporaryDirectory(prefix="relais-demenagement-") as folder:
        started = Hub(Path(folder), free_port())
        started.up()
        declare(started, "cd-62", "departement", "--scope identite:resoudre")
        declare(started, "ml-62", "mission-locale")
        yield started
        started.down()


@pytest.fixture
async def of(hub: Hub) -> AsyncIterator[dict[str, Partner]]:
    async with AsyncExitStack() as stack:
        yield {code: await stack.enter_async_context(hub.known(code)) for code in ("cd-59", "caf-59", "cd-62", "ml-62")}


def declare(hub: Hub, code: str, kind: str, more: str = "") -> None:
    where = code.rpartition("-")[2].upper()
    hub.relais(f"partenaire creer {code} --type {kind} --nom {code} --departement {where} {_SCOPES} {more} {_PURPOSES}")


async def send(partner: Partner, fait: str, data: Mapping[str, Any], where: str, prc: str | None = None) -> Answer:
    answer = await partner.post(partner.message(fait, data, departement=where, finalite="orientation", subject=prc))
    return await partner.settled(answer.id or "") if answer.etat == "en-attente" else answer


async def inhabitant(of: Mapping[str, Partner]) -> tuple[dict[str, Any], str]:
    """Somebody new of 59: what is said of the person, and the name that cd-59 has for it, which takes part already."""
    person = signalement(date_reception_droit=TODAY.isoformat())
    await send(of["caf-59"], "usager.signale", person, "59")
    search = {"identifiants": person["identifiants"], "identite": person["identite"]}
    found = await eventually(
        lambda: of["cd-59"].call("POST", "/v1/usagers/recherche", search), lambda answer: answer.get("parcours")
    )
    await eventually(lambda: known(of["cd-59"], found), bool)
    return person, str(found)


async def feed(partner: Partner, fait: str) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = []
    page = await partner.events()
    while page.evenements:
        found += page.evenements
        page = await partner.events(after=page.curseur)
    return [event for event in found if event["type"].endswith(f".{fait}.v1")]


async def made_known(partner: Partner, before: int = 0) -> list[Mapping[str, Any]]:
    told: list[Mapping[str, Any]] = await eventually(
        lambda: feed(partner, "transfert.signale"), lambda told: told if len(told) > before else None
    )
    return told[before:]


def rdv(key: str, day: date) -> dict[str, Any]:
    return {
        "rdv_id": key,
        "motif": "accompagnement",
        "debut": f"{day.isoformat()}T10:00:00+01:00",
        "duree_min": 30,
        "modalite": "physique",
        "forme": "individuel",
        "statut": "planifie",
    }


def elsewhere(person: Mapping[str, Any]) -> dict[str, Any]:
    """The same person, as somebody of another territory signals it without a right."""
    return {**person, "brsa": False, "origine": "inscription-conseiller-cd"} | {"date_reception_droit": None}


async def test_a_move_to_be_confirmed_is_said_to_who_may_be_told_and_to_nobody_else(of: dict[str, Partner]) -> None:
    person, _ = await inhabitant(of)
    before = len(await feed(of["cd-62"], "transfert.signale"))
    said = {name: value for name, value in elsewhere(person).items() if value is not None}
    local = await send(of["ml-62"], "usager.signale", said, "62")
    own = await send(of["cd-62"], "usager.signale", said, "62")
    for _ in range(2):
        await send(of["cd-62"], "usager.signale", said, "62")
    told = await made_known(of["cd-62"], before + 1)

    by_event = await send(of["cd-62"], "orientation.demandee", REQUEST, "62", told[0]["subject"])
    by_own_name = await send(of["cd-62"], "orientation.demandee", REQUEST, "62", own.parcours)
    mission = await send(of["ml-62"], "orientation.demandee", REQUEST, "62", local.parcours)

    assert (by_event.code, by_own_name.code) == ("transfert-a-confirmer", "transfert-a-confirmer")
    assert mission.code == "non-autorise"
    assert [event["data"]["origine"] for event in told] == ["departement"]
    assert len(await feed(of["cd-62"], "transfert.signale")) == before + 2


async def test_once_it_is_confirmed_the_new_departement_writes(of: dict[str, Partner]) -> None:
    person, prc = await inhabitant(of)
    said = {name: value for name, value in elsewhere(person).items() if value is not None}
    own = await send(of["cd-62"], "usager.signale", said, "62")
    before = await send(of["cd-62"], "orientation.demandee", REQUEST, "62", own.parcours)
    moved = {"departement_nouveau": "62", "date_effet": TODAY.isoformat()}
    assert (await send(of["cd-59"], "parcours.transfere", moved, "59", prc)).etat == "accepte"
    # Another test's person may stand there under the name that cd-62 gave her: this one is followed.
    await eventually(
        lambda: of["cd-62"].get("/v1/parcours", limite=200),
        lambda page: [one for one in page["parcours"] if one["etat"] == "actif"],
    )

    after = await send(of["cd-62"], "orientation.demandee", REQUEST, "62", own.parcours)

    still = await of["cd-59"].get(f"/v1/parcours/{prc}")

    assert before.code == "transfert-a-confirmer"
    assert still["departement"] == "62"
    assert after.code in (None, "deja-traite")


async def test_the_former_departement_closes_what_is_its_own_and_begins_nothing(of: dict[str, Partner]) -> None:
    _, prc = await inhabitant(of)
    planned = rdv("avant", TODAY + timedelta(days=12))
    assert (await send(of["cd-59"], "rdv.planifie", planned, "59", prc)).etat == "accepte"
    moved = {"departement_nouveau": "62", "date_effet": TODAY.isoformat()}
    assert (await send(of["cd-59"], "parcours.transfere", moved, "59", prc)).etat == "accepte"
    await eventually(lambda: of["cd-59"].get(f"/v1/parcours/{prc}"), lambda seen: seen["departement"] == "62")

    begun = await send(of["cd-59"], "rdv.planifie", rdv("apres", TODAY + timedelta(days=13)), "59", prc)
    moved_on = await send(of["cd-59"], "rdv.modifie", planned | {"duree_min": 45}, "59", prc)
    ended = planned | {"statut": "annule", "annule_par": "structure"}
    cancelled = await send(of["cd-59"], "rdv.annule", ended, "62", prc)
    read = await of["cd-59"].get(f"/v1/parcours/{prc}/rdv")

    assert (begun.code, moved_on.code) == ("hors-territoire", "hors-territoire")
    assert str(begun.detail).startswith("/departement : Le parcours ne relève pas, ou plus, de ce département")
    assert (cancelled.etat, cancelled.code, cancelled.detail) == ("accepte", None, None)
    assert [(one["rdv_id"], one["statut"]) for one in read["rendez_vous"]] == [("avant", "annule")]


async def test_what_waits_behind_a_transfer_is_judged_where_the_person_is_then(
    hub: Hub, of: dict[str, Partner]
) -> None:
    _, prc = await inhabitant(of)
    cd = of["cd-59"]
    moved = {"departement_nouveau": "62", "date_effet": TODAY.isoformat()}
    closed = {"date_fin": (TODAY - timedelta(days=1)).isoformat(), "motif": "Emploi durable."}
    with hub.stopped("usagers"):
        sent = [
            await cd.post(cd.message(fait, data, departement="59", subject=prc, finalite="orientation"), wait_s=0)
            for fait, data in (
                ("parcours.transfere", moved),
                ("orientation.demandee", REQUEST),
                ("parcours.clos", closed),
            )
        ]
    answers = [await cd.settled(one.id or "") for one in sent]

    assert [answer.etat for answer in sent] == ["en-attente"] * 3
    assert [(answer.etat, answer.code) for answer in answers] == [
        ("accepte", None),
        ("refuse", "hors-territoire"),
        ("refuse", "hors-territoire"),
    ]


async def test_to_a_territory_without_partner_the_parcours_waits_and_enters_once_there_is_one(
    hub: Hub, of: dict[str, Partner]
) -> None:
    _, prc = await inhabitant(of)
    cd, where = of["cd-59"], secrets.choice(("02", "08", "60", "80"))
    moved = {"departement_nouveau": where, "date_effet": TODAY.isoformat()}
    assert (await send(cd, "parcours.transfere", moved, "59", prc)).etat == "accepte"
    waiting = "/v1/parcours?etat=transfert-en-attente&departement=59"

    [listed] = await eventually(lambda: cd.get(waiting), lambda page: page["parcours"])
    told = json.loads((await asyncio.to_thread(hub.relais, "departement attentes --json")).stdout)
    still = await send(cd, "orientation.demandee", REQUEST, "59", prc)
    declare(hub, f"cd-{where}", "departement")
    async with hub.known(f"cd-{where}") as other:
        arrived = await eventually(lambda: feed(other, "parcours.transfere"), lambda events: events)
        await eventually(lambda: cd.get(waiting), lambda page: not page["parcours"])

    assert (listed["parcours"], listed["departement_nouveau"]) == (prc, where)
    assert [(row["de"], row["vers"], row["personnes"]) for row in told] == [("59", where, 1)]
    assert still.code in (None, "deja-traite")
    assert arrived[0]["data"] == {"departement_nouveau": where, "date_effet": TODAY.isoformat()}
