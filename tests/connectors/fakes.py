"""What stands for a hub and for a place of connectors in fast tests: no process, one SQLite file."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from connectors.database import SQLite
from connectors.exchanges import Journal
from connectors.mandates import Mandate
from connectors.sealing import Vault
from connectors.state import State
from connectors.systems import Context, System
from relais_contrats.client import Answer, cloudevent

NOW = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)
KEY = bytes(range(32))


class FakeHub:
    """Takes each message once, by its id; a person is her first identifier. `refuse`: the code of a refusal."""

    source = "/partenaires/cd-59"

    def __init__(self, refuse: Callable[[Mapping[str, Any]], str | None] = lambda _: None) -> None:
        self.taken: dict[str, Mapping[str, Any]] = {}
        self.traceparents: list[str | None] = []
        self.found: dict[str, str] = {}
        self._refuse = refuse
        self.failures: list[Exception] = []

    def message(self, fait: str, data: Mapping[str, Any], **envelope: Any) -> dict[str, Any]:
        return cloudevent(self.source, fait, data, **envelope)

    async def post_many(
        self, messages: Iterable[Mapping[str, Any]], *, traceparent: str | None = None, wait_s: int | None = None
    ) -> list[Answer]:
        self.traceparents.append(traceparent)
        if self.failures:
            raise self.failures.pop(0)
        return [self._answer(message) for message in messages]

    def _answer(self, message: Mapping[str, Any]) -> Answer:
        if code := self._refuse(message):
            return Answer(message["id"], "refuse", code=code, detail="motif")
        is_known = message["id"] in self.taken
        self.taken[message["id"]] = message
        identifiers = message["data"].get("identifiants") or [{"valeur": ""}]
        parcours = message.get("subject") or pseudonym(identifiers[0]["valeur"])
        return Answer(message["id"], "accepte", est_rejoue=is_known, parcours=parcours)

    async def call(self, method: str, path: str, content: Mapping[str, Any]) -> dict[str, Any]:
        assert (method, path) == ("POST", "/v1/usagers/recherche")
        parcours = self.found.get(content["identifiants"][0]["valeur"])
        return {"resultat": "trouve", "parcours": parcours} if parcours else {"resultat": "aucun"}

    def of(self, fait: str) -> list[Mapping[str, Any]]:
        return [message for message in self.taken.values() if message["type"] == f"fr.insertion.{fait}.v1"]


def pseudonym(text: str) -> str:
    """Of the form that the contract wants."""
    letters = hashlib.sha256(text.encode()).digest()
    return "prc_" + "".join("abcdefghijklmnopqrstuvwxyz234567"[byte % 32] for byte in letters)[:25] + "a"


def context(
    system: System, configuration: Mapping[str, Any], folder: Path, hub: FakeHub, scopes: tuple[str, ...] = ()
) -> Context:
    folder.mkdir(exist_ok=True)
    database, vault = SQLite(folder / "etat.sqlite"), Vault(KEY)
    mandate = Mandate(
        code="cd-59-essai",
        systeme=system.code,
        partenaire="cd-59",
        etat="actif",
        configuration=configuration,
        client={"scopes": list(scopes), "kid": "k"},
        key_pem="",
        jeton=None,
        cree_a=NOW,
        change_a=NOW,
    )
    return Context(
        mandate=mandate,
        configuration=system.configure(configuration),
        hub=hub,  # type: ignore[arg-type]  # what a connector calls of it
        state=State(database, vault, mandate.code, lambda: NOW),
        journal=Journal(database, system.code, mandate.code, lambda: NOW),
        vault=vault,
        folder=folder,
        clock=lambda: NOW,
    )
