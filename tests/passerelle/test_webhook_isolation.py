"""What goes wrong with one target, one parcours or one result stays in its own task: the others never notice."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.responses import Response

from chassis.database import Connection
from gateway.destinations import Interdite, Resolver, lire
from gateway.inbound.events import replays_store
from gateway.inbound.events.replays import Replays
from gateway.outbound import settlement
from gateway.outbound.http_client import Answer, HttpClient, Silence, target_of
from gateway.outbound.settlement import Result, Signed
from gateway.outbound.suspensions import Suspensions
from gateway.webhook_secrets import new_secret
from tests.passerelle.outgoing import DROITS, Sortant, until
from tests.passerelle.receiver import Receiver, accept

SICK = "http://127.0.0.1:9/sick"
HOSTS = ("localhost", "127.0.0.1", "[::1]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[2606:4700::1111]", "[::1%lo]")


class Fragile(HttpClient):
    """The real client, but for one address."""

    def __init__(self, error: Exception) -> None:
        super().__init__(Resolver(autoriser_loopback=True))
        self._error = error

    async def post(self, url: str, headers: Mapping[str, str], body: bytes, hotes: Collection[str]) -> Answer | Silence:
        if url == SICK:
            raise self._error
        return await super().post(url, headers, body, hotes)


@given(
    st.sampled_from(("http://", "https://")),
    st.one_of(st.sampled_from(HOSTS), st.text(st.characters(codec="utf-8"), max_size=30)),
    st.one_of(st.sampled_from(("", ":", ":0", ":8625", ":443", ":65536")), st.text(max_size=8)),
    st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=60),
)
def test_every_address_is_refused_in_a_sentence_or_can_be_dialled_as_it_was_judged(
    scheme: str, host: str, port: str, rest: str
) -> None:
    try:
        destination = lire(f"{scheme}{host}{port}/{rest}", autoriser_loopback=True)
    except Interdite:
        return

    target = target_of(destination)

    assert (target.raw_host, target.port, target.scheme) == (destination.host, destination.port, destination.scheme)


@pytest.mark.anyio
@pytest.mark.parametrize(
    "url",
    [
        "http://[::1]:9/x",
        "http://[::1]",
        "http://[0:0:0:0:0:0:0:1]:9/x",
        "http://[::1%lo]:9/x",
        "http://[::1%25lo]:9/x",
        "http://[::1].:9/x",
        "http://[v1.x]:9/x",
        "http://[::1",
        "http://::1:9/x",
        "http://u:p@[::1]:9/x",
        "http://localhost:0/x",
        "http://localhost:/x",
        "http://localhost",
        "http://localhost:9?a=[b]&%zz",
        "https://xn--/x",
        "https://a..b.fr/x",
        "http://localhost:9/" + "x" * 1970,
        "http://localhost:9/" + "x" * 5000,
    ],
)
async def test_no_address_raises_out_of_the_client(url: str) -> None:
    client = HttpClient(Resolver(autoriser_loopback=True))

    answer = await client.post(url, {}, b"{}", [])

    await client.close()
    assert isinstance(answer, Silence)


@pytest.mark.anyio
@pytest.mark.parametrize(
    "error", [RuntimeError("x"), KeyError("x"), ValueError("x"), RecursionError("x"), OSError("x")]
)
async def test_a_target_that_raises_keeps_its_own_events_and_no_other_s(
    sortant: Sortant, endpoint: Receiver, error: Exception
) -> None:
    sortant.client = Fragile(error)
    sick = await sortant.subscribe("cd-59", SICK)
    verified = await sortant.subscribe("ft-hdf", SICK, etat="a-verifier")
    await sortant.subscribe("ft-hdf", endpoint.url, "droits.modifies")
    opening = await sortant.subscribe("cd-59", endpoint.url, "contrat.signe", etat="a-verifier")
    parcours = [uuid4() for _ in range(5)]
    sortant.start()

    for one in parcours:
        await sortant.signale(one)
        await sortant.tell("droits.modifies", one, DROITS)
    await until(lambda: sum(event["type"].endswith("droits.modifies.v1") for event in endpoint.events) == 5, 20)
    await until(lambda: sortant.field_is("SELECT count(*) > 0 FROM envois WHERE erreur = 'interne'"), 20)

    assert await sortant.field("SELECT etat FROM abonnements WHERE id = $1", opening) == "actif"
    assert await sortant.field("SELECT echecs FROM abonnements WHERE id = $1", sick) > 0
    assert await sortant.field("SELECT echecs FROM abonnements WHERE id = $1", verified) > 0
    assert len({event["id"] for event in endpoint.events}) == len(endpoint.events) == 6


@pytest.mark.anyio
async def test_a_secret_that_does_not_open_stops_its_own_subscription_only(
    sortant: Sortant, endpoint: Receiver
) -> None:
    for etat in ("actif", "a-verifier"):
        id_ = await sortant.subscribe("cd-59", f"{endpoint.url}/sick", etat=etat)
        await sortant.process.pool.execute("UPDATE abonnements SET secret = 'altered' WHERE id = $1", id_)
    await sortant.subscribe("cd-59", f"{endpoint.url}/well", etat="a-verifier", secret=new_secret())
    sortant.start()

    await sortant.signale(uuid4())
    await until(lambda: len(endpoint.received) == 3)

    assert {one.path for one in endpoint.received} == {"/well"}


@pytest.mark.anyio
async def test_a_result_that_cannot_be_written_leaves_those_settled_beside_it(
    sortant: Sortant, endpoint: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    sick = await sortant.subscribe("cd-59", f"{endpoint.url}/sick", "usager.signale")
    well = await sortant.subscribe("cd-59", f"{endpoint.url}/well", "usager.signale")
    write = settlement.write

    async def refuse(
        conn: Connection, results: Sequence[Result], signed: Signed, now: datetime, chances: Sequence[float]
    ) -> settlement.Written:
        if any(result.claim.abonnement == sick for result in results):
            raise LookupError
        return await write(conn, results, signed, now, chances)

    monkeypatch.setattr(settlement, "write", refuse)
    parcours = [uuid4() for _ in range(8)]
    for one in parcours:
        await sortant.signale(one)
    sortant.start()

    settled = f"SELECT count(*) = 8 FROM envois WHERE etat = 'livre' AND abonnement = '{well}'"
    await until(lambda: sortant.field_is(settled))

    assert sum(one.path == "/well" for one in endpoint.received) == 8


@pytest.mark.anyio
async def test_a_claim_that_fails_cancels_nothing_that_is_on_its_way(
    sortant: Sortant, endpoint: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender = sortant.sender()
    claim, failures = sender._claim, iter([LookupError("x"), RuntimeError("x")])

    async def fail_once(*_: Any) -> Any:
        if endpoint.busy and (error := next(failures, None)):
            raise error
        return await claim()

    async def slowly(_: Any) -> Response:
        await until(lambda: next(failures, None) is None)
        return accept(_)

    monkeypatch.setattr(sender, "_claim", fail_once)
    endpoint.answer = slowly
    await sortant.subscribe("cd-59", endpoint.url, "usager.signale")
    sortant.distribute()
    sortant.push(sender)

    await sortant.signale(uuid4())
    await until(lambda: sortant.field_is("SELECT count(*) = 1 FROM envois WHERE etat = 'livre'"))

    assert len(endpoint.received) == 1


@pytest.mark.anyio
async def test_a_suspension_that_cannot_be_told_keeps_no_other_from_being_told(sortant: Sortant) -> None:
    for code, since in (("cd-59", "3 minutes"), ("ft-hdf", "1 minute")):
        id_ = await sortant.subscribe(code, SICK, etat="suspendu")
        await sortant.process.pool.execute(
            f"UPDATE abonnements SET suspendu_a = now() - interval '{since}' WHERE id = $1",
            id_,
        )
    await sortant.process.pool.execute("UPDATE partenaires SET departements = '{}' WHERE code = 'cd-59'")

    told = await Suspensions(sortant.process.pool, sortant.vault, lambda: None).tell_due()

    assert told == 1
    assert [row["type"] for row in await sortant.deliveries("ft-hdf")] == ["abonnement.suspendu"]


@pytest.mark.anyio
async def test_a_replay_that_fails_keeps_no_other_from_going_on(
    sortant: Sortant, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand_over = replays_store.hand_over

    async def fail_first(conn: Connection, rejeu: Any, limit: int, now: datetime) -> int:
        if rejeu["renvoyer"]:
            raise LookupError
        return await hand_over(conn, rejeu, limit, now)

    monkeypatch.setattr(replays_store, "hand_over", fail_first)
    id_ = await sortant.subscribe("cd-59", SICK)
    await sortant.fanout().handle([])
    for minutes, renvoyer in ((2, True), (1, False)):
        rejeu = uuid4()
        await sortant.process.pool.execute(
            "INSERT INTO rejeux (id, partenaire, abonnement, du, au, types, renvoyer, selectionnes, demande_a) "
            "VALUES ($1, 'cd-59', $2, now() - interval '1 day', now(), '{}', $3, 1, now() - make_interval(mins => $4))",
            rejeu,
            id_,
            renvoyer,
            minutes,
        )
        await sortant.process.pool.execute(
            "INSERT INTO rejeux_livraisons (rejeu, livraison, parcours, etat) VALUES ($1, 1, $2, 'a-remettre')",
            rejeu,
            uuid4(),
        )

    done = await Replays(sortant.process.pool).hand_over()

    assert done == 1
