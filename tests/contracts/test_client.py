"""The partner's client against a scripted hub that checks every signature: what is sent, and sent again."""

import base64
import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import stamina.instrumentation
from joserfc import jws
from joserfc.jwk import ECKey, OKPKey, RSAKey

from relais_contrats.client import Client, Credentials, HubUnreachable, Partner, QuotaReached, RequestRefused, read_key
from relais_contrats.client.partner import quota_at_once
from relais_contrats.enveloppe import trace_lisible
from relais_contrats.oauth.jws import lire_jws
from relais_contrats.oauth.keys import importer_jwk
from relais_kit.bouchon.application import preparer
from relais_kit.emetteur.pannes_strictes import Nonce
from relais_kit.emetteur.temoin import Etape, Passage, Temoin

pytestmark = pytest.mark.anyio
URL = "http://127.0.0.1:9"
KEY = ECKey.generate_key("P-256")
CLIENT = Client(URL, f"{URL}/oauth/token", URL, "si:caf-59", "cle-1", "ES256", ["messages:deposer"])

Script = Callable[[httpx.Request], httpx.Response]


@pytest.fixture(autouse=True)
def quiet() -> None:
    stamina.instrumentation.set_on_retry_hooks([])


class ScriptedHub:
    """Grants tokens, checks the proof of every other request, then lets the script answer."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []
        self.proofs: list[dict[str, Any]] = []
        self.assertions: list[dict[str, Any]] = []
        self.life_s = 300

    def __call__(self, request: httpx.Request) -> httpx.Response:
        proof = jws.deserialize_compact(request.headers["DPoP"], self._key(request), algorithms=["ES256"])
        self.proofs.append(json.loads(proof.payload))
        if request.url.path == "/oauth/token":
            return self._grant(request)
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _key(self, request: httpx.Request) -> ECKey:
        head = request.headers["DPoP"].split(".")[0]
        return ECKey.import_key(json.loads(base64.urlsafe_b64decode(head + "=="))["jwk"])

    def _grant(self, request: httpx.Request) -> httpx.Response:
        form = httpx.QueryParams(request.content.decode())
        claims = jws.deserialize_compact(form["client_assertion"], KEY, algorithms=["ES256"])
        self.assertions.append(json.loads(claims.payload))
        granted = {"access_token": f"jeton-{len(self.assertions)}", "token_type": "DPoP", "expires_in": self.life_s}
        return httpx.Response(200, json=granted)

    def partner(self, patience_s: float = 5.0) -> Partner:
        return Partner(CLIENT, KEY, patience_s=patience_s, transport=httpx.MockTransport(self))


def accepted(id_: str = "m1") -> httpx.Response:
    return httpx.Response(201, json={"id": id_, "etat": "accepte", "parcours": "prc_x"})


def problem(status: int, code: str, **headers: str) -> httpx.Response:
    return httpx.Response(status, json={"code": code, "title": code, "detail": "Non."}, headers=headers)


def message(partner: Partner, id_: str = "m1") -> dict[str, Any]:
    return partner.message("usager.signale", {}, departement="59", id_=id_)


async def test_the_assertion_says_who_asks_and_for_whom() -> None:
    hub = ScriptedHub(accepted())

    async with hub.partner() as partner:
        await partner.post(message(partner))

    [claims] = hub.assertions
    assert (claims["iss"], claims["sub"], claims["aud"]) == ("si:caf-59", "si:caf-59", URL)
    assert claims["exp"] - claims["iat"] <= 300


async def test_each_request_has_its_own_proof_bound_to_the_token() -> None:
    hub = ScriptedHub(httpx.Response(200, json={"evenements": [], "curseur": "c"}))

    async with hub.partner() as partner:
        await partner.events(after="c0")
        await partner.events()

    token, first, second = hub.proofs
    assert (token["htu"], "ath" in token) == (f"{URL}/oauth/token", False)
    assert (first["htm"], first["htu"]) == ("GET", f"{URL}/v1/evenements")
    assert first["ath"] == base64.urlsafe_b64encode(hashlib.sha256(b"jeton-1").digest()).rstrip(b"=").decode()
    assert first["jti"] != second["jti"]


async def test_a_token_is_used_again_until_it_is_about_to_expire() -> None:
    hub = ScriptedHub(accepted())

    async with hub.partner() as partner:
        await partner.post(message(partner))
        await partner.post(message(partner))
        assert len(hub.assertions) == 1
        hub.life_s = 10
        partner._credentials.forget()
        await partner.post(message(partner))
        await partner.post(message(partner))

    assert len(hub.assertions) == 3


async def test_a_refused_token_is_asked_again_once() -> None:
    hub = ScriptedHub(httpx.Response(401), accepted())

    async with hub.partner() as partner:
        answer = await partner.post(message(partner))

    assert answer.etat == "accepte"
    assert [r.headers["Authorization"] for r in hub.requests] == ["DPoP jeton-1", "DPoP jeton-2"]


@pytest.mark.parametrize(
    "trouble",
    [problem(503, "indisponible", **{"Retry-After": "0"}), problem(429, "trop-de-requetes"), httpx.ReadError("coupé")],
    ids=["503", "429", "lost"],
)
async def test_the_same_message_goes_again_with_a_new_proof(trouble: httpx.Response | Exception) -> None:
    hub = ScriptedHub(trouble, accepted())

    async with hub.partner() as partner:
        answer = await partner.post(message(partner))

    first, second = hub.requests
    assert answer.etat == "accepte"
    assert first.content == second.content
    assert first.headers["DPoP"] != second.headers["DPoP"]


async def test_who_answers_somebody_is_told_of_a_quota_at_once() -> None:
    hub = ScriptedHub(problem(429, "trop-de-requetes", **{"Retry-After": "7"}), accepted())

    async with hub.partner() as partner:
        with quota_at_once(), pytest.raises(QuotaReached) as told:
            await partner.get("/v1/moi")
        after = await partner.post(message(partner))

    assert (told.value.retry_after_s, after.etat, len(hub.requests)) == (7, "accepte", 2)


@pytest.mark.parametrize(
    ("answer", "is_known"),
    [
        (httpx.Response(200, json={"access_token": "j", "token_type": "DPoP", "expires_in": 300}), True),
        (httpx.Response(401, json={"error": "invalid_client"}), False),
        (httpx.Response(503), None),
        (httpx.ReadError("coupé"), None),
    ],
)
async def test_a_key_is_known_once_it_is_given_a_token(
    answer: httpx.Response | Exception, is_known: bool | None
) -> None:
    def hub(_: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    async with Partner(CLIENT, KEY, transport=httpx.MockTransport(hub)) as partner:
        assert await partner.is_known() is is_known


async def test_each_call_starts_a_trace_and_keeps_it_when_it_is_sent_again() -> None:
    hub = ScriptedHub(problem(503, "indisponible", **{"Retry-After": "0"}), accepted())

    async with hub.partner() as partner:
        await partner.post(message(partner))
        await partner.post(message(partner))
        await partner.get("/v1/moi")

    refused, again, *others = [r.headers["traceparent"] for r in hub.requests]
    assert refused == again
    assert len({again, *others}) == 3
    assert all(trace_lisible(trace) for trace in (again, *others))


async def test_a_stream_has_one_trace_and_so_has_what_goes_again() -> None:
    busy = {"id": "m1", "etat": "refuse", "relancable": True, "probleme": {"code": "trop-de-requetes"}}
    hub = ScriptedHub(*(httpx.Response(200, json=line) for line in (busy, {"id": "m1", "etat": "accepte"})))

    async with hub.partner() as partner:
        await partner.post_batch([message(partner)])

    first, again = [r.headers["traceparent"] for r in hub.requests]
    assert first == again
    assert trace_lisible(first)


async def test_the_trace_of_the_caller_is_kept() -> None:
    hub, mine = ScriptedHub(accepted()), f"00-{'1' * 32}-{'2' * 16}-01"

    async with hub.partner() as partner:
        await partner.post(message(partner), traceparent=mine)
        await partner.post_many([message(partner)], traceparent=mine)
        await partner.post_batch([message(partner)], traceparent=mine)
        await partner.call("POST", "/v1/usagers/recherche", {}, {"traceparent": mine})

    assert [r.headers["traceparent"] for r in hub.requests] == [mine] * 4


async def test_patience_ends() -> None:
    hub = ScriptedHub(httpx.ConnectError("rien"))

    async with hub.partner(patience_s=0.3) as partner:
        with pytest.raises(HubUnreachable):
            await partner.post(message(partner))

    assert len(hub.requests) > 1


async def test_a_refusal_is_an_answer_with_its_code_and_is_not_sent_again() -> None:
    hub = ScriptedHub(problem(409, "delai-depasse"))

    async with hub.partner() as partner:
        answer = await partner.post(message(partner))

    assert (answer.id, answer.etat, answer.code, answer.detail) == ("m1", "refuse", "delai-depasse", "Non.")
    assert len(hub.requests) == 1


async def test_a_replay_is_told() -> None:
    replay = httpx.Response(200, json={"id": "m1", "etat": "accepte"}, headers={"Relais-Rejoue": "true"})

    async with ScriptedHub(replay).partner() as partner:
        assert (await partner.post(message(partner))).est_rejoue


async def test_many_messages_get_their_answers_in_order_and_only_the_busy_ones_go_again() -> None:
    lines = [{"id": "a", "etat": "accepte"}, {"etat": "refuse", "code": "indisponible", "relancable": True}]
    again = [{"id": "b", "etat": "accepte", "rejoue": True}]
    hub = ScriptedHub(*(httpx.Response(200, content="\n".join(map(json.dumps, ls)) + "\n") for ls in (lines, again)))

    async with hub.partner() as partner:
        answers = await partner.post_many([message(partner, "a"), message(partner, "b")])

    assert [(a.id, a.etat, a.est_rejoue) for a in answers] == [("a", "accepte", False), ("b", "accepte", True)]
    assert [json.loads(hub.requests[1].content)["id"]] == ["b"]


async def test_a_batch_is_one_json_array_of_what_a_stream_says_line_by_line() -> None:
    lines = [{"id": "a", "etat": "accepte"}, {"id": "b", "etat": "refuse", "code": "schema-invalide"}]
    hub = ScriptedHub(httpx.Response(200, content="\n".join(map(json.dumps, lines)) + "\n"))

    async with hub.partner() as partner:
        answers = await partner.post_batch([message(partner, "a"), message(partner, "b")])

    assert [(a.id, a.code) for a in answers] == [("a", None), ("b", "schema-invalide")]
    assert hub.requests[0].headers["Content-Type"] == "application/cloudevents-batch+json"
    assert [m["id"] for m in json.loads(hub.requests[0].content)] == ["a", "b"]


@pytest.mark.parametrize(
    ("alg", "key"),
    [("PS256", RSAKey.generate_key(2048)), ("EdDSA", OKPKey.generate_key("Ed25519"))],
    ids=["PS256", "EdDSA"],
)
def test_a_partner_signs_with_the_kind_of_key_that_it_registered(
    tmp_path: Path, alg: str, key: RSAKey | OKPKey
) -> None:
    (tmp_path / "cle.pem").write_bytes(key.as_pem(private=True))

    form = Credentials(replace(CLIENT, alg=alg), read_key(tmp_path / "cle.pem", alg)).token_form()

    jws_ = lire_jws(form["client_assertion"], 8_192)
    assert jws_.est_signe_par(importer_jwk(key.as_dict(private=False), alg))


async def test_an_answer_cut_short_is_not_taken_for_whole() -> None:
    hub = ScriptedHub(httpx.Response(200, content='{"id": "a", "etat": "accepte"}\n'))

    async with hub.partner() as partner:
        with pytest.raises(HubUnreachable):
            await partner.post_many([message(partner, "a"), message(partner, "b")])


async def test_a_waiting_message_is_asked_about_until_it_is_settled() -> None:
    hub = ScriptedHub(httpx.Response(200, json={"id": "m1", "etat": "en-attente"}), accepted())

    async with hub.partner() as partner:
        answer = await partner.settled("m1")

    assert answer.etat == "accepte"
    assert len(hub.requests) == 2


async def test_a_request_that_is_not_admitted_raises_with_its_problem() -> None:
    async with ScriptedHub(problem(403, "portee-insuffisante")).partner() as partner:
        with pytest.raises(RequestRefused) as refused:
            await partner.events()

    assert (refused.value.status, refused.value.problem["code"]) == (403, "portee-insuffisante")


async def test_a_nonce_that_a_server_asks_for_is_taken_up() -> None:
    """Once each for the token and for the API, then kept (RFC 9449, §§ 8 and 9)."""
    porte = preparer(URL)
    panne = Nonce()
    recus = Passage(Etape("nonce", (panne,)))
    transport = httpx.ASGITransport(Temoin(porte, recus, time.monotonic))
    async with Partner(porte.registre.fiche("caf-59", URL), porte.registre.cles["caf-59"], transport=transport) as caf:
        await caf.events()
        await caf.events()

    assert [recu.route for recu in panne.touches] == ["/oauth/token", "/v1/evenements"]
    assert recus.echanges[-1].statut == 200
