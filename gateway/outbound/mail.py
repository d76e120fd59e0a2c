"""Mails to operators: the mail server as it is configured, and one message to it. Nothing of a person is in them."""

import ipaddress
import ssl
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Literal, Self
from urllib.parse import unquote, urlsplit

import aiosmtplib

Securite = Literal["tls", "starttls", "aucune"]
_SCHEMES: dict[str, tuple[Securite, int]] = {
    "smtp": ("starttls", 587),
    "smtps": ("tls", 465),
    "smtp+clair": ("aucune", 25),
}
_TIMEOUT_S = 20


class NotSent(Exception):
    """One code, without any address: why the server did not take it."""


@dataclass(frozen=True, slots=True)
class Smtp:
    """The server, the account and who writes. `autorite`: the PEM of a private authority."""

    hote: str
    port: int
    securite: Securite
    expediteur: str
    utilisateur: str | None = None
    mot_de_passe: str = field(default="", repr=False)
    autorite: str | None = None

    @classmethod
    def read(cls, url: str, expediteur: str, secrets: Path) -> Self:
        """`smtp://compte@hote:port` (STARTTLS, then required), `smtps://…`, or `smtp+clair://` to this machine itself.

        The password is in `<secrets>/smtp.mdp`, a private authority in `<secrets>/smtp.pem`. Raises ValueError.
        """
        parts = urlsplit(url)
        if parts.scheme not in _SCHEMES or not parts.hostname:
            raise ValueError("RELAIS_ALERTES_SMTP : smtp://compte@hote:port ou smtps://… est attendu")
        securite, port = _SCHEMES[parts.scheme]
        if securite == "aucune" and not _is_loopback(parts.hostname):
            raise ValueError("RELAIS_ALERTES_SMTP : smtp+clair n'est admis que vers cette machine même")
        password, authority = secrets / "smtp.mdp", secrets / "smtp.pem"
        return cls(
            parts.hostname,
            parts.port or port,
            securite,
            expediteur,
            unquote(parts.username) if parts.username else None,
            password.read_text().strip() if parts.username else "",
            authority.read_text() if authority.exists() else None,
        )

    async def send(self, to: str, subject: str, body: str, key: str, now: datetime) -> None:
        """`key`: what it is about, so that the same one sent twice has one Message-ID. Raises NotSent."""
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = self.expediteur, to, subject
        mail["Date"], mail["Message-ID"] = format_datetime(now), f"<{key}@{self.expediteur.rpartition('@')[2]}>"
        mail["Auto-Submitted"], mail["X-Auto-Response-Suppress"] = "auto-generated", "All"
        mail.set_content(body, cte="quoted-printable")
        client = aiosmtplib.SMTP(
            hostname=self.hote,
            port=self.port,
            use_tls=self.securite == "tls",
            # True: refused when the server does not offer it, so that nothing goes in clear.
            start_tls=self.securite == "starttls",
            tls_context=None if self.securite == "aucune" else self._tls(),
            timeout=_TIMEOUT_S,
        )
        try:
            async with client:
                if self.utilisateur is not None:
                    await client.login(self.utilisateur, self.mot_de_passe)
                await client.send_message(mail)
        except aiosmtplib.SMTPResponseException as error:
            raise NotSent(f"courriel-{error.code}") from error
        except aiosmtplib.SMTPRecipientsRefused as error:
            raise NotSent(f"courriel-{error.recipients[0].code}") from error
        except ssl.SSLError as error:
            raise NotSent("courriel-tls") from error
        except (aiosmtplib.SMTPException, OSError) as error:
            raise NotSent("courriel-muet") from error

    def _tls(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cadata=self.autorite)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return context


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
