"""The mock hub against the real one: the same messages by the same partners, the same status, code and pointers.

`RELAIS_BOUCHON_MESSAGES=2000` compares more messages than the few hundred of the suite.
"""

import asyncio
import contextlib
import json
import os
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from relais_contrats.catalogue import CATALOGUE
from relais_contrats.client import Answer, Partner
from relais_contrats.exemples import tous_les_exemples
from relais_contrats.schemas import schema_depot
from relais_kit.bouchon.application import Bouchon, preparer
from relais_kit.bouchon.repertoire import PARTENAIRES
from relais_kit.histoires.chargement import Chargement
from relais_kit.histoires.recits import lignes
from tests.contracts.mutations import muter
from tests.hub import Hub
from tests.kit import failures, states, verify_hub
from tests.parcours.questions import Question, ecarts, questions, repondu

pytestmark = [pytest.mark.anyio, pytest.mark.lent]
CODES = {f"/partenaires/{p.code}": p.code for p in PARTENAIRES}
NUMBER = int(os.environ.get("RELAIS_BOUCHON_MESSAGES", "300"))

Seen = tuple[str, int | None, str | None, tuple[str, ...]]


def deposited() -> Iterator[tuple[str, dict[str, Any]]]:
    """By whom, and what: every example that a partner of the demonstration may send, then messages made from them."""
    published = [dict(e.message) for e in tous_les_exemples() if CATALOGUE[e.type].se_depose]
    known = [(code, m) for m in published if (code := CODES.get(str(m.get("source"))))]
    for rank, (code, message) in enumerate(known):
        yield code, {**message, "id": f"exemple-{rank}"}
    for code, message in [(p.code, m) for p in PARTENAIRES for _, m in known if "subject" not in m]:
        name = f"{code}-{message['id']}"
        yield code, {**message, "id": f"pour-{name}", "source": f"/partenaires/{code}"}
        yield code, {**message, "id": f"ailleurs-{name}", "source": f"/partenaires/{code}", "departement": "13"}
        yield code, {**message, "id": f"autre-{name}", "source": "/partenaires/un-autre"}
    hasard = random.Random(20261130)  # noqa: S311
    for rank in range(NUMBER):
        code, message = hasard.choice(known)
        type_ = str(message["type"]).removeprefix("fr.insertion.").removesuffix(".v1")
        changed = muter(hasard, schema_depot(CATALOGUE[type_]), dict(message)) if type_ in CATALOGUE else message
        yield code, {**changed, "id": f"change-{rank}"}


def seen(answer: Answer) -> Seen:
    """What a partner goes by. What still waits, or what a service refused, the door has let in."""
    if answer.etat != "refuse" or "recu" in answer.corps:
        return "admis", None, None, ()
    pointeurs = tuple(sorted(e["pointeur"] for e in answer.corps["erreurs"]))
    return "refuse", answer.corps["status"], answer.code, pointeurs


async def asked(partner: Partner, messages: Sequence[dict[str, Any]]) -> list[Seen]:
    async with partner:
        return [seen(answer) for answer in await partner.post_many(messages, wait_s=30)]


async def test_the_mock_answers_as_the_door_of_the_hub(hub: Hub) -> None:
    mock = preparer("http://127.0.0.1:8430")
    transport = httpx.ASGITransport(Bouchon(mock))
    by_code: dict[str, list[dict[str, Any]]] = {}
    codes: set[str] = set()
    for code, message in deposited():
        by_code.setdefault(code, []).append(json.loads(json.dumps(message)))

    for code, messages in by_code.items():
        real = await asked(hub.partner(code), messages)
        client = Partner(mock.registre.fiche(code, mock.url), mock.registre.cles[code], transport=transport)
        mocked = await asked(client, messages)

        differences = [(m.get("type"), m["id"], r, f) for m, r, f in zip(messages, real, mocked, strict=True) if r != f]
        assert differences == []
        codes |= {code for _, _, code, _ in mocked if code}
    assert sum(map(len, by_code.values())) > NUMBER
    assert codes >= {"schema-invalide", "parcours-inconnu", "finalite-interdite"}
    assert codes >= {"hors-territoire", "non-autorise", "emetteur-inconnu"}


class Deux:
    """The real hub and a mock, asked the same by the same partner."""

    def __init__(self, hub: Hub) -> None:
        self.mock = preparer("http://127.0.0.1:8430")
        self._transport = httpx.ASGITransport(Bouchon(self.mock))
        self.hub = {p.code: hub.partner(p.code) for p in PARTENAIRES}
        self.bouchon = {p.code: self._client(p.code) for p in PARTENAIRES}

    def _client(self, code: str) -> Partner:
        return Partner(
            self.mock.registre.fiche(code, self.mock.url), self.mock.registre.cles[code], transport=self._transport
        )

    async def __aenter__(self) -> "Deux":
        self._ouverts = contextlib.AsyncExitStack()
        for partner in (*self.hub.values(), *self.bouchon.values()):
            await self._ouverts.enter_async_context(partner)
        self._http = await self._ouverts.enter_async_context(httpx.AsyncClient())
        self._dedans = await self._ouverts.enter_async_context(httpx.AsyncClient(transport=self._transport))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._ouverts.aclose()

    async def poser(self, question: Question, autre: Question | None = None) -> tuple[httpx.Response, httpx.Response]:
        """What the hub answers, and the mock; `autre`: the same question with its own names."""
        qui = question.qui
        return await asyncio.gather(
            question.poser(self._http, self.hub[qui]), (autre or question).poser(self._dedans, self.bouchon[qui])
        )


