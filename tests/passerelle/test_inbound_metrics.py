"""`/metrics`: what waits is read in the database, what was decided is counted, nothing names a person."""

from datetime import UTC, datetime
from uuid import uuid4

import httpx
import pytest

from chassis.facts import Entree
from gateway.inbound.deposit.dispatch import _count
from gateway.inbound.request.counters import AILLEURS, RECHERCHES, SIGNALEMENTS, SUSPENSIONS, TROUVEES, Counters
from gateway.inbound.watching import metrics
from gateway.inbound.watching.watch import Watch
from gateway.partners import changer_etat
from tests.passerelle.outgoing import Sortant

pytestmark = pytest.mark.anyio


async def scrape(sortant: Sortant) -> dict[str, float]:
    transport = httpx.ASGITransport(metrics.application(sortant.process.pool, Watch(sortant.process.bus)))
    async with httpx.AsyncClient(transport=transport, base_url="http://admin") as client:
        response = await client.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain")
    lines = (line.rpartition(" ") for line in response.text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in lines}


async def test_what_waits_is_told_with_its_age(sortant: Sortant) -> None:
    sortant.distribute()
    await sortant.subscribe("cd-59", "http://127.0.0.1:9/recu")
    await sortant.subscribe("cd-62", "http://127.0.0.1:9/recu")
    assert (await scrape(sortant))['relais_livraison_en_attente_age_secondes{partenaire="cd-59"}'] == 0
    await sortant.signale(uuid4())
    await sortant.delivered(4)
    pool = sortant.process.pool
    await pool.execute("UPDATE livraisons SET a = now() - interval '1 hour'")
    await pool.execute("UPDATE files SET essais = 3, premier_echec_a = now()")

    told = await scrape(sortant)

    assert 3_600 <= told['relais_livraison_en_attente_age_secondes{partenaire="cd-59"}'] < 3_700
    assert told['relais_livraison_en_attente_age_secondes{partenaire="cd-62"}'] == 0
    assert told['relais_parcours_en_echec{partenaire="cd-59"}'] == 1
    assert told['relais_parcours_en_echec{partenaire="cd-62"}'] == 0
    assert told["relais_depot_en_attente_age_secondes"] == 0


async def test_decisions_are_counted_by_partner_and_type(sortant: Sortant) -> None:
    entree = Entree.__new__(Entree)
    object.__setattr__(entree, "emetteur", "/partenaires/essai-metriques")
    object.__setattr__(entree, "type", "usager.signale")

    _count(entree, {"etat": "accepte"})
    _count(entree, {"etat": "accepte"})

    name = 'relais_messages_total{etat="accepte",partenaire="essai-metriques",type="usager.signale"}'
    assert (await scrape(sortant))[name] == 2


async def test_the_meter_of_persons_is_told_by_partner_with_its_shares_and_who_it_suspended(sortant: Sortant) -> None:
    counters, now = Counters(sortant.process.pool), datetime.now(UTC)
    for nature, nombre in ((RECHERCHES, 15), (SIGNALEMENTS, 5), (TROUVEES, 5), (AILLEURS, 2)):
        counters.add("cd-59", nature, now, nombre)
    counters.add("cd-62", SUSPENSIONS, now)
    await counters.share(now)
    async with sortant.process.pool.acquire() as conn:
        await changer_etat(conn, code="cd-62", etat="suspendu", maintenant=now)
        await changer_etat(conn, code="caf-59", etat="suspendu", maintenant=now)

    told = await scrape(sortant)
    async with sortant.process.pool.acquire() as conn:
        await changer_etat(conn, code="cd-62", etat="actif", maintenant=now)
    resumed = await scrape(sortant)

    def of(code: str) -> list[float]:
        names = ("cette_heure", "par_heure_max", "part_connue", "part_hors_territoire")
        return [told[f'relais_personnes_{name}{{partenaire="{code}"}}'] for name in names]

    suspended = 'relais_partenaire_suspendu_par_compteur{partenaire="%s"}'
    assert of("cd-59") == [20, 20, 0.25, 0.1]
    assert of("cd-62") == [0, 0, 0, 0]
    assert [told[suspended % code] for code in ("cd-59", "cd-62", "caf-59")] == [0, 1, 0]
    assert resumed[suspended % "cd-62"] == 0
