"""Keys, certificates and secrets as rows: what the snapshot of each process sees of them, and when."""

import hashlib
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from chassis.database import Pool
from deploy import partner_registry
from gateway import partners
from gateway.partners import Annuaire
from tests.engines import Bench
from tests.securite.oauth.certificats import CertificatForge, certificat
from tests.securite.oauth.partenaire import cle_es256

pytestmark = pytest.mark.anyio
SCOPES = ["evenements:lire", "sante:lire", "identite:resoudre"]
YEAR, WEEK = timedelta(days=365), timedelta(days=7)


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
async def pool(banc: Bench) -> Pool:
    return await banc.pool("passerelle")


@pytest.fixture
async def annuaire(banc: Bench) -> Annuaire:
    return Annuaire(await banc.pool("passerelle"))


async def create(pool: Pool, code: str, shown: CertificatForge | None = None) -> None:
    key = cle_es256()
    async with pool.acquire() as conn:
        await partners.creer(
            conn,
            code=code,
            type_organisme="departement",
            nom=code,
            departements=["59"],
            structures=[],
            conventions=[],
            scopes=SCOPES,
            jwk=None if shown else {**key.jwk, "kid": "cle-1", "alg": key.alg},
            certificat=shown.pem if shown else None,
        )


async def open_legacy(pool: Pool, code: str, now: datetime, *, lifetime: timedelta, overlap: timedelta = WEEK) -> str:
    async with pool.acquire() as conn:
        return await partners.ouvrir_herite(
            conn, code=code, maintenant=now, expire_le=now + lifetime, fin_des_autres=now + overlap
        )


async def test_a_partner_may_have_a_certificate_for_only_key(pool: Pool, annuaire: Annuaire, now: datetime) -> None:
    shown = certificat()
    await create(pool, "cd-62", shown)
    await annuaire.reload()

    client = annuaire.client("si:cd-62")

    assert client is not None
    assert (client.presente(shown.x5t, now), dict(client.cles)) == (True, {})


async def test_a_certificate_names_one_partner(pool: Pool, now: datetime) -> None:
    shown = certificat()
    await create(pool, "cd-62", shown)
    await create(pool, "cd-59")

    async with pool.acquire() as conn:
        with pytest.raises(asyncpg.UniqueViolationError):
            await partners.changer_certificat(conn, code="cd-59", pem=shown.pem, maintenant=now, fin_des_autres=now)


async def test_a_new_certificate_leaves_the_former_its_overlap(pool: Pool, annuaire: Annuaire, now: datetime) -> None:
    first, second = certificat(), certificat()
    await create(pool, "cd-62", first)
    async with pool.acquire() as conn:
        await partners.changer_certificat(conn, code="cd-62", pem=second.pem, maintenant=now, fin_des_autres=now + WEEK)
    await annuaire.reload()

    client = annuaire.client("si:cd-62")

    assert client is not None
    assert [client.presente(c.x5t, now) for c in (first, second)] == [True, True]
    assert [client.presente(c.x5t, now + WEEK) for c in (first, second)] == [False, True]


async def test_a_certificate_serves_a_year_at_most(pool: Pool, annuaire: Annuaire, now: datetime) -> None:
    shown = certificat(fin=now + 3 * YEAR)
    await create(pool, "cd-62", shown)
    await annuaire.reload()

    client = annuaire.client("si:cd-62")

    assert client is not None
    assert client.presente(shown.x5t, now + YEAR - timedelta(days=1))
    assert not client.presente(shown.x5t, now + YEAR + timedelta(days=1))


async def test_the_profil_herite_withholds_scopes_from_rights_as_well(
    pool: Pool, annuaire: Annuaire, now: datetime
) -> None:
    """Webhooks and the feed project by the scopes of the partner: a bare token could subscribe an address to them."""
    await create(pool, "cd-59")
    await open_legacy(pool, "cd-59", now, lifetime=WEEK)
    await annuaire.reload()

    partenaire, client = annuaire.partenaire("cd-59"), annuaire.client("si:cd-59")

    assert partenaire is not None and client is not None
    assert [*partenaire.scopes, *client.portees] == ["evenements:lire", "evenements:lire"]


