"""The baskets of France Travail, here our own, as what its partner tells the hub."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from connectors.france_travail import SYSTEM
from connectors.france_travail.api import FranceTravail
from connectors.france_travail.collecting import collect
from connectors.hub import HubUnreachable
from connectors.systems import Context
from relais_contrats.v1.engagements import SanctionProposee
from relais_contrats.v1.orientation import OrientationPreconisee
from tests.connectors.fakes import FakeHub, context, pseudonym
from tests.connectors.france_travail.client import SCOPES
from tests.connectors.france_travail.place import ADA, SECRET, WAITING, Place
from tests.connectors.france_travail.test_activites import Basket
from tests.connectors.france_travail.test_engagements import PROPOSED, view
from tests.connectors.serving import served

pytestmark = pytest.mark.anyio
ZOE = pseudonym("zoe")


class Here(FakeHub):
    """The hub of the partner France Travail. `known`: whether it knows the person."""

    source = "/partenaires/ft-hdf"

    def __init__(self) -> None:
        super().__init__()
        self.known = True
        self.searches = 0
        self.views: dict[str, Any] = {
            "orientations": {"departement": "59", "etat": "brouillon"},
            "contrat": {"departement": "59"},
        }

    async def call(self, method: str, path: str, content: Any = None, headers: Mapping[str, str] | None = None) -> Any:
        if self.failures:
            raise self.failures.pop(0)
        if method == "POST":
            self.searches += 1
            return {"resultat": "trouve", "parcours": ZOE} if self.known else {"resultat": "aucun"}
        return self.views[path.rsplit("/", 1)[-1]]

    def told(self) -> list[tuple[str, Any]]:
        return [(one["type"][13:-3], one["data"]) for one in self.taken.values()]


@pytest.fixture
def basket() -> Basket:
    one = Basket()
    one.views["diagnostic"] = {"criteres": {"brsa": True, "contrainte_mobilite": "autre"}}
    return one


@pytest.fixture
def there(tmp_path: Path, basket: Basket) -> Iterator[tuple[str, Place]]:
    place = Place(tmp_path / "chez-ft", basket)
    with served(place.app) as url:
        yield url, place


@pytest.fixture
def here() -> Here:
    return Here()


@pytest.fixture
def looker(tmp_path: Path, there: tuple[str, Place], here: Here) -> Context:
    url, place = there
    where = {"jeton": f"{url}/connexion/oauth2/access_token", "base": f"{url}/partenaire", "scopes": SCOPES}
    known = {"client_id": place.context.mandate.code, "client_secret": SECRET}
    return context(SYSTEM, {"sortie": where | known}, tmp_path / "ici", here, ("identite:resoudre",))


async def looked(looker: Context) -> float:
    async with FranceTravail(looker.configuration.sortie) as api:
        return await collect(looker, api)


async def counts(looker: Context) -> dict[str, dict[str, int]]:
    return {one.reference: dict(one.compte) for one in reversed(await looker.journal.last(3))}


async def test_a_recommendation_is_told_once_with_its_criteria(looker: Context, here: Here, basket: Basket) -> None:
    basket.add("decision", "2026-12-05")

    for _ in range(2):
        assert await looked(looker) == 0

    [(fait, data)] = here.told()
    OrientationPreconisee.model_validate(data)
    assert (fait, data["parcours_type"], data["organisme"]) == ("orientation.preconisee", "social", "departement")
    assert [(one["critere"], one["valeur"]) for one in data["motifs"]] == [("contrainte_mobilite", "autre")]


@pytest.mark.parametrize(
    "held",
    [
        {"preconisation": {"parcours_type": "social", "organisme": "departement"}},
        {"ouverte": {"parcours_type": "emploi"}},
    ],
    ids=["meme preconisation", "deja decidee"],
)
async def test_what_the_hub_holds_is_not_told_again(
    looker: Context, here: Here, basket: Basket, held: dict[str, Any]
) -> None:
    here.views["orientations"] |= held
    basket.add("decision", "2026-12-05")
    await looked(looker)

    assert (here.told(), (await counts(looker))["ACT382"]) == ([], {"inchange": 1})


async def test_a_draft_and_somebody_unknown_here_wait(looker: Context, here: Here, basket: Basket) -> None:
    basket.add("decision", "2026-12-05")
    basket.views["orientations"] = WAITING | {"preconisation": None, "etat": "brouillon"}
    for _ in range(2):
        await looked(looker)
    drafts = (await counts(looker))["ACT382"]
    here.known = False
    basket.add("decision", "2026-12-06")
    for _ in range(2):
        await looked(looker)

    assert (drafts, here.told()) == ({"inchange": 1}, [])
    assert (await counts(looker))["ACT382"] == {"inchange": 1, "inconnu": 1}
    assert here.searches == 2  # one for each person, whatever the number of looks


@pytest.mark.parametrize(("kind", "code"), [("susp-rsa", "ACT366"), ("supp-rsa", "ACT370")])
async def test_a_sanction_that_is_proposed_there_is_proposed_here(
    looker: Context, here: Here, basket: Basket, kind: str, code: str
) -> None:
    one = PROPOSED | {"type": kind, "sanction_id": "509"}
    parcours = basket.add("sanction", "2026-12-05", objet="509")
    basket.sheets[f"{parcours}/contrat"] = basket.sheets[f"{ADA}/contrat"] = view(sanctions=[one])
    await looked(looker)
    [(fait, data)] = here.told()
    here.views["contrat"] |= {"sanctions": [data]}
    await looked(looker)

    SanctionProposee.model_validate(data)
    kept = ("nature", "rang", "type", "modalite", "montant", "duree_mois", "date_proposition")
    assert (fait, data["sanction_id"]) == ("sanction.proposee", "ft-509")
    assert {name: data[name] for name in kept} == {name: one[name] for name in kept}
    assert ((await counts(looker))[code], len(here.taken)) == ({"inchange": 1}, 1)


async def test_a_code_without_equivalent_and_a_refusal_are_counted_and_stop_no_other(
    looker: Context, here: Here, basket: Basket
) -> None:
    parcours = basket.add("sanction", "2026-12-05", objet="509")
    basket.sheets[f"{parcours}/contrat"] = basket.sheets[f"{ADA}/contrat"] = view(
        sanctions=[PROPOSED | {"sanction_id": "509", "rang": "r9"}]
    )
    basket.add("decision", "2026-12-06")
    here._refuse = lambda _: "delai-depasse"

    assert await looked(looker) == 0

    told = await counts(looker)
    assert (told["ACT366"], told["ACT382"]) == ({"refuse": 1}, {"refuse": 1})
    motifs = {one.reference: one.motif for one in await looker.journal.last(3)}
    assert (motifs["ACT366"], motifs["ACT382"]) == (
        "rang_manquement : code inconnu",
        "orientation.preconisee : delai-depasse",
    )


async def test_a_pause_is_kept_on_either_side(looker: Context, here: Here, basket: Basket) -> None:
    basket.add("decision", "2026-12-05")
    here.failures = [HubUnreachable("…")]

    assert await looked(looker) == 30
    assert await looked(looker) == 0
    assert len(here.told()) == 1


async def test_all_the_pages_of_a_basket_are_read(
    looker: Context, here: Here, basket: Basket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.france_travail.activites.WINDOW", 6)
    monkeypatch.setattr("connectors.france_travail.activites._PAGE", 3)
    here.known = False
    for day in range(1, 21):
        basket.add("decision", f"2026-12-{day:02d}")

    await looked(looker)

    assert (await counts(looker))["ACT382"] == {"inconnu": 20}
