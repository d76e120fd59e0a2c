"""What a connector remembers, the same on PostgreSQL and on SQLite; nothing of it in clear that may name somebody."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connectors.database import Database, PostgreSQL, SQLite
from connectors.exchanges import ExchangeRefused, Journal
from connectors.mandates import Mandate, Mandates, new_token, token_digest
from connectors.sealing import Unreadable, Vault
from connectors.state import State
from tests.engines import Engines, bench

pytestmark = pytest.mark.anyio
VAULT = Vault(bytes(range(32)))
LEASE = timedelta(seconds=60)


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture(params=["postgresql", "sqlite"])
async def database(request: pytest.FixtureRequest, engines: Engines, tmp_path: Path) -> AsyncIterator[Database]:
    if request.param == "sqlite":
        one = SQLite(tmp_path / "etat.sqlite")
        yield one
        one.close()
    else:
        async with bench(engines) as banc:
            yield PostgreSQL(await banc.pool("connecteurs"))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def state(database: Database, clock: Clock) -> State:
    return State(database, VAULT, "cd-59-essai", clock)


async def test_a_thing_is_taken_by_one_worker_only(state: State) -> None:
    first = await state.take("dossier-1", LEASE)
    second = await state.take("dossier-1", LEASE)

    assert first is not None
    assert second is None


async def test_what_a_silent_worker_held_is_taken_by_another_and_no_longer_by_it(state: State, clock: Clock) -> None:
    first = await state.take("dossier-1", LEASE)
    clock.now += LEASE + timedelta(seconds=1)
    second = await state.take("dossier-1", LEASE)

    assert first is not None
    assert second is not None
    assert not await first.extend()
    assert await second.extend()


async def test_what_is_settled_is_never_taken_again_and_what_is_released_is_at_once(state: State, clock: Clock) -> None:
    settled, released = await state.take("a", LEASE), await state.take("b", LEASE)
    assert settled is not None
    assert released is not None
    await settled.settle("fait")
    await released.release()
    clock.now += 2 * LEASE

    again = [await state.take("a", LEASE) is None, await state.take("b", LEASE) is None]

    assert again == [True, False]
    assert await state.outcome("a") == "fait"


@pytest.mark.parametrize("raised", [OSError, asyncio.CancelledError])
async def test_what_raises_leaves_it_free_and_what_is_settled_stays(state: State, raised: type[BaseException]) -> None:
    held, settled = await state.take("a", LEASE), await state.take("b", LEASE)
    assert held is not None
    assert settled is not None

    with pytest.raises(raised):
        async with held:
            raise raised
    await settled.settle("fait")
    with pytest.raises(raised):
        async with settled:
            raise raised

    assert await state.take("a", LEASE) is not None
    assert await state.take("b", LEASE) is None


async def test_the_same_thing_of_two_mandates_is_two_things(database: Database, clock: Clock, state: State) -> None:
    other = State(database, VAULT, "cd-62-essai", clock)
    await state.take("dossier-1", LEASE)
    await state.link("usager", [("U1", "prc_a")])

    assert await other.take("dossier-1", LEASE) is not None
    assert await other.ours("usager", "U1") is None


async def test_keys_are_found_in_both_directions_and_the_last_word_holds(state: State) -> None:
    await state.link("usager", [("U1", "prc_a"), ("U2", "prc_b")])
    await state.link("usager", [("U1", "prc_c")])

    assert await state.ours("usager", "U1") == "prc_c"
    assert await state.theirs("usager", "prc_b") == "U2"
    assert await state.ours("rdv", "U1") is None


async def test_a_foreign_key_is_kept_sealed(database: Database, state: State) -> None:
    await state.link("usager", [("matricule-secret", "prc_a")])

    [row] = await database.fetch("SELECT empreinte, scelle FROM correspondances")

    assert "matricule" not in row["empreinte"]
    assert b"matricule" not in row["scelle"]


async def test_a_position_moves(state: State) -> None:
    before = await state.position("flux")
    await state.move("flux", "c1")
    await state.move("flux", "c2")

    assert before is None
    assert await state.position("flux") == "c2"


async def test_each_exchange_has_its_line_with_its_outcome(database: Database, clock: Clock) -> None:
    journal = Journal(database, "essai", "cd-59-essai", clock)
    async with journal.exchange("entrant", "essai.fichier", "a.csv") as good:
        good.counts["accepte"] += 2
    clock.now += timedelta(seconds=1)
    with pytest.raises(ExchangeRefused):
        async with journal.exchange("entrant", "essai.fichier", "b.csv"):
            raise ExchangeRefused("Colonne absente.")
    clock.now += timedelta(seconds=1)
    with pytest.raises(ZeroDivisionError):
        async with journal.exchange("sortant", "essai.fichier", "c.csv"):
            raise ZeroDivisionError("texte qui ne doit pas rester")

    failed, refused, done = await journal.last()

    assert (done.etat, done.compte, done.trace) == ("fait", {"accepte": 2}, good.trace)
    assert (refused.etat, refused.motif) == ("refuse", "Colonne absente.")
    assert (failed.etat, failed.motif, failed.sens) == ("echec", "ZeroDivisionError", "sortant")
    assert failed.commence_a == clock.now


async def test_a_mandate_is_read_back_and_lies_sealed(database: Database, clock: Clock) -> None:
    token = new_token()
    mandates = Mandates(database, VAULT)
    mandate = Mandate(
        code="cd-59-essai",
        systeme="hubee",
        partenaire="cd-59",
        etat="actif",
        configuration={"secret": "mot-de-passe"},
        client={"kid": "k1"},
        key_pem="clé privée",
        jeton=token_digest(token),
        cree_a=clock.now,
        change_a=clock.now,
    )
    await mandates.add(mandate)

    [read] = await mandates.all()
    [row] = await database.fetch("SELECT scelle, jeton FROM mandats")

    assert read == mandate
    assert b"mot-de-passe" not in row["scelle"]
    assert token not in row["jeton"]
    assert read.accepts(token)
    assert not read.accepts("rlc_autre")
    with pytest.raises(Unreadable):
        await Mandates(database, Vault(bytes(32))).all()


async def test_a_date_of_a_configuration_is_read_back_as_its_text(database: Database, clock: Clock) -> None:
    day, hour = clock.now.date(), clock.now.time()
    written = {"retraits_confirmes_le": day, "heure": hour}
    common = {"code": "cd-59-dates", "systeme": "data-inclusion", "partenaire": "cd-59", "etat": "actif"}
    stamps = {"cree_a": clock.now, "change_a": clock.now}
    mandate = Mandate(**common, configuration=written, client={"kid": "k1"}, key_pem="", jeton=None, **stamps)  # type: ignore[arg-type]
    await Mandates(database, VAULT).add(mandate)

    [read] = await Mandates(database, VAULT).all()

    assert read.configuration == {"retraits_confirmes_le": day.isoformat(), "heure": hour.isoformat()}
