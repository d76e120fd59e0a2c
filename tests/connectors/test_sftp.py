"""Our SFTP server and the partner's: who may come in, what it may see, and a file that goes all the way."""

from __future__ import annotations

import asyncio
import tomllib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncssh
import pytest

from connectors import sftp
from connectors.fichiers import SYSTEM
from connectors.fichiers.configuration import EXEMPLE
from connectors.fichiers.files import taking
from connectors.fichiers.poller import fetch, give_back, opened
from connectors.folders import ARRIVALS, RETURNS, look
from connectors.systems import ConfigurationRefused, Context
from tests.connectors.fakes import FakeHub, context
from tests.connectors.fichiers.test_files import HEADING, as_csv, person
from tests.hub import free_port

pytestmark = pytest.mark.anyio
HOST = "127.0.0.1"
PARTNER, STRANGER, SERVER = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(3))


def public(key: asyncssh.SSHKey) -> str:
    return key.export_public_key().decode().strip()


@pytest.fixture
def hub() -> FakeHub:
    return FakeHub()


@pytest.fixture
def place(hub: FakeHub, tmp_path: Path) -> Context:
    configuration = tomllib.loads(EXEMPLE) | {"cles_sftp": [public(PARTNER)]}
    return context(SYSTEM, configuration, tmp_path / "ici", hub)


@asynccontextmanager
async def server(tmp_path: Path, *places: Context) -> AsyncIterator[int]:
    """The port of a server that knows these mandates."""
    key, port, stop = tmp_path / "sftp.pem", free_port(), asyncio.Event()
    key.write_bytes(SERVER.export_private_key())
    known = {place.mandate.code: place for place in places}
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(sftp.serve(known.get, HOST, port, key, stop))
        await asyncio.sleep(0.1)
        try:
            yield port
        finally:
            stop.set()


@asynccontextmanager
async def session(port: int, user: str, key: asyncssh.SSHKey) -> AsyncIterator[asyncssh.SFTPClient]:
    connecting = asyncssh.connect(
        HOST, port, username=user, client_keys=[key], known_hosts=None, config=None, agent_path=None
    )
    async with connecting as connection, connection.start_sftp_client() as client:
        yield client


async def test_a_partner_puts_a_file_in_its_home_and_reads_what_became_of_it(
    place: Context, hub: FakeHub, tmp_path: Path
) -> None:
    source = tmp_path / "signalements.csv"
    source.write_bytes(as_csv(HEADING, person(1)))

    async with server(tmp_path, place) as port, session(port, "cd-59-essai", PARTNER) as client:
        await client.put(source, "/arrivees/signalements.csv")
        await look(place, taking(place), await look(place, taking(place), {}))
        names = await client.listdir("/retours")
        await client.get("/retours/signalements-resultat.csv", tmp_path / "retour.csv")

    assert "signalements-resultat.csv" in names
    assert "accepté" in (tmp_path / "retour.csv").read_text()
    assert len(hub.of("usager.signale")) == 1


@pytest.mark.parametrize(("user", "key"), [("cd-59-essai", STRANGER), ("cd-62-essai", PARTNER), ("root", PARTNER)])
async def test_another_key_or_another_name_does_not_come_in(
    place: Context, tmp_path: Path, user: str, key: asyncssh.SSHKey
) -> None:
    async with server(tmp_path, place) as port:
        with pytest.raises(asyncssh.PermissionDenied):
            async with session(port, user, key):
                pass


async def test_a_session_sees_its_home_only_and_has_no_shell(place: Context, tmp_path: Path) -> None:
    (place.folder / "archives").mkdir()

    async with server(tmp_path, place) as port:
        async with session(port, "cd-59-essai", PARTNER) as client:
            top = set(await client.listdir("/..")) - {".", ".."}
            with pytest.raises(asyncssh.SFTPError):
                await client.symlink("/../../etat.sqlite", "/arrivees/lien.csv")
            with pytest.raises(asyncssh.SFTPError):
                await client.stat("/../archives")
        connecting = asyncssh.connect(
            HOST, port, username="cd-59-essai", client_keys=[PARTNER], known_hosts=None, config=None, agent_path=None
        )
        async with connecting as connection:
            with pytest.raises(asyncssh.ChannelOpenError):
                await connection.run("id")

    assert top == {"arrivees", "retours", "departs"}


@pytest.fixture
def theirs(tmp_path: Path) -> Context:
    """The partner's own server: any SFTP server will do, so ours stands for it."""
    (tmp_path / "chez-eux").mkdir()
    configuration = tomllib.loads(EXEMPLE) | {"cles_sftp": [public(PARTNER)]}
    one = context(SYSTEM, configuration, tmp_path / "chez-eux", FakeHub())
    (one.folder / ARRIVALS).mkdir(parents=True)
    return one


def polling(
    tmp_path: Path, hub: FakeHub, port: int, *, host_key: asyncssh.SSHKey = SERVER, after: str = "laisser"
) -> Context:
    server_of_theirs = {
        "hote": HOST,
        "port": port,
        "utilisateur": "cd-59-essai",
        "cle": PARTNER.export_private_key().decode(),
        "cle_hote": public(host_key),
        "arrivees": "/arrivees",
        "retours": "/retours",
        "apres": after,
    }
    (tmp_path / "ici").mkdir(exist_ok=True)
    return context(SYSTEM, tomllib.loads(EXEMPLE) | {"sftp": server_of_theirs}, tmp_path / "ici", hub)


@pytest.mark.parametrize(("after", "left"), [("laisser", 1), ("supprimer", 0)])
async def test_a_file_on_the_partner_s_server_is_fetched_once_and_its_report_goes_back(
    theirs: Context, hub: FakeHub, tmp_path: Path, after: str, left: int
) -> None:
    put = theirs.folder / ARRIVALS / "signalements.csv"
    put.write_bytes(as_csv(HEADING, person(1)))
    (theirs.folder / ARRIVALS / "signalements-2.csv.part").write_bytes(b"x")

    async with server(tmp_path, theirs) as port:
        place = polling(tmp_path, hub, port, after=after)
        async with opened(place.configuration.sftp) as client:
            seen = await fetch(place, client, {})
            assert not (place.folder / ARRIVALS).exists()
            seen = await fetch(place, client, seen)
            await look(place, taking(place), await look(place, taking(place), {}))
            await fetch(place, client, seen)
            await give_back(place, client)
            await give_back(place, client)

    assert len(hub.of("usager.signale")) == 1
    assert [path.name for path in (theirs.folder / RETURNS).iterdir()] == ["signalements-resultat.csv"]
    assert len(list((theirs.folder / ARRIVALS).glob("signalements.csv"))) == left
    assert list((place.folder / ARRIVALS).iterdir()) == []


async def test_a_server_that_is_not_the_one_that_was_declared_is_told_nothing(
    theirs: Context, hub: FakeHub, tmp_path: Path
) -> None:
    async with server(tmp_path, theirs) as port:
        place = polling(tmp_path, hub, port, host_key=STRANGER)
        with pytest.raises(asyncssh.HostKeyNotVerifiable):
            async with opened(place.configuration.sftp):
                pass


def test_keys_are_checked_when_the_configuration_is_written() -> None:
    with pytest.raises(ConfigurationRefused, match="clé publique OpenSSH"):
        SYSTEM.configure(tomllib.loads(EXEMPLE) | {"cles_sftp": ["pas une clé"]})
