"""`relais-kit verifier emetteur`: a right sender raises no alarm, each defect is told by the right requirement.

The senders run in this process, under a clock that does not wait.
"""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from relais_contrats.lecture import lire_evenement
from relais_kit.bouchon.application import preparer
from relais_kit.bouchon.memoire import Memoire
from relais_kit.carnet import Etat, Resultat
from relais_kit.emetteur.deroulement import Deroulement, Muet
from relais_kit.emetteur.exigences import EXIGENCES, STRICTES
from relais_kit.emetteur.graines import semer
from relais_kit.emetteur.jugement import Dossier
from relais_kit.emetteur.recu import Recu
from relais_kit.emetteur.regles import juger, toutes
from relais_kit.emetteur.temoin import Etape, Passage
from relais_kit.personne import Personne
from relais_kit.recepteur.faits import CODE_INCONNU, TYPES_COURANTS
from tests.contracts.emetteurs import Juste
from tests.contracts.emetteurs_autres import JUSTES, Lecteur, SignaleLesLignes, UnLot, UnMessage
from tests.contracts.emetteurs_fautifs import FAUTIFS, IgnoreLesLignes, NirDansLId

URL = "http://127.0.0.1:8430"


@dataclass
class Montre:
    """A clock that goes on when somebody sleeps."""

    instant_s: float = 1_000.0

    def lire(self) -> float:
        self.instant_s += 0.001
        return self.instant_s

    async def dormir(self, duree_s: float) -> None:
        self.instant_s += duree_s
        await asyncio.sleep(0)


@dataclass
class EnMemoire:
    """Runs a sender of this process once for each step."""

    genre: type[Juste]
    code: str = "caf-59"
    montre: Montre = field(default_factory=Montre)
    deroulement: Deroulement = field(init=False)

    def __post_init__(self) -> None:
        self.deroulement = Deroulement(preparer(URL), self.code, self, horloge=self.montre.lire)

    def jouer(self, passage: Passage, fin: float) -> None:
        passage.statut = asyncio.run(self._executer())
        if passage.statut:
            passage.sortie = "abandon"

    async def _executer(self) -> int:
        registre = self.deroulement.porte.registre
        fiche = registre.fiche(self.code, URL)
        client = {nom: getattr(fiche, nom) for nom in fiche.__slots__}
        transport = httpx.ASGITransport(self.deroulement.application)
        async with httpx.AsyncClient(transport=transport) as http:
            emetteur = self.genre(client, registre.cles[self.code], http, self.montre.dormir)
            emetteur.instant_s = self.montre.lire
            try:
                return await emetteur.executer()
            except Exception:  # as a program that falls
                return 1

    def juger(self, *, est_strict: bool = False) -> dict[str, Resultat]:
        self.deroulement.est_strict, self.deroulement.silence_s = est_strict, 0.05
        passages: Sequence[Passage] = self.deroulement.derouler(lambda *_: None)
        dossier = Dossier(passages, URL, f"/partenaires/{self.code}")
        resultats = juger(dossier, est_strict=est_strict, arret=self.deroulement.arret)
        return {r.exigence.id.removeprefix("emetteur."): r for r in resultats}


def echecs(resultats: dict[str, Resultat]) -> dict[str, tuple[str, ...]]:
    return {nom: r.details for nom, r in resultats.items() if r.etat is Etat.ECHOUEE}


@pytest.mark.parametrize("genre", JUSTES)
def test_a_right_sender_raises_no_alarm(genre: type[Juste]) -> None:
    assert echecs(EnMemoire(genre).juger()) == {}


@pytest.mark.parametrize("genre", FAUTIFS)
def test_each_defect_is_told_by_its_requirement(genre: type[Juste]) -> None:
    assert set(echecs(EnMemoire(genre).juger())) == FAUTIFS[genre]


class ReprendLeNonce(UnMessage):
    """Right for a strict hub too: nonce, no redirect followed."""

    nonce = ""

    def dit_dans_la_preuve(self, methode: str, url: str, jeton: str | None) -> dict[str, Any]:
        return super().dit_dans_la_preuve(methode, url, jeton) | ({"nonce": self.nonce} if self.nonce else {})

    async def avoir_un_jeton(self) -> None:
        try:
            await super().avoir_un_jeton()
        except httpx.HTTPStatusError as refus:
            self.nonce = refus.response.headers["dpop-nonce"]
            await super().avoir_un_jeton()


class SuitLesRedirections(UnMessage):
    async def envoyer(self, methode: str, chemin: str, corps: bytes | None, genre: str | None) -> httpx.Response:
        reponse = await super().envoyer(methode, chemin, corps, genre)
        if reponse.status_code == 307:
            return await super().envoyer(methode, reponse.headers["location"], corps, genre)
        return reponse


def test_what_the_hub_does_not_do_today_fails_only_when_it_is_asked_for() -> None:
    strict, usuel = (
        echecs(EnMemoire(SuitLesRedirections).juger(est_strict=True)),
        EnMemoire(SuitLesRedirections).juger(),
    )

    assert set(strict) == {"redirection", "nonce", "silence"}
    assert (echecs(usuel), usuel["nonce"].details) == ({}, ("voyez --strict",))


def test_a_sender_that_takes_up_the_nonce_passes() -> None:
    resultats = EnMemoire(ReprendLeNonce).juger(est_strict=True)

    assert {nom: resultats[nom].etat for nom in ("nonce", "redirection", "jeton-indisponible")} == {
        "nonce": Etat.PASSEE,
        "redirection": Etat.PASSEE,
        "jeton-indisponible": Etat.PASSEE,
    }


