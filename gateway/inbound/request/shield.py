"""The outermost layer: a bug in a handler becomes a problem and a log line without words, never a trace or a dump."""

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.inbound.request import problems
from relais_contrats.problemes import Problem

_log = structlog.get_logger()


class Shield:
    """An ASGI wrapper. Once an answer has begun, all that is left is to cut it short."""

    def __init__(self, app: ASGIApp, base_url: str) -> None:
        self._app = app
        self._base_url = base_url

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        has_begun = False

        async def watched(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception:  # a fault of ours: logged here, told in the words of the API
            _log.exception("http.bug", method=scope.get("method"))
            if not has_begun and scope["type"] == "http":
                await problems.response(Problem("indisponible"), self._base_url)(scope, receive, send)
