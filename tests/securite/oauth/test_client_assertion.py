"""Client authentication at the token endpoint: who gets in, and every way in which one must not."""

import hmac
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from tests.securite.oauth.hub import Hub, cle_client
from tests.securite.oauth.partenaire import (
    MAINTENANT,
    MAINTENANT_S,
    POINT_JETON,
    SANS,
    URL_PUBLIQUE,
    CleForgee,
    Partenaire,
    b64,
    cle_ed25519,
    cle_es256,
    compact,
)

DANS_DIX_ANS = MAINTENANT_S + 10 * 365 * 86_400


@dataclass
class Banc:
    """Sends assertions of one partner, each with a good proof."""

    hub: Hub
    partenaire: Partenaire

    def envoyer(self, assertion: str) -> tuple[int, dict[str, Any]]:
        response = self.hub.http.post(
            "/oauth/token",
            data=self.partenaire.formulaire(assertion),
            headers={"DPoP": self.partenaire.preuve()},
        )
        return response.status_code, response.json()

    def erreur(self, assertion: str) -> tuple[int, str]:
        status, corps = self.envoyer(assertion)
        return status, corps["error"]


@pytest.fixture
def banc(hub: Hub, cd59: Partenaire) -> Banc:
    return Banc(hub, cd59)


REFUS = (401, "invalid_client")


@pytest.mark.parametrize("alg", ["ES256", "PS256", "EdDSA", "Ed25519"])
def test_the_allowed_algorithms_authenticate(hub: Hub, rsa_ps256: CleForgee, alg: str) -> None:
    cles = {"ES256": cle_es256(), "PS256": rsa_ps256, "EdDSA": cle_ed25519(), "Ed25519": cle_ed25519("Ed25519")}
    partenaire = hub.registre.inscrire(Partenaire("si:cd-59", cle=cles[alg]))

    status, corps = Banc(hub, partenaire).envoyer(partenaire.assertion())

    assert (status, corps["token_type"]) == (200, "DPoP")


@pytest.mark.parametrize(("inscrit", "ecrit"), [("EdDSA", "Ed25519"), ("Ed25519", "EdDSA")])
def test_both_names_of_ed25519_are_one_algorithm(hub: Hub, inscrit: str, ecrit: str) -> None:
    partenaire = hub.registre.inscrire(Partenaire("si:cd-59", cle=cle_ed25519(inscrit)))

    status, _ = Banc(hub, partenaire).envoyer(partenaire.assertion(entete={"alg": ecrit}))

    assert status == 200


ACCEPTES = {
    "fapi2-security-profile-final-happy-flow": {},
    "fapi2-security-profile-final-par-ensure-jwt-client-assertions-nbf-8-seconds-in-the-future-is-accepted": {
        "nbf": MAINTENANT_S + 8
    },
    "iat 8 s in the future": {"iat": MAINTENANT_S + 8},
    "iat and nbf 10 s in the future": {"iat": MAINTENANT_S + 10, "nbf": MAINTENANT_S + 10},
    "no iat": {"iat": SANS},
    "exp 300 s ahead": {"exp": MAINTENANT_S + 300},
    "exp 4 s ago, clocks differ": {"exp": MAINTENANT_S - 4},
    "fractional dates": {"exp": MAINTENANT_S + 30.5, "iat": MAINTENANT_S - 0.25},
    "unknown claim": {"couleur": "bleu"},
}


@pytest.mark.parametrize("claims", ACCEPTES.values(), ids=ACCEPTES)
def test_claims_that_are_accepted(banc: Banc, claims: dict[str, Any]) -> None:
    status, _ = banc.envoyer(banc.partenaire.assertion(**claims))

    assert status == 200


