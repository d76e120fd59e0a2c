"""The queue as i-milo answers it, from the events of the hub: given until it is acknowledged, to whom holds the key."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from connectors.hub import HubUnreachable, QuotaReached, RequestRefused
from connectors.i_milo import SYSTEM, api
from connectors.i_milo.api import Imilo
from connectors.i_milo.poller import poll
from connectors.i_milo.writing import number_of
from connectors.mandates import token_digest
from connectors.systems import Context
from relais_contrats.identifiants import ressemble_a_un_nir
from tests.connectors.fakes import FakeHub, context, pseudonym
from tests.connectors.i_milo.queue import KEY
from tests.connectors.serving import served

pytestmark = pytest.mark.anyio
ZOE = pseudonym("zoe")
RDV = {
    "rdv_id": "obj_1",
    "motif": "accompagnement",
    "debut": "2026-12-14T08:00:00Z",
    "duree_min": 45,
    "modalite": "telephone",
    "forme": "individuel",
    "statut": "planifie",
    "agent": "MODELE Dominique AG-1",
}
FICHE = {
    "parcours": ZOE,
    "etat": "actif",
    "identite": {"nom_naissance": "FICTIVE", "prenoms": "Zoé", "date_naissance": "2006-02-01"},
    "identifiants": [{"type": "numero-france-travail", "valeur": "12345678901"}],
}


class Hub(FakeHub):
    """What the mission locale receives and may read. `page`: events in an answer."""

    source = "/partenaires/ml-lille"
    page = 2

    def __init__(self) -> None:
        super().__init__()
        self.events: list[dict[str, Any]] = []
        rendez_vous = {"parcours": ZOE, "departement": "59", "rendez_vous": [RDV]}
        self.views: dict[str, Any] = {ZOE: FICHE, f"{ZOE}/rdv": rendez_vous}
        self.epoch = 0

    def tell(self, fait: str, **data: Any) -> str:
        id_ = f"evt-{len(self.events) + 1}"
        time = f"2026-11-30T09:{len(self.events):02d}:00Z"
        envelope = {"id": id_, "type": f"fr.insertion.{fait}.v1", "subject": ZOE, "time": time}
        self.events.append(envelope | {"data": data or RDV})
        return id_

    async def get(self, path: str, **asked: Any) -> Any:
        if self.failures:
            raise self.failures.pop(0)
        if path == "/v1/evenements":
            epoch, start = (int(one) for one in asked.get("apres", f"{self.epoch} 0").split())
            if epoch != self.epoch:
                raise RequestRefused(409, {})
            found = self.events[start : start + self.page]
            return {"evenements": found, "curseur": f"{self.epoch} {start + len(found)}"}
        view = self.views.get(path.removeprefix("/v1/parcours/"))
        if view is None:
            raise RequestRefused(404, {})
        return view


class Place:
    def __init__(self, folder: Path, hub: Hub) -> None:
        self.hub = hub
        made = context(SYSTEM, {"departement": "59"}, folder, hub)
        self.context: Context = replace(made, mandate=replace(made.mandate, jeton=token_digest(KEY)))
        assert SYSTEM.facade is not None
        self.app = SYSTEM.facade(self.context)
        transport, headers = httpx.ASGITransport(self.app), {"X-Gravitee-Api-Key": KEY}
        self.http = httpx.AsyncClient(transport=transport, base_url="http://c/operateurs", headers=headers)

    async def events(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self.http.get("/events")).json()
        return found

    async def ack(self, id_: str) -> int:
        return (await self.http.post(f"/events/{id_}/ack", json={})).status_code


@pytest.fixture
def hub() -> Hub:
    return Hub()


@pytest.fixture
async def place(tmp_path: Path, hub: Hub) -> AsyncIterator[Place]:
    one = Place(tmp_path, hub)
    async with one.http:
        yield one


async def test_an_event_its_person_and_its_appointment_are_read_as_at_i_milo(place: Place, hub: Hub) -> None:
    hub.tell("rdv.planifie")

    [event] = await place.events()
    dossier = (await place.http.get(f"/dossiers/{event['idDossier']}")).json()
    rdv = (await place.http.get(f"/dossiers/{event['idDossier']}/rdv/{event['idType']}")).json()

    assert (event["identifiant"], event["type"], event["action"]) == ("evt-1", "RDV", "CREATE")
    assert dossier == {
        "idDossier": event["idDossier"],
        "numeroDE": "12345678901",
        "nomNaissance": "FICTIVE",
        "nomUsage": None,
        "prenom": "Zoé",
        "dateNaissance": "2006-02-01",
    }
    assert rdv == {
        "id": event["idType"],
        "idDossier": event["idDossier"],
        "dateHeureDebut": "2026-12-14 09:00:00",
        "dateHeureFin": "2026-12-14 09:45:00",
        "objet": "accompagnement",
        "conseiller": "MODELE Dominique AG-1",
        "commentaire": None,
        "type": "Téléphone",
        "lieu": None,
        "statut": "Planifié",
    }
    assert [line.nature for line in reversed(await place.context.journal.last())] == [
        "i-milo.events",
        "i-milo.dossier",
        "i-milo.rdv",
    ]


async def test_an_event_is_given_until_it_is_acknowledged_in_any_order(place: Place, hub: Hub) -> None:
    for fait in ("rdv.planifie", "rdv.modifie", "rdv.annule"):
        hub.tell(fait)

    first = [one["identifiant"] for one in await place.events()]
    again = [one["identifiant"] for one in await place.events()]
    await place.ack("evt-2")
    second = [one["identifiant"] for one in await place.events()]
    await place.ack("evt-1")
    third = [one["identifiant"] for one in await place.events()]
    twice = [await place.ack("evt-3"), await place.ack("evt-3")]

    assert (first, again) == (["evt-1", "evt-2"],) * 2
    assert (second, third) == (["evt-1"], ["evt-3"])
    assert (twice, await place.events()) == ([204, 204], [])


async def test_an_event_that_was_not_given_is_not_acknowledged(place: Place, hub: Hub) -> None:
    for _ in range(3):
        hub.tell("rdv.modifie")

    assert [await place.ack("evt-3"), await place.ack("ailleurs")] == [404, 404]


@pytest.mark.parametrize("key", ["", "une autre"])
async def test_without_the_key_nothing_is_answered(place: Place, hub: Hub, key: str) -> None:
    hub.tell("rdv.planifie")

    answers = [
        await place.http.get("/events", headers={"X-Gravitee-Api-Key": key}),
        await place.http.post("/events/evt-1/ack", headers={"X-Gravitee-Api-Key": key}),
    ]

    assert [(one.status_code, one.json()["message"]) for one in answers] == [(401, "Unauthorized")] * 2
    assert len(await place.events()) == 1


async def test_what_the_partner_may_not_see_any_more_is_not_seen_here(place: Place, hub: Hub) -> None:
    hub.tell("parcours.partage", motif="…", role="…")
    [event] = await place.events()
    hub.views.clear()

    read = await place.http.get(f"/dossiers/{event['idDossier']}")
    unknown = await place.http.get("/dossiers/1")

    assert (event["type"], event["action"], event["idType"]) == ("DOSSIER", "CREATE", None)
    assert (read.status_code, unknown.status_code) == (404, 404)


@pytest.mark.parametrize(("failure", "told"), [(HubUnreachable("…"), (503, "10")), (QuotaReached(7), (429, "7"))])
async def test_a_hub_that_does_not_answer_is_told_in_its_words(
    place: Place, hub: Hub, failure: Exception, told: tuple[int, str]
) -> None:
    hub.failures = [failure]

    answer = await place.http.get("/events")

    assert (answer.status_code, answer.headers["Retry-After"]) == told


async def test_two_persons_never_share_a_number(place: Place, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.i_milo.writing.number_of", lambda _: 7)
    hub.tell("usager.corrige", nom="x")
    hub.tell("usager.corrige", nom="x")
    hub.events[1]["subject"] = pseudonym("ada")

    first, again = await place.events(), await place.events()

    assert sorted(one["idDossier"] for one in first) == [7, 8]
    assert first == again


@pytest.mark.parametrize("seed", range(50))
def test_no_number_resembles_a_nir(seed: int) -> None:
    assert 0 < number_of(str(seed)) < 10**12
    assert not ressemble_a_un_nir(f"imilo-{number_of(str(seed))}")


async def test_after_a_restore_what_was_acknowledged_is_not_told_again(place: Place, hub: Hub) -> None:
    for _ in range(2):
        await place.ack(hub.tell("rdv.modifie"))
    await place.events()
    hub.epoch = 1
    hub.tell("rdv.annule")

    assert [one["identifiant"] for one in await place.events()] == ["evt-3"]


async def test_our_own_queue_is_read_as_that_of_i_milo(
    place: Place, hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "INTERVAL_S", 0.0)
    hub.tell("rdv.planifie")
    there = FakeHub()
    there.found = {"12345678901": ZOE}
    with served(place.app) as url:
        settings = {"departement": "59", "base": url, "cle": KEY}
        reader = context(SYSTEM, settings, tmp_path / "lecteur", there, ("identite:resoudre",))
        async with Imilo(reader.configuration) as imilo:
            assert await poll(reader, imilo) == 1

    assert [(one.etat, one.motif) for one in await reader.journal.last()] == [("fait", None)]
    [message] = there.of("rdv.planifie")
    kept = ("motif", "duree_min", "modalite", "forme", "statut")
    assert {name: message["data"][name] for name in kept} == {name: RDV[name] for name in kept}
    assert message["data"]["debut"] == "2026-12-14T09:00:00+01:00"
    assert await place.events() == []
