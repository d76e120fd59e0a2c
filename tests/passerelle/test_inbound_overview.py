"""What the door tells the console's first page: rates, refusals, times, ages, from the rows of the hub."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import orjson
import pytest

from chassis.database import Pool
from deploy.keys import new_es256_key
from gateway.accesses import Access, AccessChain, insert, maintain
from gateway.inbound.watching.overview import Overview
from gateway.inbound.watching.watch import Watch
from tests.engines import Bench
from tests.passerelle.test_inbound_risks import declare

pytestmark = pytest.mark.anyio
NOW = datetime.now(UTC)
AGO = timedelta


class Watched(Watch):
    """Two components: one that reads, one that is silent and keeps two facts."""

    def __init__(self) -> None:
        pass

    def state(self) -> dict[str, Any]:
        reader = {"a_lire": 3, "en_cours": 1, "bloque_s": 40}
        told = {"repond": True, "a_publier_s": 0, "lecteurs": {"PARCOURS": reader}}
        silent = {"repond": False, "a_publier": 2, "a_publier_s": 70, "rebut": 1, "lecteurs": {}}
        return {"composants": {"sortant": told, "usagers": silent}, "anomalies": []}


async def deposit(pool: Pool, ago: timedelta, etat: str, took_ms: int | None = None) -> None:
    settled = NOW - ago + timedelta(milliseconds=took_ms) if took_ms is not None else None
    await pool.execute(
        "INSERT INTO depots (id, partenaire, message, empreinte, type, brique, agent, finalite, corps, recu_a, etat, "
        "prochain_essai, regle_a, reponse_scellee) "
        "VALUES ($1, 'caf-59', $2, $3, 'usager.signale', 'usagers', 'a', 'f', 'x', $4, $5, $4, $6, $7)",
        *(uuid4(), uuid4().hex, b"0" * 32, NOW - ago, etat, settled, b"x" if settled else None),
    )


async def told(pool: Pool) -> dict[str, Any]:
    answer: dict[str, Any] = orjson.loads(await Overview(pool, Watched(), lambda: NOW).answer(b""))
    return answer


async def test_rates_times_ages_and_refusals_are_those_of_the_rows(banc: Bench) -> None:
    pool = await banc.pool("passerelle")
    await declare(pool, "caf-59")
    for took_ms in (100, 200, 300):
        await deposit(pool, AGO(minutes=5), "accepte", took_ms)
    await deposit(pool, AGO(days=3), "refuse", 900)
    await deposit(pool, AGO(days=8), "accepte", 5)
    await deposit(pool, AGO(minutes=2), "en-attente")
    refused = Access("caf-59", None, [], None, "POST /v1/messages", 422, None, None, "hors-territoire", nombre=4)
    async with pool.acquire() as conn:
        await maintain(conn)
        await insert(conn, AccessChain(new_es256_key().encode()).chained([refused], NOW))

    seen = await told(pool)

    assert len(seen["minutes"]) == 60
    assert sum(row["entrees"] for row in seen["minutes"]) == 4
    assert sum(row["entrees"] for row in seen["heures"]) == 5
    assert seen["non_regles"] == {"nombre": 1, "age_s": 120.0}
    assert seen["non_publies"] == {"nombre": 2, "age_s": 70}
    assert seen["decisions"]["jour"] == {"nombre": 3, "refuses": 0, "centiles": [200.0, 290.0, 298.0]}
    assert (seen["decisions"]["semaine"]["nombre"], seen["decisions"]["semaine"]["refuses"]) == (4, 1)
    assert seen["refus"] == [{"code": "hors-territoire", "jour": 4, "semaine": 4}]
    assert seen["rebut"] == {"usagers": 1}
    assert seen["lecteurs"] == [
        {"composant": "sortant", "repond": True, "flux": "PARCOURS", "a_lire": 4, "bloque_s": 40}
    ]


async def test_who_does_not_receive_is_named_and_who_does_is_not(banc: Bench) -> None:
    pool = await banc.pool("passerelle")
    for code, etat in (("cd-59", "suspendu"), ("caf-59", "actif")):
        await declare(pool, code)
        await pool.execute(
            "INSERT INTO abonnements (id, partenaire, url, types, lot, etat, secret, cree_a) "
            "VALUES ($1, $2, 'https://x.exemple', '{}', 1, $3, 'x', $4)",
            *(uuid4(), code, etat, NOW),
        )

    seen = await told(pool)

    assert [(row["partenaire"], row["suspendus"]) for row in seen["partenaires"]] == [("cd-59", 1)]
    assert seen["decisions"]["jour"] == {"nombre": 0, "refuses": 0, "centiles": None}
