"""The life of a parcours: ambiguity settled, merges, rights, transfer, closure, objection, erasure, retention."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from chassis.facts import Entree
from services.usagers.domain import EtatParcours, decider
from services.usagers.domain.echeances import echeances
from services.usagers.domain.faits import (
    ParcoursOuvert,
    ParcoursRattache,
    UsagerEfface,
    UsagerFusionne,
    UsagerRapproche,
)
from services.usagers.domain.messages import ConservationEchue
from services.usagers.domain.parcours import Etat
from tests.usagers.monde import Monde
from tests.usagers.personnes import MAINTENANT, Personne, corrige, depot, local, nir, numero_ft, signale

CAMILLE = Personne(nir=nir(1))
ALEX = Personne("Petit", "Alex", date(1990, 5, 5), nir=nir(5))
MOTIF = {"motif": "Demande de la personne"}
CLOS = {"date_fin": "2026-03-01", "motif": "Emploi durable"}
HIER = MAINTENANT - timedelta(days=1)


def _ouvrir(monde: Monde, personne: Personne, *identifiants: dict[str, str]) -> UUID:
    return monde.accepter(signale(personne, *identifiants))[0].parcours


def _ambigu(monde: Monde) -> tuple[UUID, UUID]:
    """A known person and an ambiguous one, that the local id links and the NIR separates."""
    connu = _ouvrir(monde, CAMILLE, local("A"))
    return connu, _ouvrir(monde, replace(CAMILLE, nir=nir(2)), local("A"), numero_ft("12345678901"))


def _fusion(conserve: UUID, *absorbes: UUID) -> dict[str, object]:
    return {"conserve": str(conserve), "absorbes": [str(id_) for id_ in absorbes]}


def test_the_same_person_is_attached_and_its_pending_id_leads_to_it() -> None:
    monde = Monde()
    connu, douteux = _ambigu(monde)

    faits = monde.accepter(depot("usager.rapproche", {"decision": "meme-personne", "parcours": str(connu)}, douteux))

    assert [type(f) for f in faits] == [UsagerRapproche, ParcoursRattache, UsagerFusionne]
    assert [f.parcours for f in faits] == [douteux, connu, connu]
    assert monde.parcours[douteux].survivant == connu


def test_the_survivor_takes_free_identifiers_but_keeps_its_nir() -> None:
    monde = Monde()
    connu, douteux = _ambigu(monde)

    monde.accepter(depot("usager.rapproche", {"decision": "meme-personne", "parcours": str(connu)}, douteux))

    survivant = monde.parcours[connu]
    assert {i.nature for i in survivant.identifiants} == {"nir", "local", "numero-france-travail"}
    assert len(survivant.nirs) == 1


def test_the_survivor_takes_nothing_that_another_one_came_to_hold() -> None:
    monde = Monde()
    connu, douteux = _ambigu(monde)
    _ouvrir(monde, ALEX, numero_ft("12345678901"))

    monde.accepter(depot("usager.rapproche", {"decision": "meme-personne", "parcours": str(connu)}, douteux))

    assert "numero-france-travail" not in {i.nature for i in monde.parcours[connu].identifiants}


def test_a_new_person_becomes_active_without_what_another_one_holds() -> None:
    monde = Monde()
    _, douteux = _ambigu(monde)

    faits = monde.accepter(depot("usager.rapproche", {"decision": "personne-nouvelle"}, douteux))

    assert isinstance(faits[1], ParcoursOuvert)
    nouveau = monde.parcours[douteux]
    assert nouveau.etat is EtatParcours.ACTIF
    assert {i.nature for i in nouveau.identifiants} == {"nir", "numero-france-travail"}


def test_only_a_candidate_may_be_recognised() -> None:
    monde = Monde()
    _, douteux = _ambigu(monde)
    autre = _ouvrir(monde, ALEX)

    refus = monde.refuser(depot("usager.rapproche", {"decision": "meme-personne", "parcours": str(autre)}, douteux))

    assert (refus.code, refus.pointeur) == ("etat-interdit", "/data/parcours")


def test_a_candidate_that_was_merged_since_is_its_survivor() -> None:
    monde = Monde()
    connu, douteux = _ambigu(monde)
    survivant = _ouvrir(monde, Personne("Petit", "Alex", date(1990, 5, 5)), local("Z"))
    monde.accepter(depot("usager.fusionne", _fusion(survivant, connu), survivant))

    faits = monde.accepter(depot("usager.rapproche", {"decision": "meme-personne", "parcours": str(connu)}, douteux))

    assert faits[2].parcours == survivant


def test_what_was_settled_is_not_settled_again() -> None:
    monde = Monde()
    connu, douteux = _ambigu(monde)
    decision = {"decision": "meme-personne", "parcours": str(connu)}
    monde.accepter(depot("usager.rapproche", decision, douteux))

    refus = monde.refuser(depot("usager.rapproche", decision, douteux))

    assert refus.code == "deja-traite"


@pytest.mark.parametrize(
    ("type_", "donnees"),
    [
        ("parcours.clos", CLOS),
        ("parcours.transfere", {"departement_nouveau": "62", "date_effet": "2026-03-01"}),
        ("usager.corrige", {"identite": {"prenoms": "Lou"}}),
    ],
)
def test_an_ambiguous_person_waits_to_be_settled(type_: str, donnees: dict[str, object]) -> None:
    monde = Monde()
    _, douteux = _ambigu(monde)

    refus = monde.refuser(depot(type_, donnees, douteux))

    assert refus.code == "usager-ambigu"


def test_the_right_of_an_ambiguous_person_is_recorded_and_goes_with_it() -> None:
    monde = Monde()
    connu, douteux = _ambigu(monde)
    droits = {"etat_dossier": "2", "soumis_droits_devoirs": True, "date_effet": "2026-03-01"}

    monde.accepter(depot("droits.modifies", droits, douteux))
    monde.accepter(depot("usager.rapproche", {"decision": "meme-personne", "parcours": str(connu)}, douteux))

    recus = monde.parcours[connu].droits
    assert recus is not None
    assert recus.etat_dossier == "2"


def test_a_merge_gives_identifiers_to_the_survivor() -> None:
    monde = Monde()
    conserve = _ouvrir(monde, CAMILLE)
    absorbe = _ouvrir(monde, Personne("Petit", "Alex", date(1990, 5, 5)), local("B"))

    monde.accepter(depot("usager.fusionne", _fusion(conserve, absorbe), conserve))

    assert {i.nature for i in monde.parcours[conserve].identifiants} == {"nir", "local"}
    assert monde.parcours[absorbe].identite is None


def test_a_merge_leaves_to_another_what_it_holds_since_the_absorbed_one_was_closed() -> None:
    monde = Monde()
    conserve, absorbe = _ouvrir(monde, CAMILLE), _ouvrir(monde, replace(ALEX, nir=None), local("B"), local("C"))
    monde.accepter(depot("parcours.clos", CLOS, absorbe))
    tenant = _ouvrir(monde, Personne("Leroy", "Lou", date(1999, 9, 9)), local("B"))

    monde.accepter(depot("usager.fusionne", _fusion(conserve, absorbe), conserve))

    assert {i.valeur for i in monde.parcours[conserve].identifiants if i.nature == "local"} == {"C"}
    assert {i.valeur for i in monde.parcours[tenant].identifiants} == {"B"}


def test_merges_of_merges_lead_to_the_last_survivor() -> None:
    monde = Monde()
    a, b, c = (_ouvrir(monde, Personne(f"Nom{x}", "Alex", date(1990, 5, 5)), local(x)) for x in "abc")
    monde.accepter(depot("usager.fusionne", _fusion(b, a), b))

    monde.accepter(depot("usager.fusionne", _fusion(c, b), c))

    assert {monde.dossiers.survivor(a), monde.dossiers.survivor(b)} == {c}


def test_a_message_for_an_absorbed_id_reaches_the_survivor() -> None:
    monde = Monde()
    conserve, absorbe = _ouvrir(monde, CAMILLE), _ouvrir(monde, replace(ALEX, nir=None), local("B"))
    monde.accepter(depot("usager.fusionne", _fusion(conserve, absorbe), conserve))

    faits = monde.accepter(depot("parcours.clos", CLOS, absorbe))

    assert faits[0].parcours == conserve


def test_two_definitive_nir_are_never_merged() -> None:
    monde = Monde()
    a, b = _ouvrir(monde, CAMILLE), _ouvrir(monde, ALEX)

    refus = monde.refuser(depot("usager.fusionne", _fusion(a, b), a))

    assert (refus.code, refus.details) == ("etat-interdit", {"motif": "nir-differents"})


def test_a_provisional_number_merges_with_the_definitive_one() -> None:
    monde = Monde()
    provisoire = _ouvrir(monde, replace(ALEX, nir=nir(9, sexe="7")))
    definitif = _ouvrir(monde, CAMILLE)

    monde.accepter(depot("usager.fusionne", _fusion(definitif, provisoire), definitif))

    assert len(monde.parcours[definitif].nirs) == 2


def test_a_merge_names_known_parcours() -> None:
    monde = Monde()
    a = _ouvrir(monde, CAMILLE)

    refus = monde.refuser(depot("usager.fusionne", _fusion(a, uuid4()), a))

    assert (refus.code, refus.pointeur) == ("parcours-inconnu", "/data/absorbes/0")


def test_a_merge_is_about_its_subject() -> None:
    monde = Monde()
    a, b = _ouvrir(monde, CAMILLE), _ouvrir(monde, ALEX)

    refus = monde.refuser(depot("usager.fusionne", _fusion(a, uuid4()), b))

    assert (refus.code, refus.pointeur) == ("schema-invalide", "/subject")


def test_an_identifier_that_another_one_holds_cannot_be_taken_by_a_correction() -> None:
    monde = Monde()
    _ouvrir(monde, CAMILLE)
    autre = _ouvrir(monde, replace(ALEX, nir=None, naissance=date(1985, 3, 5)), local("B"))
    donnees = {"identifiants": [local("C"), {"type": "nir", "valeur": nir(1)}]}

    refus = monde.refuser(corrige(donnees, autre))

    assert (refus.code, refus.pointeur) == ("usager-ambigu", "/data/identifiants/1")


def test_a_corrected_nir_takes_the_place_of_the_wrong_one() -> None:
    monde = Monde()
    parcours = _ouvrir(monde, CAMILLE)

    monde.accepter(corrige({"identifiants": [{"type": "nir", "valeur": nir(3)}]}, parcours))

    [tenu] = monde.parcours[parcours].nirs
    assert tenu.valeur[:13] == nir(3)


def test_a_correction_changes_only_what_it_says() -> None:
    monde = Monde()
    parcours = _ouvrir(monde, CAMILLE)

    monde.accepter(corrige({"identite": {"prenoms": "Lou"}}, parcours))

    identite = monde.parcours[parcours].identite
    assert identite is not None
    assert (identite.prenoms, identite.nom_naissance) == ("Lou", CAMILLE.nom)


def _droits(etat: str, effet: str, parcours: UUID, dit_a: datetime) -> Entree:
    donnees = {"soumis_droits_devoirs": True, "etat_dossier": etat, "date_effet": effet}
    return replace(depot("droits.modifies", donnees, parcours), survenu_a=dit_a)


def test_a_right_told_before_is_recorded_and_does_not_overwrite() -> None:
    monde = Monde()
    parcours = _ouvrir(monde, CAMILLE)
    monde.accepter(_droits("2", "2026-02-01", parcours, HIER))

    faits = monde.accepter(_droits("0", "2026-03-01", parcours, HIER - timedelta(days=1)))

    droits = monde.parcours[parcours].droits
    assert len(faits) == 1
    assert droits is not None
    assert droits.etat_dossier == "2"


@pytest.mark.parametrize(("territoires", "type_"), [(["62"], "DroitsConserves"), (["59", "62"], "DroitsModifies")])
def test_a_payer_tells_the_right_of_a_person_of_its_territory_and_is_not_told_where_she_is(
    territoires: list[str], type_: str
) -> None:
    monde = Monde()
    parcours = _ouvrir(monde, CAMILLE)
    clos = {"soumis_droits_devoirs": False, "etat_dossier": "4", "date_effet": "2026-03-01"}

    faits = monde.accepter(depot("droits.modifies", clos, parcours, departement="62", reconnait_dans=territoires))

    assert [type(fait).__name__ for fait in faits] == [type_]
    assert (monde.parcours[parcours].droits is None) == (type_ == "DroitsConserves")


def test_a_retroactive_suspension_replaces_what_was_told_before() -> None:
    monde = Monde()
    parcours = _ouvrir(monde, CAMILLE)
    monde.accepter(_droits("2", "2026-03-01", parcours, HIER - timedelta(days=1)))

    monde.accepter(_droits("3", "2026-02-01", parcours, HIER))

    droits = monde.parcours[parcours].droits
    assert droits is not None
    assert (droits.etat_dossier, droits.date_effet) == ("3", date(2026, 2, 1))


def test_a_clock_that_runs_ahead_has_not_the_last_word_for_ever() -> None:
    monde = Monde()
    parcours = _ouvrir(monde, CAMILLE)
    monde.accepter(_droits("0", "2026-03-01", parcours, MAINTENANT + timedelta(days=365)))

    monde.accepter(_droits("2", "2026-03-01", parcours, MAINTENANT))

    droits = monde.parcours[parcours].droits
    assert droits is not None
    assert droits.etat_dossier == "2"


def test_after_a_transfer_facts_are_told_in_the_new_departement() -> None:
    monde = Monde()
    parcours = _ouvrir(monde, CAMILLE)

    transfert = monde.accepter(
        depot("parcours.transfere", {"departement_nouveau": "62", "date_effet": "2026-03-01"}, parcours)
    )
    suite = monde.accepter(depot("usager.oppose", MOTIF, parcours))

    assert (transfert[0].departement, suite[0].departement) == ("59", "62")


def test_a_transfer_to_where_it_is_was_done_already() -> None:
    monde = Monde()
    parcours = _ouvrir(monde, CAMILLE)
    donnees = {"departement_nouveau": "59", "date_effet": "2026-03-01"}

    refus = monde.refuser(depot("parcours.transfere", donnees, parcours))

    assert refus.code == "deja-traite"


def test_a_closure_cannot_be_announced() -> None:
    monde = Monde()
    parcours = _ouvrir(monde, CAMILLE)

    refus = monde.refuser(depot("parcours.clos", {**CLOS, "date_fin": "2026-03-03"}, parcours))

    assert refus.code == "dates-incoherentes"


def test_a_closed_parcours_takes_no_more_messages() -> None:
    monde = Monde()
    parcours = _ouvrir(monde, CAMILLE)
    monde.accepter(depot("parcours.clos", CLOS, parcours))

    refus = monde.refuser(depot("parcours.clos", CLOS, parcours))

    assert (refus.code, refus.details) == ("etat-interdit", {"etat": "clos"})


def test_an_objection_survives_a_merge() -> None:
    monde = Monde()
    conserve, absorbe = _ouvrir(monde, CAMILLE), _ouvrir(monde, replace(ALEX, nir=None), local("B"))
    monde.accepter(depot("usager.oppose", MOTIF, absorbe))

    monde.accepter(depot("usager.fusionne", _fusion(conserve, absorbe), conserve))

    assert monde.parcours[conserve].oppose_a is not None


@pytest.mark.parametrize("type_", ["usager.efface", "usager.oppose", "usager.rapproche", "parcours.clos"])
def test_an_erased_person_is_unknown(type_: str) -> None:
    monde = Monde()
    parcours = _ouvrir(monde, CAMILLE)
    monde.accepter(depot("usager.efface", MOTIF, parcours))

    refus = monde.refuser(depot(type_, {**CLOS, "decision": "personne-nouvelle"}, parcours))

    assert refus.code == "parcours-inconnu"


def test_an_erased_person_is_unknown_in_a_message_about_another_one_too() -> None:
    """Not merely in another state: that would tell that there was somebody."""
    monde = Monde()
    efface, conserve = _ouvrir(monde, CAMILLE), _ouvrir(monde, replace(ALEX, nir=None), local("B"))
    monde.accepter(depot("usager.efface", MOTIF, efface))

    refus = [
        monde.refuser(depot("usager.fusionne", _fusion(conserve, efface), conserve)),
        monde.refuser(depot("usager.fusionne", _fusion(efface, conserve), efface)),
    ]

    assert [(un.code, un.details) for un in refus] == [("parcours-inconnu", {})] * 2


def test_an_erased_person_that_comes_back_is_new() -> None:
    monde = Monde()
    parcours = _ouvrir(monde, CAMILLE)
    monde.accepter(depot("usager.efface", MOTIF, parcours))

    assert _ouvrir(monde, CAMILLE) != parcours


def test_a_closed_parcours_is_kept_four_years() -> None:
    monde = Monde()
    parcours = _ouvrir(monde, CAMILLE)
    monde.accepter(depot("parcours.clos", {**CLOS, "date_fin": "2024-02-29"}, parcours))

    [echeance] = echeances(monde.parcours[parcours])

    assert (echeance.nature, echeance.du_a) == ("conservation", datetime(2028, 2, 28, 23, tzinfo=UTC))


@pytest.mark.parametrize(
    ("territoire", "due_a"),
    [("971", datetime(2028, 2, 29, 4, tzinfo=UTC)), ("974", datetime(2028, 2, 28, 20, tzinfo=UTC))],
)
def test_a_closed_parcours_is_kept_until_the_midnight_of_its_territory(territoire: str, due_a: datetime) -> None:
    monde = Monde()
    parcours = _ouvrir(monde, CAMILLE)
    monde.accepter(depot("parcours.clos", {**CLOS, "date_fin": "2024-02-29"}, parcours))

    [echeance] = echeances(replace(monde.parcours[parcours], departement=territoire))

    assert echeance.du_a == due_a


def test_retention_erases_on_its_day_and_not_before() -> None:
    monde = Monde()
    parcours = _ouvrir(monde, CAMILLE)
    monde.accepter(depot("parcours.clos", CLOS, parcours))
    etat, message = Etat({parcours: monde.parcours[parcours]}), ConservationEchue(parcours)

    avant = decider(etat, message, datetime(2030, 2, 28, 22, 59, tzinfo=UTC))
    le_jour = decider(etat, message, datetime(2030, 2, 28, 23, 0, tzinfo=UTC))

    assert avant == []
    assert isinstance(le_jour, list)
    assert isinstance(le_jour[0], UsagerEfface)
