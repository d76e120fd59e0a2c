"""Where rdv-insertion sends its webhooks: `POST webhooks`. Refusals have the shape of its API: `success`, `errors`.

What is signed is kept before it is read: refused or not, it can be looked at and taken again.
"""

from __future__ import annotations

import asyncio
import hashlib
import io

import structlog
from fastapi import FastAPI
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from connectors.archive import about, archive
from connectors.exchanges import Exchange, ExchangeRefused
from connectors.hub import PartnerError, QuotaReached
from connectors.rdv_insertion import reading
from connectors.rdv_insertion.codes import EVENEMENTS, MODELES, USAGERS
from connectors.rdv_insertion.reading import ContentRefused, Webhook
from connectors.rdv_insertion.signature import SignatureRefused, in_utf8, verify
from connectors.rdv_insertion.taking import LEASE, Busy, take
from connectors.systems import Context

_log = structlog.get_logger()
LARGEST_BYTES = 4 << 20
_AGAIN = "Le relais ne peut pas prendre ce webhook maintenant : renvoyez-le."


def facade(context: Context) -> ASGIApp:
    async def receive(request: Request) -> Response:
        try:
            body = await _body(request)
        except _TooLarge:
            return refused(413, "Corps trop grand : 4 Mo au plus.")
        except ClientDisconnect:
            return refused(400, "Requête interrompue : rien n'est pris.")
        settings = context.configuration
        try:
            verify(settings.signature, settings.secret, request.headers, body, context.clock())
        except SignatureRefused as error:
            _log.warning("rdv_insertion.unsigned", mandat=context.mandate.code)
            return refused(401, str(error))
        return await _answer(context, body)

    routes: list[BaseRoute] = [Route("/webhooks", receive, methods=["POST"])]
    return FastAPI(title="rdv-insertion", openapi_url=None, docs_url=None, redoc_url=None, routes=routes)


def refused(status: int, *errors: str, retry_after_s: int = 30) -> JSONResponse:
    headers = {"Retry-After": str(retry_after_s)} if status in (429, 503) else None
    return JSONResponse({"success": False, "errors": list(errors)}, status, headers=headers)


async def _answer(context: Context, body: bytes) -> Response:
    digest = hashlib.sha256(body).hexdigest()
    await asyncio.to_thread(archive, context, digest, io.BytesIO(body))
    webhook, fault = _read(body)
    try:
        async with context.journal.exchange("entrant", *_named(webhook, digest)) as exchange:
            if webhook is None:
                raise ExchangeRefused(f"Webhook refusé : {fault}.")
            whom = [context.state.name(USAGERS, str(user)) for user in sorted(reading.user_ids(webhook))]
            await about(context, digest, whom)
            await _once(context, exchange, webhook, digest)
    except ExchangeRefused as error:
        return refused(422, str(error))
    except QuotaReached as error:
        return refused(429, _AGAIN, retry_after_s=error.retry_after_s)
    except (Busy, PartnerError) as error:
        _log.info("rdv_insertion.later", mandat=context.mandate.code, error=type(error).__name__)
        return refused(503, _AGAIN)
    return JSONResponse({"success": True, "resultats": dict(exchange.counts)})


def _read(body: bytes) -> tuple[Webhook | None, str]:
    try:
        return reading.webhook(body), ""
    except ContentRefused as error:
        return None, str(error)


async def _once(context: Context, exchange: Exchange, webhook: Webhook, digest: str) -> None:
    """A webhook that was refused, or cut short, is taken again when it comes again."""
    held = await context.state.take(f"webhook {digest}", LEASE)
    if held is None:
        if await context.state.outcome(f"webhook {digest}") != "fait":
            raise Busy
        exchange.counts["deja-recu"] += 1
        return
    async with held:
        await take(context, exchange, webhook, digest)
        await held.settle("fait")


def _named(webhook: Webhook | None, digest: str) -> tuple[str, str]:
    """Nature and reference of the exchange: words of ours, and the id of the thing at rdv-insertion."""
    if webhook is None:
        return "rdv-insertion.illisible", digest[:12]
    model, event, id_ = webhook.meta.model, webhook.meta.event, webhook.data.get("id")
    if model not in MODELES or event not in EVENEMENTS:
        return "rdv-insertion.inconnu", digest[:12]
    return f"rdv-insertion.{model}.{event}", str(id_) if isinstance(id_, int) else digest[:12]


class _TooLarge(Exception):
    pass


async def _body(request: Request) -> bytes:
    received = bytearray()
    async for chunk in request.stream():
        received += chunk
        if len(received) > LARGEST_BYTES:
            raise _TooLarge
    return in_utf8(bytes(received))
