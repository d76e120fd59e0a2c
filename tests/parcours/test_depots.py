"""What a partner is answered when it deposits: once, again, wrongly, too late, in bulk."""

import asyncio
import json
from typing import Any
from uuid import UUID

import pytest

from relais_contrats.client import Answer, Partner, RequestRefused
from tests.hub import Hub
from tests.parcours.noms import names
from tests.persons import signalement

pytestmark = pytest.mark.anyio


async def opened(partner: Partner) -> str:
    """A parcours that this partner has just opened, by its pseudonym."""
    answer = await partner.post(partner.message("usager.signale", signalement(), departement="59"))
    assert answer.parcours, answer
    return answer.parcours


def first_event(hub: Hub, answer: Answer) -> UUID:
    """Of a deposit of the CAF, as the hub numbers it: in the order of the decisions."""
    return names(hub).read_event("caf-59", UUID(answer.corps["evenements"][0]))


def rights(**changes: Any) -> dict[str, Any]:
    return {"etat_dossier": "2", "soumis_droits_devoirs": True, "date_effet": "2026-11-01"} | changes


async def test_a_deposit_is_accepted_with_a_pseudonym_and_a_receipt(hub: Hub) -> None:
    async with hub.partner("caf-59") as caf:
        message = caf.message("usager.signale", signalement(), departement="59")

        answer = await caf.post(message)

        assert (answer.id, answer.etat) == (message["id"], "accepte")
        assert answer.parcours and answer.parcours.startswith("prc_")
        assert answer.corps["evenements"]
        assert answer.corps["recu"].count(".") == 2


async def test_the_same_message_again_gets_the_first_answer(hub: Hub) -> None:
    async with hub.partner("caf-59") as caf:
        message = caf.message("usager.signale", signalement(), departement="59")

        first = await caf.post(message)
        again = await caf.post(message)

        assert again.est_rejoue
        assert again.corps == first.corps


async def test_the_same_id_with_another_body_is_refused_with_both_hashes(hub: Hub) -> None:
    async with hub.partner("caf-59") as caf:
        message = caf.message("usager.signale", signalement(), departement="59")
        await caf.post(message)

        other = await caf.post(message | {"agent": "quelqu'un d'autre"})

        assert (other.code, other.corps["status"]) == ("contenu-different", 409)
        hashes = other.corps["empreintes"]
        assert len(hashes["enregistree"]) == len(hashes["presentee"]) == 64
        assert hashes["enregistree"] != hashes["presentee"]


async def test_fifty_times_the_same_message_at_once_have_one_effect(hub: Hub) -> None:
    async with hub.partner("caf-59") as caf:
        message = caf.message("usager.signale", signalement(), departement="59")

        answers = await asyncio.gather(*(caf.post(message) for _ in range(50)))

        assert {answer.etat for answer in answers} == {"accepte"}
        assert len({json.dumps(answer.corps["evenements"]) for answer in answers}) == 1


async def test_a_silent_service_means_202_and_later_settlement_in_order(hub: Hub) -> None:
    async with hub.partner("caf-59") as caf:
        parcours = await opened(caf)
        messages = [
            caf.message("droits.modifies", rights(date_effet=f"2026-11-{day:02d}"), departement="59", subject=parcours)
            for day in range(2, 8)
        ]

        with hub.stopped("usagers"):
            answers = [await caf.post(message, wait_s=0) for message in messages]
        settled = [await caf.settled(message["id"]) for message in messages]

        assert {answer.etat for answer in answers} == {"en-attente"}
        assert {answer.etat for answer in settled} == {"accepte"}
        events = [first_event(hub, answer) for answer in settled]
        assert events == sorted(events)


async def test_a_parcours_of_another_is_refused_like_one_that_does_not_exist(hub: Hub) -> None:
    async with hub.partner("caf-59") as caf, hub.partner("ml-lille") as lille:
        parcours = await opened(caf)
        unknown = "prc_" + "a" * 26

        answers = [
            await lille.post(
                lille.message("orientation.demandee", {"date_reception": "2026-11-02"}, departement="59", subject=s)
            )
            for s in (parcours, unknown)
        ]

        assert [answer.corps["status"] for answer in answers] == [404, 404]
        bodies = [{k: v for k, v in answer.corps.items() if k != "instance"} for answer in answers]
        assert bodies[0] == bodies[1]


@pytest.mark.parametrize(
    ("changes", "code", "pointer"),
    [
        ({"source": "/partenaires/cd-59"}, "emetteur-inconnu", "/source"),
        ({"departement": "75"}, "hors-territoire", "/departement"),
        ({"finalite": "offre"}, "finalite-interdite", "/finalite"),
        ({"type": "fr.insertion.usager.invente.v1"}, "code-inconnu", "/type"),
    ],
)
async def test_a_refusal_names_its_code_and_its_field(
    hub: Hub, changes: dict[str, Any], code: str, pointer: str
) -> None:
    async with hub.partner("caf-59") as caf:
        answer = await caf.post(caf.message("usager.signale", signalement(), departement="59") | changes)

        assert answer.code == code
        assert pointer in [error["pointeur"] for error in answer.corps["erreurs"]]
        assert answer.corps["relancable"] is False


