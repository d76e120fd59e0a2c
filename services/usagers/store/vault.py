"""Encryption of identities at rest, and the blind indexes that find them without showing them. No SQL here."""

import hmac
import os
from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.usagers.domain.identite import Cle

_NONCE_BYTES = 12
# 128 bits: a collision is out of reach for any number of persons, and the index is half as large.
_EMPREINTE_BYTES = 16
_SEPARATOR = "\x1f"


class Coffre:
    """AES-256-GCM with the parcours and the field as associated data, so that a ciphertext opens only in its place.

    Each parcours has its own key, derived from the one in the file: random nonces then never come near their limit
    (2^32 messages under one key, NIST SP 800-38D).
    """

    def __init__(self, cle: bytes, poivre: bytes) -> None:
        self._cle = cle
        self._poivre = poivre
        self._aead = lru_cache(maxsize=1024)(self._derive)
        self.empreinte = lru_cache(maxsize=4096)(self._empreinte)  # asked for twice in a batch: to find and to save

    def oublier(self) -> None:
        """Drop what is kept in memory: after an erasure nothing of the person stays, here either."""
        self._aead.cache_clear()
        self.empreinte.cache_clear()

    def chiffrer(self, parcours: UUID, champ: str, contenu: Any) -> bytes:
        """`contenu` is anything that JSON can say, dataclasses included."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._aead(parcours).encrypt(nonce, orjson.dumps(contenu), _aad(parcours, champ))

    def dechiffrer(self, parcours: UUID, champ: str, chiffre: bytes) -> Any:
        """Raises `cryptography.exceptions.InvalidTag` when a byte changed or the ciphertext was put elsewhere."""
        nonce, corps = chiffre[:_NONCE_BYTES], chiffre[_NONCE_BYTES:]
        return orjson.loads(self._aead(parcours).decrypt(nonce, corps, _aad(parcours, champ)))

    def _empreinte(self, cle: Cle) -> bytes:
        """The blind index of a key: HMAC-SHA-256 with a secret pepper, for NIR are few enough to be all hashed."""
        return hmac.digest(self._poivre, _SEPARATOR.join(cle).encode(), "sha256")[:_EMPREINTE_BYTES]

    def _derive(self, parcours: UUID) -> AESGCM:
        return AESGCM(hmac.digest(self._cle, parcours.bytes, "sha256"))


def _aad(parcours: UUID, champ: str) -> bytes:
    return parcours.bytes + champ.encode()
