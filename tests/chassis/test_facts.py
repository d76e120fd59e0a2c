"""An entry that was written as JSON, to cross the bus or to be set aside, is read back as it was."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import orjson

from chassis.facts import Entree

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
