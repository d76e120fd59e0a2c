"""The service on the real PostgreSQL, through the real engine: what is written and found again, by one or by two."""

import asyncio
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.engagements.app import SERVICE
from services.engagements.domain.dossier import Dossier
from services.engagements.store.dossiers import REGISTRE
from tests.engagements import dits as messages
from tests.engagements.conftest import Essai
from tests.engagements.fabrique import (
    CD,
    ECHEANCE,
    FT,
    PARCOURS,
    a,
    decidee_json,
    depot,
    echeance,
    etape_json,
    evenement,
    propose_json,
    sanction_json,
    signe_json,
)
from tests.engines import Bench

pytestmark = pytest.mark.anyio

SUSPENSION, APRES = date(2026, 7, 1), date(2026, 8, 3)


def types(faits: Any) -> list[str]:
    return [fait.type for fait in faits]


async def test_a_contract_is_proposed_and_signed_as_it_was_deposited(essai: Essai) -> None:
    await essai.accompagner()

    [propose] = await essai.accepte(depot("contrat.propose", propose_json()))
    [signe] = await essai.accepte(depot("contrat.signe", signe_json()))

    assert (propose.donnees, signe.donnees) == (propose_json(), signe_json())
    assert propose.source == CD.partenaire


async def test_siblings_are_heard_without_an_opening(essai: Essai) -> None:
    await essai.accepte(
        evenement("referent.designe", {}),
        evenement("referent.accepte", {}),
        evenement("orientation.decidee", decidee_json()),
    )
    await essai.accepte(depot("contrat.propose", propose_json()))

    [signe] = await essai.accepte(depot("contrat.signe", signe_json()))

    assert signe.type == "contrat.signe"


async def test_a_referent_that_leaves_takes_the_signature_away(essai: Essai) -> None:
    await essai.accompagner()
    await essai.accepte(
        evenement("referent.termine", {"date_fin": "2026-04-01", "motif": "Départ."}),
        depot("contrat.propose", propose_json()),
    )

    assert await essai.refuse(depot("contrat.signe", signe_json())) == "referent-obligatoire"


async def test_a_replaced_referent_leaves_its_standing(essai: Essai) -> None:
    await essai.accompagner()
    await essai.accepte(evenement("referent.remplace", {}), depot("contrat.propose", propose_json()))

    [signe] = await essai.accepte(depot("contrat.signe", signe_json()))

    assert signe.type == "contrat.signe"


async def test_a_whole_dossier_is_found_again(essai: Essai) -> None:
    await essai.engager()
    await essai.accepte(
        depot(
            "contrat.bilan", {"contrat_id": "ce-1", "date": "2026-06-01", "points": ["Code."], "heures_realisees": 7}
        ),
        depot("contrat.suspendu", etape_json(SUSPENSION), par=FT),
        evenement("diagnostic.realise", {"criteres": {"boe": True, "projet_pro": "salariat"}}),
        depot("manquement.signale", _manquement_json()),
        depot("sanction.proposee", sanction_json(date_proposition="2026-09-01"), par=FT),
        depot("sanction.decidee", sanction_json("s-2", date_notification="2026-09-10")),
    )
    avant = await _charger(essai)

    await essai.accepte(depot("contrat.repris", etape_json(APRES), par=FT))
    await essai.accepte(evenement("referent.decline", {"motif": "Portefeuille complet."}))
    apres = await _charger(essai)

    assert (len(avant.contrats), len(avant.delais), len(avant.manquements), len(avant.sanctions)) == (1, 1, 1, 2)
    assert avant.contrats[0].suspension is not None
    assert avant.criteres == {"boe": True}
    assert apres.contrats[0].suspensions[0].reprise == APRES
    assert (apres.contrats[0].bilans, apres.orientation) == (avant.contrats[0].bilans, avant.orientation)
    assert (avant.referent, apres.referent) == ("actif", None)


def _manquement_json() -> dict[str, Any]:
    return {
        "manquement_id": "m-1",
        "nature": "n65",
        "rang": "r1",
        "date_constat": "2026-08-20",
        "faits": "Trois absences non excusées.",
    }


async def _charger(essai: Essai) -> Dossier:
    async with essai.pool.acquire() as conn, conn.transaction():
        message = messages.ParcoursOuvert(PARCOURS, "59")
        situation = (await SERVICE.brique.charger(conn, [message])).de(message)
    dossier: Dossier = situation.dossier
    return dossier


async def test_a_month_without_signature_is_told_once(essai: Essai) -> None:
    await essai.accompagner()
    due = echeance("signature-1", a(ECHEANCE + timedelta(days=1), 0))
    essai.maintenant = due.recu_a

    faits = await essai.accepte(due)
    encore = await essai.accepte(due)

    assert types(faits) == types(encore) == ["engagement.retard"]
    assert faits[0].donnees == {"date_notification": "2026-03-18", "date_echeance": "2026-04-18"}
    assert await essai.compte("faits") == 2, "with the day of the re-examination"


async def test_the_clocks_follow_the_state(essai: Essai) -> None:
    await essai.accompagner()
    notifie = await _natures(essai)
    await essai.accepte(depot("contrat.propose", propose_json()), depot("contrat.signe", signe_json()))
    signe = await _natures(essai)
    await essai.accepte(depot("contrat.suspendu", etape_json(SUSPENSION), par=FT))

    suspendu = await _natures(essai)

    assert notifie == ["reexamen", "signature"]
    assert signe == ["reexamen"]
    assert suspendu == ["reexamen", "suspension"]


