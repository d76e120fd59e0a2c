"""A dry run: what a webhook would lead to, or where webhooks are awaited and what rdv-insertion would be told.

Nothing is kept or deposited. rdv-insertion is not called: signing in would end the running session.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from connectors.appointments import gone, steps
from connectors.exchanges import ExchangeRefused
from connectors.hub import refused_by_contract
from connectors.rdv_insertion import poller, reading
from connectors.rdv_insertion.reading import ContentRefused, Rdv, content_of
from connectors.rdv_insertion.signature import in_utf8
from connectors.systems import Context

_MOST = 50
_SOMEBODY = "prc_aaaaaaaaaaaaaaaaaaaaaaaaaa"


async def try_out(context: Context, fichier: Path | None) -> AsyncIterator[str]:
    """With a file: the body of a webhook, as if it were the first of its appointment."""
    if fichier is None:
        last = await context.journal.last(100)
        wrong = sum(line.etat != "fait" for line in last)
        kind = context.configuration.signature
        yield f"Webhooks attendus à /connecteurs/{context.mandate.code}/webhooks, signature {kind}"
        yield f"{len(last)} dernier(s) échange(s), dont {wrong} non abouti(s)"
        async for line in _leaving(context):
            yield line
        return
    try:
        for line in _lines(context, in_utf8(await asyncio.to_thread(fichier.read_bytes))):
            yield line
    except ContentRefused as refused:
        raise ExchangeRefused(f"Webhook refusé : {refused}.") from refused


async def _leaving(context: Context) -> AsyncIterator[str]:
    """One line per person of whom rdv-insertion would be told, the first of them."""
    if context.configuration.sortie is None:
        return
    named: dict[str, poller.Hint] = {}
    async for page in poller.pages(context):
        named |= {hint.parcours: hint for hint in page.hints if hint.is_decision or hint.parcours not in named}
        if len(named) > _MOST:
            break
    for parcours, hint in sorted(named.items())[:_MOST]:
        if found := await poller.step(context, hint):
            said = (
                f"invitation, {found.wanted.ligne.categorie or 'catégorie unique'}" if found.invites else "mise à jour"
            )
            yield f"{parcours} : organisation {found.wanted.ligne.organisation}, {said}"


def _lines(context: Context, body: bytes) -> list[str]:
    webhook = reading.webhook(body)
    lines = [f"{webhook.meta.model} {webhook.meta.event}, {webhook.meta.timestamp.isoformat()}"]
    if webhook.meta.model != "Rdv":
        return lines
    rdv = content_of(Rdv, webhook.data)
    led = gone if webhook.meta.event == "destroyed" else steps
    for one in rdv.participations:
        data = reading.appointment(rdv, one.status, context.configuration)
        found = led(None, data, f"rdvi-{rdv.id}", webhook.meta.timestamp).steps
        for step in found:
            envelope = {"departement": context.configuration.departement, "subject": _SOMEBODY}
            message = context.hub.message(step.fait, step.data, instant=webhook.meta.timestamp, **envelope)
            answer = refused_by_contract(message)
            told = f"refusé, {answer.code} : {answer.detail}" if answer else "conforme"
            lines.append(f"participation {one.id} : {step.fait} {told}")
    return lines
