"""Sign-in by a provider of identities: OpenID Connect, code flow with PKCE, state and nonce, as Authlib does them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import structlog
from authlib.integrations.base_client import OAuthError
from authlib.integrations.starlette_client import OAuth
from joserfc.errors import JoseError
from starlette.requests import Request
from starlette.responses import Response

from console.access.rights import Role, strongest

_log = structlog.get_logger()
_SAFE = {"scope": "openid profile email", "code_challenge_method": "S256", "timeout": 10}


class NotSignedIn(Exception):
    """The provider did not vouch for anybody. `reason` is a code of the sign-in page."""

    def __init__(self, reason: str, name: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.name = name


@dataclass(frozen=True, slots=True)
class Provider:
    """`emetteur`: its issuer; `roles`: what its claim `revendication` may hold, and the role that each value gives."""

    emetteur: str
    client: str
    secret: str
    revendication: str
    roles: Mapping[str, Role]


class Oidc:
    def __init__(self, provider: Provider, back: str) -> None:
        """`back`: our address to which the provider sends the browser back."""
        self._provider = provider
        self._back = back
        self._client = OAuth().register(
            "oidc",
            client_id=provider.client,
            client_secret=provider.secret,
            server_metadata_url=provider.emetteur.rstrip("/") + "/.well-known/openid-configuration",
            client_kwargs=_SAFE,
        )

    async def leave(self, request: Request) -> Response:
        """Send the browser to the provider."""
        try:
            sent: Response = await self._client.authorize_redirect(request, self._back)
        except (httpx.HTTPError, OAuthError) as error:
            raise _away(error) from error
        return sent

    async def come_back(self, request: Request) -> tuple[str, Role]:
        """Name and role of whom the provider vouches for. Raises NotSignedIn."""
        try:
            token = await self._client.authorize_access_token(request)
            claims: dict[str, Any] = dict(token["userinfo"])
            if self._provider.revendication not in claims:
                claims |= await self._more(token, claims["sub"])
        except httpx.HTTPError as error:
            raise _away(error) from error
        except (OAuthError, JoseError, KeyError, ValueError) as error:
            _log.warning("oidc.refused", error=type(error).__name__)
            raise NotSignedIn("fournisseur-refuse") from error
        name = _name(claims)
        role = self._role(claims.get(self._provider.revendication))
        if role is None:
            raise NotSignedIn("sans-role", name)
        return name, role

    async def _more(self, token: dict[str, Any], sub: str) -> dict[str, Any]:
        """What the provider tells at its userinfo only, of the same person (OIDC Core § 5.3.2)."""
        told = dict(await self._client.userinfo(token=token))
        if told.get("sub") != sub:
            raise ValueError("userinfo of somebody else")
        return told

    def _role(self, told: Any) -> Role | None:
        values = told if isinstance(told, list) else [told]
        known = self._provider.roles
        return strongest({known[one] for one in values if isinstance(one, str) and one in known})


def _name(claims: Mapping[str, Any]) -> str:
    """Readable, and never that of somebody else: only `sub` is unique (OIDC Core § 5.7)."""
    readable = claims.get("preferred_username") or claims.get("email")
    return f"{readable} ({claims['sub']})" if readable and readable != claims["sub"] else str(claims["sub"])


def _away(error: Exception) -> NotSignedIn:
    _log.warning("oidc.away", error=type(error).__name__)
    return NotSignedIn("fournisseur-muet")
