"""Appointments of partners, as steps of the hub: taken, moved, held, cancelled, and taken again."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.france_travail import reading, writing
from relais_contrats.correspondances import FT, Correspondance, correspondance
from relais_contrats.v1.referents import RendezVous
from tests.connectors.france_travail.place import ADA, Hub, Place

pytestmark = pytest.mark.anyio
V1 = "/rendez-vous-partenaire/v1"
RDV = {
    "organisme": {"code": "CD", "emailContact": "contact@exemple.fr"},
    "motif": "ACC",
    "date": "2026-12-14T10:30:00.000Z",
    "modaliteContact": "PHYSIQUE",
    "typeReception": "IND",
    "statut": "PRIS",
    "libelleAdresse": "Agence  de Périgueux",
    "adresse": "134 avenue du Maréchal Juin 24000 Périgueux",
}
NOTIONS = ("rdv_statut", "rdv_motif", "rdv_modalite", "rdv_forme")


class Agenda:
    """The view of the hub, that follows what is deposited."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self.rows: dict[str, dict[str, Any]] = {}
        self.refresh()

    def refresh(self) -> None:
        for _, data in self._hub.told():
            RendezVous.model_validate(data)
            self.rows[data["rdv_id"]] = data | {"organisateur": "/partenaires/cd-59"}
        self._hub.views["rdv"] = {"parcours": ADA, "departement": "59", "rendez_vous": list(self.rows.values())}


@pytest.fixture
def agenda(hub: Hub) -> Agenda:
    return Agenda(hub)


async def sent(place: Place, agenda: Agenda, method: str = "POST", **changed: Any) -> Any:
    answer = await place.send(f"{V1}/rendez-vous", RDV | changed, method)
    agenda.refresh()
    return answer


def facts(hub: Hub) -> list[tuple[str, str]]:
    return [(fait, data["rdv_id"]) for fait, data in hub.told()]


@pytest.mark.parametrize("table", [correspondance(FT, notion) for notion in NOTIONS], ids=NOTIONS)
def test_each_code_comes_back_as_it_went(table: Correspondance) -> None:
    assert {table.de_nous(table.vers_nous(theirs)) for theirs in table.paires} == set(table.paires)


async def test_one_is_taken_once_and_read_as_it_was_written(place: Place, hub: Hub, agenda: Agenda) -> None:
    answers = [await sent(place, agenda) for _ in range(2)]
    [read] = (await place.get(f"{V1}/rendez-vous-usager")).json()

    [(fait, data)] = hub.told()
    assert (fait, data["debut"], data["duree_min"], data["lieu"]) == (
        "rdv.planifie",
        "2026-12-14T10:30:00+00:00",
        30,
        "Agence de Périgueux, 134 avenue du Maréchal Juin 24000 Périgueux",
    )
    assert [one.status_code for one in answers] == [202, 202]
    assert {one.json()["id"] for one in answers} == {data["rdv_id"]} == {read["id"]}
    kept = ("motif", "modaliteContact", "typeReception", "statut")
    assert {name: read[name] for name in kept} == {name: RDV[name] for name in kept}
    assert (read["date"], read["duree"], read["organisme"]) == ("2026-12-14T10:30:00Z", 30, {"code": "CD"})


async def test_its_whole_life_is_told_in_steps_under_one_id(place: Place, hub: Hub, agenda: Agenda) -> None:
    id_ = (await sent(place, agenda)).json()["id"]
    await sent(place, agenda, "PUT", id=id_, date="2026-12-15T09:00:00")
    await sent(place, agenda, "PUT", id=id_, date="2026-12-15T09:00:00")
    for _ in range(2):
        assert (await place.send(f"{V1}/rendez-vous/{id_}", None, "DELETE")).status_code == 204
        agenda.refresh()
    await sent(place, agenda, "PUT", id=id_, statut="MODIFIE")
    await sent(place, agenda, "PUT", id=id_, statut="EFFECTUE")
    back = await sent(place, agenda, "PUT", id=id_)

    assert facts(hub) == [
        ("rdv.planifie", id_),
        ("rdv.modifie", id_),
        ("rdv.annule", id_),
        ("rdv.planifie", f"{id_}-2"),
        ("rdv.constate", f"{id_}-2"),
    ]
    assert hub.told()[1][1]["debut"] == "2026-12-15T08:00:00+00:00"  # nine o'clock in the Nord
    assert (back.status_code, back.json()["codeErreur"]) == (400, "RDV_CONSTATE")
    [read] = (await place.get(f"{V1}/rendez-vous-usager")).json()
    assert (read["id"], read["statut"]) == (id_, "EFFECTUE")