CLAIMS_REFUSES = {
    "fapi2-security-profile-final-ensure-client-assertion-with-exp-is-5-minutes-in-past-fails": {
        "exp": MAINTENANT_S - 300
    },
    "fapi2-security-profile-final-ensure-client-assertion-with-wrong-aud-fails": {"aud": "https://other.example"},
    "fapi2-security-profile-final-ensure-client-assertion-with-no-sub-fails": {"sub": SANS},
    "fapi2-security-profile-final-par-test-array-as-audience-fails": {"aud": [URL_PUBLIQUE]},
    "fapi2-security-profile-final-par-ensure-jwt-client-assertions-nbf-over-60-seconds-in-the-future-fails": {
        "nbf": MAINTENANT_S + 61
    },
    "aud names another server too": {"aud": [URL_PUBLIQUE, "https://other.example"]},
    "aud with a trailing slash": {"aud": f"{URL_PUBLIQUE}/"},
    "aud of the token endpoint (FAPI 2.0 Final § 5.3.2.1-8)": {"aud": POINT_JETON},
    "aud of the API": {"aud": f"{URL_PUBLIQUE}/v1/messages"},
    "aud is an object": {"aud": {URL_PUBLIQUE: True}},
    "no aud": {"aud": SANS},
    "no exp": {"exp": SANS},
    "exp is null": {"exp": None},
    "exp is a string": {"exp": str(MAINTENANT_S + 60)},
    "exp is true": {"exp": True},
    "exp is a list": {"exp": [MAINTENANT_S + 60]},
    "exp has 400 digits": {"exp": 10**400},
    "exp in ten years": {"exp": DANS_DIX_ANS},
    "exp 301 s ahead": {"exp": MAINTENANT_S + 301},
    "exp 50 s ago, within the leeway of Authlib": {"exp": MAINTENANT_S - 50},
    "exp 5 s ago": {"exp": MAINTENANT_S - 5},
    "iat 61 s in the future": {"iat": MAINTENANT_S + 61},
    "iat 11 s in the future": {"iat": MAINTENANT_S + 11},
    "iat has 400 digits": {"iat": 10**400},
    "iat is true": {"iat": True},
    "nbf is a string": {"nbf": "now"},
    "nbf is true": {"nbf": True},
    "8 kB and more of other claims": {"couleur": "x" * 7_000},
    "no jti": {"jti": SANS},
    "empty jti": {"jti": ""},
    "jti is a number": {"jti": 12},
    "jti of 600 characters": {"jti": "a" * 600},
    "no iss": {"iss": SANS},
    "iss is another client": {"iss": "si:caf-59"},
    "iss and sub are lists": {"iss": ["si:cd-59"], "sub": ["si:cd-59"]},
    "unknown client": {"iss": "si:nobody", "sub": "si:nobody"},
    "client of 2 kB": {"iss": "x" * 2_000, "sub": "x" * 2_000},
    "lone surrogate": {"iss": "\ud800", "sub": "\ud800"},
}


@pytest.mark.parametrize("claims", CLAIMS_REFUSES.values(), ids=CLAIMS_REFUSES)
def test_claims_that_are_refused(banc: Banc, claims: dict[str, Any]) -> None:
    refus = banc.erreur(banc.partenaire.assertion(**claims))

    assert refus == REFUS


def test_a_lone_surrogate_in_the_jti_is_hashed_like_any_other(banc: Banc) -> None:
    status, _ = banc.envoyer(banc.partenaire.assertion(jti="\ud800"))

    assert status == 200


ENTETES_REFUSES: dict[str, dict[str, Any]] = {
    "alg none": {"alg": "none"},
    "alg None": {"alg": "None"},
    "alg RS256": {"alg": "RS256"},
    "alg ES384": {"alg": "ES384"},
    "alg of another key type": {"alg": "EdDSA"},
    "alg with a quote": {"alg": 'ES256"'},
    "alg with a backslash": {"alg": "ES\\256"},
    "alg with an accent": {"alg": "é"},
    "alg is a list": {"alg": ["ES256"]},
    "alg is an object": {"alg": {}},
    "no alg": {"alg": SANS},
    "kid unknown": {"kid": "cle-2"},
    "kid with a quote": {"kid": '"'},
    "kid with an accent": {"kid": "clé"},
    "kid is a number": {"kid": 1},
    "kid is a list": {"kid": ["cle-1"]},
    "no kid": {"kid": SANS},
    "typ of an access token": {"typ": "at+jwt"},
    "typ of a DPoP proof": {"typ": "dpop+jwt"},
    "typ is null": {"typ": None},
    "jku": {"jku": "http://169.254.169.254/jwks"},
    "x5u": {"x5u": "http://169.254.169.254/cert"},
    "x5c": {"x5c": []},
    "crit unknown": {"crit": ["exp"], "exp": 1},
    "crit b64": {"crit": ["b64"], "b64": False},
    "crit empty": {"crit": []},
}


@pytest.mark.parametrize("entete", ENTETES_REFUSES.values(), ids=ENTETES_REFUSES)
def test_headers_that_are_refused(banc: Banc, entete: dict[str, Any]) -> None:
    refus = banc.erreur(banc.partenaire.assertion(entete=entete))

    assert refus == REFUS


@pytest.mark.parametrize("typ", [SANS, "JWT", "jwt", "client-authentication+jwt"])
def test_types_of_a_client_assertion(banc: Banc, typ: Any) -> None:
    status, _ = banc.envoyer(banc.partenaire.assertion(entete={"typ": typ}))

    assert status == 200


def test_a_key_that_comes_with_the_assertion_is_refused(banc: Banc, inconnue: CleForgee) -> None:
    assertion = banc.partenaire.assertion(entete={"jwk": inconnue.jwk}, signer=inconnue.signer)

    assert banc.erreur(assertion) == REFUS


