"""A partner's side of Standard Webhooks 1.0: the exact bytes, the three headers, then the events.

Several secrets are accepted at once (rotation with overlap), and `v1a`, which the common libraries do not verify.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from relais_contrats.signatures import V1, V1A

VERIFICATION = "fr.insertion.abonnement.verification.v1"
"""The type of the handshake: answer it 2xx, and do nothing else with it."""

_SECRET, _PUBLIC_KEY = "whsec_", "whpk_"
_TOLERANCE_S = 300
_HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")


class WebhookRefused(Exception):
    """The request does not come from the hub, or not now: answer 401, and read nothing of it. One French sentence."""


class Receiver:
    """Verifies requests with secrets (`whsec_…`, `v1`) or with keys that the hub publishes (`whpk_…`, `v1a`).

    `abonnement`: with `v1a` the hub signs with one key for every partner, so an event of another subscription is
    refused. `clock` returns seconds since 1970. Raises ValueError for what is neither a secret nor a key.
    """

    def __init__(self, *trusted: str, abonnement: str | None = None, clock: Callable[[], float] = time.time) -> None:
        if not trusted:
            raise ValueError("Il faut au moins un secret (whsec_…) ou une clé publiée par le relais (whpk_…).")
        self._checks = [_check(one) for one in trusted]
        self._abonnement = abonnement
        self._clock = clock

    def verify(self, headers: Mapping[str, str], body: bytes) -> list[dict[str, Any]]:
        """The events of the request, one or a batch. Raises WebhookRefused."""
        named = {name.lower(): value for name, value in headers.items()}
        message_id, timestamp, signatures = (named.get(name, "") for name in _HEADERS)
        if not (message_id and timestamp and signatures):
            raise WebhookRefused("Il manque un des en-têtes webhook-id, webhook-timestamp et webhook-signature.")
        if not (timestamp.isascii() and timestamp.isdecimal() and abs(self._clock() - int(timestamp)) <= _TOLERANCE_S):
            raise WebhookRefused("webhook-timestamp est à plus de cinq minutes de l'heure d'ici, ou illisible.")
        signed = f"{message_id}.{timestamp}.".encode() + body
        if not any(
            check(version, signature, signed) for version, signature in _tokens(signatures) for check in self._checks
        ):
            raise WebhookRefused("Aucune signature n'est juste : comparez les octets reçus, et le secret.")
        return self._events(body)

    def _events(self, body: bytes) -> list[dict[str, Any]]:
        try:
            content = json.loads(body)
        except ValueError as error:
            raise WebhookRefused("Le corps n'est pas du JSON.") from error
        events = content if isinstance(content, list) else [content]
        if self._abonnement is not None and any(e.get("abonnement") != self._abonnement for e in events):
            raise WebhookRefused("Un événement est celui d'un autre abonnement.")
        return events


_Check = Callable[[str, bytes, bytes], bool]


def _check(trusted: str) -> _Check:
    if trusted.startswith(_PUBLIC_KEY):
        key = Ed25519PublicKey.from_public_bytes(_decoded(trusted.removeprefix(_PUBLIC_KEY)))
        return lambda version, signature, signed: version == V1A and _is_signed(key, signature, signed)
    secret = _decoded(trusted.removeprefix(_SECRET))
    if not trusted.startswith(_SECRET) or not secret:
        raise ValueError("Un secret commence par whsec_, une clé publiée par whpk_.")
    return lambda version, signature, signed: (
        version == V1 and hmac.compare_digest(signature, hmac.digest(secret, signed, hashlib.sha256))
    )


def _is_signed(key: Ed25519PublicKey, signature: bytes, signed: bytes) -> bool:
    try:
        key.verify(signature, signed)
    except InvalidSignature:
        return False
    return True


def _tokens(signatures: str) -> Sequence[tuple[str, bytes]]:
    """Version and bytes of each signature; one that is not base64 proves nothing, and another may hold."""
    found = []
    for token in signatures.split():
        version, _, text = token.partition(",")
        try:
            found.append((version, _decoded(text)))
        except ValueError:
            continue
    return found


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("Ce n'est pas du base64.") from error
