"""What `/sante/pret`, `/metrics` and `./relais etat` say when a component of a whole hub does not follow."""

import json
from typing import Any

import httpx
import pytest

from tests.hub import Hub
from tests.parcours.reorientation import eventually

pytestmark = [pytest.mark.anyio, pytest.mark.lent]


async def health(hub: Hub) -> dict[str, Any]:
    async with httpx.AsyncClient(trust_env=False) as client:
        return dict((await client.get(f"{hub.api}/sante/pret", timeout=5)).json())


async def metrics(hub: Hub) -> str:
    async with httpx.AsyncClient(trust_env=False) as client:
        return (await client.get(f"http://127.0.0.1:{hub.data.known_ports().metriques}/metrics", timeout=5)).text


@pytest.mark.parametrize("component", ["orientation", "sortant"])
async def test_a_component_that_does_not_answer_shows_and_is_forgotten_when_it_is_back(
    hub: Hub, component: str
) -> None:
    before = await eventually(lambda: health(hub), lambda h: h if h["etat"] == "pret" else None)

    with hub.stopped(component):
        said = f"{component} ne répond pas"
        during = await eventually(lambda: health(hub), lambda h: h if said in " ".join(h["anomalies"]) else None, 30)
        measured = await metrics(hub)
        state = hub.relais("etat", "--json")
    await eventually(lambda: health(hub), lambda h: h["etat"] == "pret", 30)

    assert before["anomalies"] == []
    assert set(before["composants"]) >= {"usagers", "orientation", "feuille_de_route", "sortant"}
    assert during["etat"] == "degrade"
    assert f'relais_composant_repond{{composant="{component}"}} 0.0' in measured
    assert any(said in one for one in json.loads(state.stdout)["sante"]["anomalies"])
