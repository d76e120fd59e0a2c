"""Who may open the page: a signed link in a mail, then a code sent to the same address, for one browser.

The link alone shows nothing: mails are forwarded, scanned and kept. It is bound to the key of the mandate and to the
address that it was sent to: suspending the mandate, or removing the address, ends it. Codes and opened pages are held
in memory, so that a restart closes all of them.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from connectors.systems import Context

_ALGORITHM: Final = "HS256"
_TYP: Final = "relais-courriel+jwt"
_LONGEST: Final = 1_000
CODE_LIFE: Final = timedelta(minutes=10)
_TRIES: Final = 5
_CODES_PER_HOUR: Final = 5
"""Per address: 25 guesses an hour among a hundred millions."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """`rang` from 1, as the configuration lists them: what a journal may say of an address."""

    rang: int
    courriel: str
    empreinte: str


def recipients(context: Context) -> list[Recipient]:
    addresses = enumerate(context.configuration.destinataires, 1)
    return [Recipient(rang, one, _digest(context, one.lower())) for rang, one in addresses]


def _digest(context: Context, text: str) -> str:
    return context.vault.digest(f"courriel {context.mandate.code}", text)[:32]


class Links:
    """Signs what a mail carries. Says the mandate, a digest of the address and an end, and nothing of anybody."""

    def __init__(self, context: Context) -> None:
        self._context = context
        kid = context.mandate.client.get("kid", "")
        self._key = OctKey.import_key(context.vault.digest("courriel liens", f"{context.mandate.code} {kid}"))

    def address(self, to: Recipient) -> str:
        """An address to put in a mail to them."""
        ends = self._context.clock() + timedelta(days=self._context.configuration.lien_jours)
        claims = {"aud": self._context.mandate.code, "sub": to.empreinte, "exp": int(ends.timestamp())}
        token = jwt.encode({"alg": _ALGORITHM, "typ": _TYP}, claims, self._key, algorithms=[_ALGORITHM])
        return f"{self._context.configuration.adresse}/connecteurs/{self._context.mandate.code}/lien/{token}"

    def read(self, token: str) -> Recipient | None:
        """To whom a link was sent; None when it is not ours, has ended, or the address is no recipient any more."""
        if len(token) > _LONGEST:
            return None
        now = int(self._context.clock().timestamp())
        wanted = jwt.JWTClaimsRegistry(
            now=now, aud={"essential": True, "value": self._context.mandate.code}, exp={"essential": True}
        )
        try:
            found = jwt.decode(token, self._key, algorithms=[_ALGORITHM])
            wanted.validate(found.claims)
        except (JoseError, ValueError):
            return None
        if found.header.get("typ") != _TYP:
            return None
        return next((one for one in recipients(self._context) if one.empreinte == found.claims.get("sub")), None)


@dataclass(slots=True)
class _Asked:
    """A code that was sent, for the browser that asked for it."""

    to: Recipient
    code: str
    ends: datetime
    tries: int = 0


@dataclass(frozen=True, slots=True)
class Session:
    """An opened page; `jeton`: what each of its forms carries, so that no other site can send them."""

    to: Recipient
    jeton: str
    ends: datetime


@dataclass(slots=True)
class Doors:
    """Codes asked for and pages opened, by the secret that the browser holds in its cookie."""

    context: Context
    _asked: dict[str, _Asked] = field(default_factory=dict)
    _open: dict[str, Session] = field(default_factory=dict)
    _sent: dict[str, list[datetime]] = field(default_factory=dict)

    def ask(self, to: Recipient) -> tuple[str, str] | None:
        """(secret of the browser, code to send); None when this address was sent too many of late."""
        now = self.context.clock()
        recent = [at for at in self._sent.get(to.empreinte, []) if at > now - timedelta(hours=1)]
        if len(recent) >= _CODES_PER_HOUR:
            return None
        self._sent[to.empreinte] = [*recent, now]
        self._asked = {one: asked for one, asked in self._asked.items() if asked.ends > now}
        browser, code = secrets.token_urlsafe(32), f"{secrets.randbelow(10**8):08}"
        self._asked[browser] = _Asked(to, code, now + CODE_LIFE)
        return browser, code

    def is_asked(self, browser: str) -> bool:
        asked = self._asked.get(browser)
        return asked is not None and asked.ends > self.context.clock() and asked.tries < _TRIES

    def enter(self, browser: str, code: str) -> str | None:
        """The secret of the session that this code opens, once; None for a code that is not the one, or is spent."""
        if not self.is_asked(browser):
            return None
        asked = self._asked[browser]
        asked.tries += 1
        if not secrets.compare_digest(asked.code.encode(), "".join(code.split()).encode()):
            return None
        del self._asked[browser]
        now, session = self.context.clock(), secrets.token_urlsafe(32)
        self._open = {one: opened for one, opened in self._open.items() if opened.ends > now}
        ends = now + timedelta(hours=self.context.configuration.session_h)
        self._open[session] = Session(asked.to, secrets.token_urlsafe(32), ends)
        return session

    def session(self, secret: str) -> Session | None:
        opened = self._open.get(secret)
        return opened if opened and opened.ends > self.context.clock() else None

    def leave(self, secret: str) -> None:
        self._open.pop(secret, None)
