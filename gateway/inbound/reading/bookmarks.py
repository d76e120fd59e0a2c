"""Where a list goes on: a position as a text that only this hub makes, good for one partner and one list."""

import base64
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from gateway.webhook_secrets import derive

_TEXT_MAX = 1_000


class Bookmarks:
    """AES-SIV (RFC 5297), like the cursors of the feed: it shows nothing, and an altered one does not open."""

    def __init__(self, master_key: bytes) -> None:
        self._cipher = AESSIV(derive(master_key, "reprises"))

    def write(self, partenaire: str, liste: str, position: Any) -> str:
        """`position` is what JSON can say; `liste` names the list with its filters."""
        sealed = self._cipher.encrypt(orjson.dumps(position), [partenaire.encode(), liste.encode()])
        return base64.urlsafe_b64encode(sealed).decode()

    def read(self, partenaire: str, liste: str, texte: str) -> Any:
        """None for what was not made for this partner and this list, or was altered."""
        try:
            sealed = base64.b64decode(texte[:_TEXT_MAX], altchars=b"-_", validate=True)
            return orjson.loads(self._cipher.decrypt(sealed, [partenaire.encode(), liste.encode()]))
        except (ValueError, InvalidTag):
            return None
