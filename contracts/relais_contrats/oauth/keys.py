"""Public keys of others: what is accepted as one, its RFC 7638 thumbprint, and the import that is worth caching.

joserfc imports weak keys too (RSA-1024, ROCA moduli), so strength is decided here, for registration and proofs alike.
"""

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from hashlib import sha256
from typing import Final

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey, import_key
from joserfc.util import urlsafe_b64decode

from relais_contrats.oauth.errors import CleInvalide
from relais_contrats.oauth.jws import Cle

# The members that make a public key, in the lexicographic order that the thumbprint needs.
Membres = tuple[tuple[str, str], ...]

_FORMES: Final[Mapping[str, tuple[str, str | None, tuple[str, ...]]]] = {
    "ES256": ("EC", "P-256", ("crv", "kty", "x", "y")),
    "PS256": ("RSA", None, ("e", "kty", "n")),
    "EdDSA": ("OKP", "Ed25519", ("crv", "kty", "x")),
    "Ed25519": ("OKP", "Ed25519", ("crv", "kty", "x")),
}
_ALGORITHMES: Final = {"EC": "ES256", "OKP": "EdDSA", "RSA": "PS256"}
_MEMBRES_PRIVES: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
# Least and most characters of each member: 32-byte coordinates; moduli of 2,048 to 4,096 bits; exponents of at most 32
# bits. Larger ones are valid too, and only cost the verifier time.
_LONGUEURS: Final = {"x": (43, 43), "y": (43, 43), "n": (342, 683), "e": (2, 6), "kty": (2, 3), "crv": (5, 7)}
_MODULE_MIN_BITS: Final = 2048  # FAPI 2.0 § 5.4.1

# Moduli of the flawed generator (CVE-2017-15361) are powers of 65537 modulo each of these primes.
_PREMIERS_ROCA: Final = (11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157)
_RESTES_ROCA: Final = {p: frozenset(pow(65537, exponent, p) for exponent in range(p)) for p in _PREMIERS_ROCA}


def membres_publics(jwk: object, alg: str) -> Membres:
    """The members of a public JWK usable with `alg`; others are ignored, private ones are refused."""
    if not isinstance(jwk, Mapping):
        raise CleInvalide("the jwk is not an object")
    if not _MEMBRES_PRIVES.isdisjoint(jwk):
        raise CleInvalide("the jwk holds a private or symmetric key")
    kty, crv, noms = _FORMES[alg]
    if jwk.get("kty") != kty or (crv is not None and jwk.get("crv") != crv):
        raise CleInvalide("the jwk does not fit the algorithm")
    membres = []
    for nom in noms:
        value = jwk.get(nom)
        minimum, maximum = _LONGUEURS[nom]
        if not isinstance(value, str) or not minimum <= len(value) <= maximum:
            raise CleInvalide("the jwk has a missing member, or one of the wrong length")
        membres.append((nom, value))
    return tuple(membres)


@lru_cache(maxsize=10_000)
def empreinte(membres: Membres) -> str:
    """JWK SHA-256 thumbprint (RFC 7638): what `cnf.jkt` and our `kid` are."""
    document = json.dumps(dict(membres), separators=(",", ":"))
    return urlsafe_b64encode(sha256(document.encode()).digest()).rstrip(b"=").decode()


@lru_cache(maxsize=10_000)
def importer(membres: Membres) -> Cle:
    """Importing costs as much as half a verification, hence the cache; refusals are not cached."""
    jwk: dict[str, str | list[str]] = dict(membres)
    try:
        match jwk["kty"]:
            case "EC":
                return ECKey.import_key(jwk)
            case "RSA":
                _verifier_module(int.from_bytes(urlsafe_b64decode(str(jwk["n"]).encode())))
                return RSAKey.import_key(jwk)
            case _:
                return OKPKey.import_key(jwk)
    except (JoseError, ValueError, TypeError) as error:
        raise CleInvalide("the jwk is not a valid key") from error


def importer_jwk(jwk: Mapping[str, object], alg: str) -> Cle:
    """A public key for `alg`, to be registered for a client; raises CleInvalide."""
    if alg not in _FORMES:
        raise CleInvalide("the algorithm is not allowed")
    return importer(membres_publics(jwk, alg))


def cle_a_inscrire(pem_ou_jwk: str) -> dict[str, str]:
    """The public half of a PEM or JWK text, with its RFC 7638 thumbprint as `kid`: P-256, Ed25519 or RSA of 2,048 bits
    or more. Raises CleInvalide."""
    texte = pem_ou_jwk.strip()
    try:
        cle = import_key(json.loads(texte)) if texte.startswith("{") else _lire_pem(texte)
        alg = _ALGORITHMES[cle.key_type]
        membres = membres_publics(cle.as_dict(private=False), alg)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise CleInvalide("neither a PEM nor a JWK that can be read") from error
    importer(membres)
    return {**dict(membres), "kid": empreinte(membres), "alg": alg, "use": "sig"}


def _lire_pem(texte: str) -> ECKey | OKPKey | RSAKey:
    for genre in (ECKey, OKPKey, RSAKey):
        with suppress(ValueError, TypeError):
            return genre.import_key(texte)
    raise CleInvalide("no known key type")


def _verifier_module(n: int) -> None:
    if n.bit_length() < _MODULE_MIN_BITS:
        raise CleInvalide("the RSA key is shorter than 2048 bits")
    if all(n % premier in restes for premier, restes in _RESTES_ROCA.items()):
        raise CleInvalide("the RSA key comes from a flawed generator")
