"""Standard Webhooks: what a receiver verifies. `v1` is HMAC-SHA256; another scheme would be one more token."""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from uuid import NAMESPACE_URL, UUID, uuid5


def headers(secrets: Sequence[bytes], message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """`timestamp` in seconds. During a rotation there are two secrets: the receiver accepts whichever it knows."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(_v1(secret, signed) for secret in secrets),
    }


def _v1(secret: bytes, signed: bytes) -> str:
    return "v1," + base64.b64encode(hmac.digest(secret, signed, hashlib.sha256)).decode()


def message_id(evenements: Sequence[UUID]) -> str:
    """Stable across retries: the event's own id, or for several what their ids make together."""
    if len(evenements) == 1:
        return str(evenements[0])
    return f"lot_{uuid5(NAMESPACE_URL, ' '.join(map(str, evenements)))}"
