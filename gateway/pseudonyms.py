"""Pairwise pseudonyms: each partner has its own name of a parcours, reversible by the hub, linkable by no partner."""

import base64
from functools import lru_cache
from uuid import UUID

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

PREFIX = "prc_"
_TEXT_LENGTH = 26


class Pseudonyms:
    """AES-128 of the internal UUID (one block: a permutation) under a key derived per partner; base32, lower case."""

    def __init__(self, master_key: bytes) -> None:
        self._master_key = master_key
        self._cipher = lru_cache(maxsize=4096)(self._derive)

    def of(self, partenaire: str, parcours: UUID) -> str:
        """`prc_` and 26 characters of `[a-z2-7]`."""
        encryptor = self._cipher(partenaire).encryptor()
        return PREFIX + base64.b32encode(encryptor.update(parcours.bytes)).decode().rstrip("=").lower()

    def read(self, partenaire: str, pseudonyme: str) -> UUID | None:
        """The parcours that this partner calls so; None when the text is no pseudonym. Any well-formed text decrypts to
        some UUID: whether the partner may see it is asked of the participations."""
        text = pseudonyme.removeprefix(PREFIX)
        if text == pseudonyme or len(text) != _TEXT_LENGTH or not text.isascii():
            return None
        try:
            block = base64.b32decode(text.upper() + "======")
        except ValueError:
            return None
        return UUID(bytes=self._cipher(partenaire).decryptor().update(block))

    def _derive(self, partenaire: str) -> Cipher[modes.ECB]:
        key = HKDF(SHA256(), 16, salt=None, info=f"pseudonymes {partenaire}".encode()).derive(self._master_key)
        # One block never repeats under one key: ECB of a single UUID is the permutation that is wanted here.
        return Cipher(algorithms.AES(key), modes.ECB())  # noqa: S305
