"""The processes that check records beside the one that writes."""

import importlib
import multiprocessing
import os
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing.connection import wait

_OUVRIERS = 2


@contextmanager
def atelier() -> Iterator[Executor]:
    """Two workers, that end with their parent, however it ends. They make themselves ready at once."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(_OUVRIERS, mp_context=spawn, initializer=_suivre_le_parent) as travail:
        for _ in range(_OUVRIERS):
            travail.submit(_se_preparer)
        yield travail


def _suivre_le_parent() -> None:
    """A killed parent does not close the queue on which a worker waits: the worker holds its other end."""
    threading.Thread(target=_attendre_sa_fin, daemon=True).start()


def _se_preparer() -> None:
    """What a worker does begins with a second of imports: meanwhile its parent connects and reads the file."""
    importlib.import_module("services.offres.importer.controle")


def _attendre_sa_fin() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
