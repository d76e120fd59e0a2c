"""Exercises of a sandbox: each fault as its partner sees it, its end, the report; nothing of it in another hub."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import orjson
import pytest

from gateway.inbound.audit import exercises as books
from gateway.inbound.audit.exercises import report
from gateway.outbound.exercises import ACCEPTED, SILENT, Exercises
from gateway.outbound.http_client import Answer
from gateway.outbound.targets import Target
from tests.engines import Bench
from tests.passerelle.entrance import Entrance
from tests.passerelle.outgoing import Sortant
from tests.passerelle.receiver import Receiver

pytestmark = pytest.mark.anyio
AT = datetime(2026, 3, 2, 8, tzinfo=UTC)


async def test_each_fault_touches_its_partner_until_it_ends(sortant: Sortant, endpoint: Receiver) -> None:
    pool = sortant.process.pool
    now = datetime.now(UTC)

    async def sent(exercises: Exercises, partenaire: str = "caf-59") -> Any:
        await exercises.look()
        target = Target(uuid4(), partenaire, f"{endpoint.url}/x", 1, ())
        return await exercises.post(target, {"webhook-signature": "v1,vraie"}, b"{}")

    told = {}
    for panne in ("muet", "erreur", "signature"):
        async with pool.acquire() as conn:
            id_ = uuid4()
            await books.start(conn, id_, "caf-59", panne, None, now, now + timedelta(hours=1))
            told[panne] = await sent(Exercises(pool, sortant.client))
            told[f"{panne} d'un autre"] = await sent(Exercises(pool, sortant.client), "cd-59")
            assert await books.end(conn, id_, datetime.now(UTC)) == "caf-59"
            now = datetime.now(UTC)
    after = await sent(Exercises(pool, sortant.client))
    await sortant.client.close()

    assert (told["muet"], told["erreur"], told["signature"]) == (SILENT, Answer(503), ACCEPTED)
    assert {told[name] for name in told if name.endswith("autre")} == {after} == {Answer(204)}
    assert [one.headers["webhook-signature"] == "v1,vraie" for one in endpoint.received].count(False) == 1


def row(number: int, livre_s: float | None, *, echec_s: float | None = None, recu: int | None = 1) -> Any:
    """Told to a partner at AT, refused at `echec_s`, delivered at `livre_s`."""
    failed = [{"a": (AT + timedelta(seconds=echec_s)).isoformat(), "code": 503}] if echec_s is not None else []
    at = AT + timedelta(seconds=livre_s) if livre_s is not None else None
    state = {"etat": "a-livrer" if at is None else "livre", "essaye_a": at, "recu_chaine": recu}
    return {"abonnement": 1, "parcours": 1, "livraison": number, "a": AT, "tentatives": failed} | state


def test_the_report_counts_what_was_retried_kept_and_lost() -> None:
    told = report(
        [row(1, 80, echec_s=10), row(2, 85, echec_s=20), row(3, 5), row(4, None, echec_s=30), row(5, 50, recu=None)],
        AT,
        AT + timedelta(minutes=1),
    )

    assert (told.evenements, told.touches, told.essais) == (5, 3, 3)
    assert (told.livres_pendant, told.livres_apres, told.en_attente, told.perdus) == (2, 2, 1, 1)
    assert (told.ordre_rompu, told.signatures_acceptees) == (3, 0)
    assert (told.plus_longue_attente_s, told.retour_s) == (85, 25)


async def test_a_hub_that_is_no_sandbox_refuses_every_exercise(entree: Entrance, banc: Bench) -> None:
    asked = {"partenaire": "cd-59", "panne": "muet", "minutes": "5"}
    body = orjson.dumps({"id": str(uuid4()), "par": "local/camille", "corps": asked})

    refused = orjson.loads(await banc.bus.request("administration.passerelle.exercice-demarrer", body, timeout_s=5))
    told = orjson.loads(await banc.bus.request(books.SUBJECT, b"{}", timeout_s=5))

    assert refused["refus"]["code"] == "hors-bac-a-sable"
    assert (told["bac_a_sable"], await entree.fetch("SELECT * FROM exercices")) == (False, [])
