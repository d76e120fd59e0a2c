"""`/metrics`: what waits is read in the database, what was decided is counted, nothing names a person."""

from uuid import uuid4

import httpx
import pytest

from chassis.facts import Entree
from gateway.inbound import metrics
from gateway.inbound.dispatch import _count
from tests.passerelle.outgoing import Sortant

pytestmark = pytest.mark.anyio


async def scrape(sortant: Sortant) -> dict[str, float]:
    transport = httpx.ASGITransport(metrics.application(sortant.process.pool))
    async with httpx.AsyncClient(transport=transport, base_url="http://admin") as client:
        response = await client.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain")
    lines = (line.rpartition(" ") for line in response.text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in lines}


async def test_what_waits_is_told_with_its_age(sortant: Sortant) -> None:
    assert (await scrape(sortant))["relais_livraison_en_attente_age_secondes"] == 0
    sortant.distribute()
    await sortant.subscribe("cd-59", "http://127.0.0.1:9/recu")
    await sortant.signale(uuid4())
    await sortant.delivered(4)
    pool = sortant.process.pool
    await pool.execute("UPDATE livraisons SET a = now() - interval '1 hour'")
    await pool.execute("UPDATE files SET essais = 3, premier_echec_a = now()")

    told = await scrape(sortant)

    assert 3_600 <= told["relais_livraison_en_attente_age_secondes"] < 3_700
    assert told["relais_parcours_en_echec"] == 1
    assert told["relais_depot_en_attente_age_secondes"] == 0


async def test_decisions_are_counted_by_partner_and_type(sortant: Sortant) -> None:
    entree = Entree.__new__(Entree)
    object.__setattr__(entree, "emetteur", "/partenaires/essai-metriques")
    object.__setattr__(entree, "type", "usager.signale")

    _count(entree, {"etat": "accepte"})
    _count(entree, {"etat": "accepte"})

    name = 'relais_messages_total{etat="accepte",partenaire="essai-metriques",type="usager.signale"}'
    assert (await scrape(sortant))[name] == 2