async def _natures(essai: Essai) -> list[str]:
    async with essai.pool.acquire() as conn:
        rows = await conn.fetch("SELECT split_part(nature, '-', 1) AS nom FROM echeances ORDER BY 1")
    return [row["nom"] for row in rows]


async def test_twelve_months_of_suspension_close_the_contract(essai: Essai) -> None:
    await essai.engager()
    await essai.accepte(depot("contrat.suspendu", etape_json(SUSPENSION), par=FT))
    due = echeance("suspension-1", a(date(2027, 7, 2), 0))
    essai.maintenant = due.recu_a

    [clos] = await essai.accepte(due)

    assert (clos.type, clos.source) == ("contrat.clos", "/services/engagements")
    assert clos.donnees["date"] == "2027-07-01"


async def test_an_instruction_that_is_over_is_known_and_not_told(essai: Essai) -> None:
    await essai.accompagner()
    await essai.accepte(depot("sanction.proposee", sanction_json(date_proposition="2026-09-01"), par=FT))
    due = echeance("instruction-1", a(date(2026, 9, 17), 0))

    faits = await essai.accepte(due)

    lue = await essai.lire("contrat", parcours=str(PARCOURS))
    assert list(faits) == []
    assert (lue["sanctions"][0]["etat"], lue["sanctions"][0]["est_hors_delai"]) == ("proposee", True)


async def test_a_renewal_in_one_batch_leaves_its_place(essai: Essai) -> None:
    """Proposed, signed and replaced at once."""
    await essai.engager()

    await essai.accepte(
        depot("contrat.propose", propose_json("ce-2")),
        depot("contrat.signe", signe_json(APRES, "ce-2")),
        depot("contrat.propose", propose_json("ce-3")),
    )

    lue = await essai.lire("contrat", parcours=str(PARCOURS))
    assert [(c["contrat_id"], c["etat"]) for c in lue["contrats"]] == [
        ("ce-1", "clos"),
        ("ce-2", "signe"),
        ("ce-3", "a-signer"),
    ]


async def test_a_reorientation_is_told_with_its_cause(essai: Essai) -> None:
    await essai.engager()

    faits = await essai.accepte(evenement("orientation.decidee", decidee_json(APRES, "emploi")))

    assert [fait.donnees for fait in faits] == [{"contrat_id": "ce-1", "cause": "reorientation"}]


async def test_a_transfer_is_told_in_the_new_departement(essai: Essai) -> None:
    await essai.engager()

    [fait] = await essai.accepte(
        evenement("parcours.transfere", {"departement_nouveau": "62", "date_effet": "2026-09-01"})
    )

    assert (fait.partition, fait.donnees["cause"]) == ("62", "transfert")


async def test_of_two_replicas_that_sign_the_same_contract_one_is_refused(essai: Essai, banc: Bench) -> None:
    await essai.accompagner()
    await essai.accepte(depot("contrat.propose", propose_json()))
    autre = Essai(await banc.pool("engagements"))

    reponses = await asyncio.gather(
        essai.decider(depot("contrat.signe", signe_json())), autre.decider(depot("contrat.signe", signe_json()))
    )

    assert sorted(reponse.etat for [reponse] in reponses) == ["accepte", "refuse"]


async def test_of_two_replicas_that_decide_the_same_sanction_one_is_refused(essai: Essai, banc: Bench) -> None:
    await essai.accompagner()
    autre, decidee = Essai(await banc.pool("engagements")), sanction_json(date_notification="2026-11-30")

    reponses = await asyncio.gather(
        *(une.decider(depot("sanction.decidee", decidee | {"montant": m})) for une, m in ((essai, 30.0), (autre, 50.0)))
    )

    assert sorted(reponse.etat for [reponse] in reponses) == ["accepte", "refuse"]
    assert len((await essai.lire("contrat", parcours=str(PARCOURS)))["sanctions"]) == 1


async def test_two_replicas_that_propose_leave_one_contract_that_waits(essai: Essai, banc: Bench) -> None:
    await essai.accompagner()
    autre = Essai(await banc.pool("engagements"))

    await asyncio.gather(
        *(une.accepte(depot("contrat.propose", propose_json(cle))) for une, cle in ((essai, "ce-1"), (autre, "ce-2")))
    )

    lue = await essai.lire("contrat", parcours=str(PARCOURS))
    assert [contrat["etat"] for contrat in lue["contrats"]] == ["clos", "a-signer"]


async def test_two_replicas_may_open_the_same_dossier_and_lose_nothing(essai: Essai, banc: Bench) -> None:
    autre = Essai(await banc.pool("engagements"))
    parcours = [UUID(int=PARCOURS.int + rang) for rang in range(20)]

    await asyncio.gather(
        *(essai.accepte(evenement("parcours.transfere", {"departement_nouveau": "59"}, id_)) for id_ in parcours),
        *(autre.accepte(evenement("orientation.decidee", decidee_json(), id_)) for id_ in parcours),
    )

    async with essai.pool.acquire() as conn:
        orientes = [(await REGISTRE.famille(conn, id_))[0].orientation for id_ in parcours]
    assert all(orientes)


async def test_a_replayed_deposit_gets_its_first_answer(essai: Essai) -> None:
    await essai.accompagner()
    entree = depot("contrat.propose", propose_json())
    premiers = await essai.accepte(entree)

    seconds = await essai.accepte(entree)

    assert [fait.id for fait in seconds] == [fait.id for fait in premiers]
