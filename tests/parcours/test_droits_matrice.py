"""Partner × type × field on the wire: what each kind of organisation gets by read, feed, webhook and replay.

The oracle is `droits_attendus`, written from the catalogue; the facts are those of `script_droits`.
"""

import asyncio
import json
import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from chassis.settings import Settings
from deploy import partner_registry
from gateway import declarations
from gateway.pseudonyms import Pseudonyms
from relais_contrats.catalogue import CATALOGUE
from relais_contrats.client import Partner, RequestRefused
from relais_contrats.modele import Donnees
from relais_contrats.v1.vues import VueOrientations, VueParcours
from relais_contrats.v1.vues_engagements import VueContrat
from relais_contrats.v1.vues_feuille import VueFeuilleDeRoute
from relais_contrats.v1.vues_referents import VueReferent, VueRendezVous
from tests.hub import Hub
from tests.parcours import droits_attendus as attendu
from tests.parcours import script_droits as script
from tests.parcours.piece import Boite, Evenement, Piece, cle, compte, sans_noms_de_vue
from tests.parcours.script_droits import CD, CD_VOISIN, PROFILS
from tests.receiver import Endpoint, listening

pytestmark = pytest.mark.lent

PARTENAIRES = sorted(PROFILS)
VUES: Mapping[str, type[Donnees]] = {
    "": VueParcours,
    "/orientations": VueOrientations,
    "/referent": VueReferent,
    "/rdv": VueRendezVous,
    "/contrat": VueContrat,
    "/feuille-de-route": VueFeuilleDeRoute,
}
# Without a person behind them, or told by nobody here: the offer and its prescriptions, a suspended subscription.
# Told also to who takes no part: a transfer to confirm, a cancellation (`tests/passerelle/test_outbound_*`).
# Of persons of whom nothing is known yet: `test_reprise`.
HORS_SCRIPT = {"abonnement.suspendu", "structure.publiee", "structure.retiree", "service.publie", "service.retire"} | {
    "transfert.signale",
    "orientation.annulee",
    "referent.annule",
    "contrat.annule",
    "usager.defusionne",
    "reprise.declaree",
    *(nom for nom in CATALOGUE if nom.startswith(("prescription.", "participation."))),
}
ENVELOPPE = {
    *("specversion", "id", "source", "type", "time", "datacontenttype", "dataschema", "subject", "departement"),
    *("agent", "sequence", "causeid", "correlationid", "traceparent", "relaisnumero", "data"),
}
# Well over a thousand deliveries, on a machine that does other things as well.
_PATIENCE_S = 60.0


@dataclass
class Recueil:
    """What one partner got besides its feed: pushed first, pushed again, read."""

    pousses: list[Evenement] = field(default_factory=list)
    rejoues_un: list[Evenement] = field(default_factory=list)
    rejoues_plage: list[Evenement] = field(default_factory=list)
    vues: dict[str, Any] = field(default_factory=dict)
    historique: list[Evenement] = field(default_factory=list)


