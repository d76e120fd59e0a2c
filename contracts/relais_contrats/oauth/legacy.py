"""The *profil hérité*: a secret and Bearer tokens, for a partner whose system knows nothing else yet. An operator
grants it for a limited time; the scopes that it must not have are removed on every path.
"""

import base64
import binascii
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final
from urllib.parse import unquote_plus

PORTEES_RETENUES: Final = frozenset({"sante:lire", "identite:resoudre"})

# So that a scanner of source repositories recognises one that was left there.
_PREFIXE: Final = "relais-herite-"
_SECRET_BYTES: Final = 32
_IDENTIFIANTS_MAX: Final = 512


@dataclass(frozen=True, slots=True)
class SecretHerite:
    """`empreinte` is the plain SHA-256: with 256 random bits, there is nothing that a slow hash would slow down."""

    empreinte: bytes
    expire_le: datetime

    @property
    def marque(self) -> str:
        """Return the mark that a token carries of the secret with which it was obtained."""
        return self.empreinte.hex()[:16]


def nouveau_secret() -> str:
    return _PREFIXE + secrets.token_urlsafe(_SECRET_BYTES)


def empreinte_secret(secret: str) -> bytes:
    return sha256(secret.encode("utf-8", "surrogatepass")).digest()


def identifiants(autorisations: Sequence[str], champs: Mapping[str, str]) -> tuple[str, str] | None:
    """The client_id and the secret of `client_secret_basic` or `client_secret_post` (RFC 6749 § 2.3.1)."""
    if not autorisations:
        return champs.get("client_id", ""), champs.get("client_secret", "")
    schema, _, valeur = autorisations[0].partition(" ")
    if len(autorisations) != 1 or schema.lower() != "basic" or len(valeur) > _IDENTIFIANTS_MAX:
        return None
    try:
        texte = base64.b64decode(valeur.strip(), validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        return None
    # From the right: our client_ids have a colon, which many clients forget to encode; our secrets have none.
    client_id, separateur, secret = texte.rpartition(":")
    return (unquote_plus(client_id), unquote_plus(secret)) if separateur else None
