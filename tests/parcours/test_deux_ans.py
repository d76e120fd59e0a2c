"""Two years of four persons, told by five partners: twice, the second time while every process is killed.

The rows are in `script_deux_ans`; what each partner must get of them is computed from `droits_attendus`.
"""

import asyncio
import itertools
import json
import os
import random
import re
import secrets
import signal
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from chassis.settings import Settings
from deploy.components import SERVICES
from gateway.pseudonyms import Pseudonyms
from relais_contrats.catalogue import CATALOGUE
from relais_contrats.client import Answer, RequestRefused
from tests.hub import Hub, free_port
from tests.parcours import script_deux_ans as script
from tests.parcours.dumps import Dump, public, read_everything
from tests.parcours.piece import PARTAGE, Boite, Etape, Evenement, Piece, cle
from tests.parcours.script_deux_ans import PROFILS
from tests.receiver import listening

pytestmark = pytest.mark.lent

PARTENAIRES = sorted(PROFILS)
_SERVICES = ("usagers", "orientation", "referents", "engagements", "feuille_de_route")
VICTIMES = ("entrant", "sortant", "nats", "postgres", *_SERVICES)
GRAINE = int(os.environ.get("RELAIS_ESSAI_GRAINE") or secrets.randbelow(10**6))
LECTURES = ("", "/orientations", "/referent", "/rdv", "/contrat", "/feuille-de-route")
_MORTS_DE_CHACUN = int(os.environ.get("RELAIS_ESSAI_MORTS") or 1)
_PATIENCE_S = 60.0
_REPRISE_S = 15.0
_INSTANT = re.compile(r'("[a-z]+_a": )"[^"]+"')


@dataclass
class Passage:
    """One telling of the two years, its persons those of `rang`; `redits`: each message sent again, and its answers."""

    rang: int
    piece: Piece
    lectures: dict[tuple[str, str, str], Any] = field(default_factory=dict)
    redits: list[tuple[Answer, Answer]] = field(default_factory=list)
    apres_redits: dict[str, list[Evenement]] = field(default_factory=dict)
    tues: list[str] = field(default_factory=list)
    dumps: Mapping[str, Dump] = field(default_factory=lambda: {code: Dump() for code in PROFILS})

    def forme(self, code: str) -> Mapping[tuple[str, str], Sequence[str]]:
        """The feed of a partner: per parcours and brique, what was told, in its order, without what names anybody."""
        forme = defaultdict(list)
        for event in self.events(code):
            fait = cle(event)[1]
            place = (str(self.piece.nom(code, event)), CATALOGUE[fait].brique)
            forme[place].append(f"{fait} de {event['source']} : {self.anonyme(event['data'])}")
        return forme

    def events(self, code: str) -> list[Evenement]:
        """Without what lets a partner in, which no brique tells."""
        siens = self.piece.de_la_piece(code, self.piece.boites[code].flux)
        return [event for event in siens if cle(event)[1] != PARTAGE]

    def anonyme(self, valeur: Any) -> str:
        """Without pseudonyms, numbers of the persons and of the deposits, nor instants of the hub."""
        texte = re.sub(r"(prc|obj)_[a-z0-9]+", r"\1", json.dumps(valeur, sort_keys=True, ensure_ascii=False))
        texte = re.sub(r"(Temoin-agent Camille) [0-9a-f]+-\d+", r"\1", texte)
        texte = _INSTANT.sub(r"\1instant", texte)
        for nom, vrai in script.noms(self.rang).items():
            texte = texte.replace(vrai, nom)
        return texte


@asynccontextmanager
async def _sur_scene(hub: Hub, rang: int) -> AsyncIterator[Passage]:
    pseudonymes = Pseudonyms(Settings.model_construct(secrets=hub.data.secrets / "passerelle").key("pseudonymes"))
    async with AsyncExitStack() as stack:
        boites = {
            code: Boite(await stack.enter_async_context(hub.partner(code)), profil) for code, profil in PROFILS.items()
        }
        await asyncio.gather(*(boite.va_au_bout() for boite in boites.values()))
        piece = Piece(boites, pseudonymes, script.DEPARTEMENT, script.TEMOINS, patience_s=_PATIENCE_S)
        passage = Passage(rang, piece)
        for code, boite in boites.items():
            passage.dumps[code].listen(boite.partenaire)
            await stack.enter_async_context(_pousse(boite, passage.dumps[code]))
        yield passage


