"""The hub's own keys of `v1a` webhooks (Standard Webhooks, ed25519): one signs, the next one may sign beside it.

They are published apart from `/oauth/jwks`: a key that signs webhooks must never pass for one that signs tokens.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from joserfc.jwk import OKPKey

from chassis.settings import Settings

PREFIX = "whpk_"
_NAME = "webhooks"


class EtatCle(StrEnum):
    """Rotation: the next key is published and signs beside the active one, until it takes its place (a change of file
    name and a restart). Receivers take the new key meanwhile: whichever they know verifies."""

    ACTIVE = "active"
    SUIVANTE = "suivante"


@dataclass(frozen=True, slots=True)
class CleWebhook:
    """`publique` is the raw 32 bytes."""

    privee: Ed25519PrivateKey = field(repr=False)
    publique: bytes
    etat: EtatCle

    @classmethod
    def depuis_pem(cls, pem: bytes, etat: EtatCle = EtatCle.ACTIVE) -> "CleWebhook":
        privee = load_pem_private_key(pem, None)
        if not isinstance(privee, Ed25519PrivateKey):
            raise ValueError("a webhook key must be an Ed25519 private key")
        return cls(privee, privee.public_key().public_bytes_raw(), etat)

    def montree(self) -> str:
        """The form in which Standard Webhooks libraries take it."""
        return PREFIX + base64.b64encode(self.publique).decode()

    def jwk(self) -> dict[str, Any]:
        """RFC 8037, `kid` as RFC 7638; `etat` and `cle_publique` are ours."""
        x = base64.urlsafe_b64encode(self.publique).rstrip(b"=").decode()
        public: dict[str, str | list[str]] = {"kty": "OKP", "crv": "Ed25519", "x": x}
        kid = OKPKey.import_key(public).thumbprint()
        return {**public, "kid": kid, "use": "sig", "alg": "EdDSA", "etat": self.etat, "cle_publique": self.montree()}


Cles = Sequence[CleWebhook]


def read(configured: Settings) -> list[CleWebhook]:
    """`webhooks.pem`, and `webhooks-suivante.pem` when it is there."""
    keys = [CleWebhook.depuis_pem(configured.pem(_NAME))]
    suivante = f"{_NAME}-{EtatCle.SUIVANTE}"
    if (configured.secrets / f"{suivante}.pem").exists():
        keys.append(CleWebhook.depuis_pem(configured.pem(suivante), EtatCle.SUIVANTE))
    return keys
