"""Where the hub refuses to send (securite § 6.5, row 72): by the text of the address, and by what is behind it."""

import ipaddress
from pathlib import Path

import pytest

from deploy.components import COMPONENTS
from deploy.datadir import DataDir, Ports
from deploy.launcher import component_environment
from gateway import destinations
from gateway.destinations import Interdite, NonDeclare, Resolver, check_address, hote_declarable, lire
from gateway.inbound import app as inbound
from gateway.outbound import app as outbound
from gateway.outbound.http_client import Answer, HttpClient, Silence

HOSTS = frozenset({"exemple.fr", "nulle-part.invalid", "2606:4700::1111"})
FORBIDDEN_URLS = [
    "http://exemple.fr/relais",
    "https://127.0.0.1/x",
    "https://[::1]/x",
    "https://[::ffff:127.0.0.1]/x",
    "https://[::ffff:7f00:1]/x",
    "https://0x7f.1/x",
    "https://0x7f000001/x",
    "https://2130706433/x",
    "https://127.1/x",
    "https://0177.0.0.1/x",
    "https://0/x",
    "https://169.254.169.254/latest/meta-data",
    "https://10.0.0.1/x",
    "https://172.16.0.1/x",
    "https://192.168.1.1/x",
    "https://100.64.0.1/x",
    "https://[fd00::1]/x",
    "https://[fe80::1]/x",
    "https://[64:ff9b::7f00:1]/x",
    "https://[64:ff9b::808:808]/x",
    "https://[fec0::1]/x",
    "https://192.88.99.1/x",
    "https://[2002:7f00:1::]/x",
    "https://224.0.0.1/x",
    "https://255.255.255.255/x",
    "https://localhost/x",
    "https://localhost./x",
    "https://LOCALHOST/x",
    "https://nats/x",
    "https://postgres.internal/x",
    "https://imprimante.local/x",
    "https://exemple.fr:4222/x",
    "https://exemple.fr:5432/x",
    "https://exemple.fr:22/x",
    "https://exemple.fr:99999/x",
    "file:///etc/passwd",
    "gopher://exemple.fr/x",
    "ftp://exemple.fr/x",
    "https://ok@evil.fr/x",
    "https://ok:mdp@exemple.fr/x",
    "https://exemple.fr/x#fragment",
    "https://exemple.fr\\@127.0.0.1/x",
    "https://exemple.fr/\r\nHost: x",
    "https://exemple.fr/é",
    "https://exem ple.fr/",
    "https:///x",
    "//exemple.fr/x",
    "",
]


@pytest.mark.parametrize("url", FORBIDDEN_URLS)
def test_a_forbidden_address_is_refused_by_its_text(url: str) -> None:
    with pytest.raises(Interdite):
        lire(url, autoriser_loopback=False)


@pytest.mark.parametrize(
    "url",
    [
        "https://exemple.fr/relais?x=1",
        "https://exemple.fr:8443/",
        "https://1.1.1.1/",
        "https://[2606:4700::1111]/",
        "https://sous.exemple.gouv.fr.",
    ],
)
def test_a_public_address_is_admitted(url: str) -> None:
    assert lire(url, autoriser_loopback=False).scheme == "https"


@pytest.mark.parametrize(
    "url", ["http://10.0.0.1:8080/", "http://exemple.fr/", "http://127.0.0.1:4222/", "http://[::ffff:127.0.0.1]/"]
)
def test_the_embedded_default_opens_loopback_and_nothing_else(url: str) -> None:
    assert lire("http://127.0.0.1:8000/", autoriser_loopback=True).port == 8000
    with pytest.raises(Interdite):
        lire(url, autoriser_loopback=True)


@pytest.mark.parametrize(
    "text",
    [
        "127.0.0.1",
        "0.0.0.0",  # noqa: S104
        "10.1.2.3",
        "172.31.0.1",
        "192.168.0.1",
        "100.64.0.1",
        "169.254.169.254",
        "192.0.2.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fc00::1",
        "fd12::1",
        "ff02::1",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "2002:a00:1::1",
        "2001:db8::1",
        # Anycast, relays, translation and tunnels: whatever they embed, nobody knows who is at the other end.
        *("192.88.99.1", "192.0.0.9", "192.0.0.10", "192.31.196.1", "192.52.193.1", "192.175.48.1"),
        *("2001:1::1", "2001:1::2", "2001:1::3", "2001:3::1", "2001:4:112::1", "2620:4f:8000::1"),
        *("fec0::1", "feff::1", "fe80::1", "100::1", "100:0:0:1::1", "5f00::1", "3fff::1", "4000::1", "::1.1.1.1"),
        *("64:ff9b::808:808", "64:ff9b:1::808:808", "2002:808:808::1", "2001:0:808:808::1", "::ffff:1.1.1.1"),
        *("2001:10::1", "2001:20::1", "2001:30::1", "2001:2::1"),
    ],
)
def test_an_address_that_is_not_public_is_refused(text: str) -> None:
    with pytest.raises(Interdite):
        check_address(ipaddress.ip_address(text), autoriser_loopback=False)


