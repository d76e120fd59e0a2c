"""The télédossiers API of HubEE over the boxes: its paths, its scopes, its statuses."""

from __future__ import annotations

import base64
import binascii
import json
import secrets
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from connectors.hubee_mock.boxes import Boxes, Json, Refused, digest_of

SCOPES = ("OSL", "SI", "ADMIN")
_EXPIRES_S = 3600
Answer = Callable[[Request], Awaitable[Response]]


class Mock:
    """`clients`: client id → secret; when it is empty, every client gets a token."""

    def __init__(self, boxes: Boxes, clients: Mapping[str, str] | None = None) -> None:
        self.boxes = boxes
        self._clients = dict(clients or {})
        self._scopes: dict[str, str] = {}

    def app(self) -> Starlette:
        one, case = "/folders/{folder}", "/cases/{case}"
        event = f"{case}/events/{{event}}"
        routes = [
            _route("/notifications", {"GET": (SCOPES, self._notifications)}, self),
            _route("/notifications/{notification}", {"DELETE": (SCOPES, self._acknowledge)}, self),
            _route("/folders", {"POST": (("OSL", "ADMIN"), self._create_folder)}, self),
            _route(
                one,
                {
                    "GET": (("OSL", "ADMIN"), self._folder),
                    "PATCH": (("OSL", "ADMIN"), self._update_folder),
                    "DELETE": (("OSL", "ADMIN"), self._delete_folder),
                },
                self,
            ),
            _route(f"{one}/attachments/{{attachment}}", {"PUT": (("OSL", "ADMIN"), self._upload)}, self),
            _route(case, {"GET": (SCOPES, self._case), "PATCH": (SCOPES, self._update_case)}, self),
            _route(f"{case}/attachments/{{attachment}}", {"GET": (SCOPES, self._download)}, self),
            _route(f"{case}/events", {"POST": (SCOPES, self._add_event)}, self),
            _route(
                event,
                {
                    "GET": (SCOPES, self._event),
                    "PATCH": (SCOPES, self._update_event),
                    "DELETE": (SCOPES, self._delete_event),
                },
                self,
            ),
            _route(
                f"{event}/attachments/{{attachment}}",
                {"GET": (SCOPES, self._download_of_event), "PUT": (SCOPES, self._upload_to_event)},
                self,
            ),
        ]
        token = Route("/oauth2/token", self._token, methods=["POST"])
        return Starlette(routes=[token, Mount("/teledossiers/v1", routes=routes)])

    def scope_of(self, request: Request) -> str | None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        return self._scopes.get(token) if scheme.lower() == "bearer" else None

    async def _token(self, request: Request) -> Response:
        form = parse_qs((await request.body()).decode())
        try:
            client, _, secret = base64.b64decode(request.headers["authorization"].split()[1]).decode().partition(":")
        except (KeyError, IndexError, binascii.Error, UnicodeDecodeError):
            return JSONResponse({"error": "invalid_client"}, 401)
        if self._clients and self._clients.get(client) != secret:
            return JSONResponse({"error": "invalid_client"}, 401)
        if form.get("grant_type") != ["client_credentials"]:
            return JSONResponse({"error": "unsupported_grant_type"}, 400)
        scope = form.get("scope", [""])[0]
        if scope not in SCOPES:
            return JSONResponse({"error": "invalid_scope"}, 400)
        token = secrets.token_urlsafe(24)
        self._scopes[token] = scope
        given = {"access_token": token, "scope": scope, "token_type": "Bearer", "expires_in": _EXPIRES_S}
        return JSONResponse(given)

    async def _notifications(self, request: Request) -> Response:
        most = request.query_params.get("maxResult")
        if most is not None and not most.isdigit():
            what = "[ERROR][REQUEST][GET /teledossiers/v1/notifications @query.maxResult]"
            wrong = 'Instance type (string) does not match any allowed primitive type (allowed: ["integer","number"]'
            raise Refused(400, f"Bad Request : Validation failed.\n{what} {wrong}")
        codes = request.query_params.getlist("processCode")
        return JSONResponse(self.boxes.waiting(self.scope_of(request) or "", codes, int(most) if most else None))

    async def _acknowledge(self, request: Request) -> Response:
        self.boxes.acknowledge(request.path_params["notification"])
        return Response(status_code=204)

    async def _create_folder(self, request: Request) -> Response:
        return JSONResponse(self.boxes.create_folder(await _json(request)), 201)

    async def _folder(self, request: Request) -> Response:
        return JSONResponse(self.boxes.folder(request.path_params["folder"]))

    async def _update_folder(self, request: Request) -> Response:
        self.boxes.update_folder(request.path_params["folder"], await _json(request))
        return Response(status_code=204)

    async def _delete_folder(self, request: Request) -> Response:
        self.boxes.delete_folder(request.path_params["folder"])
        return Response(status_code=204)

    async def _upload(self, request: Request) -> Response:
        folder = self.boxes.folder(request.path_params["folder"])
        return await self._keep(request, folder)

    async def _case(self, request: Request) -> Response:
        return JSONResponse(self.boxes.case(request.path_params["case"]))

    async def _update_case(self, request: Request) -> Response:
        self.boxes.update_case(request.path_params["case"], await _json(request))
        return Response(status_code=204)

    async def _download(self, request: Request) -> Response:
        return self._given(request, self.boxes.case(request.path_params["case"]))

    async def _add_event(self, request: Request) -> Response:
        scope = self.scope_of(request) or ""
        return JSONResponse(self.boxes.add_event(request.path_params["case"], await _json(request), scope), 201)

    async def _event(self, request: Request) -> Response:
        return JSONResponse(self._event_of(request))

    async def _update_event(self, request: Request) -> Response:
        self.boxes.update_event(request.path_params["case"], request.path_params["event"], await _json(request))
        return Response(status_code=204)

    async def _delete_event(self, request: Request) -> Response:
        self.boxes.delete_event(request.path_params["case"], request.path_params["event"])
        return Response(status_code=204)

    async def _download_of_event(self, request: Request) -> Response:
        return self._given(request, self._event_of(request))

    async def _upload_to_event(self, request: Request) -> Response:
        return await self._keep(request, self._event_of(request))

    def _event_of(self, request: Request) -> Json:
        return self.boxes.event(request.path_params["case"], request.path_params["event"])

    async def _keep(self, request: Request, owner: Json) -> Response:
        content, digest = await request.body(), request.headers.get("digest")
        self.boxes.upload(owner, request.path_params["attachment"], content, digest)
        return Response(status_code=204)

    def _given(self, request: Request, owner: Json) -> Response:
        content = self.boxes.download(owner, request.path_params["attachment"])
        return Response(content, media_type="application/octet-stream", headers={"digest": digest_of(content)})


