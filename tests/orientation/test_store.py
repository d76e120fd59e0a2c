"""The service on the real PostgreSQL, through the real engine: what is written, found again, cut, moved and erased."""

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import asyncpg
import pytest

from relais_contrats.v1.orientation import OrientationDecidee
from services.dossiers.vie import DossierOuvert, DossierTransfere
from services.orientation.app import SERVICE
from services.orientation.domain.regles_par_defaut import PAR_DEFAUT
from tests.engines import Bench
from tests.orientation.conftest import Essai
from tests.orientation.dits import ParcoursOuvert, ParcoursTransfere, RealiserDiagnostic
from tests.orientation.fabrique import (
    CD,
    COMPLETS,
    ECHEANCE,
    FT,
    PARCOURS,
    RECEPTION,
    a,
    decidee_json,
    depot,
    echeance,
    evenement,
    reorientation_json,
)

pytestmark = pytest.mark.anyio

LENDEMAIN = ECHEANCE + timedelta(days=1)
DEBUT, APRES = date(2026, 3, 16), date(2026, 6, 1)


def types(faits: Any) -> list[str]:
    return [fait.type for fait in faits]


async def test_a_right_signalled_starts_the_six_weeks(essai: Essai) -> None:
    await essai.ouvrir(droit=True)

    lue = await essai.lire("orientations", parcours=str(PARCOURS))

    assert lue["etat"] == "en-attente"
    assert lue["demande"]["date_echeance"] == ECHEANCE
    assert await essai.compte("echeances") == 1


async def test_a_deposit_without_dossier_waits(essai: Essai) -> None:
    [reponse] = await essai.decider(depot("orientation.decidee", decidee_json()))

    assert reponse.etat == "attente"


async def test_a_deposit_waits_for_its_dossier_in_the_same_batch(essai: Essai) -> None:
    ouverture = evenement("usager.signale", {"brsa": True})

    reponses = await essai.decider(ouverture, depot("orientation.decidee", decidee_json()))

    assert [reponse.etat for reponse in reponses] == ["accepte", "accepte"]


async def test_a_decision_is_told_as_it_was_deposited(essai: Essai) -> None:
    await essai.ouvrir()

    [fait] = await essai.accepte(depot("orientation.decidee", decidee_json()))

    assert fait.source == CD.partenaire
    assert fait.donnees == decidee_json()
    assert OrientationDecidee.model_validate(fait.donnees).rang == 1


async def test_a_batch_cuts_the_first_orientation_and_opens_the_second(essai: Essai) -> None:
    await essai.ouvrir()
    seconde = decidee_json(2, APRES, date_decision=APRES.isoformat())
    await essai.decider(
        depot("orientation.decidee", decidee_json(1, DEBUT)), depot("orientation.decidee", seconde, recu_a=a(APRES))
    )

    lue = await essai.lire("orientations", parcours=str(PARCOURS))

    assert [(o["rang"], o["etat"], o["date_fin"]) for o in lue["orientations"]] == [
        (1, "close", APRES - timedelta(days=1)),
        (2, "ouverte", None),
    ]
    assert lue["ouverte"]["rang"] == 2


async def test_an_accepted_reorientation_is_one_transaction(essai: Essai) -> None:
    await essai.ouvrir()
    await essai.accepte(depot("orientation.decidee", decidee_json(1, DEBUT)))
    await essai.accepte(depot("reorientation.demandee", reorientation_json()))
    nouvelle = decidee_json(2, APRES, date_decision=APRES.isoformat())
    del nouvelle["decision"]

    faits = await essai.accepte(
        depot("reorientation.decidee", {"decision": "acceptee", "nouvelle_decision": nouvelle}, recu_a=a(APRES))
    )

    assert types(faits) == ["reorientation.decidee", "orientation.decidee"]
    assert [fait.source for fait in faits] == [CD.partenaire, "/services/orientation"]


async def test_a_stale_version_is_refused(essai: Essai) -> None:
    await essai.ouvrir(droit=True)
    await essai.accepte(depot("orientation.decidee", decidee_json(1, DEBUT)))

    code = await essai.refuse(depot("orientation.notifiee", {"date_notification": RECEPTION.isoformat()}, attendue=1))

    assert code == "version-perimee"


