"""Fixtures for the tests of a partner: `bouchon` (the mock hub), `partenaire` (a client of it), `messages`, and
`recepteur`, which plays the hub against an endpoint of webhooks.

Installed with `relais-contrats[kit]`, pytest finds them by itself.
"""

import asyncio
import copy
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest
import uvicorn
from starlette.types import ASGIApp

from relais_contrats.client import Partner
from relais_contrats.exemples import exemple_valide
from relais_kit.bouchon.porte import Porte
from relais_kit.bouchon.serveur import ecouter, en_marche, servi
from relais_kit.carnet import Etat, Resultat
from relais_kit.recepteur.deroulement import jouer
from relais_kit.recepteur.identite import Identite, signataire_v1


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


@dataclass(frozen=True)
class Bilan:
    """What the played hub saw of a receiver, requirement by requirement."""

    resultats: Sequence[Resultat]

    @property
    def echecs(self) -> dict[str, tuple[str, ...]]:
        """The requirements that failed, by id, with what was seen, in French."""
        return {r.exigence.id: r.details for r in self.resultats if r.etat is Etat.ECHOUEE}

    @property
    def passees(self) -> frozenset[str]:
        return frozenset(r.exigence.id for r in self.resultats if r.etat is Etat.PASSEE)


@pytest.fixture
def recepteur() -> Iterator[Callable[..., Bilan]]:
    """`recepteur(app, secret="whsec_…")`: as `relais-kit verifier recepteur --rapide`, from a test that is not a
    coroutine. `app` is an ASGI application, served on loopback meanwhile, or the address `http://…` of one that runs;
    `chemin` and `sonde` are paths there: of its webhooks, and of its probe (None: it has none)."""
    with ExitStack() as serveurs:

        def adresse(app: ASGIApp | str) -> str:
            if isinstance(app, str):
                return app.rstrip("/")
            prise = ecouter(0)
            serveurs.enter_context(servi(uvicorn.Server(uvicorn.Config(app, log_level="warning")), prise))
            return f"http://127.0.0.1:{prise.getsockname()[1]}"

        def verifier(
            app: ASGIApp | str,
            secret: str,
            *,
            chemin: str = "/webhooks",
            sonde: str | None = None,
            lot: int = 100,
            types: Sequence[str] = (),
        ) -> Bilan:
            url, identite = adresse(app), Identite(signataire_v1(secret))
            ou = url + sonde if sonde else None
            issue = jouer(
                url + chemin, identite, lambda *_: None, sonde=ou, lot=lot, est_rapide=True, types=tuple(types)
            )
            return Bilan(asyncio.run(issue).resultats)

        yield verifier
