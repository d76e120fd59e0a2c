"""A partner written with `cryptography` and the standard library only: a second reading of the RFCs, and a forger."""

import base64
import hashlib
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

URL_PUBLIQUE = "https://relais.example"
POINT_JETON = f"{URL_PUBLIQUE}/oauth/token"
RESSOURCE = f"{URL_PUBLIQUE}/v1/evenements"
MAINTENANT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MAINTENANT_S = int(MAINTENANT.timestamp())
TYPE_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

# Given as the value of a header parameter, claim or form field, it takes that one away.
SANS: Any = object()

Signataire = Callable[[bytes], bytes]


def b64(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def lire(partie: str) -> dict[str, Any]:
    """The JSON object of one part of a compact JWS."""
    document: dict[str, Any] = json.loads(base64.urlsafe_b64decode(partie + "=" * (-len(partie) % 4)))
    return document


def entier(value: int, taille: int | None = None) -> str:
    return b64(value.to_bytes(taille or (value.bit_length() + 7) // 8, "big"))


@dataclass(frozen=True)
class CleForgee:
    alg: str
    jwk: dict[str, str]
    signer: Signataire = field(repr=False)

    @property
    def jkt(self) -> str:
        noms = {"EC": ("crv", "kty", "x", "y"), "RSA": ("e", "kty", "n"), "OKP": ("crv", "kty", "x")}[self.jwk["kty"]]
        texte = json.dumps({nom: self.jwk[nom] for nom in noms}, separators=(",", ":"))
        return b64(hashlib.sha256(texte.encode()).digest())


def cle_es256() -> CleForgee:
    privee = ec.generate_private_key(ec.SECP256R1())
    point = privee.public_key().public_numbers()

    def signer(message: bytes) -> bytes:
        r, s = decode_dss_signature(privee.sign(message, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    return CleForgee("ES256", {"kty": "EC", "crv": "P-256", "x": entier(point.x, 32), "y": entier(point.y, 32)}, signer)


def cle_rsa(alg: str = "PS256", bits: int = 2048) -> CleForgee:
    privee = rsa.generate_private_key(65537, bits)
    public = privee.public_key().public_numbers()
    remplissage: padding.AsymmetricPadding = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
    if alg == "RS256":
        remplissage = padding.PKCS1v15()

    def signer(message: bytes) -> bytes:
        return privee.sign(message, remplissage, hashes.SHA256())

    return CleForgee(alg, {"kty": "RSA", "e": entier(public.e), "n": entier(public.n)}, signer)


def cle_ed25519(alg: str = "EdDSA") -> CleForgee:
    privee = ed25519.Ed25519PrivateKey.generate()
    x = b64(privee.public_key().public_bytes_raw())
    return CleForgee(alg, {"kty": "OKP", "crv": "Ed25519", "x": x}, privee.sign)


def membres(defaut: Mapping[str, Any], changements: Mapping[str, Any]) -> dict[str, Any]:
    return {nom: value for nom, value in {**defaut, **changements}.items() if value is not SANS}


def compact(entete: Mapping[str, Any] | bytes, claims: Mapping[str, Any] | bytes, signer: Signataire) -> str:
    """A compact JWS of documents that need not be right; bytes go in as they are."""
    parties = [b64(d if isinstance(d, bytes) else json.dumps(d).encode()) for d in (entete, claims)]
    message = ".".join(parties)
    return f"{message}.{b64(signer(message.encode()))}"


@dataclass(frozen=True)
class Partenaire:
    client_id: str
    kid: str = "cle-1"
    cle: CleForgee = field(default_factory=cle_es256)
    cle_dpop: CleForgee = field(default_factory=cle_es256)

    def assertion(
        self, *, entete: Mapping[str, Any] | None = None, signer: Signataire | None = None, **claims: Any
    ) -> str:
        return compact(
            membres({"alg": self.cle.alg, "kid": self.kid, "typ": "JWT"}, entete or {}),
            membres(self.claims_assertion(), claims),
            signer or self.cle.signer,
        )

    def claims_assertion(self) -> dict[str, Any]:
        return {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": URL_PUBLIQUE,
            "iat": MAINTENANT_S,
            "exp": MAINTENANT_S + 60,
            "jti": secrets.token_urlsafe(16),
        }

    def preuve(
        self,
        methode: str = "POST",
        url: str = POINT_JETON,
        jeton: str | None = None,
        *,
        entete: Mapping[str, Any] | None = None,
        signer: Signataire | None = None,
        **claims: Any,
    ) -> str:
        defaut = {"htm": methode, "htu": url, "iat": MAINTENANT_S, "jti": secrets.token_urlsafe(16)}
        if jeton is not None:
            defaut["ath"] = b64(hashlib.sha256(jeton.encode()).digest())
        return compact(
            membres({"alg": self.cle_dpop.alg, "typ": "dpop+jwt", "jwk": self.cle_dpop.jwk}, entete or {}),
            membres(defaut, claims),
            signer or self.cle_dpop.signer,
        )

    def formulaire(self, assertion: str | None = None, **champs: Any) -> dict[str, str]:
        defaut = {
            "grant_type": "client_credentials",
            "client_assertion_type": TYPE_ASSERTION,
            "client_assertion": assertion or self.assertion(),
        }
        return membres(defaut, champs)
