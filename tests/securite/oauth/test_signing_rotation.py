"""Rotation of the token keys as an operator does it: the files of `RELAIS_SECRETS` are renamed, the door restarts."""

import shutil
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.keys import new_es256_key
from gateway import partners
from gateway.inbound import app
from relais_contrats.oauth.signing import CleServeur, EtatCle
from tests.engines import Bench
from tests.securite.oauth import partenaire
from tests.securite.oauth.partenaire import Partenaire

pytestmark = pytest.mark.anyio
BASE_URL = "http://127.0.0.1:8420"
Door = Callable[[], Awaitable[httpx.AsyncClient]]


@pytest.fixture(autouse=True)
def present(monkeypatch: pytest.MonkeyPatch) -> None:
    """This door has the real clock: what the partner signs says the same time and place."""
    monkeypatch.setattr(partenaire, "MAINTENANT_S", int(datetime.now(UTC).timestamp()))
    monkeypatch.setattr(partenaire, "URL_PUBLIQUE", BASE_URL)


@pytest.fixture
def secrets(banc: Bench, tmp_path: Path) -> Path:
    """The secrets of a door, to rename: of token keys, `jeton.pem` alone."""
    return Path(shutil.copytree(banc.engines.data.secrets / "passerelle", tmp_path / "passerelle"))


@pytest.fixture
def door(banc: Bench, secrets: Path) -> Door:
    """Start a door on the files as they are now."""

    async def start() -> httpx.AsyncClient:
        data = banc.engines.data
        configured = app.Settings(
            nats_url=banc.engines.nats_url,
            nats_nkey_file=data.nkey_file("entrant"),
            database_url="postgresql://",
            database_password_file=data.password_file("passerelle"),
            secrets=secrets,
            cles_maitres=data.masters,
            url_publique=BASE_URL,
            port=1,
        )
        built = await app.build(await banc.process("entrant", "passerelle"), configured)
        return httpx.AsyncClient(transport=httpx.ASGITransport(built), base_url=BASE_URL)

    return start


@pytest.fixture
async def cd59(banc: Bench) -> Partenaire:
    one = Partenaire("si:cd-59")
    pool = await banc.pool("passerelle")
    async with pool.acquire() as conn:
        await partners.creer(
            conn,
            code="cd-59",
            type_organisme="departement",
            nom="Nord",
            departements=["59"],
            structures=[],
            conventions=[{"finalite": "orientation", "fin": None}],
            scopes=["evenements:lire"],
            jwk={**one.cle.jwk, "kid": one.kid, "alg": one.cle.alg},
        )
    return one


def kid(pem: Path) -> str:
    return CleServeur.depuis_pem(pem.read_bytes()).kid


async def published(client: httpx.AsyncClient) -> dict[str, str]:
    """State of each key of the JWKS, by kid."""
    return {key["kid"]: key["etat"] for key in (await client.get("/oauth/jwks")).json()["keys"]}


async def token(client: httpx.AsyncClient, one: Partenaire) -> str:
    headers = {"DPoP": one.preuve(url=f"{BASE_URL}/oauth/token")}
    answer = await client.post("/oauth/token", data=one.formulaire(), headers=headers)
    return str(answer.json()["access_token"])


async def read(client: httpx.AsyncClient, one: Partenaire, jeton: str) -> int:
    proof = one.preuve("GET", f"{BASE_URL}/v1/evenements", jeton)
    answer = await client.get("/v1/evenements?attente=0", headers={"Authorization": f"DPoP {jeton}", "DPoP": proof})
    return answer.status_code


def header(jeton: str) -> dict[str, Any]:
    return partenaire.lire(jeton.split(".")[0])


async def test_alone_the_active_key_is_published(door: Door, secrets: Path) -> None:
    assert await published(await door()) == {kid(secrets / "jeton.pem"): "active"}


async def test_the_next_and_the_retired_key_are_published_beside_it(door: Door, secrets: Path) -> None:
    for state in (EtatCle.SUIVANTE, EtatCle.RETIREE):
        (secrets / f"jeton-{state.value}.pem").write_text(new_es256_key())

    assert await published(await door()) == {
        kid(secrets / "jeton.pem"): "active",
        kid(secrets / "jeton-suivante.pem"): "suivante",
        kid(secrets / "jeton-retiree.pem"): "retiree",
    }


async def test_the_next_key_signs_nothing(door: Door, secrets: Path, cd59: Partenaire) -> None:
    (secrets / "jeton-suivante.pem").write_text(new_es256_key())
    client = await door()

    assert header(await token(client, cd59))["kid"] == kid(secrets / "jeton.pem")


async def test_a_rotation_loses_no_token(door: Door, secrets: Path, cd59: Partenaire) -> None:
    (secrets / "jeton-suivante.pem").write_text(new_es256_key())
    before = await door()
    old = await token(before, cd59)
    (secrets / "jeton.pem").rename(secrets / "jeton-retiree.pem")
    (secrets / "jeton-suivante.pem").rename(secrets / "jeton.pem")
    after = await door()
    new = await token(after, cd59)

    # Replicas restart one after the other: each reads the tokens of the other.
    statuses = [await read(client, cd59, jeton) for client in (before, after) for jeton in (old, new)]

    assert header(new)["kid"] == kid(secrets / "jeton.pem") != header(old)["kid"]
    assert statuses == [200, 200, 200, 200]


async def test_a_key_that_is_removed_verifies_nothing(door: Door, secrets: Path, cd59: Partenaire) -> None:
    jeton = await token(await door(), cd59)
    (secrets / "jeton.pem").write_text(new_es256_key())

    assert await read(await door(), cd59, jeton) == 401


async def test_one_key_under_two_names_stops_the_start(door: Door, secrets: Path) -> None:
    shutil.copy(secrets / "jeton.pem", secrets / "jeton-retiree.pem")

    with pytest.raises(ValueError, match="twice"):
        await door()


async def test_without_an_active_key_the_door_does_not_open(door: Door, secrets: Path) -> None:
    (secrets / "jeton.pem").rename(secrets / "jeton-suivante.pem")

    with pytest.raises(FileNotFoundError):
        await door()


async def test_a_door_told_to_trust_a_front_needs_its_secret(banc: Bench, secrets: Path) -> None:
    (secrets / "proxy.cle").unlink()
    configured = app.Settings(
        nats_url=banc.engines.nats_url,
        nats_nkey_file=secrets,
        database_url="postgresql://",
        database_password_file=secrets,
        secrets=secrets,
        cles_maitres=banc.engines.data.masters,
        url_publique=BASE_URL,
        port=1,
        proxy_de_confiance=True,
    )

    with pytest.raises(FileNotFoundError):
        await app.build(await banc.process("entrant", "passerelle"), configured)
