"""What is decided for a day to come leaves the present in force until that day, then takes its place by the clock."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relais_contrats.v1.orientation import OrientationNotifiee
from services.orientation.domain import echeances
from services.orientation.store.dossiers import REGISTRE
from tests.orientation.conftest import Essai
from tests.orientation.dits import (
    CloreOrientation,
    DroitEffectif,
    DroitsModifies,
    NotifierOrientation,
    ParcoursClos,
    PremierJour,
    TermeAtteint,
    est,
)
from tests.orientation.fabrique import (
    CD,
    PARCOURS,
    Histoire,
    a,
    decide,
    decidee_json,
    depot,
    echeance,
    evenement,
)

DEBUT = date(2026, 3, 16)
AUJOURD_HUI = date(2026, 6, 1)
PLUS_TARD = date(2026, 7, 1)
UN_JOUR = timedelta(days=1)


def histoire(debut: date = PLUS_TARD) -> Histoire:
    """An orientation in force, and another decided today."""
    joue = Histoire()
    joue.accepte(decide(1, debut=DEBUT))
    joue.accepte(decide(2, debut=debut, date_decision=AUJOURD_HUI, recu_a=a(AUJOURD_HUI)))
    return joue


def test_what_starts_later_leaves_the_present_in_force() -> None:
    dossier = histoire().dossier

    assert dossier.ouverte and dossier.ouverte.rang == 1
    assert dossier.ouverte.fin == PLUS_TARD - UN_JOUR
    assert [orientation.rang for orientation in dossier.a_venir] == [2]


@pytest.mark.parametrize("debut", [AUJOURD_HUI, AUJOURD_HUI - UN_JOUR])
def test_what_has_begun_takes_the_place_at_once(debut: date) -> None:
    dossier = histoire(debut).dossier

    assert dossier.ouverte and dossier.ouverte.rang == 2
    assert not dossier.a_venir


def test_a_first_orientation_takes_nothing_away_and_opens_at_once() -> None:
    joue = Histoire()

    joue.accepte(decide(1, debut=PLUS_TARD))

    assert joue.dossier.ouverte and joue.dossier.ouverte.debut == PLUS_TARD


def test_the_clock_puts_it_in_the_place_of_the_other_on_its_first_day() -> None:
    joue = histoire()
    [due] = echeances(joue.dossier)

    joue.accepte(PremierJour(PARCOURS, 2), due.du_a)

    assert due.du_a == a(PLUS_TARD, 0)
    assert joue.dossier.ouverte and joue.dossier.ouverte.rang == 2
    assert joue.dossier.orientations[0].est_close
    assert joue.natures().count("OrientationClose") == 0
    assert echeances(joue.dossier) == []


def test_nothing_happens_before_the_first_day() -> None:
    joue = histoire()

    suite = joue.recoit(PremierJour(PARCOURS, 2), a(PLUS_TARD, 0) - timedelta(seconds=1))

    assert type(suite).__name__ == "Attente"


def test_a_notification_is_about_what_was_decided_last() -> None:
    joue = histoire()

    [fait] = joue.accepte(NotifierOrientation(PARCOURS, CD, AUJOURD_HUI, a(AUJOURD_HUI, 18)))

    assert est(fait, OrientationNotifiee)
    assert (fait.garde, fait.effet) == (2, PLUS_TARD)
    assert [o.notifiee_le for o in joue.dossier.orientations] == [None, AUJOURD_HUI]


def test_an_end_announced_is_told_and_comes_on_its_day() -> None:
    joue = Histoire()
    joue.accepte(decide(1, debut=DEBUT))

    joue.accepte(CloreOrientation(PARCOURS, CD, PLUS_TARD, "Emploi durable.", a(AUJOURD_HUI)))

    assert joue.dossier.ouverte and joue.dossier.ouverte.fin == PLUS_TARD
    [close] = joue.accepte(TermeAtteint(PARCOURS, 1), a(PLUS_TARD + UN_JOUR, 0))
    assert close.data.en_json() == {"date_fin": PLUS_TARD.isoformat(), "motif": "Emploi durable."}
    assert joue.dossier.ouverte is None


def test_the_end_of_the_parcours_leaves_nothing_to_come() -> None:
    joue = histoire()

    joue.accepte(ParcoursClos(PARCOURS, AUJOURD_HUI, "Déménagement."))

    assert not joue.dossier.a_venir
    assert echeances(joue.dossier) == []


def test_a_right_that_ends_later_is_a_right_until_then() -> None:
    joue = Histoire()
    joue.accepte(DroitsModifies(PARCOURS, "59", False, (a(AUJOURD_HUI), PLUS_TARD)), a(AUJOURD_HUI))

    avant = joue.dossier.brsa
    [due] = echeances(joue.dossier)
    joue.accepte(DroitEffectif(PARCOURS, PLUS_TARD), due.du_a)

    assert (avant, joue.dossier.brsa) == (True, False)
    assert echeances(joue.dossier) == []


def test_the_last_word_on_the_right_cancels_an_announcement() -> None:
    joue = Histoire()
    joue.accepte(DroitsModifies(PARCOURS, "59", False, (a(AUJOURD_HUI), PLUS_TARD)), a(AUJOURD_HUI))

    joue.accepte(DroitsModifies(PARCOURS, "59", True, (a(AUJOURD_HUI, 13), AUJOURD_HUI)), a(AUJOURD_HUI, 13))

    assert joue.dossier.brsa
    assert echeances(joue.dossier) == []


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 400))
def test_told_in_advance_or_on_the_day_it_ends_the_same(jours: int) -> None:
    debut = AUJOURD_HUI + timedelta(days=jours)
    en_avance = histoire(debut)
    le_jour = Histoire()
    le_jour.accepte(decide(1, debut=DEBUT))

    en_avance.accepte(PremierJour(PARCOURS, 2), a(debut, 0))
    le_jour.accepte(decide(2, debut=debut, date_decision=AUJOURD_HUI, recu_a=a(debut)))

    assert en_avance.dossier.orientations == le_jour.dossier.orientations


@pytest.mark.anyio
async def test_the_day_is_told_to_the_siblings_and_survives_the_database(essai: Essai) -> None:
    await essai.ouvrir()
    await essai.accepte(depot("orientation.decidee", decidee_json(1, DEBUT)))
    seconde = decidee_json(2, PLUS_TARD, date_decision=AUJOURD_HUI.isoformat())
    [decidee] = await essai.accepte(depot("orientation.decidee", seconde, recu_a=a(AUJOURD_HUI)))

    avant = await essai.lire("orientations", parcours=str(PARCOURS))
    essai.maintenant = a(PLUS_TARD, 0)
    [effective] = await essai.accepte(echeance("premier-jour-2", a(PLUS_TARD, 0)))
    apres = await essai.lire("orientations", parcours=str(PARCOURS))

    assert decidee.effet == PLUS_TARD.isoformat()
    assert decidee.evenement()["effet"] == PLUS_TARD.isoformat()
    assert avant["ouverte"]["rang"] == 1
    assert [o["etat"] for o in avant["orientations"]] == ["ouverte", "a-venir"]
    assert effective.type == "orientation.effective"
    assert effective.donnees == seconde | {"date_effet": PLUS_TARD.isoformat(), "depot": str(decidee.cause)}
    assert [o["etat"] for o in apres["orientations"]] == ["close", "ouverte"]


@pytest.mark.anyio
async def test_what_is_said_of_the_right_for_later_survives_the_database(essai: Essai) -> None:
    await essai.ouvrir()
    essai.maintenant = a(AUJOURD_HUI)
    droits = {"etat_dossier": "6", "soumis_droits_devoirs": False, "date_effet": PLUS_TARD.isoformat()}
    await essai.accepte(replace(evenement("droits.modifies", droits), survenu_a=a(AUJOURD_HUI)))

    essai.maintenant = a(PLUS_TARD, 0)
    await essai.accepte(echeance(f"droit-{PLUS_TARD.toordinal()}", a(PLUS_TARD, 0)))

    async with essai.pool.acquire() as conn:
        [dossier] = await REGISTRE.famille(conn, PARCOURS)
    assert dossier.brsa is False
