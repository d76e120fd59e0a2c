"""An alarm from its cause to the mail and the webhook: told once, taken, closed by itself, armed again."""

import base64
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from starlette.responses import Response

from chassis.database import Pool
from gateway.inbound.administration import alarms as acts
from gateway.inbound.administration.office import AUTEUR
from gateway.inbound.alarms import evaluating, reading
from gateway.inbound.watching.exploration import Parts
from gateway.inbound.watching.watch import Anomalie
from gateway.outbound.alarms import Alarms as Sending
from gateway.outbound.mail import Smtp
from relais_contrats.administration.alertes import NouveauDestinataire, UneAlerte, UnEssai, UnSeuil
from tests.connectors.courriel.mailbox import PASSWORD, USER, Mailbox
from tests.passerelle.outgoing import Sortant
from tests.passerelle.receiver import Received, Receiver
from tests.passerelle.test_inbound_risks import Watched

pytestmark = pytest.mark.anyio
ADDRESS = "astreinte@exploitation.exemple.fr"
MINUTE = timedelta(minutes=1)
PARKED = Anomalie("rebut", "orientation", "orientation a 2 éléments au rebut", nombre=2)


class Bell:
    """The loop that looks and the one that sends, called by hand; `well` and `ill` say what the watch sees."""

    def __init__(self, sortant: Sortant, smtp: Smtp | None) -> None:
        self.pool: Pool = sortant.process.pool
        self._watched = Watched()
        self._looking = evaluating.Alarms(self.pool, self._watched, Parts(600, 200_000), [])
        self._sending = Sending(self.pool, sortant.client, sortant.cles, smtp, "https://console.exemple.fr")
        self.now = datetime.now(UTC)

    def ill(self, *anomalies: Anomalie) -> None:
        self._watched._anomalies = list(anomalies)

    async def after(self, delay: timedelta) -> None:
        self.now += delay
        await self._looking.evaluate(self.now)
        await self._sending.send_due(self.now)

    async def act(self, nom: str, corps: Any) -> None:
        AUTEUR.set("local/camille")
        async with self.pool.acquire() as conn, conn.transaction():
            await acts.GESTES[nom](conn, corps, self.now)

    async def shown(self) -> dict[str, Any]:
        return await reading.Alerts(self.pool).all({})


@pytest.fixture
async def box() -> AsyncIterator[tuple[Mailbox, int]]:
    mailbox = Mailbox()
    with mailbox.served() as port:
        yield mailbox, port


@pytest.fixture
async def bell(sortant: Sortant, box: tuple[Mailbox, int], tmp_path: Path) -> AsyncIterator[Bell]:
    mailbox, port = box
    (tmp_path / "smtp.mdp").write_text(PASSWORD)
    (tmp_path / "smtp.pem").write_text(mailbox.pem)
    one = Bell(sortant, Smtp.read(f"smtp://{USER}@127.0.0.1:{port}", "relais@exemple.fr", tmp_path))
    await one.act("alerte-destinataire-ajouter", NouveauDestinataire(canal="courriel", adresse=ADDRESS))
    yield one
    await sortant.client.close()


async def test_an_alarm_is_mailed_once_taken_closed_by_itself_and_armed_again(
    bell: Bell, box: tuple[Mailbox, int]
) -> None:
    mailbox, _ = box
    bell.ill(PARKED)
    for _ in range(3):
        await bell.after(MINUTE)
    [opened] = (await bell.shown())["alertes"]
    await bell.act("alerte-acquitter", UneAlerte(alerte=opened["id"], note="j'y suis"))

    bell.ill()
    await bell.after(2 * MINUTE)
    fluttering = len(mailbox.received)
    await bell.after(4 * MINUTE)
    bell.ill(PARKED)
    await bell.after(MINUTE)

    assert fluttering == 1
    assert [subject(mail) for mail in mailbox.received] == [
        "Relais, alerte : Éléments au rebut (orientation)",
        "Relais, fin de l'alerte : Éléments au rebut (orientation)",
        "Relais, alerte : Éléments au rebut (orientation)",
    ]
    assert "Valeur : 2 éléments (seuil : 1 éléments)" in mailbox.received[0].get_content()
    assert "https://console.exemple.fr/alertes" in mailbox.received[0].get_content()
    again, taken = (await bell.shown())["alertes"]
    assert (taken["acquittee_par"], taken["note"], taken["close_a"] is None) == ("local/camille", "j'y suis", False)
    assert (again["acquittee_par"], again["close_a"]) == (None, None)


