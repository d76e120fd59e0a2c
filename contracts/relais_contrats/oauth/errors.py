"""Refusals of the OAuth package; each carries one fixed ASCII sentence (RFC 6749 § 5.2), never a part of the input.

RefusOAuth
├── JwsInvalide              not a JWS that we read
├── CleInvalide              not a public key that we accept
├── CertificatInvalide       not a client certificate that we accept
├── AssertionRefusee         the client is not authenticated
├── PreuveRefusee            the DPoP proof does not hold
└── AccesRefuse              what a protected resource answers, with its WWW-Authenticate challenge
ReservationIndisponible      single use cannot be checked now: the caller answers 503 and gives nothing
JetonRefuse                  what the token endpoint answers (an Authlib error, since Authlib dispatches it)
"""

from typing import Final

from authlib.oauth2.rfc6749 import OAuth2Error

from relais_contrats.oauth.profile import ALGORITHMES


class RefusOAuth(Exception):
    def __init__(self, description: str) -> None:
        super().__init__(description)
        self.description: Final = description


class JwsInvalide(RefusOAuth):
    pass


class CleInvalide(RefusOAuth):
    pass


class CertificatInvalide(RefusOAuth):
    pass


class AssertionRefusee(RefusOAuth):
    pass


class PreuveRefusee(RefusOAuth):
    pass


class AccesRefuse(RefusOAuth):
    """`error` is an RFC 6750 / RFC 9449 code; `portee` is the scope that was missing, for `insufficient_scope`;
    `par_bearer`: the caller used that scheme, and is answered in it."""

    def __init__(self, error: str, description: str, *, portee: str | None = None, par_bearer: bool = False) -> None:
        super().__init__(description)
        self.error: Final = error
        self.portee: Final = portee
        self.par_bearer: Final = par_bearer

    @property
    def status(self) -> int:
        return 403 if self.error == "insufficient_scope" else 401

    @property
    def www_authenticate(self) -> str:
        challenge = f'Bearer error="{self.error}"'
        if not self.par_bearer:
            challenge = f'DPoP error="{self.error}", algs="{" ".join(ALGORITHMES)}"'
        challenge += f', error_description="{self.description}"'
        return challenge if self.portee is None else f'{challenge}, scope="{self.portee}"'


class ReservationIndisponible(Exception):
    pass


class JetonRefuse(OAuth2Error):
    """`error` is the RFC 6749 / 8707 / 9449 code of the answer; `client_id` who was refused, once that is known."""

    def __init__(self, error: str, description: str, status: int = 400, client_id: str | None = None) -> None:
        super().__init__(description=description, status_code=status, error=error)
        self.client_id: Final = client_id
