"""What a partner sees of the view: every field has its group, what touches on health needs `sante:lire`."""

from datetime import date
from typing import Any

import orjson
import pytest

from relais_contrats.champs import plan_du_modele, projeter_vue, referencer_vue
from relais_contrats.groupes import PROTEGES, Groupe
from relais_contrats.matrice import Role, groupes_de_la_matrice
from relais_contrats.v1.vues_feuille import VueEcheanceFeuille, VueFeuilleDeRoute
from tests.feuille_de_route.fabrique import (
    PARCOURS,
    Json,
    action,
    contrat,
    decision,
    objectif,
    oriente,
    prescription,
    rendez_vous,
    structure,
)

TOUT = frozenset(Groupe)
SANS_SANTE = TOUT - {Groupe.SANTE}
SECRETS = (
    "Suivre un traitement",
    "Voir le médecin",
    "exemple--addictologie",
    "CSAPA-12",
    "Soins le mardi",
    "p-sante",
    "hospitalisé",
)


def complete() -> Json:
    """A view in which everything is said, and something of each kind touches on health."""
    recit = oriente()
    soin = {"id": "u2", "theme": "sante", "libelle": "Soins le mardi", "echeance": "2026-07-01"}
    recit.dit("rdv.planifie", rendez_vous(date(2026, 4, 2)))
    recit.dit("contrat.propose", contrat("ce-2", engagements_usager=[soin], dispense_heures={"motif": "sante"}))
    recit.dit("contrat.signe", {"contrat_id": "ce-2", "date_signature": "2026-04-01", "signataires": ["usager"]})
    recit.dit("objectif.ajoute", objectif("o1"))
    recit.dit("objectif.ajoute", objectif("o2", theme="sante") | {"libelle": "Suivre un traitement"})
    recit.dit("action.ajoutee", action("a1", "o1", prescription_id="p-1", echeance="2026-05-31"))
    soigner = {"libelle": "Voir le médecin", "prescription_id": "p-sante", "echeance": "2026-06-30"}
    recit.dit("action.ajoutee", action("a2", "o2", **soigner))
    recit.dit("prescription.emise", prescription("p-1", structure=structure("AUTO-ECOLE")))
    chez = {"service_id": "exemple--addictologie", "structure": structure("CSAPA-12")}
    recit.dit("prescription.emise", prescription("p-sante", action_id="a2", **chez))
    recit.dit("observation.ajoutee", {"texte": "A été hospitalisé en mai.", "sensibilite": "sante"})
    recit.dit("observation.ajoutee", {"texte": "Très motivé.", "sensibilite": "courante"})
    recit.dit("orientation.demandee", {"date_reception": "2026-06-02"})
    recit.dit("referent.remplace", {"date_fin": "2026-05-31", "motif": "Départ.", "nouveau": _nouveau()})
    recit.dit("orientation.decidee", decision(2, debut=date(2026, 1, 5), date_fin="2026-03-01"))
    return orjson.loads(orjson.dumps(recit.vue()))  # type: ignore[no-any-return]


def _nouveau() -> Json:
    return dict(oriente().recus[3].donnees)


def visible(vue: Json, groupes: frozenset[Groupe]) -> Json:
    return projeter_vue(VueFeuilleDeRoute, vue, groupes)


def test_every_field_of_the_view_is_in_its_model_and_in_a_group() -> None:
    vue = complete()

    assert visible(vue, TOUT) == {nom: valeur for nom, valeur in vue.items() if valeur != []}


@pytest.mark.parametrize("modele", [VueFeuilleDeRoute, VueEcheanceFeuille])
def test_no_field_is_of_a_group_that_stays_in_the_vault(modele: Any) -> None:
    assert not plan_du_modele(modele).groupes() & PROTEGES


def test_without_the_scope_nothing_is_read_that_touches_on_health() -> None:
    vue = complete()

    lue = orjson.dumps(visible(vue, SANS_SANTE)).decode()

    assert [secret for secret in SECRETS if secret in lue] == []
    assert [secret for secret in SECRETS if secret not in orjson.dumps(vue).decode()] == []


def test_that_something_stands_there_is_not_hidden() -> None:
    lue = visible(complete(), SANS_SANTE)

    assert [(o["statut"], len(o["actions"])) for o in lue["objectifs"]] == [("en-cours", 1), ("en-cours", 1)]
    assert [p["etat"] for p in lue["prescriptions"]] == ["emise", "emise"]
    assert len(lue["observations"]) == 2


@pytest.mark.parametrize(
    ("type_organisme", "roles", "attendues"),
    [
        ("departement", {Role.TERRITOIRE}, {"orientation", "contrat", "objectifs", "observations"}),
        ("delegataire", {Role.REFERENT}, {"orientation", "contrat", "objectifs", "observations"}),
        ("association", {Role.PRESCRIPTION}, {"orientation", "objectifs"}),
        ("caf", {Role.EMETTEUR}, set()),
    ],
)
def test_each_partner_sees_its_part(type_organisme: str, roles: set[Role], attendues: set[str]) -> None:
    groupes = groupes_de_la_matrice(type_organisme, frozenset({*roles, Role.SUR_PLACE}), voit_sante=False)

    lue = visible(complete(), groupes)

    assert lue.keys() & {"orientation", "contrat", "objectifs", "observations"} == attendues
    assert {"parcours", "departement", "etat"} <= lue.keys()


@pytest.mark.parametrize(
    ("due", "groupes", "attendus"),
    [
        ({"nature": "signature"}, {Groupe.CONTRAT}, {"nature", "date_echeance"}),
        ({"nature": "signature"}, {Groupe.ORIENTATION}, set()),
        ({"nature": "decision"}, {Groupe.ORIENTATION}, {"nature", "date_echeance"}),
        ({"nature": "action", "libelle": "x", "sensibilite": "sante"}, {Groupe.ORIENTATION},
         {"nature", "date_echeance", "sensibilite"}),
        ({"nature": "engagement", "libelle": "x", "sensibilite": "sante"}, {Groupe.CONTRAT}, set()),
        ({"nature": "engagement", "libelle": "x", "sensibilite": "sante"}, {Groupe.SANTE},
         {"nature", "date_echeance", "libelle", "sensibilite"}),
    ],
)  # fmt: skip
def test_a_deadline_is_seen_by_those_who_see_what_it_is_about(
    due: Json, groupes: set[Groupe], attendus: set[str]
) -> None:
    ligne = {"parcours": str(PARCOURS), "departement": "59", "date_echeance": "2026-05-31", **due}

    lue = projeter_vue(VueEcheanceFeuille, ligne, frozenset({Groupe.COMMUN, *groupes}))

    assert lue.keys() - {"parcours", "departement"} == attendus


def test_the_parcours_is_named_by_the_partner_s_pseudonym() -> None:
    lue = referencer_vue(VueFeuilleDeRoute, complete(), lambda _: "prc_x")

    assert lue["parcours"] == "prc_x"
