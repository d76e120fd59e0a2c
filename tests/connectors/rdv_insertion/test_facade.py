"""Webhooks of rdv-insertion, signed, late, twice, wrong: what the hub is told, and what rdv-insertion is answered."""

from __future__ import annotations

import json
import tomllib
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from connectors.archive import archived, erase
from connectors.hub import HubUnreachable, QuotaReached
from connectors.rdv_insertion import SYSTEM
from connectors.rdv_insertion.codes import USAGERS
from connectors.rdv_insertion.configuration import EXEMPLE
from connectors.rdv_insertion.facade import LARGEST_BYTES
from connectors.rdv_insertion.taking import LEASE
from connectors.systems import ConfigurationRefused, Context
from tests.connectors.fakes import NOW, FakeHub, context, pseudonym
from tests.connectors.rdv_insertion.webhooks import (
    SECRET,
    hmac_signed,
    jwt_signed,
    participation,
    rdv,
    user,
    webhook,
)

pytestmark = pytest.mark.anyio
ZOE, ADA, IDA = user(722), user(723), user(724)
BASE = {"departement": "59", "secret": SECRET, "caisse": "caf"}
REPORTING = {"signalement": {"brsa": True, "origine": "inscription-conseiller-cd"}}


class Place:
    """A mandate of rdv-insertion, and rdv-insertion itself at its door."""

    def __init__(self, folder: Path, hub: FakeHub, **settings: Any) -> None:
        self.hub = hub
        self.context: Context = context(SYSTEM, BASE | settings, folder, hub, ("identite:resoudre",))
        assert SYSTEM.facade is not None
        transport = httpx.ASGITransport(SYSTEM.facade(self.context))
        self.http = httpx.AsyncClient(transport=transport, base_url="http://connecteurs")

    async def send(self, body: bytes, headers: Mapping[str, str] | None = None) -> httpx.Response:
        signed = hmac_signed(body) if headers is None else headers
        return await self.http.post("/webhooks", content=body, headers=httpx.Headers(dict(signed), "utf-8"))

    def told(self) -> list[tuple[str, str]]:
        """(fait, statut or département) of each message, in order."""
        return [(one["type"][13:-3], one["data"].get("statut", "")) for one in self.hub.taken.values()]


@pytest.fixture
def hub() -> FakeHub:
    found = FakeHub()
    found.found = {one["france_travail_id"]: pseudonym(one["france_travail_id"]) for one in (ZOE, ADA)}
    return found


@pytest.fixture
async def place(tmp_path: Path, hub: FakeHub) -> AsyncIterator[Place]:
    one = Place(tmp_path, hub)
    async with one.http:
        yield one


async def test_a_participation_in_an_appointment_that_is_no_longer_kept_is_refused_by_name(place: Place) -> None:
    await place.send(webhook(rdv(ZOE), "05:00", "created"))
    for path in (place.context.folder / "archives").iterdir():
        path.unlink()

    answer = await place.send(webhook(participation(ZOE, "seen"), "06:00", model="Participation"))

    assert answer.status_code == 422
    assert "n'est plus conservé" in answer.json()["errors"][0]


async def test_a_recorded_story_is_told_again_in_our_words(place: Place) -> None:
    story = json.loads((Path(__file__).parent / "histoire.json").read_text())

    told = []
    for episode in story:
        before = set(place.hub.taken)
        answer = await place.send(json.dumps(episode["webhook"]).encode())
        new = [one for id_, one in place.hub.taken.items() if id_ not in before]
        told.append([answer.status_code, *({one["type"]: one["data"]} for one in new)])

    assert told == [[200, *episode["messages"]] for episode in story]


