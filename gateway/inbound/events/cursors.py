"""The cursors of the feed: how far a partner has read, in which life of the database, and what it was served on the
way there."""

import base64
import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from gateway.webhook_secrets import derive

_NUMBER_BYTES, _HASH_BYTES = 8, 32
_NOTHING_SERVED = bytes(32)


@dataclass(frozen=True, slots=True)
class Place:
    """A position in a feed. `empreinte` is what was served on the way there: SHA-256 of (that of the page before, 32
    zeros at first, and the SHA-256 of the bytes of this page's `evenements`)."""

    numero: int
    empreinte: bytes = _NOTHING_SERVED
    marque: bytes = b""
    """That of the batch of the position (`reperes`). A database that was restored, and went on, has another one there,
    or none. Empty at the start of the feed, and in a cursor of an earlier version."""

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
        text = place.numero.to_bytes(_NUMBER_BYTES) + place.empreinte + place.marque
        sealed = self._cipher.encrypt(text, [partenaire.encode()])
        return base64.urlsafe_b64encode(sealed).decode()

    def read(self, partenaire: str, curseur: str) -> Place | None:
        """None for what was not made for this partner, or was altered. One without a hash is of an earlier version."""
        try:
            sealed = base64.b64decode(curseur, altchars=b"-_", validate=True)
            text = self._cipher.decrypt(sealed, [partenaire.encode()])
        except (ValueError, InvalidTag):
            return None
        after_hash = _NUMBER_BYTES + _HASH_BYTES
        numero, empreinte = int.from_bytes(text[:_NUMBER_BYTES]), text[_NUMBER_BYTES:after_hash]
        return Place(numero, empreinte or _NOTHING_SERVED, text[after_hash:])
