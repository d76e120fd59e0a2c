"""Captured HTTP exchanges: which messages they carry, and what is wrong with the exchange itself."""

import base64
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from relais_contrats.exemples import exemple_valide
from relais_contrats.identifiants import cle_nir
from relais_kit.har import HarIllisible, echanges
from relais_kit.verdict import Verdict, juger

SIGNALE = exemple_valide("usager.signale")
RECU = {k: v for k, v in exemple_valide("orientation.decidee").items() if k != "data"} | {"data": {}, "nouveau": 1}
URL = "https://relais.exemple/v1/messages"
NIR = "1850559350123" + cle_nir("1850559350123")
SIGNATURE = {"webhook-id": "e1", "webhook-timestamp": "1", "webhook-signature": "v1,x"}


def echange(
    methode: str, url: str, corps: object = None, entetes: Mapping[str, str] | None = None, reponse: object = None
) -> dict[str, Any]:
    texte = corps if isinstance(corps, str) else json.dumps(corps)
    return {
        "request": {
            "method": methode,
            "url": url,
            "headers": [{"name": nom, "value": valeur} for nom, valeur in (entetes or {}).items()],
            "postData": {"text": texte},
        },
        "response": {"status": 200, "content": {"text": json.dumps(reponse)}},
    }


def juges(*entrees: Mapping[str, Any]) -> Sequence[tuple[str | None, Verdict]]:
    capture = io.BytesIO(json.dumps({"log": {"entries": entrees}}).encode())
    return [(morceau.echange, juger(morceau)) for morceau in echanges(capture)]


@pytest.mark.parametrize(
    ("genre", "corps", "combien"),
    [
        ("application/cloudevents+json; charset=utf-8", SIGNALE, 1),
        ("application/cloudevents-batch+json", [SIGNALE, SIGNALE], 2),
        ("application/x-ndjson", f"{json.dumps(SIGNALE)}\n{json.dumps(SIGNALE)}\n", 2),
    ],
)
def test_each_form_of_deposit_is_cut_by_its_content_type(genre: str, corps: object, combien: int) -> None:
    lus = juges(echange("POST", URL, corps, {"Content-Type": genre}))

    assert [(nom, v.est_conforme, v.type) for nom, v in lus] == [
        ("échange 1, POST /v1/messages", True, "usager.signale")
    ] * combien


def test_binary_mode_is_the_message_that_its_headers_make() -> None:
    entetes = {f"ce-{k}": v for k, v in SIGNALE.items() if k not in ("data", "datacontenttype")}

    [(_, verdict)] = juges(echange("POST", URL, SIGNALE["data"], entetes | {"content-type": "application/json"}))

    assert (verdict.est_conforme, verdict.type) == (True, "usager.signale")


def test_events_of_the_feed_and_of_a_webhook_are_read_tolerantly() -> None:
    page = {"evenements": [RECU, RECU | {"type": "fr.insertion.rien.connu.v1"}], "curseur": "c"}
    fil = echange("GET", "https://relais.exemple/v1/evenements?attente=5", reponse=page)
    webhook = echange("POST", "https://partenaire.exemple/hook", RECU, SIGNATURE)

    assert [v.est_conforme for _, v in juges(fil, webhook)] == [True, True, True]


@pytest.mark.parametrize(
    ("entree", "pointeur", "code"),
    [
        (echange("POST", URL, SIGNALE, {"Content-Type": "text/plain"}), "/request/headers", "type-non-admis"),
        (
            echange(
                "POST", URL, SIGNALE, {"Content-Type": "application/cloudevents+json", "Authorization": "DPoP x.y.z"}
            ),
            "/request/headers",
            "non-authentifie",
        ),
        (
            echange("POST", "https://partenaire.exemple/hook", RECU, {"webhook-id": "e1"}),
            "/request/headers",
            "schema-invalide",
        ),
        (echange("GET", "https://relais.exemple/v1/evenements", reponse=[]), "/response/content", "illisible"),
        (
            echange("GET", f"https://relais.exemple/v1/parcours?nir={NIR}"),
            "/request/url",
            "identifiant-invalide",
        ),
    ],
    ids=["type", "dpop", "unsigned", "page", "nir"],
)
def test_a_fault_of_the_exchange_has_its_place_in_the_capture(entree: Any, pointeur: str, code: str) -> None:
    fautes = [e for _, v in juges(entree) for e in v.erreurs]

    assert [(e.pointeur, e.code) for e in fautes] == [(f"/log/entries/0{pointeur}", code)]
    assert all(NIR not in e.message for e in fautes)


def test_what_is_no_capture_says_so() -> None:
    with pytest.raises(HarIllisible):
        list(echanges(io.BytesIO(b'{"log": {}}')))


def test_a_body_in_base64_and_one_that_no_utf8_writes_are_read_as_they_left() -> None:
    entetes = {"Content-Type": "application/cloudevents+json"}
    code = echange("POST", URL, SIGNALE, entetes)
    texte = base64.b64encode(json.dumps(SIGNALE).encode()).decode()
    code["request"]["postData"] = {"text": texte, "encoding": "base64"}
    illisible = echange("POST", URL, "\ud800", entetes)

    assert [verdict.code for _, verdict in juges(code, illisible)] == [None, "illisible"]


@pytest.mark.parametrize(
    "requete",
    [
        {"method": "POST", "url": URL, "headers": None},
        {"method": "POST", "url": URL, "headers": [{"name": 5, "value": "x"}]},
        {"method": "POST", "url": URL, "headers": [], "postData": {"text": "§", "encoding": "base64"}},
    ],
)
def test_an_exchange_that_is_none_is_named(requete: Mapping[str, Any]) -> None:
    with pytest.raises(HarIllisible, match=r"log.entries\[0\]"):
        juges({"request": requete})
