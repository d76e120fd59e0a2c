"""Fixtures for the tests of a partner: `bouchon` (the mock hub), `partenaire` (a client of it), `messages`.

Installed with `relais-contrats[kit]`, pytest finds them by itself.
"""

import copy
import secrets
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from relais_contrats.client import Partner
from relais_contrats.exemples import exemple_valide
from relais_kit.bouchon.porte import Porte
from relais_kit.bouchon.serveur import en_marche


@pytest.fixture
def bouchon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Porte]:
    """A mock hub of its own for the test; `url` is where it answers, `memoire.journal` what it received."""
    with en_marche(tmp_path_factory.mktemp("bouchon")) as porte:
        yield porte


@pytest.fixture
def partenaire(bouchon: Porte) -> Callable[[str], Partner]:
    """`partenaire("caf-59")`: a client of the mock, to be used as an asynchronous context manager."""

    def client(code: str) -> Partner:
        return Partner(bouchon.registre.fiche(code, bouchon.url), bouchon.registre.cles[code])

    return client


@pytest.fixture
def messages() -> Callable[..., dict[str, Any]]:
    """`messages("usager.signale", source="/partenaires/moi")`: a valid message under a new id, with what is given
    put in its envelope and `data` put over its own."""

    def message(type_: str, data: Mapping[str, Any] | None = None, **enveloppe: Any) -> dict[str, Any]:
        fait = copy.deepcopy(dict(exemple_valide(type_)))
        return {**fait, "id": secrets.token_hex(16), **enveloppe, "data": {**fait["data"], **(data or {})}}

    return message