async def test_an_appointment_goes_under_its_partner_its_person_and_the_trace_of_the_exchange(place: Place) -> None:
    answer = await place.send(webhook(rdv(ZOE), "05:00", "created"))

    [message], [line] = place.hub.of("rdv.planifie"), await place.context.journal.last()
    assert answer.json() == {"success": True, "resultats": {"accepte": 1}}
    assert (message["source"], message["departement"], message["finalite"]) == (
        "/partenaires/cd-59",
        "59",
        "accompagnement",
    )
    assert message["subject"] == pseudonym(ZOE["france_travail_id"])
    assert message["time"].startswith("2026-11-30T08:05:00+01:00")
    assert (line.nature, line.reference, line.etat) == ("rdv-insertion.Rdv.created", "325", "fait")
    assert [(traceparent or "").split("-")[1] for traceparent in place.hub.traceparents] == [line.trace]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-RDVI-SIGNATURE": ""},
        {"X-RDVI-SIGNATURE": "0" * 64},
        {"X-RDVI-SIGNATURE": "é"},
        hmac_signed(webhook(rdv(ADA), "05:00")),
        hmac_signed(webhook(rdv(ZOE), "05:00"), "un-autre-secret-partage"),
        jwt_signed(webhook(rdv(ZOE), "05:00"), NOW + timedelta(minutes=10)),
    ],
    ids=["none", "empty", "wrong", "not hexadecimal", "of another body", "of another secret", "a jwt for an hmac"],
)
async def test_what_is_not_signed_is_refused_and_nothing_of_it_is_kept(place: Place, headers: dict[str, str]) -> None:
    answer = await place.send(webhook(rdv(ZOE), "05:00"), headers)

    assert (answer.status_code, answer.json()["success"]) == (401, False)
    assert answer.json()["errors"][0].startswith("Signature ")
    assert (place.hub.taken, list(await place.context.journal.last())) == ({}, [])
    assert not (place.context.folder / "archives").exists()


async def test_a_jwt_of_the_content_is_a_signature(tmp_path: Path, hub: FakeHub) -> None:
    place, body = Place(tmp_path, hub, signature="jwt"), webhook(rdv(ZOE), "05:00")

    answer = await place.send(body, jwt_signed(body, NOW + timedelta(minutes=10)))

    assert (answer.status_code, place.told()) == (200, [("rdv.planifie", "planifie")])


BODY = webhook(rdv(ZOE), "05:00")
SOON = NOW + timedelta(minutes=10)


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer rlc_jeton"},
        {"Authorization": "Bearer eyJhbGciOiJub25lIn0.eyJpZCI6MzI1fQ."},
        jwt_signed(BODY, NOW - timedelta(seconds=1)),
        jwt_signed(BODY, SOON, "un-autre-secret-partage"),
        jwt_signed(BODY, SOON, alg="HS512"),
        jwt_signed(webhook(rdv(ZOE, id=326), "05:00"), SOON),
        jwt_signed(webhook(rdv(ZOE, starts_at="2026-12-15T09:00:00.000+01:00"), "05:00"), SOON),
        jwt_signed(webhook({}, "05:00"), SOON),
        hmac_signed(BODY),
    ],
    ids=["no jwt", "unsigned", "expired", "secret", "algorithm", "another", "moved", "of nothing", "hmac for a jwt"],
)
async def test_a_jwt_that_is_not_of_this_content_and_of_now_is_refused(
    tmp_path: Path, hub: FakeHub, headers: dict[str, str]
) -> None:
    answer = await Place(tmp_path, hub, signature="jwt").send(BODY, headers)

    assert (answer.status_code, hub.taken) == (401, {})


async def test_a_webhook_in_iso_8859_1_is_signed_by_its_utf_8(place: Place) -> None:
    body = webhook(rdv(ZOE), "05:00")

    answer = await place.send(body.decode().encode("latin-1"), hmac_signed(body))

    assert answer.status_code == 200
    assert place.hub.of("rdv.planifie")[0]["data"]["lieu"].startswith("Unité territoriale, 2 place")


