"""The blind indexes, which find a person in the database without showing her."""

import hmac
from functools import lru_cache

from services.usagers.domain.identite import Cle

# 128 bits: a collision is out of reach for any number of persons, and the index is half as large.
_EMPREINTE_BYTES = 16
_SEPARATOR = "\x1f"


class Index:
    """HMAC-SHA-256 of keys with a secret pepper, for NIR are few enough to be all hashed. `lier` gives it."""

    def __init__(self) -> None:
        self._poivre: bytes | None = None
        self.empreinte = lru_cache(maxsize=4096)(self._empreinte)  # asked for twice in a batch: to find and to save

    def lier(self, poivre: bytes) -> None:
        self._poivre = poivre
        self.oublier()

    def oublier(self) -> None:
        """Empty the memory of hashes, after an erasure."""
        self.empreinte.cache_clear()

    def _empreinte(self, cle: Cle) -> bytes:
        if self._poivre is None:
            raise RuntimeError("no pepper")
        return hmac.digest(self._poivre, _SEPARATOR.join(cle).encode(), "sha256")[:_EMPREINTE_BYTES]


INDEX = Index()
