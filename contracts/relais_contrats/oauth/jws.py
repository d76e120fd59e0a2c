"""Strict reading of a compact JWS: the one JSON parser of assertions, proofs and tokens.

Stricter than RFC 7515 asks, so that two readers cannot understand two things: no padding, no duplicate member, no NaN,
no `crit`. The cryptography is joserfc's.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry
from joserfc.util import urlsafe_b64decode

from relais_contrats.oauth.errors import JwsInvalide

Cle = ECKey | RSAKey | OKPKey

# Both names of Ed25519 lead to the model that checks the curve; joserfc's own `EdDSA` would also take Ed448, and
# warns at each use.
MODELES: Final = {
    "ES256": JWSRegistry.algorithms["ES256"],
    "PS256": JWSRegistry.algorithms["PS256"],
    "EdDSA": JWSRegistry.algorithms["Ed25519"],
    "Ed25519": JWSRegistry.algorithms["Ed25519"],
}

# The year 9999. Python refuses arithmetic between floats and the larger integers that JSON can hold.
_INSTANT_MAX_S: Final = 253_402_300_799


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("duplicate member")
    return members


def _refuse_constant(_name: str) -> NoReturn:
    raise ValueError("NaN and Infinity are not JSON")


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_members, parse_constant=_refuse_constant)


@dataclass(frozen=True, slots=True)
class Jws:
    """A JWS that is well formed; nothing in it is to be believed before `est_signe_par` has said so."""

    entete: Mapping[str, Any]
    claims: Mapping[str, Any]
    message_signe: bytes
    signature: bytes

    @property
    def alg(self) -> str | None:
        """The allowed algorithm that the header names, None for any other."""
        alg = self.entete.get("alg")
        return alg if isinstance(alg, str) and alg in MODELES else None

    def est_signe_par(self, cle: Cle) -> bool:
        """`cle` must have been imported for the algorithm of the header (see `keys.importer_jwk`)."""
        return self.alg is not None and MODELES[self.alg].verify(self.message_signe, self.signature, cle)

    def texte(self, claim: str, longueur_max: int = 512) -> str | None:
        """A claim that must be a short non-empty string; None when it is anything else."""
        value = self.claims.get(claim)
        return value if isinstance(value, str) and 0 < len(value) <= longueur_max else None

    def instant(self, claim: str) -> float | None:
        """A NumericDate in seconds, None when absent; raises JwsInvalide for what is no number, or out of reach."""
        if claim not in self.claims:
            return None
        value = self.claims[claim]
        if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > _INSTANT_MAX_S:
            raise JwsInvalide(f"{claim} is not a date in seconds")
        return value


def lire_jws(texte: str, taille_max: int) -> Jws:
    if len(texte) > taille_max:
        raise JwsInvalide("the JWT is too long")
    if not texte.isascii() or texte.count(".") != 2:
        raise JwsInvalide("the JWT is not a compact JWS")
    entete, claims, signature = texte.encode("ascii").split(b".")
    try:
        jws = Jws(
            entete=_object(urlsafe_b64decode(entete)),
            claims=_object(urlsafe_b64decode(claims)),
            message_signe=entete + b"." + claims,
            signature=urlsafe_b64decode(signature),
        )
    except (ValueError, TypeError, RecursionError) as error:
        raise JwsInvalide("the JWT is not base64url of well-formed JSON objects") from error
    if "crit" in jws.entete:
        raise JwsInvalide("the JWT has a critical header parameter that is not understood")
    return jws


def _object(document: bytes) -> dict[str, Any]:
    value = _DECODER.decode(document.decode("utf-8"))
    if not isinstance(value, dict):
        raise TypeError("not a JSON object")
    return value
