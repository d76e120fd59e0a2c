"""Prescriptions on the real PostgreSQL, through the real engine: written, found again, expired, counted, erased."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import pytest

from chassis.bus_nats import NatsBus
from chassis.depots import Engine, Reponse
from chassis.facts import Entree, FaitEnregistre
from chassis.outbox import Outbox
from chassis.process import Process
from services.dossiers.rejouer import rejouer
from services.offres import clocks
from services.offres.app import SERVICE
from services.offres.store import catalogue
from services.offres.store.catalogue import RetraitOffre
from services.offres.store.dossiers import REGISTRE
from services.order import in_order
from services.service import DueDates
from tests.engines import Bench
from tests.offres.prescripteurs import (
    ASSO,
    AUTRE,
    CODE,
    EMISE,
    JOUR,
    MAINTENANT,
    PARCOURS,
    PLATEFORME,
    SCOOTER,
    SIRET,
    a,
    emettre,
    entree,
    evenement,
    le,
    service_json,
    structure_json,
)
from tests.services.ouvert import dits

pytestmark = pytest.mark.anyio


class Essai:
    """An engine of the service, the loops that time wakes, and what a test asks of them."""

    def __init__(self, process: Process) -> None:
        self.pool = process.pool
        self.maintenant: datetime = MAINTENANT
        self.engine: Engine[Any, Any, Any, Any] = Engine(
            in_order(SERVICE.brique), self.pool, on_facts=lambda: None, clock=lambda: self.maintenant
        )
        self.retraits = clocks.Retraits(self.engine, self.pool, lambda: self.maintenant)
        self.due_dates = DueDates(self.engine, process, lambda: self.maintenant)

    async def decide(self, *entrees: Entree) -> Sequence[Reponse]:
        return await self.engine.decide(entrees)

    async def accepte(self, une: Entree) -> Sequence[FaitEnregistre]:
        [reponse] = await self.decide(une)
        assert reponse.etat == "accepte", reponse
        return reponse.faits

    async def refuse(self, une: Entree) -> str:
        [reponse] = await self.decide(une)
        assert reponse.refus is not None, reponse
        return reponse.refus.code

    async def attend(self, jusqu_a: datetime) -> None:
        self.maintenant = jusqu_a
        await self.due_dates.fire()

    async def passe(self, jusqu_a: datetime) -> list[str]:
        """What the withdrawals that are due expire, in all, by their keys."""
        self.maintenant = jusqu_a
        await self.retraits.retirer()
        while await self.retraits.annoncer():
            pass
        expirees = await dits(self.pool, REGISTRE.sceaux, "type = 'prescription.expiree'")
        return sorted(donnees["prescription_id"] for donnees in expirees)

    async def lire(self, vue: str, **demande: Any) -> Any:
        async with self.pool.acquire() as conn:
            return await SERVICE.lectures[vue](conn, demande)

    async def types(self, parcours: UUID = PARCOURS) -> list[str]:
        rows = await self.pool.fetch("SELECT type FROM faits WHERE agregat = $1 ORDER BY sequence", parcours)
        return [row["type"] for row in rows]


def publication(donnees: dict[str, Any], par: str = ASSO, role: str = "association") -> Entree:
    nom = "service.publie" if "structure_id" in donnees else "structure.publiee"
    return entree(nom, donnees, None, par=par, role=role)


def retrait(cle: str = SCOOTER.id, nom: str = "service.retire", jour: date = JOUR) -> Entree:
    donnees = {"id": cle, "date": jour.isoformat(), "raison": "Fin du financement."}
    return entree(nom, donnees, None, par=ASSO, role="association")


def emission(cle: str = "p-1", service: str = SCOOTER.id, parcours: UUID = PARCOURS) -> Entree:
    return entree("prescription.emise", EMISE | {"prescription_id": cle, "service_id": service}, parcours)


def reponse(nom: str, jour: date, cle: str = "p-1", **autres: Any) -> Entree:
    donnees = {"prescription_id": cle, "date": jour.isoformat()} | autres
    return entree(nom, donnees, par=ASSO, role="association", recu_a=a(jour))


@pytest.fixture
async def essai(banc: Bench) -> Essai:
    return await ouvert(banc)


async def ouvert(banc: Bench) -> Essai:
    """A structure with two services, and a person."""
    essai = Essai(await banc.process("offres", "offres"))
    for donnees in (structure_json(), service_json(), service_json(CODE.id)):
        await essai.accepte(publication(donnees))
    await essai.accepte(evenement("parcours.transfere", {"departement_nouveau": "59"}))
    return essai


async def test_a_publication_goes_to_the_stream_of_the_offer(essai: Essai) -> None:
    [fait] = await essai.accepte(publication(service_json(nom="Louer un vélo")))

    assert (fait.flux, fait.source, fait.donnees["nom"]) == ("OFFRES", ASSO, "Louer un vélo")
    assert fait.sujet.startswith("offres.59.offres.service-publie.")
    assert fait.sequence == 2


async def test_a_source_is_its_publisher_s_only(essai: Essai) -> None:
    assert await essai.refuse(publication(service_json(), PLATEFORME, "plateforme-offre")) == "non-autorise"
    assert await essai.refuse(publication(service_json("dora--x", "dora"))) == "non-autorise"


async def test_a_structure_that_looks_like_a_published_one_is_told_at_once(essai: Essai) -> None:
    jumelle = structure_json() | {"id": f"{structure_json()['source']}--jumelle"}

    await essai.accepte(publication(jumelle))

    vue = orjson.loads(orjson.dumps(await essai.lire("structure", id=jumelle["id"])))
    assert [une["raison"] for une in vue["doublons_probables"]] == ["siret"]


async def test_the_event_of_a_prescription_says_the_structure_of_its_service(essai: Essai) -> None:
    [fait] = await essai.accepte(emission())

    assert fait.flux == "PARCOURS"
    assert fait.donnees["structure"] == {
        "systeme": "siret",
        "valeur": SIRET,
        "nom": "Plateforme mobilité de Lille",
    }


async def test_a_wrong_siret_leaves_the_key_of_the_structure(essai: Essai) -> None:
    await essai.accepte(publication(structure_json() | {"siret": "11111111111111"}))

    [fait] = await essai.accepte(emission())

    assert fait.donnees["structure"]["systeme"] == "local"
    assert fait.donnees["structure"]["valeur"] == SCOOTER.structure_id


async def test_a_first_deposit_opens_the_dossier(essai: Essai) -> None:
    await essai.accepte(emission(parcours=AUTRE))

    assert await essai.pool.fetchval("SELECT count(*) FROM dossiers WHERE parcours = $1", AUTRE) == 1


async def test_a_whole_life_is_read_back_as_it_was_told(essai: Essai) -> None:
    await essai.accepte(emission())
    await essai.accepte(reponse("prescription.mise-a-l-etude", le(3)))
    await essai.accepte(reponse("prescription.acceptee", le(5)))
    await essai.accepte(reponse("participation.commencee", le(8)))
    await essai.accepte(reponse("participation.terminee", le(50), issue="accomplie"))

    seen = await essai.lire("prescription", parcours=str(PARCOURS), prescription_id="p-1")

    assert (seen["etat"], seen["attend_une_reponse"]) == ("terminee", False)
    assert (await essai.types())[-1] == "participation.terminee"
    assert await essai.refuse(reponse("prescription.refusee", le(51), motifs=["hors-zone"])) == "deja-traite"


async def test_what_is_asked_and_what_was_answered_are_read_back(essai: Essai) -> None:
    demande = EMISE | {"prescription_id": "p-1", "disponibilite": "2026-04-01"}
    await essai.accepte(replace(entree("prescription.emise", demande), agent="MODELE Dominique AG-1042"))
    refus: dict[str, Any] = {"motifs": ["hors-zone", "autre"], "message": "Nous fermons en août."}
    await essai.accepte(reponse("prescription.refusee", le(4), **refus))

    lu = orjson.loads(orjson.dumps(await essai.lire("prescription", parcours=str(PARCOURS), prescription_id="p-1")))

    assert {cle: lu[cle] for cle in ("motif", "contact_prefere", "disponibilite", "agent", "service_nom")} == {
        "motif": EMISE["motif"],
        "contact_prefere": "telephone",
        "disponibilite": "2026-04-01",
        "agent": "MODELE Dominique AG-1042",
        "service_nom": "Louer un scooter",
    }
    assert {cle: lu[cle] for cle in ("motifs", "message")} == refus
    assert (lu["fin_le"], lu["expire_au_plus_tard"]) == (le(4).isoformat(), le(60).isoformat())


async def test_an_expired_prescription_says_why(essai: Essai) -> None:
    await essai.accepte(emission())
    await essai.accepte(retrait())
    await essai.retraits.annoncer()

    lu = await essai.lire("prescription", parcours=str(PARCOURS), prescription_id="p-1")

    assert (lu["etat"], lu["message"]) == ("expiree", "Le service est retiré de l'offre : Fin du financement.")


async def test_nobody_answers_and_it_is_reminded_twice_then_expired(essai: Essai) -> None:
    await essai.accepte(emission())

    for day in (10, 20, 30, 40):
        await essai.attend(a(le(day)))

    told = ["prescription.emise", *["prescription.relancee"] * 2, "prescription.expiree"]
    assert await essai.types() == told
    assert await essai.pool.fetchval("SELECT count(*) FROM echeances") == 0


@pytest.mark.parametrize("what", [("service.retire", SCOOTER.id), ("structure.retiree", SCOOTER.structure_id)])
async def test_a_withdrawal_expires_what_waits_with_its_reason(essai: Essai, what: tuple[str, str]) -> None:
    await essai.accepte(emission())
    nom, cle = what
    await essai.accepte(retrait(cle, nom))

    told = await essai.retraits.annoncer()

    donnees, *_ = await dits(essai.pool, REGISTRE.sceaux, "type = 'prescription.expiree'")
    assert told >= 1
    assert donnees["raison"] == "Le service est retiré de l'offre : Fin du financement."
    assert await essai.retraits.annoncer() == 0
    assert await essai.refuse(emission("p-2")) == "service-retire"


@pytest.mark.parametrize("what", [("service.retire", SCOOTER.id), ("structure.retiree", SCOOTER.structure_id)])
async def test_a_withdrawal_for_later_changes_nothing_before_its_day(essai: Essai, what: tuple[str, str]) -> None:
    nom, cle = what
    await essai.accepte(emission())

    [fait] = await essai.accepte(retrait(cle, nom, le(5)))
    before = await essai.passe(a(le(4), 23))
    await essai.accepte(emission("p-2"))
    after = await essai.passe(a(le(5), 1))

    assert fait.donnees["date"] == le(5).isoformat()
    assert (before, after) == ([], ["p-1", "p-2"])
    assert await essai.refuse(emission("p-3")) == "service-retire"
    donnees, *_ = await dits(essai.pool, REGISTRE.sceaux, "type = 'prescription.expiree'")
    assert donnees["raison"] == "Le service est retiré de l'offre : Fin du financement."


async def test_another_day_takes_the_place_of_the_first(essai: Essai) -> None:
    await essai.accepte(emission())
    await essai.accepte(retrait(jour=le(5)))
    await essai.accepte(retrait(jour=le(8)))

    assert await essai.refuse(retrait(jour=le(8))) == "deja-traite"
    assert await essai.passe(a(le(6))) == []
    assert await essai.passe(a(le(8), 1)) == ["p-1"]


async def test_a_withdrawal_for_later_may_be_brought_forward(essai: Essai) -> None:
    await essai.accepte(emission())
    await essai.accepte(retrait(jour=le(5)))
    await essai.accepte(retrait())

    assert await essai.passe(a(le(1))) == ["p-1"]
    await essai.accepte(publication(service_json()))
    assert await essai.passe(a(le(6))) == ["p-1"]
    await essai.accepte(emission("p-2"))


@pytest.mark.parametrize(
    ("what", "published"),
    [
        (("service.retire", SCOOTER.id), service_json()),
        (("structure.retiree", SCOOTER.structure_id), structure_json()),
    ],
)
async def test_what_is_published_again_before_its_day_stays(
    essai: Essai, what: tuple[str, str], published: dict[str, Any]
) -> None:
    nom, cle = what
    await essai.accepte(emission())
    await essai.accepte(retrait(cle, nom, le(5)))
    await essai.accepte(publication(published))

    assert await essai.passe(a(le(6))) == []
    await essai.accepte(emission("p-2"))


async def test_a_withdrawal_waits_for_the_prescription_that_is_being_written(essai: Essai) -> None:
    async with essai.pool.acquire() as conn, essai.pool.acquire() as other:
        async with conn.transaction():
            await SERVICE.brique.charger(conn, [emettre()])
            await other.execute("SET lock_timeout = '100ms'")

            with pytest.raises(asyncpg.LockNotAvailableError):
                await catalogue.retirer(other, [RetraitOffre(SCOOTER.id, "service", JOUR, "Fin.")], MAINTENANT)

        withdrawn = await catalogue.retirer(other, [RetraitOffre(SCOOTER.id, "service", JOUR, "Fin.")], MAINTENANT)

    assert withdrawn == [SCOOTER.id]


async def test_a_service_published_again_while_it_is_prescribed_is_found_under_its_new_row(essai: Essai) -> None:
    async with essai.pool.acquire() as conn, essai.pool.acquire() as other:
        ecriture = other.transaction()
        await ecriture.start()
        await catalogue.publier(other, [], [service_json(nom="Louer un vélo")], MAINTENANT)

        async def charger() -> Any:
            async with conn.transaction():
                lots = await SERVICE.brique.charger(conn, [emettre()])
                return lots.de(emettre()).contexte.services

        async with asyncio.TaskGroup() as tasks:
            promis = tasks.create_task(charger())
            await asyncio.sleep(0.2)
            await ecriture.commit()

    assert list(promis.result()) == [SCOOTER.id]


async def test_a_publication_waits_for_who_writes_the_catalogue(essai: Essai) -> None:
    async with essai.pool.acquire() as conn, conn.transaction(), essai.pool.acquire() as other:
        await SERVICE.brique.charger(conn, [SERVICE.brique.lire(publication(service_json()))])
        await other.execute("SET lock_timeout = '100ms'")

        with pytest.raises(asyncpg.LockNotAvailableError):
            await catalogue.verrouiller(other)


async def test_a_record_is_kept_as_it_came(essai: Essai) -> None:
    """An import of the same record finds it unchanged."""
    await essai.accepte(publication(service_json("asso-mobilite--velo", longitude=3, latitude=50)))

    tenue = await essai.pool.fetchval("SELECT donnees::text FROM services WHERE id = 'asso-mobilite--velo'")
    assert orjson.loads(tenue) == service_json("asso-mobilite--velo", longitude=3, latitude=50)
    assert '"longitude":3,' in tenue


async def test_the_withdrawal_of_a_structure_says_nothing_of_a_service_of_the_same_key(essai: Essai) -> None:
    await essai.accepte(retrait(SCOOTER.structure_id, "structure.retiree"))

    assert await essai.refuse(emission(service=SCOOTER.structure_id)) == "service-inconnu"


async def test_a_service_published_again_before_the_announcement_keeps_its_prescriptions(essai: Essai) -> None:
    await essai.accepte(emission())
    await essai.accepte(retrait())
    await essai.accepte(publication(service_json()))

    await essai.retraits.annoncer()

    assert await essai.types() == ["prescription.emise"]


async def test_an_older_word_on_a_service_neither_publishes_nor_withdraws_it(essai: Essai) -> None:
    avant = MAINTENANT - timedelta(hours=1)
    nouvelle = publication(service_json() | {"nom": "Nouveau nom"})

    await essai.accepte(nouvelle)

    for vieille in (publication(service_json()), retrait()):
        assert await essai.refuse(replace(vieille, survenu_a=avant)) == "version-perimee"


async def test_a_version_is_dated_by_when_it_was_received_not_by_what_its_publisher_says(essai: Essai) -> None:
    ancienne = publication(service_json("asso-mobilite--velo"))

    await essai.accepte(replace(ancienne, survenu_a=MAINTENANT - timedelta(days=2)))

    assert await essai.pool.fetchval("SELECT min(a) FROM versions") == MAINTENANT


async def test_a_prescription_that_was_withdrawn_before_it_came_is_not_emitted(essai: Essai) -> None:
    emise, annulee = emission(), entree("prescription.annulee", {"prescription_id": "p-1", "date": JOUR.isoformat()})

    codes = [
        await essai.refuse(annulee),
        await essai.refuse(replace(emise, survenu_a=emise.survenu_a - timedelta(hours=1))),
    ]

    assert codes == ["etat-interdit", "version-perimee"]


async def test_a_merge_moves_the_prescriptions_to_the_survivor(essai: Essai) -> None:
    await essai.accepte(evenement("parcours.transfere", {"departement_nouveau": "59"}, AUTRE))
    await essai.accepte(emission("p-9", parcours=AUTRE))

    await essai.accepte(evenement("usager.fusionne", {"conserve": str(PARCOURS), "absorbes": [str(AUTRE)]}))
    [fait] = await essai.accepte(reponse("prescription.acceptee", le(1), "p-9"))

    assert fait.agregat == PARCOURS
    [ligne] = await essai.pool.fetch("SELECT parcours, etat FROM prescriptions")
    assert tuple(ligne) == (PARCOURS, "acceptee")
    seen = await essai.lire("prescription", parcours=str(AUTRE), prescription_id="p-9")
    assert seen["etat"] == "acceptee"


async def test_a_withdrawal_announced_to_a_parcours_absorbed_meanwhile_reaches_the_survivor(essai: Essai) -> None:
    await essai.accepte(evenement("parcours.transfere", {"departement_nouveau": "59"}, AUTRE))
    await essai.accepte(emission("p-9", parcours=AUTRE))
    await essai.accepte(retrait())
    await essai.accepte(evenement("usager.fusionne", {"conserve": str(PARCOURS), "absorbes": [str(AUTRE)]}))

    faits = await essai.accepte(entree("echeance.retrait-1", {}, AUTRE, nature="echeance", role="hub"))

    assert [(fait.agregat, fait.type) for fait in faits] == [(PARCOURS, "prescription.expiree")]


async def test_an_erased_person_leaves_nothing_here_nor_in_the_stream(essai: Essai, banc: Bench) -> None:
    bus: NatsBus = banc.bus
    outbox = Outbox("offres", "PARCOURS", essai.pool, bus, REGISTRE.sceaux)
    offer = Outbox("offres", "OFFRES", essai.pool, bus, REGISTRE.sceaux, forgets=False)
    await essai.accepte(emission())
    async with essai.pool.acquire() as conn:
        published = await outbox.relay(conn)
        await offer.relay(conn)
        await essai.accepte(evenement("usager.efface", {"motif": "Demande."}))
        await offer.forget(conn)
        await outbox.forget(conn)

    left = await bus.stored("PARCOURS", ["parcours.*.offres.>"], "essai")
    assert published == 1
    assert left == {}
    assert len(await bus.stored("OFFRES", ["offres.>"], "essai")) == 3
    for table in ("dossiers", "histoire", "prescriptions", "faits", "echeances"):
        query = f"SELECT count(*) FROM {table} t WHERE to_jsonb(t)::text LIKE '%' || $1 || '%'"
        assert await essai.pool.fetchval(query, str(PARCOURS)) == 0
    assert await essai.refuse(emission("p-2")) == "parcours-inconnu"


@pytest.mark.parametrize("est_connu", [True, False])
async def test_an_event_that_comes_in_a_later_batch_does_not_bring_an_erased_person_back(
    essai: Essai, est_connu: bool
) -> None:
    if est_connu:
        await essai.accepte(emission())
    await essai.accepte(evenement("usager.efface", {"motif": "Demande."}))

    await essai.decide(evenement("parcours.transfere", {"departement_nouveau": "59"}))

    assert await essai.pool.fetchval("SELECT count(*) FROM dossiers WHERE parcours = $1", PARCOURS) == 0
    assert await essai.refuse(emission("p-2")) == "parcours-inconnu"


async def test_the_statistics_count_answers_states_and_reasons(essai: Essai) -> None:
    for number in range(4):
        await essai.accepte(emission(f"p-{number}"))
    await essai.accepte(reponse("prescription.acceptee", le(2), "p-0"))
    await essai.accepte(
        reponse("prescription.refusee", le(4), "p-1", motifs=["capacite-atteinte", "autre"], message="Travaux.")
    )
    await essai.attend(a(le(30)))

    [nord] = await essai.lire("statistiques_prescriptions", departement="59")

    assert (nord["nombre"], nord["repondues"], nord["reponse_mediane_jours"]) == (4, 2, 3.0)
    assert nord["etats"] == {"acceptee": 1, "expiree": 2, "refusee": 1}
    assert nord["motifs_refus"] == {"autre": 1, "capacite-atteinte": 1}
    assert (nord["mois"], nord["personnes"]) == (le(0).strftime("%Y-%m"), 1)
    assert nord["cellules"]["etats"] == {"acceptee-repondue": 1, "expiree": 1, "refusee-repondue": 1}
    assert nord["cellules"]["motif autre"] == {"oui": 1, "non": 0}
    assert await essai.lire("statistiques_prescriptions", depuis=le(1).isoformat()) == []


@pytest.mark.parametrize(
    "change",
    [
        "etat = 'refusee', repondue_le = emise_le",
        "motifs = 'autre'",
        "repondue_le = emise_le",
        "etat = 'acceptee', repondue_le = emise_le - 1",
        "etat = 'acceptee'",
        "etat = 'reportee'",
    ],
)
async def test_the_table_refuses_a_state_that_makes_no_sense(essai: Essai, change: str) -> None:
    await essai.accepte(emission())

    with pytest.raises(asyncpg.CheckViolationError):
        await essai.pool.execute(f"UPDATE prescriptions SET {change}")


@pytest.mark.lent
async def test_two_thousand_prescriptions_live_their_whole_life(essai: Essai) -> None:
    """A fifth each: accepted and carried out, refused, cancelled, withdrawn, never answered."""
    people = [UUID(int=PARCOURS.int + 1000 + number) for number in range(200)]
    await essai.decide(*(evenement("parcours.transfere", {"departement_nouveau": "59"}, person) for person in people))
    emissions = [
        emission(f"p-{rank}", CODE.id if rank % 5 == 3 else SCOOTER.id, person)
        for person in people
        for rank in range(10)
    ]
    await in_batches(essai, emissions)
    for day in range(1, 61):
        essai.maintenant = a(le(day))
        await in_batches(essai, answers(people, day))
        if day == 15:
            await essai.accepte(retrait(CODE.id))
            while await essai.retraits.annoncer():
                pass
        while await essai.due_dates.fire():
            pass

    rows = await essai.pool.fetch("SELECT etat, count(*) AS n FROM prescriptions GROUP BY etat")

    assert {row["etat"]: row["n"] for row in rows} == {
        "terminee": 400,
        "refusee": 400,
        "annulee": 400,
        "expiree": 800,
    }
    assert await essai.pool.fetchval("SELECT count(*) FROM echeances") == 0
    counted = await essai.pool.fetch("SELECT type, count(*) AS n FROM faits WHERE flux = 'PARCOURS' GROUP BY type")
    assert {row["type"]: row["n"] for row in counted} == {
        "prescription.emise": 2_000,
        "prescription.acceptee": 400,
        "participation.commencee": 400,
        "participation.terminee": 400,
        "prescription.refusee": 400,
        "prescription.annulee": 400,
        "prescription.relancee": 1600,
        "prescription.expiree": 800,
    }
    assert await essai.pool.fetchval("SELECT count(*) FROM rebut") == 0
    compte = await rejouer(essai.pool, REGISTRE, a_blanc=True)
    assert (compte.dossiers, compte.differents) == (201, [])


def answers(people: Sequence[UUID], day: int) -> list[Entree]:
    """What the structure, and the emitter, say on that day."""
    said: dict[int, tuple[int, str, dict[str, Any], str]] = {
        5: (0, "prescription.acceptee", {}, ASSO),
        6: (0, "participation.commencee", {}, ASSO),
        7: (1, "prescription.refusee", {"motifs": ["capacite-atteinte"]}, ASSO),
        12: (2, "prescription.annulee", {}, "/partenaires/cd-59"),
        40: (0, "participation.terminee", {"issue": "accomplie"}, ASSO),
    }
    if day not in said:
        return []
    rest, nom, more, par = said[day]
    donnees = {"date": le(day).isoformat()} | more
    return [
        entree(nom, donnees | {"prescription_id": f"p-{rank}"}, person, par=par, recu_a=a(le(day)) - timedelta(hours=1))
        for person in people
        for rank in (rest, rest + 5)
    ]


async def in_batches(essai: Essai, entrees: Sequence[Entree]) -> None:
    for start in range(0, len(entrees), 256):
        reponses = await essai.decide(*entrees[start : start + 256])
        assert {reponse.etat for reponse in reponses} == {"accepte"}
