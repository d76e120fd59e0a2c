"""What operators see of deliveries and failures, from the rows of the gateway."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis.database import Pool
from gateway.inbound.operating import aside
from gateway.inbound.operating.aside import SERVICES, Aside
from gateway.inbound.operating.failures import Failures
from gateway.inbound.operating.subscriptions import Subscriptions
from tests.passerelle.outgoing import Sortant
from tests.passerelle.test_inbound_risks import Watched

pytestmark = pytest.mark.anyio
# As many parcours as asked, each behind one failure of the same kind.
_FAIL = """
WITH p AS (SELECT gen_random_uuid() AS parcours, n FROM generate_series(1, $2::int) AS n),
e AS (INSERT INTO evenements (id, parcours, type, corps, recu_a)
    SELECT parcours, parcours, 'droits.modifies', '{}', now() FROM p RETURNING id),
l AS (INSERT INTO livraisons (partenaire, evenement, parcours, type, roles, a, relaisnumero)
    SELECT $3, parcours, parcours, 'droits.modifies', '{}', now(), n FROM p RETURNING numero, parcours),
q AS (INSERT INTO files (abonnement, parcours, restants, essais, premier_echec_a, prochain_a)
    SELECT $1, parcours, 1, 3, now() - interval '1 hour', now() FROM p RETURNING parcours)
INSERT INTO envois (abonnement, livraison, parcours, etat, essais, code, erreur, essaye_a, relaisnumero, tentatives)
SELECT $1, numero, parcours, 'a-livrer', 3, 500, 'reponse', now(), row_number() OVER (),
    jsonb_build_array(jsonb_build_object('a', now(), 'code', 500, 'erreur', 'reponse', 'ms', 3)) FROM l
"""


@pytest.fixture(autouse=True)
def no_service_runs_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aside, "_PATIENCE_S", 0.05)


def failures(pool: Pool, sortant: Sortant) -> Failures:
    return Failures(pool, Watched(), Aside(pool, sortant.process.bus))


async def failing(sortant: Sortant, count: int) -> UUID:
    abonnement = await sortant.subscribe("cd-59", "https://recoit.exemple.fr/secret-du-chemin")
    await sortant.process.pool.execute(_FAIL, abonnement, count, "cd-59")
    return abonnement


async def test_ten_thousand_failures_of_one_cause_are_one_line(sortant: Sortant) -> None:
    abonnement = await failing(sortant, 10_000)
    view = failures(sortant.process.pool, sortant)

    [one] = (await view.all({}))["pannes"]

    assert (one["nombre"], one["code"], one["responsable"], one["est_ouverte"]) == (10_000, "500", "recepteur", True)
    assert one["cause"] == f"livraison/cd-59/{abonnement}/500"


async def test_a_cause_that_comes_back_is_open_again(sortant: Sortant) -> None:
    abonnement = await failing(sortant, 1)
    pool, view = sortant.process.pool, failures(sortant.process.pool, sortant)
    [one] = (await view.all({}))["pannes"]
    settle = "INSERT INTO pannes (cause, reglee_a, reglee_par, change_a) VALUES ($1, $2, 'local/a', $2)"
    await pool.execute(settle, one["cause"], datetime.now(UTC))

    [settled] = (await view.all({}))["pannes"]
    later = datetime.now(UTC) + timedelta(seconds=1)
    await pool.execute("UPDATE envois SET essaye_a = $2 WHERE abonnement = $1", abonnement, later)
    [back] = (await view.all({}))["pannes"]

    assert (settled["est_ouverte"], settled["est_revenue"]) == (False, False)
    assert (back["est_ouverte"], back["est_revenue"]) == (True, True)


async def test_a_subscription_tells_what_waits_what_it_answers_and_what_is_parked(sortant: Sortant) -> None:
    abonnement = await failing(sortant, 3)
    view = Subscriptions(sortant.process.pool, sortant.pseudonyms)

    [listed] = (await view.all({"partenaire": "cd-59"}))["abonnements"]
    one = await view.one({"id": str(abonnement)})

    assert (listed["a_livrer"], listed["arretes"], listed["hote"]) == (3, 3, "recoit.exemple.fr")
    assert [(t["code"], t["nombre"]) for t in listed["tentatives"]] == [("500", 6)]
    assert one is not None
    assert [queue["parcours"][:4] for queue in one["files"]] == ["prc_"] * 3
    assert "secret-du-chemin" not in str(one)


async def test_what_is_set_aside_is_told_with_its_component_and_who_is_silent(sortant: Sortant) -> None:
    pool = sortant.process.pool
    columns = "(id, nature, type, entree, raison, parque_a)"
    await pool.execute(f"INSERT INTO rebut {columns} VALUES ($1, 'evenement', 'x', '{{}}', 'E', now())", uuid4())

    told: dict[str, Any] = await Aside(pool, sortant.process.bus).all({})

    assert [(one["composant"], one["raison"], one["etat"]) for one in told["elements"]] == [("sortant", "E", "parque")]
    assert told["muets"] == list(SERVICES)