async def test_the_same_webhook_again_has_no_second_effect(place: Place) -> None:
    first = await place.send(webhook(rdv(ZOE), "05:00", "created"))
    asked = len(place.hub.traceparents)
    again = await place.send(webhook(rdv(ZOE), "05:00", "created"))

    assert [one.json()["resultats"] for one in (first, again)] == [{"accepte": 1}, {"deja-recu": 1}]
    assert len(place.hub.traceparents) == asked


async def test_a_late_webhook_changes_nothing(place: Place) -> None:
    await place.send(webhook(rdv(ZOE, status="excused"), "07:00"))
    late = await place.send(webhook(rdv(ZOE), "05:00", "created"))
    same = await place.send(webhook(rdv(ZOE, status="excused", users_count=2), "08:00"))

    assert (late.status_code, late.json()["resultats"]) == (200, {"depasse": 1})
    assert same.json()["resultats"] == {"inchange": 1}
    assert place.told() == [("rdv.planifie", "planifie"), ("rdv.annule", "annule")]


async def test_who_had_left_before_the_first_webhook_is_not_brought_back_by_a_late_one(place: Place) -> None:
    await place.send(webhook(rdv(ZOE), "07:00"))
    await place.send(webhook(rdv(ZOE, ADA), "05:00", "created"))

    assert [one["subject"] for one in place.hub.of("rdv.planifie")] == [pseudonym(ZOE["france_travail_id"])]


async def test_two_changes_to_and_fro_are_four_messages(place: Place) -> None:
    moved = {"starts_at": "2026-12-15T09:00:00.000+01:00"}
    for minute, fields in enumerate(({}, moved, {}, moved)):
        await place.send(webhook(rdv(ZOE, **fields), f"0{minute}:00"))

    assert [fait for fait, _ in place.told()] == ["rdv.planifie"] + ["rdv.modifie"] * 3


async def test_a_participation_completes_its_appointment_and_a_late_appointment_does_not_undo_it(place: Place) -> None:
    await place.send(webhook(rdv(ZOE, ADA), "05:00", "created"))
    seen = await place.send(webhook(participation(ZOE, "seen"), "09:00", model="Participation"))
    late = await place.send(webhook(rdv(ZOE, ADA, status="revoked"), "08:00"))

    [found] = place.hub.of("rdv.constate")
    assert (seen.status_code, found["data"]["statut"], found["data"]["duree_min"]) == (200, "honore", 25)
    assert found["subject"] == pseudonym(ZOE["france_travail_id"])
    assert late.json()["resultats"] == {"depasse": 1, "accepte": 1}
    assert [one["subject"] for one in place.hub.of("rdv.annule")] == [pseudonym(ADA["france_travail_id"])]


async def test_what_a_participation_confirms_is_younger_than_a_late_appointment(place: Place) -> None:
    await place.send(webhook(rdv(ZOE), "05:00", "created"))
    await place.send(webhook(participation(ZOE, "unknown"), "09:00", model="Participation"))
    await place.send(webhook(rdv(ZOE, status="excused"), "08:00"))

    assert place.told() == [("rdv.planifie", "planifie")]


async def test_a_participation_before_its_appointment_is_refused_and_taken_when_it_comes_again(place: Place) -> None:
    body = webhook(participation(ZOE, "seen"), "06:00", model="Participation")
    before = await place.send(body)
    await place.send(webhook(rdv(ZOE), "05:00", "created"))
    after = await place.send(body)

    assert (before.status_code, after.status_code) == (422, 200)
    assert "son rendez-vous n'est pas encore pris" in before.json()["errors"][0]
    assert place.told()[-1] == ("rdv.constate", "honore")


async def test_who_leaves_an_appointment_and_what_is_destroyed_is_cancelled_by_the_structure(place: Place) -> None:
    await place.send(webhook(rdv(ZOE, ADA), "05:00", "created"))
    await place.send(webhook(rdv(ZOE), "06:00"))
    left = [(one["subject"], one["data"]["annule_par"]) for one in place.hub.of("rdv.annule")]
    await place.send(webhook(rdv(ZOE), "07:00", "destroyed"))

    assert left == [(pseudonym(ADA["france_travail_id"]), "structure")]
    assert [one["subject"] for one in place.hub.of("rdv.annule")][1:] == [pseudonym(ZOE["france_travail_id"])]


