"""What is told in advance of who follows a person takes nothing away before its day, and takes effect on it."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from relais_contrats.v1 import referents as contrat
from services.referents.domain.dossier import Accompagnant
from services.referents.domain.suivi import SuiviEffectif, echeances
from tests.referents import dits as messages
from tests.referents.conftest import Essai
from tests.referents.dits import (
    AjouterAccompagnant,
    EffetAtteint,
    OrientationAnnulee,
    ParcoursClos,
    RemplacerReferent,
    RetirerAccompagnant,
    TerminerReferent,
)
from tests.referents.fabrique import (
    COLLEGUE,
    MISSION,
    PARCOURS,
    Histoire,
    a,
    accepte,
    affectation,
    decidee_json,
    depot,
    designe,
    echeance,
    evenement,
    orientation,
    orientee,
)

AUJOURD_HUI = date(2026, 6, 1)
PLUS_TARD = date(2026, 7, 1)
UN_JOUR = timedelta(days=1)
MAINTENANT = a(AUJOURD_HUI)


def suivie() -> Histoire:
    histoire = Histoire()
    histoire.accepte(orientee())
    histoire.accepte(designe())
    histoire.accepte(accepte())
    return histoire


def termine(fin: date) -> Any:
    return TerminerReferent(PARCOURS, fin, "Fin du suivi.", MAINTENANT)


def remplace(fin: date, debut: date) -> Any:
    return RemplacerReferent(PARCOURS, fin, "Départ.", affectation(debut, referent=COLLEGUE), MAINTENANT)


def sonne(histoire: Histoire, maintenant: datetime) -> SuiviEffectif:
    [due] = echeances(histoire.dossier)
    assert due.du_a == maintenant
    [fait] = histoire.accepte(EffetAtteint(PARCOURS, date.fromordinal(int(due.nature.rpartition("-")[2]))), due.du_a)
    assert messages.est(fait, SuiviEffectif)
    assert echeances(histoire.dossier) == []
    effectif: SuiviEffectif = fait.data
    return effectif


def test_an_end_announced_leaves_the_referent_until_its_last_day() -> None:
    histoire = suivie()

    [fait] = histoire.accepte(termine(PLUS_TARD), MAINTENANT)

    assert messages.est(fait, contrat.ReferentTermine) and fait.effet == PLUS_TARD + UN_JOUR
    assert sonne(histoire, a(PLUS_TARD + UN_JOUR, 0)).designation is None


def test_an_end_of_today_takes_effect_at_once() -> None:
    histoire = suivie()

    [fait] = histoire.accepte(termine(AUJOURD_HUI), MAINTENANT)

    assert messages.est(fait, contrat.ReferentTermine) and fait.effet is None
    assert echeances(histoire.dossier) == []


def test_who_replaces_answers_from_the_day_after_the_last_one() -> None:
    histoire = suivie()

    histoire.accepte(remplace(PLUS_TARD, PLUS_TARD + UN_JOUR), MAINTENANT)

    en_place = sonne(histoire, a(PLUS_TARD + UN_JOUR, 0)).designation
    assert en_place and en_place.affectation.referent == COLLEGUE


def test_a_designation_after_an_announced_end_waits_for_its_day() -> None:
    histoire = suivie()
    histoire.accepte(termine(PLUS_TARD), MAINTENANT)

    suivante = designe(recu_a=MAINTENANT, debut=PLUS_TARD + UN_JOUR, referent=COLLEGUE)
    [fait] = histoire.accepte(suivante, MAINTENANT)
    histoire.accepte(accepte(recu_a=MAINTENANT), MAINTENANT)

    assert messages.est(fait, contrat.ReferentDesigne) and fait.effet == PLUS_TARD + UN_JOUR
    en_place = sonne(histoire, a(PLUS_TARD + UN_JOUR, 0)).designation
    assert en_place and en_place.affectation.referent == COLLEGUE


def test_a_first_designation_takes_nothing_away() -> None:
    histoire = Histoire()
    histoire.accepte(orientee())

    [fait] = histoire.accepte(designe(debut=PLUS_TARD))

    assert messages.est(fait, contrat.ReferentDesigne) and fait.effet is None


def test_an_accompagnant_comes_and_goes_on_its_days() -> None:
    histoire = suivie()
    ajoute = Accompagnant(COLLEGUE, MISSION, "accompagnant", PLUS_TARD)
    histoire.accepte(AjouterAccompagnant(PARCOURS, ajoute, MAINTENANT), MAINTENANT)

    assert sonne(histoire, a(PLUS_TARD, 0)).accompagnants == (ajoute,)

    retrait = RetirerAccompagnant(PARCOURS, "AG-2077", MISSION, PLUS_TARD + 9 * UN_JOUR, None, a(PLUS_TARD))
    histoire.accepte(retrait, a(PLUS_TARD))
    assert sonne(histoire, a(PLUS_TARD + 10 * UN_JOUR, 0)).accompagnants == ()


def test_nothing_happens_before_the_day() -> None:
    histoire = suivie()
    histoire.accepte(termine(PLUS_TARD), MAINTENANT)

    message = EffetAtteint(PARCOURS, PLUS_TARD + UN_JOUR)

    assert type(histoire.recoit(message, a(PLUS_TARD, 23, 59))).__name__ == "Attente"


def test_a_new_decision_ends_also_who_was_to_end_later() -> None:
    histoire = suivie()
    histoire.accepte(termine(PLUS_TARD), MAINTENANT)

    histoire.accepte(orientee(rang=2, debut=AUJOURD_HUI, structure=MISSION), MAINTENANT)

    [designation] = histoire.dossier.designations
    assert designation.fin == AUJOURD_HUI - UN_JOUR
    assert histoire.natures()[-1] == "ReferentTermine"


def test_a_closed_parcours_waits_for_nothing() -> None:
    histoire = suivie()
    histoire.accepte(termine(PLUS_TARD), MAINTENANT)

    histoire.accepte(ParcoursClos(PARCOURS, AUJOURD_HUI, "Déménagement."), MAINTENANT)

    assert echeances(histoire.dossier) == []
    assert histoire.dossier.designations[0].fin == AUJOURD_HUI


@pytest.mark.anyio
async def test_the_day_is_told_to_the_siblings_and_survives_the_database(essai: Essai) -> None:
    await essai.suivre()
    essai.maintenant = MAINTENANT
    fin = {"date_fin": PLUS_TARD.isoformat(), "motif": "Fin du suivi."}
    [termine_] = await essai.accepte(replace(depot("referent.termine", fin), recu_a=MAINTENANT))

    lendemain = PLUS_TARD + UN_JOUR
    essai.maintenant = a(lendemain, 0)
    [effectif] = await essai.accepte(echeance(f"effet-{lendemain.toordinal()}", a(lendemain, 0)))

    assert termine_.effet == lendemain.isoformat()
    assert effectif.type == "suivi.effectif"
    dit: dict[str, object] = {"date_effet": lendemain.isoformat(), "etat": None, "structure": None, "accompagnants": []}
    assert effectif.donnees == dit
    assert await essai.compte("echeances") == 0


@pytest.mark.anyio
async def test_a_decision_for_later_changes_nothing_before_it_takes_effect(essai: Essai) -> None:
    await essai.suivre()
    decidee = decidee_json(rang=2, debut=PLUS_TARD, structure=MISSION)

    a_venir = replace(evenement("orientation.decidee", decidee, brique="orientation"), effet=PLUS_TARD.isoformat())
    assert list(await essai.accepte(a_venir)) == []
    [fin] = await essai.accepte(evenement("orientation.effective", decidee, brique="orientation"))

    assert fin.type == "referent.termine"


def test_a_cancelled_decision_gives_the_person_its_referent_back() -> None:
    histoire = suivie()
    avant = histoire.dossier
    histoire.accepte(orientee(rang=2, debut=AUJOURD_HUI, structure=MISSION), MAINTENANT)

    annulee = OrientationAnnulee(PARCOURS, 2, orientation())
    suite = histoire.accepte(annulee, MAINTENANT)

    assert histoire.dossier == avant
    effectif = suite[-1]
    assert messages.est(effectif, SuiviEffectif) and effectif.data.designation == avant.designation


def test_who_was_designated_under_a_cancelled_decision_does_not_follow() -> None:
    histoire = Histoire()
    histoire.accepte(orientee())
    histoire.accepte(designe())

    [_, fin] = histoire.accepte(OrientationAnnulee(PARCOURS, 1, None), MAINTENANT)

    assert messages.est(fin, contrat.ReferentTermine)
    assert (histoire.dossier.ouverte, histoire.dossier.designation) == (None, None)


@pytest.mark.anyio
async def test_reads_are_as_before_a_cancelled_decision(essai: Essai) -> None:
    await essai.suivre()
    essai.maintenant = MAINTENANT
    avant = await essai.lire("referent", parcours=str(PARCOURS))
    suivante = decidee_json(rang=2, debut=AUJOURD_HUI, structure=MISSION)
    await essai.accepte(evenement("orientation.decidee", suivante, brique="orientation"))

    annulee = {"annule": str(PARCOURS), "motif": "Erreur.", "rang": 2, "retablie": decidee_json()}
    [effectif] = await essai.accepte(evenement("orientation.annulee", annulee, brique="orientation"))

    assert await essai.lire("referent", parcours=str(PARCOURS)) == avant
    assert (effectif.type, effectif.donnees["etat"]) == ("suivi.effectif", "actif")
