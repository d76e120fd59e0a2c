"""Where the story plays: the mandates of the demonstration in service, and the systems that they speak to."""

from __future__ import annotations

import asyncio
import contextlib
import random
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, TypeVar

import asyncssh
import httpx

from connectors.hubee_mock.app import Mock
from connectors.hubee_mock.boxes import Boxes
from deploy import connector_registry
from deploy.connector_registry import Registry
from deploy.datadir import HOST, DataDir, LaunchError, Ports
from deploy.demo import persons
from deploy.demo.connecteurs import configurations
from deploy.demo.connecteurs.systems import Mails, Poste
from deploy.demo.display import Display, Words
from deploy.demo.serving import served
from deploy.demo.stage import ASSO, CD, OFFRE
from deploy.demo.telling import Telling
from relais_contrats.client import Partner, PartnerError

HUBEE, FICHIERS, FT, RDVI, DI, COURRIEL = (
    f"demo-{systeme}"
    for systeme in ("hubee", "fichiers", "france-travail", "rdv-insertion", "data-inclusion", "courriel")
)
PATIENCE_S = 30.0
_LONGEST_WORDS = 900
T = TypeVar("T")


class Silent(Exception):
    """A system or a connector did not answer: one French sentence."""


@dataclass(kw_only=True)
class Place(Telling):
    FAULTS = (PartnerError, Silent, LaunchError)

    registry: Registry
    offre: Partner
    boxes: Boxes
    mails: Mails
    poste: Poste
    smtp_port: int
    hubee_port: int
    run: str = field(default_factory=lambda: secrets.token_hex(5))
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    """Shared with rdv-insertion."""
    tokens: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.person = persons.create(self.run, 1, random.Random(self.run))  # noqa: S311  a person of fiction
        self.http = httpx.AsyncClient(trust_env=False, timeout=30, follow_redirects=True)

    @property
    def origin(self) -> str:
        return f"http://{HOST}:{self.registry.ports.connecteurs}"

    def address(self, code: str) -> str:
        """Where the system of the partner reaches this connector."""
        return f"{self.origin}/connecteurs/{code}"

    def says(self, systeme: str, voie: str, texte: str) -> None:
        kept = texte.strip()
        if len(kept) > _LONGEST_WORDS:
            kept = f"{kept[:_LONGEST_WORDS]}…"
        self.step.words.append(Words(systeme, voie, kept))

    async def until(self, what: str, ask: Callable[[], Awaitable[T | None]]) -> T:
        """Ask until there is something. Raises `Silent` with `what` was waited for."""
        deadline = monotonic() + PATIENCE_S
        while True:
            try:
                found = await ask()
            except (httpx.HTTPError, asyncssh.Error, OSError) as error:
                raise Silent(f"{what} : pas de réponse ({type(error).__name__}).") from error
            if found is not None:
                return found
            if monotonic() > deadline:
                raise Silent(f"{what} : rien au bout de {PATIENCE_S:.0f} s.")
            await asyncio.sleep(0.1)

    async def last(self, code: str) -> str:
        """The id of the last exchange of a connector: `./relais trace` begins there."""
        _, context = self.registry.installation.context(await self.registry.find(code))
        lines = await context.journal.last(1)
        return lines[0].id if lines else ""


@contextlib.asynccontextmanager
async def set_up(data: DataDir, display: Display) -> AsyncIterator[Place]:
    """Raises LaunchError when a part of the hub is missing."""
    ports = data.known_ports()
    async with contextlib.AsyncExitStack() as stack:
        registry = await stack.enter_async_context(connector_registry.opened(data, ports))
        await _answering(ports)
        boxes, mails = Boxes(), Mails()
        place = Place(
            display,
            registry=registry,
            offre=await stack.enter_async_context(Partner.load(data.partners / OFFRE)),
            boxes=boxes,
            mails=mails,
            poste=Poste(ports.sftp, _public(data)),
            smtp_port=await stack.enter_async_context(mails.served()),
            hubee_port=await stack.enter_async_context(served(Mock(boxes).app())),
        )
        await stack.enter_async_context(place.http)
        await stack.enter_async_context(_in_service(place))
        yield place


def _public(data: DataDir) -> str:
    return asyncssh.read_private_key(data.secrets / "connecteurs" / "sftp.pem").export_public_key().decode().strip()


async def _answering(ports: Ports) -> None:
    """The two doors of the process `connecteurs`."""
    for port, name in (
        (ports.connecteurs, "Les connecteurs ne répondent pas"),
        (ports.sftp, "Le serveur SFTP se tait"),
    ):
        try:
            _, writer = await asyncio.wait_for(asyncio.open_connection(HOST, port), 3)
        except OSError as error:
            raise LaunchError(f"{name} sur le port {port} ; voyez ./relais etat.") from error
        writer.close()


@contextlib.asynccontextmanager
async def _in_service(place: Place) -> AsyncIterator[None]:
    """The mandates, made the first time, in service again the next ones, and suspended at the end."""
    wanted: dict[str, tuple[str, dict[str, Any]]] = {
        HUBEE: (CD, configurations.hubee(place.hubee_port)),
        FICHIERS: (CD, configurations.fichiers(place.poste.public_key)),
        FT: (CD, configurations.france_travail()),
        RDVI: (CD, configurations.rdv_insertion(place.secret)),
        DI: (CD, configurations.data_inclusion()),
        COURRIEL: (ASSO, configurations.courriel(place.smtp_port, place.origin)),
    }
    registry = place.registry
    known = {mandate.code: mandate for mandate in await registry.mandates.all()}
    try:
        for code, (partner, configuration) in wanted.items():
            systeme = code.removeprefix("demo-")
            there = known.get(code)
            if there is None:
                _, place.tokens[code] = await registry.create(code, systeme, partner, configuration)
            elif (there.systeme, there.partenaire) == (systeme, partner):
                place.tokens[code] = await registry.renew(code, configuration)
            else:
                raise LaunchError(f"Le connecteur {code} existe déjà, et sert {there.partenaire}.")
        yield
    finally:
        for code in place.tokens:
            await registry.suspend(code)