async def test_a_finding_taken_back_is_kept_and_its_loss_is_in_the_journal(place: Place) -> None:
    await place.send(webhook(rdv(ZOE, status="seen"), "05:00"))
    answer = await place.send(webhook(rdv(ZOE), "06:00"))

    line = (await place.context.journal.last())[0]
    assert answer.json()["resultats"] == {"perdu": 1}
    assert line.motif == "un constat ne se retire pas : il se corrige par un autre constat"


async def test_an_unknown_person_stops_nobody_else_and_is_tried_again(place: Place) -> None:
    body = webhook(rdv(IDA, ZOE), "05:00")
    before = await place.send(body)
    place.hub.found[IDA["france_travail_id"]] = pseudonym(IDA["france_travail_id"])
    after = await place.send(body)

    assert (before.status_code, before.json()["errors"]) == (
        422,
        ["Webhook refusé : user 724 : personne inconnue du relais."],
    )
    assert (after.status_code, after.json()["resultats"]) == (200, {"accepte": 1, "inchange": 1})
    assert {one["subject"] for one in place.hub.of("rdv.planifie")} == {
        pseudonym(one["france_travail_id"]) for one in (IDA, ZOE)
    }


async def test_an_unknown_person_is_reported_where_the_mandate_says_how(tmp_path: Path, hub: FakeHub) -> None:
    place = Place(tmp_path, hub, **REPORTING)

    married = user(724, birth_name="INVENTEE")
    answer = await place.send(webhook(rdv(married), "05:00"))

    [signale], [planifie] = hub.of("usager.signale"), hub.of("rdv.planifie")
    assert answer.json()["resultats"] == {"accepte": 2}
    assert signale["data"] == {
        "identite": {
            "nom_naissance": "INVENTEE",
            "nom_usage": "FICTIVE",
            "prenoms": "Zoé",
            "date_naissance": "1987-12-20",
        },
        "identifiants": [
            {"type": "numero-france-travail", "valeur": "00000000724"},
            {"type": "matricule-caf", "valeur": "0000724", "role": "demandeur"},
            {"type": "local", "valeur": "rdv-insertion-724"},
        ],
        "coordonnees": {"telephone": "+33600000001", "courriel": "fictive.724@exemple.fr"},
        "brsa": True,
        "origine": "inscription-conseiller-cd",
    }
    assert planifie["subject"] == pseudonym("00000000724")


async def test_too_little_to_report_a_person_is_named_and_stops_nobody_else(tmp_path: Path, hub: FakeHub) -> None:
    place = Place(tmp_path, hub, **REPORTING)

    answer = await place.send(webhook(rdv(user(724, birth_date=None), ZOE), "05:00"))

    assert answer.status_code == 422
    assert "user.birth_date : nécessaire pour signaler la personne" in answer.json()["errors"][0]
    assert len(hub.of("rdv.planifie")) == 1


async def test_the_coordinates_of_a_known_person_are_corrected_once_and_in_order(place: Place) -> None:
    moved = user(722, phone_number="+33600000002")
    answers = [
        await place.send(webhook(data, at, model="User"))
        for data, at in (
            (ZOE, "05:00"),
            (moved, "07:00"),
            (ZOE, "06:00"),
            (moved | {"title": None}, "08:00"),
            (IDA, "09:00"),
        )
    ]

    corrected = [one["data"]["coordonnees"]["telephone"] for one in place.hub.of("usager.corrige")]
    assert corrected == ["+33600000001", "+33600000002"]
    assert [next(iter(one.json()["resultats"])) for one in answers] == [
        "accepte",
        "accepte",
        "depasse",
        "inchange",
        "inconnu",
    ]


