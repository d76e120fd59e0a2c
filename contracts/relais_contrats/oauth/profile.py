"""The constants of the profile: algorithms, audiences, lifetimes. No behaviour."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

from authlib.common.security import is_secure_transport

# What FAPI 2.0 allows (§ 5.4.1). On input `Ed25519`, the RFC 9864 name of the same algorithm, is understood too.
ALGORITHMES: Final = ("ES256", "PS256", "EdDSA")

PORTEES: Final = (
    "messages:deposer",
    "evenements:lire",
    "parcours:lire",
    "identite:resoudre",
    "offres:lire",
    "offres:publier",
    "sante:lire",
    "pilotage:lire",
)

DUREE_JETON: Final = timedelta(seconds=300)

# Longest life left to an assertion: it bounds how long its use must be remembered.
ASSERTION_MAX_S: Final = 300
# What a late or early clock is forgiven. FAPI 2.0 § 5.3.2.1-13: 10 s in the future accepted, 60 s refused.
AVANCE_MAX_S: Final = 10
RETARD_MAX_S: Final = 5
# Age at which a DPoP proof is too old.
PREUVE_MAX_S: Final = 60

CORPS_MAX_BYTES: Final = 16_384
ASSERTION_MAX_BYTES: Final = 8_192
PREUVE_MAX_BYTES: Final = 4_096
JETON_MAX_BYTES: Final = 4_096


@dataclass(frozen=True, slots=True)
class Profil:
    """Addresses of this hub as partners write them; `url_publique` is both the issuer and the API (the audience);
    `portees` are all that it knows; `est_revocable`: a client may take its
    tokens back."""

    url_publique: str
    portees: Sequence[str] = PORTEES
    est_revocable: bool = True

    def __post_init__(self) -> None:
        parts = urlsplit(self.url_publique)
        if not is_secure_transport(self.url_publique):
            raise ValueError("the public URL must be https, or http on a loopback address")
        if parts.path or parts.query or parts.fragment or parts.username is not None:
            raise ValueError("the public URL is scheme, host and port only, without a trailing slash")

    @property
    def issuer(self) -> str:
        return self.url_publique

    @property
    def point_jeton(self) -> str:
        return f"{self.url_publique}/oauth/token"

    @property
    def point_revocation(self) -> str:
        return f"{self.url_publique}/oauth/revoke"

    @property
    def jwks_uri(self) -> str:
        return f"{self.url_publique}/oauth/jwks"