async def test_the_takeover_happens_once_and_frees_the_clock(essai: Essai) -> None:
    await essai.ouvrir(droit=True)
    due = echeance("delai-1", a(LENDEMAIN, 0))
    essai.maintenant = due.recu_a

    faits = await essai.accepte(due)
    encore = await essai.accepte(due)

    assert types(faits) == types(encore) == ["orientation.dessaisie"]
    assert faits[0].donnees == {"date_reception": "2026-03-02", "date_echeance": "2026-04-13"}
    assert await essai.compte("faits") == 2
    assert await essai.compte("echeances") == 0


async def test_a_due_date_without_object_leaves_no_trace(essai: Essai) -> None:
    await essai.ouvrir(droit=True)
    await essai.accepte(depot("orientation.decidee", decidee_json()))
    due = echeance("delai-1", a(LENDEMAIN, 0))
    essai.maintenant = due.recu_a

    [reponse] = await essai.decider(due)

    assert reponse.etat == "attente"


async def test_the_departement_is_late_and_france_travail_decides(essai: Essai) -> None:
    await essai.ouvrir(droit=True)
    essai.maintenant = a(LENDEMAIN, 9)

    code = await essai.refuse(depot("orientation.decidee", decidee_json(), recu_a=a(LENDEMAIN, 8)))
    faits = await essai.accepte(depot("orientation.decidee", decidee_json(), par=FT, recu_a=a(LENDEMAIN, 9)))

    assert code == "delai-depasse"
    assert types(faits) == ["orientation.dessaisie", "orientation.decidee"]


async def test_a_diagnostic_is_kept_and_recommends(essai: Essai) -> None:
    await essai.ouvrir()
    contrainte = {
        "niveau": "contrainte", "code": "27", "libelle": "Logement", "referentiel": "ft-v4", "valeur": "oui",
        "impact": "fort",
    }  # fmt: skip
    faits = await essai.accepte(
        depot("diagnostic.realise", {"criteres": COMPLETS, "contraintes_diagnostic": [contrainte]})
    )

    lue = await essai.lire("diagnostic", parcours=str(PARCOURS))

    assert types(faits) == ["diagnostic.realise", "orientation.preconisee"]
    assert faits[1].source == "/services/orientation"
    assert (lue["criteres"], lue["contraintes_diagnostic"]) == (COMPLETS, [contrainte])


async def test_a_recommendation_and_a_pending_reorientation_are_found_again(essai: Essai) -> None:
    await essai.ouvrir()
    await essai.accepte(depot("diagnostic.realise", {"criteres": COMPLETS}))
    await essai.accepte(depot("orientation.decidee", decidee_json()))
    await essai.accepte(depot("reorientation.demandee", reorientation_json()))

    lue = await essai.lire("orientations", parcours=str(PARCOURS))

    assert lue["preconisation"]["organisme"] == "france-travail"
    assert lue["reorientation"]["demandeur"] == {"partenaire": CD.partenaire, "role": CD.role}
    assert await essai.refuse(depot("reorientation.demandee", reorientation_json())) == "deja-traite"


async def test_a_dossier_opened_by_the_batch_follows_the_rules_of_its_departement(essai: Essai) -> None:
    ouverture = ParcoursOuvert(PARCOURS, "59")
    diagnostic = RealiserDiagnostic(PARCOURS, COMPLETS, ())
    async with essai.pool.acquire() as conn, conn.transaction():
        dossiers = await SERVICE.brique.charger(conn, [ouverture, diagnostic])
    dossiers.appliquer(DossierOuvert(PARCOURS, "59"))

    situation = dossiers.de(diagnostic)

    assert situation.contexte.regles == PAR_DEFAUT


async def test_a_dossier_that_the_batch_transfers_follows_the_rules_of_its_new_departement(essai: Essai) -> None:
    await essai.ouvrir()
    transfert = replace(ParcoursTransfere(PARCOURS, "62", APRES), departement="59")
    diagnostic = RealiserDiagnostic(PARCOURS, COMPLETS, ())
    async with essai.pool.acquire() as conn, conn.transaction():
        dossiers = await SERVICE.brique.charger(conn, [transfert, diagnostic])
    dossiers.appliquer(DossierTransfere(PARCOURS, "62"))

    situation = dossiers.de(diagnostic)

    assert situation.contexte.regles == PAR_DEFAUT