@pytest.mark.parametrize(
    ("model", "event"),
    [("Invitation", "created"), ("Orientation", "updated"), ("Motif", "created"), ("Rdv", "archived")],
)
async def test_what_the_hub_has_no_use_of_is_accepted_noted_and_kept(place: Place, model: str, event: str) -> None:
    body = webhook({"id": 4806, "user": ZOE}, "05:00", event, model)
    answer = await place.send(body)

    [line], [kept] = await place.context.journal.last(), list((place.context.folder / "archives").iterdir())
    assert (answer.status_code, answer.json()["resultats"]) == (200, {"note": 1})
    assert (line.etat, line.compte, line.motif) == (
        "fait",
        {"note": 1},
        "modèle ou événement que le relais n'exploite pas : conservé",
    )
    assert archived(place.context, kept.stem) == body
    assert b"FICTIVE" not in kept.read_bytes()


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (b"{", "corps : un objet JSON"),
        (b"[" * 100_000, "corps : un objet JSON"),
        (b'{"data": {"id": "\\ud800"}, "meta": {}}', "corps : un objet JSON"),
        (b"[]", "absent, ou d'une forme inattendue"),
        (json.dumps({"data": {}, "meta": {"model": "Rdv", "event": "created"}}).encode(), "meta.timestamp"),
        (BODY.replace(b" +0100", b""), "meta.timestamp"),
        (webhook(rdv(ZOE, id="325"), "05:00"), "data.id"),
        (webhook(rdv(ZOE, starts_at="demain"), "05:00"), "data.starts_at"),
        (webhook(rdv(ZOE, motif=None), "05:00"), "data.motif"),
        (webhook(rdv(ZOE, status="venue"), "05:00"), "data.status : code inconnu"),
        (BODY.replace(b"public_office", b"balcon"), "data.motif.location_type : code inconnu"),
        (
            BODY.replace(b'"department_number": "59"', b'"department_number": "62"'),
            "data.organisation.department_number",
        ),
        (webhook(rdv(ZOE, duration_in_min=0), "05:00"), "duree_min"),
    ],
    ids=[
        "json",
        "depth",
        "surrogate",
        "list",
        "no instant",
        "no zone",
        "id",
        "date",
        "motif",
        "status",
        "place",
        "dep",
        "contract",
    ],
)
async def test_bad_content_is_named_without_its_value_and_nothing_is_lost(
    place: Place, body: bytes, named: str
) -> None:
    answer = await place.send(body)

    [line], [kept] = await place.context.journal.last(), list((place.context.folder / "archives").iterdir())
    assert (answer.status_code, answer.json()["success"], place.hub.taken) == (422, False, {})
    assert named in answer.json()["errors"][0]
    assert "FICTIVE" not in answer.text + str(line)
    assert (line.etat, line.motif) == ("refuse", answer.json()["errors"][0])
    assert archived(place.context, kept.stem) == body


async def test_a_refusal_of_the_hub_is_said_and_what_was_accepted_before_it_is_not_told_again(
    tmp_path: Path, hub: FakeHub
) -> None:
    refusing = FakeHub(lambda message: "dates-incoherentes" if "constate" in message["type"] else None)
    refusing.found = hub.found
    place, body = Place(tmp_path, refusing), webhook(rdv(ZOE, status="seen"), "05:00")
    answer = await place.send(body)
    place.hub._refuse = lambda _: None
    again = await place.send(body)

    assert answer.json()["errors"] == ["Webhook refusé : rdv 325, rdv.constate : dates-incoherentes : motif."]
    assert again.json()["resultats"] == {"accepte": 1}
    assert place.told() == [("rdv.planifie", "planifie"), ("rdv.constate", "honore")]


