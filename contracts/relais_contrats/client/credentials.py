"""A partner's way in: a key it registered, an access token bound to a second key, one proof per request.

OAuth 2.0 client credentials with `private_key_jwt` (RFC 7523) and DPoP (RFC 9449); nothing here knows the messages.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import httpx
from joserfc import jws
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ASSERTION_LIFE_S = 60
# A token that is about to expire would be refused on its way.
_TOKEN_MARGIN_S = 30


Key = ECKey | RSAKey | OKPKey
_KINDS: Mapping[str, type[Key]] = {"ES256": ECKey, "PS256": RSAKey, "EdDSA": OKPKey}
# The name of the same algorithm since RFC 9864, which the hub reads too: joserfc warns at each use of the old one.
WRITTEN_ALG = {"EdDSA": "Ed25519"}
REGISTRY = JWSRegistry(algorithms=["ES256", "PS256", "Ed25519"])


def read_key(path: Path, alg: str) -> Key:
    """The private key of a partner (PEM, PKCS 8) for the `alg` of its `client.json`: ES256, PS256 or EdDSA."""
    return _KINDS[alg].import_key(path.read_text(encoding="utf-8"))


@dataclass(frozen=True, slots=True)
class Client:
    """`client.json`, as the operator of the hub hands it over."""

    issuer: str
    token_endpoint: str
    api: str
    client_id: str
    kid: str
    alg: str
    scopes: Sequence[str]

    @classmethod
    def read(cls, path: Path) -> Self:
        content = json.loads(path.read_text(encoding="utf-8"))
        return cls(**{name: content[name] for name in cls.__slots__})


class Credentials:
    """Makes what the token endpoint and each request ask for, and remembers the token until it is due for renewal."""

    def __init__(self, client: Client, key: Key) -> None:
        self._client = client
        self._key = key
        # The proofs have their own key, of this process only: a stolen token is useless without it.
        self._proof_key = ECKey.generate_key("P-256")
        self._token = ""
        self._renew_at = 0.0
        # One for each server: that of the tokens (True), that of the API (RFC 9449, §§ 8 and 9).
        self._nonces: dict[bool, str] = {}

    @property
    def is_due(self) -> bool:
        return time.monotonic() >= self._renew_at

    def forget(self) -> None:
        self._renew_at = 0.0

    def keep(self, granted: Mapping[str, Any]) -> None:
        """Take the answer of the token endpoint."""
        self._token = granted["access_token"]
        self._renew_at = time.monotonic() + granted["expires_in"] - _TOKEN_MARGIN_S

    def hear(self, answer: httpx.Response, *, is_token: bool) -> bool:
        """Remember the nonce that a server gives; whether it refuses the request for want of it."""
        nonce = answer.headers.get("DPoP-Nonce")
        is_new = nonce is not None and self._nonces.get(is_token) != nonce
        if nonce is not None:
            self._nonces[is_token] = nonce
        return is_new and "use_dpop_nonce" in answer.headers.get("WWW-Authenticate", "") + answer.text[:200]

    def token_form(self) -> dict[str, str]:
        """The form to post: who I am, signed with the key that is registered."""
        now = int(time.time())
        claims = {
            "iss": self._client.client_id,
            "sub": self._client.client_id,
            "aud": self._client.issuer,
            "iat": now,
            "exp": now + _ASSERTION_LIFE_S,
            "jti": secrets.token_urlsafe(16),
        }
        header = {"alg": WRITTEN_ALG.get(self._client.alg, self._client.alg), "kid": self._client.kid, "typ": "JWT"}
        return {
            "grant_type": "client_credentials",
            "client_assertion_type": _ASSERTION_TYPE,
            "client_assertion": _signed(header, claims, self._key),
        }

    def proof(self, method: str, url: str, token: str | None = None) -> str:
        """That this very request comes from the holder of the key to which the token is bound. Good for one request."""
        header = {"alg": "ES256", "typ": "dpop+jwt", "jwk": self._proof_key.as_dict(private=False)}
        target = url.split("?", 1)[0]
        claims: dict[str, Any] = {
            "htm": method,
            "htu": target,
            "iat": int(time.time()),
            "jti": secrets.token_urlsafe(16),
        }
        if nonce := self._nonces.get(token is None):
            claims["nonce"] = nonce
        if token:
            claims["ath"] = base64.urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).rstrip(b"=").decode()
        return _signed(header, claims, self._proof_key)

    def headers(self, method: str, url: str) -> dict[str, str]:
        """What each request carries."""
        return {"Authorization": f"DPoP {self._token}", "DPoP": self.proof(method, url, self._token)}


def _signed(header: dict[str, Any], claims: Mapping[str, Any], key: Key) -> str:
    return str(jws.serialize_compact(header, json.dumps(claims).encode(), key, registry=REGISTRY))