async def regler(essai: Essai, nature: str, contenu: list[Any], *, version: int = 0) -> int | None:
    demande = {"departement": "59", "nature": nature, "version": version, "contenu": contenu}
    signe = {"motif": "Délibération.", "agent": "batch", "source": "/partenaires/cd-59"}
    async with essai.pool.acquire() as conn, conn.transaction():
        change: dict[str, int | None] = await SERVICE.reglages["changer"](conn, demande | signe)
    return change["version"]


REGLE = {
    "critere": "projet_pro",
    "valeur": "salariat",
    "priorite": 1,
    "parcours_type": "emploi",
    "organisme": "mission-locale",
    "explication": "Règle locale.",
}


async def test_a_departement_changes_its_rules_and_may_go_back_to_the_default_ones(essai: Essai) -> None:
    await essai.ouvrir()
    await regler(essai, "regles", [REGLE])

    faits = await essai.accepte(depot("diagnostic.realise", {"criteres": COMPLETS}))
    lue = await essai.lire("regles", departement="59")
    await regler(essai, "regles", [], version=1)
    rendue = await essai.lire("regles", departement="59")

    assert faits[1].donnees["organisme"] == "mission-locale"
    assert (lue["origine"], lue["version"], len(lue["table"])) == ("departement", 1, 1)
    assert (rendue["origine"], rendue["version"], len(rendue["table"])) == ("defaut", 2, len(PAR_DEFAUT))
    assert [une["version"] for une in rendue["versions"]] == [2, 1]


async def test_two_changes_of_one_version_are_one(essai: Essai) -> None:
    changes = await asyncio.gather(
        *(regler(essai, "delegations", [nature]) for nature in ("cap-emploi", "france-travail"))
    )

    lue = await essai.lire("delegations", departement="59")

    assert sorted(changes, key=str) == [1, None]
    assert (lue["version"], len(lue["delegations"])) == (1, 1)


async def test_a_delegation_lets_france_travail_decide(essai: Essai) -> None:
    await essai.ouvrir(droit=True)
    await regler(essai, "delegations", ["france-travail"])

    faits = await essai.accepte(depot("orientation.decidee", decidee_json(), par=FT))

    assert types(faits) == ["orientation.decidee"]


async def test_the_database_refuses_two_orientations_at_one_date(essai: Essai) -> None:
    await essai.ouvrir()
    await essai.accepte(depot("orientation.decidee", decidee_json(1, DEBUT)))

    with pytest.raises(asyncpg.ExclusionViolationError):
        await essai.pool.execute("INSERT INTO periodes SELECT parcours, 2, $1, $1 FROM periodes", APRES)


async def test_a_replayed_deposit_gets_its_first_answer(essai: Essai) -> None:
    await essai.ouvrir()
    entree = depot("orientation.decidee", decidee_json())
    premiers = await essai.accepte(entree)

    seconds = await essai.accepte(entree)

    assert [fait.id for fait in seconds] == [fait.id for fait in premiers]


async def test_a_hostile_date_is_refused_and_not_a_crash(essai: Essai) -> None:
    await essai.ouvrir()

    code = await essai.refuse(depot("orientation.demandee", {"date_reception": "2099-12-31"}))

    assert code == "dates-incoherentes"


async def test_of_two_replicas_that_decide_the_same_rank_one_is_refused(essai: Essai, banc: Bench) -> None:
    await essai.ouvrir()
    autre = Essai(await banc.pool("orientation"))

    reponses = await asyncio.gather(
        essai.decider(depot("orientation.decidee", decidee_json())),
        autre.decider(depot("orientation.decidee", decidee_json())),
    )

    assert sorted(reponse.etat for [reponse] in reponses) == ["accepte", "refuse"]


async def test_two_replicas_may_open_the_same_dossier(essai: Essai, banc: Bench) -> None:
    autre = Essai(await banc.pool("orientation"))

    reponses = await asyncio.gather(
        essai.decider(evenement("usager.signale", {"brsa": True, "date_reception_droit": "2026-03-02"})),
        autre.decider(evenement("usager.signale", {"brsa": True, "date_reception_droit": "2026-03-02"})),
    )

    assert [reponse.etat for [reponse] in reponses] == ["accepte", "accepte"]
    assert await essai.compte("delais") == 1
