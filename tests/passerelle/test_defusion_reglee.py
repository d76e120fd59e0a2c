"""A merge is undone for its emitter once every service has undone it; what stands on it in one of them is passed on."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID, uuid4

import orjson
import pytest

from chassis.bus import Unavailable
from chassis.facts import Entree
from gateway.inbound.deposit import dispatch

pytestmark = pytest.mark.anyio
ANNULE = uuid4()
ENTREE = Entree(
    id=uuid4(),
    nature="depot",
    type="usager.defusionne",
    agregat=uuid4(),
    emetteur="/partenaires/cd-59",
    role="departement",
    partition="59",
    donnees={"annule": str(ANNULE), "motif": "Erreur."},
    survenu_a=datetime(2026, 3, 2, tzinfo=UTC),
    recu_a=datetime(2026, 3, 2, tzinfo=UTC),
)


class Services:
    """What each service answers about the merge, look after look; `usagers` accepts what it is asked."""

    def __init__(self, dites: Mapping[str, Sequence[Mapping[str, str] | None]]) -> None:
        self.dites = {brique: list(suite) for brique, suite in dites.items()}
        self.demande: Any = None

    async def request(self, sujet: str, corps: bytes, *, timeout_s: float) -> bytes:
        genre, brique, *_ = sujet.split(".")
        if genre == "depot":
            [self.demande] = orjson.loads(corps)
            return orjson.dumps([{"id": self.demande["id"], "etat": "accepte"}])
        assert orjson.loads(corps) == {"depot": str(ANNULE)}
        suite = self.dites.get(brique, [{"etat": "faite"}])
        dite = suite.pop(0) if len(suite) > 1 else suite[0]
        if dite is None:
            raise Unavailable
        return orjson.dumps(dite)


class Journal:
    def __init__(self) -> None:
        self.regles: list[UUID] = []

    async def settle_all(self, batch: Sequence[Any]) -> list[Mapping[str, Any]]:
        self.regles += [settlement.depot for settlement in batch]
        return [{"etat": "accepte"} for _ in batch]


class Exploration:
    def learn_decision(self, *_: Any) -> None: ...


async def deposer(services: Services, monkeypatch: pytest.MonkeyPatch, entree: Entree = ENTREE) -> bool:
    """Whether the deposit was settled; it was put off otherwise."""
    journal, remis = Journal(), list[UUID]()

    async def postpone(_: Any, ids: Sequence[UUID], __: int, ___: str | None = None) -> None:
        remis.extend(ids)

    monkeypatch.setattr(dispatch, "_FOLLOWED_S", (0.0, 0.0, 0.0))
    monkeypatch.setattr(dispatch.Dispatch, "_postpone", postpone)
    others = cast(Any, None)
    porte = dispatch.Dispatch(
        others, cast(Any, services), cast(Any, journal), others, others, others, cast(Any, Exploration())
    )
    monkeypatch.setattr(porte, "_settlement", lambda e, _: type("Reglement", (), {"depot": e.id})())
    await porte.decide_all("usagers", [entree])
    assert (journal.regles, remis) in (([entree.id], []), ([], [entree.id]))
    return bool(journal.regles)


async def test_it_is_settled_once_every_service_has_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    services = Services({"offres": [{"etat": "connue"}, {"etat": "connue"}, {"etat": "faite"}]})

    assert await deposer(services, monkeypatch)


@pytest.mark.parametrize("suite", [[{"etat": "connue"}], [{"etat": "connue"}, None]])
async def test_it_waits_for_a_service_that_has_not_or_is_away(
    suite: Sequence[Mapping[str, str] | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not await deposer(Services({"referents": suite}), monkeypatch)


async def test_what_stands_on_it_is_told_to_who_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    services = Services(
        {
            "engagements": [{"etat": "connue", "depend": "contrat.signe"}, {"etat": "faite"}],
            "orientation": [{"etat": "connue", "depend": "orientation.decidee"}, {"etat": "faite"}],
        }
    )

    await deposer(services, monkeypatch)

    assert services.demande["donnees"]["repose"] == "orientation.decidee"


async def test_other_deposits_ask_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    fusion = replace(ENTREE, type="usager.fusionne")

    assert await deposer(Services({"offres": [None]}), monkeypatch, fusion)
