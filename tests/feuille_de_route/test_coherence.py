"""Invariant 6: whatever arrives first, the view never mixes two orientations, and it always ends the same."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.feuille_de_route.domain.recu import Recu
from services.feuille_de_route.store.dossiers import canonique
from tests.feuille_de_route.fabrique import Recit, action, decision, designation, oriente, prescription, vue_de
from tests.feuille_de_route.histoires import Vie, entrelacements, vies

SUIVANTE, AVANT = date(2026, 6, 1), date(2026, 1, 5)
ATTENDUS = {
    "prescription.mise-a-l-etude": "prevue",
    "prescription.acceptee": "en-cours",
    "participation.commencee": "en-cours",
    "participation.terminee": "realisee",
    "prescription.expiree": "en-pause",
}


def contradictions(vue: dict[str, Any], recus: list[Recu]) -> list[str]:
    """What a reader would find absurd in the view, from what has arrived so far; looked for in the raw events."""
    decidees = [recu for recu in recus if recu.type == "orientation.decidee"]
    ouverte, referent, contrat = vue.get("orientation"), vue.get("referent"), vue.get("contrat")
    rang = ouverte["rang"] if ouverte else None
    decidee = next((recu.id for recu in decidees if recu.donnees["rang"] == rang), None)
    trouvees = [f"passée ouverte {o['rang']}" for o in vue["orientations_passees"] if o["etat"] != "close"]
    trouvees += ["orientation dépassée"] if ouverte and rang != max(r.donnees["rang"] for r in decidees) else []
    if referent:
        agent = referent["referent"]["identifiant_agent"]
        designe = max(recu.id for recu in recus if agent in str(recu.donnees) and recu.brique == "referents")
        trouvees += ["référent sans orientation"] if ouverte is None else []
        trouvees += ["référent d'ailleurs"] if ouverte and referent["structure"] != ouverte["structure"] else []
        trouvees += ["référent d'avant"] if decidee and designe < decidee else []
    if contrat and contrat["etat"] in ("signe", "refuse"):
        repondus = [recu.id for recu in recus if recu.type in ("contrat.signe", "contrat.refuse")]
        transferes = [recu.id for recu in recus if recu.type == "parcours.transfere"]
        trouvees += ["contrat d'avant"] if decidee and max(repondus) < decidee else []
        trouvees += ["contrat d'un autre département"] if transferes and max(repondus) < max(transferes) else []
    attend = {due["nature"] for due in vue["echeances"]}
    trouvees += (
        ["signature attendue et faite"] if contrat and contrat["etat"] == "signe" and "signature" in attend else []
    )
    trouvees += ["échéances en désordre"] if vue["echeances"] != sorted(vue["echeances"], key=_ordre) else []
    return trouvees


def _ordre(due: dict[str, Any]) -> tuple[Any, str]:
    return (due["date_echeance"], due["nature"])


@settings(max_examples=80, deadline=None)
@given(st.data(), vies())
def test_any_interleaving_of_the_briques_gives_the_same_view_to_the_byte(donnees: st.DataObject, vie: Vie) -> None:
    arrives = donnees.draw(entrelacements(vie.recit.recus))

    assert canonique(vue_de(arrives)) == canonique(vie.recit.vue())


@settings(max_examples=100, deadline=None)
@given(st.data(), vies())
def test_no_view_on_the_way_mixes_two_orientations(donnees: st.DataObject, vie: Vie) -> None:
    arrives = donnees.draw(entrelacements(vie.recit.recus))

    for nombre in range(1, len(arrives) + 1):
        connus = arrives[:nombre]
        assert contradictions(vue_de(connus), connus) == []


@settings(max_examples=80, deadline=None)
@given(vies())
def test_once_every_brique_has_heard_of_everything_the_view_says_what_they_say(vie: Vie) -> None:
    vue = vie.recit.vue()

    referent = vue["referent"]["referent"]["identifiant_agent"] if "referent" in vue else None
    assert referent == (vie.referent if vie.orientation.chez else None)
    assert vue.get("contrat", {}).get("etat") == vie.contrat
    assert ("orientation" in vue) == (vie.orientation.chez is not None)


def test_a_new_decision_alone_ends_the_referent_and_the_signature() -> None:
    recit = oriente()
    recit.dit("orientation.decidee", decision(2, debut=SUIVANTE, chez="ML-LILLE"))

    vue = recit.vue()

    assert (vue["orientation"]["rang"], vue["orientation"]["structure"]["valeur"]) == (2, "ML-LILLE")
    assert "referent" not in vue
    assert [ancien["etat"] for ancien in vue["anciens_referents"]] == ["termine"]
    assert (vue["contrat"]["etat"], vue["contrat"]["cause"]) == ("a-signer", "reorientation")
    assert "date_signature" not in vue["contrat"]


def test_a_new_decision_for_the_same_structure_does_so_too() -> None:
    recit = oriente()
    recit.dit("orientation.decidee", decision(2, debut=SUIVANTE, parcours_type="emploi"))

    vue = recit.vue()

    assert "referent" not in vue
    assert vue["contrat"]["etat"] == "a-signer"


def test_the_referent_of_a_decision_that_has_not_arrived_is_not_shown_yet() -> None:
    recit = oriente()
    nouvelle = recit.dit("orientation.decidee", decision(2, debut=SUIVANTE, chez="ML-LILLE"))
    recit.dit("referent.termine", {"date_fin": "2026-05-31", "motif": "Nouvelle décision d'orientation."})
    recit.dit("referent.designe", designation("AG-2", "ML-LILLE"))

    avant = vue_de(recu for recu in recit.recus if recu is not nouvelle)
    apres = recit.vue()

    assert "referent" not in avant
    assert [ancien["referent"]["identifiant_agent"] for ancien in avant["anciens_referents"]] == ["AG-1"]
    assert apres["referent"]["referent"]["identifiant_agent"] == "AG-2"


def test_a_replaced_referent_hands_over_what_he_was() -> None:
    recit = oriente()
    recit.dit("referent.remplace", {"date_fin": "2026-05-31", "motif": "Départ.", "nouveau": designation("AG-2")})

    vue = recit.vue()

    assert (vue["referent"]["referent"]["identifiant_agent"], vue["referent"]["etat"]) == ("AG-2", "actif")
    assert (vue["anciens_referents"][0]["etat"], str(vue["anciens_referents"][0]["date_fin"])) == (
        "termine",
        "2026-05-31",
    )


def test_a_decision_about_the_past_changes_nothing_of_what_is_open() -> None:
    recit = oriente()
    recit.dit("orientation.decidee", decision(2, debut=AVANT, date_fin="2026-03-01"))

    vue = recit.vue()

    assert vue["orientation"]["rang"] == 1
    assert [passee["rang"] for passee in vue["orientations_passees"]] == [2]
    assert vue["contrat"]["etat"] == "signe"


def test_the_end_of_the_parcours_ends_what_was_open_at_once() -> None:
    recit = oriente()
    recit.dit("parcours.clos", {"date_fin": "2026-06-30", "motif": "Emploi durable."})

    vue = recit.vue()

    assert (vue["etat"], vue["echeances"]) == ("close", [])
    assert "orientation" not in vue
    assert "referent" not in vue
    assert [(str(o["date_fin"]), o["motif_fin"]) for o in vue["orientations_passees"]] == [
        ("2026-06-30", "Emploi durable.")
    ]


def test_a_suspended_contract_is_found_again_as_it_was() -> None:
    recit = oriente()
    recit.dit("contrat.suspendu", {"contrat_id": "ce-1", "date": "2026-05-01", "motif": "Plus inscrit."})
    suspendu = recit.vue()["contrat"]["etat"]
    recit.dit("contrat.repris", {"contrat_id": "ce-1", "date": "2026-06-01", "motif": "De nouveau inscrit."})

    assert (suspendu, recit.vue()["contrat"]["etat"]) == ("suspendu", "signe")


@pytest.mark.parametrize(("type_", "attendu"), ATTENDUS.items())
def test_an_action_follows_its_prescription(type_: str, attendu: str) -> None:
    recit = Recit()
    recit.dit("objectif.ajoute", {"objectif_id": "obj-1", "theme": "mobilite", "libelle": "x", "statut": "en-cours"})
    recit.dit("action.ajoutee", action(statut="prevue"))
    recit.dit("prescription.emise", prescription(action_id="act-1"))
    recit.dit(type_, {"prescription_id": "p-1", "date": "2026-05-01", "issue": "accomplie"})

    [montree] = recit.vue()["objectifs"][0]["actions"]

    assert (montree["statut"], montree["prescription_id"]) == (attendu, "p-1")


def test_what_was_said_done_stays_done_whatever_becomes_of_the_prescription() -> None:
    recit = Recit()
    recit.dit("objectif.ajoute", {"objectif_id": "obj-1", "theme": "mobilite", "libelle": "x", "statut": "en-cours"})
    recit.dit("action.ajoutee", action())
    recit.dit("prescription.emise", prescription(action_id="act-1"))
    recit.dit("action.realisee", action(statut="realisee"))
    recit.dit("prescription.expiree", {"prescription_id": "p-1", "date": "2026-05-01", "raison": "Sans réponse."})

    [montree] = recit.vue()["objectifs"][0]["actions"]

    assert montree["statut"] == "realisee"
