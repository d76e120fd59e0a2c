"""What a partner meets when it asks too much, at a second door of a whole hub that has small limits.

Quotas are counted over all doors, so each test has a partner of its own.
"""

import asyncio
import dataclasses
import json
import re
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc.jwk import ECKey

from deploy.components import COMPONENTS, ROOT
from deploy.launcher import component_program
from relais_contrats.client import NDJSON, Client, Partner
from relais_contrats.identifiants import cle_nir
from tests.hub import Hub, free_port, until_known
from tests.persons import signalement

pytestmark = [pytest.mark.anyio, pytest.mark.lent]

RAFALE, DEBIT_PAR_S, QUOTA_JOUR, RECHERCHES_PAR_HEURE = 6, 1, 40, 3
_LIMITES = {
    "RELAIS_RAFALE": RAFALE,
    "RELAIS_DEBIT_PAR_S": DEBIT_PAR_S,
    "RELAIS_QUOTA_JOUR": QUOTA_JOUR,
    "RELAIS_RECHERCHES_PAR_HEURE": RECHERCHES_PAR_HEURE,
}
_ADRESSES = ("issuer", "token_endpoint", "api")
_CREER = (
    "--type departement --nom Essai --departement 59 --scope messages:deposer --scope evenements:lire "
    "--scope identite:resoudre --convention orientation:2030-12-31"
)


@dataclass
class Porte:
    """A door beside that of the hub, and what it writes in its log."""

    hub: Hub
    url: str
    journal: Path

    @asynccontextmanager
    async def partenaire(self, code: str) -> AsyncIterator[Partner]:
        self.hub.relais(f"partenaire creer {code} {_CREER}", check=False)
        folder = self.hub.data.partners / code
        client = Client.read(folder / "client.json")
        here = {name: getattr(client, name).replace(self.hub.api, self.url) for name in _ADRESSES}
        key = ECKey.import_key((folder / "cle.pem").read_text(encoding="utf-8"))
        async with Partner(dataclasses.replace(client, **here), key) as partner:
            await until_known(partner)
            yield partner

    def lignes(self, evenement: str) -> list[dict[str, Any]]:
        lignes = (line for line in self.journal.read_text(encoding="utf-8").splitlines() if line.startswith("{"))
        return [ligne for ligne in map(json.loads, lignes) if ligne["event"] == evenement]