@pytest.mark.parametrize("text", ["1.1.1.1", "8.8.8.8", "2606:4700::1111", "2a01:e0a::1", "2001:4860:4860::8888"])
def test_a_public_one_is_admitted(text: str) -> None:
    check_address(ipaddress.ip_address(text), autoriser_loopback=False)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.9.9.9", "[::1]"])
def test_no_port_of_the_hub_is_a_destination_on_loopback(host: str) -> None:
    with pytest.raises(Interdite):
        lire(f"http://{host}:8421/x", autoriser_loopback=True, ports_du_hub=frozenset({8421}))


@pytest.mark.parametrize("settings", [inbound.Settings, outbound.Settings])
def test_the_launcher_closes_every_port_of_its_hub(
    settings: type[inbound.Settings | outbound.Settings], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ports = Ports(passerelle=8420, console=8421, nats=4300, postgres=5500, metriques=8422, connecteurs=8423, sftp=8424)
    component = next(one for one in COMPONENTS if one.module == settings.__module__)
    for name, value in component_environment(DataDir(tmp_path), ports, component).items():
        monkeypatch.setenv(name, value)

    read = settings()  # type: ignore[call-arg]

    assert read.ports_du_hub == {8420, 8421, 4300, 5500, 8422, 8423, 8424}


@pytest.mark.parametrize(
    "url",
    [
        "https://exemple.fr/x",
        "https://EXEMPLE.fr/x",
        "https://exemple.fr./x",
        "https://exemple.fr:8443/x",
        "https://[2606:4700:0::1111]/x",
    ],
)
def test_a_declared_host_is_recognised_in_all_its_writings(url: str) -> None:
    assert Resolver(autoriser_loopback=False).lire(url, HOSTS).scheme == "https"


@pytest.mark.parametrize("url", ["https://sous.exemple.fr/x", "https://exemple.fr.evil.com/", "https://xexemple.fr/"])
def test_another_host_than_the_declared_one_is_refused(url: str) -> None:
    with pytest.raises(NonDeclare):
        Resolver(autoriser_loopback=False).lire(url, HOSTS)


def test_loopback_needs_no_declaration_where_it_is_open() -> None:
    assert Resolver(autoriser_loopback=True).lire("http://127.0.0.1:9000/x", ()).port == 9000
    with pytest.raises(NonDeclare):
        Resolver(autoriser_loopback=True).lire("https://exemple.fr/x", ())


@pytest.mark.parametrize(
    ("text", "host"),
    [("Exemple.FR", "exemple.fr"), ("exemple.fr.", "exemple.fr"), ("[2606:4700:0::1]", "2606:4700::1")],
)
def test_a_host_is_declared_in_one_writing(text: str, host: str) -> None:
    assert hote_declarable(text) == host


@pytest.mark.parametrize(
    "text",
    ["", "*", "*.exemple.fr", "exemple.fr:8443", "https://exemple.fr", "exemple.fr/x", "10.0.0.1", "nats", "a b.fr"],
)
def test_what_is_no_public_host_is_not_declared(text: str) -> None:
    with pytest.raises(Interdite):
        hote_declarable(text)


@pytest.mark.anyio
async def test_a_host_that_is_not_declared_is_not_dialled(monkeypatch: pytest.MonkeyPatch) -> None:
    dialled: list[str] = []

    def lookup(host: str, _: int) -> list[str]:
        dialled.append(host)
        return ["1.1.1.1"]

    monkeypatch.setattr(destinations, "_lookup", lookup)

    assert await post(Resolver(autoriser_loopback=False), "https://autre.fr/x") == Silence("hote-non-declare")
    assert dialled == []


@pytest.mark.anyio
async def test_a_public_name_that_leads_inside_is_refused_at_registration(monkeypatch: pytest.MonkeyPatch) -> None:
    """One public address among them does not help: every address must be public."""
    monkeypatch.setattr(destinations, "_lookup", lambda host, port: ["1.1.1.1", "127.0.0.1"])

    with pytest.raises(Interdite):
        await Resolver(autoriser_loopback=False).check("https://exemple.fr/x", HOSTS)


@pytest.mark.anyio
async def test_a_name_that_changes_to_an_inside_address_is_refused_at_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    resolver = Resolver(autoriser_loopback=False)
    monkeypatch.setattr(destinations, "_lookup", lambda host, port: ["1.1.1.1"])
    await resolver.check("https://exemple.fr/x", HOSTS)
    monkeypatch.setattr(destinations, "_lookup", lambda host, port: ["169.254.169.254"])

    assert await post(resolver, "https://exemple.fr/x") == Silence("adresse-interdite")


@pytest.mark.anyio
async def test_a_name_that_does_not_exist_is_silence() -> None:
    resolver = Resolver(autoriser_loopback=False)

    assert await post(resolver, "https://nulle-part.invalid/x") == Silence("nom-introuvable")


async def post(resolver: Resolver, url: str) -> Answer | Silence:
    client = HttpClient(resolver)
    try:
        return await client.post(url, {}, b"{}", HOSTS)
    finally:
        await client.close()
