"""The mails: their words, which name nobody, and their way to the mail server.

MailError      one French sentence, without any address
├── MailLater     nothing was sent: to be tried again
└── MailRefused   the server refuses this recipient for good (5xx)
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final

import aiosmtplib

from connectors.courriel.codes import Nature
from connectors.courriel.configuration import Smtp
from connectors.courriel.links import CODE_LIFE, Links, Recipient
from connectors.systems import Context

_SUBJECTS: Final = {
    Nature.AVIS: "Relais : votre structure est attendue",
    Nature.RAPPEL: "Relais, rappel : une réponse est attendue",
    Nature.POINT: "Relais : le point du jour",
    Nature.CODE: "Relais : votre code d'accès",
}
_FOOT: Final = """\
Ce courriel ne dit le nom de personne, et n'attend pas de réponse : l'adresse d'envoi n'est pas lue.
"""


class MailError(Exception):
    pass


class MailLater(MailError):
    pass


class MailRefused(MailError):
    pass


@dataclass(frozen=True, slots=True)
class Count:
    """What waits for the structure: numbers, and nothing else."""

    demandes: int = 0
    designations: int = 0
    a_renseigner: int = 0
    a_venir: int = 0
    refusees: int = 0

    @property
    def is_empty(self) -> bool:
        return not (self.demandes or self.designations or self.a_renseigner or self.a_venir or self.refusees)

    def lines(self) -> list[str]:
        said = (
            (self.demandes, "demande attend une réponse", "demandes attendent une réponse"),
            (self.designations, "désignation de référent à accepter", "désignations de référent à accepter"),
            (self.a_renseigner, "rendez-vous passé à renseigner", "rendez-vous passés à renseigner"),
            (self.a_venir, "rendez-vous à venir", "rendez-vous à venir"),
            (self.refusees, "réponse n'a pas pu être enregistrée", "réponses n'ont pas pu être enregistrées"),
        )
        return [f"- {number} {one if number == 1 else many}" for number, one, many in said if number]


def told(context: Context, to: Recipient, nature: Nature, count: Count, key: str) -> EmailMessage:
    """`key`: what this mail is about, so that the same one sent twice has one Message-ID."""
    link, days = Links(context).address(to), context.configuration.lien_jours
    heading = "Pour rappel, pour votre structure :" if nature == Nature.RAPPEL else "Pour votre structure :"
    opening = f"Ouvrez la page de votre structure (ce lien vaut {days} jours, un code vous y sera envoyé) :"
    body = "\n".join(["Bonjour,", "", heading, "", *count.lines(), "", opening, "", link, "", _FOOT])
    return _message(context, to, nature, key, body)


def code_for(context: Context, to: Recipient, code: str) -> EmailMessage:
    minutes = int(CODE_LIFE.total_seconds()) // 60
    body = (
        f"Bonjour,\n\nVotre code : {code[:4]} {code[4:]}\n\nIl vaut {minutes} minutes, une fois, dans le navigateur "
        "qui l'a demandé. Ne le donnez à personne.\nSi vous n'avez rien demandé, quelqu'un a ouvert un lien qui vous "
        f"était adressé : sans ce code, il n'a rien vu.\n\n{_FOOT}"
    )
    return _message(context, to, Nature.CODE, code, body)


def _message(context: Context, to: Recipient, nature: Nature, key: str, body: str) -> EmailMessage:
    settings, mail = context.configuration, EmailMessage()
    identity = context.vault.digest(f"courriel {context.mandate.code}", f"{nature} {to.empreinte} {key}")
    mail["From"], mail["To"], mail["Subject"] = settings.expediteur, to.courriel, _SUBJECTS[nature]
    mail["Date"] = format_datetime(context.clock())
    mail["Message-ID"] = f"<{identity[:40]}@{settings.expediteur.rpartition('@')[2]}>"
    mail["Auto-Submitted"], mail["X-Auto-Response-Suppress"] = "auto-generated", "All"
    mail.set_content(body, cte="quoted-printable")
    return mail


async def send(settings: Smtp, mail: EmailMessage) -> None:
    """Raises `MailLater`, `MailRefused`."""
    try:
        async with _client(settings) as client:
            await _signed_in(client, settings)
            await client.send_message(mail)
    except aiosmtplib.SMTPRecipientsRefused as refused:
        raise _fate([one.code for one in refused.recipients]) from refused
    except (aiosmtplib.SMTPDataError, aiosmtplib.SMTPRecipientRefused) as refused:
        raise _fate([refused.code]) from refused
    except (aiosmtplib.SMTPException, OSError, ssl.SSLError) as error:
        raise MailLater(_sentence(error)) from error


async def probe(settings: Smtp, sender: str, address: str) -> None:
    """Whether the server would take a mail to this address: no mail is sent. Raises `MailLater`, `MailRefused`."""
    try:
        async with _client(settings) as client:
            await _signed_in(client, settings)
            await client.mail(sender)
            await client.rcpt(address)
            await client.rset()
    except aiosmtplib.SMTPRecipientRefused as refused:
        raise _fate([refused.code]) from refused
    except (aiosmtplib.SMTPException, OSError, ssl.SSLError) as error:
        raise MailLater(_sentence(error)) from error


def _client(settings: Smtp) -> aiosmtplib.SMTP:
    return aiosmtplib.SMTP(
        hostname=settings.hote,
        port=settings.port,
        use_tls=settings.securite == "tls",
        # True: refused when the server does not offer it, so that nothing goes in clear.
        start_tls=settings.securite == "starttls",
        tls_context=None if settings.securite == "aucune" else _tls(settings.autorite),
        timeout=settings.delai_s,
    )


def _tls(authority: str | None) -> ssl.SSLContext:
    context = ssl.create_default_context(cadata=authority)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


async def _signed_in(client: aiosmtplib.SMTP, settings: Smtp) -> None:
    if settings.utilisateur is not None:
        await client.login(settings.utilisateur, settings.mot_de_passe or "")


def _fate(codes: list[int]) -> MailError:
    code = codes[0] if codes else 0
    if 500 <= code < 600:
        return MailRefused(f"adresse ou courriel refusé pour de bon par le serveur de courriel ({code})")
    return MailLater(f"refusé pour l'instant par le serveur de courriel ({code})")


def _sentence(error: Exception) -> str:
    match error:
        case aiosmtplib.SMTPAuthenticationError():
            return f"le serveur de courriel refuse le compte d'envoi ({error.code})"
        case aiosmtplib.SMTPSenderRefused():
            return f"le serveur de courriel refuse l'expéditeur ({error.code})"
        case ssl.SSLError():
            return "le serveur de courriel ne prouve pas qui il est (TLS)"
        case _ if type(error) in (aiosmtplib.SMTPException, aiosmtplib.SMTPNotSupported):
            return "le serveur de courriel n'offre pas STARTTLS, ou pas cette identification"
        case aiosmtplib.SMTPResponseException():
            return f"le serveur de courriel répond {error.code}"
        case _:
            return "le serveur de courriel ne répond pas"
