"""One mail on its way, with its line in the journal, which names a recipient by its place in the configuration."""

from __future__ import annotations

from email.message import EmailMessage

from connectors.courriel.codes import Nature
from connectors.courriel.links import Recipient
from connectors.courriel.mail import MailLater, MailRefused, send
from connectors.exchanges import ExchangeRefused
from connectors.systems import Context


async def deliver(context: Context, to: Recipient, nature: Nature, mail: EmailMessage) -> None:
    """Raises `MailRefused` (its line is refused) and `MailLater` (its line failed, and says why)."""
    try:
        async with context.journal.exchange("sortant", f"courriel.{nature}", f"destinataire {to.rang}") as exchange:
            try:
                await send(context.configuration.smtp, mail)
            except MailRefused as refused:
                raise ExchangeRefused(str(refused)) from refused
            except MailLater as later:
                exchange.motif = str(later)
                raise
            exchange.counts["envoye"] = 1
    except ExchangeRefused as refused:
        raise MailRefused(str(refused)) from refused
