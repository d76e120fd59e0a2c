"""The TLS front in front of an upstream that repeats what it was asked, then of a hub: what passes, what does not."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme
from joserfc.jwk import ECKey

from deploy.datadir import HOST
from relais_contrats.client import NDJSON, Client, Partner
from tests.deploy.tls_front import Front, client_folder, door, front
from tests.hub import Hub, free_port
from tests.kit import failures, states, verify_hub
from tests.persons import signalement

MESSAGE = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
KIB = 1024


class _Mirror(BaseHTTPRequestHandler):
    """Answers with the path, the headers and the size of the body that came."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        is_chunked = "Transfer-Encoding" in self.headers
        size = self._chunks() if is_chunked else len(self.rfile.read(int(self.headers.get("Content-Length", "0"))))
        headers = [[name.lower(), value] for name, value in self.headers.items()]
        content = json.dumps({"path": self.path, "headers": headers, "size": size}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _chunks(self) -> int:
        """Read a chunked body to its end, however long it takes to come; returns its size."""
        total = 0
        while size := int(self.rfile.readline().strip() or b"0", 16):
            total += len(self.rfile.read(size))
            self.rfile.readline()
        return total

    do_POST = do_GET

    def log_message(self, *_: Any) -> None: ...


@pytest.fixture(scope="module")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    server = ThreadingHTTPServer((HOST, 0), _Mirror)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with front(tmp_path_factory.mktemp("nginx"), f"{HOST}:{server.server_port}") as one:
        yield one
    server.shutdown()
    server.server_close()


@pytest.fixture
def client(mirror: Front) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=mirror.url, verify=mirror.trust(), trust_env=False) as one:
        yield one


def connect(one: Front) -> ssl.SSLSocket:
    return one.trust().wrap_socket(socket.create_connection((HOST, one.port), timeout=30), server_hostname="localhost")


def closed_after_s(connection: ssl.SSLSocket, drip: bytes = b"", every_s: float = 1.0) -> tuple[float, bytes]:
    """Send `drip` again and again until the server closes: after how long, and what it said."""
    started = time.monotonic()
    connection.settimeout(every_s)
    said = b""
    while time.monotonic() - started < 25:
        try:
            received = connection.recv(65536)
            if not received:
                break
            said += received
        except TimeoutError:
            try:
                connection.sendall(drip)
            except OSError:
                break
        except OSError:
            break
    return time.monotonic() - started, said


def test_the_configuration_is_accepted_without_a_warning(mirror: Front) -> None:
    checked = subprocess.run([*mirror.command, "-t"], capture_output=True, text=True, check=False)

    assert checked.returncode == 0
    assert "warn" not in checked.stderr


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_the_tls_of_bcp_195_is_spoken(mirror: Front, version: ssl.TLSVersion) -> None:
    context = mirror.trust()
    context.minimum_version = context.maximum_version = version

    with context.wrap_socket(socket.create_connection((HOST, mirror.port)), server_hostname="localhost") as tls:
        cipher = tls.cipher()

    assert cipher is not None
    assert "GCM" in cipher[0] or "CHACHA20" in cipher[0]


@pytest.mark.parametrize("ciphers", ["AES128-GCM-SHA256", "ECDHE-RSA-AES128-SHA256:ECDHE-ECDSA-AES128-SHA256"])
def test_ciphers_without_forward_secrecy_or_aead_are_refused(mirror: Front, ciphers: str) -> None:
    context = mirror.trust()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(ciphers)

    with pytest.raises(ssl.SSLError), socket.create_connection((HOST, mirror.port)) as plain:
        context.wrap_socket(plain, server_hostname="localhost")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_tls_1_1_is_refused(mirror: Front) -> None:
    context = mirror.trust()
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1

    with pytest.raises(ssl.SSLError), socket.create_connection((HOST, mirror.port)) as plain:
        context.wrap_socket(plain, server_hostname="localhost")


