"""What the life of the parcours changes here: opening, transfer, merge, end, erasure."""

from datetime import date, timedelta
from uuid import UUID

import pytest

from chassis.decision import Attente
from relais_contrats.v1.orientation import CRITERES_REQUIS
from services.orientation.domain.dossier import Etat, Issue
from services.orientation.domain.reglage import Reglage
from services.orientation.domain.regles_par_defaut import PAR_DEFAUT
from tests.orientation.dits import (
    CloreOrientation,
    DeciderOrientation,
    DroitsModifies,
    ParcoursClos,
    ParcoursOuvert,
    ParcoursTransfere,
    Preconiser,
    RealiserDiagnostic,
    UsagerFusionne,
    UsagerOppose,
    UsagerSignale,
    natures,
)
from tests.orientation.fabrique import (
    AUTRE,
    CD,
    COMPLETS,
    FT,
    MIDI,
    PARCOURS,
    RECEPTION,
    RECUE_A,
    SOCIALE,
    Histoire,
    a,
    decide,
    decision,
    demande,
    reorientation,
)

DEBUT = date(2026, 3, 16)
FUSION = UsagerFusionne(AUTRE, "59", (PARCOURS,))


def inconnu() -> Histoire:
    histoire = Histoire()
    histoire.dossiers.clear()
    return histoire


def oriente() -> Histoire:
    histoire = Histoire()
    histoire.accepte(decide(1, debut=DEBUT))
    return histoire


def test_a_deposit_that_overtakes_the_opening_waits() -> None:
    assert isinstance(inconnu().recoit(decide(1)), Attente)


def test_an_opened_parcours_is_a_dossier_once() -> None:
    histoire = inconnu()

    histoire.accepte(ParcoursOuvert(PARCOURS, "59"))
    histoire.accepte(ParcoursOuvert(PARCOURS, "59"))

    assert histoire.natures() == ["DossierOuvert"]


def test_the_signal_comes_before_the_opening_and_asks_at_once() -> None:
    histoire = inconnu()

    histoire.accepte(UsagerSignale(PARCOURS, "59", True, RECEPTION, MIDI, MIDI))

    assert histoire.natures() == ["DossierOuvert", "DroitConnu", "OrientationDemandee"]


def test_the_same_right_signalled_after_an_orientation_ended_asks_for_nothing() -> None:
    histoire = inconnu()
    signale = UsagerSignale(PARCOURS, "59", True, RECEPTION, MIDI, MIDI)
    histoire.accepte(signale)
    histoire.accepte(decide(1))

    histoire.accepte(signale)

    assert len(histoire.dossier.demandes) == 1


def test_a_person_without_rsa_is_not_asked_for() -> None:
    histoire = inconnu()

    histoire.accepte(UsagerSignale(PARCOURS, "59", False, None, MIDI, MIDI))

    assert histoire.dossier.demandes == ()


def test_the_payer_tells_of_the_right() -> None:
    histoire = inconnu()

    histoire.accepte(DroitsModifies(PARCOURS, "59", True, (MIDI, RECEPTION)))

    assert histoire.dossier.brsa


def test_the_last_word_on_the_right_holds_whenever_it_came() -> None:
    histoire = inconnu()
    histoire.accepte(DroitsModifies(PARCOURS, "59", False, (MIDI, RECEPTION - timedelta(days=30))))

    histoire.accepte(DroitsModifies(PARCOURS, "59", True, (MIDI - timedelta(hours=1), RECEPTION)))

    assert not histoire.dossier.brsa


def test_an_old_signal_does_not_open_again_a_right_that_ended_since() -> None:
    histoire = inconnu()
    histoire.accepte(DroitsModifies(PARCOURS, "59", False, (MIDI, RECEPTION)))

    histoire.accepte(UsagerSignale(PARCOURS, "59", True, None, MIDI, MIDI - timedelta(days=1)))

    assert not histoire.dossier.brsa


