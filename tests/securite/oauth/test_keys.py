"""Public keys at registration, and the hub's own."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from relais_contrats.oauth.clients import CleClient
from relais_contrats.oauth.errors import CleInvalide
from relais_contrats.oauth.keys import empreinte, importer_jwk, membres_publics
from relais_contrats.oauth.profile import Profil
from relais_contrats.oauth.signing import CleServeur, EtatCle, Trousseau
from tests.securite.oauth.hub import cle_serveur
from tests.securite.oauth.partenaire import (
    MAINTENANT,
    SANS,
    CleForgee,
    b64,
    cle_ed25519,
    cle_es256,
    cle_rsa,
    entier,
    membres,
)

# RFC 7638 § 3.1.
JWK_RFC_7638 = {
    "kty": "RSA",
    "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3"
    "oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qM"
    "QvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnq"
    "DKgw",
    "e": "AQAB",
    "alg": "RS256",
    "kid": "2011-04-29",
}


def test_thumbprint_of_the_rfc() -> None:
    assert empreinte(membres_publics(JWK_RFC_7638, "PS256")) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


@pytest.mark.parametrize("cle", [cle_es256(), cle_ed25519(), cle_rsa()], ids=lambda cle: cle.alg)
def test_thumbprints_agree_with_a_second_reading(cle: CleForgee) -> None:
    assert empreinte(membres_publics(cle.jwk, cle.alg)) == cle.jkt


REFUSEES: dict[str, tuple[str, dict[str, Any]]] = {
    "private EC": ("ES256", {"d": "AAAA"}),
    "no y": ("ES256", {"y": SANS}),
    "another algorithm": ("EdDSA", {}),
    "RS256": ("RS256", {}),
    "none": ("none", {}),
    "P-384": ("ES256", {"crv": "P-384"}),
    "off the curve": ("ES256", {"x": b64(b"\x02" * 32)}),
}


@pytest.mark.parametrize(("alg", "changements"), REFUSEES.values(), ids=REFUSEES)
def test_keys_that_are_not_registered(alg: str, changements: dict[str, Any]) -> None:
    jwk = membres(cle_es256().jwk, changements)

    with pytest.raises(CleInvalide):
        importer_jwk(jwk, alg)


def test_a_key_of_another_curve_of_the_same_size_is_refused() -> None:
    point = ec.generate_private_key(ec.SECP256K1()).public_key().public_numbers()

    with pytest.raises(CleInvalide):
        importer_jwk({"kty": "EC", "crv": "secp256k1", "x": entier(point.x, 32), "y": entier(point.y, 32)}, "ES256")


def test_a_key_for_encryption_is_refused() -> None:
    with pytest.raises(CleInvalide):
        importer_jwk({**cle_ed25519().jwk, "crv": "X25519"}, "EdDSA")


@pytest.mark.filterwarnings("error")  # refused by us, not merely frowned upon by the library
@pytest.mark.parametrize("bits", [1024, 2047])
def test_a_short_rsa_key_is_refused(bits: int) -> None:
    n = (1 << bits) - 1

    with pytest.raises(CleInvalide):
        importer_jwk({"kty": "RSA", "e": "AQAB", "n": b64(n.to_bytes((bits + 7) // 8, "big"))}, "PS256")


def test_an_rsa_key_beyond_4096_bits_is_refused() -> None:
    with pytest.raises(CleInvalide):
        importer_jwk({"kty": "RSA", "e": "AQAB", "n": b64(b"\xff" * 1_024)}, "PS256")


@pytest.mark.parametrize("e", [b64(b"\x02"), b64(b"\x01"), b64(b"\xff" * 256)], ids=["even", "one", "2048 bits"])
def test_an_rsa_exponent_out_of_bounds_is_refused(e: str) -> None:
    with pytest.raises(CleInvalide):
        importer_jwk({**JWK_RFC_7638, "e": e}, "PS256")


def test_a_modulus_of_the_flawed_generator_is_refused() -> None:
    # Such a modulus is congruent to a power of 65537 modulo the product of the first primes (CVE-2017-15361).
    produit = 1
    for premier in (2, 3, 5, 7, 11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157):
        produit *= premier
    n = (1 << 2048) - (1 << 2048) % produit + pow(65537, 1_000, produit)

    with pytest.raises(CleInvalide, match="flawed generator"):
        importer_jwk({"kty": "RSA", "e": "AQAB", "n": entier(n - produit)}, "PS256")


def test_a_key_is_registered_for_its_own_algorithm_only() -> None:
    cle = importer_jwk(cle_es256().jwk, "ES256")

    with pytest.raises(CleInvalide):
        CleClient(cle, "PS256", MAINTENANT, MAINTENANT)


def test_the_key_set_publishes_every_state_and_nothing_private() -> None:
    trousseau = Trousseau([cle_serveur(etat) for etat in EtatCle])

    cles = trousseau.jwks()["keys"]

    assert [cle["etat"] for cle in cles] == ["suivante", "active", "retiree"]
    assert {frozenset(cle) for cle in cles} == {frozenset({"kty", "crv", "x", "y", "kid", "use", "alg", "etat"})}


@pytest.mark.parametrize("etats", [[], [EtatCle.SUIVANTE], [EtatCle.ACTIVE, EtatCle.ACTIVE]], ids=len)
def test_exactly_one_key_signs(etats: list[EtatCle]) -> None:
    with pytest.raises(ValueError):
        Trousseau([cle_serveur(etat) for etat in etats])


def test_one_key_has_one_state() -> None:
    cle = cle_serveur()

    with pytest.raises(ValueError):
        Trousseau([cle, CleServeur(cle.cle, EtatCle.RETIREE, cle.kid)])


def test_a_public_key_does_not_sign() -> None:
    pem = (
        ec.generate_private_key(ec.SECP256R1())
        .public_key()
        .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )

    with pytest.raises(CleInvalide):
        CleServeur.depuis_pem(pem)


def test_a_key_of_another_curve_does_not_sign() -> None:
    pem = ec.generate_private_key(ec.SECP384R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    with pytest.raises(CleInvalide):
        CleServeur.depuis_pem(pem)


def test_the_private_key_does_not_show_in_a_traceback() -> None:
    assert "cle=" not in repr(cle_serveur())


@pytest.mark.parametrize(
    "url",
    [
        "http://relais.example",
        "https://relais.example/",
        "https://relais.example/api",
        "https://u:p@relais.example",
        "x",
    ],
)
def test_public_urls_that_are_refused(url: str) -> None:
    with pytest.raises(ValueError):
        Profil(url)
