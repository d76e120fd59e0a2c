"""What was before the hub: taken whole or refused with its part, it opens no delay and is measured by nobody."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from uuid_utils.compat import uuid7

from chassis.decision import Attente, Refus
from relais_contrats.v1.orientation import OrientationDecidee
from services.orientation.app import SERVICE
from services.orientation.domain import echeances
from services.orientation.domain.decision import Auteur, Decision, Structure
from services.orientation.domain.dossier import Dossier, Issue
from tests.orientation import dits as messages
from tests.orientation.conftest import Essai
from tests.orientation.fabrique import (
    AUTRE,
    CD,
    FT,
    MIDI,
    PARCOURS,
    RECEPTION,
    RECUE_A,
    STRUCTURE,
    Histoire,
    a,
    decide,
    decidee_json,
    decision,
    demande,
    depot,
    evenement,
    reorientation,
)

LAN_DERNIER = decision(2, debut=date(2025, 2, 17), date_decision=date(2025, 2, 10))
AILLEURS = Structure("local", "pole-insertion-roubaix", "Pôle insertion de Roubaix")


def reprise(declaree: Decision | None = LAN_DERNIER, *, par: Auteur = CD, **autres: Any) -> messages.Message:
    defauts: dict[str, Any] = {
        "date_reprise": RECEPTION,
        "referent": None,
        "contrat_est_signe": None,
        "rdvs": (),
        "recu_a": RECUE_A,
    }
    return messages.DeclarerReprise(parcours=PARCOURS, auteur=par, decision=declaree, **defauts | autres)


def rdv(debut: datetime, statut: str = "planifie", rdv_id: str = "rdv-1") -> messages.RdvDeclare:
    return messages.RdvDeclare(rdv_id, statut, debut)


def tenu(quoi: str) -> messages.Message:
    types = {"referent": "referent.designe", "contrat": "contrat.propose"}
    return (
        messages.SuiteDonnee(PARCOURS, types[quoi], uuid7()) if quoi in types else messages.RdvPlanifie(PARCOURS, quoi)
    )


def test_an_orientation_of_before_is_in_force_and_nothing_falls_due() -> None:
    histoire = Histoire()

    histoire.accepte(reprise())

    ouverte = histoire.dossier.ouverte
    assert ouverte is not None
    assert (ouverte.rang, ouverte.est_reprise, histoire.dossier.rang) == (2, True, 2)
    assert echeances(histoire.dossier) == []


def test_a_request_that_waits_ends_with_it_and_is_no_delay_that_was_kept() -> None:
    histoire = Histoire()
    histoire.accepte(demande())

    histoire.accepte(reprise())

    assert [(d.issue, d.decidee_le) for d in histoire.dossier.demandes] == [(Issue.REPRISE, None)]
    assert echeances(histoire.dossier) == []


def test_a_right_received_afterwards_opens_no_request() -> None:
    histoire = Histoire()
    histoire.accepte(reprise())

    histoire.accepte(messages.UsagerSignale(PARCOURS, "59", True, RECEPTION, a(RECEPTION, 18), a(RECEPTION, 18)))

    assert histoire.dossier.demandes == ()


def test_the_end_that_was_announced_still_falls_due() -> None:
    histoire = Histoire()

    histoire.accepte(reprise(replace(LAN_DERNIER, date_fin=date(2026, 6, 30))))

    assert [due.nature for due in echeances(histoire.dossier)] == ["terme-2"]


def test_a_decision_taken_afterwards_has_the_next_rank() -> None:
    histoire = Histoire()
    histoire.accepte(reprise())
    histoire.accepte(reorientation())

    refus = histoire.refuse(decide(2, debut=date(2026, 3, 16), date_decision=RECEPTION))
    histoire.accepte(decide(3, debut=date(2026, 3, 16), date_decision=RECEPTION))

    assert (refus.code, refus.details) == ("version-perimee", {"rang_attendu": 3})
    assert histoire.dossier.rang == 3


@pytest.mark.parametrize("par", [CD, FT])
def test_what_the_hub_decided_is_not_replaced(par: Auteur) -> None:
    histoire = Histoire()
    histoire.accepte(decide(1))

    refus = histoire.refuse(reprise(par=par))

    assert (refus.code, refus.pointeur) == ("deja-traite", "/data/orientation")


def test_it_is_declared_once() -> None:
    histoire = Histoire()
    histoire.accepte(reprise())

    refus = histoire.refuse(reprise())

    assert (refus.code, refus.pointeur) == ("deja-traite", "/data/orientation")


@pytest.mark.parametrize("a_sonne", [True, False])
def test_once_france_travail_took_over_nobody_says_that_it_was_decided_before(a_sonne: bool) -> None:
    histoire, apres = Histoire(), a(RECEPTION + timedelta(days=43))
    histoire.accepte(demande())
    if a_sonne:
        histoire.accepte(messages.DelaiEcoule(PARCOURS, 1), apres)

    refus = histoire.refuse(reprise(recu_a=apres))

    assert (refus.code, refus.pointeur) == ("deja-traite", "/data/orientation")
    assert refus.details["etat"] == "dessaisie"


@pytest.mark.parametrize(
    ("quoi", "autres", "pointeur"),
    [
        ("referent", {"referent": STRUCTURE}, "/data/referent"),
        ("contrat", {"contrat_est_signe": True}, "/data/contrat"),
        ("rdv-1", {"rdvs": (rdv(a(RECEPTION, 18), rdv_id="rdv-0"), rdv(a(RECEPTION, 18)))}, "/data/rdv/1/rdv_id"),
    ],
)
def test_what_a_sibling_holds_is_not_replaced_and_the_whole_is_refused(
    quoi: str, autres: dict[str, Any], pointeur: str
) -> None:
    histoire = Histoire()
    histoire.accepte(tenu(quoi))

    refus = histoire.refuse(reprise(**autres))

    assert (refus.code, refus.pointeur) == ("deja-traite", pointeur)
    assert histoire.dossier.orientations == ()


def test_what_was_declared_is_held_from_then_on() -> None:
    histoire = Histoire()
    histoire.accepte(reprise())
    histoire.accepte(reprise(None, contrat_est_signe=True))

    refus = histoire.refuse(reprise(None, contrat_est_signe=False))

    assert (refus.code, refus.pointeur) == ("deja-traite", "/data/contrat")


def test_what_a_service_tells_again_is_held_too_but_nothing_stands_on_it() -> None:
    histoire = Histoire()
    histoire.accepte(decide(1))

    histoire.accepte(replace(tenu("contrat"), auteur="/services/engagements"))

    assert histoire.dossier.tenus == ("contrat",)
    assert histoire.dossier.ouverte is not None and histoire.dossier.ouverte.appuis == ()


def test_a_sibling_may_be_heard_before_the_parcours_is_told_here() -> None:
    histoire = Histoire()
    histoire.dossiers.clear()

    histoire.accepte(tenu("rdv-1"))

    assert histoire.dossier.tenus == ("rdv-1",)


@pytest.mark.parametrize(
    ("avant", "message", "code", "pointeur"),
    [
        ((), reprise(None, referent=STRUCTURE), "orientation-prealable-obligatoire", "/data/referent"),
        ((), reprise(None, contrat_est_signe=True), "orientation-prealable-obligatoire", "/data/contrat"),
        ((decide(1),), reprise(None, referent=AILLEURS), "referent-incoherent", "/data/referent/structure"),
        ((), reprise(date_reprise=RECEPTION + timedelta(days=1)), "dates-incoherentes", "/data/date_reprise"),
        ((), reprise(rdvs=(rdv(a(date(2026, 3, 1))),)), "dates-incoherentes", "/data/rdv/0/debut"),
        ((), reprise(rdvs=(rdv(a(RECEPTION, 16), "honore"),)), "dates-incoherentes", "/data/rdv/0/debut"),
        ((), reprise(rdvs=(rdv(a(RECEPTION, 16), "non-honore"),)), "dates-incoherentes", "/data/rdv/0/debut"),
    ],
)
def test_what_cannot_have_been_is_refused_where_it_stands(
    avant: tuple[messages.Message, ...], message: messages.Message, code: str, pointeur: str
) -> None:
    histoire = Histoire()
    for un in avant:
        histoire.accepte(un)

    refus = histoire.refuse(message)

    assert (refus.code, refus.pointeur) == (code, pointeur)


@pytest.mark.parametrize(
    "message",
    [
        reprise(None, contrat_est_signe=False),
        reprise(rdvs=(rdv(a(RECEPTION, 8)), rdv(a(date(2026, 2, 1)), "honore", "rdv-2"))),
        reprise(rdvs=(rdv(a(date(2027, 1, 1)), "annule"),)),
    ],
)
def test_what_may_have_been_is_taken(message: messages.Message) -> None:
    Histoire().accepte(message)


@pytest.mark.parametrize(("par", "dit", "brsa"), [(CD, None, True), (FT, None, False), (CD, (MIDI, RECEPTION), False)])
def test_a_departement_that_oriented_says_that_it_was_competent(par: Auteur, dit: Any, brsa: bool) -> None:
    histoire = Histoire(brsa=False)
    histoire.dossiers[PARCOURS] = replace(histoire.dossier, droit_dit=dit)

    histoire.accepte(reprise(par=par))

    assert histoire.dossier.brsa is brsa


def test_a_merge_keeps_the_rank_and_settles_the_request_of_the_survivor() -> None:
    histoire = Histoire()
    histoire.accepte(reprise())
    histoire.dossiers[AUTRE] = histoire.dossiers.pop(PARCOURS)
    histoire.dossiers[AUTRE] = replace(histoire.dossiers[AUTRE], parcours=AUTRE)
    histoire.dossiers[PARCOURS] = Dossier(PARCOURS, "59", brsa=True)
    histoire.accepte(demande())

    suite = histoire.accepte(messages.UsagerFusionne(PARCOURS, "59", (AUTRE,)))

    [redite] = [fait for fait in suite if messages.est(fait, OrientationDecidee)]
    assert (redite.data.rang, redite.garde.est_reprise, redite.garde.decidee_le) == (2, True, None)
    racontee = SERVICE.brique.traduire(redite)
    assert racontee and racontee.donnees["est_reprise"] is True
    assert histoire.dossier.demande is None
    assert echeances(histoire.dossier) == []


def test_nothing_is_declared_of_a_parcours_that_is_not_known_yet_or_closed() -> None:
    histoire = Histoire()
    histoire.dossiers.clear()
    attente = histoire.recoit(reprise())
    histoire.accepte(messages.ParcoursOuvert(PARCOURS, "59"))
    histoire.accepte(messages.ParcoursClos(PARCOURS, RECEPTION, "Décès."))

    refus = histoire.recoit(reprise())

    assert isinstance(attente, Attente)
    assert isinstance(refus, Refus) and refus.code == "etat-interdit"


def declaree_json(**autres: Any) -> dict[str, Any]:
    orientation = decidee_json(2, date(2025, 2, 17), date_decision="2025-02-10", date_notification="2025-02-12")
    return {"date_reprise": RECEPTION.isoformat(), "orientation": orientation} | autres


@pytest.mark.anyio
async def test_it_survives_the_database_and_counts_in_no_statistic(essai: Essai) -> None:
    await essai.ouvrir(brsa=False)
    await essai.accepte(depot("orientation.demandee", {"date_reception": RECEPTION.isoformat()}))
    await essai.accepte(depot("reprise.declaree", declaree_json()))

    lue = await essai.lire("orientations", parcours=str(PARCOURS))
    comptes = await essai.lire("delais")
    encore = await essai.refuse(depot("reprise.declaree", declaree_json()))

    assert (lue["etat"], lue["ouverte"]["rang"], lue["demande"]["etat"]) == ("ouverte", 2, "reprise")
    assert lue["ouverte"]["date_notification"] == date(2025, 2, 12)
    assert comptes == []
    assert encore == "deja-traite"


@pytest.mark.anyio
async def test_what_the_siblings_hold_survives_the_database(essai: Essai) -> None:
    await essai.accepte(evenement("rdv.planifie", {"rdv_id": CLE}))

    refus = await essai.refuse(
        depot("reprise.declaree", {"date_reprise": RECEPTION.isoformat(), "rdv": [RDV | {"rdv_id": CLE}]})
    )

    assert refus == "deja-traite"


CLE = f"cd-59/1@{PARCOURS.hex}"
RDV = {
    "motif": "accompagnement",
    "debut": "2026-03-20T09:30:00+01:00",
    "duree_min": 45,
    "modalite": "physique",
    "forme": "individuel",
    "statut": "planifie",
}
