"""What lies on a disk sealed: credentials, foreign keys, archived files (AES-256-GCM, one key per installation).

A file is sealed in chunks, each bound to its place and the last one marked, so that none can be cut, moved or dropped.
"""

import hmac
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12
_TAG_BYTES = 16
CHUNK_BYTES = 1 << 20
MAGIC = b"RLSC1\n"


class Unreadable(Exception):
    """Sealed with another key, for another purpose, or changed since."""


class Vault:
    """`key` is 32 bytes; each use derives its own, so that what is sealed for one cannot be opened as another."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def seal(self, purpose: str, content: bytes) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._aead(purpose).encrypt(nonce, content, None)

    def open(self, purpose: str, sealed: bytes) -> bytes:
        try:
            return self._aead(purpose).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], None)
        except InvalidTag as error:
            raise Unreadable(purpose) from error

    def digest(self, purpose: str, content: str) -> str:
        """A keyed digest: tells that two texts are the same, and nothing else."""
        return hmac.digest(self._derive(f"digest {purpose}"), content.encode(), "sha256").hex()

    def seal_file(self, purpose: str, source: BinaryIO, target: Path) -> None:
        """Seal all of `source` into `target`, in constant memory; written through before it returns."""
        aead, prefix = self._aead(f"file {purpose}"), os.urandom(_NONCE_BYTES - 4)
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as sealed:
            sealed.write(MAGIC + prefix)
            chunk, place = source.read(CHUNK_BYTES), 0
            while True:
                following = source.read(CHUNK_BYTES)
                last = b"\x00" if following else b"\x01"
                sealed.write(aead.encrypt(prefix + place.to_bytes(4, "big"), chunk, last))
                if not following:
                    break
                chunk, place = following, place + 1
            sealed.flush()
            os.fsync(sealed.fileno())

    def open_file(self, purpose: str, sealed: BinaryIO) -> Iterator[bytes]:
        """The chunks of what was sealed. Raises `Unreadable` at the first one that is not as it was."""
        aead, head = self._aead(f"file {purpose}"), sealed.read(len(MAGIC) + _NONCE_BYTES - 4)
        if not head.startswith(MAGIC):
            raise Unreadable(purpose)
        prefix, place = head[len(MAGIC) :], 0
        chunk = sealed.read(CHUNK_BYTES + _TAG_BYTES)
        while True:
            following = sealed.read(CHUNK_BYTES + _TAG_BYTES)
            try:
                yield aead.decrypt(prefix + place.to_bytes(4, "big"), chunk, b"\x00" if following else b"\x01")
            except InvalidTag as error:
                raise Unreadable(purpose) from error
            if not following:
                return
            chunk, place = following, place + 1

    def _aead(self, purpose: str) -> AESGCM:
        return AESGCM(self._derive(purpose))

    def _derive(self, purpose: str) -> bytes:
        return hmac.digest(self._key, purpose.encode(), "sha256")
