"""The meter of the persons that a partner names: the rule alone, then who is refused and who is suspended."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import orjson
import pytest
from structlog.testing import capture_logs

from chassis.database import Pool
from chassis.facts import Entree
from gateway.inbound.request.counters import AILLEURS, SUSPENSIONS, TROUVEES, Counters
from gateway.inbound.watching.exploration import Alarme, Exploration, Heure, Parts, alarmes
from relais_contrats.client import Partner
from relais_contrats.partenaires import Partenaire
from relais_contrats.problemes import Problem
from tests.engines import Bench
from tests.passerelle.entrance import entrance
from tests.passerelle.test_inbound_risks import declare
from tests.persons import nir, signalement

pytestmark = pytest.mark.anyio
PARTS = Parts(per_hour=3, flow_per_hour=10)
_OF_CD = "SELECT nombre FROM compteurs WHERE partenaire = 'cd-59' AND nature = $1"


def partner(type_organisme: str) -> Partenaire:
    return Partenaire("essai-59", type_organisme, "Essai", frozenset({"59"}), (), (), frozenset(), est_actif=True)


@pytest.fixture
async def pool(banc: Bench) -> Pool:
    return await banc.pool("passerelle")


@pytest.fixture
async def exploration(pool: Pool) -> Exploration:
    return Exploration(Counters(pool), PARTS)


@pytest.mark.parametrize(
    ("heure", "attendues"),
    [
        (Heure(99), set()),
        (Heure(100), {Alarme.SONDAGE}),
        (Heure(100, trouvees=5), set()),
        (Heure(100, trouvees=4), {Alarme.SONDAGE}),
        (Heure(1_500, trouvees=1), {Alarme.SONDAGE}),
        (Heure(100, trouvees=60, ailleurs=10), set()),
        (Heure(100, trouvees=60, ailleurs=11), {Alarme.AILLEURS}),
        (Heure(5, est_au_dela=True), {Alarme.TROP}),
    ],
)
def test_what_an_hour_says(heure: Heure, attendues: set[Alarme]) -> None:
    assert alarmes(heure) == attendues


async def test_searches_and_signalements_of_a_partner_without_flow_are_one_account(exploration: Exploration) -> None:
    lille = partner("mission-locale")
    exploration.search(lille)
    exploration.signal(lille)
    exploration.signal(lille)

    with pytest.raises(Problem) as refused:
        exploration.signal(lille)

    assert refused.value.status == 429
    assert int(refused.value.headers["Retry-After"]) > 0


@pytest.mark.parametrize("type_organisme", ["caf", "msa", "departement", "france-travail"])
async def test_a_flow_has_an_account_of_its_own_beside_the_searches(
    exploration: Exploration, type_organisme: str
) -> None:
    for _ in range(10):
        exploration.signal(partner(type_organisme))
    for _ in range(3):
        exploration.search(partner(type_organisme))

    with pytest.raises(Problem):
        exploration.signal(partner(type_organisme))
    with pytest.raises(Problem):
        exploration.search(partner(type_organisme))


async def test_the_first_refusal_is_told_and_the_next_ones_are_not(exploration: Exploration) -> None:
    lille = partner("mission-locale")
    for _ in range(3):
        exploration.search(lille)

    with capture_logs() as lines:
        for _ in range(4):
            with pytest.raises(Problem):
                exploration.search(lille)

    assert [(line["event"], line["partenaire"], line["nombre"]) for line in lines] == [
        ("securite.recherches_anormales", "essai-59", 4)
    ]


async def test_who_goes_on_against_the_refusals_is_suspended_counted_and_told(
    exploration: Exploration, pool: Pool
) -> None:
    lille = partner("mission-locale")
    await declare(pool, "essai-59")
    for rank in range(16):
        if rank < 3:
            exploration.search(lille)
            continue
        with pytest.raises(Problem):
            exploration.search(lille)
    stop = asyncio.Event()

    with capture_logs() as lines:
        await _until_suspended(exploration, pool, stop)

    assert exploration._counters.used("essai-59", SUSPENSIONS, datetime.now(UTC)) == 1
    assert ("securite.partenaire_suspendu", "essai-59") in [(line["event"], line["partenaire"]) for line in lines]


async def _until_suspended(exploration: Exploration, pool: Pool, stop: asyncio.Event) -> None:
    async with asyncio.timeout(10):
        running = asyncio.create_task(exploration.run(pool, stop))
        while await pool.fetchval("SELECT etat FROM partenaires WHERE code = 'essai-59'") != "suspendu":
            await asyncio.sleep(0.05)
        stop.set()
        await running


def told(*types: str, departement: str = "59") -> Mapping[str, Any]:
    subjects = ["p", "p", "other"]  # the third is about another parcours, that waits for its number
    faits = [
        {"type": f"fr.insertion.{t}.v1", "departement": departement, "subject": subject}
        for t, subject in zip(types, subjects, strict=False)
    ]
    return {"etat": "accepte", "faits": faits}


@pytest.mark.parametrize(
    ("reply", "trouvees", "ailleurs"),
    [
        (told("usager.signale", "parcours.ouvert"), 0, 0),
        (told("usager.signale", "parcours.ouvert", "usager.ambigu"), 0, 0),
        (told("usager.signale", "parcours.rattache"), 1, 0),
        (told("usager.signale", "usager.ambigu", "signalement.conserve"), 1, 0),
        (told("usager.signale", "parcours.rattache", departement="62"), 1, 1),
        ({"etat": "refuse"}, 0, 0),
    ],
)
async def test_what_a_signalement_met_is_counted(
    exploration: Exploration, reply: Mapping[str, Any], trouvees: int, ailleurs: int
) -> None:
    now = datetime.now(UTC)
    entree = Entree(uuid4(), "depot", "usager.signale", None, "/partenaires/essai-59", "caf", "59", {}, now, now)

    exploration.learn_decision(entree, reply)
    exploration.learn_decision(replace(entree, type="droits.modifies"), told("droits.modifies", departement="62"))

    counted = exploration._counters
    assert counted.used("essai-59", TROUVEES, now) == trouvees
    assert counted.used("essai-59", AILLEURS, now) == ailleurs


async def test_the_door_meters_searches_and_signalements_before_anybody_is_asked(banc: Bench) -> None:
    person = {"identifiants": [{"type": "nir", "valeur": nir(1)}]}
    async with entrance(banc, recherches_par_heure=1, signalements_par_heure=1) as entree:
        departement, lille = await entree.partner("cd-59"), await entree.partner("ml-lille")
        searches = [await sent(departement, "/v1/usagers/recherche", person) for _ in range(2)]
        flow = [await sent(departement, "/v1/messages", signalled(departement)) for _ in range(2)]
        without_flow = [await sent(lille, "/v1/messages", signalled(lille)) for _ in range(2)]

    assert [searches[-1], flow, without_flow] == [429, [202, 429], [202, 429]]
    assert searches[0] != 429


def signalled(partenaire: Partner) -> dict[str, Any]:
    return partenaire.message("usager.signale", signalement(), departement="59")


async def sent(partenaire: Partner, path: str, body: Mapping[str, Any]) -> int:
    """The status of the first answer."""
    kind = "application/cloudevents+json" if path == "/v1/messages" else "application/json"
    if partenaire._credentials.is_due:
        await partenaire._renew_token()
    headers = {"Content-Type": kind, "Prefer": "respond-async", **await partenaire.headers("POST", path)}
    url = f"{partenaire.client.api}{path}"  # once: `_send` would wait until it is let in
    return (await partenaire._http.request("POST", url, content=json.dumps(body), headers=headers)).status_code


async def test_what_a_search_met_is_learnt_at_the_door(banc: Bench) -> None:
    service = await banc.process("usagers", "usagers")

    async def elsewhere(_: bytes) -> bytes:
        return b'{"resultat":"plusieurs","ailleurs":true}'

    await service.bus.respond("lecture.usagers.resoudre", "usagers", elsewhere)
    async with entrance(banc) as entree:
        departement = await entree.partner("cd-59")
        await sent(departement, "/v1/usagers/recherche", {"identifiants": [{"type": "nir", "valeur": nir(1)}]})
        async with asyncio.timeout(10):
            while not (counted := await entree.fetch(_OF_CD, AILLEURS)):
                await asyncio.sleep(0.1)

    assert [row["nombre"] for row in counted] == [1]


async def test_what_a_signalement_met_is_learnt_at_the_door(banc: Bench) -> None:
    """The person was known, in another territory."""
    service = await banc.process("usagers", "usagers")

    async def attached(body: bytes) -> bytes:
        [entree], subject = orjson.loads(body), str(uuid4())
        common = {"subject": subject, "departement": "62", "data": {}, "brique": "usagers"}
        faits = [
            {"id": str(uuid4()), "type": f"fr.insertion.{court}.v1", "sequence": rank, **common}
            for rank, court in enumerate(("usager.signale", "parcours.rattache"), 1)
        ]
        return orjson.dumps([{"id": entree["id"], "etat": "accepte", "faits": faits}])

    await service.bus.respond("depot.usagers", "usagers", attached)
    async with entrance(banc) as entree:
        departement = await entree.partner("cd-59")
        await sent(departement, "/v1/messages", signalled(departement))
        async with asyncio.timeout(10):
            while not (elsewhere := await entree.fetch(_OF_CD, AILLEURS)):
                await asyncio.sleep(0.1)
        known = await entree.fetch(_OF_CD, TROUVEES)

    assert [row["nombre"] for row in (*elsewhere, *known)] == [1, 1]
