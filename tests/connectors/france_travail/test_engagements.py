"""Contract, sanctions, diagnostic and civil status, both ways."""

from __future__ import annotations

from typing import Any

import pytest

from relais_contrats.codes.diagnostic import REFERENTIEL
from relais_contrats.correspondances import FT, Correspondance, correspondance
from relais_contrats.v1.engagements import ContratPropose, ContratRefuse, ContratSigne, SanctionDecidee, SanctionLevee
from tests.connectors.france_travail.place import ADA, SECRET, Hub, Place

pytestmark = pytest.mark.anyio
CONTRACT, SANCTIONS = "/contrat-engagement/v1", "/gestion-sanctions-rsa/v1"
NOTIONS = (
    "contrat_statut",
    "nature_manquement",
    "rang_manquement",
    "type_sanction",
    "modalite_sanction",
    "evenement_sanction",
    "contrainte_valeur",
    "contrainte_impact",
)
WAITING = {"contrat_id": "obj_c", "etat": "a-signer", "date_debut": "2026-12-01", "date_fin": "2027-05-31"}
PROPOSED = {
    "sanction_id": "obj_s",
    "nature": "n65",
    "rang": "r1",
    "type": "susp-rsa",
    "modalite": "pourcentage",
    "montant": 50,
    "duree_mois": 2,
    "etat": "proposee",
    "date_proposition": "2026-11-20",
    "date_limite_instruction": "2026-12-05",
    "est_hors_delai": False,
}
SAID = {"duree_mois": 6, "engagement_usager": "Suivre l'atelier", "engagement_organisme": "Recevoir chaque mois"}


def view(**parts: Any) -> dict[str, Any]:
    return {"parcours": ADA, "departement": "59", **parts}


@pytest.mark.parametrize("table", [correspondance(FT, notion) for notion in NOTIONS], ids=NOTIONS)
def test_each_code_comes_back_as_it_went(table: Correspondance) -> None:
    assert {table.de_nous(table.vers_nous(theirs)) for theirs in table.paires} == set(table.paires)


async def test_the_contract_that_waits_is_signed_or_refused_on_the_day_there(place: Place, hub: Hub) -> None:
    hub.views["contrat"] = view(en_attente=WAITING)
    read = await place.get(f"{CONTRACT}/lecture")
    signed = await place.send(f"{CONTRACT}/signer", {"dateSignature": "2026-11-30T23:30:00.000Z"}, "PATCH")
    refused = await place.send(f"{CONTRACT}/refuser", {"dateRefus": "2026-12-02"}, "PATCH")

    assert read.json() == {
        "statut": "A signer",
        "dateDebut": "2026-12-01",
        "dateFin": "2027-05-31",
        "dateSignature": None,
        "dateRefus": None,
    }
    assert (signed.status_code, refused.status_code) == (200, 200)
    [(_, first), (_, second)] = hub.told()
    assert first == {"contrat_id": "obj_c", "date_signature": "2026-12-01", "signataires": ["usager"]}
    assert second == {"contrat_id": "obj_c", "date_refus": "2026-12-02"}
    ContratSigne.model_validate(first)
    ContratRefuse.model_validate(second)


async def test_who_signs_or_refuses_twice_deposits_once(place: Place, hub: Hub) -> None:
    hub.views["contrat"] = view(en_vigueur=WAITING | {"etat": "signe", "date_signature": "2026-12-01"})
    signed = [await place.send(f"{CONTRACT}/signer", {"dateSignature": "2026-12-01"}, m) for m in ("POST", "PATCH")]
    other = await place.send(f"{CONTRACT}/signer", {"dateSignature": "2026-12-03"}, "PATCH")
    hub.views["contrat"] = view(en_attente=WAITING | {"etat": "refuse", "date_refus": "2026-12-02"})
    refused = await place.send(f"{CONTRACT}/refuser", {"dateRefus": "2026-12-02"}, "PATCH")

    assert [one.json()["statut"] for one in (*signed, refused)] == ["Signé", "Signé", "Refusé"]
    assert other.json()["codeErreur"] == "CONTRAT_ABSENT"
    assert hub.told() == []


async def test_a_contract_is_created_signed_when_the_mandate_says_what_it_holds(
    place: Place, hub: Hub, tmp_path: Any
) -> None:
    hub.views["contrat"] = view()
    read, without = (
        await place.get(f"{CONTRACT}/lecture"),
        await place.send(f"{CONTRACT}/signer", {"dateSignature": "2026-12-01"}),
    )
    configured = await Place(tmp_path / "cd-59-ft2", hub, contrat=SAID).opened()
    await configured.send(f"{CONTRACT}/signer", {"dateSignature": "2026-12-01"})

    assert (read.status_code, without.json()["codeErreur"]) == (204, "CONTRAT_ABSENT")
    [(fait, data)] = hub.told()
    ContratPropose.model_validate(data)
    assert (fait, data["engagements_usager"][0]["libelle"]) == ("contrat.propose", "Suivre l'atelier")


