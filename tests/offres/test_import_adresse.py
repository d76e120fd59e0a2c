"""What `offres importer` fetches, and from where."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from rich.console import Console

from deploy.cli import offres
from deploy.datadir import LaunchError

CONTENU = b'{"id": "dora--1"}\n' * 1_000


class _Distant(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        found = self.path == "/catalogue.jsonl"
        self.send_response(200 if found else 302)
        self.send_header("Location", "/catalogue.jsonl")
        self.end_headers()
        self.wfile.write(CONTENU if found else b"")

    def log_message(self, *_: object) -> None:
        """Nothing: the output of a test is its verdict."""


@pytest.fixture
def adresse() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Distant) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def _local(donne: str) -> bytes:
    with ExitStack() as stack:
        return offres._local(donne, stack, Console(quiet=True)).read_bytes()


def test_a_catalogue_is_fetched_to_disk(adresse: str) -> None:
    assert _local(f"{adresse}/catalogue.jsonl") == CONTENU


def test_a_redirect_is_not_followed(adresse: str) -> None:
    with pytest.raises(LaunchError, match="302"):
        _local(f"{adresse}/ailleurs")


@pytest.mark.parametrize(
    "donne", ["http://exemple.fr/a.jsonl", "http://127.0.0.1.exemple.fr/a.jsonl", "http://10.0.0.1/a"]
)
def test_plain_http_leads_to_this_machine_only(donne: str) -> None:
    with pytest.raises(LaunchError, match="https"):
        _local(donne)


@pytest.mark.parametrize("donne", ["absent.jsonl", "ftp://exemple.fr/a.jsonl", "file:///etc/hostname"])
def test_anything_else_is_a_file_that_must_be_there(donne: str) -> None:
    with pytest.raises(LaunchError, match="pas un fichier"):
        _local(donne)