async def test_a_type_that_this_partner_may_not_emit_is_refused(hub: Hub) -> None:
    async with hub.partner("caf-59") as caf:
        parcours = await opened(caf)

        answer = await caf.post(
            caf.message(
                "parcours.clos", {"date_fin": "2026-11-20", "motif": "essai"}, departement="59", subject=parcours
            )
        )

        assert (answer.code, answer.corps["status"]) == ("non-autorise", 403)


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{", b'{"id": 1, "id": 2}', b'{"a": "\xff"}', b'{"a": NaN}', b"[" * 60_000, b'{"a": "\\u0000"}'],
    ids=["empty", "array", "broken", "twice", "latin1", "nan", "deep", "nul"],
)
async def test_a_body_that_cannot_be_read_is_a_400(hub: Hub, body: bytes) -> None:
    async with hub.partner("caf-59") as caf:
        response = await caf._send(  # the client itself never sends such a body
            "POST", "/v1/messages", content=body, headers={"Content-Type": "application/cloudevents+json"}
        )

        assert response.status_code == 400
        assert response.headers["content-type"] == "application/problem+json"


async def test_a_body_too_large_is_a_413_and_another_type_a_415(hub: Hub) -> None:
    async with hub.partner("caf-59") as caf:
        large = await caf._send(
            "POST",
            "/v1/messages",
            content=b'{"a": "' + b"x" * 262_144 + b'"}',
            headers={"Content-Type": "application/cloudevents+json"},
        )
        xml = await caf._send("POST", "/v1/messages", content=b"<a/>", headers={"Content-Type": "text/xml"})

        assert (large.status_code, xml.status_code) == (413, 415)


async def test_a_bulk_deposit_answers_each_line_and_a_refused_one_disturbs_nobody(hub: Hub) -> None:
    async with hub.partner("caf-59") as caf:
        messages = [caf.message("usager.signale", signalement(), departement="59") for _ in range(600)]
        messages[300] |= {"departement": "75"}

        answers = await caf.post_many(messages)
        again = await caf.post_many(messages)

        assert [answer.id for answer in answers if answer.id] == [m["id"] for m in messages]
        assert [rank for rank, answer in enumerate(answers) if answer.etat != "accepte"] == [300]
        assert [a.parcours for a in again] == [a.parcours for a in answers]


async def test_a_bulk_deposit_keeps_the_order_of_a_parcours(hub: Hub) -> None:
    async with hub.partner("caf-59") as caf:
        parcours = [await opened(caf) for _ in range(3)]
        messages = [
            caf.message("droits.modifies", rights(date_effet=f"2026-11-{day:02d}"), departement="59", subject=subject)
            for day in range(1, 21)
            for subject in parcours
        ]

        answers = await caf.post_many(messages)

        assert {answer.etat for answer in answers} == {"accepte"}
        for rank in range(3):
            events = [first_event(hub, answer) for answer in answers[rank::3]]
            assert events == sorted(events)


async def test_who_does_not_wait_is_answered_at_once_and_decided_at_once(hub: Hub) -> None:
    async with hub.partner("caf-59") as caf:
        message = caf.message("usager.signale", signalement(), departement="59")

        answer = await caf.post(message, wait_s=0)
        settled = await caf.settled(message["id"], patience_s=4)  # the lease of a deposit that is waited for is 6 s

        assert (answer.etat, settled.etat) == ("en-attente", "accepte")


async def test_a_bulk_deposit_that_nobody_waits_for_is_journalled_then_decided_in_order(hub: Hub) -> None:
    async with hub.partner("caf-59") as caf:
        parcours = await opened(caf)
        messages = [
            caf.message("droits.modifies", rights(date_effet=f"2026-11-{day:02d}"), departement="59", subject=parcours)
            for day in range(1, 29)
        ]
        messages[9] |= {"departement": "75"}

        answers = await caf.post_many(messages, wait_s=0)
        settled = [await caf.settled(m["id"]) for m in messages if m is not messages[9]]

        assert [rank for rank, answer in enumerate(answers) if answer.etat != "en-attente"] == [9]
        assert {answer.etat for answer in settled} == {"accepte"}
        events = [first_event(hub, answer) for answer in settled]
        assert events == sorted(events)


async def test_reading_a_deposit_tells_what_became_of_it_to_its_emitter_only(hub: Hub) -> None:
    async with hub.partner("caf-59") as caf, hub.partner("cd-59") as departement:
        message = caf.message("usager.signale", signalement(), departement="59")
        answer = await caf.post(message)

        seen = await caf.get(f"/v1/messages/{message['id']}")

        assert (seen["etat"], seen["parcours"], seen["recu"]) == ("accepte", answer.parcours, answer.corps["recu"])
        with pytest.raises(RequestRefused, match="404"):
            await departement.get(f"/v1/messages/{message['id']}")
