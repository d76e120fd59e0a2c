"""A hub that answers the public reads of the offer from records in memory, in the shapes of the contract."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from relais_contrats.client import RequestRefused
from relais_contrats.qualite import qualite
from relais_contrats.v1.vues_offre import VueChangements, VuePageServices, VueStructure
from tests.connectors.fakes import NOW, FakeHub

Json = dict[str, Any]


class Offres(FakeHub):
    """`changes` in the order of their publication; `near`: id → kilometres, what a search around a commune finds;
    `page`: how many lines an answer has; `refusal`: what is raised in place of an answer."""

    def __init__(self, *fiches: Json, page: int = 3) -> None:
        super().__init__()
        self.changes: list[Json] = []
        self.near: dict[str, float | None] = {}
        self.twins: dict[str, list[str]] = {}
        self.page_size = page
        self.asked: list[tuple[str, Mapping[str, str]]] = []
        self.headers: list[Mapping[str, str] | None] = []
        self.refusal: Callable[[str, Mapping[str, str]], Exception | None] = lambda _, __: None
        for fiche in fiches:
            self.publish(fiche)

    def publish(self, fiche: Json) -> None:
        genre = "service" if "structure_id" in fiche else "structure"
        self.changes.append({"nature": "publication", "genre": genre, "id": fiche["id"], "donnees": fiche})

    def withdraw(self, genre: str, id_: str) -> None:
        self.changes.append({"nature": "retrait", "genre": genre, "id": id_, "date": "2026-11-30", "raison": "Fermé."})

    async def call(  # type: ignore[override]  # reads only
        self, method: str, path: str, content: None = None, headers: Mapping[str, str] | None = None
    ) -> Json:
        assert (method, content) == ("GET", None)
        parts = urlsplit(path)
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.asked.append((parts.path, asked))
        self.headers.append(headers)
        if (refused := self.refusal(parts.path, asked)) is not None:
            raise refused
        if parts.path == "/v1/offres/changements":
            return self._changements(int(asked.get("apres", "0").removeprefix("c")))
        if parts.path == "/v1/offres/services":
            return self._search(int(asked.get("apres", "0").removeprefix("c")))
        return self._structure(unquote(parts.path.removeprefix("/v1/offres/structures/")))

    def _changements(self, place: int) -> Json:
        told, after = self.changes[place : place + self.page_size], place + self.page_size
        page = {"changements": told, "curseur": f"c{place + len(told)}", "reste": after < len(self.changes)}
        VueChangements.model_validate(page)
        return page

    def _search(self, place: int) -> Json:
        found = list(self.near)[place : place + self.page_size]
        services = []
        for id_ in found:
            fiche = self._fiche(id_)
            said = {"distance_km": self.near[id_]} if self.near[id_] is not None else {}
            services.append(fiche | {"score_qualite": qualite(fiche).score(NOW.date(), NOW.date())} | said)
        after = place + len(found)
        page = {"version": 1, "services": services, "suite": f"c{after}" if after < len(self.near) else None}
        VuePageServices.model_validate(page)
        return page

    def _structure(self, id_: str) -> Json:
        twins = [{"id": one, "raison": "siret"} for one in self.twins.get(id_, ())]
        told = self._fiche(id_) | {"doublons_probables": twins}
        VueStructure.model_validate(told)
        return told

    def _fiche(self, id_: str) -> Json:
        last = [change for change in self.changes if change["id"] == id_][-1]
        if last["nature"] == "retrait":
            raise RequestRefused(410, {"title": "Retiré"})
        fiche: Json = last["donnees"]
        return fiche


def refusal(status: int, pointeur: str = "", code: str = "schema-invalide") -> RequestRefused:
    """A problem of the hub, as its client raises it."""
    faults = [{"pointeur": pointeur, "code": code, "message": "Une phrase."}] if pointeur else []
    return RequestRefused(status, {"status": status, "code": code, "erreurs": faults})