def test_what_a_client_says_of_its_origin_and_certificate_is_replaced(client: httpx.Client) -> None:
    forged = {
        "X-Forwarded-For": "192.0.2.1",
        "X-Forwarded-Proto": "http",
        "X-Forwarded-Host": "exemple.fr",
        "X-Real-IP": "192.0.2.1",
        "Forwarded": "for=192.0.2.1",
        "Relais-Certificat-Client": "forge",
        "Client-Cert": ":Zm9yZ2U=:",
    }

    seen = dict(client.get("/v1/parcours", headers=forged).json()["headers"])

    assert (seen["x-forwarded-for"], seen["x-real-ip"]) == (HOST, HOST)
    assert (seen["x-forwarded-proto"], seen["x-forwarded-host"]) == ("https", "localhost")
    assert [name for name in ("forwarded", "relais-certificat-client", "client-cert") if name in seen] == []


def test_a_certificate_reaches_the_door_whoever_issued_it(mirror: Front) -> None:
    with httpx.Client(base_url=mirror.url, verify=mirror.trust(trustme.CA()), trust_env=False) as shown:
        seen = dict(shown.get("/", headers={"Relais-Certificat-Client": "forge"}).json()["headers"])

    assert seen["relais-certificat-client"].startswith("-----BEGIN%20CERTIFICATE-----")


def test_a_front_without_its_secret_proves_nothing(client: httpx.Client) -> None:
    seen = dict(client.get("/", headers={"Relais-Proxy": "forge"}).json()["headers"])

    assert "relais-proxy" not in seen


def test_the_server_names_neither_itself_nor_its_version(client: httpx.Client) -> None:
    answers = [client.get("/"), client.get("/metrics")]

    assert {answer.headers["Server"] for answer in answers} == {"nginx"}
    assert {answer.headers["Strict-Transport-Security"] for answer in answers} == {"max-age=63072000"}


@pytest.mark.parametrize(
    ("path", "kind", "size", "status"),
    [
        ("/v1/messages", MESSAGE, 256 * KIB, 200),
        ("/v1/messages", MESSAGE, 256 * KIB + 1, 413),
        ("/v1/messages", "text/plain; a=application/x-ndjson", 256 * KIB + 1, 413),
        ("/v1/messages", BATCH, 16 * KIB * KIB, 200),
        ("/v1/messages", BATCH, 16 * KIB * KIB + 1, 413),
        ("/v1/messages", NDJSON, 17 * KIB * KIB, 200),
        ("/v1/messages", "Application/X-NDJSON; charset=utf-8", 17 * KIB * KIB, 200),
        ("/v1/messages", NDJSON, 64 * KIB * KIB + 1, 413),
        ("/v1/abonnements", NDJSON, 256 * KIB + 1, 413),
        ("/oauth/token", "application/x-www-form-urlencoded", 16 * KIB, 200),
        ("/oauth/token", "application/x-www-form-urlencoded", 16 * KIB + 1, 413),
    ],
)
def test_a_body_may_be_as_large_as_what_it_says_it_is(
    client: httpx.Client, path: str, kind: str, size: int, status: int
) -> None:
    answer = client.post(path, content=b"x" * size, headers={"Content-Type": kind})

    assert answer.status_code == status
    assert (answer.json().get("size"), answer.json().get("code")) in ((size, None), (None, "trop-grand"))


def test_the_upstream_sees_the_address_that_the_partner_signed(client: httpx.Client) -> None:
    seen = [
        client.post(f"/v1/messages{query}", content=b"{}", headers={"Content-Type": kind}).json()["path"]
        for kind, query in ((MESSAGE, ""), (BATCH, "?a=b"), (NDJSON, "?a=%2F"))
    ]

    assert seen == ["/v1/messages", "/v1/messages?a=b", "/v1/messages?a=%2F"]
    assert client.get("/v1//parcours/%2e%2e/x").json()["path"] == "/v1//parcours/%2e%2e/x"


