"""Serves the mock on loopback: for a terminal until Ctrl-C, or for a test in a thread of its own."""

import contextlib
import logging
import socket
import threading
from collections.abc import Collection, Iterator
from pathlib import Path

import structlog
import uvicorn

from relais_kit.bouchon.application import Bouchon, preparer
from relais_kit.bouchon.porte import Porte


def ecouter(port: int) -> socket.socket:
    """A listening socket on loopback; port 0 takes a free one. Raises OSError when it is taken."""
    return socket.create_server(("127.0.0.1", port))


def servir(prise: socket.socket, dossier: Path, herites: Collection[str] = ()) -> tuple[Porte, uvicorn.Server]:
    """The mock and the server that will answer on `prise`; writes the credentials of its partners, then what
    it sees them send and read, in `dossier`. Raises AttentesIllisibles."""
    porte = preparer(f"http://127.0.0.1:{prise.getsockname()[1]}", herites=herites)
    porte.registre.ecrire(dossier, porte.url)
    porte.attentes.ouvrir(dossier, porte.registre.cles)
    config = uvicorn.Config(Bouchon(porte), log_level="warning", access_log=False, lifespan="off")
    return porte, uvicorn.Server(config)


@contextlib.contextmanager
def en_marche(dossier: Path, herites: Collection[str] = ()) -> Iterator[Porte]:
    """A mock that answers as long as the block runs."""
    prise = ecouter(0)
    porte, serveur = servir(prise, dossier, herites)
    with servi(serveur, prise):
        yield porte


@contextlib.contextmanager
def servi(http: uvicorn.Server, prise: socket.socket) -> Iterator[None]:
    """`http` answers on `prise`, in a thread of its own, as long as the block runs."""
    fil = threading.Thread(target=http.run, kwargs={"sockets": [prise]}, name="relais-joue")
    fil.start()
    try:
        yield
    finally:
        http.should_exit = http.force_exit = True
        fil.join()


@contextlib.contextmanager
def sans_journal() -> Iterator[None]:
    """The mock's own log would be mixed with what a command shows."""
    avant = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        yield
    finally:
        structlog.configure(**avant)