async def test_many_alarms_at_once_are_one_mail(bell: Bell, box: tuple[Mailbox, int]) -> None:
    bell.ill(*(Anomalie("rebut", f"service-{n}", "", nombre=1) for n in range(50)))

    await bell.after(MINUTE)

    [mail] = box[0].received
    assert subject(mail) == "Relais : 50 alertes"
    assert mail.get_content().count("Éléments au rebut (service-") == 50


async def test_a_webhook_is_signed_by_the_key_of_the_hub_and_tried_again(
    bell: Bell, sortant: Sortant, endpoint: Receiver
) -> None:
    await bell.act("alerte-destinataire-ajouter", NouveauDestinataire(canal="webhook", adresse=f"{endpoint.url}/a"))
    endpoint.answer = lambda _: _answer(503)
    await bell.act("alerte-essayer", UnEssai())
    await bell.after(timedelta())
    endpoint.answer = lambda _: _answer(204)
    await bell.after(timedelta(seconds=10))
    await bell.after(timedelta(seconds=31))

    first, second = endpoint.received
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert (second.json["type"], second.json["data"]["moment"]) == ("fr.insertion.hub.alerte.v1", "ouverture")
    sortant.cles[0].privee.public_key().verify(_signature(second), _signed(second))


async def test_a_threshold_is_changed_or_turned_off(bell: Bell) -> None:
    bell.ill(PARKED)
    await bell.act("alerte-seuil", UnSeuil(nature="rebut", seuil=3, actif=True))
    await bell.after(MINUTE)
    under = (await bell.shown())["alertes"]
    await bell.act("alerte-seuil", UnSeuil(nature="rebut", seuil=1, actif=False))
    await bell.after(MINUTE)
    off = (await bell.shown())["alertes"]

    assert (under, off) == ([], [])


async def test_without_a_mail_server_the_page_says_so(sortant: Sortant) -> None:
    bell = Bell(sortant, None)
    await bell.act("alerte-destinataire-ajouter", NouveauDestinataire(canal="courriel", adresse=ADDRESS))
    await bell.act("alerte-essayer", UnEssai())

    await bell.after(timedelta())

    [addressee] = (await bell.shown())["destinataires"]
    assert addressee["erreur"] == "sans-serveur"


async def test_rows_are_measured(sortant: Sortant) -> None:
    """A partner that deposited something on most days and does not any more; a key and a convention that end."""
    pool, now = sortant.process.pool, datetime.now(UTC)
    rows = [(uuid4(), f"m{n}", now - timedelta(days=6 + n % 7)) for n in range(14)]
    await pool.executemany(_DEPOSIT, rows)
    await pool.execute(_ENDING, (now + timedelta(days=10)).date().isoformat())
    found = evaluating.Alarms(pool, Watched(), Parts(600, 200_000), [Path("/")])

    await found.evaluate(now)

    opened = {(row["nature"], row["objet"]) for row in (await reading.Alerts(pool).all({}))["alertes"]}
    assert ("silence", "caf-59/usager.signale") in opened
    assert ("convention-bientot-finie", "caf-59/orientation") in opened
    assert not any(nature == "cle-bientot-finie" for nature, _ in opened)


_DEPOSIT = """
INSERT INTO depots (id, partenaire, message, empreinte, type, brique, agent, finalite, recu_a, etat, prochain_essai,
    reponse, regle_a)
VALUES ($1, 'caf-59', $2, sha256('x'), 'usager.signale', 'usagers', 'a', 'orientation', $3, 'accepte', $3, '{}', $3)
"""
_ENDING = """
UPDATE partenaires SET conventions =
    jsonb_build_array(jsonb_build_object('finalite', 'orientation', 'date_fin', $1::text))
WHERE code = 'caf-59'
"""


def subject(mail: EmailMessage) -> str:
    return str(mail["Subject"])


def _answer(status: int) -> Response:
    return Response(status_code=status)


def _signature(one: Received) -> bytes:
    return base64.b64decode(one.headers["webhook-signature"].removeprefix("v1a,"))


def _signed(one: Received) -> bytes:
    return f"{one.headers['webhook-id']}.{one.headers['webhook-timestamp']}.".encode() + one.body
