"""Readiness: a database that answers and takes nothing is not ready."""

import pytest

from chassis.process import Process
from deploy.keys import new_es256_key
from gateway.inbound.watching import health
from gateway.inbound.watching.watch import Watch
from gateway.receipts import Chains
from gateway.single_use import UsagesUniquesPostgres
from tests.engines import Bench
from tests.passerelle.outgoing import BASE_URL
from tests.passerelle.partner_api import api

pytestmark = pytest.mark.anyio
FULL = """
CREATE FUNCTION plein() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'No space left on device' USING ERRCODE = 'disk_full'; END $$;
CREATE TRIGGER plein BEFORE INSERT ON usages_uniques EXECUTE FUNCTION plein();
"""
SPACE_AGAIN = "DROP TRIGGER plein ON usages_uniques; DROP FUNCTION plein()"


async def ready(process: Process) -> tuple[int, str]:
    """Asked for the first time, as far as this door remembers."""
    usages = UsagesUniquesPostgres(process.pool)
    process.loop("usages uniques", usages.lots.run)
    chains = Chains(new_es256_key().encode(), BASE_URL)
    async with api(health.routes(process, chains, BASE_URL, Watch(process.bus), usages)) as client:
        answer = await client.get("/sante/pret")
    return answer.status_code, answer.json()["etat"]


async def test_a_full_disk_is_not_ready_and_is_again_with_space(banc: Bench) -> None:
    process = await banc.process("entrant", "passerelle")
    admin = await banc.admin()
    await admin.execute(f"SET search_path = passerelle; {FULL}")

    full = await ready(process)
    await admin.execute(SPACE_AGAIN)

    assert (full, await ready(process)) == ((503, "pas-pret"), (200, "pret"))
