"""DPoP proofs at a protected resource (RFC 9449 § 4.3), where one more claim counts than at the token endpoint."""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from relais_contrats.oauth.dpop import normaliser_url
from relais_contrats.oauth.errors import AccesRefuse
from tests.securite.oauth.hub import Hub
from tests.securite.oauth.partenaire import (
    MAINTENANT,
    MAINTENANT_S,
    RESSOURCE,
    SANS,
    URL_PUBLIQUE,
    CleForgee,
    Partenaire,
    b64,
    cle_ed25519,
    compact,
    membres,
)


@dataclass
class Acces:
    """A partner with a token in hand."""

    hub: Hub
    partenaire: Partenaire
    jeton: str

    def preuve(self, **changements: Any) -> str:
        return self.partenaire.preuve("GET", RESSOURCE, self.jeton, **changements)

    def est_refuse(self, *preuves: str, methode: str = "GET", url: str = RESSOURCE) -> bool:
        try:
            self.hub.acces.verifier([f"DPoP {self.jeton}"], preuves, methode, url, self.hub.maintenant)
        except AccesRefuse as refus:
            assert refus.error == "invalid_token"
            return True
        return False


@pytest.fixture
def acces(hub: Hub, cd59: Partenaire) -> Acces:
    return Acces(hub, cd59, hub.jeton(cd59))


@pytest.mark.parametrize("alg", ["ES256", "PS256", "EdDSA", "Ed25519"])
def test_the_allowed_algorithms_prove(hub: Hub, cd59: Partenaire, rsa_ps256: CleForgee, alg: str) -> None:
    cles = {"ES256": cd59.cle_dpop, "PS256": rsa_ps256, "EdDSA": cle_ed25519(), "Ed25519": cle_ed25519("Ed25519")}
    partenaire = replace(cd59, cle_dpop=cles[alg])
    acces = Acces(hub, partenaire, hub.jeton(partenaire))

    assert not acces.est_refuse(acces.preuve())


ACCEPTES: dict[str, dict[str, Any]] = {
    "fapi2-security-profile-final-ensure-dpopproof-with-iat-10seconds-before-succeeds": {"iat": MAINTENANT_S - 10},
    "fapi2-security-profile-final-ensure-dpopproof-with-iat-10seconds-after-succeeds": {"iat": MAINTENANT_S + 10},
    "fapi2-security-profile-final-check-dpop-proof-nbf-exp": {"nbf": MAINTENANT_S - 5, "exp": MAINTENANT_S + 60},
    "iat 60 s ago": {"iat": MAINTENANT_S - 60},
    "exp in the past is none of our business": {"exp": MAINTENANT_S - 3_600},
    "other claims": {"nonce": "x", "couleur": {"a": [1]}},
    "htu with query and fragment": {"htu": f"{RESSOURCE}?apres=1#x"},
    "htu in upper case": {"htu": RESSOURCE.replace("https://relais.example", "HTTPS://RELAIS.Example")},
    "htu with the default port": {"htu": RESSOURCE.replace(".example", ".example:443")},
    "htu escaped without need": {"htu": RESSOURCE.replace("evenements", "%65venements")},
}


@pytest.mark.parametrize("claims", ACCEPTES.values(), ids=ACCEPTES)
def test_claims_that_are_accepted(acces: Acces, claims: dict[str, Any]) -> None:
    assert not acces.est_refuse(acces.preuve(**claims))


CLAIMS_REFUSES: dict[str, dict[str, Any]] = {
    **{
        f"fapi2-security-profile-final-dpop-negative-tests no {nom}": {nom: SANS}
        for nom in ("jti", "htm", "htu", "iat", "ath")
    },
    "fapi2-security-profile-final-dpop-negative-tests wrong htm": {"htm": "POST"},
    "fapi2-security-profile-final-dpop-negative-tests wrong htu": {"htu": f"{URL_PUBLIQUE}/v1/parcours"},
    "fapi2-security-profile-final-dpop-negative-tests wrong ath": {"ath": b64(bytes(32))},
    "fapi2-security-profile-final-dpop-negative-tests iat an hour ago": {"iat": MAINTENANT_S - 3_600},
    "fapi2-security-profile-final-dpop-negative-tests iat in an hour": {"iat": MAINTENANT_S + 3_600},
    "iat 61 s ago": {"iat": MAINTENANT_S - 61},
    "iat 11 s ahead": {"iat": MAINTENANT_S + 11},
    "iat is a string": {"iat": str(MAINTENANT_S)},
    "iat is true": {"iat": True},
    "iat has 400 digits": {"iat": -(10**400)},
    "htm in lower case": {"htm": "get"},
    "htm is a list": {"htm": ["GET"]},
    "htu is a list": {"htu": [RESSOURCE]},
    "htu of another host": {"htu": RESSOURCE.replace("relais", "other")},
    "htu over http": {"htu": RESSOURCE.replace("https", "http")},
    "htu of another port": {"htu": RESSOURCE.replace(".example", ".example:8443")},
    "htu with an impossible port": {"htu": RESSOURCE.replace(".example", ".example:99999")},
    "htu with user information": {"htu": RESSOURCE.replace("relais", "relais.example@other")},
    "htu with a trailing slash": {"htu": f"{RESSOURCE}/"},
    "htu with dots": {"htu": f"{URL_PUBLIQUE}/v1/x/../evenements"},
    "htu in upper case path": {"htu": f"{URL_PUBLIQUE}/V1/evenements"},
    "htu is a path": {"htu": "/v1/evenements"},
    "htu is broken": {"htu": "https://[::1"},
    "ath padded": {"ath": b64(bytes(32)) + "="},
    "ath not ASCII": {"ath": "é"},
    "ath is a number": {"ath": 1},
    "empty jti": {"jti": ""},
    "jti is a number": {"jti": 7},
    "jti of 600 characters": {"jti": "j" * 600},
    "4 kB and more of other claims": {"couleur": "x" * 3_000},
}