@pytest.mark.parametrize("path", ["/_depot/message", "/_depot/flux", "/_erreur/indisponible", "/metrics"])
def test_what_serves_inside_is_not_there_for_partners(client: httpx.Client, path: str) -> None:
    answer = client.get(path)

    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/problem+json")


@pytest.mark.parametrize(
    "request_line",
    [
        b"GET / HTTP/1.1\r\nHost: localhost\r\nA: " + b"x" * 9000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n"
        + b"".join(b"A%d: %s\r\n" % (n, b"x" * 4000) for n in range(12))
        + b"\r\n",
        b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ],
    ids=["one header", "many headers", "request line"],
)
def test_oversized_headers_are_refused(mirror: Front, request_line: bytes) -> None:
    with connect(mirror) as connection:
        connection.sendall(request_line)

        _, said = closed_after_s(connection)

    head, _, body = said.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 431 ")
    assert json.loads(body)["code"] == "en-tetes-trop-grands"


@pytest.mark.parametrize(
    "garbage", [b"BONJOUR\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n"]
)
def test_an_unreadable_request_is_400(mirror: Front, garbage: bytes) -> None:
    with connect(mirror) as connection:
        connection.sendall(garbage)

        _, said = closed_after_s(connection)

    assert b" 400 " in said.split(b"\r\n")[0]


def test_plain_http_on_the_tls_port_is_400(mirror: Front) -> None:
    answer = httpx.get(f"http://{HOST}:{mirror.port}/", trust_env=False)

    assert (answer.status_code, answer.json()["code"]) == (400, "illisible")


def test_an_upstream_that_is_away_is_said_in_the_words_of_the_api(tmp_path: Path) -> None:
    with front(tmp_path, f"{HOST}:{free_port()}") as alone:
        answer = httpx.post(f"{alone.url}/v1/messages", verify=alone.trust(), json={}, trust_env=False)

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    assert (answer.json()["code"], answer.json()["relancable"]) == ("indisponible", True)


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        ("/v1/offres/services?q=confidentiel", "/v1/offres/services"),
        ("/reponses/confidentiel", "/reponses/"),
        ("/connecteurs/asso-courriel/lien/confidentiel", "/connecteurs/asso-courriel/lien/"),
    ],
)
def test_the_access_log_keeps_no_query_and_no_link(client: httpx.Client, mirror: Front, asked: str, kept: str) -> None:
    client.get(asked)

    deadline = time.monotonic() + 5  # the line is written once the answer is gone
    while f'"{kept}"' not in mirror.access_log() and time.monotonic() < deadline:
        time.sleep(0.05)
    lines = [json.loads(line) for line in mirror.access_log().splitlines()]
    assert (kept, 200, "200") in [(line["path"], line["status"], line["upstream_status"]) for line in lines]
    assert "confidentiel" not in mirror.access_log()


@pytest.mark.lent
@pytest.mark.parametrize(
    ("sent", "drip", "least_s", "most_s"),
    [
        (b"", b"", 4, 7),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\n", b"A: b\r\n", 4, 7),
        (b"POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{", b"", 9, 12),
        (
            b"POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n2\r\n{\n\r\n",
            b"",
            9,
            12,
        ),
    ],
    ids=["nothing", "headers one by one", "body that stops", "stream that stops"],
)
def test_a_slow_client_is_closed(mirror: Front, sent: bytes, drip: bytes, least_s: float, most_s: float) -> None:
    with connect(mirror) as connection:
        connection.sendall(sent)

        after_s, _ = closed_after_s(connection, drip)

    assert least_s <= after_s <= most_s


@pytest.fixture(scope="module")
def through(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Front, Hub]]:
    """A hub, and a door of it that partners reach through TLS only."""
    folder = tmp_path_factory.mktemp("tls")
    hub = Hub(tmp_path_factory.mktemp("hub") / "donnees", free_port())
    hub.up()
    behind = free_port()
    try:
        with front(folder, f"{HOST}:{behind}") as one, door(hub.data, one.url, behind):
            yield one, hub
    finally:
        hub.down()