@dataclass
class Recit:
    """The piece, what each got of it, and why each took part when everything was read: after `lues_apres` events."""

    piece: Piece
    recueils: dict[str, Recueil]
    lues: Mapping[str, attendu.Raisons] = field(default_factory=dict)
    lues_apres: int = 0

    def raisons(self, code: str) -> attendu.Raisons:
        return self.lues.get(code, frozenset())

    async def lit(self, sur: str) -> None:
        """Every read of a parcours, by every partner."""
        self.lues, self.lues_apres = dict(self.piece.raisons[sur]), len(self.piece.dits)
        for code, boite in self.piece.boites.items():
            base = f"/v1/parcours/{self.piece.pseudonyme(code, sur)}"
            for chemin in VUES:
                self.recueils[code].vues[chemin] = await _ou_rien(boite.partenaire, base + chemin)
            histoire = await _ou_rien(boite.partenaire, f"{base}/historique?limite=500")
            self.recueils[code].historique = histoire["evenements"] if histoire else []

    async def recueille(self) -> None:
        """The feeds so far, then as much on the webhooks: what comes again later is not what came first."""
        for code, boite in self.piece.boites.items():
            await boite.releve()
            attendus = {e["id"] for e in self.piece.de_la_piece(code, boite.flux)}
            await _endpoint(boite).wait_for(partial(_a_recu, boite, attendus), _PATIENCE_S)
            self.recueils[code].pousses = self.piece.de_la_piece(code, _premiers(boite).values())

    async def rejoue(self, code: str, debut: datetime) -> None:
        """One delivery of each type, then the whole period: of what the hub knows to be delivered."""
        boite, recueil = self.piece.boites[code], self.recueils[code]
        await self._regle(boite)
        siens = self.piece.de_la_piece(code, boite.flux)
        un_par_type = {cle(e)[1]: e["id"] for e in siens}
        livraisons = await self._livraisons(boite)
        chemins = [f"/v1/livraisons/{livraisons[id_]}/rejeu" for id_ in un_par_type.values()]
        appels = [boite.partenaire.call("POST", chemin) for chemin in chemins]
        recueil.rejoues_un = await self._de_nouveau(code, len(un_par_type), appels)
        periode = {"du": debut.isoformat(), "au": (datetime.now(UTC) + timedelta(seconds=5)).isoformat()}
        demande = periode | {"abonnement": boite.abonnement, "renvoyer": True}
        plage = boite.partenaire.call("POST", "/v1/rejeux", demande)
        recueil.rejoues_plage = await self._de_nouveau(code, len(siens), [plage])

    async def _livraisons(self, boite: Boite) -> dict[str, str]:
        """Event → its delivery to the subscription of this partner."""
        livraisons: dict[str, str] = {}
        page: dict[str, str] = {}
        while True:
            lues = await boite.partenaire.get(f"/v1/abonnements/{boite.abonnement}/livraisons", **page)
            livraisons |= {lue["evenement"]: lue["id"] for lue in lues["livraisons"]}
            if not lues["livraisons"]:
                return livraisons
            page = {"avant": lues["livraisons"][-1]["id"]}

    async def _regle(self, boite: Boite) -> None:
        chemin = f"/v1/abonnements/{boite.abonnement}/livraisons"
        async with asyncio.timeout(_PATIENCE_S):
            while (await boite.partenaire.get(chemin, etat="a-livrer"))["livraisons"]:
                await asyncio.sleep(0.1)

    async def _de_nouveau(self, code: str, combien: int, appels: Sequence[Any]) -> list[Evenement]:
        """What these calls make come again."""
        boite = self.piece.boites[code]
        deja = len(boite.webhooks)
        await asyncio.gather(*appels)

        def venus() -> list[Evenement]:
            bruts = boite.webhooks[deja:]
            return self.piece.de_la_piece(code, bruts) if len(bruts) >= combien else []

        await _endpoint(boite).wait_for(lambda _: len(venus()) >= combien, _PATIENCE_S)
        return venus()


def _a_recu(boite: Boite, attendus: set[str], _: Endpoint) -> bool:
    return attendus <= _premiers(boite).keys()


def _premiers(boite: Boite) -> dict[str, Evenement]:
    """The first time that each event came."""
    return {event["id"]: event for event in reversed(boite.webhooks)}


def _endpoint(boite: Boite) -> Endpoint:
    assert boite.endpoint
    return boite.endpoint


async def _ou_rien(partenaire: Partner, chemin: str) -> Any:
    try:
        return await partenaire.get(chemin)
    except RequestRefused as refused:
        assert refused.status in (403, 404), refused
        return None


