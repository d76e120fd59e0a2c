"""The rule engine: what a complete diagnostic recommends, why, and when it is worked out again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relais_contrats.codes import orientation as codes
from relais_contrats.codes.liste import Code
from relais_contrats.v1.orientation import CRITERES_REQUIS
from services.orientation.domain.dossier import Contrainte, Etat
from services.orientation.domain.preconisation import Regle, en_texte, preconiser
from services.orientation.domain.reglage import Reglage
from services.orientation.domain.regles_par_defaut import PAR_DEFAUT
from tests.orientation.dits import Message, Preconiser, RealiserDiagnostic
from tests.orientation.fabrique import COMPLETS, PARCOURS, SOCIALE, Histoire

VALEURS: dict[str, type[Code]] = {
    "situation_professionnelle": codes.SituationProfessionnelle,
    "niveau_etude": codes.NiveauEtude,
    "projet_pro": codes.ProjetPro,
    "contrainte_sante": codes.ContrainteSante,
    "contrainte_logement": codes.ContrainteLogement,
    "contrainte_mobilite": codes.ContrainteMobilite,
    "contrainte_familiale": codes.ContrainteFamiliale,
    "contrainte_financiere": codes.ContrainteImpact,
    "contrainte_administrative_juridique": codes.ContrainteImpact,
    "contrainte_francais_calcul": codes.ContrainteImpact,
    "contrainte_numerique": codes.ContrainteNumerique,
}
complets = st.fixed_dictionaries(
    {nom: st.sampled_from([str(code) for code in liste]) for nom, liste in VALEURS.items()},
    optional={nom: st.booleans() for nom in ("boe", "boe_souhait_accompagnement", "capacite_a_travailler")},
)


def histoire() -> Histoire:
    return Histoire(Reglage(regles=PAR_DEFAUT))


def diagnostic(**criteres: str | bool | int) -> Message:
    return RealiserDiagnostic(PARCOURS, criteres, ())


@given(complets)
def test_every_complete_diagnostic_gets_a_recommendation_with_its_reasons(criteres: dict[str, str | bool]) -> None:
    calculee = preconiser(criteres, PAR_DEFAUT)

    assert calculee is not None
    assert calculee.motifs
    assert all(en_texte(criteres[motif.critere]) == motif.valeur for motif in calculee.motifs)


@given(complets, st.sampled_from(CRITERES_REQUIS))
def test_a_missing_criterion_leaves_the_question_open(criteres: dict[str, str | bool], absent: str) -> None:
    del criteres[absent]

    assert preconiser(criteres, PAR_DEFAUT) is None


@pytest.mark.parametrize("regle", PAR_DEFAUT, ids=lambda regle: f"{regle.critere}={regle.valeur}")
def test_every_default_rule_names_a_value_of_the_contract(regle: Regle) -> None:
    permises = [str(code) for code in VALEURS[regle.critere]] if regle.critere in VALEURS else ["oui", "non"]

    assert regle.valeur in permises


@pytest.mark.parametrize(
    ("criteres", "parcours_type", "organisme", "critere"),
    [
        ({}, "emploi", "france-travail", "situation_professionnelle"),
        ({"contrainte_logement": "sans-logement"}, "social", "departement", "contrainte_logement"),
        ({"projet_pro": "aucun"}, "socio-professionnel", "france-travail", "projet_pro"),
        ({"boe_souhait_accompagnement": True}, "emploi", "cap-emploi", "boe_souhait_accompagnement"),
    ],
)
def test_the_strongest_reason_leads(
    criteres: dict[str, str | bool | int], parcours_type: str, organisme: str, critere: str
) -> None:
    calculee = preconiser(COMPLETS | criteres, PAR_DEFAUT)

    assert calculee is not None
    assert (calculee.parcours_type, calculee.organisme) == (parcours_type, organisme)
    assert calculee.motifs[0].critere == critere


def test_partial_diagnostics_add_up() -> None:
    suivie = histoire()
    suivie.accepte(diagnostic(**{nom: COMPLETS[nom] for nom in CRITERES_REQUIS[:6]}))

    suivie.accepte(diagnostic(**{nom: COMPLETS[nom] for nom in CRITERES_REQUIS[6:]}))

    assert suivie.natures() == ["DiagnosticRealise", "DiagnosticRealise", "OrientationPreconisee"]
    assert suivie.dossier.etat is Etat.EN_ATTENTE


def test_a_partial_diagnostic_is_a_draft() -> None:
    suivie = histoire()

    suivie.accepte(diagnostic(projet_pro="salariat"))

    assert suivie.dossier.etat is Etat.BROUILLON


def test_the_same_criteria_do_not_repeat_the_recommendation() -> None:
    suivie = histoire()
    suivie.accepte(diagnostic(**COMPLETS))

    suivie.accepte(diagnostic(**COMPLETS))

    assert suivie.natures().count("OrientationPreconisee") == 1


def test_a_changed_criterion_changes_the_recommendation() -> None:
    suivie = histoire()
    suivie.accepte(diagnostic(**COMPLETS))

    suivie.accepte(diagnostic(contrainte_logement="sans-logement"))

    assert suivie.dossier.preconisation is not None
    assert suivie.dossier.preconisation.parcours_type == "social"


def test_unchanged_criteria_do_not_set_a_professional_aside() -> None:
    suivie = histoire()
    suivie.accepte(diagnostic(**COMPLETS))
    suivie.accepte(Preconiser(PARCOURS, SOCIALE))

    suivie.accepte(diagnostic(**COMPLETS))

    assert suivie.dossier.preconisation == SOCIALE


def test_a_departement_decides_by_its_own_table() -> None:
    propre = Regle("niveau_etude", "nv4", 1, "Niveau bac : mission locale.", "emploi", "mission-locale")
    suivie = Histoire(Reglage(regles=(propre,)))

    suivie.accepte(diagnostic(**COMPLETS))

    assert suivie.dossier.preconisation is not None
    assert suivie.dossier.preconisation.organisme == "mission-locale"


def test_a_table_that_says_nothing_recommends_nothing() -> None:
    assert preconiser(COMPLETS, ()) is None


def test_a_constraint_keeps_its_latest_value_and_its_level() -> None:
    contrainte = Contrainte("contrainte", "27", "Logement", "ft-v4", "oui", "fort")
    situation = Contrainte("situation", "27", "Doit quitter son logement", "ft-v4", "oui")
    levee = Contrainte("contrainte", "27", "Logement", "ft-v4", "cloturee", "faible")
    suivie = histoire()
    suivie.accepte(RealiserDiagnostic(PARCOURS, {}, (contrainte, situation)))

    suivie.accepte(RealiserDiagnostic(PARCOURS, {}, (levee,)))

    assert suivie.dossier.contraintes == (levee, situation)
