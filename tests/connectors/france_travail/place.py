"""The API of France Travail over a hub in memory: what the partner may read is a table, what it deposits a list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from connectors.france_travail import SYSTEM
from connectors.mandates import token_digest
from connectors.systems import Context
from relais_contrats.client import Answer, RequestRefused
from tests.connectors.fakes import NOW, FakeHub, context, pseudonym
from tests.connectors.france_travail.client import AGENT, form

ADA = pseudonym("59000000017")
SECRET = "rlc_secret-d-essai"
SEARCH = "/partenaire/rechercher-usager/v2/usagers"
UTAS = {"systeme": "aurore", "valeur": "HDF0059", "nom": "Unité territoriale de Lille"}
WAITING = {
    "parcours": ADA,
    "departement": "59",
    "etat": "en-attente",
    "demande": {"date_reception": "2026-11-20", "date_echeance": "2027-01-01", "etat": "en-attente"},
    "preconisation": {"parcours_type": "social", "organisme": "departement", "motifs": [], "est_calculee": True},
    "orientations": [],
}


class Hub(FakeHub):
    """`views`: what a path of the API answers; `answers`: raised by the next call; `shows`: whether a decision that was
    deposited is then in the view."""

    def __init__(self) -> None:
        super().__init__()
        self.views: dict[str, Any] = {"orientations": WAITING}
        self.answers: list[Exception] = []
        self.said = "trouve"
        self.asked: list[Any] = []
        self.settled_as = "accepte"
        self.shows = True
        self.pages: Any = {"parcours": []}

    async def call(self, method: str, path: str, content: Any = None, headers: Mapping[str, str] | None = None) -> Any:
        if self.answers:
            raise self.answers.pop(0)
        self.asked.append(content or path)
        if method == "POST":
            return {"resultat": self.said} | ({"parcours": ADA} if self.said == "trouve" else {})
        name = path.removeprefix(f"/v1/parcours/{ADA}").strip("/") or "fiche"
        if name not in self.views:
            raise RequestRefused(404, {})
        return self.views[name]

    def _answer(self, message: Mapping[str, Any]) -> Answer:
        answer = super()._answer(message)
        if self.shows and answer.etat == "accepte" and message["type"] == "fr.insertion.orientation.decidee.v1":
            one = {**message["data"], "etat": "ouverte", "decideur": self.source}
            view = self.views["orientations"]
            self.views["orientations"] = view | {"ouverte": one, "orientations": [*view["orientations"], one]}
        return answer

    async def get(self, path: str, **_: Any) -> Any:
        return self.pages

    async def settled(self, message_id: str, *, patience_s: float = 30.0) -> Answer:
        return Answer(message_id, self.settled_as, parcours=ADA)

    def told(self) -> list[tuple[str, Any]]:
        return [(one["type"][13:-3], one["data"]) for one in self.taken.values()]


class Place:
    """A mandate at a time that moves (`now`), and the software that calls it."""

    def __init__(self, folder: Path, hub: Hub, **settings: Any) -> None:
        self.now = NOW
        configured = {"structures": {"CD": UTAS}} | settings
        made = context(SYSTEM, configured, folder, hub, ("identite:resoudre",))
        mandate = replace(made.mandate, code=folder.name, jeton=token_digest(SECRET))
        self.context: Context = replace(made, mandate=mandate, clock=self._clock)
        assert SYSTEM.facade is not None
        self.app = SYSTEM.facade(self.context)
        transport = httpx.ASGITransport(self.app, client=("192.0.2.7", 5_000))
        self.http = httpx.AsyncClient(transport=transport, base_url="http://c", headers=AGENT)

    def _clock(self) -> datetime:
        return self.now

    def passes(self, **time: int) -> None:
        self.now += timedelta(**time)

    async def token(self, **changed: str) -> httpx.Response:
        asked = form(self.context.mandate.code, SECRET, changed)
        return await self.http.post("/connexion/oauth2/access_token?realm=%2Fagent", data=asked)

    async def opened(self) -> Place:
        """With an access token, and the token of Ada."""
        access = (await self.token()).json()["access_token"]
        self.http.headers["Authorization"] = f"Bearer {access}"
        jeton = (await self.search()).json()["jetonUsager"]
        self.http.headers["ft-jeton-usager"] = jeton
        return self

    async def search(self, numero: str = "59000000017", **headers: str) -> httpx.Response:
        asked = {"numeroFranceTravail": numero}
        return await self.http.post(f"{SEARCH}/par-numero-francetravail", json=asked, headers=headers)

    async def get(self, path: str, **params: str) -> httpx.Response:
        return await self.http.get(f"/partenaire{path}", params=params)

    async def send(self, path: str, content: Any, method: str = "POST") -> httpx.Response:
        return await self.http.request(method, f"/partenaire{path}", json=content)
