"""Certificates of conformance in the registry: who must renew one, what a withdrawal does, which processes know it."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from joserfc.jwk import ECKey

from chassis.database import Pool
from console.risks import DITS
from gateway import conformity
from gateway.partners import Annuaire
from relais_contrats.conformite import Conformite, Programme, signer
from relais_contrats.oauth.clients import SANS_CERTIFICAT
from tests.engines import Bench
from tests.passerelle.test_inbound_risks import declare, told

pytestmark = pytest.mark.anyio
NOW, KEY = datetime.now(UTC), ECKey.generate_key("P-256")
URL = "https://webhooks.exemple.fr/recus"
REQUIRED = "UPDATE partenaires SET exige_certificat = true; UPDATE changements_partenaires SET version = version + 1"
SUBSCRIPTION = """
INSERT INTO abonnements (id, partenaire, url, types, lot, etat, secret, cree_a)
VALUES ($1, 'cd-59', $2, '{}', 1, 'actif', '\\x00', now())
"""


@pytest.fixture
async def pool(banc: Bench) -> Pool:
    opened = await banc.pool("passerelle")
    await declare(opened, "cd-59")
    return opened


async def deliver(pool: Pool, days: float, **bound: Any) -> None:
    """A certificate that ends so many days from now, of the sender unless a receiver is named."""
    programme = Programme.RECEPTEUR if "url" in bound else Programme.EMETTEUR
    stated = Conformite(
        iss="https://relais.exemple.fr",
        iat=int((NOW - timedelta(days=300)).timestamp()),
        exp=int((NOW + timedelta(days=days)).timestamp()),
        jti=uuid4(),
        partenaire="cd-59",
        programme=programme,
        contrats="1.0.0",
        exigences="",
        resultats={},
        defi="",
        **bound,
    )
    async with pool.acquire() as conn:
        await conformity.deliver(conn, stated, signer(stated, KEY))


async def natures(pool: Pool) -> list[str]:
    async with pool.acquire() as conn:
        return [one.nature for one in await conformity.to_renew(conn, NOW)]


async def states(pool: Pool) -> list[str]:
    async with pool.acquire() as conn:
        return [one.etat(NOW) for one in await conformity.last(conn)]


async def subscribe(pool: Pool) -> UUID:
    id_ = uuid4()
    async with pool.acquire() as conn:
        await conn.execute(SUBSCRIPTION, id_, URL)
    return id_


@pytest.mark.parametrize(
    ("days", "state"), [(31, "en-vigueur"), (29, "bientot-expire"), (-1, "expire")], ids=["far", "soon", "past"]
)
async def test_an_end_is_announced_thirty_days_before(pool: Pool, days: int, state: str) -> None:
    await deliver(pool, days)

    assert await states(pool) == [state]
    assert await natures(pool) == ([] if state == "en-vigueur" else [f"certificat-{state}"])


async def test_the_console_is_told_with_the_day(pool: Pool) -> None:
    await deliver(pool, 10)

    [risk] = await told(pool)

    assert (risk["nature"], risk["partenaire"]) == ("certificat-bientot-expire-emetteur", "cd-59")
    assert datetime.fromisoformat(risk["echeance"]).date() == (NOW + timedelta(days=10)).date()


async def test_a_renewed_certificate_asks_for_nothing_any_more(pool: Pool) -> None:
    await deliver(pool, -3)
    await deliver(pool, 200)

    assert (await states(pool), await natures(pool)) == (["en-vigueur"], [])


async def test_a_receiver_is_certified_at_its_address_only(pool: Pool) -> None:
    await deliver(pool, 200, url=URL, abonnement=await subscribe(pool))
    before = await states(pool)
    async with pool.acquire() as conn:
        await conn.execute("UPDATE abonnements SET url = 'https://webhooks.exemple.fr/autre'")

    assert (before, await states(pool)) == (["en-vigueur"], ["autre-adresse"])
    assert await natures(pool) == ["certificat-autre-adresse"]


async def test_a_subscription_of_somebody_else_vouches_for_nothing(pool: Pool) -> None:
    await declare(pool, "caf-59")
    id_ = await subscribe(pool)
    async with pool.acquire() as conn:
        await conn.execute("UPDATE abonnements SET partenaire = 'caf-59'")

    await deliver(pool, 200, url=URL, abonnement=id_)

    assert await states(pool) == ["autre-adresse"]


async def refusal(pool: Pool) -> str | None:
    """Why the door gives no token to the partner now."""
    annuaire = Annuaire(pool)
    await annuaire.reload()
    client = annuaire.client("si:cd-59")
    assert client is not None
    return client.refus(datetime.now(UTC))


async def test_who_must_hold_one_gets_no_token_without_and_a_receiver_is_not_enough(pool: Pool) -> None:
    free = await refusal(pool)
    async with pool.acquire() as conn:
        await conn.execute(REQUIRED)
    without = (await refusal(pool), await natures(pool))
    await deliver(pool, 200, url=URL, abonnement=await subscribe(pool))
    with_a_receiver = await refusal(pool)
    await deliver(pool, 200)

    assert (free, without) == (None, (SANS_CERTIFICAT, ["certificat-absent"]))
    assert (with_a_receiver, await refusal(pool)) == (SANS_CERTIFICAT, None)


async def test_a_withdrawn_certificate_is_worth_nothing_at_once(pool: Pool) -> None:
    async with pool.acquire() as conn:
        await conn.execute(REQUIRED)
    await deliver(pool, 200)
    annuaire = Annuaire(pool)
    await annuaire.reload()
    async with pool.acquire() as conn:
        given: dict[str, Any] = {"code": "cd-59", "motif": "programme réécrit", "now": NOW}
        one_each = ("recepteur", "emetteur", None)
        counts = [await conformity.withdraw(conn, programme=programme, **given) for programme in one_each]
    await annuaire.reload()  # as every process does: the change is counted
    client = annuaire.client("si:cd-59")

    assert (counts, await states(pool)) == ([0, 1, 0], ["retire"])
    assert client is not None
    assert client.empechement(NOW) == SANS_CERTIFICAT


async def test_what_was_withdrawn_asks_for_nothing_of_who_needs_none(pool: Pool) -> None:
    await deliver(pool, 10)
    async with pool.acquire() as conn:
        await conformity.withdraw(conn, code="cd-59", programme=None, motif="essai", now=NOW)

    assert await natures(pool) == []


async def test_a_suspended_partner_is_not_waited_for(pool: Pool) -> None:
    await deliver(pool, 10)
    async with pool.acquire() as conn:
        await conn.execute("UPDATE partenaires SET etat = 'suspendu'")

    assert await natures(pool) == []


@pytest.mark.parametrize("nature", ["absent", "expire", "bientot-expire", "autre-adresse"])
def test_the_console_has_words_for_each_of_them(nature: str) -> None:
    programmes = {"absent": ["emetteur"], "autre-adresse": ["recepteur"]}.get(nature, list(Programme))

    assert all(f"certificat-{nature}-{programme}" in DITS for programme in programmes)
