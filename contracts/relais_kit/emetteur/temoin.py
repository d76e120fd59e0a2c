"""The played hub as an ASGI application: the mock behind a fault, and the record of every exchange."""

import asyncio
import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from relais_kit.bouchon.application import Bouchon
from relais_kit.bouchon.porte import Porte
from relais_kit.emetteur.pannes import Panne, Reponse, Suite
from relais_kit.emetteur.recu import Recu

_ATTENTE_S = 0.5
_CORPS_MAX_OCTETS = 65 * 1024 * 1024


class Etape(NamedTuple):
    """`codes`, `champs`: additions of the feed that the reader does not know; `doublons`: the feed repeats
    everything.
    """

    titre: str
    pannes: tuple[Panne, ...]
    codes: bool = False
    champs: bool = False
    doublons: bool = False


@dataclass(eq=False)
class Passage:
    """One run of the program: what it sent, and how it ended. `statut`: its exit status, None while it runs."""

    etape: Etape
    echanges: list[Recu] = field(default_factory=list)
    statut: int | None = None
    sortie: str = ""
    est_ecourte: bool = False
    """The time was up before it had finished."""

    def touches(self) -> list[Recu]:
        """What the faults of this run were applied to."""
        return [recu for panne in self.etape.pannes for recu in panne.touches]

    @property
    def en_cours(self) -> bool:
        return any(recu.fin is None for recu in self.echanges)

    @property
    def dernier(self) -> float | None:
        """When something else than a reading of the feed began or ended."""
        instants = [recu.fin or recu.debut for recu in self.echanges if not recu.est_lecture]
        return max(instants, default=None)


class Temoin:
    """Answers each request as the mock does, but for the fault of `passage`."""

    def __init__(self, porte: Porte, passage: Passage, horloge: Callable[[], float]) -> None:
        self._horloge = horloge
        self.changer(porte, passage)

    def changer(self, porte: Porte, passage: Passage) -> None:
        """From now on another mock, and another run."""
        self._app: ASGIApp = Bouchon(porte)
        self._passage = passage

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        passage, app = self._passage, self._app
        recu = Recu(scope["method"], _adresse(scope), _entetes(scope["headers"]), b"", self._horloge())
        passage.echanges.append(recu)
        recu.corps = await _corps(receive)
        suite: Suite = functools.partial(_traverser_ou_attendre, app, scope, recu)
        try:
            async with asyncio.TaskGroup() as taches:
                reponse = taches.create_task(_repondre(passage.etape.pannes, recu, suite))
                depart = taches.create_task(_depart(receive))
                await asyncio.wait({reponse, depart}, return_when=asyncio.FIRST_COMPLETED)
                if reponse.done():
                    recu.fin = self._horloge()
                    await _rendre(recu, reponse.result(), send)
                for tache in (reponse, depart):
                    tache.cancel()
        finally:
            recu.fin = recu.fin or self._horloge()


async def _traverser_ou_attendre(app: ASGIApp, scope: Scope, recu: Recu, corps: bytes) -> Reponse:
    """A long poll that finds nothing waits a moment: a reader that polls for ever does not turn without rest."""
    rendu = await _traverser(app, scope, corps)
    if recu.est_lecture and "attente=" in recu.chemin and b'"evenements":[]' in rendu.corps.replace(b" ", b""):
        await asyncio.sleep(_ATTENTE_S)
    return rendu


async def _repondre(pannes: Sequence[Panne], recu: Recu, suite: Suite) -> Reponse:
    """The first fault sees the request before the others do; one that changes the body comes last."""
    if len(pannes) < 2:
        return await (pannes[0].repondre(recu, suite) if pannes else suite(recu.corps))
    return await pannes[0].repondre(recu, lambda _: _repondre(pannes[1:], recu, suite))


async def _corps(receive: Receive) -> bytes:
    morceaux = []
    while True:
        message = await receive()
        morceaux.append(message.get("body", b""))
        if not message.get("more_body") or sum(map(len, morceaux)) > _CORPS_MAX_OCTETS:
            return b"".join(morceaux)


async def _depart(receive: Receive) -> None:
    """Returns once the caller has gone."""
    while (await receive())["type"] != "http.disconnect":
        continue


async def _traverser(app: ASGIApp, scope: Scope, corps: bytes) -> Reponse:
    """What the mock answers to this request with this body."""
    demandes: list[Message] = [{"type": "http.request", "body": corps, "more_body": False}]
    statut, entetes, morceaux = 500, list[tuple[str, str]](), list[bytes]()

    async def recevoir() -> Message:
        return demandes.pop() if demandes else {"type": "http.disconnect"}

    async def envoyer(message: Message) -> None:
        nonlocal statut, entetes
        if message["type"] == "http.response.start":
            statut, entetes = message["status"], _entetes(message["headers"])
        elif message["type"] == "http.response.body":
            morceaux.append(message.get("body", b""))

    await app(scope, recevoir, envoyer)
    return Reponse(statut, entetes, b"".join(morceaux))


async def _rendre(recu: Recu, reponse: Reponse, send: Send) -> None:
    recu.statut, recu.entetes_rendus, recu.corps_rendu = reponse.statut, reponse.entetes, reponse.corps
    entetes = [(nom, valeur) for nom, valeur in reponse.entetes if nom != "content-length"]
    bruts = [
        (n.encode("latin-1"), v.encode("latin-1")) for n, v in [*entetes, ("content-length", str(len(reponse.corps)))]
    ]
    await send({"type": "http.response.start", "status": reponse.statut, "headers": bruts})
    await send({"type": "http.response.body", "body": reponse.corps})


def _entetes(bruts: Any) -> list[tuple[str, str]]:
    return [(nom.decode("latin-1").lower(), valeur.decode("latin-1")) for nom, valeur in bruts]


def _adresse(scope: Scope) -> str:
    requete = scope.get("query_string", b"").decode("latin-1")
    return str(scope["raw_path"].decode("latin-1").partition("?")[0] + (f"?{requete}" if requete else ""))
