"""Who is written to, when, and what no mail says: through a real mail server."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.courriel import SYSTEM
from connectors.courriel.codes import Nature
from connectors.courriel.configuration import EXEMPLE
from connectors.courriel.links import Links, recipients
from connectors.courriel.mail import Count, MailLater, MailRefused, probe, send, told
from connectors.courriel.trying import try_out
from connectors.systems import ConfigurationRefused
from tests.connectors.courriel.mailbox import Mailbox
from tests.connectors.courriel.structure import (
    ADDRESS,
    DEMANDE,
    DESIGNATION,
    PRESCRIPTION,
    RDV,
    SECRETS,
    Structure,
    structure,
)

pytestmark = pytest.mark.anyio


def subjects(mails: Mailbox) -> list[str]:
    return [str(one["Subject"]) for one in mails.received]


AVIS, RAPPEL = "Relais : votre structure est attendue", "Relais, rappel : une réponse est attendue"
POINT = "Relais : le point du jour"


async def test_a_prescription_is_told_once_with_its_link(one: Structure, mails: Mailbox) -> None:
    one.hub.prescribes()
    await one.notices.look()
    await one.notices.look()

    [mail] = mails.received
    body = mail.get_content()
    assert (mail["Subject"], mail["To"], mail["Auto-Submitted"]) == (AVIS, ADDRESS, "auto-generated")
    assert "- 1 demande attend une réponse" in body
    [link] = [line for line in body.splitlines() if line.startswith("https://")]
    assert link.startswith("https://relais.exemple.fr/connecteurs/cd-59-essai/lien/")
    assert Links(one.place).read(link.rpartition("/")[2]) == recipients(one.place)[0]
    assert await one.lines() == [("courriel.avis", "destinataire 1", "fait", None)]


async def test_no_mail_says_anything_of_anybody(one: Structure, mails: Mailbox) -> None:
    one.hub.prescribes()
    await one.notices.look()
    one.hub.tells("prescription.relancee", {"prescription_id": DEMANDE})
    await one.notices.look()
    one.clock.now += timedelta(days=1)
    await one.notices.look()
    await (await one.opened()).aclose()

    assert subjects(mails) == [AVIS, RAPPEL, POINT, "Relais : votre code d'accès"]
    said = b"".join(mails.raw).replace(b"=\r\n", b"").decode() + "".join(str(one.items()) for one in mails.received)
    said += "".join(one.get_content() for one in mails.received)
    assert [secret for secret in SECRETS if secret in said] == []


async def test_news_that_come_together_are_one_mail(one: Structure, mails: Mailbox) -> None:
    one.hub.prescribes()
    await one.notices.look()
    one.hub.tells("rdv.planifie", RDV)
    await one.notices.look()
    told_at_once = len(mails.received)
    one.clock.now += timedelta(minutes=30)
    await one.notices.look()

    assert (told_at_once, len(mails.received)) == (1, 2)


async def test_a_reminder_does_not_wait_and_is_of_our_own_prescriptions_only(one: Structure, mails: Mailbox) -> None:
    one.hub.prescribes()
    await one.notices.look()
    one.hub.tells("prescription.relancee", {"prescription_id": "obj_ailleurs"})
    await one.notices.look()
    one.hub.tells("prescription.relancee", {"prescription_id": DEMANDE})
    await one.notices.look()
    await one.notices.look()

    assert subjects(mails) == [AVIS, RAPPEL]


async def test_what_is_answered_meanwhile_is_not_told(one: Structure, mails: Mailbox) -> None:
    one.hub.prescribes(etat="acceptee")
    await one.notices.look()
    one.clock.now += timedelta(days=1)
    await one.notices.look()

    assert mails.received == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (datetime(2026, 12, 1, 7, 29, tzinfo=UTC), datetime(2026, 12, 1, 7, 30, tzinfo=UTC)),
        (datetime(2026, 7, 1, 6, 29, tzinfo=UTC), datetime(2026, 7, 1, 6, 30, tzinfo=UTC)),
    ],
    ids=["winter", "summer"],
)
async def test_the_daily_mail_leaves_at_the_hour_of_paris_once(
    one: Structure, mails: Mailbox, before: datetime, after: datetime
) -> None:
    one.clock.now = before - timedelta(days=1)
    one.hub.prescribes()
    await one.notices.look()
    mails.forget()

    one.clock.now = before
    await one.notices.look()
    too_early = list(mails.received)
    one.clock.now = after
    await one.notices.look()
    await one.notices.look()

    assert too_early == []
    assert subjects(mails) == [POINT]


async def test_a_refused_address_is_said_in_the_journal_and_stops_nobody_else(
    mail_server: tuple[Mailbox, int], mails: Mailbox, tmp_path: Path
) -> None:
    two = structure(mails, mail_server[1], tmp_path, destinataires=["parti@asso.exemple.fr", ADDRESS])
    mails.refuses = {"parti@asso.exemple.fr": "550 5.1.1 parti@asso.exemple.fr unknown"}
    two.hub.prescribes()
    await two.notices.look()
    await two.notices.look()

    assert [one["To"] for one in mails.received] == [ADDRESS]
    assert await two.lines() == [
        (
            "courriel.avis",
            "destinataire 1",
            "refuse",
            "adresse ou courriel refusé pour de bon par le serveur de courriel (550)",
        ),
        ("courriel.avis", "destinataire 2", "fait", None),
    ]


async def test_a_server_in_trouble_is_tried_again_later_each_time_longer(one: Structure, mails: Mailbox) -> None:
    mails.refuses = {ADDRESS: "451 4.3.0 try later"}
    one.hub.prescribes()
    tried = []
    for minutes in (0, 0.5, 1, 2, 3.5):
        one.clock.now = one.clock.now.replace(hour=9, minute=0, second=0) + timedelta(minutes=minutes)
        await one.notices.look()
        tried.append(len(await one.lines()))
    mails.refuses = {}
    one.clock.now += timedelta(minutes=10)
    await one.notices.look()

    assert tried == [1, 1, 2, 2, 3]
    assert (await one.lines())[0][2:] == ("echec", "refusé pour l'instant par le serveur de courriel (451)")
    assert subjects(mails) == [AVIS]


async def test_a_mail_that_leaves_again_after_a_kill_is_the_same_mail(one: Structure) -> None:
    to = recipients(one.place)[0]

    first, again, other = (told(one.place, to, Nature.AVIS, Count(demandes=1), key) for key in ("e1", "e1", "e2"))

    assert first["Message-ID"] == again["Message-ID"] != other["Message-ID"]


async def test_a_hub_that_is_away_is_asked_later(one: Structure, mails: Mailbox) -> None:
    one.hub.prescribes()
    one.hub.is_away = True
    await one.notices.look()
    one.hub.is_away = False
    await one.notices.look()

    assert subjects(mails) == [AVIS]


async def test_what_waits_is_counted_by_kind(one: Structure, mails: Mailbox) -> None:
    past = RDV | {"rdv_id": "page-0", "debut": "2026-11-27T09:30:00+01:00"}
    elsewhere = RDV | {"rdv_id": "obj_ailleurs"}
    one.hub.tells("prescription.emise", {"prescription_id": DEMANDE})
    one.hub.shows(prescriptions=[PRESCRIPTION], rendez_vous=[past, RDV, elsewhere], referent=DESIGNATION)
    await one.notices.look()

    told_lines = [line for line in mails.received[0].get_content().splitlines() if line.startswith("- ")]
    assert told_lines[:2] == ["- 1 demande attend une réponse", "- 1 désignation de référent à accepter"]
    # The structure is asked to follow this person, not yet her référent: the appointment of another is not its own.
    assert told_lines[2:] == ["- 1 rendez-vous passé à renseigner", "- 1 rendez-vous à venir"]


async def test_the_dry_run_asks_the_mail_server_and_sends_nothing(one: Structure, mails: Mailbox) -> None:
    one.hub.prescribes()
    before = [line async for line in try_out(one.place, None)]
    mails.refuses = {ADDRESS: "550 5.1.1 unknown"}
    refused = [line async for line in try_out(one.place, None)]

    assert before[1] == "Destinataire 1 : le serveur de courriel accepte cette adresse"
    assert "(550)" in refused[1]
    assert mails.received == []
    assert not [line for line in before + refused if any(secret in line for secret in (*SECRETS, ADDRESS))]


async def test_tls_from_the_first_byte(one: Structure) -> None:
    box = Mailbox()
    with box.served(tls=True) as port:
        settings = one.place.configuration.smtp.model_validate(box.settings(port, securite="tls"))
        await probe(settings, "a@exemple.fr", ADDRESS)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"autorite": None}, "ne prouve pas qui il est"),
        ({"mot_de_passe": "faux"}, "refuse le compte d'envoi"),
        ({"port": 1}, "ne répond pas"),
    ],
    ids=["another authority", "another password", "nobody there"],
)
async def test_a_server_that_is_not_the_one_is_given_nothing(
    one: Structure, mail_server: tuple[Mailbox, int], mails: Mailbox, change: dict[str, Any], why: str
) -> None:
    settings = one.place.configuration.smtp.model_validate(mails.settings(mail_server[1], **change))
    mail = told(one.place, recipients(one.place)[0], Nature.AVIS, Count(demandes=1), "e1")

    with pytest.raises(MailLater, match=why):
        await send(settings, mail)
    assert mails.received == []


async def test_nothing_goes_in_clear_to_a_server_without_starttls(one: Structure) -> None:
    box = Mailbox()
    with box.served(starttls=False) as port:
        settings = one.place.configuration.smtp.model_validate(box.settings(port))
        with pytest.raises(MailLater, match="STARTTLS"):
            await probe(settings, "a@exemple.fr", ADDRESS)


async def test_content_that_is_refused_for_good_is_no_later(one: Structure, mails: Mailbox) -> None:
    mails.refuses = {ADDRESS: "554 5.7.1 spam"}
    mail = told(one.place, recipients(one.place)[0], Nature.AVIS, Count(demandes=1), "e1")

    with pytest.raises(MailRefused, match="554"):
        await send(one.place.configuration.smtp, mail)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"adresse": "http://relais.exemple.fr"}, "https est obligatoire"),
        ({"adresse": "https://relais.exemple.fr/ailleurs"}, "une origine est attendue"),
        ({"destinataires": []}, "destinataires"),
        ({"destinataires": ["a@exemple.fr\nBcc: b@exemple.fr"]}, "destinataires"),
        ({"destinataires": ["a@exemple.fr", "A@exemple.fr"]}, "deux fois"),
        ({"heure": "midi"}, "une heure est attendue"),
        ({"departement": "999"}, "departement"),
        ({"smtp": {"hote": "smtp.exemple.fr", "securite": "aucune"}}, "cette machine"),
        ({"smtp": {"hote": "smtp.exemple.fr", "utilisateur": "seul"}}, "vont ensemble"),
        ({"smtp": {"hote": "smtp.exemple.fr", "autorite": "rien"}}, "PEM"),
    ],
)
def test_a_configuration_that_would_leak_or_fail_is_refused_in_a_sentence(change: dict[str, Any], why: str) -> None:

    with pytest.raises(ConfigurationRefused, match=why):
        SYSTEM.configure(tomllib.loads(EXEMPLE) | change)


def test_the_example_is_a_configuration() -> None:

    assert SYSTEM.configure(tomllib.loads(EXEMPLE)).conservation_jours == 90
