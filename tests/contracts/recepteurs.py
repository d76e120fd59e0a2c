"""Receivers of webhooks, written as a partner would: a right one, and others that are right in their own way."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from relais_contrats.client import Receiver, WebhookRefused
from relais_kit.recepteur.faits import TYPES_COURANTS
from relais_kit.recepteur.identite import nouveau_secret

SECRET, ANCIEN = nouveau_secret(), nouveau_secret()
CONNUS = {f"fr.insertion.{nom}.v1" for nom in (*TYPES_COURANTS, "contrat.bilan")}
Evenement = dict[str, Any]


async def aux_autres() -> None:
    """Let requests that are on their way come this far, however loaded the machine is."""
    for _ in range(50):
        await asyncio.sleep(0)


class Juste:
    """A right receiver: verifies first, then keeps what it has not seen; answers 204. Its defects are subclasses."""

    def __init__(self, *confiance: str, abonnement: str | None = None) -> None:
        self.confiance = confiance or (SECRET,)
        self.abonnement = abonnement
        self.ancien_jusqua: datetime | None = None
        self.traites: list[str] = []
        self.app = Starlette(
            routes=[Route("/webhooks", self.recevoir, methods=["POST"]), Route("/traites", self.sonde)]
        )

    async def sonde(self, _: Request) -> Response:
        return JSONResponse({"traites": self.traites})

    async def recevoir(self, request: Request) -> Response:
        corps = await self.lire(request)
        try:
            evenements = self.verifier(dict(request.headers), corps)
        except WebhookRefused:
            return Response(status_code=401)
        return await self.repondre(request.headers, evenements)

    async def lire(self, request: Request) -> bytes:
        return await request.body()

    def verifier(self, entetes: Mapping[str, str], corps: bytes) -> list[Evenement]:
        confiance = list(self.confiance)
        if self.ancien_jusqua and datetime.now(UTC) < self.ancien_jusqua:
            confiance.append(ANCIEN)
        return Receiver(*confiance, abonnement=self.abonnement).verify(entetes, corps)

    async def repondre(self, _: Mapping[str, str], evenements: list[Evenement]) -> Response:
        for evenement in evenements:
            if evenement["type"] in CONNUS and evenement["id"] not in self.traites:
                self.traites.append(evenement["id"])
        return Response(status_code=204)


class NeTraiteQueLesRdv(Juste):
    async def repondre(self, entetes: Mapping[str, str], evenements: list[Evenement]) -> Response:
        return await super().repondre(entetes, [e for e in evenements if ".rdv." in e["type"]])


class RepondPageDeConnexion(Juste):
    async def recevoir(self, request: Request) -> Response:
        reponse = await super().recevoir(request)
        return Response(status_code=302, headers={"location": "/login"}) if reponse.status_code == 401 else reponse


class TraiteApresCoup(Juste):
    """Answers first, processes later, a few requests each time that its probe is read."""

    def __init__(self) -> None:
        super().__init__()
        self.attendus: list[list[Evenement]] = []

    async def repondre(self, entetes: Mapping[str, str], evenements: list[Evenement]) -> Response:
        self.attendus.append(evenements)
        return Response(status_code=202)

    async def sonde(self, request: Request) -> Response:
        for evenements in self.attendus[:8]:
            await super().repondre({}, evenements)
        del self.attendus[:8]
        return await super().sonde(request)


class DemandeDeRevenir(Juste):
    """One of two requests about the same event at once is told 409."""

    def __init__(self) -> None:
        super().__init__()
        self.en_cours: set[str] = set()

    async def repondre(self, entetes: Mapping[str, str], evenements: list[Evenement]) -> Response:
        ids = {e["id"] for e in evenements}
        if ids & self.en_cours:
            return Response(status_code=409)
        self.en_cours |= ids
        await aux_autres()
        reponse = await super().repondre(entetes, evenements)
        self.en_cours -= ids
        return reponse