def partner(through: tuple[Front, Hub], code: str, folder: Path) -> Partner:
    one, hub = through
    moved = client_folder(hub.data, code, folder, one.url)
    key = ECKey.import_key((moved / "cle.pem").read_text())
    return Partner(Client.read(moved / "client.json"), key, transport=httpx.AsyncHTTPTransport(verify=one.trust()))


@pytest.mark.lent
@pytest.mark.anyio
async def test_a_deposit_and_its_event_pass_through_tls(through: tuple[Front, Hub], tmp_path: Path) -> None:
    person = signalement()
    async with partner(through, "caf-59", tmp_path) as caf, partner(through, "cd-59", tmp_path) as cd:
        answer = await caf.post(caf.message("usager.signale", person, departement="59"))
        assert answer.etat == "accepte"
        async with asyncio.timeout(20):
            while person["identite"] not in await identities(cd):
                pass


async def identities(partner: Partner) -> list[Any]:
    """Those of the next page of its feed, acknowledged."""
    page = await partner.events(wait_s=5)
    await partner.acknowledge(page.curseur)
    return [event["data"].get("identite") for event in page.evenements]


@pytest.mark.lent
@pytest.mark.anyio
async def test_a_long_poll_is_held_as_long_as_it_asked(through: tuple[Front, Hub], tmp_path: Path) -> None:
    async with partner(through, "di-offres", tmp_path) as offres:
        started = time.monotonic()
        page = await offres.events(wait_s=25)

    assert page.evenements == []
    assert 24 <= time.monotonic() - started <= 30


@pytest.mark.lent
@pytest.mark.anyio
async def test_a_stream_is_answered_while_it_is_sent(through: tuple[Front, Hub], tmp_path: Path) -> None:
    one, _ = through
    async with partner(through, "caf-59", tmp_path) as caf:
        headers = await caf.headers("POST", "/v1/messages")
        messages = [caf.message("usager.signale", signalement(), departement="59") for _ in range(300)]
    lines = [json.dumps(message).encode() + b"\n" for message in messages]
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode()
    start = (
        b"POST /v1/messages HTTP/1.1\r\nHost: localhost:%d\r\nContent-Type: application/x-ndjson\r\n" % one.port + head
    )
    with connect(one) as connection:
        connection.sendall(start + b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n" + chunk(*lines[:256]))
        early = b""
        while b'"etat":"accepte"' not in early:
            received = connection.recv(65536)
            assert received, early
            early += received
        connection.sendall(chunk(*lines[256:]) + b"0\r\n\r\n")

        _, late = closed_after_s(connection)

    head_of_answer, _, body = (early + late).partition(b"\r\n\r\n")
    assert head_of_answer.startswith(b"HTTP/1.1 200 ")
    assert dechunked(body).count(b'"etat":"accepte"') == 300


def dechunked(body: bytes) -> bytes:
    content = b""
    while body:
        size, _, body = body.partition(b"\r\n")
        content, body = content + body[: int(size, 16)], body[int(size, 16) + 2 :]
    return content


def chunk(*lines: bytes) -> bytes:
    content = b"".join(lines)
    return b"%x\r\n%s\r\n" % (len(content), content)


@pytest.mark.lent
def test_the_kit_finds_no_fault_in_a_hub_behind_tls(through: tuple[Front, Hub], tmp_path: Path) -> None:
    one, hub = through
    authority = tmp_path / "autorite.pem"
    one.authority.cert_pem.write_to_path(str(authority))
    folders = [client_folder(hub.data, code, tmp_path, one.url) for code in ("caf-59", "cd-59")]

    verified = verify_hub(one.url, folders, "--ca", str(authority))

    assert (failures(verified), states(verified)["hub.tls"]) == ({}, "passee")
