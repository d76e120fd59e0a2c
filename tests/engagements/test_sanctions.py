"""Failures to comply and sanctions: proposed by one, decided by the other, never by the silence of either."""

from dataclasses import replace
from datetime import date, timedelta

from chassis.decision import Attente
from services.engagements.domain import echeances
from services.engagements.domain.dossier import EtatSanction
from services.engagements.domain.sanction import InstructionDepassee
from tests.engagements import dits as messages
from tests.engagements.dits import LeveeEffective
from tests.engagements.fabrique import PARCOURS, Histoire, a, engage, manquement, mesure

PROPOSITION = date(2026, 9, 1)
LIMITE = date(2026, 9, 16)


def proposee(sanction_id: str = "s-1", le: date = PROPOSITION) -> messages.Message:
    return messages.ProposerSanction(PARCOURS, mesure(sanction_id), le, a(le, 18))


def decidee(sanction_id: str = "s-1", le: date = LIMITE, montant: float = 50.0) -> messages.Message:
    return messages.DeciderSanction(PARCOURS, mesure(sanction_id, montant=montant), le, a(le, 18))


def levee(sanction_id: str = "s-1", le: date = date(2026, 10, 1)) -> messages.Message:
    return messages.LeverSanction(PARCOURS, sanction_id, le, "Engagements repris.", a(le, 18))


def instruite() -> Histoire:
    histoire = engage("emploi")
    histoire.accepte(manquement(), proposee())
    return histoire


def test_a_failure_is_signalled_once() -> None:
    histoire = engage()
    histoire.accepte(manquement())

    assert histoire.refuse(manquement()).code == "deja-traite"


def test_a_failure_is_not_announced() -> None:
    demain = replace(manquement(le=date(2026, 8, 20)), recu_a=a(date(2026, 8, 19)))

    refus = engage().refuse(demain)

    assert (refus.code, refus.pointeur) == ("dates-incoherentes", "/data/date_constat")


def test_the_departement_decides_otherwise_than_proposed() -> None:
    histoire = instruite()

    histoire.accepte(decidee(montant=30.0))

    [sanction] = histoire.dossier.sanctions
    assert (sanction.etat, sanction.mesure.montant) == (EtatSanction.DECIDEE, 30.0)
    assert (sanction.proposee_le, sanction.notifiee_le) == (PROPOSITION, LIMITE)


def test_the_departement_decides_without_a_proposal() -> None:
    histoire = engage()

    histoire.accepte(decidee())

    assert histoire.dossier.sanctions[0].proposee_le is None


def test_fifteen_days_without_a_decision_sanction_nobody() -> None:
    histoire = instruite()

    racontes = histoire.sonner(a(LIMITE + timedelta(days=1), 0))

    [sanction] = histoire.dossier.sanctions
    assert racontes == [InstructionDepassee(PARCOURS, 1)]
    assert (sanction.etat, sanction.est_hors_delai) == (EtatSanction.PROPOSEE, True)
    assert histoire.sonner(a(LIMITE + timedelta(days=90), 0)) == []


def test_the_fifteenth_day_counts() -> None:
    histoire = instruite()

    assert histoire.sonner(a(LIMITE, 23, 59, 59)) == []


def test_a_late_decision_is_recorded_and_said_late() -> None:
    histoire = instruite()
    histoire.sonner(a(LIMITE + timedelta(days=5)))

    histoire.accepte(decidee(le=LIMITE + timedelta(days=6)))

    [sanction] = histoire.dossier.sanctions
    assert (sanction.etat, sanction.est_hors_delai) == (EtatSanction.DECIDEE, True)


def test_a_late_decision_that_overtakes_the_clock_is_said_late_too() -> None:
    histoire = instruite()

    histoire.accepte(decidee(le=LIMITE + timedelta(days=1)))

    assert histoire.dossier.sanctions[0].est_hors_delai


def test_a_decision_stops_the_clock() -> None:
    histoire = instruite()

    histoire.accepte(decidee())

    assert [e.nature for e in echeances(histoire.dossier) if e.nature.startswith("instruction")] == []


