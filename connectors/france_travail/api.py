"""France Travail's own API, called for the partner France Travail: its tokens, its answers, its pauses.

FranceTravailUnavailable    nothing was decided, to be tried again after a pause
FranceTravailRefused        decided: it is not to be sent again; `code` is theirs
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from connectors import http
from connectors.france_travail.codes import TROUVE
from connectors.france_travail.configuration import Sortie

_SEARCH = "/rechercher-usager/v2/usagers"
_MARGIN_S = 60.0
_JETON_S = 23 * 3_600.0
_LONGEST_PAUSE_S = 600.0
_PAUSE_S = 60.0


class FranceTravailUnavailable(Exception):
    """One French sentence."""

    def __init__(self, message: str, pause_s: float = _PAUSE_S) -> None:
        super().__init__(message)
        self.pause_s = min(pause_s, _LONGEST_PAUSE_S)


class FranceTravailRefused(Exception):
    """One French sentence, without what was sent."""

    def __init__(self, code: str) -> None:
        super().__init__(f"France Travail a refusé : {code}.")
        self.code = code


class FranceTravail:
    """Use as an asynchronous context manager. The token of a person is kept for less than its day."""

    def __init__(self, settings: Sortie) -> None:
        self._settings = settings
        self._http = http.client("")
        self._token, self._until_s = "", 0.0
        self._jetons: dict[str, tuple[str, float]] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def jeton(self, parcours: str, fiche: Mapping[str, Any]) -> str:
        """Of the person whom the hub shows so: by NIR and birth, else by number."""
        jeton, until_s = self._jetons.get(parcours, ("", 0.0))
        if time.monotonic() < until_s:
            return jeton
        known = {one["type"]: one["valeur"] for one in fiche.get("identifiants") or ()}
        birth = (fiche.get("identite") or {}).get("date_naissance")
        if "nir" in known and birth:
            asked = ("par-datenaissance-et-nir", {"dateNaissance": birth, "nir": known["nir"]})
        elif "numero-france-travail" in known:
            asked = ("par-numero-francetravail", {"numeroFranceTravail": known["numero-france-travail"]})
        else:
            raise FranceTravailRefused("ni NIR ni numéro France Travail")
        path, content = asked
        found = await self.call("POST", f"{_SEARCH}/{path}", content)
        if not isinstance(found, dict) or found.get("codeRetour") != TROUVE.code:
            raise FranceTravailRefused(_code(found) or "S002")
        self._jetons[parcours] = (str(found["jetonUsager"]), time.monotonic() + _JETON_S)
        return str(found["jetonUsager"])

    async def call(self, method: str, path: str, content: Any = None, *, jeton: str = "", agent: str = "batch") -> Any:
        """What it answers, None when there is nothing. A token that ended early is asked for again, once."""
        reply = await self._sent(method, path, content, jeton, agent)
        if reply.status_code == 401:
            self._until_s = 0.0
            reply = await self._sent(method, path, content, jeton, agent)
        return _read(reply)

    async def _sent(self, method: str, path: str, content: Any, jeton: str, agent: str) -> http.Reply:
        headers = {"Authorization": f"Bearer {await self._access()}", **_headers(agent)}
        headers |= {"ft-jeton-usager": jeton} if jeton else {}
        raw = {name.encode(): value.encode() for name, value in headers.items()}
        try:
            return await self._http.request(method, f"{self._settings.base}{path}", json=content, headers=raw)
        except http.Failed as error:
            raise FranceTravailUnavailable("France Travail ne répond pas.") from error

    async def _access(self) -> str:
        if time.monotonic() < self._until_s:
            return self._token
        asked = {
            "grant_type": "client_credentials",
            "client_id": self._settings.client_id,
            "client_secret": self._settings.client_secret,
            "scope": self._settings.scopes,
        }
        try:
            reply = await self._http.post(self._settings.jeton, data=asked)
        except http.Failed as error:
            raise FranceTravailUnavailable("France Travail ne donne pas de jeton.") from error
        if reply.status_code != 200:
            raise FranceTravailUnavailable(f"France Travail refuse le jeton ({reply.status_code}).")
        granted = reply.json()
        self._token = str(granted["access_token"])
        self._until_s = time.monotonic() + float(granted.get("expires_in", 0)) - _MARGIN_S
        return self._token


def _headers(agent: str) -> dict[str, str]:
    """`nom prenom identifiant`: the last word is the identifier; a batch has none."""
    words = agent.split()
    if len(words) < 3:
        return dict.fromkeys(("pa-nom-agent", "pa-prenom-agent", "pa-identifiant-agent"), "BATCH")
    return {"pa-nom-agent": words[0], "pa-prenom-agent": " ".join(words[1:-1]), "pa-identifiant-agent": words[-1]}


def _read(reply: http.Reply) -> Any:
    if reply.status_code == 429 or reply.status_code >= 500 or reply.status_code == 401:
        after = reply.headers.get("Retry-After", "")
        pause_s = float(after) if after.isdigit() else _PAUSE_S
        raise FranceTravailUnavailable(f"France Travail ne peut pas répondre ({reply.status_code}).", pause_s)
    try:
        content = reply.json() if reply.content else None
    except ValueError as error:
        raise FranceTravailUnavailable("France Travail a rendu un contenu illisible.") from error
    if reply.status_code >= 400:
        raise FranceTravailRefused(_code(content) or str(reply.status_code))
    return content


def _code(content: Any) -> str | None:
    """Theirs, from any of the shapes of their errors; nothing else of what they say is repeated."""
    told = content[0] if isinstance(content, list) and content else content
    if not isinstance(told, dict):
        return None
    found = told.get("codeErreur") or told.get("codeRetour") or told.get("code")
    return found if isinstance(found, str) and found.replace("_", "").isalnum() and len(found) <= 64 else None