async def _inscrit(hub: Hub) -> None:
    """What `./relais partenaire creer` does, once for all."""
    ports = hub.data.known_ports()
    async with partner_registry.connection(hub.data, ports) as conn:
        for code, departement, profil in script.CREES:
            partner = declarations.Partner(
                code=code,
                type_organisme=profil.type_organisme,
                nom=code,
                departements=[departement],
                scopes=sorted(profil.scopes),
                structures=[script.structure(code)],
                conventions=[
                    declarations.convention(finalite, date(2030, 12, 31))
                    for finalite in ("orientation", "accompagnement", "engagement")
                ],
            )
            jwk = partner_registry.ensure_key(hub.data, code)
            await partner_registry.create(conn, partner, jwk)
            partner_registry.write_client(hub.data, partner_registry.issuer_of(ports), code, jwk, partner.scopes)


async def _abonne(boite: Boite) -> None:
    """From now on, and pushed as well."""
    await boite.va_au_bout()
    made = await boite.partenaire.call("POST", "/v1/abonnements", {"url": _endpoint(boite).url, "types": []})
    boite.abonnement, boite.secret = made["id"], made["secret"]
    await _endpoint(boite).wait_for(lambda e: e.received, _PATIENCE_S)


async def _raconte(hub: Hub) -> Recit:
    await _inscrit(hub)
    pseudonymes = Pseudonyms(Settings.model_construct(secrets=hub.data.secrets / "passerelle").key("pseudonymes"))
    async with AsyncExitStack() as stack:
        boites = {}
        for code, profil in PROFILS.items():
            partenaire = await stack.enter_async_context(hub.known(code))
            boites[code] = Boite(partenaire, profil, await stack.enter_async_context(listening()))
        await asyncio.gather(*map(_abonne, boites.values()))
        piece = Piece(boites, pseudonymes, script.DEPARTEMENT, (CD, CD_VOISIN))
        recit, debut = Recit(piece, {code: Recueil() for code in boites}), datetime.now(UTC)
        await _joue(recit, debut, 1 + secrets.randbelow(900))
    return recit


async def _joue(recit: Recit, debut: datetime, rang: int) -> None:
    for etape in script.etapes(rang):
        await recit.piece.joue(etape)
    await recit.lit("P1")
    for etape in script.suites(rang):
        await recit.piece.joue(etape)
    await recit.recueille()
    await asyncio.gather(*(recit.rejoue(code, debut) for code in recit.piece.boites))
    for etape in script.fin(rang):
        await recit.piece.joue(etape)
        await recit.recueille()


@pytest.fixture(scope="module")
def recit(hub: Hub) -> Recit:
    try:
        return asyncio.run(_raconte(hub))
    except ExceptionGroup as group:
        raise _premiere(group) from None


