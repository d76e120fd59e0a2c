"""`./relais demo` on a running hub: everything it announces happens, as often as one likes."""

import json
from typing import Any

import pytest

from tests.hub import Hub

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


def test_it_ends_with_one_sentence_when_no_hub_answers(hub: Hub, tmp_path: Any) -> None:
    elsewhere = Hub(tmp_path, 1)

    ended = elsewhere.relais("demo", check=False)

    assert ended.returncode == 1
    assert ended.stderr.startswith("Erreur : Fichier absent")