@pytest.mark.parametrize("est_absorbe", [True, False])
def test_a_merge_keeps_the_last_word_on_the_right(est_absorbe: bool) -> None:
    histoire = Histoire()
    histoire.accepte(DroitsModifies(AUTRE, "59", est_absorbe, (MIDI, RECEPTION)))
    histoire.accepte(DroitsModifies(PARCOURS, "59", not est_absorbe, (MIDI + timedelta(hours=1), RECEPTION)))

    histoire.accepte(FUSION)

    assert histoire.dossiers[AUTRE].brsa is not est_absorbe


def test_nobody_who_objects_gets_a_computed_recommendation() -> None:
    histoire = Histoire(Reglage(regles=PAR_DEFAUT))
    histoire.accepte(UsagerOppose(PARCOURS))

    histoire.accepte(RealiserDiagnostic(PARCOURS, COMPLETS, ()))

    assert histoire.dossier.criteres == COMPLETS
    assert histoire.dossier.preconisation is None


def test_a_professional_still_recommends_to_whom_objects() -> None:
    histoire = Histoire()
    histoire.accepte(UsagerOppose(PARCOURS))

    histoire.accepte(Preconiser(PARCOURS, SOCIALE))

    assert histoire.dossier.preconisation is not None


def test_an_objection_survives_a_merge() -> None:
    histoire = Histoire(Reglage(regles=PAR_DEFAUT))
    histoire.accepte(RealiserDiagnostic(PARCOURS, COMPLETS, ()))
    histoire.accepte(UsagerOppose(PARCOURS))

    suite = histoire.accepte(FUSION)

    assert histoire.dossiers[AUTRE].est_oppose
    assert "OrientationPreconisee" not in natures(suite)


def test_a_transfer_ends_the_request_of_the_old_departement() -> None:
    histoire = Histoire()
    histoire.accepte(demande())

    histoire.accepte(ParcoursTransfere(PARCOURS, "62", RECEPTION + timedelta(days=10)))

    ancienne, nouvelle = histoire.dossier.demandes
    assert (ancienne.issue, nouvelle.issue) == (Issue.TRANSFEREE, None)
    assert (ancienne.departement, nouvelle.departement) == ("59", "62")


def test_a_transfer_keeps_the_orientation_until_the_new_departement_decides() -> None:
    histoire = oriente()
    effet = DEBUT + timedelta(days=60)
    histoire.accepte(ParcoursTransfere(PARCOURS, "62", effet))

    histoire.accepte(decide(2, debut=effet + timedelta(days=7), date_decision=effet, recu_a=a(effet)))

    assert histoire.dossier.demande is None
    assert histoire.dossier.rang == 2


def test_the_end_of_the_parcours_ends_the_orientation_and_the_request() -> None:
    histoire = oriente()
    histoire.accepte(ParcoursTransfere(PARCOURS, "62", DEBUT))

    histoire.accepte(ParcoursClos(PARCOURS, DEBUT + timedelta(days=30), "Sortie du RSA."))

    assert histoire.dossier.etat is Etat.CLOSE
    assert histoire.dossier.orientations[0].fin == DEBUT + timedelta(days=30)
    assert histoire.dossier.demandes[-1].issue is Issue.CLOSE


def test_an_orientation_that_had_not_begun_ends_on_its_first_day() -> None:
    histoire = oriente()

    histoire.accepte(ParcoursClos(PARCOURS, DEBUT - timedelta(days=5), "Décès."))

    assert histoire.dossier.orientations[0].fin == DEBUT


def test_a_merge_moves_the_open_orientation_to_a_survivor_without_one() -> None:
    histoire = oriente()
    histoire.accepte(reorientation())

    histoire.accepte(FUSION)

    survivant = histoire.dossiers[AUTRE]
    assert survivant.ouverte is not None
    assert survivant.ouverte.decision == decision(1, DEBUT)
    assert survivant.brsa
    assert survivant.reorientation is not None
    assert histoire.dossier.absorbe_par == AUTRE
    assert histoire.dossier.etat is Etat.CLOSE


def test_a_merge_keeps_the_orientation_of_the_survivor() -> None:
    histoire = oriente()
    histoire.accepte(DroitsModifies(AUTRE, "59", True, (MIDI, RECEPTION)))
    histoire.accepte(DeciderOrientation(AUTRE, CD, decision(1, DEBUT), None, RECUE_A))

    suite = histoire.accepte(FUSION)

    assert [nature for nature in natures(suite) if nature in ("OrientationClose", "OrientationDecidee")] == [
        "OrientationClose"
    ]
    assert histoire.dossiers[AUTRE].rang == 1


