"""The queue of i-milo, emptied: what is told, what is refused by name, and when an event is acknowledged."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.archive import erase
from connectors.hub import HubUnreachable
from connectors.i_milo import SYSTEM, api
from connectors.i_milo.api import Imilo
from connectors.i_milo.codes import SEANCE as SEANCES
from connectors.i_milo.configuration import EXEMPLE
from connectors.i_milo.poller import poll, try_out
from connectors.systems import Context
from relais_contrats.codes.suivi import AnnulePar, StatutRdv
from tests.connectors.fakes import FakeHub, context, pseudonym
from tests.connectors.i_milo.queue import KEY, RDV, Queue
from tests.connectors.serving import served

pytestmark = pytest.mark.anyio
ZOE = pseudonym("12345678901")


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, Queue]]:
    one = Queue()
    with served(one.app()) as url:
        yield url, one


@pytest.fixture
def queue(server: tuple[str, Queue], monkeypatch: pytest.MonkeyPatch) -> Queue:
    monkeypatch.setattr(api, "INTERVAL_S", 0.0)
    _, one = server
    one.__init__()  # type: ignore[misc]  # the same server, as if it were new
    return one


@pytest.fixture
def hub() -> FakeHub:
    found = FakeHub()
    found.found = {"12345678901": ZOE}
    return found


def settings(url: str) -> dict[str, Any]:
    return {"departement": "59", "base": url, "cle": KEY}


REPORTING = {"signalement": {"brsa": False, "origine": "inscription-auto-milo"}}


@pytest.fixture
def place(server: tuple[str, Queue], queue: Queue, hub: FakeHub, tmp_path: Path) -> Context:
    return context(SYSTEM, settings(server[0]), tmp_path, hub, ("identite:resoudre",))


async def emptied(place: Context) -> int:
    async with Imilo(place.configuration) as imilo:
        return await poll(place, imilo)


def told(hub: FakeHub) -> list[tuple[str, str]]:
    return [(one["type"][13:-3], one["data"].get("statut", "")) for one in hub.taken.values()]


async def lines(place: Context) -> list[tuple[str, str, str | None]]:
    return [(one.nature, one.etat, one.motif) for one in reversed(await place.journal.last())]


async def test_an_appointment_is_told_whole_then_acknowledged(place: Context, hub: FakeHub, queue: Queue) -> None:
    queue.rdv()
    queue.tell("RDV", "CREATE")

    assert await emptied(place) == 1

    [message] = hub.of("rdv.planifie")
    assert message["data"] == {
        "rdv_id": "imilo-5678",
        "motif": "accompagnement",
        "debut": "2026-12-14T09:00:00+01:00",
        "duree_min": 45,
        "modalite": "physique",
        "forme": "individuel",
        "lieu": RDV["lieu"],
        "statut": "planifie",
    }
    assert (message["subject"], message["departement"]) == (ZOE, "59")
    assert message["time"].startswith("2026-11-30T08:01:00+01:00")  # of the event: the same again is the same message
    assert queue.acknowledged == ["e1"]
    [line] = await place.journal.last()
    assert (line.nature, line.reference, dict(line.compte)) == ("i-milo.RDV", "e1", {"accepte": 1})


async def test_a_recorded_story_of_one_appointment(place: Context, hub: FakeHub, queue: Queue) -> None:
    for fields in ({}, {"dateHeureDebut": "2026-12-14 08:30:00"}, {"statut": "Reporté"}, {"statut": "Présent"}):
        queue.rdv(**fields)
        queue.tell("RDV", "UPDATE")
        await emptied(place)

    assert told(hub) == [
        ("rdv.planifie", "planifie"),
        ("rdv.modifie", "planifie"),
        ("rdv.modifie", "planifie"),
        ("rdv.constate", "honore"),
    ]


@pytest.mark.parametrize(
    ("statut", "said"),
    [
        ("Planifié", ["rdv.planifie"]),
        ("Reporté", ["rdv.planifie"]),
        ("Non précisé", ["rdv.planifie"]),
        ("Présent", ["rdv.planifie", "rdv.constate"]),
        ("Absent", ["rdv.planifie", "rdv.constate"]),
        ("Annulé", ["rdv.planifie", "rdv.annule"]),
    ],
)
async def test_every_status_of_an_appointment_is_known(
    place: Context, hub: FakeHub, queue: Queue, statut: str, said: list[str]
) -> None:
    queue.rdv(statut=statut)
    queue.tell("RDV", "CREATE")

    await emptied(place)

    assert [fait for fait, _ in told(hub)] == said


async def test_a_place_at_a_session_is_a_collective_appointment(place: Context, hub: FakeHub, queue: Queue) -> None:
    queue.seance()
    queue.tell("SESSION", "CREATE", 77)
    await emptied(place)
    queue.seance(statut="Refus jeune")
    queue.tell("SESSION", "UPDATE", 77)
    await emptied(place)

    planned, cancelled = (one["data"] for one in hub.taken.values())
    assert (planned["rdv_id"], planned["forme"]) == ("imilo-seance-77", "collectif")
    assert (cancelled["statut"], cancelled["annule_par"]) == ("annule", "usager")


def test_the_statuses_of_a_session_are_a_bijection_on_ours() -> None:
    assert {SEANCES.de_nous(SEANCES.vers_nous(theirs)) for theirs in SEANCES.paires} == set(SEANCES.paires)
    cancelled = {f"annule:{by.value}" for by in AnnulePar}
    assert set(SEANCES.paires.values()) <= {one.value for one in StatutRdv} | cancelled


@pytest.mark.parametrize("is_told", [True, False], ids=["by its event", "by its absence"])
async def test_what_is_deleted_there_is_cancelled_here(
    place: Context, hub: FakeHub, queue: Queue, is_told: bool
) -> None:
    queue.rdv()
    queue.tell("RDV", "CREATE")
    await emptied(place)
    queue.things.pop("/operateurs/dossiers/1234/rdv/5678")
    queue.tell("RDV", "DELETE" if is_told else "UPDATE")
    await emptied(place)

    assert told(hub) == [("rdv.planifie", "planifie"), ("rdv.annule", "annule")]
    assert queue.waiting == []


async def test_what_was_deleted_before_it_was_told_is_nothing(place: Context, hub: FakeHub, queue: Queue) -> None:
    queue.tell("RDV", "CREATE")

    assert await emptied(place) == 1
    assert hub.taken == {}


async def test_an_unknown_person_is_reported_where_the_mandate_says_so(
    server: tuple[str, Queue], queue: Queue, tmp_path: Path
) -> None:
    hub = FakeHub()
    place = context(SYSTEM, settings(server[0]) | REPORTING, tmp_path, hub, ("identite:resoudre",))
    queue.rdv()
    queue.tell("DOSSIER", "CREATE", None)
    queue.tell("RDV", "CREATE")

    await emptied(place)

    [signale] = hub.of("usager.signale")
    assert signale["data"]["identite"] == {
        "nom_naissance": "FICTIVE",
        "nom_usage": "EXEMPLE",
        "prenoms": "Zoé",
        "date_naissance": "2006-02-01",
    }
    assert [one["type"] for one in signale["data"]["identifiants"]] == ["numero-france-travail", "imilo"]
    assert [fait for fait, _ in told(hub)] == ["usager.signale", "rdv.planifie"]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"statut": "Inconnu"}, "statut : code inconnu"),
        ({"dateHeureFin": "2026-12-14 09:00:00"}, "dateHeureFin : la durée n'est pas celle d'un rendez-vous"),
        ({"dateHeureDebut": "demain"}, "rdv : dateHeureDebut absent, ou d'une forme inattendue"),
    ],
)
async def test_what_cannot_be_told_is_refused_by_name_kept_and_out_of_the_way(
    place: Context, hub: FakeHub, queue: Queue, change: dict[str, Any], why: str
) -> None:
    queue.rdv(**change)
    queue.tell("RDV", "CREATE")
    queue.seance()
    queue.tell("SESSION", "CREATE", 77)

    assert await emptied(place) == 2

    assert await lines(place) == [
        ("i-milo.RDV", "refuse", f"Événement refusé : {why}."),
        ("i-milo.SESSION", "fait", None),
    ]
    assert queue.waiting == []


async def test_a_person_unknown_to_the_hub_and_a_refusal_of_the_hub_are_named(
    server: tuple[str, Queue], queue: Queue, tmp_path: Path
) -> None:
    hub = FakeHub(lambda message: "non-autorise" if message["type"].endswith("rdv.planifie.v1") else None)
    place = context(SYSTEM, settings(server[0]), tmp_path, hub, ("identite:resoudre",))
    queue.rdv()
    queue.tell("RDV", "CREATE")
    await emptied(place)
    hub.found = {"12345678901": ZOE}
    queue.tell("RDV", "UPDATE")
    await emptied(place)

    assert [motif for _, _, motif in await lines(place)] == [
        "Événement refusé : personne inconnue du relais.",
        "Événement refusé : rdv.planifie : non-autorise : motif.",
    ]


@pytest.mark.parametrize(
    ("event", "acknowledged"),
    [({"identifiant": "e9", "type": 3}, ["e9", "e2"]), ({"type": "RDV"}, ["e2"])],
    ids=["its id is", "nothing is"],
)
async def test_an_event_that_cannot_be_read_does_not_stop_those_behind_it(
    place: Context, hub: FakeHub, queue: Queue, event: dict[str, Any], acknowledged: list[str]
) -> None:
    queue.waiting.append(event)
    queue.rdv()
    queue.tell("RDV", "CREATE")

    await emptied(place)

    assert [fait for fait, _ in told(hub)] == ["rdv.planifie"]
    assert queue.acknowledged == acknowledged


@pytest.mark.parametrize("status", [401, 429, 503])
async def test_nothing_is_acknowledged_before_it_is_decided(
    place: Context, hub: FakeHub, queue: Queue, status: int
) -> None:
    queue.rdv()
    queue.tell("RDV", "CREATE")
    hub.failures = [HubUnreachable("…")]
    await emptied(place)
    before = list(queue.acknowledged)
    queue.failures = [status]
    await emptied(place)
    await emptied(place)

    assert (before, queue.acknowledged) == ([], ["e1"])
    assert [fait for fait, _ in told(hub)] == ["rdv.planifie"]


async def test_a_crash_before_the_acknowledgement_tells_nothing_twice(
    place: Context, hub: FakeHub, queue: Queue
) -> None:
    queue.rdv()
    queue.tell("RDV", "CREATE")
    again = list(queue.waiting)
    await emptied(place)
    queue.waiting = again
    await emptied(place)

    assert len(hub.taken) == 1
    assert queue.acknowledged == ["e1", "e1"]


async def test_a_dry_run_counts_and_acknowledges_nothing(place: Context, hub: FakeHub, queue: Queue) -> None:
    queue.tell("RDV", "CREATE")
    queue.tell("AUTRE", "CREATE")

    assert [line async for line in try_out(place, None)][-1] == "2 événement(s) en attente, 1 RDV, 1 autre"
    assert (queue.acknowledged, hub.taken) == ([], {})


async def test_nothing_of_the_person_is_in_the_state_or_the_journal(place: Context, hub: FakeHub, queue: Queue) -> None:
    queue.rdv()
    queue.tell("RDV", "CREATE")
    await emptied(place)

    kept = b"".join(path.read_bytes() for path in place.folder.rglob("*") if path.is_file())
    secrets = ("12345678901", "FICTIVE", "EXEMPLE", "Zoé", "2006-02-01", "place Exemple", "Point d'étape", KEY)
    assert [one for one in secrets if one.encode() in kept] == []


def test_the_example_is_a_configuration() -> None:
    SYSTEM.configure(tomllib.loads(EXEMPLE))


async def test_what_an_event_left_of_an_erased_person_goes(place: Context, hub: FakeHub, queue: Queue) -> None:
    queue.rdv()
    queue.tell("RDV", "CREATE")
    await emptied(place)
    before = len(list((place.folder / "archives").iterdir()))

    await erase(place, ZOE)

    assert (before, list((place.folder / "archives").iterdir())) == (1, [])