SIGNATURES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "zeros": lambda _: bytes(64),
    "r and s beyond the order": lambda _: b"\xff" * 64,
    "r zero": lambda _: bytes(32) + b"\x01" * 32,
    "one byte short": lambda _: b"\x01" * 63,
    "one byte long": lambda _: b"\x01" * 65,
    "DER": lambda _: bytes.fromhex("3006020101020101"),
}


@pytest.mark.parametrize("signer", SIGNATURES.values(), ids=SIGNATURES)
def test_signatures_that_are_refused(banc: Banc, signer: Callable[[bytes], bytes]) -> None:
    assert banc.erreur(banc.partenaire.assertion(signer=signer)) == REFUS


def test_an_unsigned_assertion_is_refused(banc: Banc) -> None:
    assertion = banc.partenaire.assertion(entete={"alg": "none"}, signer=lambda _: b"")

    assert banc.erreur(assertion) == REFUS


def test_hmac_with_the_public_key_is_refused(banc: Banc) -> None:
    publique = banc.partenaire.cle.jwk["x"].encode()

    assertion = banc.partenaire.assertion(
        entete={"alg": "HS256"}, signer=lambda message: hmac.digest(publique, message, "sha256")
    )

    assert banc.erreur(assertion) == REFUS


@pytest.mark.parametrize(
    "alg", ["RS256"], ids="fapi2-security-profile-final-ensure-signed-client-assertion-with-{}-fails".format
)
def test_rsa_of_the_first_kind_is_refused_with_a_registered_key(hub: Hub, rsa_rs256: CleForgee, alg: str) -> None:
    inscrite = replace(rsa_rs256, alg="PS256")
    partenaire = hub.registre.inscrire(Partenaire("si:cd-59", cle=inscrite))

    assertion = partenaire.assertion(entete={"alg": alg}, signer=rsa_rs256.signer)

    assert Banc(hub, partenaire).erreur(assertion) == REFUS


def test_the_key_of_another_partner_is_refused(banc: Banc, caf59: Partenaire) -> None:
    assertion = banc.partenaire.assertion(signer=caf59.cle.signer)

    assert banc.erreur(assertion) == REFUS


def test_a_partner_cannot_speak_for_another(banc: Banc, caf59: Partenaire) -> None:
    assertion = caf59.assertion(iss="si:cd-59", sub="si:cd-59")

    assert banc.erreur(assertion) == REFUS


@pytest.mark.parametrize(
    ("debut", "fin"),
    [
        (MAINTENANT + timedelta(seconds=1), MAINTENANT + timedelta(days=1)),
        (MAINTENANT - timedelta(days=1), MAINTENANT),
    ],
    ids=["not yet valid", "retired"],
)
def test_a_key_outside_its_window_is_refused(hub: Hub, debut: Any, fin: Any) -> None:
    partenaire = Partenaire("si:cd-59")
    hub.registre.inscrire(partenaire, cle_client(partenaire.cle, debut, fin))

    assert Banc(hub, partenaire).erreur(partenaire.assertion()) == REFUS


def test_two_keys_are_good_at_once_each_under_its_own_name(hub: Hub, inconnue: CleForgee) -> None:
    ancien = hub.registre.inscrire(Partenaire("si:cd-59"))
    nouveau = replace(ancien, kid="cle-2", cle=inconnue)
    cles = hub.registre.clients["si:cd-59"].cles
    hub.registre.changer("si:cd-59", cles={**cles, "cle-2": cle_client(inconnue)})

    status = [Banc(hub, p).envoyer(p.assertion())[0] for p in (ancien, nouveau, replace(nouveau, kid="cle-1"))]

    assert status == [200, 200, 401]


def test_a_suspended_client_is_refused_at_once(banc: Banc) -> None:
    banc.hub.registre.suspendre("si:cd-59")

    assert banc.erreur(banc.partenaire.assertion()) == REFUS


def test_an_access_token_is_no_client_assertion(banc: Banc) -> None:
    jeton = banc.hub.jeton(banc.partenaire)

    assert banc.erreur(jeton) == REFUS


def test_a_proof_is_no_client_assertion(banc: Banc) -> None:
    assert banc.erreur(banc.partenaire.preuve()) == REFUS


def test_strangers_learn_nothing_from_the_sentence(banc: Banc, inconnue: CleForgee) -> None:
    partenaire = banc.partenaire

    corps = [
        banc.envoyer(partenaire.assertion(iss="si:nobody", sub="si:nobody"))[1],
        banc.envoyer(partenaire.assertion(entete={"kid": "cle-9"}))[1],
        banc.envoyer(partenaire.assertion(signer=inconnue.signer))[1],
        banc.envoyer(partenaire.assertion(signer=inconnue.signer, exp=MAINTENANT_S - 300))[1],
    ]

    assert corps == [corps[0]] * 4


