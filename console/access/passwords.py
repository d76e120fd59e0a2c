"""Passwords of local operators: generated; Argon2id at the least cost that OWASP admits, in a thread."""

import asyncio
import secrets

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # no sign that is taken for another
_GROUPS, _LETTERS = 5, 4
_MEMORY_KIB, _PASSES = 19_456, 2


def generate() -> str:
    """A password of 99 bits in groups of four letters."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(_LETTERS)) for _ in range(_GROUPS))


def digest(password: str) -> str:
    """The Argon2id digest in PHC writing, salt and costs included."""
    kdf = Argon2id(salt=secrets.token_bytes(16), length=32, iterations=_PASSES, lanes=1, memory_cost=_MEMORY_KIB)
    return kdf.derive_phc_encoded(password.encode())


_NOBODY_S = digest(generate())


class Passwords:
    """Verifies passwords one at a time: each takes 19 MiB, and anybody may ask."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()

    async def match(self, password: str, known: str | None) -> bool:
        """Whether the password has this digest. Takes the same time when there is none."""
        async with self._turn:
            matches = await asyncio.to_thread(_matches, password, known or _NOBODY_S)
        return matches and known is not None


def _matches(password: str, known: str) -> bool:
    try:
        Argon2id.verify_phc_encoded(password.encode(), known)
    except InvalidKey:
        return False
    return True