Methods = Mapping[str, tuple[tuple[str, ...], Answer]]


def _route(path: str, methods: Methods, mock: Mock) -> Route:
    """Scope, ids and refusals, the same for all. A POST with `X-HTTP-Method-Override: PATCH` is a PATCH."""

    async def answer(request: Request) -> Response:
        method = request.method
        if method == "POST" and "POST" not in methods:
            method = request.headers.get("x-http-method-override", "").upper()
        scope = mock.scope_of(request)
        if scope is None:
            return _error(401, "Invalid Credentials")
        if method not in methods:
            return _error(405, "Method not allowed")
        allowed, handle = methods[method]
        if scope not in allowed:
            return _error(403, "Unauthorized user")
        try:
            for name, value in request.path_params.items():
                _uuid(name, value, request)
            return await handle(request)
        except Refused as refused:
            return _error(refused.status, str(refused))

    return Route(path, answer, methods=["GET", "POST", "PUT", "PATCH", "DELETE"])


def _uuid(name: str, value: str, request: Request) -> None:
    try:
        uuid.UUID(value)
    except ValueError:
        where = f"[ERROR][REQUEST][{request.method} {request.url.path} @path.{name}Id]"
        raise Refused(
            400, f'Bad Request : Validation failed.\n{where} Input string "{value}" is not a valid UUID'
        ) from None


def _error(status: int, message: str) -> Response:
    return JSONResponse({"errors": [{"code": status, "message": message}]}, status)


async def _json(request: Request) -> dict[str, Any]:
    try:
        content = json.loads(await request.body())
    except ValueError:
        raise Refused(400, "Bad Request : Unable to parse JSON") from None
    if not isinstance(content, dict):
        raise Refused(400, "Bad Request : Validation failed.")
    return content
