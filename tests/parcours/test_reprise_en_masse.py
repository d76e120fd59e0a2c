"""Two thousand persons of a stock: nothing falls due, nothing is lost, and time goes on from there."""

import asyncio
import os
import signal
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from chassis.database import Pool, open_pool
from chassis.depots import Engine
from coffre.keys import Vault
from coffre.masters import Masters
from deploy import postgres
from deploy.datadir import HOST
from relais_contrats.client import Partner
from services.engagements import app as engagements
from services.orientation import app as orientation
from services.service import DueDates
from tests.hub import Hub, free_port
from tests.parcours.reorientation import AGENCE, contract, day, decision, eventually, opened, send, sheet
from tests.parcours.stock import Personne, contrat, personnes, situation

pytestmark = [pytest.mark.anyio, pytest.mark.lent]

COMBIEN = int(os.environ.get("RELAIS_ESSAI_STOCK") or 2_000)
MISSION = {"systeme": "siret", "valeur": "90000075300013", "nom": "Mission locale de Lille"}
SUSPENDU = contrat(suspension={"date": day(-200), "motif": "Congé maternité."})


@pytest.fixture(scope="module")
def hub() -> Iterator[Hub]:
    """One of its own: its clock is moved."""
    with tempfile.TemporaryDirectory(prefix="relais-stock-") as folder:
        started = Hub(Path(folder), free_port())
        started.up()
        yield started
        started.down()


@dataclass(frozen=True)
class Stock:
    """The persons, and the parcours of each as the département names it."""

    personnes: Sequence[Personne]
    parcours: Sequence[str]


async def loaded(cd: Partner) -> Stock:
    """The first one has a suspended contract; nobody else is late for anything."""
    suivies = [*personnes(COMBIEN, situation=situation(MISSION, "mission-locale"))]
    suivies[0] = replace(suivies[0], situation=suivies[0].situation | {"contrat": SUSPENDU})
    signales = await cd.post_many(une.signalement() for une in suivies)
    parcours = [str(une.corps["parcours"]) for une in signales]
    declares = await cd.post_many(une.reprise(prc) for une, prc in zip(suivies, parcours, strict=True))
    assert Counter(une.etat for une in declares) == {"accepte": COMBIEN}
    return Stock(suivies, parcours)


async def types_received(partner: Partner, wanted: str) -> list[str]:
    """The parcours of every event of this type, as the partner names them."""
    found: list[str] = []
    curseur = None
    while (page := await partner.events(after=curseur)).evenements:
        found += [one["subject"] for one in page.evenements if one["type"] == f"fr.insertion.{wanted}.v1"]
        curseur = page.curseur
    return found


async def due(cd: Partner, before: str) -> list[dict[str, Any]]:
    """All that falls due until then, page after page."""
    found: list[dict[str, Any]] = []
    suite: dict[str, str] = {}
    while True:
        page = await cd.get("/v1/parcours", departement="59", echeance_avant=before, limite=200, **suite)
        found += page["parcours"]
        if page["suite"] is None:
            return found
        suite = {"apres": page["suite"]}


async def due_natures(hub: Hub) -> Counter[str]:
    """What any service waits for."""
    conn = await postgres.connect_admin(hub.data, hub.data.known_ports().postgres)
    try:
        counted: Counter[str] = Counter()
        for schema in ("orientation", "engagements", "referents"):
            rows = await conn.fetch(f"SELECT nature FROM {schema}.echeances")
            counted.update(row["nature"].rpartition("-")[0] for row in rows)
        return counted
    finally:
        await conn.close()


@asynccontextmanager
async def later(hub: Hub, service: ModuleType, days: int) -> AsyncIterator[DueDates]:
    """One more replica of a service, whose clock is ahead: it decides, and the running one tells."""
    nom = service.SERVICE.brique.nom
    url = f"postgresql://{nom}@{HOST}:{hub.data.known_ports().postgres}/{postgres.DATABASE}"
    pool: Pool = await open_pool(url, hub.data.password_file(nom).read_text().strip(), nom, min_size=1, max_size=2)

    def clock() -> datetime:
        noon = datetime.now(UTC).replace(hour=12)  # the same day in Paris, in summer too
        return noon + timedelta(days=days)

    async with pool:
        service.REGISTRE.sceaux.lier(Vault(pool, Masters(hub.data.masters)))
        engine: Engine[Any, Any, Any, Any] = Engine(service.SERVICE.brique, pool, on_facts=lambda: None, clock=clock)
        yield DueDates(engine, SimpleNamespace(pool=pool), clock)  # type: ignore[arg-type]  # all that it asks for


