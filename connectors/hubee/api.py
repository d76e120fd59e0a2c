"""The télédossiers API of HubEE, as an instructing service calls it (scope `SI`), with the credentials of one démarche.

HubeeError           in French
├── HubeeUnreachable     no answer, or HubEE is in trouble: nothing was decided, to be tried again
└── HubeeRefused         HubEE does not admit this request
"""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, BinaryIO, Self

from connectors import http
from connectors.hubee.configuration import Identifiants

_ROOT = "/teledossiers/v1"
_TOKEN_MARGIN_S = 30
_IDENTITY = {"editorName": "Relais", "applicationName": "relais-connecteurs", "softwareVersion": "0.3.0"}


class HubeeError(Exception):
    """One French sentence."""


class HubeeUnreachable(HubeeError):
    pass


class HubeeRefused(HubeeError):
    def __init__(self, status: int, what: str) -> None:
        super().__init__(f"HubEE refuse {what} ({status}).")
        self.status = status


class Corrupted(HubeeError):
    """The bytes differ from what HubEE announced."""


class Hubee:
    """Use as an asynchronous context manager."""

    def __init__(self, base: str, token_url: str, credentials: Identifiants) -> None:
        self._http = http.client(base.rstrip("/"))
        self._token_url = token_url
        self._credentials = credentials
        self._token = ""
        self._renew_at = 0.0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def notifications(self, process_code: str, most: int) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = await self._json(
            "GET",
            "/notifications",
            "la liste des notifications",
            params={"processCode": process_code, "maxResult": most},
        )
        return found

    async def case(self, case_id: str) -> dict[str, Any]:
        found: dict[str, Any] = await self._json("GET", f"/cases/{case_id}", "la lecture d'un dossier")
        return found

    async def download(self, case_id: str, attachment_id: str, target: BinaryIO) -> str:
        """Write the attachment into `target`; its SHA-256 in hexadecimal. Raises `Corrupted`."""
        path, what = f"/cases/{case_id}/attachments/{attachment_id}", "le téléchargement d'une pièce"
        digest = hashlib.sha256()
        await self._authenticate()
        try:
            async with self._http.stream("GET", _ROOT + path, headers=self._headers()) as reply:
                _checked(reply, what)
                async for chunk in reply.aiter_bytes(1 << 20):
                    digest.update(chunk)
                    target.write(chunk)
        except http.Failed as error:
            raise HubeeUnreachable("HubEE ne répond pas.") from error
        announced = reply.headers.get("digest", "").removeprefix("SHA-256=")
        if announced and announced != base64.b64encode(digest.digest()).decode():
            raise Corrupted("L'empreinte de la pièce n'est pas celle que HubEE annonce.")
        return digest.hexdigest()

    async def say(self, case_id: str, current: str, new: str, message: str, comment: str) -> None:
        """Move the case to a state and tell its sender why, in this order."""
        await self._json("PATCH", f"/cases/{case_id}", "un changement d'état", json={"status": new})
        event = {
            "actionType": "STATUS_UPDATE",
            "caseCurrentStatus": current,
            "caseNewStatus": new,
            "message": message,
            "comment": comment,
            "author": "Relais",
            "notification": True,
        }
        await self._json("POST", f"/cases/{case_id}/events", "un événement", json=event)

    async def receive_event(self, case_id: str, event_id: str) -> None:
        await self._json("PATCH", f"/cases/{case_id}/events/{event_id}", "un accusé", json={"status": "RECEIVED"})

    async def acknowledge(self, notification_id: str) -> None:
        """Delete a notification; one that another deleted already is no fault."""
        try:
            await self._json("DELETE", f"/notifications/{notification_id}", "un acquittement")
        except HubeeRefused as refused:
            if refused.status != 404:
                raise

    async def _json(self, method: str, path: str, what: str, **request: Any) -> Any:
        await self._authenticate()
        try:
            reply = await self._http.request(method, _ROOT + path, headers=self._headers(), **request)
        except http.Failed as error:
            raise HubeeUnreachable("HubEE ne répond pas.") from error
        if reply.status_code == 401:
            self._renew_at = 0.0
        _checked(reply, what)
        return reply.json() if reply.content else None

    def _headers(self) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {self._token}", **_IDENTITY}

    async def _authenticate(self) -> None:
        if time.monotonic() < self._renew_at:
            return
        form = {"grant_type": "client_credentials", "scope": "SI"}
        who = (self._credentials.client, self._credentials.secret)
        try:
            reply = await self._http.post(self._token_url, data=form, auth=who)
        except http.Failed as error:
            raise HubeeUnreachable("Le serveur de jetons de HubEE ne répond pas.") from error
        _checked(reply, "un jeton")
        granted = reply.json()
        self._token = granted["access_token"]
        self._renew_at = time.monotonic() + max(float(granted.get("expires_in", 300)) - _TOKEN_MARGIN_S, 1.0)


def _checked(reply: http.Reply, what: str) -> None:
    if reply.status_code in (401, 429) or reply.status_code >= 500:
        raise HubeeUnreachable(f"HubEE ne peut pas servir {what} ({reply.status_code}).")
    if not 200 <= reply.status_code < 300:
        raise HubeeRefused(reply.status_code, what)
