"""Secrets of webhooks (Standard Webhooks, `whsec_…`): made here, shown once to the partner, sealed at rest."""

import base64
from os import urandom
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

PREFIX = "whsec_"
_SECRET_BYTES = 32
_NONCE_BYTES = 12


def derive(master_key: bytes, usage: str) -> bytes:
    """32 bytes for one use of `webhooks.cle`, so that no two uses share a key."""
    return HKDF(SHA256(), 32, salt=None, info=f"webhooks {usage}".encode()).derive(master_key)


def new_secret() -> bytes:
    return urandom(_SECRET_BYTES)


def shown(secret: bytes) -> str:
    """The form in which Standard Webhooks libraries take it."""
    return PREFIX + base64.b64encode(secret).decode()


class Safe:
    """AES-256-GCM, bound to the subscription: a sealed secret copied to another row does not open."""

    def __init__(self, master_key: bytes) -> None:
        self._aead = AESGCM(derive(master_key, "secrets"))

    def seal(self, abonnement: UUID, secret: bytes) -> bytes:
        nonce = urandom(_NONCE_BYTES)
        return nonce + self._aead.encrypt(nonce, secret, abonnement.bytes)

    def open(self, abonnement: UUID, sealed: bytes) -> bytes:
        """Raises cryptography's InvalidTag when it was altered, or sealed for another subscription."""
        return self._aead.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], abonnement.bytes)