@pytest.mark.parametrize(
    ("failure", "status", "after_s"), [(HubUnreachable("injoignable"), 503, "30"), (QuotaReached(7), 429, "7")]
)
async def test_while_the_hub_does_not_answer_the_webhook_is_asked_for_again(
    place: Place, failure: Exception, status: int, after_s: str
) -> None:
    place.hub.failures.append(failure)
    shut = await place.send(BODY)
    opened = await place.send(BODY)

    lines = [line.etat for line in await place.context.journal.last()]
    assert (shut.status_code, shut.headers["retry-after"], shut.json()["success"]) == (status, after_s, False)
    assert (opened.status_code, sorted(lines), len(place.hub.taken)) == (200, ["echec", "fait"], 1)


async def test_two_webhooks_of_one_appointment_are_not_taken_at_once(place: Place) -> None:
    held = await place.context.state.take("verrou rdv 325", LEASE)
    assert held is not None
    busy = await place.send(BODY)
    await held.release()

    assert (busy.status_code, (await place.send(BODY)).status_code) == (503, 200)


async def test_the_place_of_an_appointment_at_home_is_told_to_nobody(place: Place) -> None:
    await place.send(BODY.replace(b"public_office", b"home"))

    [message] = place.hub.of("rdv.planifie")
    assert (message["data"]["modalite"], "lieu" in message["data"]) == ("physique", False)


async def test_the_mandate_may_say_another_purpose_of_a_category(tmp_path: Path, hub: FakeHub) -> None:
    place = Place(tmp_path, hub, motifs={"rsa_cer_signature": "accompagnement"})

    await place.send(webhook(rdv(ZOE, category="rsa_cer_signature"), "05:00"))

    assert hub.of("rdv.planifie")[0]["data"]["motif"] == "accompagnement"


async def test_a_body_that_is_too_large_is_refused(place: Place) -> None:
    assert (await place.send(b" " * (LARGEST_BYTES + 1), {})).status_code == 413


async def test_a_dry_run_says_what_would_be_deposited_and_deposits_nothing(place: Place, tmp_path: Path) -> None:
    source = tmp_path / "webhook.json"
    source.write_bytes(webhook(rdv(ZOE, status="seen", duration_in_min=0), "05:00"))

    told = [line async for line in SYSTEM.try_out(place.context, source)]
    awaited = [line async for line in SYSTEM.try_out(place.context, None)]

    assert told[0] == "Rdv updated, 2026-11-30T08:05:00+01:00"
    assert [line.split(" : ")[1].split(",")[0] for line in told[1:]] == ["rdv.planifie refusé", "rdv.constate refusé"]
    assert awaited[0] == "Webhooks attendus à /connecteurs/cd-59-essai/webhooks, signature hmac"
    assert place.hub.taken == {}


def test_a_configuration_is_checked_and_the_example_is_one() -> None:
    assert SYSTEM.configure(tomllib.loads(EXEMPLE)) == SYSTEM.configuration(**tomllib.loads(EXEMPLE))
    with pytest.raises(ConfigurationRefused, match="secret : valeur trop courte"):
        SYSTEM.configure(BASE | {"secret": "court"})


@pytest.mark.parametrize("model", ["Rdv", "User", "Invitation"])
async def test_what_a_webhook_left_of_an_erased_person_goes(place: Place, model: str) -> None:
    """An invitation is archived before anybody knows who the person is."""
    about = {"Rdv": rdv(ZOE), "User": ZOE, "Invitation": {"id": 1, "user": ZOE}}[model]
    await place.send(webhook(about, "05:00", "created", model))
    await place.send(webhook(rdv(ADA) | {"id": 99}, "05:00", "created"))
    await place.send(webhook(rdv(ZOE), "06:00", "updated"))
    parcours = pseudonym(ZOE["france_travail_id"])

    await erase(place.context, parcours)

    assert len(list((place.context.folder / "archives").iterdir())) == 1
    assert await place.context.state.ours(USAGERS, str(ZOE["id"])) is None
    assert await place.context.state.ours(USAGERS, str(ADA["id"])) is not None
