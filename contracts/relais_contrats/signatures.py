"""Standard Webhooks: what a receiver verifies. `v1` is HMAC-SHA256 under a shared secret, `v1a` ed25519."""

import base64
import hashlib
import hmac
from collections.abc import Callable, Sequence
from uuid import NAMESPACE_URL, uuid5

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

V1, V1A = "v1", "v1a"

Signer = Callable[[bytes], str]
"""From the signed content (`id.timestamp.body`) to one token of `webhook-signature`."""


def v1(secret: bytes) -> Signer:
    return lambda signed: _token(V1, hmac.digest(secret, signed, hashlib.sha256))


def v1a(key: Ed25519PrivateKey) -> Signer:
    return lambda signed: _token(V1A, key.sign(signed))


def headers(signers: Sequence[Signer], message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """`timestamp` in seconds. During a rotation there are two signers: the receiver accepts whichever it knows."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(sign(signed) for sign in signers),
    }


def message_id(evenements: Sequence[str]) -> str:
    """Stable across retries: the id of the event at its receiver, or for several what their ids make together."""
    if len(evenements) == 1:
        return evenements[0]
    return f"lot_{uuid5(NAMESPACE_URL, ' '.join(evenements))}"


def _token(version: str, signature: bytes) -> str:
    return f"{version},{base64.b64encode(signature).decode()}"
