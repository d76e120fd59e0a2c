"""An entry that was written as JSON, to cross the bus or to be set aside, is read back as it was."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson

from chassis.facts import Entree, FaitEnregistre, sujet_de_la_decision

AT = datetime(2026, 3, 2, 9, 30, 0, 120, UTC)
LEAST = Entree(UUID(int=1), "depot", "compteur.augmente", None, "/partenaires/x", "caf", "59", {"plus": 1}, AT, AT)
WHOLE = replace(
    LEAST,
    agregat=UUID(int=2),
    sequence=7,
    sequence_attendue=6,
    trace="00-1",
    correlation="echange",
    message="m-1",
    empreinte="ab",
    agent="batch",
    brique="usagers",
    effet="2026-04-01",
    partitions_ouvertes=["59", "62"],
    cause=UUID(int=3),
    au_repos=True,
)


def test_an_entry_is_read_back_as_it_was() -> None:
    assert all(getattr(WHOLE, name) is not None for name in Entree.__slots__)
    for entree in (WHOLE, replace(LEAST, partitions_ouvertes=[])):
        assert Entree.depuis_json(orjson.loads(orjson.dumps(entree.en_json()))) == entree


def test_the_subject_of_a_decision_names_its_types_where_readers_may_ask_for_them_together() -> None:
    def told(*types: str) -> list[FaitEnregistre]:
        rest: Any = ("59", {}, "/services/orientation", AT, UUID(int=3), None, None)
        return [FaitEnregistre(UUID(int=1), "orientation", type_, UUID(int=2), 1, *rest) for type_ in types]

    ensembles = (("orientation.a", "autre.b"),)
    decisions = [("orientation.a", "orientation.a"), ("orientation.a", "autre.b"), ("autre.b", "orientation.a")]

    names = [sujet_de_la_decision(told(*types), ensembles).split(".")[3] for types in decisions]
    assert names == ["a", "a+autre-b", "plusieurs"]