async def test_the_same_hour_again_after_it_was_moved_is_another_one(place: Place, hub: Hub, agenda: Agenda) -> None:
    first = (await sent(place, agenda)).json()["id"]
    await sent(place, agenda, "PUT", id=first, date="2026-12-15T09:00:00Z")

    again = [(await sent(place, agenda)).json()["id"] for _ in range(2)]

    assert again[0] == again[1] != first
    assert [fait for fait, _ in hub.told()] == ["rdv.planifie", "rdv.modifie", "rdv.planifie"]


async def test_one_that_was_held_is_first_planned(place: Place, hub: Hub, agenda: Agenda) -> None:
    await sent(place, agenda, statut="ABSENT", date="2026-11-20T10:00:00Z")

    assert [fait for fait, _ in hub.told()] == ["rdv.planifie", "rdv.constate"]


async def test_one_of_another_partner_is_cancelled_and_does_not_come_back(
    place: Place, hub: Hub, agenda: Agenda
) -> None:
    told = reading.rendez_vous(reading.RendezVous.model_validate(RDV), "59", place.context.configuration)
    agenda.rows["obj_9"] = {"rdv_id": "obj_9", **told, "organisateur": "/partenaires/ml-lille"}
    agenda.refresh()

    [read] = (await place.get(f"{V1}/rendez-vous-usager")).json()
    await place.send(f"{V1}/rendez-vous/obj_9", None, "DELETE")
    agenda.refresh()
    back = await sent(place, agenda, "PUT", id="obj_9")

    assert (read["id"], read["organisme"]["code"]) == ("obj_9", "IND")
    assert hub.told()[0][1] == {"rdv_id": "obj_9", **told, "statut": "annule", "annule_par": "structure"}
    assert back.json()["codeErreur"] == "RDV_ANNULE"


async def test_an_unknown_id_is_told_as_their_clients_read_it(place: Place, agenda: Agenda) -> None:
    answers = [await sent(place, agenda, "PUT", id="x"), await place.send(f"{V1}/rendez-vous/x", None, "DELETE")]

    assert [(one.status_code, one.json()["codeErreur"]) for one in answers] == [(400, "ID_NON_RECONNU")] * 2


async def test_none_is_204(place: Place, agenda: Agenda) -> None:
    assert (await place.get(f"{V1}/rendez-vous-usager")).status_code == 204


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"motif": "X"}, "motif"),
        ({"statut": "X"}, "statut"),
        ({"modaliteContact": "X"}, "modaliteContact"),
        ({"typeReception": "X"}, "typeReception"),
        ({"date": "2026-12-14"}, "date"),
        ({"date": "demain"}, "date"),
        ({"duree": 2}, "duree"),
        ({"motif": None}, "motif"),
    ],
)
async def test_what_cannot_be_read_names_its_field(
    place: Place, hub: Hub, agenda: Agenda, changed: dict[str, Any], field: str
) -> None:
    answer = await sent(place, agenda, **changed)

    assert (answer.status_code, answer.json()["codeErreur"]) == (400, "R997")
    assert answer.json()["message"].startswith(field)
    assert hub.told() == []


async def test_overseas_an_hour_without_offset_is_that_of_the_territory(place: Place) -> None:
    told = reading.RendezVous.model_validate(RDV | {"date": "2026-12-14T09:00:00"})

    assert reading.rendez_vous(told, "974", place.context.configuration)["debut"] == "2026-12-14T05:00:00+00:00"
    assert writing.code("rdv_statut", "planifie") == "PRIS"