@asynccontextmanager
async def _pousse(boite: Boite, dump: Dump) -> AsyncIterator[None]:
    """A subscription of this partner; what it was sent is kept at the end."""
    async with listening() as endpoint:
        abonnement = await boite.partenaire.call("POST", "/v1/abonnements", {"url": endpoint.url, "types": []})
        try:
            yield
        finally:
            await boite.partenaire.call("DELETE", f"/v1/abonnements/{abonnement['id']}")
            for received in endpoint.received:
                dump.webhook(received)


async def _finit(passage: Passage) -> None:
    """The rest of the feeds, and every read of every parcours."""
    for boite in passage.piece.boites.values():
        await boite.releve(1)
    await _lit_tout(passage)


async def _lit_tout(passage: Passage) -> None:
    for code in passage.piece.boites:
        for sur in passage.piece.parcours:
            for chemin in LECTURES:
                vue = await _lit(passage.piece, code, sur, chemin)
                passage.lectures[code, sur, chemin] = passage.anonyme(vue)


async def _lit(piece: Piece, code: str, sur: str, chemin: str) -> Any:
    try:
        return await piece.boites[code].partenaire.get(f"/v1/parcours/{piece.pseudonyme(code, sur)}{chemin}")
    except RequestRefused as refused:
        return refused.problem.get("code")


async def _raconte(hub: Hub, rang: int) -> Passage:
    async with _sur_scene(hub, rang) as passage:
        for etape in script.messages(rang):
            await passage.piece.joue(etape)
        await _finit(passage)
        await _redit(passage)
        await asyncio.gather(*(read_everything(boite.partenaire) for boite in passage.piece.boites.values()))
    return passage


async def _redit(passage: Passage) -> None:
    """The same messages, under the same ids."""
    for qui, message, reponse in passage.piece.deposes:
        passage.redits.append((reponse, await passage.piece.boites[qui].partenaire.post(message)))
    for code, boite in passage.piece.boites.items():
        avant = len(boite.flux)
        await boite.releve(1)
        passage.apres_redits[code] = passage.piece.de_la_piece(code, boite.flux[avant:])


async def _raconte_malgre_tout(hub: Hub, premier: Passage, rang: int, graine: int) -> Passage:
    """Each process is killed a few times without a word, at any moment of the deposit of any row. What a killed service
    held comes back to it after a while: reads are given that long to become those of `premier`.
    """
    hasard = random.Random(graine)  # noqa: S311  not a secret
    etapes = script.messages(rang)
    victimes = list(VICTIMES * _MORTS_DE_CHACUN)
    hasard.shuffle(victimes)
    quand = dict(zip(hasard.sample(range(len(etapes)), len(victimes)), victimes, strict=True))
    async with _sur_scene(hub, rang) as passage:
        for place, etape in enumerate(etapes):
            if victime := quand.get(place):
                passage.tues.append(f"{victime} pendant {place} {etape.fait}")
                await _joue_et_tue(hub, passage.piece, etape, victime, hasard.uniform(0.0, 0.04))
            else:
                await passage.piece.joue(etape)
        await _finit(passage)
        fin_s = time.monotonic() + _REPRISE_S
        while passage.lectures != premier.lectures and time.monotonic() < fin_s:
            await asyncio.sleep(0.5)
            await _lit_tout(passage)
    return passage


async def _joue_et_tue(hub: Hub, piece: Piece, etape: Etape, victime: str, dans_s: float) -> None:
    async def tue() -> None:
        await asyncio.sleep(dans_s)
        await asyncio.to_thread(hub.signal, victime, signal.SIGKILL)

    await asyncio.gather(piece.joue(etape), tue())


@pytest.fixture(scope="module")
def hub() -> Iterator[Hub]:
    """Of its own: a dump holds all that a partner can read, other tests' persons too."""
    with tempfile.TemporaryDirectory(prefix="relais-deux-ans-") as folder:
        started = Hub(Path(folder), free_port())
        started.up()
        yield started
        started.down()


@pytest.fixture(scope="module")
def rangs() -> Iterator[int]:
    return iter(random.Random(secrets.token_hex(4)).sample(range(1000, 9990, 10), 2))  # noqa: S311  fictitious numbers


@pytest.fixture(scope="module")
def premier(hub: Hub, rangs: Iterator[int]) -> Passage:
    return asyncio.run(_raconte(hub, next(rangs)))


