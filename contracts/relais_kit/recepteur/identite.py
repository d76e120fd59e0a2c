"""The signing identities of the played hub: a secret (`v1`) or a key (`v1a`), the former secret, and foreign keys."""

import base64
import binascii
import secrets
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from relais_contrats.signatures import Signer, v1, v1a

_SECRET, _CLE_PUBLIQUE = "whsec_", "whpk_"
_SECRET_OCTETS = 32


@dataclass(frozen=True, slots=True)
class Identite:
    """`ancien` signs until `ancien_jusqua` (aware; None: no known end). `abonnement`: named in each event signed `v1a`,
    None with `v1`.
    """

    bon: Signer
    ancien: Signer | None = None
    ancien_jusqua: datetime | None = None
    abonnement: str | None = None

    def etrangers(self) -> tuple[Signer, Signer]:
        """Nobody gave these to the receiver; the first is of the version that it knows."""
        deux = v1(secrets.token_bytes(_SECRET_OCTETS)), v1a(Ed25519PrivateKey.generate())
        return deux if self.abonnement is None else (deux[1], deux[0])


def nouveau_secret() -> str:
    return _SECRET + base64.b64encode(secrets.token_bytes(_SECRET_OCTETS)).decode()


def signataire_v1(secret: str) -> Signer:
    """From `whsec_…`. Raises ValueError."""
    if not secret.startswith(_SECRET):
        raise ValueError("un secret commence par whsec_")
    try:
        octets = base64.b64decode(secret.removeprefix(_SECRET), validate=True)
    except binascii.Error as erreur:
        raise ValueError("ce qui suit whsec_ n'est pas du base64") from erreur
    if not octets:
        raise ValueError("ce secret est vide")
    return v1(octets)


def cle_v1a(pem: bytes) -> Ed25519PrivateKey:
    """From a private key Ed25519 in PEM. Raises ValueError."""
    try:
        cle = load_pem_private_key(pem, None)
    except (ValueError, TypeError) as erreur:
        raise ValueError("ce n'est pas une clé privée PEM, sans mot de passe") from erreur
    if not isinstance(cle, Ed25519PrivateKey):
        raise ValueError("la clé doit être Ed25519")
    return cle


def publique(cle: Ed25519PrivateKey) -> str:
    """As a receiver takes it: `whpk_…`."""
    brute = cle.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return _CLE_PUBLIQUE + base64.b64encode(brute).decode()