CLAIMS_MALFORMES = {
    "60 kB of [": b"[" * 60_000,
    "11.5 kB of [": b"[" * 11_500,
    "5 kB of [": b"[" * 5_000,
    "nested objects": b'{"a":' * 1_500,
    "NaN": b'{"exp": NaN}',
    "Infinity": b'{"exp": -Infinity}',
    "a list": b"[]",
    "null": b"null",
    "empty": b"",
    "not UTF-8": b'{"iss": "\xff"}',
    "byte order mark": b'\xef\xbb\xbf{"iss": "a"}',
    "two documents": b"{}{}",
    "5000 digits": b'{"exp": ' + b"9" * 5_000 + b"}",
}


@pytest.mark.parametrize("claims", CLAIMS_MALFORMES.values(), ids=CLAIMS_MALFORMES)
def test_claims_that_are_no_json_object(banc: Banc, claims: bytes) -> None:
    entete = {"alg": "ES256", "kid": "cle-1"}

    status, error = banc.erreur(compact(entete, claims, banc.partenaire.cle.signer))

    # What exceeds the form never reaches the parser of assertions.
    assert (status, error) in (REFUS, (413, "invalid_request"))


def test_a_duplicate_claim_is_refused(banc: Banc) -> None:
    claims = (
        f'{{"iss":"si:cd-59","sub":"si:cd-59","aud":"{URL_PUBLIQUE}","jti":"1",'
        f'"exp":{DANS_DIX_ANS},"exp":{MAINTENANT_S + 60}}}'
    )

    refus = banc.erreur(compact({"alg": "ES256", "kid": "cle-1"}, claims.encode(), banc.partenaire.cle.signer))

    assert refus == REFUS


@pytest.mark.parametrize("exp", ["1e400", "NaN", "Infinity", "-Infinity"])
def test_a_number_that_is_none_is_refused(banc: Banc, exp: str) -> None:
    claims = f'{{"iss":"si:cd-59","sub":"si:cd-59","aud":"{URL_PUBLIQUE}","jti":"1","exp":{exp}}}'

    refus = banc.erreur(compact({"alg": "ES256", "kid": "cle-1"}, claims.encode(), banc.partenaire.cle.signer))

    assert refus == REFUS


def test_a_duplicate_header_parameter_is_refused(banc: Banc) -> None:
    entete = b'{"alg":"none","alg":"ES256","kid":"cle-1"}'

    assert banc.erreur(compact(entete, banc.partenaire.claims_assertion(), banc.partenaire.cle.signer)) == REFUS


FORMES: dict[str, Callable[[str], str]] = {
    "padding": lambda jwt: jwt + "==",
    "padding inside": lambda jwt: jwt.replace(".", "=.", 1),
    "plain base64": lambda jwt: jwt.replace(".", "+.", 1),
    "two parts": lambda jwt: jwt.rsplit(".", 1)[0],
    "four parts": lambda jwt: jwt + ".e30",
    "five parts, like a JWE": lambda jwt: jwt + ".e30.e30",
    "a space": lambda jwt: jwt.replace(".", " .", 1),
    "a line break": lambda jwt: jwt + "\n",
    "not ASCII": lambda jwt: jwt + "é",
    "dots": lambda _: "..",
    "JSON serialisation": lambda jwt: '{"payload":"' + jwt.split(".")[1] + '"}',
    "9 kB": lambda jwt: jwt + "A" * 9_000,
}


@pytest.mark.parametrize("deformer", FORMES.values(), ids=FORMES)
def test_serialisations_that_are_refused(banc: Banc, deformer: Callable[[str], str]) -> None:
    assert banc.erreur(deformer(banc.partenaire.assertion())) == REFUS


@pytest.mark.parametrize("partie", [0, 1, 2], ids=["header", "claims", "signature"])
def test_one_flipped_bit_is_refused(banc: Banc, partie: int) -> None:
    parties = banc.partenaire.assertion().split(".")
    parties[partie] = parties[partie][:-2] + ("A" if parties[partie][-2] != "A" else "B") + parties[partie][-1]

    assert banc.erreur(".".join(parties)) == REFUS


def test_unused_bits_of_the_last_character_must_be_zero(banc: Banc) -> None:
    assertion = banc.partenaire.assertion(signer=lambda message: banc.partenaire.cle.signer(message)[:64])
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    voisin = alphabet[alphabet.index(assertion[-1]) + 1]

    assert banc.erreur(assertion[:-1] + voisin) == REFUS


def test_the_answer_repeats_nothing_of_the_input(banc: Banc) -> None:
    canari = b64(b"canari")

    _, corps = banc.envoyer(banc.partenaire.assertion(entete={"alg": canari, "kid": canari}, iss=canari, sub=canari))

    assert canari not in str(corps)
