"""What the operator's command drives: the receiver of a subscription, with its own secret, at its own address only."""

import base64
import secrets
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import uvicorn
from joserfc.jwk import ECKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from chassis.database import Pool
from deploy import certification
from deploy.certification import Judge, Outcome, Receiver
from deploy.cli import etat
from deploy.datadir import DataDir, LaunchError, Ports
from gateway import conformity
from gateway.webhook_secrets import Safe
from relais_contrats.conformite import Programme, lire
from relais_kit.bouchon import serveur
from relais_kit.carnet import Etat, Resultat
from relais_kit.certification.merite import JEUX, empreinte
from relais_kit.certification.seance import Seance
from tests.contracts.recepteurs import SECRET, Juste
from tests.contracts.recepteurs_fautifs import NeVerifieRien
from tests.engines import Bench
from tests.passerelle.test_inbound_risks import declare

pytestmark = pytest.mark.anyio
HUB, KEY = "https://relais.exemple.fr", ECKey.generate_key("P-256")
SUBSCRIPTION = """
INSERT INTO abonnements (id, partenaire, url, types, lot, etat, secret, cree_a)
VALUES ($1, $2, $3, '{orientation.decidee,rdv.planifie}', 1, $4, $5, now())
"""


@pytest.fixture
async def pool(banc: Bench) -> Pool:
    opened = await banc.pool("passerelle")
    await declare(opened, "cd-59")
    return opened


@pytest.fixture
def data(tmp_path: Path) -> DataDir:
    """A folder that holds the gateway's keys."""
    folder = tmp_path / "secrets" / "passerelle"
    folder.mkdir(parents=True)
    (folder / "webhooks.cle").write_text(base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())
    (folder / "recu.pem").write_bytes(KEY.as_pem(private=True))
    return DataDir(tmp_path)


