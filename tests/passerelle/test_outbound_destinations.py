"""Where the hub refuses to send (securite § 6.5, row 72): by the text of the address, and by what is behind it."""

import ipaddress

import pytest

from gateway import destinations
from gateway.destinations import Interdite, Resolver, check_address, lire
from gateway.outbound.http_client import Answer, HttpClient, Silence

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
    ],
)
def test_an_address_that_is_not_public_is_refused(text: str) -> None:
    with pytest.raises(Interdite):
        check_address(ipaddress.ip_address(text), autoriser_loopback=False)


@pytest.mark.anyio
async def test_a_public_name_that_leads_inside_is_refused_at_registration(monkeypatch: pytest.MonkeyPatch) -> None:
    """One public address among them does not help: every address must be public."""
    monkeypatch.setattr(destinations, "_lookup", lambda host, port: ["1.1.1.1", "127.0.0.1"])

    with pytest.raises(Interdite):
        await Resolver(autoriser_loopback=False).check("https://exemple.fr/x")


@pytest.mark.anyio
async def test_a_name_that_changes_to_an_inside_address_is_refused_at_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    resolver = Resolver(autoriser_loopback=False)
    monkeypatch.setattr(destinations, "_lookup", lambda host, port: ["1.1.1.1"])
    await resolver.check("https://exemple.fr/x")
    monkeypatch.setattr(destinations, "_lookup", lambda host, port: ["169.254.169.254"])

    assert await post(resolver, "https://exemple.fr/x") == Silence("adresse-interdite")


@pytest.mark.anyio
async def test_a_name_that_does_not_exist_is_silence() -> None:
    resolver = Resolver(autoriser_loopback=False)

    assert await post(resolver, "https://nulle-part.invalid/x") == Silence("nom-introuvable")


async def post(resolver: Resolver, url: str) -> Answer | Silence:
    client = HttpClient(resolver)
    try:
        return await client.post(url, {}, b"{}")
    finally:
        await client.close()