def test_a_moved_orientation_begins_after_those_of_the_survivor() -> None:
    histoire = oriente()
    histoire.accepte(DroitsModifies(AUTRE, "59", True, (MIDI, RECEPTION)))
    fin = DEBUT + timedelta(days=20)
    histoire.accepte(DeciderOrientation(AUTRE, CD, decision(1, DEBUT), None, RECUE_A))
    histoire.accepte(CloreOrientation(AUTRE, CD, fin, "Emploi durable.", a(fin, 18)))

    histoire.accepte(FUSION)

    ouverte = histoire.dossiers[AUTRE].ouverte
    assert ouverte is not None
    assert (ouverte.rang, ouverte.debut) == (2, fin + timedelta(days=1))


def test_a_merge_moves_the_waiting_request() -> None:
    histoire = Histoire()
    histoire.accepte(demande())

    histoire.accepte(FUSION)

    attendue = histoire.dossiers[AUTRE].demande
    assert attendue is not None
    assert attendue.recue_le == RECEPTION
    assert histoire.dossier.demandes[0].issue is Issue.FUSIONNEE


def test_a_merge_adds_up_the_diagnostics_and_the_survivor_is_believed_first() -> None:
    histoire = Histoire()
    histoire.accepte(RealiserDiagnostic(PARCOURS, {"projet_pro": "aucun", "niveau_etude": "nv5"}, ()))
    histoire.accepte(ParcoursOuvert(AUTRE, "59"))
    histoire.accepte(RealiserDiagnostic(AUTRE, {"projet_pro": "salariat"}, ()))

    histoire.accepte(FUSION)

    assert histoire.dossiers[AUTRE].criteres == {"projet_pro": "salariat", "niveau_etude": "nv5"}


def test_a_merge_that_completes_the_diagnostic_recommends() -> None:
    histoire = Histoire(Reglage(regles=PAR_DEFAUT))
    histoire.accepte(RealiserDiagnostic(PARCOURS, {nom: COMPLETS[nom] for nom in CRITERES_REQUIS[:6]}, ()))
    histoire.accepte(ParcoursOuvert(AUTRE, "59"))
    histoire.accepte(RealiserDiagnostic(AUTRE, {nom: COMPLETS[nom] for nom in CRITERES_REQUIS[6:]}, ()))

    histoire.accepte(FUSION)

    assert histoire.dossiers[AUTRE].preconisation is not None


def test_the_diagnostics_of_all_absorbed_dossiers_add_up() -> None:
    troisieme = UUID("01890000-0000-7000-8000-000000000003")
    histoire = Histoire()
    histoire.accepte(RealiserDiagnostic(PARCOURS, {"niveau_etude": "nv5"}, ()))
    histoire.accepte(ParcoursOuvert(troisieme, "59"))
    histoire.accepte(RealiserDiagnostic(troisieme, {"projet_pro": "aucun"}, ()))

    histoire.accepte(UsagerFusionne(AUTRE, "59", (PARCOURS, troisieme)))

    assert histoire.dossiers[AUTRE].criteres == {"niveau_etude": "nv5", "projet_pro": "aucun"}


def test_a_parcours_may_be_absorbed_before_anything_is_known_of_it() -> None:
    histoire = inconnu()

    histoire.accepte(FUSION)

    assert histoire.dossiers[PARCOURS].absorbe_par == AUTRE


def test_a_repeated_merge_changes_nothing() -> None:
    histoire = oriente()
    histoire.accepte(FUSION)

    assert histoire.accepte(FUSION) == []


def test_the_decider_follows_a_moved_orientation() -> None:
    histoire = Histoire(brsa=False)
    histoire.accepte(decide(1, par=FT, debut=DEBUT))

    histoire.accepte(FUSION)

    ouverte = histoire.dossiers[AUTRE].ouverte
    assert ouverte is not None
    assert ouverte.decideur == FT
