"""Client certificates through a real TLS front, and the profil hérité: from the command line to the access journal."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from deploy import partner_registry
from deploy.datadir import HOST
from deploy.keys import nginx_proof
from tests.deploy.tls_front import Front, door, front
from tests.hub import Hub, free_port
from tests.persons import signalement
from tests.securite.oauth.certificats import CertificatForge, certificat

pytestmark = pytest.mark.lent
CREATE = (
    "partenaire creer {} --type departement --nom Essai --departement 62 --scope evenements:lire "
    "--convention orientation:2030-12-31"
)
FEED = "/v1/evenements?attente=0"


class Site:
    """A hub whose partners come through nginx, and one of them with a certificate."""

    def __init__(self, hub: Hub, one: Front, behind: int, shown: CertificatForge, folder: Path) -> None:
        self.hub, self.front, self.folder, self.shown = hub, one, folder, shown
        self.straight = f"http://{HOST}:{behind}"

    def client(self, shown: CertificatForge | None = None) -> httpx.Client:
        trust: ssl.SSLContext = self.front.trust()
        if shown is not None:
            trust.load_cert_chain(*shown.ecrire(self.folder, shown.x5t))
        return httpx.Client(base_url=self.front.url, verify=trust, trust_env=False)

    def token(self, shown: CertificatForge | None, client_id: str, **fields: str) -> httpx.Response:
        asked = {"grant_type": "client_credentials", "client_id": client_id, **fields}
        with self.client(shown) as client:
            return client.post("/oauth/token", data=asked)

    def read(self, shown: CertificatForge | None, token: str, **headers: str) -> httpx.Response:
        with self.client(shown) as client:
            return client.get(FEED, headers={"Authorization": f"Bearer {token}", **headers})


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("tls")
    hub = Hub(tmp_path_factory.mktemp("hub") / "donnees", free_port())
    hub.up()
    (folder / "proxy.map").write_text(nginx_proof(hub.data))
    shown = certificat()
    hub.relais(CREATE.format("cd-62"), "--certificat", str(shown.ecrire(folder, "cd-62")[0]))
    behind = free_port()
    try:
        with front(folder, f"{HOST}:{behind}") as one, door(hub.data, one.url, behind, RELAIS_PROXY_DE_CONFIANCE="1"):
            yield Site(hub, one, behind, shown, folder)
    finally:
        hub.down()


@pytest.fixture(scope="module")
def token(site: Site) -> str:
    granted = site.token(site.shown, "si:cd-62")
    assert granted.status_code == 200, granted.text
    return str(granted.json()["access_token"])


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_the_right_certificate_passes(site: Site, token: str, version: ssl.TLSVersion) -> None:
    trust = site.front.trust()
    trust.minimum_version = trust.maximum_version = version
    trust.load_cert_chain(*site.shown.ecrire(site.folder, "encore"))

    answers = [
        httpx.get(site.front.url + FEED, verify=trust, headers={"Authorization": f"Bearer {token}"}, trust_env=False)
        for _ in range(2)
    ]

    assert [answer.status_code for answer in answers] == [200, 200]


def test_another_certificate_or_none_is_refused_in_the_same_words(site: Site, token: str) -> None:
    refused = [site.read(certificat(), token), site.read(None, token)]

    assert [answer.status_code for answer in refused] == [401, 401]
    assert len({answer.headers["www-authenticate"] for answer in refused}) == 1
    assert len({answer.json()["detail"] for answer in refused}) == 1


def test_what_a_client_forges_through_the_front_is_replaced(site: Site, token: str) -> None:
    forged = {"Relais-Certificat-Client": site.shown.en_tete, "Relais-Proxy": "x" * 43}

    assert site.read(certificat(), token, **forged).status_code == 401
    assert site.read(None, token, **forged).status_code == 401


def test_what_a_client_forges_straight_at_the_door_is_not_believed(site: Site, token: str) -> None:
    """From this very machine, past the front: the header alone proves nothing."""
    forged = {"Relais-Certificat-Client": site.shown.en_tete, "Host": f"localhost:{site.front.port}"}

    read = httpx.get(site.straight + FEED, headers={**forged, "Authorization": f"Bearer {token}"}, trust_env=False)
    asked = httpx.post(
        f"{site.straight}/oauth/token",
        data={"grant_type": "client_credentials", "client_id": "si:cd-62"},
        headers={**forged, "Relais-Proxy": "x" * 43},
        trust_env=False,
    )

    assert [read.status_code, asked.status_code] == [401, 401]


def test_a_certificate_of_nobody_gets_no_token(site: Site) -> None:
    refused = [site.token(certificat(), "si:cd-62"), site.token(None, "si:cd-62"), site.token(site.shown, "si:cd-59")]

    assert {(answer.status_code, answer.json()["error"]) for answer in refused} == {(401, "invalid_client")}


def test_a_new_certificate_is_known_within_seconds(site: Site) -> None:
    new = certificat()
    told = site.hub.relais("partenaire certificat cd-62", str(new.ecrire(site.folder, "nouveau")[0]))
    granted = _until(lambda: site.token(new, "si:cd-62"), 200)

    assert new.x5t in told.stdout
    assert granted.json()["token_type"] == "Bearer"
    assert site.token(site.shown, "si:cd-62").status_code == 200


@pytest.mark.anyio
async def test_a_legacy_partner_works_is_listed_as_a_risk_and_traced_as_one(site: Site) -> None:
    told = site.hub.relais("partenaire herite ml-lille --jours 30").stdout
    secret = told.partition("client_secret=")[2].strip()
    granted = _until(lambda: site.token(None, "si:ml-lille", client_secret=secret), 200).json()
    status = site.read(None, granted["access_token"]).status_code
    listed = site.hub.relais("partenaire lister").stdout
    async with partner_registry.connection(site.hub.data, site.hub.data.known_ports()) as conn:
        traced = await conn.fetch("SELECT DISTINCT partenaire, liaison FROM acces WHERE liaison = 'aucune'")

    assert status == 200
    assert "sante:lire" not in granted["scope"]
    assert " ".join(listed.split()).count("hérité") == 1
    assert [tuple(row) for row in traced] == [("ml-lille", "aucune")]


@pytest.mark.anyio
async def test_a_deposit_with_a_bare_token_is_in_the_access_journal_as_well(site: Site) -> None:
    told = site.hub.relais("partenaire herite caf-59").stdout
    secret = told.partition("client_secret=")[2].strip()
    granted = _until(lambda: site.token(None, "si:caf-59", client_secret=secret), 200).json()
    message = site.hub.partner("caf-59").message("usager.signale", signalement(), departement="59")
    headers = {"Authorization": f"Bearer {granted['access_token']}", "Content-Type": "application/cloudevents+json"}
    with site.client() as client:
        answer = client.post("/v1/messages", json=message, headers=headers)
    site.hub.relais("partenaire herite caf-59 --retirer")
    async with partner_registry.connection(site.hub.data, site.hub.data.known_ports()) as conn:
        traced = await conn.fetch("SELECT quoi, resultat, liaison FROM acces WHERE partenaire = 'caf-59'")

    assert answer.status_code == 201, answer.text
    assert [tuple(row) for row in traced] == [("POST /v1/messages", 201, "aucune")]


def test_a_legacy_partner_is_taken_out_at_once(site: Site) -> None:
    told = site.hub.relais("partenaire herite asso-mobilite").stdout
    secret = told.partition("client_secret=")[2].strip()
    granted = _until(lambda: site.token(None, "si:asso-mobilite", client_secret=secret), 200).json()
    site.hub.relais("partenaire herite asso-mobilite --retirer")

    after = _until(lambda: site.read(None, granted["access_token"]), 401)
    again = site.token(None, "si:asso-mobilite", client_secret=secret)

    assert (after.status_code, again.status_code) == (401, 401)


def test_who_is_unknown_or_not_in_the_profile_is_told_so(site: Site) -> None:
    certificate = str(certificat().ecrire(site.folder, "inconnu")[0])
    commands = (
        "herite nulle-part",
        "herite di-offres --retirer",
        f"certificat nulle-part {certificate}",
        f"certificat cd-59 {site.folder / 'cd-62.pem'}",
        "entetes cd-62 GET /v1/evenements",
    )

    told = [site.hub.relais(f"partenaire {command}", check=False) for command in commands]

    assert {one.returncode for one in told} == {1}
    assert all("Erreur" in one.stderr for one in told)


def _until(ask: Callable[[], httpx.Response], status: int) -> httpx.Response:
    """Ask again for five seconds, the time within which every process knows of a change."""
    ends = time.monotonic() + 5
    while True:
        answer = ask()
        if answer.status_code == status or time.monotonic() > ends:
            return answer
        time.sleep(0.2)
