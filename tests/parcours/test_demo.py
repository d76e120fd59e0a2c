"""`./relais demo` on a running hub: everything it announces happens, as often as one likes."""

import asyncio
import itertools
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.hub import Hub
from tests.parcours.dumps import Dump, public

pytestmark = pytest.mark.lent


def played(hub: Hub) -> list[dict[str, Any]]:
    return [json.loads(line) for line in hub.relais("demo", "--json").stdout.splitlines()]


def test_the_demonstration_holds_twice_on_the_same_folder(hub: Hub) -> None:
    for _ in range(2):
        *steps, last = played(hub)

        assert last["bilan"]["en_echec"] == []
        assert len(steps) == 14
        assert all(check["vrai"] for step in steps for check in step["verifications"])


def test_each_run_has_persons_of_its_own(hub: Hub) -> None:
    def persons() -> set[str]:
        return {sent["au_sujet_de"] for step in played(hub)[:-1] for sent in step["depots"]}

    assert persons().isdisjoint(persons())


async def flux(hub: Hub, code: str, depuis: datetime) -> Dump:
    """The envelopes that a partner received, without what emitters wrote of the fact."""
    dump = Dump()
    async with hub.partner(code) as partner:
        page = await partner.get("/v1/evenements", depuis=depuis.isoformat(), limite=500)
        for event in page["evenements"]:
            dump.document("flux", {nom: v for nom, v in event.items() if nom not in ("data", "agent", "time")})
    return dump


def test_what_two_of_its_partners_receive_has_no_identifier_in_common(hub: Hub) -> None:
    depuis = datetime.now(UTC)
    played(hub)
    codes = ("cd-59", "ft-hauts-de-france", "ml-lille", "asso-mobilite", "caf-59")

    dumps = [asyncio.run(flux(hub, code, depuis)) for code in codes]

    permis = public(hub.api)
    permis.document("qui dépose", [f"/partenaires/{code}" for code in codes])
    assert all(dump.values for dump in dumps[:4])
    assert [un.joins(autre, permis) for un, autre in itertools.combinations(dumps, 2)] == [{}] * 10


def test_it_ends_with_one_sentence_when_no_hub_answers(hub: Hub, tmp_path: Any) -> None:
    elsewhere = Hub(tmp_path, 1)

    ended = elsewhere.relais("demo", check=False)

    assert ended.returncode == 1
    assert ended.stderr.startswith("Erreur : Fichier absent")