@pytest.fixture
def served() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def serve(served: ExitStack, app: Starlette) -> str:
    """Its address, until the end of the test."""
    taken = serveur.ecouter(0)
    served.enter_context(serveur.servi(uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off")), taken))
    return f"http://127.0.0.1:{taken.getsockname()[1]}"


async def subscribe(pool: Pool, data: DataDir, url: str, *, code: str = "cd-59", etat: str = "actif") -> UUID:
    """A subscription whose secret is that of the receivers of these tests."""
    id_ = uuid4()
    safe = Safe(base64.urlsafe_b64decode((data.secrets / "passerelle" / "webhooks.cle").read_text()))
    sealed = safe.seal(id_, base64.b64decode(SECRET.removeprefix("whsec_")))
    async with pool.acquire() as conn:
        await conn.execute(SUBSCRIPTION, id_, code, url, etat, sealed)
    return id_


async def certify(pool: Pool, data: DataDir, probe: str | None = None, id_: UUID | None = None) -> Outcome:
    async with pool.acquire() as conn:
        partner, _ = await certification.partner_of(conn, "cd-59")
        receiver = await Receiver.of(data, conn, "cd-59", id_)
        return await certification.drive_receiver(
            Judge(conn, HUB, KEY), partner, receiver, probe, lambda *_: None, quick=True
        )


async def kept(pool: Pool) -> Sequence[conformity.Delivered]:
    async with pool.acquire() as conn:
        return await conformity.last(conn)


async def test_a_right_receiver_earns_a_certificate_of_its_address(
    pool: Pool, data: DataDir, served: ExitStack
) -> None:
    url = serve(served, Juste().app)
    id_ = await subscribe(pool, data, f"{url}/webhooks")

    outcome = await certify(pool, data, f"{url}/traites")

    assert (outcome.missing, outcome.certificate is None) == ((), False)
    stated = lire(str(outcome.certificate), KEY, HUB, datetime.now(UTC))
    assert (stated.partenaire, stated.programme, stated.url) == ("cd-59", "recepteur", f"{url}/webhooks")
    assert (stated.abonnement, stated.exigences) == (id_, empreinte(Programme.RECEPTEUR))
    assert set(stated.resultats) == {exigence.id for exigence in JEUX[Programme.RECEPTEUR].values()}
    [one] = await kept(pool)
    assert (one.jws, one.etat(datetime.now(UTC))) == (outcome.certificate, "en-vigueur")


async def test_a_faulty_or_silent_receiver_earns_nothing(pool: Pool, data: DataDir, served: ExitStack) -> None:
    faulty = await subscribe(pool, data, f"{serve(served, NeVerifieRien().app)}/webhooks")
    silent = await subscribe(pool, data, "http://127.0.0.1:1/webhooks")

    first, second = await certify(pool, data, id_=faulty), await certify(pool, data, id_=silent)

    assert (first.certificate, second.certificate) == (None, None)
    assert any("recepteur.signature-fausse" in one for one in first.missing)
    assert second.missing != []
    assert await kept(pool) == []


async def test_only_a_subscription_in_service_of_this_partner_is_driven(pool: Pool, data: DataDir) -> None:
    await declare(pool, "caf-59")
    others = await subscribe(pool, data, "http://127.0.0.1:1/a", code="caf-59")
    unverified = await subscribe(pool, data, "http://127.0.0.1:1/b", etat="a-verifier")

    for id_ in (others, unverified, None):
        with pytest.raises(LaunchError, match="aucun"):
            await certify(pool, data, id_=id_)


async def test_of_several_subscriptions_the_operator_chooses(pool: Pool, data: DataDir) -> None:
    for _ in range(2):
        await subscribe(pool, data, "http://127.0.0.1:1/a")

    with pytest.raises(LaunchError, match="--abonnement"):
        await certify(pool, data)


async def test_a_run_with_a_failure_is_never_signed(pool: Pool) -> None:
    results = [Resultat(one, Etat.PASSEE) for one in JEUX[Programme.EMETTEUR].values()]
    bad = [replace(results[0], etat=Etat.ECHOUEE), *results[1:]]
    async with pool.acquire() as conn:
        partner, _ = await certification.partner_of(conn, "cd-59")
        judge = Judge(conn, HUB, KEY)
        refused = await judge.conclude(partner, Programme.EMETTEUR, bad, None, cle="k", defi="d")
        cut_short = await judge.conclude(partner, Programme.EMETTEUR, results, "temps épuisé", cle="k", defi="d")

    assert (refused.certificate, cut_short.certificate) == (None, None)
    assert await kept(pool) == []


async def test_nobody_who_does_not_come_to_the_witness_is_certified(pool: Pool) -> None:
    async with pool.acquire() as conn:
        partner, client = await certification.partner_of(conn, "cd-59")
        seance = Seance("http://127.0.0.1:8430", HUB, partner, client, 0.1)
        outcome = await certification.witness_sender(Judge(conn, HUB, KEY), seance, serveur.ecouter(0), lambda *_: None)

    assert (outcome.certificate, list(outcome.missing)) == (None, ["personne n'a répondu au défi avant son terme"])


async def test_a_suspended_partner_is_not_certified(pool: Pool) -> None:
    async with pool.acquire() as conn:
        await conn.execute("UPDATE partenaires SET etat = 'suspendu'")
        for code, said in (("cd-59", "suspendu"), ("personne", "inconnu")):
            with pytest.raises(LaunchError, match=said):
                await certification.partner_of(conn, code)


@pytest.mark.parametrize("key", [KEY, ECKey.generate_key("P-256")], ids=["published", "another"])
async def test_the_key_that_signs_is_the_one_that_the_hub_publishes(
    pool: Pool, data: DataDir, served: ExitStack, key: ECKey
) -> None:
    async def keys(_: Request) -> Response:
        return JSONResponse({"issuer": HUB, "keys": [{**key.as_dict(private=False), "kid": key.thumbprint()}]})

    url = serve(served, Starlette(routes=[Route("/v1/recus/cles", keys)]))
    ports = Ports(int(url.rpartition(":")[2]), 0, 0, 0)

    async with pool.acquire() as conn:
        if key is KEY:
            assert (await Judge.of(data, ports, conn)).issuer == HUB
        else:
            with pytest.raises(LaunchError, match="n'est pas celle"):
                await Judge.of(data, ports, conn)


@pytest.mark.parametrize(
    ("nature", "said"),
    [
        ("certificat-absent", "exigé, et absent"),
        ("certificat-expire", "expiré le 05/12/2026"),
        ("certificat-bientot-expire", "expire le 05/12/2026"),
        ("certificat-autre-adresse", "n'est plus celle"),
    ],
)
def test_the_state_of_the_hub_says_which_certificate_ends(nature: str, said: str) -> None:
    end = datetime(2026, 12, 5, tzinfo=UTC)
    one = {"nature": nature, "partenaire": "cd-59", "programme": "emetteur", "echeance": end}

    assert said in etat._certificate(one)