def test_what_a_program_does_not_do_is_not_covered() -> None:
    seul, lecteur = EnMemoire(UnMessage).juger(), EnMemoire(Lecteur).juger()

    assert {seul[nom].etat for nom in ("lot-ligne", "acquittement", "code-inconnu", "ordre")} == {Etat.NON_COUVERTE}
    assert {lecteur[nom].etat for nom in ("trace", "relance-503", "refus-definitif")} == {Etat.NON_COUVERTE}


def test_a_line_that_is_told_and_left_is_not_a_defect() -> None:
    assert EnMemoire(SignaleLesLignes).juger()["lot-ligne"].etat is Etat.NON_COUVERTE


def test_a_right_sender_passes_all_that_it_does() -> None:
    resultats = {**EnMemoire(UnLot).juger(), **EnMemoire(Juste).juger()}

    assert [nom for nom, r in resultats.items() if r.etat is Etat.NON_COUVERTE] == ["cles-propres", "ordre", *STRICTES]


class NeFaitRien(Juste):
    async def executer(self) -> int:
        return 0


def test_a_program_that_asks_nothing_cannot_be_judged() -> None:
    with pytest.raises(Muet, match="n'a rien demandé"):
        EnMemoire(NeFaitRien).juger()


def test_each_requirement_has_a_check_and_each_check_a_requirement() -> None:
    jugees = [nom for regle in toutes() for nom in regle.exigences]

    assert set(jugees) == set(EXIGENCES)


def test_exchanges_are_kept_for_the_report_without_a_person_nor_a_secret() -> None:
    [echange, *_] = EnMemoire(NirDansLId).juger()["nir-hors-id"].echanges

    ecrit = json.dumps(echange.masque(), ensure_ascii=False)
    assert "POST /v1/messages" in ecrit
    assert not [texte for texte in ("1850399", "EXEMPLE", "Camille", "eyJ") if texte in ecrit]


@pytest.mark.parametrize("quoi", ["codes", "champs", "doublons", "rien"])
def test_what_the_feed_shows_is_read_by_the_published_reader(quoi: str) -> None:
    memoire = Memoire()

    semer(memoire, "caf-59", (), **({quoi: True} if quoi != "rien" else {}))

    lus = [lire_evenement(json.dumps(evenement).encode()) for evenement in memoire.fils["caf-59"]]
    assert len(lus) >= len(TYPES_COURANTS)
    assert all(memoire.connu_de("caf-59", str(lu.subject)) for lu in lus)


def test_each_closed_list_that_an_event_uses_is_changed_once() -> None:
    memoire = Memoire()

    semer(memoire, "caf-59", ("rdv.planifie",), codes=True)

    changes = [e for e in memoire.fils["caf-59"] if CODE_INCONNU in json.dumps(e)]
    assert {nom for e in changes for nom, valeur in e["data"].items() if valeur == CODE_INCONNU} >= {
        "modalite",
        "motif",
    }
    assert len({e["id"] for e in memoire.fils["caf-59"]}) == len(memoire.fils["caf-59"])


def test_a_program_that_names_every_message_did_not_tell_which_one_was_refused() -> None:
    banc = EnMemoire(IgnoreLesLignes)
    passages = banc.deroulement.derouler(lambda *_: None)
    for passage in passages:
        passage.sortie = " ".join(str(m["id"]) for recu in passage.echanges for m in recu.messages)

    resultats = juger(Dossier(passages, URL, "/partenaires/caf-59"))

    assert [r.exigence.id for r in resultats if r.etat is Etat.ECHOUEE] == ["emetteur.lot-ligne"]


def test_a_step_that_nobody_can_prepare_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    demandees: list[str] = []

    async def faire(_: Personne, phrase: str) -> bool:
        demandees.append(phrase)
        return "429" in phrase

    monkeypatch.setattr(Personne, "faire", faire)
    banc = EnMemoire(Juste)
    banc.deroulement.personne = Personne(est_la=True)

    passages = banc.deroulement.derouler(lambda _rang, _nombre, _titre: None)

    assert [passage.etape.titre for passage in passages[1:]] == ["trop de requêtes (429), message refusé (422)"]
    assert len(demandees) > 3


def test_a_reader_that_falls_twice_on_a_code_is_told_of_the_code() -> None:
    """It keeps its own cursor: the events with an unknown code come again with those of the next step."""
    deroulement = EnMemoire(Lecteur).deroulement
    page = {"evenements": [{"data": {"code": CODE_INCONNU}}], "curseur": "c"}
    lu = Recu("GET", "/v1/evenements", (), b"", 1.0, statut=200, corps_rendu=json.dumps(page).encode())
    reference = Passage(Etape("sans panne", ()), [Recu("GET", "/v1/evenements", (), b"", 1.0)], 0)
    codes = Passage(Etape("codes", (), codes=True), [lu], 1)
    champs = Passage(Etape("champs", (), champs=True), [lu], 1)

    resultats = juger(Dossier([reference, codes, champs], deroulement.porte.url, "/partenaires/caf-59"), arret=None)

    etats = {r.exigence.id.removeprefix("emetteur."): r for r in resultats}
    assert etats["code-inconnu"].etat is Etat.ECHOUEE
    assert etats["champ-inconnu"].etat is Etat.NON_COUVERTE