@pytest.mark.parametrize("content", [{}, {"dateSignature": "hier"}, {"dateSignature": 3}])
async def test_a_signature_that_cannot_be_read_names_its_field(place: Place, hub: Hub, content: dict[str, Any]) -> None:
    answer = await place.send(f"{CONTRACT}/signer", content)

    assert (answer.status_code, "dateSignature" in answer.json()["message"]) == (400, True)


def step(kind: str, **validated: Any) -> dict[str, Any]:
    what = {"typeEvenement": kind, "dateEvenement": "2026-12-01"}
    return {"identifiantConsequenceSanction": "obj_s", "evenement": what, **validated}


async def test_a_proposed_sanction_is_read_instructed_and_decided(place: Place, hub: Hub) -> None:
    hub.views["contrat"] = view(sanctions=[PROPOSED])
    read = await place.get(f"{SANCTIONS}/detailManquement", identifiantSanction="obj_s")
    begun = await place.send(f"{SANCTIONS}/evenementSanctionRSA", step("SAISIE_SANCTION"))
    changed = step("VALID_SANCTION", modaliteDecisionValidee="M", montantValide=200, dureeValidee=1)
    decided = await place.send(f"{SANCTIONS}/evenementSanctionRSA", changed)

    told = read.json()
    assert (
        told["typeConsequenceSanction"],
        told["modaliteProposee"],
        told["montantPropose"],
        told["dureeProposee"],
    ) == (
        "SUSP_RSA",
        "P",
        50,
        2,
    )
    assert [one.json() for one in (begun, decided)] == [{"codeSortie": "C001"}] * 2
    [(fait, data)] = hub.told()
    SanctionDecidee.model_validate(data)
    assert (fait, data["modalite"], data["montant"], data["duree_mois"], data["date_notification"]) == (
        "sanction.decidee",
        "montant",
        200,
        1,
        "2026-12-01",
    )


async def test_a_proposal_that_is_not_instructed_is_taken_as_it_is(place: Place, hub: Hub) -> None:
    hub.views["contrat"] = view(sanctions=[PROPOSED])
    await place.send(f"{SANCTIONS}/evenementSanctionRSA", step("REFUS_SAISIE_SANCTION"))

    [(_, data)] = hub.told()
    kept = ("sanction_id", "nature", "rang", "type", "modalite", "montant", "duree_mois")
    assert data == {name: PROPOSED[name] for name in kept} | {"date_notification": "2026-12-01"}


async def test_a_sanction_is_lifted_once(place: Place, hub: Hub) -> None:
    hub.views["contrat"] = view(sanctions=[PROPOSED | {"etat": "decidee"}])
    await place.send(f"{SANCTIONS}/evenementSanctionRSA", step("VALID_LEVEE_SUSP"))
    hub.views["contrat"] = view(sanctions=[PROPOSED | {"etat": "levee", "date_levee": "2026-12-01"}])
    await place.send(f"{SANCTIONS}/evenementSanctionRSA", step("ANNULATION_SANCTION"))

    [(fait, data)] = hub.told()
    SanctionLevee.model_validate(data)
    assert (fait, data["date_effet"]) == ("sanction.levee", "2026-12-01")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (step("REFUS_SANCTION"), "EVENEMENT_SANS_EQUIVALENT"),
        (step("REFUS_LEVEE_SUSP"), "EVENEMENT_SANS_EQUIVALENT"),
        (step("X"), "R997"),
        (step("VALID_SANCTION", dureeValidee=9), "R997"),
        (step("VALID_SANCTION") | {"identifiantConsequenceSanction": "autre"}, "ID_NON_RECONNU"),
        (step("VALID_SANCTION") | {"identifiantConsequenceSanction": ""}, "R997"),
    ],
)
async def test_what_the_hub_has_no_fact_for_is_refused_by_name(
    place: Place, hub: Hub, content: dict[str, Any], code: str
) -> None:
    hub.views["contrat"] = view(sanctions=[PROPOSED])
    answer = await place.send(f"{SANCTIONS}/evenementSanctionRSA", content)

    assert (answer.status_code, answer.json()["codeErreur"]) == (400, code)
    assert hub.told() == []