async def test_a_whole_stock_is_taken_and_time_goes_on_from_there(hub: Hub) -> None:
    async with hub.partner("cd-59") as cd, hub.partner("ml-lille") as ml:
        stock = await loaded(cd)
        await eventually(
            lambda: types_received(ml, "reprise.declaree"), lambda told: len(told) >= COMBIEN, timeout_s=180
        )
        told = await types_received(ml, "reprise.declaree")
        await eventually(lambda: due_natures(hub), lambda dues: dues["suspension"], timeout_s=60)
        dues = await due_natures(hub)
        late = await cd.get("/v1/parcours", departement="59", echeance_avant=day(0), limite=200)
        nobody = await cd.get("/v1/parcours", departement="59", orientation="aucune", limite=200)

        assert len(told) == len(set(told)) == COMBIEN
        assert dues == {"suspension": 1}
        assert late["parcours"] == []
        assert nobody["parcours"] == []

        await _goes_on(hub, cd, stock)


async def _goes_on(hub: Hub, cd: Partner, stock: Stock) -> None:
    """A réorientation, the end of a suspended contract, and the takeover of the only person who was never oriented."""
    suspendu, reoriente = stock.parcours[0], stock.parcours[1]
    ends = Counter(une["nature"] for une in await due(cd, day(70)))
    jamais = await opened(hub, cd)
    demande = {"motif": "Emploi.", "parcours_type_propose": "emploi", "urgence": False}
    await send(cd, reoriente, "reorientation.demandee", demande | {"accord_referent": True, "accord_personne": True})
    nouvelle = {"decision": "acceptee", "nouvelle_decision": decision(AGENCE, "france-travail", 3, 0)}
    decidee = await send(cd, reoriente, "reorientation.decidee", nouvelle)

    async with later(hub, orientation, 60) as clock:
        await clock.fire()
    dessaisis = await eventually(lambda: types_received(cd, "orientation.dessaisie"), lambda told: told)
    async with later(hub, engagements, 165) as clock:
        avant = await clock.fire()
    async with later(hub, engagements, 167) as clock:
        await clock.fire()
    clos = await eventually(lambda: types_received(cd, "contrat.clos"), lambda told: told)
    vue = await eventually(lambda: sheet(cd, suspendu), lambda v: v if v["contrat"]["etat"] == "clos" else None)

    assert decidee.etat == "accepte", decidee
    assert ends == {"premier-rendez-vous": COMBIEN, "fin-contrat": COMBIEN - 1}
    assert dessaisis == [jamais]
    assert avant == 0
    assert clos == [suspendu]
    assert vue["orientation"]["rang"] == 2


@pytest.mark.parametrize("victims", [["orientation"], ["engagements", "referents"], ["orientation", "sortant", "nats"]])
async def test_what_is_killed_while_a_stock_is_taken_comes_to_the_same(hub: Hub, victims: Sequence[str]) -> None:
    async with hub.partner("cd-59") as cd:
        suivies = [*personnes(40, situation=situation(MISSION, "mission-locale"))]
        parcours = [str(une.corps["parcours"]) for une in await cd.post_many(une.signalement() for une in suivies)]
        reprises = [une.reprise(prc) for une, prc in zip(suivies, parcours, strict=True)]

        async with asyncio.TaskGroup() as tasks:
            for victim in victims:
                tasks.create_task(killed(hub, victim))
            declares = await cd.post_many(reprises)

        assert {une.etat for une in declares} <= {"accepte", "en-attente"}
        for prc in parcours:
            vue = await eventually(lambda prc=prc: sheet(cd, prc), whole, timeout_s=90)  # type: ignore[misc]
            assert [rdv["rdv_id"] for rdv in vue["rendez_vous"]] == ["1"]
            contrat_lu = await eventually(
                lambda prc=prc: cd.get(f"/v1/parcours/{prc}/contrat"),  # type: ignore[misc]
                lambda v: v.get("en_vigueur"),
                timeout_s=60,
            )
            assert contrat_lu["est_hors_delai"] is False


async def killed(hub: Hub, victim: str) -> None:
    await asyncio.sleep(0.15)
    hub.signal(victim, signal.SIGKILL)


def whole(vue: Mapping[str, Any]) -> Any:
    """All the parts of what was declared are there."""
    parts = (vue.get("orientation") or {}).get("rang"), (vue.get("referent") or {}).get("etat"), contract(vue)
    return vue if parts == (2, "actif", "signe") else None
