"""Orientation both ways: what is read, computed and decided, with the codes of France Travail."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.france_travail import reading, writing
from connectors.france_travail.reading import CODED
from relais_contrats.client import Answer
from relais_contrats.correspondances import CORRESPONDANCES, FT, correspondance
from relais_contrats.v1.orientation import Criteres, DiagnosticRealise, OrientationDecidee
from tests.connectors.france_travail.client import CRITERES
from tests.connectors.france_travail.place import UTAS, WAITING, Hub, Place

pytestmark = pytest.mark.anyio
V1 = "/orientationusager/v1"
ACCEPTED = {"etat_decision": "ACCEPTEE", "date_decision": "2026-11-30", "organisme_decision": "CD"}
REFUSED = {
    "etat_decision": "REFUSEE",
    "date_decision": "2026-11-30T23:30:00.000Z",
    "organisme_decision": "CD",
    "motif_refus": "AUTRE",
    "commentaire_refus": "Déjà suivie à l'hôpital de jour",
    "parcours": "PSP",
    "organisme": "FT",
    "structure": {"code_aurore": "HDF9", "code_safir": "59025", "libelle_structure": "Agence  de l'Épeule"},
}
OPEN = {
    "parcours_type": "social",
    "organisme": "departement",
    "structure": UTAS,
    "date_decision": "2026-11-30",
    "date_debut": "2026-11-30",
    "rang": 1,
    "etat": "ouverte",
    "decision": "acceptee",
    "decideur": "/partenaires/cd-59",
}
DECIDED = WAITING | {"etat": "ouverte", "ouverte": OPEN, "orientations": [OPEN], "demande": None}


@pytest.mark.parametrize("name", CODED)
def test_each_code_of_a_criterion_comes_back_as_it_went(name: str) -> None:
    for code in correspondance(FT, name).paires:
        told = reading.criteres(reading.Criteres.model_validate({name: code}))
        back = writing.criteres({"criteres": told})
        assert back is not None
        assert (Criteres.model_validate(told).en_json(), back[name]) == (told, code)


def test_every_criterion_of_the_catalogue_has_its_field() -> None:
    assert set(CODED) | set(reading.PLAIN) == set(Criteres.model_fields)
    assert set(CODED) <= {notion for systeme, notion in CORRESPONDANCES if systeme == FT}


def test_the_socio_professional_parcours_is_never_the_social_one() -> None:
    assert (reading.coded("parcours", "PSP"), reading.coded("parcours", "PSO")) == ("socio-professionnel", "social")
    assert (writing.code("parcours", "socio-professionnel"), writing.code("parcours", "social")) == ("PSP", "PSO")


def test_a_slug_that_they_have_no_word_for_is_null() -> None:
    assert writing.code("parcours", "a-venir") is None


async def test_what_waits_is_a_recommendation_or_its_draft(place: Place, hub: Hub) -> None:
    [waiting] = (await place.get(f"{V1}/lectureOrientation")).json()
    hub.views["orientations"] = WAITING | {"preconisation": None, "etat": "brouillon"}
    [draft] = (await place.get(f"{V1}/lectureOrientation")).json()
    hub.views["orientations"] = WAITING | {"preconisation": None, "demande": None, "etat": "brouillon"}
    nothing = await place.get(f"{V1}/lectureOrientation")

    assert [waiting[name] for name in ("statut", "etat", "parcours", "organisme")] == [
        "PRECONISE",
        "EN_ATTENTE",
        "PSO",
        "CD",
    ]
    assert [draft[name] for name in ("etat", "parcours", "organisme")] == ["BROUILLON", "IND", "IND"]
    assert (nothing.status_code, nothing.content) == (204, b"")


async def test_what_was_decided_is_read_whole_and_by_state(place: Place, hub: Hub) -> None:
    former = OPEN | {"rang": 1, "etat": "close", "date_fin": "2026-12-14", "decideur": "/partenaires/ft-hdf"}
    latest = OPEN | {
        "rang": 2,
        "date_debut": "2026-12-15",
        "structure": {"systeme": "siret", "valeur": "1", "nom": "É"},
    }
    hub.views["orientations"] = DECIDED | {"orientations": [former, latest], "ouverte": latest}
    hub.views["diagnostic"] = {"criteres": {"brsa": True, "contrainte_mobilite": "autre"}}

    told = (await place.get(f"{V1}/lectureOrientation")).json()
    opened = (await place.get(f"{V1}/lectureOrientation", etatOrientation="OUVERT")).json()
    none = await place.get(f"{V1}/lectureOrientation", etatOrientation="BROUILLON")
    wrong = await place.get(f"{V1}/lectureOrientation", etatOrientation="X")

    assert [(one["etat"], one["date_sortie_parcours"]) for one in told] == [("OUVERT", None), ("CLOTURE", "2026-12-14")]
    assert [one["decision"]["organisme_decision"] for one in told] == ["CD", "IND"]
    assert told[0]["structure"] == {"code_aurore": None, "code_safir": None, "libelle_structure": "É"}
    assert (told[0]["criteres_orientation"]["contrainte_mobilite"], told[1]["criteres_orientation"]) == ("AUTRE", None)
    assert opened == told[:1]
    assert (none.status_code, wrong.status_code) == (204, 400)


async def test_accepting_deposits_what_is_recommended_in_the_name_of_the_agent(place: Place, hub: Hub) -> None:
    answer = await place.send(f"{V1}/decisionOrientation", ACCEPTED)

    assert (answer.status_code, answer.json()["parcours"]) == (201, "PSO")
    [(fait, data)] = hub.told()
    [message] = hub.taken.values()
    OrientationDecidee.model_validate(data)
    assert (fait, message["agent"], message["departement"]) == ("orientation.decidee", "MODELE Zoé AG-1", "59")
    assert data == {
        "decision": "acceptee",
        "parcours_type": "social",
        "organisme": "departement",
        "structure": UTAS,
        "date_decision": "2026-11-30",
        "date_debut": "2026-11-30",
        "rang": 1,
    }


async def test_refusing_deposits_the_counter_proposal_on_the_day_that_it_is_there(place: Place, hub: Hub) -> None:
    await place.send(f"{V1}/decisionOrientation", REFUSED)

    [(_, data)] = hub.told()
    OrientationDecidee.model_validate(data)
    assert data == {
        "decision": "refusee",
        "parcours_type": "socio-professionnel",
        "organisme": "france-travail",
        "structure": {"systeme": "aurore", "valeur": "HDF9", "nom": "Agence de l'Épeule"},
        "date_decision": "2026-12-01",
        "date_debut": "2026-12-01",
        "rang": 1,
        "motif_refus": "autre",
        "commentaire_refus": "Déjà suivie à l'hôpital de jour",
    }


async def test_a_decision_that_was_taken_is_answered_again_and_deposits_nothing(place: Place, hub: Hub) -> None:
    hub.views["orientations"] = DECIDED

    again = await place.send(f"{V1}/decisionOrientation", ACCEPTED)
    later = await place.send(f"{V1}/decisionOrientation", ACCEPTED | {"date_decision": "2026-12-02"})

    assert (again.status_code, again.json()["statut"]) == (201, "DECIDE")
    assert (later.status_code, later.json()["codeErreur"]) == (400, "ORIENTATION_DEJA_DECIDEE")
    assert hub.told() == []


@pytest.mark.parametrize(
    ("content", "field"),
    [
        ({}, "etat_decision"),
        (ACCEPTED | {"etat_decision": "PEUT_ETRE"}, "etat_decision"),
        (ACCEPTED | {"date_decision": "30/11/2026"}, "date_decision"),
        (ACCEPTED | {"organisme_decision": "CNAF"}, "organisme_decision"),
        (ACCEPTED | {"parcours": "PED"}, "parcours"),
        (REFUSED | {"motif_refus": "PARCE_QUE"}, "motif_refus"),
        (REFUSED | {"parcours": None}, "parcours"),
        (REFUSED | {"parcours": "EO"}, "parcours"),
    ],
)
async def test_a_decision_that_cannot_be_read_names_its_field(
    place: Place, hub: Hub, content: dict[str, Any], field: str
) -> None:
    answer = await place.send(f"{V1}/decisionOrientation", content)

    assert (answer.status_code, answer.json()["codeErreur"]) == (400, "R997")
    assert field in answer.json()["message"]
    assert hub.told() == []


async def test_without_a_recommendation_or_a_structure_the_fault_is_named(place: Place, hub: Hub) -> None:
    told = await place.send(f"{V1}/decisionOrientation", REFUSED | {"organisme": "ML", "structure": None})
    hub.views["orientations"] = WAITING | {"preconisation": None}
    nothing = await place.send(f"{V1}/decisionOrientation", ACCEPTED)

    assert told.json()["codeErreur"] == "STRUCTURE_OBLIGATOIRE"
    assert nothing.json()["codeErreur"] == "PRECONISATION_ABSENTE"


async def test_what_the_hub_refuses_may_be_asked_again_and_is_another_deposit(place: Place, hub: Hub) -> None:
    refusals = ["chevauchement", "non-autorise", "parcours-inconnu"]
    hub._refuse = lambda _: refusals.pop(0) if refusals else None

    answers = [await place.send(f"{V1}/decisionOrientation", ACCEPTED) for _ in range(3)]
    await place.send(f"{V1}/decisionOrientation", ACCEPTED)

    assert [(one.status_code, one.json()["codeErreur"]) for one in answers] == [
        (400, "CHEVAUCHEMENT"),
        (403, "R001"),
        (403, "R002"),
    ]
    [id_] = hub.taken
    assert id_.endswith("-3")


async def test_the_same_act_at_another_instant_is_not_another_one(
    place: Place, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub._refuse = lambda _: "contenu-different"
    done = await place.send(f"{V1}/decisionOrientation", ACCEPTED)
    hub.settled_as = "en-attente"
    waiting = await place.send(f"{V1}/decisionOrientation", ACCEPTED)

    # Deposited already; what the view does not show yet is asked again.
    assert (done.status_code, waiting.status_code) == (503, 503)
    [line, *_] = await place.context.journal.last()
    assert line.etat == "echec"


async def test_a_decision_that_was_cancelled_at_the_hub_is_taken_anew(place: Place, hub: Hub) -> None:
    hub.shows = False
    for _ in range(3):
        await place.send(f"{V1}/decisionOrientation", ACCEPTED)

    # The view never shows it, as after `orientation.annulee`: each time is another deposit.
    assert [id_[43:] for id_ in hub.taken] == ["", "-1", "-2"]


async def test_what_is_not_decided_yet_is_asked_again(place: Place, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    async def waiting(*_: Any, **__: Any) -> list[Answer]:
        return [Answer("x", "refuse", code="indisponible", corps={"relancable": True})]

    monkeypatch.setattr(hub, "post_many", waiting)
    answer = await place.send(f"{V1}/decisionOrientation", ACCEPTED)

    assert (answer.status_code, answer.json()["codeErreur"], "Retry-After" in answer.headers) == (503, "R999", True)


async def test_an_orientation_is_imposed_on_today(place: Place, hub: Hub) -> None:
    content = {"organisme": "CD", "origine": "INSCRIPTION_VOLONTAIRE", "parcours": "PED", "structure": None}
    await place.send(f"{V1}/orientation", content)
    wrong = await place.send(f"{V1}/orientation", content | {"origine": "X"})

    [(_, data)] = hub.told()
    assert (data["parcours_type"], data["date_debut"], data["decision"]) == ("emploi", "2026-11-30", "acceptee")
    assert wrong.json()["message"] == "origine : code inconnu"


async def test_criteria_are_recorded_once_and_again_once_they_change(place: Place, hub: Hub) -> None:
    first = await place.send(f"{V1}/calculOrientation", CRITERES)
    hub.views["diagnostic"] = {"criteres": hub.told()[0][1]["criteres"]}
    for content in (CRITERES, CRITERES | {"brsa": False}, CRITERES):
        await place.send(f"{V1}/calculOrientation", content)

    assert (first.status_code, first.json()["etat"], first.json()["parcours"]) == (200, "EN_ATTENTE", "PSO")
    told = [data["criteres"]["brsa"] for _, data in hub.told()]
    assert told == [True, False, True]
    assert len(hub.taken) == 3
    for _, data in hub.told():
        DiagnosticRealise.model_validate(data)


@pytest.mark.parametrize(
    ("content", "field"),
    [
        ({}, "critère"),
        ({"adresse": {}}, "critère"),
        ({"brsa": "oui"}, "brsa"),
        ({"contrainte_sante": "GRAVE"}, "contrainte_sante"),
        ({"contrainte_sante": ["AUCUNE"]}, "contrainte_sante"),
        ({"msa_autonomie_recherche_emploi": 99}, "msa_autonomie_recherche_emploi"),
    ],
)
async def test_a_criterion_that_cannot_be_read_is_named(
    place: Place, hub: Hub, content: dict[str, Any], field: str
) -> None:
    answer = await place.send(f"{V1}/calculOrientation", content)

    assert answer.status_code == 400
    assert field in answer.json()["message"]
    assert hub.told() == []