async def test_the_mock_answers_questions_as_the_hub(hub: Hub) -> None:
    toutes = list(questions())
    async with Deux(hub) as deux:
        paires = [tuple(map(repondu, await deux.poser(question))) for question in toutes]

    assert [(q, *paire) for q, paire in zip(toutes, paires, strict=True) if paire[0] != paire[1]] == []
    assert {du_hub[0] for du_hub, _ in paires} >= {200, 400, 403, 404, 405, 413, 414, 415, 422}


_LECTURES = ("", "/diagnostic", "/orientations", "/referent", "/rdv", "/contrat", "/feuille-de-route")
_DU_HUB = {"/evenements/*/traceparent du hub seul"}
# What these say changes with the person's situation, which the mock does not judge.
_NATURES_DU_HUB = {"reexamen", "sanction", "ambiguite"}


def _compte(vue: dict[str, Any]) -> Any:
    """What is counted from what was said: the same in a hub and in the mock, but for the names of objects."""
    dues = [due for due in vue.get("echeances") or () if due["nature"] not in _NATURES_DU_HUB]
    return [(due["nature"], due["date_echeance"]) for due in dues], vue.get("criteres_manquants")


@pytest.mark.parametrize("nom", ["premiere-orientation", "referent-decline"])
async def test_the_mock_reads_a_story_as_the_hub(hub: Hub, nom: str) -> None:
    """The same fields of the same types, in every view of every partner that deposited something of it."""
    histoire = list(lignes(nom, 1, 20261130, datetime.now(UTC).date()))
    vus: list[tuple[str, str, Any]] = []
    async with Deux(hub) as deux:
        bilans = [await Chargement(un).charger(iter(histoire), lambda _: None) for un in (deux.hub, deux.bouchon)]
        for code, depot in {CODES[ligne["source"]]: ligne["id"] for ligne in histoire}.items():
            siens = [
                Question("GET", f"/v1/parcours/{reponse.json()['parcours']}", code)
                for reponse in await deux.poser(Question("GET", f"/v1/messages/{depot}", code))
            ]
            for vue in _LECTURES:
                paire = await deux.poser(*(replace(q, chemin=q.chemin + vue) for q in siens))
                du_hub, du_bouchon = (reponse.json() for reponse in paire)
                comptes = [] if _compte(du_hub) == _compte(du_bouchon) else [_compte(du_hub), _compte(du_bouchon)]
                differents = [*set(ecarts(du_hub, du_bouchon)) - _DU_HUB, *comptes]
                vus.append((code, vue, [paire[0].status_code - paire[1].status_code, *differents]))

    nombre = len(histoire)
    assert [(bilan.acceptees, bilan.refus) for bilan in bilans] == [(nombre, {}), (nombre, {})]
    assert [vu for vu in vus if vu[2] != [0]] == []
    assert len(vus) == 3 * len(_LECTURES)


# (method, path after the subscription, body); `{}` is the name of the subscription.
_VIE: list[tuple[str, str, Any]] = [
    ("GET", "/v1/abonnements/{}", None),
    ("PATCH", "/v1/abonnements/{}", {"types": ["rdv.planifie"], "lot": 2}),
    ("POST", "/v1/abonnements/{}/secret", None),
    ("POST", "/v1/abonnements/{}/essai", None),
    ("GET", "/v1/abonnements/{}/livraisons?etat=livre", None),
    ("GET", "/v1/abonnements/{}/trous", None),
    ("POST", "/v1/rejeux", {"types": ["rdv.planifie"], "a_blanc": True}),
    ("POST", "/v1/rejeux", {"types": ["rdv.annule"], "a_blanc": True}),
    ("PATCH", "/v1/abonnements/{}", {"actif": False}),
    ("POST", "/v1/rejeux", {"a_blanc": True}),
    ("DELETE", "/v1/abonnements/{}", None),
    ("GET", "/v1/abonnements/{}", None),
]
_PERIODE = {"du": "2020-01-01T00:00:00Z", "au": "2020-01-02T00:00:00Z"}


def _sans_son_heure(reponse: httpx.Response) -> Any:
    """Without what depends on when the handshake, or the test, was tried."""
    dit = reponse.json()
    return {champ: valeur for champ, valeur in dit.items() if champ not in ("echecs", "essai")}


@pytest.mark.parametrize("signature", ["v1", "v1a"])
async def test_a_subscription_lives_in_the_mock_as_in_the_hub(hub: Hub, signature: str) -> None:
    voulu = {"url": "http://127.0.0.1:9/", "types": [], "signature": signature}
    differences: list[Any] = []
    async with Deux(hub) as deux:
        crees = await deux.poser(Question("POST", "/v1/abonnements", "asso-mobilite", voulu))
        differences += ecarts(*(reponse.json() for reponse in crees))
        noms = [reponse.json()["id"] for reponse in crees]
        for methode, chemin, corps in _VIE:
            rejeu = [_PERIODE | {"abonnement": nom} if methode == "POST" and corps else {} for nom in noms]
            contenus = [corps and {**corps, **de_plus} for de_plus in rejeu]
            memes = [
                Question(methode, chemin.format(nom), "asso-mobilite", contenu)
                for nom, contenu in zip(noms, contenus, strict=True)
            ]
            reponses = await deux.poser(*memes)
            dites = [repondu(reponse) for reponse in reponses]
            differences += [(methode, chemin, *dites)] if dites[0] != dites[1] else []
            if reponses[0].content:
                differences += [(methode, chemin, e) for e in ecarts(*map(_sans_son_heure, reponses))]

    assert differences == []


def test_the_kit_finds_no_fault_in_the_hub(hub: Hub) -> None:
    verified = verify_hub(hub.api, [hub.data.partners / code for code in ("caf-59", "cd-59")], "--profil", "rapide")

    seen = states(verified)
    assert failures(verified) == {}
    assert {one for one in seen if seen[one] != "passee"} == {"hub.herite", "hub.tls", "hub.redemarrage"}