def _premiere(error: BaseException) -> BaseException:
    """Each endpoint wraps what happens while it listens."""
    return _premiere(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error


def _types(lignes: Counter[str]) -> set[str]:
    return {ligne.split(" ")[1] for ligne in lignes}


def test_every_fact_about_a_person_is_told(recit: Recit) -> None:
    assert {dit.fait for dit in recit.piece.dits} | {"parcours.partage"} == CATALOGUE.keys() - HORS_SCRIPT


@pytest.mark.parametrize("code", PARTENAIRES)
def test_the_feed_holds_what_the_matrix_gives(recit: Recit, code: str) -> None:
    attendus, recus = recit.piece.attendus(code), recit.piece.recus(code, recit.piece.boites[code].flux)

    assert recus - attendus == Counter(), "arrives and should not"
    assert attendus - recus == Counter(), "should arrive and does not"


@pytest.mark.parametrize("code", PARTENAIRES)
def test_a_webhook_brings_what_the_matrix_gives(recit: Recit, code: str) -> None:
    assert recit.piece.recus(code, recit.recueils[code].pousses) == recit.piece.attendus(code)


@pytest.mark.parametrize("code", PARTENAIRES)
def test_a_replayed_delivery_brings_what_the_matrix_gives(recit: Recit, code: str) -> None:
    attendus = recit.piece.attendus(code, sauf=script.EFFACE)

    rejoues = recit.piece.recus(code, recit.recueils[code].rejoues_un)

    assert rejoues - attendus == Counter()
    assert _types(rejoues) == _types(attendus)


@pytest.mark.parametrize("code", PARTENAIRES)
def test_a_replayed_period_brings_what_the_matrix_gives(recit: Recit, code: str) -> None:
    rejoues = recit.piece.recus(code, recit.recueils[code].rejoues_plage)

    assert rejoues == recit.piece.attendus(code, sauf=script.EFFACE)


@pytest.mark.parametrize("code", PARTENAIRES)
def test_who_enters_is_told_once_and_why(recit: Recit, code: str) -> None:
    attendues = recit.piece.entrees_attendues(code)

    assert recit.piece.entrees(code, recit.piece.boites[code].flux) == attendues
    assert recit.piece.entrees(code, recit.recueils[code].pousses) == attendues


@pytest.mark.parametrize("chemin", VUES, ids=lambda chemin: chemin or "/")
@pytest.mark.parametrize("code", PARTENAIRES)
def test_a_read_answers_what_the_matrix_gives(recit: Recit, code: str, chemin: str) -> None:
    """The département with every right reads all there is; the others, their part of it."""
    entiere = sans_noms_de_vue(VUES[chemin], recit.recueils[CD].vues[chemin])
    raisons, profil = recit.raisons(code), PROFILS[code]
    visibles = attendu.groupes(profil.type_organisme, profil.scopes, raisons)

    lue = sans_noms_de_vue(VUES[chemin], recit.recueils[code].vues[chemin])

    assert lue == (attendu.projette(VUES[chemin], entiere, visibles) if raisons else None)


def test_the_reads_of_the_departement_say_all_that_was_deposited(recit: Recit) -> None:
    vues = recit.recueils[CD].vues
    lu = json.dumps(vues, ensure_ascii=False)

    assert [groupe for groupe in script.TEMOINS if not script.dit(groupe, lu)] == []
    assert {i["type"] for i in vues[""]["identifiants"]} == set(script.NATURES)


@pytest.mark.parametrize("code", PARTENAIRES)
def test_the_history_holds_what_was_told_or_would_be_today(recit: Recit, code: str) -> None:
    piece, aujourd_hui, vus = recit.piece, recit.raisons(code), []
    for dit in piece.dits[: recit.lues_apres]:
        vu = None if dit.cle[0] == f"/partenaires/{code}" else piece.attendu_de(dit, code)
        vus.append((dit, piece.attendu_de(dit, code, aujourd_hui, est_la_cause=False) if vu is None else vu))

    attendus = compte((dit.sur, dit.cle, vu) for dit, vu in vus if vu is not None) if aujourd_hui else Counter()

    assert piece.recus(code, recit.recueils[code].historique) == attendus


@pytest.mark.parametrize("code", PARTENAIRES)
def test_no_word_of_a_hidden_group_reaches_a_partner(recit: Recit, code: str) -> None:
    """Whatever brought it, against the widest rights that the partner ever had in the story."""
    boite, recueil, profil = recit.piece.boites[code], recit.recueils[code], PROFILS[code]
    moments = {dit.raisons.get(code, frozenset()) for dit in recit.piece.dits}
    ouverts = {g for raisons in moments for g in attendu.groupes(profil.type_organisme, profil.scopes, raisons)}
    texte = json.dumps([boite.flux, boite.webhooks, recueil.vues, recueil.historique], ensure_ascii=False)

    assert [groupe for groupe in script.TEMOINS if groupe not in ouverts and script.dit(groupe, texte)] == []


@pytest.mark.parametrize("code", PARTENAIRES)
def test_an_event_says_its_agent_and_nothing_of_other_names(recit: Recit, code: str) -> None:
    for event in recit.piece.de_la_piece(code, recit.piece.boites[code].flux):
        assert event.keys() <= ENVELOPPE
        assert ("agent" in event) == event["source"].startswith("/partenaires/")
        assert recit.piece.noms_connus(code, event), event
