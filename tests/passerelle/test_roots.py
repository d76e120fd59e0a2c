"""The root of a day as a partner reads it and checks it with its own receipts."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from joserfc.jwk import KeySet

from gateway.inbound.reading.roots import Roots
from gateway.receipts import Chains, OfDelivery, insert
from relais_contrats.recus import contenu
from relais_kit.racines import Racines
from tests.passerelle.outgoing import BASE_URL, Sortant
from tests.passerelle.partner_api import OpenDoor, api, as_partner

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 11, 28, 9, tzinfo=UTC)
PARTNERS = ("cd-59", "caf-59", "ml-lille")


@pytest.fixture
async def client(sortant: Sortant) -> AsyncIterator[httpx.AsyncClient]:
    roots = Roots(sortant.process.pool, Chains(sortant.cle_recus, BASE_URL), lambda: NOW)
    async with api(roots.routes(OpenDoor(sortant.annuaire))) as one:
        yield one


async def made(sortant: Sortant) -> list[tuple[str, str]]:
    """Receipts of three days, of three partners, by a process that was started again on the second day."""
    chains, written = Chains(sortant.cle_recus, BASE_URL), []
    for hours in range(0, 72, 5):
        if hours == 30:
            chains.restart()
        now = NOW - timedelta(hours=72 - hours)
        written += [OfDelivery(chains.next(code, {"message": str(hours)}, now), code) for code in PARTNERS]
    async with sortant.process.pool.acquire() as conn:
        await insert(conn, written)
    return [(one.partenaire, one.receipt.jws) for one in written]


async def test_each_day_that_is_over_is_sealed_for_each_partner(sortant: Sortant, client: httpx.AsyncClient) -> None:
    receipts = await made(sortant)
    keys = KeySet.import_key_set({"keys": [Chains(sortant.cle_recus, BASE_URL).public_key()]})
    sealed: list[int] = []
    told: dict[str, set[str]] = {}
    for code in PARTNERS:
        own = {(dit["chaine"], dit["rang"]): jws for whose, jws in receipts if whose == code and (dit := contenu(jws))}
        for days in (3, 2, 1):
            answer = await client.get(
                "/v1/recus/racine", params={"jour": str((NOW - timedelta(days=days)).date())}, headers=as_partner(code)
            )
            root: dict[str, Any] = answer.json()
            assert Racines(keys, BASE_URL, own).ruptures(root) == []
            sealed.append(len(root["chaines"]))
            told.setdefault(contenu(root["racine"])["jour"], set()).add(contenu(root["racine"])["racine"])

    assert sealed == [1, 2, 1] * len(PARTNERS)
    assert [len(roots) for roots in told.values()] == [1, 1, 1]


@pytest.mark.parametrize("jour", ["", "?jour=2026-11-28", "?jour=9999-12-31", "?jour=demain"])
async def test_a_day_that_is_not_over_has_no_root(client: httpx.AsyncClient, jour: str) -> None:
    answer = await client.get(f"/v1/recus/racine{jour}", headers=as_partner("cd-59"))

    assert (answer.status_code, answer.json()["erreurs"][0]["pointeur"]) == (422, "jour")
