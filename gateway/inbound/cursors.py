"""The cursors of the feed: how far a partner has read, and the hash of what it was served on the way there."""

import base64
import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from gateway.webhook_secrets import derive

_NUMBER_BYTES = 8
_NOTHING_SERVED = bytes(32)


@dataclass(frozen=True, slots=True)
class Place:
    """A position in a feed. `empreinte` is what was served on the way there: SHA-256 of (that of the page before, 32
    zeros at first, and the SHA-256 of the bytes of this page's `evenements`)."""

    numero: int
    empreinte: bytes = _NOTHING_SERVED

    def after(self, numero: int, evenements: bytes) -> "Place":
        page = hashlib.sha256(evenements).digest()
        return Place(numero, hashlib.sha256(self.empreinte + page).digest())


class Cursors:
    """A place in one partner's feed, as a text that only this hub makes and only this partner can use.

    AES-SIV (RFC 5297): deterministic, authenticated, bound to the partner; it does not show how much the hub carries.
    """

    def __init__(self, master_key: bytes) -> None:
        self._cipher = AESSIV(derive(master_key, "curseurs"))

    def write(self, partenaire: str, place: Place) -> str:
        sealed = self._cipher.encrypt(place.numero.to_bytes(_NUMBER_BYTES) + place.empreinte, [partenaire.encode()])
        return base64.urlsafe_b64encode(sealed).decode()

    def read(self, partenaire: str, curseur: str) -> Place | None:
        """None for what was not made for this partner, or was altered. One without a hash is of an earlier version."""
        try:
            sealed = base64.b64decode(curseur, altchars=b"-_", validate=True)
            text = self._cipher.decrypt(sealed, [partenaire.encode()])
        except (ValueError, InvalidTag):
            return None
        return Place(int.from_bytes(text[:_NUMBER_BYTES]), text[_NUMBER_BYTES:] or _NOTHING_SERVED)
