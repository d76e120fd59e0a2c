"""Whether a webhook comes from rdv-insertion: HMAC-SHA256 of the body in hexadecimal, or a JWT (HS256) of ten minutes.

The JWT covers some fields of `data` only, and its end is in its header (`exp`), where rdv-insertion writes it.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from joserfc.jws import JWSRegistry, deserialize_compact

_HS256 = JWSRegistry(algorithms=["HS256"], strict_check_header=False)
_HEADER = "x-rdvi-signature"


class SignatureRefused(Exception):
    """One French sentence."""


def in_utf8(body: bytes) -> bytes:
    """rdv-insertion signs the UTF-8 of what it sends, and sends some of its webhooks as ISO 8859-1."""
    try:
        body.decode()
    except UnicodeDecodeError:
        return body.decode("latin-1").encode()
    return body


def verify(kind: str, secret: str, headers: Mapping[str, str], body: bytes, now: datetime) -> None:
    """`body` in UTF-8, `headers` under lower-case names. Raises `SignatureRefused`."""
    if kind == "hmac":
        _verify_hmac(secret, headers, body)
    else:
        _verify_jwt(secret, headers, body, now)


def _verify_hmac(secret: str, headers: Mapping[str, str], body: bytes) -> None:
    given = headers.get(_HEADER)
    if not given:
        raise SignatureRefused("Signature absente : en-tête X-RDVI-SIGNATURE attendu.")
    wanted = hmac.digest(secret.encode(), body, "sha256").hex()
    if not hmac.compare_digest(wanted.encode(), given.strip().lower().encode()):
        raise SignatureRefused("Signature invalide.")


def _verify_jwt(secret: str, headers: Mapping[str, str], body: bytes, now: datetime) -> None:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise SignatureRefused("Signature absente : en-tête Authorization: Bearer attendu.")
    try:
        signed = deserialize_compact(token.strip(), OctKey.import_key(secret), registry=_HS256)
        claims = json.loads(signed.payload)
    except (JoseError, ValueError) as error:
        raise SignatureRefused("Signature invalide.") from error
    header = signed.headers()
    end = header.get("exp", claims.get("exp") if isinstance(claims, dict) else None)
    if not isinstance(end, int | float) or end <= now.timestamp():
        raise SignatureRefused("Signature expirée.")
    if not _is_of(claims, body):
        raise SignatureRefused("Signature invalide : elle n'est pas celle de ce contenu.")


def _is_of(claims: Any, body: bytes) -> bool:
    """Whether what was signed is in `data`, its id first."""
    try:
        data = json.loads(body)["data"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return False
    if not isinstance(claims, dict) or not isinstance(data, dict) or "id" not in claims:
        return False
    return all(data.get(name) == value for name, value in claims.items() if name != "exp")
