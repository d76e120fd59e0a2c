"""The basket: what waits, the most urgent first, whole for who follows the cursor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from connectors.france_travail import activites
from relais_contrats.client import RequestRefused
from tests.connectors.fakes import pseudonym
from tests.connectors.france_travail.place import Hub, Place

pytestmark = pytest.mark.anyio
V2, V1 = "/activites-operationnelles/v2/activites/chercher", "/activites-operationnelles/v1/activites/chercher"


class Basket(Hub):
    """Lines in the order of their day; `sheets`: path after the parcours → what is read there."""

    page = 3

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[dict[str, Any]] = []
        self.sheets: dict[str, Any] = {}
        self.gone: set[str] = set()

    def add(self, nature: str, day: str, **more: Any) -> str:
        parcours = pseudonym(str(len(self.lines)))
        line = {"parcours": parcours, "departement": "59", "nature": nature, "date_echeance": day}
        self.lines.append(line | more)
        return parcours

    async def call(self, method: str, path: str, content: Any = None, headers: Mapping[str, str] | None = None) -> Any:
        parts = urlsplit(path)
        if parts.path == "/v1/parcours":
            start = int(parse_qs(parts.query).get("apres", ["0"])[0])
            suite = str(start + self.page) if start + self.page < len(self.lines) else None
            return {"parcours": self.lines[start : start + self.page], "suite": suite}
        parcours, _, name = parts.path.removeprefix("/v1/parcours/").partition("/")
        if parcours in self.gone:
            raise RequestRefused(404, {})
        if method == "GET" and name in ("", "rdv", "contrat"):
            digits = int.from_bytes(parcours.encode()) % 10**9
            number = {"type": "numero-france-travail", "valeur": f"59{digits:09d}"}
            return self.sheets.get(f"{parcours}/{name}", {"identifiants": [] if name else [number]})
        return await super().call(method, path, content, headers)


@pytest.fixture
def hub() -> Basket:
    return Basket()


async def codes(place: Place, **asked: str) -> list[str]:
    answer = await place.get(V2, **asked)
    return [one["codeActivite"] for one in answer.json()["activites"]] if answer.status_code == 200 else []


async def test_what_waits_is_told_the_most_urgent_first_without_the_rest(place: Place, hub: Basket) -> None:
    hub.add("decision", "2026-12-05")
    hub.add("action", "2026-12-06")
    hub.add("premier-rendez-vous", "2026-12-07")
    hub.add("sanction", "2026-12-08", objet="obj_s")
    hub.add("decision", "2027-07-10")

    told = [(await place.get(V2, codeActivite=code)).json() for code in ("ACT382", "ACT380")]

    assert [one["dateEcheance"] for one in told[0]["activites"]] == ["2026-12-04T23:00:00Z", "2027-07-09T22:00:00Z"]
    assert told[0]["activites"][0]["dateCreation"] == "2026-10-23T22:00:00Z"  # six weeks before
    assert told[0]["activites"][0]["usager"]["typeIdentifiant"] == "numeroFranceTravail"
    assert [one["attributsSpecifiques"] for one in told[1]["activites"]] == [[{"nom": "motif", "valeur": "ACC"}]]
    assert told[0]["cursor"] is None
    assert await codes(place, codeFamille="GLI100") == ["ACT366"]
    assert await codes(place, codeFamille="INSEA", codeActivite="ACT380") == []


async def test_an_appointment_that_is_taken_waits_no_more(place: Place, hub: Basket) -> None:
    parcours = hub.add("premier-rendez-vous", "2026-12-07")
    hub.sheets[f"{parcours}/rdv"] = {"rendez_vous": [{"motif": "accompagnement", "statut": "planifie"}]}

    assert (await place.get(V2, codeActivite="ACT380")).status_code == 204
    hub.sheets[f"{parcours}/rdv"]["rendez_vous"][0]["statut"] = "annule"
    assert await codes(place, codeActivite="ACT380") == ["ACT380"]


async def test_a_sanction_is_to_instruct_then_to_treat_and_a_suppression_is_to_treat(place: Place, hub: Basket) -> None:
    first, second = (hub.add("sanction", "2026-12-08", objet=f"obj_{n}") for n in "ab")
    for parcours, key, kind in ((first, "obj_a", "susp-rsa"), (second, "obj_b", "supp-rsa")):
        hub.sheets[f"{parcours}/contrat"] = {"sanctions": [{"sanction_id": key, "type": kind}]}

    before = await codes(place, codeFamille="GLI100")
    await place.context.state.link("instruction", [(f"{first} obj_a", "saisie")])
    after = (await place.get(V2, codeFamille="GLI100")).json()["activites"]

    assert before == ["ACT366", "ACT370"]
    assert [one["codeActivite"] for one in after] == ["ACT367", "ACT370"]
    assert after[0]["attributsSpecifiques"] == [{"nom": "idConsequenceSanction", "valeur": "obj_a"}]
    assert await codes(place, codeActivite="ACT366") == []


async def test_who_follows_the_cursor_reads_beyond_the_window_and_nothing_twice(
    place: Place, hub: Basket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(activites, "WINDOW", 6)
    monkeypatch.setattr(activites, "_PAGE", 3)
    for day in range(1, 21):
        hub.add("decision", f"2026-12-{day:02d}")

    read: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await place.get(V2, codeActivite="ACT382", **cursor)).json()
        read += [one["identifiantActivite"] for one in page["activites"]]
        assert len(page["activites"]) <= 6
        if page["cursor"] is None:
            break
        cursor = {"cursor": page["cursor"]}

    assert (len(read), len(set(read))) == (20, 20)


async def test_what_is_not_seen_any_more_is_left_out_and_nobody_s_number_is_null(place: Place, hub: Basket) -> None:
    gone, unnumbered = hub.add("decision", "2026-12-05"), hub.add("decision", "2026-12-06")
    hub.gone.add(gone)
    hub.sheets[f"{unnumbered}/"] = {"identifiants": []}

    [one] = (await place.get(V1, codeActivite="ACT382")).json()

    assert one["usager"] == {"identifiant": None, "typeIdentifiant": "numeroFranceTravail"}


async def test_nothing_is_204_and_a_search_without_a_code_is_a_list_of_faults(place: Place, hub: Basket) -> None:
    nothing = [await place.get(path, codeActivite=code) for path in (V1, V2) for code in ("ACT382", "ACT999")]
    refused = [await place.get(V2), await place.get(V2, codeDomaine="ABC")]

    assert [one.status_code for one in nothing] == [204] * 4
    assert [one.status_code for one in refused] == [400] * 2
    assert [set(one.json()[0]) for one in refused] == [{"code", "message", "details"}] * 2
