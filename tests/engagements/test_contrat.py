"""The life of a contract, message by message: what is accepted, what is refused and with which code."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from chassis.decision import Attente
from relais_contrats.v1.delais import decaler
from services.engagements.domain import echeances
from services.engagements.domain.contenu import Bilan
from services.engagements.domain.dossier import Cause, EtatContrat, StatutReferent
from services.engagements.domain.suspension import MOTIF_SUSPENSION
from tests.engagements import dits as messages
from tests.engagements.dits import ContratAResigner, ContratClos, natures
from tests.engagements.fabrique import (
    AUTRE,
    DECISION,
    PARCOURS,
    SIGNATURE,
    Histoire,
    a,
    accompagne,
    clot,
    engage,
    notifie,
    orientation,
    oriente,
    propose,
    referent,
    refuse,
    reprend,
    signe,
    suspend,
)

SUSPENSION = date(2026, 7, 1)
APRES = date(2026, 8, 3)
TERME = date(2026, 9, 30)


def etats(histoire: Histoire) -> list[str]:
    return [contrat.etat.value for contrat in histoire.dossier.contrats]


def test_a_proposal_waits_for_its_signature() -> None:
    histoire = accompagne()

    histoire.accepte(propose())

    assert etats(histoire) == ["a-signer"]


@pytest.mark.parametrize("cote", ["engagements_usager", "engagements_organisme"])
def test_a_contract_binds_both_sides(cote: str) -> None:
    vide: dict[str, Any] = {cote: ()}

    with pytest.raises(ValidationError, match=cote):
        propose(**vide)


def test_a_contract_begins_within_three_months() -> None:
    refus = accompagne().refuse(propose(le=date(2026, 1, 31), date_debut=date(2026, 5, 1)))

    assert (refus.code, refus.details) == ("dates-incoherentes", {"au_plus_tard": "2026-04-30"})


def test_what_was_refused_may_be_signed() -> None:
    histoire = accompagne()
    histoire.accepte(propose(), refuse(SIGNATURE))

    histoire.accepte(signe(SIGNATURE + timedelta(days=5)))

    assert (etats(histoire), histoire.dossier.contrats[0].refuse_le) == (["signe"], None)


def test_a_signature_needs_an_orientation() -> None:
    histoire = Histoire()
    histoire.accepte(referent(), propose())

    assert histoire.refuse(signe()).code == "orientation-prealable-obligatoire"


@pytest.mark.parametrize("statut", [None, StatutReferent.PROPOSE])
def test_a_signature_needs_an_active_referent(statut: StatutReferent | None) -> None:
    histoire = Histoire()
    histoire.accepte(oriente(), notifie(), referent(statut), propose())

    assert histoire.refuse(signe()).code == "referent-obligatoire"


def test_a_referent_that_was_accepted_may_not_have_been_heard_of_yet() -> None:
    histoire = Histoire()
    histoire.accepte(oriente(), notifie(), propose())

    attente = histoire.recoit(signe())

    assert isinstance(attente, Attente) and attente.sinon
    assert histoire.refuse(signe()) == attente.sinon


def test_a_new_orientation_decided_a_moment_ago_is_waited_for() -> None:
    histoire = engage()
    recente = signe(SIGNATURE + timedelta(days=40))

    assert isinstance(histoire.recoit(recente, recente.recu_a), Attente)


def test_a_signature_is_not_older_than_the_orientation() -> None:
    histoire = accompagne()
    histoire.accepte(propose())

    refus = histoire.refuse(signe(DECISION - timedelta(days=1)))

    assert (refus.code, refus.pointeur) == ("dates-incoherentes", "/data/date_signature")


def test_a_signature_is_not_announced() -> None:
    histoire = accompagne()
    histoire.accepte(propose())

    assert histoire.refuse(signe(SIGNATURE, recu_a=a(SIGNATURE - timedelta(days=1)))).code == "dates-incoherentes"


def test_a_contract_that_nobody_proposed_is_not_signed() -> None:
    refus = accompagne().refuse(signe(contrat_id="ce-9"))

    assert (refus.code, refus.details) == ("etat-interdit", {"attendu": "contrat.propose"})


def test_signed_once_is_signed() -> None:
    assert engage().refuse(signe()).code == "deja-traite"


def test_the_same_proposal_again_changes_nothing() -> None:
    assert engage().refuse(propose()).code == "deja-traite"


def test_another_proposal_replaces_the_one_that_waits() -> None:
    histoire = accompagne()
    histoire.accepte(propose("ce-1"))

    suite = histoire.accepte(propose("ce-2"))

    assert natures(suite) == ["ContratClos", "ContratPropose"]
    assert etats(histoire) == ["clos", "a-signer"]


def test_a_renewal_waits_beside_the_contract_in_force_and_takes_its_place() -> None:
    histoire = engage()
    histoire.accepte(propose("ce-2", le=APRES, date_debut=APRES))
    avant = etats(histoire)

    suite = histoire.accepte(signe(APRES, "ce-2"))

    assert avant == ["signe", "a-signer"]
    assert natures(suite) == ["ContratClos", "ContratSigne"]
    assert etats(histoire) == ["clos", "signe"]


@pytest.mark.parametrize("suite", ["renouvele", "clos"])
def test_a_contract_whose_term_has_passed_holds_until_somebody_renews_or_closes_it(suite: str) -> None:
    histoire = engage()
    deux_mois_apres = TERME + timedelta(days=60)

    dus = [due.nature for due in echeances(histoire.dossier)]
    if suite == "renouvele":
        histoire.accepte(propose("ce-2", le=deux_mois_apres, date_debut=deux_mois_apres))
        histoire.accepte(signe(deux_mois_apres, "ce-2"))
    else:
        histoire.accepte(clot(deux_mois_apres))

    assert not [nature for nature in dus if not nature.startswith("reexamen")]
    assert etats(histoire) == (["clos", "signe"] if suite == "renouvele" else ["clos"])


def test_an_essential_change_is_to_be_signed_again_without_a_new_month() -> None:
    histoire = engage()

    suite = histoire.accepte(propose(le=APRES, duree_mois=12))

    assert suite[1] == ContratAResigner(PARCOURS, "59", "ce-1", Cause.MODIFICATION)
    assert (etats(histoire), histoire.dossier.delai) == (["a-signer"], None)
    assert histoire.dossier.contrats[0].contenu.duree_mois == 12


def test_a_reorientation_puts_the_contract_back_to_be_signed() -> None:
    histoire = engage()

    suite = histoire.accepte(oriente(APRES, "emploi"))

    assert ContratAResigner(PARCOURS, "59", "ce-1", Cause.REORIENTATION) in suite
    assert etats(histoire) == ["a-signer"]


def test_a_decision_told_again_with_a_later_beginning_is_no_reorientation() -> None:
    histoire = engage()
    retardee = replace(orientation(), debut=APRES)

    suite = histoire.accepte(messages.OrientationDecidee(PARCOURS, "59", retardee))

    assert natures(suite) == ["OrientationSuivie"]
    assert (etats(histoire), histoire.dossier.orientation) == (["signe"], retardee)


def test_a_refused_contract_is_put_back_too() -> None:
    histoire = accompagne()
    histoire.accepte(propose(), refuse())

    histoire.accepte(oriente(APRES, "emploi"))

    assert etats(histoire) == ["a-signer"]


def test_a_contract_already_to_be_signed_is_not_told_again() -> None:
    histoire = accompagne()
    histoire.accepte(propose())

    histoire.accepte(oriente(APRES, "emploi"))

    assert "ContratAResigner" not in histoire.natures()


def test_a_reorientation_closes_the_renewal_that_waited() -> None:
    histoire = engage()
    histoire.accepte(propose("ce-2", le=APRES))

    histoire.accepte(oriente(APRES, "emploi"))

    assert etats(histoire) == ["a-signer", "clos"]


def test_the_old_signature_does_not_sign_again() -> None:
    histoire = engage()
    histoire.accepte(oriente(APRES, "emploi"))

    assert histoire.refuse(signe(SIGNATURE)).code == "dates-incoherentes"


def test_a_transfer_puts_the_contract_back_to_be_signed() -> None:
    histoire = engage()

    suite = histoire.accepte(messages.ParcoursTransfere(PARCOURS, "62"))

    assert suite[-1] == ContratAResigner(PARCOURS, "62", "ce-1", Cause.TRANSFERT)
    assert histoire.dossier.departement == "62"


def test_a_transfer_ends_the_month_and_a_deposit_before_it_is_not_cancelled_any_more() -> None:
    histoire = accompagne()
    histoire.accepte(propose())

    histoire.accepte(messages.ParcoursTransfere(PARCOURS, "62"))

    refus = histoire.refuse(messages.AnnulerContrat(PARCOURS, messages.CD, messages.DEPOT, "Erreur."))
    assert [delai.issue for delai in histoire.dossier.delais] == ["transferee"]
    assert refus.details == {"depend": "parcours.transfere"}


def test_a_suspended_contract_comes_back_as_it_was() -> None:
    histoire = engage()
    histoire.accepte(suspend(SUSPENSION))
    avant = etats(histoire)

    histoire.accepte(reprend(APRES))

    assert (avant, etats(histoire)) == (["suspendu"], ["signe"])


def test_a_reorientation_during_the_suspension_is_signed_once_resumed() -> None:
    histoire = engage()
    histoire.accepte(suspend(SUSPENSION), oriente(date(2026, 7, 15), "emploi"))
    pendant = etats(histoire)

    suite = histoire.accepte(reprend(APRES))

    assert pendant == ["suspendu"]
    assert natures(suite) == ["ContratRepris", "ContratAResigner"]
    assert etats(histoire) == ["a-signer"]


@pytest.mark.parametrize(
    ("debut", "limite"),
    [(date(2026, 7, 1), date(2027, 7, 1)), (date(2028, 2, 29), date(2029, 2, 28))],
)
def test_twelve_months_of_suspension_close_the_contract(debut: date, limite: date) -> None:
    histoire = engage()
    histoire.accepte(messages.ReorientationDecidee(PARCOURS, "59", debut), suspend(debut))
    [due] = [e for e in echeances(histoire.dossier) if e.nature == "suspension-1"]

    suite = histoire.accepte(messages.SuspensionEchue(PARCOURS, 1), maintenant=due.du_a)

    assert due.du_a == a(limite + timedelta(days=1), 0)
    assert suite[-1] == ContratClos(PARCOURS, "59", "ce-1", limite, MOTIF_SUSPENSION)


def test_a_suspension_told_years_late_leaves_a_week_for_the_resumption_that_goes_with_it() -> None:
    saisie = a(date(2029, 2, 10))
    histoire = engage()
    histoire.accepte(suspend(SUSPENSION, recu_a=saisie))

    histoire.sonner(saisie + timedelta(days=6))
    pendant = etats(histoire)
    histoire.accepte(reprend(APRES, recu_a=saisie + timedelta(days=6)))
    histoire.sonner(saisie + timedelta(days=400))

    assert (pendant, etats(histoire)) == (["suspendu"], ["signe"])


def test_a_suspension_told_late_that_nothing_follows_closes_the_contract_as_of_its_twelve_months() -> None:
    saisie = date(2029, 2, 10)
    histoire = engage()
    histoire.accepte(messages.ReorientationDecidee(PARCOURS, "59", saisie), suspend(SUSPENSION, recu_a=a(saisie)))
    [due] = [e for e in echeances(histoire.dossier) if e.nature == "suspension-1"]

    suite = histoire.accepte(messages.SuspensionEchue(PARCOURS, 1), maintenant=due.du_a)

    assert due.du_a == a(date(2029, 2, 18), 0)
    assert suite[-1] == ContratClos(PARCOURS, "59", "ce-1", decaler(SUSPENSION, 12), MOTIF_SUSPENSION)


def test_no_resumption_comes_after_the_twelve_months_however_late_they_are_told() -> None:
    saisie = a(date(2029, 2, 10))
    histoire = engage()
    histoire.accepte(suspend(SUSPENSION, recu_a=saisie))

    refus = histoire.refuse(reprend(decaler(SUSPENSION, 12) + timedelta(days=1), recu_a=saisie))

    assert (refus.code, refus.details) == ("dates-incoherentes", {"au_plus_tard": decaler(SUSPENSION, 12).isoformat()})


@pytest.mark.parametrize("message", [suspend(SUSPENSION), reprend(SUSPENSION)])
def test_only_a_signed_contract_is_suspended_and_a_suspended_one_resumed(message: messages.Message) -> None:
    histoire = accompagne()
    histoire.accepte(propose())

    assert histoire.refuse(message).code == "etat-interdit"


def test_nothing_is_signed_or_proposed_during_a_suspension() -> None:
    histoire = engage()
    histoire.accepte(propose("ce-2", le=SIGNATURE), suspend(SUSPENSION))

    refus = [histoire.refuse(signe(APRES, "ce-2")), histoire.refuse(propose("ce-3", le=APRES))]

    assert [r.code for r in refus] == ["etat-interdit", "etat-interdit"]


def test_a_resumption_does_not_come_before_the_suspension() -> None:
    histoire = engage()
    histoire.accepte(suspend(SUSPENSION))

    assert histoire.refuse(reprend(SUSPENSION - timedelta(days=1))).code == "dates-incoherentes"


def test_what_is_closed_stays_closed() -> None:
    histoire = engage()
    histoire.accepte(clot(APRES))

    refus = [histoire.refuse(m) for m in (signe(APRES), suspend(APRES), reprend(APRES), clot(APRES), propose(le=APRES))]

    assert [r.code for r in refus] == [
        "etat-interdit",
        "etat-interdit",
        "etat-interdit",
        "deja-traite",
        "deja-traite",
    ]


def test_the_end_of_the_parcours_closes_its_contracts() -> None:
    histoire = engage()
    histoire.accepte(propose("ce-2", le=APRES))

    histoire.accepte(messages.ParcoursClos(PARCOURS, APRES, "Déménagement."))

    assert etats(histoire) == ["clos", "clos"]
    assert echeances(histoire.dossier) == []
    assert histoire.refuse(propose("ce-3", le=APRES)).details == {"etat": "parcours-clos"}


def test_the_end_of_the_parcours_ends_its_month_and_its_reexamination() -> None:
    histoire = accompagne()

    histoire.accepte(messages.ParcoursClos(PARCOURS, APRES, "Déménagement."))

    assert ([delai.issue for delai in histoire.dossier.delais], histoire.dossier.reexamen) == (["close"], None)


def test_a_merge_ends_the_month_and_the_reexamination_of_the_absorbed_parcours() -> None:
    histoire = accompagne()

    histoire.accepte(messages.UsagerFusionne(AUTRE, "59", (PARCOURS,)))

    assert ([delai.issue for delai in histoire.dossier.delais], histoire.dossier.reexamen) == (["fusionnee"], None)
    assert [delai.issue for delai in histoire.dossiers[AUTRE].delais] == [None]


def test_a_closed_parcours_follows_no_more() -> None:
    histoire = accompagne()
    histoire.accepte(messages.ParcoursClos(PARCOURS, APRES, "Déménagement."))
    clos = histoire.dossier

    histoire.accepte(oriente(APRES, "emploi"), notifie(APRES), referent(None))

    assert histoire.dossier == clos


def test_a_review_is_of_a_contract_that_was_signed() -> None:
    histoire = accompagne()
    histoire.accepte(propose())
    fait = Bilan(APRES, ("Code obtenu.",), 12.5)
    bilan = messages.FaireBilan(PARCOURS, "ce-1", fait, a(APRES))
    avant = histoire.refuse(bilan)

    histoire.accepte(signe(), bilan)

    assert avant.code == "etat-interdit"
    assert histoire.dossier.contrats[0].bilans == (fait,)


def test_a_suspension_may_follow_another() -> None:
    histoire = engage()
    histoire.accepte(suspend(SUSPENSION), reprend(SUSPENSION), suspend(SUSPENSION))

    assert histoire.dossier.contrats[0].etat is EtatContrat.SUSPENDU
    assert [s.reprise for s in histoire.dossier.contrats[0].suspensions] == [SUSPENSION, None]