@pytest.fixture(scope="module")
def porte(hub: Hub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Porte]:
    port, journal = free_port(), tmp_path_factory.mktemp("porte") / "journal"
    (entrant,) = (component for component in COMPONENTS if component.name == "entrant")
    program = component_program(hub.data, hub.data.known_ports(), entrant)
    url = f"http://127.0.0.1:{port}"
    small = {name: str(value) for name, value in _LIMITES.items()}
    environment = (
        dict(program.environment)
        | {"RELAIS_PORT": str(port), "RELAIS_PORT_ADMIN": "0", "RELAIS_URL_PUBLIQUE": url}
        | small
    )
    with journal.open("wb") as log:
        process = subprocess.Popen(program.command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        _wait_until_ready(url)
        yield Porte(hub, url, journal)
    finally:
        process.terminate()
        process.wait(20)


def _wait_until_ready(url: str) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            if httpx.get(f"{url}/sante/pret").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise TimeoutError(url)


async def demande(partner: Partner, method: str, path: str, **request: Any) -> httpx.Response:
    """One request and its answer: the client itself would wait and try again."""
    url = f"{partner.client.api}{path}"
    headers = request.pop("headers", {}) | partner._credentials.headers(method, url)
    return await partner._http.request(method, url, headers=headers, **request)


def reste(answer: httpx.Response, politique: str) -> tuple[int, int]:
    """What is left of a policy, and seconds until it is whole again."""
    found = re.search(rf'"{politique}";r=(\d+);t=(\d+)', answer.headers["RateLimit"])
    assert found, answer.headers
    return int(found[1]), int(found[2])


def secondes_jusqu_a(fin: datetime) -> float:
    return (fin - datetime.now(UTC)).total_seconds()


async def test_a_burst_then_the_rate_and_when_to_come_back(porte: Porte) -> None:
    async with porte.partenaire("essai-rafale") as partner, porte.partenaire("essai-voisin") as voisin:
        answers = await asyncio.gather(*(demande(partner, "GET", "/v1/abonnements") for _ in range(3 * RAFALE)))
        autre = await demande(voisin, "GET", "/v1/abonnements")
        refuses = [answer for answer in answers if answer.status_code == 429]
        await asyncio.sleep(int(refuses[0].headers["Retry-After"]))
        ensuite = await demande(partner, "GET", "/v1/abonnements")

    admis = [answer for answer in answers if answer.status_code == 200]
    assert len(admis) + len(refuses) == len(answers)
    # The bucket refills while they are answered.
    assert RAFALE <= len(admis) <= RAFALE + 2 * DEBIT_PAR_S
    politique = f'"rafale";q={RAFALE};w={RAFALE // DEBIT_PAR_S}, "jour";q={QUOTA_JOUR};w=86400'
    assert {answer.headers["RateLimit-Policy"] for answer in answers} == {politique}
    assert {answer.headers["Retry-After"] for answer in refuses} == {"1"}
    assert {reste(answer, "rafale")[0] for answer in refuses} == {0}
    assert sorted((reste(answer, "rafale")[0] for answer in admis), reverse=True)[0] == RAFALE - 1
    assert {answer.headers["content-type"] for answer in refuses} == {"application/problem+json"}
    assert {answer.json()["status"] for answer in refuses} == {429}
    assert (autre.status_code, ensuite.status_code) == (200, 200)


async def test_a_daily_quota_counts_messages_and_ends_at_midnight(porte: Porte) -> None:
    async with porte.partenaire("essai-quota") as partner:
        messages = [
            partner.message("usager.signale", signalement(origine="inscription-conseiller-cd"), departement="59")
            for _ in range(QUOTA_JOUR - 1)
        ]
        lot = b"".join(json.dumps(message).encode() + b"\n" for message in messages)

        taken = await demande(partner, "POST", "/v1/messages", content=lot, headers={"Content-Type": NDJSON})
        refused = await demande(partner, "GET", "/v1/abonnements")

    etats = {json.loads(line)["etat"] for line in taken.text.splitlines() if line}
    minuit = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    assert (taken.status_code, etats) == (200, {"accepte"})
    assert (refused.status_code, reste(refused, "jour")[0]) == (429, 0)
    assert abs(int(refused.headers["Retry-After"]) - secondes_jusqu_a(minuit)) < 5


async def test_a_quota_spent_at_one_door_is_spent_at_the_others(porte: Porte) -> None:
    async with porte.partenaire("essai-deux-portes") as partner, porte.hub.known("essai-deux-portes") as ailleurs:
        for _ in range(QUOTA_JOUR):
            await ailleurs.get("/v1/abonnements")
        # Each door shares what it counted every second, then learns what the others did.
        refused = await _jusqu_au_refus(partner)

    assert (refused.status_code, reste(refused, "jour")[0]) == (429, 0)


async def _jusqu_au_refus(partner: Partner) -> httpx.Response:
    async with asyncio.timeout(10):
        while (answer := await demande(partner, "GET", "/v1/abonnements")).status_code != 429 or reste(answer, "jour")[
            0
        ]:
            await asyncio.sleep(1.1)
    return answer


async def test_searches_of_an_hour_are_counted_and_the_first_too_many_is_told(porte: Porte) -> None:
    nir = "285059999900123"
    sought = {"identifiants": [{"type": "nir", "valeur": nir[:13] + cle_nir(nir[:13])}]}
    async with porte.partenaire("essai-recherche") as partner:
        answers = [
            await demande(partner, "POST", "/v1/usagers/recherche", json=sought)
            for _ in range(RECHERCHES_PAR_HEURE + 2)
        ]

    heure = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    told = [
        ligne for ligne in porte.lignes("securite.recherches_anormales") if ligne["partenaire"] == "essai-recherche"
    ]
    assert [answer.status_code for answer in answers] == [200] * RECHERCHES_PAR_HEURE + [429, 429]
    assert abs(int(answers[-1].headers["Retry-After"]) - secondes_jusqu_a(heure)) < 5
    assert [(ligne["partenaire"], ligne["nombre"]) for ligne in told] == [("essai-recherche", RECHERCHES_PAR_HEURE + 1)]
    assert nir[:13] not in porte.journal.read_text(encoding="utf-8")
