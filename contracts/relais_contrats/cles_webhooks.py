"""Keys that sign `v1a` webhooks (Standard Webhooks, ed25519): one signs, the next one may sign beside it.

They are published apart from `/oauth/jwks`: a key that signs webhooks must never pass for one that signs tokens.
"""

import base64
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from joserfc.jwk import OKPKey

PREFIXE = "whpk_"


class EtatCle(StrEnum):
    """Rotation: the next key is published and signs beside the active one, until it takes its place. Receivers take the
    new key meanwhile: whichever they know verifies."""

    ACTIVE = "active"
    SUIVANTE = "suivante"


@dataclass(frozen=True, slots=True)
class CleWebhook:
    """`publique` is the raw 32 bytes."""

    privee: Ed25519PrivateKey = field(repr=False)
    publique: bytes
    etat: EtatCle

    @classmethod
    def de(cls, privee: Ed25519PrivateKey, etat: EtatCle = EtatCle.ACTIVE) -> "CleWebhook":
        return cls(privee, privee.public_key().public_bytes_raw(), etat)

    @classmethod
    def depuis_pem(cls, pem: bytes, etat: EtatCle = EtatCle.ACTIVE) -> "CleWebhook":
        """Raises ValueError for a key of another kind."""
        privee = load_pem_private_key(pem, None)
        if not isinstance(privee, Ed25519PrivateKey):
            raise ValueError("a webhook key must be an Ed25519 private key")
        return cls.de(privee, etat)

    def montree(self) -> str:
        """The form in which Standard Webhooks libraries take it."""
        return PREFIXE + base64.b64encode(self.publique).decode()

    def jwk(self) -> dict[str, Any]:
        """RFC 8037, `kid` as RFC 7638; `etat` and `cle_publique` are ours."""
        x = base64.urlsafe_b64encode(self.publique).rstrip(b"=").decode()
        publique: dict[str, str | list[str]] = {"kty": "OKP", "crv": "Ed25519", "x": x}
        kid = OKPKey.import_key(publique).thumbprint()
        return {**publique, "kid": kid, "use": "sig", "alg": "EdDSA", "etat": self.etat, "cle_publique": self.montree()}