@pytest.fixture(scope="module")
def malgre_tout(hub: Hub, premier: Passage, rangs: Iterator[int]) -> Passage:
    print(f"RELAIS_ESSAI_GRAINE={GRAINE}")  # noqa: T201  what to give back to see the same again
    return asyncio.run(_raconte_malgre_tout(hub, premier, next(rangs), GRAINE))


@pytest.fixture(scope="module", params=["premier", "malgre_tout"])
def passage(request: pytest.FixtureRequest) -> Passage:
    trouve: Passage = request.getfixturevalue(request.param)
    return trouve


def test_the_script_is_long_and_full_of_refusals() -> None:
    etapes = script.messages(1)

    assert len(etapes) >= 120
    assert len({etape.qui for etape in etapes}) == 5
    assert len({etape.refus for etape in etapes if etape.refus}) >= 15


def test_each_message_has_its_verdict(passage: Passage) -> None:
    verdicts = [answer.code or answer.etat for _, _, answer in passage.piece.deposes]

    assert verdicts == [etape.refus or "accepte" for etape in script.messages(passage.rang)], (GRAINE, passage.tues)


@pytest.mark.parametrize("code", PARTENAIRES)
def test_a_feed_holds_what_the_rights_give(passage: Passage, code: str) -> None:
    attendus, recus = passage.piece.attendus(code), passage.piece.recus(code, passage.piece.boites[code].flux)

    assert recus - attendus == Counter(), (GRAINE, passage.tues)
    assert attendus - recus == Counter(), (GRAINE, passage.tues)
    assert passage.piece.entrees(code, passage.piece.boites[code].flux) == passage.piece.entrees_attendues(code)


@pytest.mark.parametrize("code", PARTENAIRES)
def test_a_feed_keeps_the_order_of_each_brique(passage: Passage, code: str) -> None:
    numeros = defaultdict(list)
    for event in passage.events(code):
        numeros[event["subject"], CATALOGUE[cle(event)[1]].brique].append(event["sequence"])

    assert all(suite == sorted(set(suite)) for suite in numeros.values()), (GRAINE, passage.tues)


def test_the_same_messages_again_get_the_same_answers(premier: Passage) -> None:
    for premiere, redite in premier.redits:
        assert (redite.etat, redite.code) == (premiere.etat, premiere.code)
        # What a service decided, and signed, is told again; what the door refuses, it refuses each time.
        assert redite.est_rejoue == ("recu" in premiere.corps), premiere
        assert redite.corps.get("recu") == premiere.corps.get("recu")
        assert redite.corps.get("evenements") == premiere.corps.get("evenements")


def test_the_same_messages_again_tell_nobody_anything(premier: Passage) -> None:
    assert premier.apres_redits == {code: [] for code in PROFILS}


@pytest.mark.parametrize(("un", "autre"), list(itertools.combinations(PARTENAIRES, 2)))
def test_the_dumps_of_two_partners_join_on_nothing_that_the_hub_wrote(
    hub: Hub, premier: Passage, un: str, autre: str
) -> None:
    """What both may read is what emitters wrote of the facts, and what the hub publishes for everybody."""
    permis = public(hub.api)
    for _, message, reponse in premier.piece.deposes:
        if reponse.etat == "accepte":
            permis.deposit(message["type"].removeprefix("fr.insertion.").removesuffix(".v1"), message)

    assert premier.dumps[un].joins(premier.dumps[autre], permis) == {}


@pytest.mark.parametrize("code", PARTENAIRES)
def test_other_persons_make_the_same_feeds(premier: Passage, malgre_tout: Passage, code: str) -> None:
    """Whatever is killed meanwhile."""
    assert malgre_tout.forme(code) == premier.forme(code), (GRAINE, malgre_tout.tues)


def test_other_persons_end_in_the_same_state(premier: Passage, malgre_tout: Passage) -> None:
    """As each partner reads it."""
    assert malgre_tout.lectures == premier.lectures, (GRAINE, malgre_tout.tues)


@pytest.mark.parametrize("service", SERVICES)
def test_the_dossiers_of_two_years_are_the_fold_of_their_facts(hub: Hub, malgre_tout: Passage, service: str) -> None:
    """To the byte, after the same life twice, once with killed processes."""
    compte = json.loads(hub.relais(f"rejouer {service}", "--a-blanc", "--json").stdout)

    assert (compte["dossiers"] >= len(malgre_tout.piece.parcours), compte["differents"]) == (True, [])
