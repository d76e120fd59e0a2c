"""Sign-in by a provider of identities: a real one, of other authors, runs beside the console."""

import re
import secrets
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import httpx
import pytest

from console.access.oidc import Oidc, Provider
from console.access.rights import Role
from deploy.allowed_skips import NO_NPM_TOOL
from tests.console.serving import Served, served
from tests.engines import Bench
from tests.hub import free_port

pytestmark = pytest.mark.anyio
TOOLS = Path(__file__).parents[1] / "outils"
ROLES = {"relais-exploitation": Role.EXPLOITATION, "relais-lecture": Role.LECTURE}


@contextmanager
def running(command: list[str]) -> Iterator[None]:
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as provider:
        assert provider.stdout
        try:
            assert provider.stdout.readline() == "ready\n"
            yield
        finally:
            provider.terminate()


@asynccontextmanager
async def beside_a_provider(banc: Bench) -> AsyncIterator[Served]:
    """A console that knows a provider; it is started once the address that it sends browsers back to is known."""
    if not (TOOLS / "node_modules" / "oidc-provider").exists():
        pytest.skip(NO_NPM_TOOL)
    port, secret = free_port(), secrets.token_urlsafe(32)

    def known(url: str) -> Oidc:
        provider = Provider(f"http://127.0.0.1:{port}", "relais-console", secret, "roles", ROLES)
        return Oidc(provider, f"{url}/connexion/oidc/retour")

    async with served(banc, role=None, oidc=known) as console:
        command = ["node", str(TOOLS / "oidc.mjs"), str(port), f"{console.url}/connexion/oidc/retour", secret]
        with running(command):
            yield console


async def signed_in(browser: httpx.AsyncClient, name: str) -> httpx.Response:
    """As a person does: to the provider, its two forms, and back."""
    answer = await browser.get("/connexion/oidc?suite=/droits")
    for given in ({"prompt": "login", "login": name, "password": "x"}, {"prompt": "consent"}):
        action = re.search(r'<form[^>]+action="([^"]+)"', answer.text)
        assert action, answer.text[:500]
        answer = await browser.post(action[1], data=given)
    return answer


async def test_whom_the_provider_vouches_for_comes_in_with_the_role_it_gives(banc: Bench) -> None:
    async with beside_a_provider(banc) as console:
        async with httpx.AsyncClient(base_url=console.url, follow_redirects=True) as browser:
            page = await signed_in(browser, "claire")
            asked = next(one.url for one in page.history if one.url.path == "/connexion/oidc/retour")
            forbidden = await browser.get("/operateurs")
            replayed = await browser.get(str(asked))
        async with httpx.AsyncClient(base_url=console.url, follow_redirects=True) as browser:
            without_role = await signed_in(browser, "samir")
            still_out = await browser.get("/traces")
        async with httpx.AsyncClient(base_url=console.url) as browser:
            # A link of somebody who wants us signed in as him: this browser did not ask for it.
            not_asked = await browser.get("/connexion/oidc/retour", params={"code": "x", "state": "y"})
        acts = await console.pool.fetch("SELECT geste, operateur FROM gestes WHERE origine = 'oidc' ORDER BY numero")

    assert (page.url.path, page.status_code) == ("/droits", 200)
    assert "claire" in page.text
    assert "<b>exploitation</b>" in page.text
    assert (forbidden.status_code, replayed.status_code, not_asked.status_code) == (403, 403, 403)
    assert (without_role.status_code, "aucun rôle" in without_role.text) == (403, True)
    assert still_out.url.path == "/connexion"
    assert [tuple(row) for row in acts] == [
        ("entree", "claire"),
        ("entree-refusee", "inconnu"),
        ("entree-refusee", "samir"),
        ("entree-refusee", "inconnu"),
    ]


async def test_a_provider_that_does_not_answer_is_told(banc: Bench) -> None:
    def away(url: str) -> Oidc:
        provider = Provider(f"http://127.0.0.1:{free_port()}", "relais-console", "secret", "roles", ROLES)
        return Oidc(provider, f"{url}/connexion/oidc/retour")

    async with served(banc, role=None, oidc=away) as console:
        answer = await console.client.get("/connexion/oidc")

    assert (answer.status_code, "ne répond pas" in answer.text) == (503, True)