async def test_an_operator_alone_ends_the_profile(pool: Pool, annuaire: Annuaire, now: datetime) -> None:
    await create(pool, "cd-59")
    await open_legacy(pool, "cd-59", now - YEAR, lifetime=WEEK)
    await annuaire.reload()
    expired = annuaire.partenaire("cd-59")
    async with pool.acquire() as conn:
        was_in_it = await partners.fermer_herite(conn, code="cd-59")
        again = await partners.fermer_herite(conn, code="cd-59")
    await annuaire.reload()
    outside = annuaire.partenaire("cd-59")

    assert expired is not None and outside is not None
    assert (was_in_it, again) == (True, False)
    assert (sorted(expired.scopes), sorted(outside.scopes)) == (["evenements:lire"], sorted(SCOPES))


async def test_a_renewal_shortens_the_former_secret_and_never_prolongs_it(pool: Pool, now: datetime) -> None:
    await create(pool, "cd-59")
    await open_legacy(pool, "cd-59", now, lifetime=timedelta(days=1))
    await open_legacy(pool, "cd-59", now, lifetime=YEAR)
    await open_legacy(pool, "cd-59", now, lifetime=timedelta(days=60))

    async with pool.acquire() as conn:
        ends = [row["expire_le"] - now for row in await conn.fetch("SELECT expire_le FROM secrets_herites ORDER BY 1")]

    assert ends == [timedelta(days=1), WEEK, timedelta(days=60)]


async def test_the_secret_itself_is_kept_nowhere(pool: Pool, now: datetime) -> None:
    await create(pool, "cd-59")
    secret = await open_legacy(pool, "cd-59", now, lifetime=WEEK)

    async with pool.acquire() as conn:
        kept = [row["empreinte"] for row in await conn.fetch("SELECT * FROM secrets_herites")]

    assert kept == [hashlib.sha256(secret.encode()).digest()]


async def test_a_change_is_seen_also_when_one_looked_while_it_was_being_made(
    pool: Pool, annuaire: Annuaire, now: datetime
) -> None:
    await create(pool, "cd-59")
    async with pool.acquire() as conn, conn.transaction():
        await partners.ouvrir_herite(conn, code="cd-59", maintenant=now, expire_le=now + WEEK, fin_des_autres=now)
        await annuaire.reload()
        during = annuaire.a_des_secrets(now)

    await annuaire.reload()

    assert (during, annuaire.a_des_secrets(now)) == (False, True)


async def test_a_rotation_without_overlap_ends_the_former_key_and_prolongs_none(
    pool: Pool, annuaire: Annuaire, now: datetime
) -> None:
    await create(pool, "cd-59")
    second, third = ({**cle_es256().jwk, "kid": kid, "alg": "ES256"} for kid in ("cle-2", "cle-3"))
    async with pool.acquire() as conn:
        await partner_registry.add_key(conn, "cd-59", second, now + WEEK, previous=["cle-1"], overlap=timedelta())
        await partner_registry.add_key(conn, "cd-59", third, now + 2 * WEEK, previous=["cle-1", "cle-2"], overlap=WEEK)
    await annuaire.reload()

    client = annuaire.client("si:cd-59")

    assert client is not None
    assert {kid: cle.fin - now for kid, cle in client.cles.items() if kid != "cle-3"} == {
        "cle-1": WEEK,
        "cle-2": 3 * WEEK,
    }


async def test_the_end_of_a_suspension_dates_the_tokens_that_are_good(
    pool: Pool, annuaire: Annuaire, now: datetime
) -> None:
    await create(pool, "cd-59")
    async with pool.acquire() as conn:
        await partners.changer_etat(conn, code="cd-59", etat="suspendu", maintenant=now)
        await partners.changer_etat(conn, code="cd-59", etat="actif", maintenant=now + WEEK)
    await annuaire.reload()

    client = annuaire.client("si:cd-59")

    assert client is not None
    assert (client.actif, client.jetons_depuis) == (True, now + WEEK)
