"""The access token: OAuth 2.0 `client_credentials`, `realm=/agent`, as France Travail grants it (RFC 6749 § 4.4)."""

from __future__ import annotations

import re
import secrets
from base64 import b64decode
from binascii import Error as NotBase64
from urllib.parse import parse_qs, unquote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from connectors.france_travail.codes import ACCES_S
from connectors.france_travail.configuration import FranceTravailConfiguration
from connectors.france_travail.tokens import Tokens
from connectors.mandates import Mandate

_LARGEST_BYTES = 16 << 10
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,120}")
_REALMS = ("", "/agent")


async def grant(request: Request, mandate: Mandate, settings: FranceTravailConfiguration, tokens: Tokens) -> Response:
    form = await _form(request)
    if form is None:
        return _refused("invalid_request", "The request body is not a form.")
    if unquote(request.query_params.get("realm", "")) not in _REALMS:
        return _refused("invalid_request", "Realm not found.")
    if form.get("grant_type") != "client_credentials":
        return _refused("unsupported_grant_type", "Grant type is not supported.")
    client, secret = _credentials(request, form)
    is_client = secrets.compare_digest(client.encode(), (settings.client_id or mandate.code).encode())
    if not (mandate.accepts(secret) and is_client):
        return _refused("invalid_client", "Client authentication failed")
    scopes = form.get("scope", "").split()
    if not all(map(_SCOPE.fullmatch, scopes)) or not any(scope.startswith("api_") for scope in scopes):
        return _refused("invalid_scope", "Unknown/invalid scope(s)")
    granted = {"access_token": tokens.access(scopes), "scope": " ".join(scopes), "token_type": "Bearer"}
    return JSONResponse(granted | {"expires_in": ACCES_S}, headers={"Cache-Control": "no-store", "Pragma": "no-cache"})


def _refused(error: str, description: str) -> JSONResponse:
    return JSONResponse({"error": error, "error_description": description}, 400, headers={"Cache-Control": "no-store"})


async def _form(request: Request) -> dict[str, str] | None:
    received = bytearray()
    async for chunk in request.stream():
        received += chunk
        if len(received) > _LARGEST_BYTES:
            return None
    try:
        read = parse_qs(received.decode("ascii"), max_num_fields=20, strict_parsing=bool(received))
    except ValueError:
        return None
    return {name: values[0] for name, values in read.items()}


def _credentials(request: Request, form: dict[str, str]) -> tuple[str, str]:
    """In the body, or in the header (RFC 6749 § 2.3.1)."""
    scheme, _, basic = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            client, _, secret = b64decode(basic, validate=True).decode().partition(":")
        except (NotBase64, UnicodeDecodeError):
            return "", ""
        return unquote(client), unquote(secret)
    return form.get("client_id", ""), form.get("client_secret", "")
