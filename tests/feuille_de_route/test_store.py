"""Through the real engine and database: deposits, events in any order, the two reads."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from uuid import UUID

import orjson
import pytest

from chassis.facts import Entree
from services.feuille_de_route.domain.recu import Recu
from services.feuille_de_route.store import lectures
from tests.engines import Bench
from tests.feuille_de_route.conftest import Essai
from tests.feuille_de_route.fabrique import (
    PARCOURS,
    Json,
    Recit,
    action,
    decision,
    depot,
    designation,
    evenement,
    evenement_neuf,
    objectif,
    oriente,
    prescription,
    reexamen,
    rendez_vous,
)
from tests.feuille_de_route.histoires import Vie

pytestmark = pytest.mark.anyio


async def test_what_is_deposited_is_told_and_read(essai: Essai) -> None:
    await essai.ouvrir()
    faits = await essai.accepte(
        depot("objectif.ajoute", objectif()),
        depot("action.ajoutee", action(echeance="2026-05-31")),
        depot("action.modifiee", action(statut="en-cours", echeance="2026-06-30")),
        depot("observation.ajoutee", {"texte": "Très motivée.", "sensibilite": "courante"}),
        depot("action.realisee", action(statut="realisee")),
        depot("objectif.clos", objectif(statut="atteint")),
    )

    lue = await essai.feuille()

    assert [fait.type for fait in faits] == [
        "objectif.ajoute",
        "action.ajoutee",
        "action.modifiee",
        "observation.ajoutee",
        "action.realisee",
        "objectif.clos",
    ]
    assert {fait.source for fait in faits} == {"/partenaires/ml-lille"}
    [montre] = lue["objectifs"]
    assert (montre["statut"], montre["actions"][0]["statut"]) == ("atteint", "realisee")
    assert (montre["auteur"], montre["ajoute_a"]) == ("/partenaires/ml-lille", "2026-03-16T13:00:00Z")
    assert lue["observations"][0]["texte"] == "Très motivée."


async def test_a_deposit_waits_for_a_parcours_of_which_nothing_was_told(essai: Essai) -> None:
    [reponse] = await essai.decider(depot("objectif.ajoute", objectif()))

    assert reponse.etat == "attente"
    assert await essai.compte("dossiers") == 0


async def test_the_first_signal_opens_the_sheet_and_its_data_stay_where_they_are(essai: Essai) -> None:
    signal = {"brsa": True, "identite": {"nom_naissance": "SPECIMEN"}, "origine": "inscription-auto-caf"}
    await essai.accepte(evenement_neuf("usager.signale", signal), evenement_neuf("usager.signale", signal, sequence=3))

    assert (await essai.feuille())["departement"] == "59"
    assert [recu.donnees for recu in (await essai.dossier()).recus] == [{}]


async def test_rules_hold_within_one_batch_and_across(essai: Essai) -> None:
    await essai.ouvrir()
    await essai.accepte(depot("objectif.ajoute", objectif()), depot("action.ajoutee", action(statut="en-cours")))

    reponses = await essai.decider(
        depot("action.realisee", action(statut="realisee")), depot("action.modifiee", action(statut="en-cours"))
    )

    assert reponses[1].refus is not None
    assert reponses[1].refus.code == "etat-interdit"
    assert await essai.refuse(depot("action.realisee", action(statut="realisee"))) == "deja-traite"
    assert await essai.refuse(depot("action.ajoutee", action("a2", "obj-9"))) == "etat-interdit"


async def test_an_action_that_its_prescription_ended_does_not_reopen(essai: Essai) -> None:
    await essai.ouvrir()
    await essai.accepte(depot("objectif.ajoute", objectif()), depot("action.ajoutee", action(prescription_id="p-1")))
    fin = {"prescription_id": "p-1", "date": "2026-05-01", "issue": "accomplie"}
    await essai.accepte(
        evenement_neuf("prescription.emise", prescription()),
        evenement_neuf("participation.terminee", fin, sequence=2),
    )

    assert (await essai.feuille())["objectifs"][0]["actions"][0]["statut"] == "realisee"
    assert await essai.refuse(depot("action.modifiee", action(statut="en-cours"))) == "etat-interdit"


async def test_a_replayed_deposit_gets_its_first_answer(essai: Essai) -> None:
    await essai.ouvrir()
    entree = depot("objectif.ajoute", objectif())
    premiers = await essai.accepte(entree)

    seconds = await essai.accepte(entree)

    assert [fait.id for fait in seconds] == [fait.id for fait in premiers]


async def test_a_stale_version_is_refused(essai: Essai) -> None:
    await essai.ouvrir()
    await essai.accepte(depot("objectif.ajoute", objectif()))

    assert await essai.refuse(depot("action.ajoutee", action(), attendue=0)) == "version-perimee"


def une_vie() -> Vie:
    """Two orientations, two référents, a contract signed twice, actions and their prescriptions."""
    vie = Vie()
    vie.recit.dit("parcours.ouvert")
    gestes = (
        "decider notifier entendre-referents designer entendre-engagements proposer signer ajouter rencontrer decider "
        "ajouter entendre-referents designer entendre-engagements notifier signer transferer ajouter remplacer refuser"
    )
    for numero, geste in enumerate(gestes.split()):
        vie.vivre(geste, ("UTAS-03", "ML-LILLE")[numero > 8], numero)
    return vie


BRIQUES = ("usagers", "orientation", "referents", "engagements", "offres", "feuille_de_route")
ORDRES = (BRIQUES, BRIQUES[-2::-1] + BRIQUES[-1:], BRIQUES[3:5] + BRIQUES[:3] + BRIQUES[5:], BRIQUES[1:] + BRIQUES[:1])
"""Which brique is heard first, then next: a sheet is opened by an event, so that ours is never the first."""


@pytest.mark.parametrize("ordre", ORDRES, ids=lambda ordre: f"{ordre[0]} first")
async def test_the_stored_view_does_not_depend_on_the_order_of_arrival(essai: Essai, ordre: Sequence[str]) -> None:
    recit = une_vie().recit
    attendu = orjson.loads(orjson.dumps(recit.vue()))

    for brique in ordre:
        dits = [recu for recu in recit.recus if recu.brique == brique]
        for debut in range(0, len(dits), 3):
            await essai.accepte(*map(entree_de, dits[debut : debut + 3]))

    stockees = await essai.pool.fetch("SELECT date_echeance, nature FROM prochaines ORDER BY 1, 2, numero")
    assert await essai.feuille() == attendu
    assert [(str(r["date_echeance"]), r["nature"]) for r in stockees] == [
        (due["date_echeance"], due["nature"]) for due in attendu["echeances"]
    ]


def entree_de(recu: Recu) -> Entree:
    """As it reaches the service: what it told itself was deposited."""
    if recu.brique != "feuille_de_route":
        return evenement(recu)
    return replace(depot(recu.type, dict(recu.donnees), par=recu.auteur), survenu_a=recu.survenu_a)


async def test_two_replicas_may_learn_of_the_same_parcours_at_once(essai: Essai, banc: Bench) -> None:
    autre = Essai(await banc.pool("feuille_de_route"))
    recus = oriente().recus
    siens = [evenement(recu) for recu in recus if recu.brique in ("usagers", "orientation")]
    leurs = [evenement(recu) for recu in recus if recu.brique in ("referents", "engagements")]

    await asyncio.gather(essai.accepte(*siens), autre.accepte(*leurs))

    lue = await essai.feuille()
    assert (lue["referent"]["etat"], lue["contrat"]["etat"]) == ("actif", "signe")


async def test_the_basket_of_a_departement_is_read_page_by_page_without_gap(essai: Essai) -> None:
    ids = [UUID(int=PARCOURS.int + rang) for rang in range(7)]
    for id_ in ids:
        recit = Recit(id_)
        recit.dit("parcours.ouvert")
        recit.dit("orientation.decidee", decision(parcours_type="social"))
        recit.dit("reexamen.prevu", reexamen(date(2026, 9, 16)))
        await essai.accepte(*[evenement_neuf(r.type, dict(r.donnees), id_, sequence=r.sequence) for r in recit.recus])
    pages: list[list[Json]] = []
    suite = None
    while suite or not pages:
        lue = await essai.lire("echeances", departement="59", apres=suite, limite=4)
        pages.append(lue["echeances"])
        suite = lue["suite"]

    trouvees = [(due["date_echeance"], due["parcours"], due["nature"]) for page in pages for due in page]
    assert len(trouvees) == 21
    assert trouvees == sorted(set(trouvees))
    assert {due["nature"] for page in pages for due in page} == {"premier-rendez-vous", "reexamen", "referent"}


async def test_what_falls_due_on_one_day_is_listed_line_by_line_across_pages(essai: Essai) -> None:
    await essai.ouvrir()
    await essai.accepte(
        depot("objectif.ajoute", objectif()),
        depot("action.ajoutee", action("a1", echeance="2026-04-15")),
        depot("action.ajoutee", action("a2", echeance="2026-04-15")),
        evenement_neuf("orientation.decidee", decision()),
    )
    trouvees: list[tuple[str, str, int]] = []
    suite = None
    while suite or not trouvees:
        lue = await essai.lire("echeances", departement="59", apres=suite, limite=1)
        trouvees += [(due["date_echeance"], due["nature"], due["numero"]) for due in lue["echeances"]]
        suite = lue["suite"]

    assert trouvees == [
        ("2026-03-16", "referent", 1),
        ("2026-04-15", "action", 1),
        ("2026-04-15", "action", 2),
        ("2026-04-15", "premier-rendez-vous", 1),
    ]


async def test_the_basket_ends_at_a_day_and_at_a_departement(essai: Essai) -> None:
    await essai.accepte(evenement_neuf("orientation.decidee", decision(parcours_type="social")))

    avant = await essai.lire("echeances", departement="59", avant="2026-04-15")
    ailleurs = await essai.lire("echeances", departement="62")

    assert [due["nature"] for due in avant["echeances"]] == ["referent", "premier-rendez-vous"]
    assert ailleurs == {"echeances": [], "suite": None}


async def test_a_page_of_the_basket_starts_in_the_index_where_the_last_one_ended(essai: Essai) -> None:
    """Whatever the planner knows of the values: a page in the middle must not read all that comes before it."""
    valeurs = f"'59', '2026-05-01', '2026-04-01', '{PARCOURS}', 'action', 1, 100"
    async with essai.pool.acquire() as conn:
        await conn.execute("SET plan_cache_mode = force_generic_plan")
        await conn.execute("SET enable_seqscan = off")
        await conn.execute(f"PREPARE page AS {lectures._ECHEANCES}")
        plan = "\n".join(ligne[0] for ligne in await conn.fetch(f"EXPLAIN EXECUTE page({valeurs})"))

    [condition, _] = [ligne for ligne in plan.splitlines() if "Index Cond" in ligne]
    assert "prochaines_a_echoir" in plan
    assert "Sort" not in plan
    assert "ROW(date_echeance, parcours, nature, numero) > ROW" in condition


async def test_what_is_done_leaves_the_basket(essai: Essai) -> None:
    await essai.accepte(evenement_neuf("orientation.decidee", decision()))
    await essai.accepte(evenement_neuf("rdv.constate", rendez_vous(date(2026, 3, 20), "honore")))
    await essai.accepte(evenement_neuf("referent.designe", designation(), sequence=2))

    assert (await essai.lire("echeances", departement="59"))["echeances"] == []


@pytest.mark.parametrize("fin", ["orientation.close", "parcours.clos"])
async def test_what_is_closed_leaves_the_basket(essai: Essai, fin: str) -> None:
    await essai.accepte(evenement_neuf("orientation.decidee", decision()))
    avant = await essai.lire("echeances", departement="59")

    await essai.accepte(evenement_neuf(fin, {"date_fin": "2026-04-01", "motif": "Emploi durable."}, sequence=2))

    apres = await essai.lire("echeances", departement="59")
    assert (len(avant["echeances"]), apres["echeances"]) == (2, [])


async def test_who_objected_stays_in_the_basket(essai: Essai) -> None:
    """The gateways narrow what is shown of the person; the delays of the follow-up still run."""
    await essai.accepte(evenement_neuf("orientation.decidee", decision()))

    await essai.accepte(evenement_neuf("usager.oppose", {"motif": "Demande de la personne."}, sequence=3))

    assert len((await essai.lire("echeances", departement="59"))["echeances"]) == 2


async def test_a_transferred_parcours_changes_basket(essai: Essai) -> None:
    await essai.ouvrir()
    await essai.accepte(evenement_neuf("orientation.decidee", decision()))
    transfert = {"departement_nouveau": "62", "date_effet": "2026-04-01"}
    await essai.accepte(evenement_neuf("parcours.transfere", transfert, sequence=3))

    assert (await essai.feuille())["departement"] == "62"
    assert len((await essai.lire("echeances", departement="62"))["echeances"]) == 2
    assert (await essai.lire("echeances", departement="59"))["echeances"] == []


async def test_an_unknown_parcours_has_no_sheet(essai: Essai) -> None:
    assert await essai.feuille() is None
