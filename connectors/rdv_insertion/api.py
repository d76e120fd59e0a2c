"""The public API v1 of rdv-insertion, as an agent of the département calls it: sign in once a day, write a person.

Signing in at RDV-Solidarités ends the agent's former session: it is kept sealed, and one worker at a time renews it.

RdviError            in French
├── RdviUnreachable      nothing was decided: to be tried again
└── RdviRefused          rdv-insertion does not admit this person (422), in its own words
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Self

from connectors import http
from connectors.rdv_insertion.configuration import Sortie
from connectors.systems import Context

_SESSION = "session"
_HEADERS = ("access-token", "client", "uid")
_LASTS = timedelta(hours=23)
"""A session lasts 24 hours."""
_LEASE = timedelta(minutes=1)
_SHORTEST_SECRET = 3
_LATER_S = 60.0


class RdviError(Exception):
    """One French sentence."""


class RdviUnreachable(RdviError):
    def __init__(self, sentence: str, retry_after_s: float = 0.0) -> None:
        super().__init__(sentence)
        self.retry_after_s = retry_after_s


class RdviRefused(RdviError):
    pass


class RdvInsertion:
    """Use as an asynchronous context manager."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._settings: Sortie = context.configuration.sortie
        self._http = http.client(self._settings.base.rstrip("/"))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def write(self, organisation: int, person: Mapping[str, Any], *, invite: bool) -> int:
        """Create the person or bring her up to date, and invite her; her id at rdv-insertion."""
        path = f"/api/v1/organisations/{organisation}/users{'/create_and_invite' if invite else ''}"
        session = await self._session()
        reply = await self._post(path, session, person)
        if reply.status_code == 401:
            reply = await self._post(path, await self._session(instead_of=session), person)
        if reply.status_code == 422:
            raise RdviRefused(_refusal(reply, person))
        _checked(reply, "l'écriture d'un usager")
        return int(reply.json()["user"]["id"])

    async def _post(self, path: str, session: Mapping[str, str], person: Mapping[str, Any]) -> http.Reply:
        try:
            return await self._http.post(path, headers=dict(session), json={"user": dict(person)})
        except http.Failed as error:
            raise RdviUnreachable("rdv-insertion ne répond pas.") from error

    async def _session(self, instead_of: Mapping[str, str] | None = None) -> dict[str, str]:
        """The kept session, unless it is old or `instead_of`, which was refused: another one then."""
        if (kept := await self._kept()) and kept != instead_of:
            return kept
        held = await self._context.state.take("connexion", _LEASE)
        if held is None:
            raise RdviUnreachable("Une autre connexion à rdv-insertion est en cours.")
        try:
            if (kept := await self._kept()) and kept != instead_of:
                return kept
            return await self._sign_in()
        finally:
            await held.release()

    async def _kept(self) -> dict[str, str] | None:
        written = await self._context.state.position(_SESSION)
        if written is None:
            return None
        kept = json.loads(self._context.vault.open(self._purpose, base64.b64decode(written)))
        old = datetime.fromisoformat(kept.pop("depuis")) + _LASTS < self._context.clock()
        return None if old else kept

    async def _sign_in(self) -> dict[str, str]:
        who = {"email": self._settings.courriel, "password": self._settings.mot_de_passe}
        try:
            reply = await self._http.post(self._settings.connexion, json=who)
        except http.Failed as error:
            raise RdviUnreachable("RDV-Solidarités ne répond pas.") from error
        _checked(reply, "la connexion de l'agent")
        session = {name: reply.headers.get(name, "") for name in _HEADERS}
        kept = json.dumps(session | {"depuis": self._context.clock().isoformat()})
        sealed = self._context.vault.seal(self._purpose, kept.encode())
        await self._context.state.move(_SESSION, base64.b64encode(sealed).decode())
        return session

    @property
    def _purpose(self) -> str:
        return f"session {self._context.mandate.code}"


def _checked(reply: http.Reply, what: str) -> None:
    """Rights, an unknown organisation, a quota or a failure are the mandate's or theirs, not one person's: later."""
    if not 200 <= reply.status_code < 300:
        after = reply.headers.get("retry-after", "")
        wait_s = float(after) if after.isdigit() else _LATER_S if reply.status_code == 429 else 0.0
        raise RdviUnreachable(f"rdv-insertion ne peut pas servir {what} ({reply.status_code}).", wait_s)


def _refusal(reply: http.Reply, person: Mapping[str, Any]) -> str:
    """Its own sentences, but those that repeat a value of the person."""
    try:
        said = list(_texts(reply.json().get("errors")))
    except ValueError:
        said = []
    values = [text.casefold() for text in _texts(person) if len(text) >= _SHORTEST_SECRET]
    plain = [one for one in said if not any(value in one.casefold() for value in values)]
    told = " ; ".join(dict.fromkeys(plain)) or "motif tu, parce qu'il cite la personne"
    return f"rdv-insertion refuse la personne (422) : {told}"[:1_000]


def _texts(content: Any) -> Iterator[str]:
    match content:
        case str():
            yield content
        case Mapping():
            for value in content.values():
                yield from _texts(value)
        case list():
            for value in content:
                yield from _texts(value)