@pytest.mark.parametrize("claims", CLAIMS_REFUSES.values(), ids=CLAIMS_REFUSES)
def test_claims_that_are_refused(acces: Acces, claims: dict[str, Any]) -> None:
    assert acces.est_refuse(acces.preuve(**claims))


@pytest.mark.parametrize("nom", ["kid", "x5t", "couleur"])
def test_other_header_parameters_are_ignored(acces: Acces, nom: str) -> None:
    assert not acces.est_refuse(acces.preuve(entete={nom: "x"}))


ENTETES_REFUSES: dict[str, dict[str, Any]] = {
    "fapi2-security-profile-final-dpop-negative-tests no typ": {"typ": SANS},
    "fapi2-security-profile-final-dpop-negative-tests wrong typ": {"typ": "JWT"},
    "fapi2-security-profile-final-dpop-negative-tests no jwk": {"jwk": SANS},
    "fapi2-security-profile-final-dpop-negative-tests alg none": {"alg": "none"},
    "fapi2-security-profile-final-dpop-negative-tests alg RS256": {"alg": "RS256"},
    "typ is a list": {"typ": ["dpop+jwt"]},
    "alg of another key type": {"alg": "PS256"},
    "alg with an accent": {"alg": "é"},
    "alg is an object": {"alg": {}},
    "jwk is a string": {"jwk": "x"},
    "jwk is a list": {"jwk": []},
    "jwk is empty": {"jwk": {}},
    "jwk is symmetric": {"jwk": {"kty": "oct", "k": "AAAA"}},
    "crit": {"crit": ["typ"]},
}


@pytest.mark.parametrize("entete", ENTETES_REFUSES.values(), ids=ENTETES_REFUSES)
def test_headers_that_are_refused(acces: Acces, entete: dict[str, Any]) -> None:
    assert acces.est_refuse(acces.preuve(entete=entete))


JWK_REFUSEES: dict[str, dict[str, Any]] = {
    "fapi2-security-profile-final-dpop-negative-tests private member": {"d": "AAAA"},
    "private member null": {"d": None},
    "symmetric member": {"k": "AAAA"},
    "another curve": {"crv": "P-384"},
    "another type": {"kty": "OKP"},
    "no x": {"x": SANS},
    "x is a number": {"x": 1},
    "x is too short": {"x": "AAAA"},
    "x is off the curve": {"x": b64(b"\x01" * 32)},
    "x is padded": {"x": b64(bytes(31)) + "="},
    "x not ASCII": {"x": "é" * 43},
    "point at infinity": {"x": b64(bytes(32)), "y": b64(bytes(32))},
}


@pytest.mark.parametrize("changements", JWK_REFUSEES.values(), ids=JWK_REFUSEES)
def test_keys_that_are_refused_at_the_token_endpoint(hub: Hub, cd59: Partenaire, changements: dict[str, Any]) -> None:
    jwk = membres(cd59.cle_dpop.jwk, changements)

    response = hub.http.post("/oauth/token", data=cd59.formulaire(), headers={"DPoP": cd59.preuve(entete={"jwk": jwk})})

    assert (response.status_code, response.json()["error"]) == (400, "invalid_dpop_proof")


def test_members_of_the_jwk_that_say_nothing_of_the_key_are_ignored(acces: Acces) -> None:
    jwk = {**acces.partenaire.cle_dpop.jwk, "kid": "x", "use": "sig", "alg": "ES256"}

    assert not acces.est_refuse(acces.preuve(entete={"jwk": jwk}))


def test_a_proof_signed_by_another_key_is_refused(acces: Acces, inconnue: CleForgee) -> None:
    assert acces.est_refuse(acces.preuve(signer=inconnue.signer))


def test_a_proof_of_another_key_is_refused(acces: Acces, inconnue: CleForgee) -> None:
    voleur = replace(acces.partenaire, cle_dpop=inconnue)

    assert acces.est_refuse(voleur.preuve("GET", RESSOURCE, acces.jeton))


