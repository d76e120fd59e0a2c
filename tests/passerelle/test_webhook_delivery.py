"""From the stream to the partner's endpoint: what it gets, signed how, in which order, after which failures."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest
from standardwebhooks import Webhook
from starlette.responses import Response

from gateway.outbound.delivery import Limits
from gateway.partners import changer_etat
from gateway.webhook_secrets import new_secret, shown
from tests.passerelle.outgoing import (
    BASE_URL,
    DECISION,
    DROITS,
    OUVERT,
    PROTEGE,
    SIGNALE,
    TRACE,
    Sortant,
    in_a_day,
    until,
)
from tests.passerelle.receiver import Received, Receiver, accept, receiver

pytestmark = pytest.mark.anyio
CODES = ("cd-59", "ft-hdf")


async def test_an_event_reaches_the_endpoint_signed_as_standard_webhooks_verifies(
    sortant: Sortant, endpoint: Receiver
) -> None:
    secret = new_secret()
    await sortant.subscribe("cd-59", f"{endpoint.url}/relais", secret=secret)
    sortant.start()
    parcours = uuid4()

    told = await sortant.signale(parcours)
    await until(lambda: len(endpoint.received) == 2)

    partage, signale = endpoint.received
    assert [one.json["type"] for one in endpoint.received] == [
        "fr.insertion.parcours.partage.v1",
        "fr.insertion.usager.signale.v1",
    ]
    assert Webhook(shown(secret)).verify(signale.body, dict(signale.headers)) == signale.json
    assert signale.headers["webhook-id"] == signale.json["id"] == sortant.id_at("cd-59", told)
    assert signale.headers["content-type"] == "application/cloudevents+json"
    assert signale.headers["traceparent"].split("-")[1] == signale.json["traceparent"].split("-")[1]
    assert signale.json["traceparent"].split("-")[1] != TRACE.split("-")[1]
    assert signale.json["subject"] == sortant.pseudonyms.of("cd-59", parcours) == partage.json["subject"]
    assert signale.json["dataschema"] == f"{BASE_URL}/v1/contrats/usager.signale"
    assert "brique" not in signale.json


async def test_each_kind_of_partner_gets_its_own_projection_on_the_wire(sortant: Sortant, endpoint: Receiver) -> None:
    for code in ("cd-59", "ft-hdf", "ml-lille", "asso-mobilite", "caf-59"):
        await sortant.subscribe(code, f"{endpoint.url}/{code}", "usager.signale", "orientation.decidee")
    sortant.start()
    parcours = uuid4()
    structure = {"systeme": "local", "valeur": "asso", "nom": "Association"}

    await sortant.signale(parcours)
    decision = DECISION | {"structure": structure}
    await sortant.tell("orientation.decidee", parcours, decision, source="/partenaires/cd-59")
    await until(lambda: len(endpoint.received) == 4)

    seen = {(one.path, one.json["type"].split(".")[3]): one.json["data"] for one in endpoint.received}
    assert seen.keys() == {
        ("/cd-59", "signale"),
        ("/ft-hdf", "signale"),
        ("/ft-hdf", "decidee"),
        ("/asso-mobilite", "decidee"),
    }
    assert seen["/cd-59", "signale"] == SIGNALE | PROTEGE
    natures = [identifiant["type"] for identifiant in seen["/ft-hdf", "signale"]["identifiants"]]
    assert natures == ["nir", "numero-france-travail"]
    assert seen["/asso-mobilite", "decidee"] == decision


async def test_no_two_partners_receive_a_common_identifier(sortant: Sortant, endpoint: Receiver) -> None:
    depot = uuid4()
    await sortant.process.pool.execute(
        "INSERT INTO depots (id, partenaire, message, empreinte, type, brique, agent, finalite, etat, prochain_essai,"
        " recu_a, corps) VALUES ($1, 'cd-59', 'cd-000042', $2, 'usager.corrige', 'usagers', 'a', 'orientation',"
        " 'en-attente', now(), now(), '')",
        depot,
        bytes(32),
    )
    for code in CODES:
        await sortant.subscribe(code, f"{endpoint.url}/{code}", "usager.ambigu", "usager.signale")
    sortant.start()
    parcours, candidat = uuid4(), uuid4()

    await sortant.signale(parcours)
    ambigu = {"candidats": [str(candidat)], "motifs": ["Plusieurs parcours correspondent."]}
    await sortant.tell("usager.ambigu", parcours, ambigu, source="/services/usagers", cause=depot)
    await until(lambda: len(endpoint.received) == 3)

    of_cd = b"".join(one.body for one in endpoint.received if one.path == "/cd-59")
    of_ft = b"".join(one.body for one in endpoint.received if one.path == "/ft-hdf")
    assert sortant.pseudonyms.of("cd-59", candidat).encode() in of_cd
    assert sortant.pseudonyms.of("cd-59", parcours).encode() not in of_ft
    assert all(str(id_).encode() not in of_cd + of_ft for id_ in (parcours, candidat, depot))
    assert [one.json["causeid"] for one in endpoint.received if "candidats" in one.json["data"]] == ["cd-000042"]
    told = [(one.path, {**one.json, "webhook-id": one.headers["webhook-id"]}) for one in endpoint.received]
    for name in ("id", "subject", "causeid", "traceparent", "webhook-id"):
        cd, ft = ({str(seen.get(name)) for path, seen in told if path == f"/{code}"} for code in CODES)
        assert cd.isdisjoint(ft), name


async def test_a_failing_parcours_keeps_its_order_and_delays_no_other(sortant: Sortant, endpoint: Receiver) -> None:
    sick, well = uuid4(), uuid4()
    refused = sortant.pseudonyms.of("cd-59", sick)
    endpoint.answer = lambda one: Response(status_code=422 if one.json["subject"] == refused else 204)
    await sortant.subscribe("cd-59", endpoint.url, "droits.modifies")
    sortant.start()
    await sortant.signale(sick)
    await sortant.signale(well)

    for rank in range(3):
        await sortant.tell("droits.modifies", sick, DROITS | {"date_effet": f"2026-03-0{rank + 1}"})
        await sortant.tell("droits.modifies", well, DROITS | {"date_effet": f"2026-03-0{rank + 1}"})
    await until(lambda: len(_dates(endpoint, sortant.pseudonyms.of("cd-59", well))) == 3)
    parked = await sortant.field("SELECT restants FROM files WHERE essais > 0")
    endpoint.answer = accept
    await sortant.process.pool.execute("UPDATE files SET prochain_a = now()")
    await until(lambda: len(_dates(endpoint, refused)) == 4)

    assert parked == 3
    assert _dates(endpoint, refused) == ["2026-03-01", "2026-03-01", "2026-03-02", "2026-03-03"]
    assert _dates(endpoint, sortant.pseudonyms.of("cd-59", well)) == ["2026-03-01", "2026-03-02", "2026-03-03"]


async def test_a_dead_endpoint_slows_no_other_and_is_probed_by_few(sortant: Sortant, endpoint: Receiver) -> None:
    async with receiver() as dead:
        released = asyncio.Event()

        async def never(_: Received) -> Response:
            await released.wait()
            return Response(status_code=500)

        dead.answer = never
        await sortant.subscribe("ft-hdf", dead.url, "droits.modifies")
        await sortant.subscribe("cd-59", endpoint.url, "droits.modifies")
        sortant.start()
        parcours = [uuid4() for _ in range(60)]

        for one in parcours:
            await sortant.signale(one)
            await sortant.tell("droits.modifies", one, DROITS)
        await until(lambda: len(endpoint.received) == 60, timeout_s=10)
        released.set()

        assert dead.most_busy == 16


async def test_after_failures_in_a_row_the_breaker_opens_and_a_success_resumes_everything(
    sortant: Sortant, endpoint: Receiver
) -> None:
    endpoint.answer = lambda _: Response(status_code=503)
    await sortant.subscribe("cd-59", endpoint.url, "droits.modifies")
    sortant.start()
    parcours = [uuid4() for _ in range(40)]
    for one in parcours:
        await sortant.signale(one)
        await sortant.tell("droits.modifies", one, DROITS)

    await until(lambda: sortant.field_is("SELECT echecs >= 5 AND rouvre_a > now() FROM abonnements"))
    await asyncio.sleep(0.5)
    tried_before_it_opened = len(endpoint.received)
    endpoint.answer = accept
    await sortant.process.pool.execute("UPDATE abonnements SET rouvre_a = now()")
    await until(lambda: sortant.field_is("SELECT count(*) = 40 FROM envois WHERE etat = 'livre'"), timeout_s=10)

    assert tried_before_it_opened <= 20
    assert await sortant.field("SELECT echecs = 0 AND rouvre_a IS NULL FROM abonnements")


async def test_a_sender_that_dies_midway_is_replaced_after_its_lease(sortant: Sortant, endpoint: Receiver) -> None:
    stuck = asyncio.Event()

    async def hang(_: Received) -> Response:
        await stuck.wait()
        return Response(status_code=204)

    endpoint.answer = hang
    await sortant.subscribe("cd-59", endpoint.url, "usager.signale")
    sortant.distribute()
    told = await sortant.signale(uuid4())
    await sortant.delivered(4)
    limits = Limits(lease=timedelta(seconds=0.5))
    dying = sortant.sender(limits)
    task = asyncio.create_task(dying.run(asyncio.Event()))
    await until(lambda: len(endpoint.received) == 1)
    task.cancel()
    stuck.set()
    endpoint.answer = accept

    sortant.push(sortant.sender(limits))
    await until(lambda: sortant.field_is("SELECT etat = 'livre' FROM envois"))

    assert [one.headers["webhook-id"] for one in endpoint.received] == [sortant.id_at("cd-59", told)] * 2


async def test_several_events_of_a_parcours_go_as_one_batch(sortant: Sortant, endpoint: Receiver) -> None:
    parcours = uuid4()
    await sortant.subscribe("cd-59", endpoint.url, lot=10)
    sortant.distribute()
    await sortant.signale(parcours)
    for _ in range(3):
        await sortant.tell("droits.modifies", parcours, DROITS)
    await sortant.delivered(4 + 3 * 2)

    sortant.push(sortant.sender())
    await until(lambda: sortant.field_is("SELECT bool_and(etat = 'livre') FROM envois"))

    (one,) = endpoint.received
    assert one.headers["content-type"] == "application/cloudevents-batch+json"
    assert [event["type"].split(".")[3] for event in one.json] == ["partage", "signale", *["modifies"] * 3]


async def test_a_silent_usagers_delays_and_is_never_held_against_the_partner(
    sortant: Sortant, endpoint: Receiver
) -> None:
    sortant.usagers.est_muet = True
    await sortant.subscribe("cd-59", endpoint.url)
    sortant.start()
    parcours, autre = uuid4(), uuid4()

    await sortant.signale(parcours)
    await sortant.tell("parcours.ouvert", autre, OUVERT, source="/services/usagers")
    await until(lambda: len(sortant.usagers.demandes) >= 1)
    await until(lambda: sortant.field_is("SELECT prochain_a > now() FROM files WHERE restants > 0"), timeout_s=10)
    sortant.usagers.est_muet = False
    await until(lambda: sortant.field_is("SELECT bool_and(etat = 'livre') FROM envois"), timeout_s=10)

    assert await sortant.field("SELECT bool_and(essais <= 1) FROM envois")
    assert await sortant.field("SELECT echecs = 0 FROM abonnements")
    assert endpoint.events[-1]["data"]["identite"] == PROTEGE["identite"]


async def test_410_ends_the_subscription(sortant: Sortant, endpoint: Receiver) -> None:
    endpoint.answer = lambda _: Response(status_code=410)
    await sortant.subscribe("cd-59", endpoint.url)
    sortant.start()

    await sortant.signale(uuid4())

    await until(lambda: sortant.field_is("SELECT etat = 'inactif' FROM abonnements"))


async def test_an_address_is_verified_before_its_first_delivery_and_misses_nothing(
    sortant: Sortant, endpoint: Receiver
) -> None:
    secret = new_secret()
    await sortant.subscribe("cd-59", endpoint.url, "usager.signale", etat="a-verifier", secret=secret)
    sortant.distribute()
    await sortant.signale(uuid4())
    await sortant.delivered(4)

    sortant.push(sortant.sender())
    await until(lambda: len(endpoint.received) == 2)

    verification, first = endpoint.received
    assert Webhook(shown(secret)).verify(verification.body, dict(verification.headers))["data"]["defi"]
    assert verification.json["type"] == "fr.insertion.abonnement.verification.v1"
    assert first.json["type"] == "fr.insertion.usager.signale.v1"


async def test_an_address_that_refuses_the_handshake_gets_no_event(sortant: Sortant, endpoint: Receiver) -> None:
    endpoint.answer = lambda _: Response(status_code=404)
    await sortant.subscribe("cd-59", endpoint.url, etat="a-verifier")
    sortant.start()
    await sortant.signale(uuid4())

    await until(lambda: sortant.field_is("SELECT echecs = 1 FROM abonnements"))

    assert {one.json["type"] for one in endpoint.received} == {"fr.insertion.abonnement.verification.v1"}
    assert await sortant.field("SELECT rouvre_a > now() FROM abonnements")


async def test_what_is_no_longer_visible_leaves_the_queue_without_being_sent(
    sortant: Sortant, endpoint: Receiver
) -> None:
    await sortant.subscribe("cd-59", endpoint.url, "usager.signale")
    sortant.distribute()
    await sortant.signale(uuid4())
    await sortant.delivered(4)
    async with sortant.process.pool.acquire() as conn:
        await changer_etat(conn, code="cd-59", etat="suspendu", maintenant=in_a_day())
    await sortant.annuaire.reload()

    sortant.push(sortant.sender())

    await until(lambda: sortant.field_is("SELECT etat = 'sans-objet' FROM envois"))
    assert endpoint.received == []


def _dates(endpoint: Receiver, subject: str) -> list[str]:
    return [event["data"]["date_effet"] for event in endpoint.events if event["subject"] == subject]
