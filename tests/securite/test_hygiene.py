"""Requests that are not HTTP as everybody reads it, on the socket of a running hub."""

import pytest

from tests.hub import Hub
from tests.securite.wire import raw, request, trickle

OPEN = "/v1/contrats"


def host(hub: Hub) -> tuple[str, str]:
    return "Host", f"127.0.0.1:{hub.port}"


@pytest.mark.parametrize("target", [OPEN, "/problemes/schema-invalide", "/sante/vivant", "/v1/contrats/usager.signale"])
def test_a_plain_request_passes(vivant: Hub, target: str) -> None:
    answer = raw(vivant.port, request("GET", target, [host(vivant)]))

    assert answer.status == 200


@pytest.mark.parametrize(
    "target",
    [
        "//v1/contrats",
        "/v1//contrats",
        "/v1/contrats/",
        "/v1/./contrats",
        "/v1/../v1/contrats",
        "/v1/%2e%2e/contrats",
        "/%76%31/contrats",
        "/v1%2Fcontrats",
        "/v1/contrats%00",
        "/v1\\contrats",
        "/v1/contrats%5C",
        "/v1/contrats%c3%a9",
        "/v1/%contrats",
    ],
)
def test_a_path_that_has_another_writing_is_refused(vivant: Hub, target: str) -> None:
    answer = raw(vivant.port, request("GET", target, [host(vivant)]))

    assert answer.status == 400
    assert answer.is_closed


@pytest.mark.parametrize(
    "headers",
    [
        [],
        ["127.0.0.1:{port}", "127.0.0.1:{port}"],
        ["autre.example"],
        ["127.0.0.1"],
        ["127.0.0.1:{port}@autre.example"],
        [""],
    ],
    ids=["none", "two", "other", "no-port", "userinfo", "empty"],
)
def test_exactly_one_host_that_is_this_hub_s_is_needed(vivant: Hub, headers: list[str]) -> None:
    answer = raw(vivant.port, request("GET", OPEN, [("Host", h.format(port=vivant.port)) for h in headers]))

    assert answer.status == 400


def test_a_probe_may_come_by_another_name(vivant: Hub) -> None:
    answer = raw(vivant.port, request("GET", "/sante/vivant", [("Host", "10.1.2.3:8080")]))

    assert answer.status == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([("X_Client_Cert", "x")], 400),
        ([("Authorization", "DPoP a"), ("Authorization", "DPoP b")], 400),
        ([("X-Grand", "x" * 17_000)], 431),
        ([(f"X-{rank}", "x" * 20) for rank in range(2_000)], 431),
    ],
    ids=["underscore", "two-authorizations", "large", "many"],
)
def test_headers_are_few_and_written_one_way(vivant: Hub, headers: list[tuple[str, str]], status: int) -> None:
    answer = raw(vivant.port, request("GET", OPEN, [host(vivant), *headers]))

    assert answer.status == status


def test_a_long_address_is_refused(vivant: Hub) -> None:
    answer = raw(vivant.port, request("GET", f"{OPEN}?x={'a' * 9_000}", [host(vivant)]))

    assert answer.status == 414


@pytest.mark.parametrize(
    "framing",
    [
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /admin HTTP/1.1\r\n\r\n",
        b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        b"Content-Length: +5\r\n\r\nhello",
        b"Transfer-Encoding: xchunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        b"X: a\r\n b\r\n\r\n",
        b"X: a\0b\r\n\r\n",
    ],
    ids=["cl-te", "two-cl", "cl-plus", "xchunked", "space-colon", "obs-fold", "nul"],
)
def test_a_body_framed_in_two_ways_never_reaches_the_application(vivant: Hub, framing: bytes) -> None:
    head = f"POST /oauth/token HTTP/1.1\r\nHost: 127.0.0.1:{vivant.port}\r\n".encode()

    answer = raw(vivant.port, head + framing)

    assert answer.status == 400
    assert b"HTTP/1.1 " not in answer.body
    assert answer.is_closed


def test_no_other_origin_is_ever_admitted(vivant: Hub) -> None:
    origin = [host(vivant), ("Origin", "https://autre.example"), ("Access-Control-Request-Method", "POST")]

    preflight = raw(vivant.port, request("OPTIONS", "/v1/messages", origin))
    plain = raw(vivant.port, request("GET", OPEN, origin))

    assert preflight.status == 405
    assert "access-control" not in (preflight.head + plain.head).lower()


@pytest.mark.lent
@pytest.mark.parametrize("target", ["/oauth/token", "/oauth/revoke"])
def test_a_body_that_trickles_is_cut(vivant: Hub, target: str) -> None:
    head = request(
        "POST",
        target,
        [host(vivant), ("Content-Type", "application/x-www-form-urlencoded"), ("Content-Length", "10000")],
    )

    answer = raw(vivant.port, *trickle(head, 24), pause_s=0.5)

    assert answer.status == 400
    assert answer.is_closed
    assert answer.elapsed_s < 15