def test_a_closed_parcours_waits_for_nothing() -> None:
    histoire = instruite()

    histoire.accepte(messages.ParcoursClos(PARCOURS, LIMITE, "Déménagement."))

    assert (histoire.dossier.sanctions[0].etat, echeances(histoire.dossier)) == (EtatSanction.PROPOSEE, [])


def test_a_decision_does_not_come_before_its_proposal() -> None:
    assert instruite().refuse(decidee(le=PROPOSITION - timedelta(days=1))).code == "dates-incoherentes"


def test_a_sanction_is_proposed_decided_and_lifted_once() -> None:
    histoire = instruite()
    encore = [histoire.refuse(proposee())]
    histoire.accepte(decidee())
    encore += [histoire.refuse(proposee()), histoire.refuse(decidee())]
    histoire.accepte(levee())

    encore += [histoire.refuse(levee()), histoire.refuse(decidee())]

    assert [refus.code for refus in encore] == ["deja-traite"] * 5


def test_only_a_decided_sanction_is_lifted_and_not_before_it() -> None:
    histoire = instruite()
    avant = histoire.refuse(levee())
    histoire.accepte(decidee())

    trop_tot = histoire.refuse(levee(le=LIMITE - timedelta(days=1)))

    assert (avant.code, avant.details) == ("etat-interdit", {"attendu": "sanction.decidee"})
    assert trop_tot.code == "dates-incoherentes"


def test_two_sanctions_have_their_own_clocks() -> None:
    histoire = instruite()

    histoire.accepte(proposee("s-2"))

    natures = {e.nature for e in echeances(histoire.dossier)}
    assert {"instruction-1", "instruction-2"} <= natures


PLUS_TARD = date(2026, 10, 1)


def annoncee(le: date = PLUS_TARD, recu_le: date = LIMITE) -> messages.Message:
    return messages.LeverSanction(PARCOURS, "s-1", le, "Engagements repris.", a(recu_le, 18))


def test_a_lifting_for_later_has_its_effect_on_its_day() -> None:
    histoire = instruite()
    histoire.accepte(decidee())
    [dite] = histoire.accepte(annoncee())
    [avant] = histoire.dossier.sanctions

    rien = histoire.sonner(a(PLUS_TARD - timedelta(days=1), 23, 59, 59))
    racontes = histoire.sonner(a(PLUS_TARD, 0))

    assert dite.effet == PLUS_TARD
    assert (avant.etat, avant.levee_le) == (EtatSanction.DECIDEE, PLUS_TARD)
    assert (rien, racontes) == ([], [LeveeEffective(PARCOURS, "59", "s-1", PLUS_TARD)])
    assert histoire.dossier.sanctions[0].etat is EtatSanction.LEVEE
    assert histoire.sonner(a(PLUS_TARD + timedelta(days=90))) == []


def test_a_clock_that_rings_too_early_lifts_nothing() -> None:
    histoire = instruite()
    histoire.accepte(decidee())
    histoire.accepte(annoncee())

    trop_tot = histoire.recoit(messages.LeveeAtteinte(PARCOURS, 1), a(PLUS_TARD - timedelta(days=1), 23, 59, 59))

    assert isinstance(trop_tot, Attente)


def test_a_lifting_of_today_has_its_effect_at_once() -> None:
    histoire = instruite()
    histoire.accepte(decidee())

    [dite] = histoire.accepte(annoncee(LIMITE))

    assert dite.effet is None
    assert histoire.dossier.sanctions[0].etat is EtatSanction.LEVEE


def test_an_announced_lifting_may_be_changed_until_its_day_and_is_not_repeated() -> None:
    histoire = instruite()
    histoire.accepte(decidee())
    histoire.accepte(annoncee())

    repetee = histoire.refuse(annoncee())
    histoire.accepte(annoncee(PLUS_TARD + timedelta(days=9)))

    assert repetee.code == "deja-traite"
    assert histoire.sonner(a(PLUS_TARD, 1)) == []
    assert len(histoire.sonner(a(PLUS_TARD + timedelta(days=9), 0))) == 1
