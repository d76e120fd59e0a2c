"""The master keys: a file of one line per version (`<version> <32 bytes in base64url>`), the highest wraps.

It is read again when it changes, so that a rotation needs no restart.
"""

import base64
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32


class MasterUnknown(Exception):
    """The file holds no key of this version: it was dropped too early, or is the file of another hub."""


class Masters:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp: tuple[int, int, int] | None = None
        self._keys: dict[int, AESGCM] = {}
        self._reload()

    def newest(self) -> tuple[int, AESGCM]:
        """The version that wraps, and its key."""
        self._reload()
        version = max(self._keys)
        return version, self._keys[version]

    def of(self, version: int) -> AESGCM:
        """Raises MasterUnknown."""
        if version not in self._keys:
            self._reload()
        if version not in self._keys:
            raise MasterUnknown(f"master key {version} is not in {self._path}")
        return self._keys[version]

    def _reload(self) -> None:
        seen = self._path.stat()
        stamp = (seen.st_ino, seen.st_mtime_ns, seen.st_size)
        if stamp != self._stamp:
            self._keys = {version: AESGCM(key) for version, key in read(self._path.read_text()).items()}
            self._stamp = stamp


def read(text: str) -> dict[int, bytes]:
    """Keys by version. Raises ValueError for a file that is empty or damaged."""
    keys = {}
    for line in text.splitlines():
        version, encoded = line.split()
        keys[int(version)] = base64.urlsafe_b64decode(encoded + "==")
    if not keys or min(keys) < 1 or any(len(key) != KEY_BYTES for key in keys.values()):
        raise ValueError("a file of master keys holds lines `<version> <32 bytes in base64url>`")
    return keys


def write(keys: dict[int, bytes]) -> str:
    """The content of the file."""
    encoded = {version: base64.urlsafe_b64encode(key).rstrip(b"=").decode() for version, key in keys.items()}
    return "".join(f"{version} {key}\n" for version, key in sorted(encoded.items()))