async def test_a_decision_of_the_departement_is_deposited_once(place: Place, hub: Hub) -> None:
    content = {
        "dateNotificationDecisionSanction": "2026-12-01",
        "natureManquement": "N65",
        "rangManquement": "R2",
        "typeSanctionValide": "SUSP_RSA",
        "modaliteDecisionValidee": "P",
        "montantValide": 50,
        "dureeValidee": 4,
    }
    hub.views["contrat"] = view()
    first = await place.send(f"{SANCTIONS}/decisionSanctionRSAPartenaire", content)
    [(_, data)] = hub.told()
    second = await place.send(f"{SANCTIONS}/decisionSanctionRSAPartenaire", content)

    SanctionDecidee.model_validate(data)
    assert first.json() == second.json()
    assert len(hub.taken) == 1


async def test_the_diagnostic_is_under_the_constraint_that_it_is_of_27_is_the_lodging(place: Place, hub: Hub) -> None:
    def element(niveau: str, code: str, libelle: str, valeur: str, **more: Any) -> dict[str, Any]:
        return {"niveau": niveau, "code": code, "libelle": libelle, "referentiel": "ft-v4", "valeur": valeur, **more}

    hub.views["diagnostic"] = {
        "contraintes_diagnostic": [
            element("contrainte", "27", "Logement", "oui", impact="fort"),
            element("situation", "27", "Doit quitter son logement", "oui"),
            element("objectif", "1", "Équipement", "en-cours"),
            element("objectif", "1", "Prise en charge d'une personne dépendante", "realise"),
            element("situation", "999", "Inconnue", "oui"),
        ]
    }
    told = (await place.get("/diagnosticargumente/v4/diagnostics")).json()["thematiqueContrainte"]["contraintes"]
    dossier = await place.get("/diagnosticargumente/v4/dossiers")
    refused = await place.send("/diagnosticargumente/v4/diagnostics", {"codeRome": "K1304"})

    assert [(one["code"], one["libelle"], one["valeur"], one["impact"]) for one in told] == [
        ("22", "Numérique", None, None),
        ("24", "Famille", None, None),
        ("27", "Logement", "OUI", "FORT"),
    ]
    assert told[2]["situations"] == [{"code": "27", "libelle": "Doit quitter son logement", "valeur": "OUI"}]
    assert [one["objectifs"][0]["valeur"] for one in told[:2]] == ["EN_COURS", "REALISE"]
    assert dossier.status_code == 200
    assert refused.json()["codeErreur"] == "DIAGNOSTIC_METIER_NON_TENU"


async def test_every_element_of_the_reference_is_found_again(place: Place, hub: Hub) -> None:
    of = {"contrainte": "oui", "situation": "oui", "objectif": "en-cours"}
    elements = [
        {"niveau": str(e.niveau), "code": e.code, "libelle": e.libelle, "referentiel": "ft-v4", "valeur": of[e.niveau]}
        for e in REFERENTIEL
    ]
    hub.views["diagnostic"] = {"contraintes_diagnostic": elements}
    told = (await place.get("/diagnosticargumente/v4/diagnostics")).json()["thematiqueContrainte"]["contraintes"]

    assert len(told) + sum(len(one["situations"]) + len(one["objectifs"]) for one in told) == len(REFERENTIEL)


async def test_civil_status_and_contacts_are_those_that_the_partner_sees(place: Place, hub: Hub) -> None:
    hub.views["fiche"] = {
        "identite": {"nom_naissance": "FICTIVE", "nom_usage": "ÉTÉ", "prenoms": "Zoé", "date_naissance": "1985-02-01"},
        "identifiants": [{"type": "nir", "valeur": "2850259350011"}, {"type": "local", "valeur": "A7"}],
        "coordonnees": {"courriel": "zoe@exemple.fr", "adresse": {"code_commune": "59350", "code_postal": "59000"}},
    }
    told = (await place.get("/informations-administratives/v1/usager")).json()
    hub.views["fiche"] = {"parcours": ADA, "etat": "actif"}
    nothing = (await place.get("/informations-administratives/v1/usager")).json()

    assert (told["numeroFranceTravail"], told["etatCivil"]["nir"], told["etatCivil"]["nomCorrespondance"]) == (
        None,
        "2850259350011",
        "ÉTÉ",
    )
    assert (told["emails"], told["telephones"]) == ([{"adresseEmail": "zoe@exemple.fr"}], [])
    assert told["adresses"][0]["codeInseeCommune"] == "59350"
    assert set(nothing["etatCivil"].values()) == {None}
    assert SECRET not in str(told)
