"""A dry run: whether the mail server would take a mail to each recipient, and what waits. No mail leaves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

from connectors.courriel.following import dossiers
from connectors.courriel.links import recipients
from connectors.courriel.mail import MailError, probe
from connectors.courriel.poller import total
from connectors.systems import Context


async def try_out(context: Context, _: Path | None) -> AsyncIterator[str]:
    """A recipient is named by its place in the configuration."""
    settings = context.configuration
    yield f"Page de la structure : {settings.adresse}/connecteurs/{context.mandate.code}/"
    for to in recipients(context):
        try:
            await probe(settings.smtp, settings.expediteur, to.courriel)
            said = "le serveur de courriel accepte cette adresse"
        except MailError as error:
            said = str(error)
        yield f"Destinataire {to.rang} : {said}"
    found = total([one.count for one in await dossiers(context)])
    yield "Rien n'attend la structure." if found.is_empty else "Attendent la structure :"
    for line in found.lines():
        yield line
