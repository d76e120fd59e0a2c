"""The webhook endpoint of the demonstration partners, on loopback: checks each signature before it believes a body."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from deploy.demo.serving import served
from relais_contrats.client import webhooks
from relais_contrats.client.webhooks import WebhookRefused

PATH = "/demo-relais"
_SECRET_WITHIN_S = 5.0

Deliver = Callable[[str, dict[str, Any]], None]


class Receiver:
    """`deliver(partner, event)` is called for each event whose signature is right."""

    def __init__(self, deliver: Deliver) -> None:
        self._deliver = deliver
        self._secrets: dict[str, asyncio.Future[str]] = {}
        self.verified: Counter[str] = Counter()
        self._addresses: dict[str, asyncio.Event] = {}
        self.refused = 0
        self.port = 0

    def url(self, partner: str) -> str:
        return f"http://127.0.0.1:{self.port}{PATH}/{partner}"

    def trust(self, partner: str, secret: str) -> None:
        """The secret that the hub shows once, when the subscription is made."""
        self._secret(partner).set_result(secret)

    def address_verified(self, partner: str) -> asyncio.Event:
        """Set once the hub has proven to itself that this address is the partner's."""
        return self._addresses.setdefault(partner, asyncio.Event())

    def _secret(self, partner: str) -> asyncio.Future[str]:
        return self._secrets.setdefault(partner, asyncio.get_running_loop().create_future())

    async def _receive(self, request: Request) -> Response:
        partner = request.path_params["partner"]
        body = await request.body()
        try:
            # The handshake may come before the answer that brings the secret.
            async with asyncio.timeout(_SECRET_WITHIN_S):
                secret = await asyncio.shield(self._secret(partner))
            events = webhooks.Receiver(secret).verify(request.headers, body)
        except (TimeoutError, WebhookRefused):
            self.refused += 1
            return Response(status_code=401)
        self.verified[partner] += 1
        for event in events:
            if event.get("type") == webhooks.VERIFICATION:
                self.address_verified(partner).set()
            else:
                self._deliver(partner, event)
        return Response(status_code=204)

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        app = Starlette(routes=[Route(f"{PATH}/{{partner}}", self._receive, methods=["POST"])])
        async with served(app) as self.port:
            yield
