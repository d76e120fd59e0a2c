"""Tables that leave each day: what they hold, when they are written, and what a cell may not do."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from connectors.fichiers import SYSTEM
from connectors.fichiers.configuration import EXEMPLE
from connectors.fichiers.departures import leave
from connectors.folders import DEPARTURES
from connectors.hub import HubUnreachable, RequestRefused
from connectors.systems import ConfigurationRefused, Context
from tests.connectors.fakes import FakeHub, context, pseudonym

pytestmark = pytest.mark.anyio
PRC = pseudonym("une personne")


class Reads(FakeHub):
    """Answers reads by their path; `asked` keeps what was asked, in order."""

    def __init__(self, pages: Mapping[str, list[Any]]) -> None:
        super().__init__()
        self._pages = {path: list(answers) for path, answers in pages.items()}
        self.asked: list[dict[str, Any]] = []

    async def get(self, path: str, **params: Any) -> Any:
        self.asked.append({"path": path, **params})
        answer = self._pages[path].pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def place(tmp_path: Path, hub: FakeHub, **depart: Any) -> Context:
    configuration = tomllib.loads(EXEMPLE) | {"departs": [{"nom": "jour", "heure": "06:00"} | depart]}
    return context(SYSTEM, configuration, tmp_path, hub)


async def left(one: Context, name: str = "jour-2026-11-30.csv") -> list[list[str]]:
    await leave(one, one.configuration.departs[0])
    text = (one.folder / DEPARTURES / name).read_text(encoding="utf-8-sig")
    return [line.split(";") for line in text.splitlines()]


def event(place_: int, **data: Any) -> dict[str, Any]:
    common = {"source": "/partenaires/caf-59", "agent": "batch", "subject": PRC, "time": f"2026-11-29T1{place_}:00:00Z"}
    return common | {"type": "fr.insertion.droits.modifies.v1", "data": data}


async def test_what_happened_since_the_last_table_is_written_once_whole(tmp_path: Path) -> None:
    pages = [
        {"evenements": [event(1, etat_dossier="2")], "curseur": "c1"},
        {"evenements": [event(2)], "curseur": "c2"},
        {"evenements": [], "curseur": "c2"},
    ]
    hub = Reads({"/v1/evenements": [*pages, {"evenements": [], "curseur": "c2"}]})
    one = place(tmp_path, hub, vue="evenements", types=["droits.modifies"])
    await one.state.link("local", [("A1", PRC)])

    lines = await left(one)
    await leave(replace(one, clock=lambda: datetime(2026, 12, 1, 8, tzinfo=UTC)), one.configuration.departs[0])

    assert lines[0] == ["Instant", "Message", "Parcours", "N° local", "Émetteur", "Agent", "Contenu"]
    assert lines[1][:5] == ["2026-11-29T11:00:00Z", "droits.modifies", PRC, "A1", "/partenaires/caf-59"]
    assert len(lines) == 3
    assert [asked.get("apres") or asked["depuis"][:10] for asked in hub.asked] == ["2026-11-29", "c1", "c2", "c2"]


async def test_a_table_is_written_once_a_day_and_not_before_its_hour(tmp_path: Path) -> None:
    hub = Reads({"/v1/evenements": [{"evenements": [], "curseur": "c"}] * 2})
    one = place(tmp_path, hub, vue="evenements")

    await leave(replace(one, clock=lambda: datetime(2026, 11, 30, 4, 59, tzinfo=UTC)), one.configuration.departs[0])
    early = len(hub.asked)
    for _ in range(2):
        await leave(replace(one, clock=lambda: datetime(2026, 11, 30, 5, 0, tzinfo=UTC)), one.configuration.departs[0])

    assert (early, len(hub.asked)) == (0, 1)
    assert [line.compte for line in await one.journal.last()] == [{}]


async def test_a_hub_that_does_not_answer_leaves_no_half_of_a_table_and_is_asked_again(tmp_path: Path) -> None:
    page = {"evenements": [event(1)], "curseur": "c1"}
    answers = [page, HubUnreachable("Le relais ne répond pas."), page, {"evenements": [], "curseur": "c1"}]
    one = place(tmp_path, Reads({"/v1/evenements": answers}), vue="evenements")
    await leave(one, one.configuration.departs[0])
    assert list((one.folder / DEPARTURES).iterdir()) == []
    assert await one.state.position("depart jour") is None

    assert len(await left(one)) == 2


async def test_a_cursor_of_a_database_that_was_restored_starts_from_the_last_day(tmp_path: Path) -> None:
    answers = [RequestRefused(409, {}), {"evenements": [], "curseur": "n1"}]
    hub = Reads({"/v1/evenements": answers})
    one = place(tmp_path, hub, vue="evenements")
    await one.state.move("depart jour", "ancien")

    await left(one)

    assert "depuis" in hub.asked[1]
    assert await one.state.position("depart jour") == "n1"


async def test_the_basket_of_what_falls_due_is_read_to_its_end(tmp_path: Path) -> None:
    due = {"parcours": PRC, "departement": "59", "nature": "signature", "date_echeance": "2026-12-05"}
    pages = [{"parcours": [due], "suite": "s1"}, {"parcours": [], "suite": "s2"}, {"parcours": [due], "suite": None}]
    hub = Reads({"/v1/parcours": pages})

    lines = await left(place(tmp_path, hub, vue="echeances", jours=10))

    assert [line[2:4] for line in lines[1:]] == [["signature", "2026-12-05"]] * 2
    assert [asked["echeance_avant"] for asked in hub.asked] == ["2026-12-10"] * 3
    assert [asked.get("apres") for asked in hub.asked] == [None, "s1", "s2"]


async def test_roadmaps_have_a_line_per_thing_that_they_hold_of_everybody_who_is_followed(tmp_path: Path) -> None:
    objectives = [
        {"libelle": "Se loger", "theme": "logement", "actions": [{"libelle": "Demande", "statut": "prevue"}]},
        {"libelle": "Se déplacer", "theme": "mobilite"},
    ]
    prescription = {"service_id": "dora--1", "etat": "acceptee", "structure": {"nom": "Plateforme mobilité"}}
    rdv = {"motif": "accompagnement", "statut": "planifie", "debut": "2026-12-14T09:30:00+01:00"}
    hub = Reads(
        {
            "/v1/parcours": [{"parcours": [{"parcours": PRC}], "suite": None}],
            f"/v1/parcours/{PRC}/feuille-de-route": [
                {"objectifs": objectives, "prescriptions": [prescription], "rendez_vous": [rdv]}
            ],
        }
    )

    lines = await left(place(tmp_path, hub, vue="feuilles-de-route", structure="siret:90000059700014"))

    assert [line[2:] for line in lines[1:]] == [
        ["Se loger", "logement", "Demande", "prevue", "", "action"],
        ["Se déplacer", "mobilite", "", "", "", "objectif"],
        ["", "", "Plateforme mobilité", "acceptee", "", "prescription"],
        ["", "", "accompagnement", "planifie", "2026-12-14T09:30:00+01:00", "rendez-vous"],
    ]


async def test_a_cell_never_runs_in_a_sheet_and_columns_are_the_partner_s(tmp_path: Path) -> None:
    followed = {"parcours": PRC, "referent": {"nom": '=HYPERLINK("http://x")'}}
    hub = Reads({"/v1/parcours": [{"parcours": [followed], "suite": None}]})
    one = place(tmp_path, hub, vue="file-active", structure="siret:1", format="xlsx", colonnes={"Qui": "referent.nom"})

    await leave(one, one.configuration.departs[0])

    book = openpyxl.load_workbook(one.folder / DEPARTURES / "jour-2026-11-30.xlsx")
    assert [list(row) for row in book["Relais"].values] == [["Qui"], ['\'=HYPERLINK("http://x")']]


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [({"heure": "25:00"}, "forme"), ({"vue": "tout"}, "valeur inconnue"), ({"vue": "file-active"}, "structure")],
)
def test_a_departure_that_is_wrong_is_refused_in_words(wrong: dict[str, Any], sentence: str) -> None:
    depart = {"nom": "jour", "vue": "evenements"} | wrong

    with pytest.raises(ConfigurationRefused, match=sentence):
        SYSTEM.configure(tomllib.loads(EXEMPLE) | {"departs": [depart]})