def test_a_proof_by_hmac_of_the_public_key_is_refused(acces: Acces) -> None:
    publique = acces.partenaire.cle_dpop.jwk["x"].encode()

    preuve = acces.preuve(
        entete={"alg": "HS256"}, signer=lambda message: hmac.digest(publique, message, hashlib.sha256)
    )

    assert acces.est_refuse(preuve)


def test_a_proof_for_another_token_is_refused(acces: Acces) -> None:
    autre = acces.hub.jeton(acces.partenaire)

    assert acces.est_refuse(acces.partenaire.preuve("GET", RESSOURCE, autre))


def test_a_proof_of_the_token_endpoint_is_refused(acces: Acces) -> None:
    assert acces.est_refuse(acces.partenaire.preuve())


def test_a_proof_for_another_method_is_refused(acces: Acces) -> None:
    assert acces.est_refuse(acces.preuve(), methode="POST")


def test_no_proof_is_refused(acces: Acces) -> None:
    assert acces.est_refuse()


def test_two_proofs_are_refused(acces: Acces) -> None:
    assert acces.est_refuse(acces.preuve(), acces.preuve())


FORMES: dict[str, Callable[[str], str]] = {
    "comma-joined": lambda jwt: f"{jwt}, {jwt}",
    "5 kB": lambda jwt: jwt + "A" * 5_000,
    "empty": lambda _: "",
    "padding": lambda jwt: jwt + "==",
    "unsigned": lambda jwt: jwt.rsplit(".", 1)[0] + ".",
    "a word": lambda _: "proof",
    "not ASCII": lambda jwt: jwt + "é",
}


@pytest.mark.parametrize("deformer", FORMES.values(), ids=FORMES)
def test_serialisations_that_are_refused(acces: Acces, deformer: Callable[[str], str]) -> None:
    assert acces.est_refuse(deformer(acces.preuve()))


@pytest.mark.parametrize("claims", [b"[" * 2_900, b'{"a":' * 500, b"null", b'{"iat":NaN}'])
def test_claims_that_are_no_json_object(acces: Acces, claims: bytes) -> None:
    cle = acces.partenaire.cle_dpop

    preuve = compact({"alg": "ES256", "typ": "dpop+jwt", "jwk": cle.jwk}, claims, cle.signer)

    assert acces.est_refuse(preuve)


def test_a_header_of_brackets_is_refused(acces: Acces) -> None:
    assert acces.est_refuse(compact(b"[" * 2_000, {}, acces.partenaire.cle_dpop.signer))


def test_a_duplicate_claim_is_refused(acces: Acces) -> None:
    cle = acces.partenaire.cle_dpop
    claims = f'{{"htm":"GET","htm":"GET","htu":"{RESSOURCE}","iat":{MAINTENANT_S},"jti":"1","ath":"x"}}'

    preuve = compact({"alg": "ES256", "typ": "dpop+jwt", "jwk": cle.jwk}, claims.encode(), cle.signer)

    assert acces.est_refuse(preuve)


def test_a_4096_bit_key_still_fits_in_a_proof(hub: Hub, cd59: Partenaire) -> None:
    jwk = {"kty": "RSA", "e": "AQAB", "n": b64(b"\xff" * 512)}

    preuve = replace(cd59, cle_dpop=CleForgee("PS256", jwk, lambda _: bytes(512))).preuve("GET", RESSOURCE, "x" * 900)

    assert len(preuve) < 4_096


def test_the_use_of_a_proof_is_remembered_until_nothing_accepts_it(acces: Acces) -> None:
    jeton = acces.hub.acces.verifier(
        [f"DPoP {acces.jeton}"], [acces.preuve(iat=MAINTENANT_S + 10)], "GET", RESSOURCE, MAINTENANT
    )

    assert jeton.usages[0].expire_le >= MAINTENANT + timedelta(seconds=10 + 60)


def test_the_same_jti_of_one_key_is_one_use(acces: Acces) -> None:
    premier, second = (
        acces.hub.acces.verifier(
            [f"DPoP {acces.jeton}"], [acces.preuve(jti="1", iat=iat)], "GET", RESSOURCE, MAINTENANT
        )
        for iat in (MAINTENANT_S, MAINTENANT_S - 1)
    )

    assert premier.usages[0].empreinte == second.usages[0].empreinte


@pytest.mark.parametrize(
    ("url", "normale"),
    [
        ("HTTP://Example.COM:80", "http://example.com/"),
        ("https://example.com:443/a?b#c", "https://example.com/a"),
        ("https://example.com:8443/a", "https://example.com:8443/a"),
        ("https://[2001:DB8::1]:443/a", "https://[2001:db8::1]/a"),
        ("https://example.com/%7euser/%2f%e9", "https://example.com/~user/%2F%E9"),
    ],
)
def test_normal_form_of_a_url(url: str, normale: str) -> None:
    assert normaliser_url(url) == normale


@pytest.mark.parametrize(
    "url", ["", "x", "//example.com/a", "ftp://example.com/", "https:///a", "https://u@h/", "https://h:x/"]
)
def test_what_is_no_url_of_a_resource(url: str) -> None:
    with pytest.raises(ValueError):
        normaliser_url(url)
