"""`GET /v1/parcours`: the partner's parcours, in the order of their opening, or of what falls due.

Filters look at what the partner sees, never at more. A page may be short, even empty, while `suite` goes on: only
so many parcours are looked at for one answer.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway import participations
from gateway.inbound import reads_store as store
from gateway.inbound.bookmarks import Bookmarks
from gateway.inbound.door import Call, Door
from gateway.inbound.feed import invalid
from gateway.inbound.prepared import refusal_line
from gateway.inbound.problems import Problem
from gateway.inbound.query import day, number, one_of, parameters
from gateway.inbound.reads import SCOPE
from gateway.inbound.sight import Sight, answer, declare
from gateway.rights import Role
from relais_contrats.v1.vues import VueEcheance

_ETATS = ("actif", "ambigu", "clos")
_PAGE, _MAX_PAGE = 50, 200
_TOGETHER = 32
_LOOKED_AT = 1_000


@dataclass(frozen=True, slots=True)
class Candidate:
    parcours: UUID
    roles: frozenset[Role]
    position: list[str]
    """Where the list goes on after it."""
    echeance: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Filters:
    departement: str | None
    etat: str | None
    structure: str | None
    echeance_avant: date | None


# Some candidates after a position, and the position after them; None when there is nothing left.
Candidates = tuple[Sequence[Candidate], list[str] | None]
Source = Callable[[list[str] | None], Awaitable[Candidates]]


class Listing:
    def __init__(self, sight: Sight, bookmarks: Bookmarks) -> None:
        self._sight = sight
        self._bookmarks = bookmarks

    def routes(self, door: Door) -> list[Route]:
        return [Route("/v1/parcours", door.guard(SCOPE, self.get), methods=["GET"])]

    async def get(self, call: Call, request: Request) -> Response:
        query = parameters(request, ["departement", "etat", "echeance_avant", "structure", "apres", "limite"])
        declare(call, request)
        filters = Filters(
            departement=query.get("departement"),
            etat=one_of(query.get("etat"), "etat", _ETATS),
            structure=query.get("structure"),
            echeance_avant=day(query.get("echeance_avant"), "echeance_avant"),
        )
        if filters.departement is not None and filters.departement not in call.partenaire.departements:
            raise Problem("hors-territoire", erreurs=[refusal_line("hors-territoire", "departement")])
        limite = number(query.get("limite"), "limite", _PAGE, _MAX_PAGE)
        liste = f"parcours {filters}"
        position = self._position(call, liste, query.get("apres"))
        source = self._due(call, filters) if filters.echeance_avant else self._opened(call)
        found, position = await self._page(call, filters, source, position, limite)
        suite = self._bookmarks.write(call.partenaire.code, liste, position) if position else None
        return answer(request, {"parcours": found, "suite": suite})

    def _position(self, call: Call, liste: str, apres: str | None) -> list[str] | None:
        if apres is None:
            return None
        position: list[str] | None = self._bookmarks.read(call.partenaire.code, liste, apres)
        if position is None:
            raise invalid("apres", "Ce curseur n'a pas été donné par le hub à ce partenaire pour cette liste.")
        return position

    async def _page(
        self, call: Call, filters: Filters, source: Source, position: list[str] | None, limite: int
    ) -> tuple[list[dict[str, Any]], list[str] | None]:
        """What passes the filters, and where to go on; None at the end."""
        found: list[dict[str, Any]] = []
        looked_at = 0
        while looked_at < _LOOKED_AT:
            candidates, after = await source(position)
            for start in range(0, len(candidates), _TOGETHER):
                together = candidates[start : start + _TOGETHER]
                views = await asyncio.gather(*(self._view(call, filters, one) for one in together))
                for candidate, view in zip(together, views, strict=True):
                    found += [view] if view else []
                    if len(found) == limite:
                        return found, candidate.position
                looked_at += len(together)
            if after is None:
                return found, None
            position = after
            looked_at += 1
        return found, position

    async def _view(self, call: Call, filters: Filters, one: Candidate) -> dict[str, Any] | None:
        """None when it does not pass the filters, or is no more."""
        demande = {"parcours": str(one.parcours)}
        known = await self._sight.ask("usagers.parcours", demande)
        if known is None or filters.etat not in (None, known["etat"]):
            return None
        if filters.departement not in (None, known["departement"]):
            return None
        oriented = await self._sight.ask("orientation.orientations", demande) or {}
        whole = {
            "parcours": str(one.parcours),
            "departement": known["departement"],
            "etat": known["etat"],
            "ouverte": oriented.get("ouverte"),
            **_deadline(oriented.get("demande")),
            **one.echeance,
        }
        view = self._sight.show(call, one.roles, VueEcheance, whole)
        if filters.echeance_avant and "date_echeance" not in view:
            return None
        if filters.structure and not _is_named(view.get("ouverte"), filters.structure):
            return None
        return view

    def _opened(self, call: Call) -> Source:
        async def source(position: list[str] | None) -> Candidates:
            after = UUID(position[0]) if position else None
            async with self._sight.pool.acquire() as conn:
                rows = await store.parcours_of(conn, call.partenaire.code, after, _TOGETHER)
            found = [
                Candidate(row["parcours"], frozenset(map(Role, row["roles"])), [str(row["parcours"])]) for row in rows
            ]
            return found, found[-1].position if len(rows) == _TOGETHER else None

        return source

    def _due(self, call: Call, filters: Filters) -> Source:
        """Positions are [département, date, parcours]; départements follow one another."""
        departements = [filters.departement] if filters.departement else sorted(call.partenaire.departements)

        async def source(position: list[str] | None) -> Candidates:
            departement, *apres = position or [departements[0]]
            page = await self._sight.ask(
                "orientation.echeances",
                {"departement": departement, "avant": str(filters.echeance_avant), "apres": apres or None},
            )
            rows = page["echeances"]
            code = call.partenaire.code
            async with self._sight.pool.acquire() as conn:
                roles = await participations.of_pairs(conn, [(UUID(row["parcours"]), code) for row in rows])
            found = [
                Candidate(id_, held, [departement, row["date_echeance"], row["parcours"]], row)
                for row in rows
                if (held := roles.get(((id_ := UUID(row["parcours"])), code)))
            ]
            if page["suite"]:
                return found, [departement, *page["suite"]]
            later = [d for d in departements if d > departement]
            return found, later[:1] or None

        return source


def _deadline(demande: Mapping[str, Any] | None) -> dict[str, Any]:
    """Of a request that still waits for a decision."""
    if demande is None or demande["etat"] not in ("en-attente", "dessaisie"):
        return {}
    return {
        "date_reception": demande["date_reception"],
        "date_echeance": demande["date_echeance"],
        "est_dessaisie": demande["etat"] == "dessaisie",
    }


def _is_named(orientation: Mapping[str, Any] | None, structure: str) -> bool:
    """`structure` is written `<systeme>:<valeur>`, or the value alone."""
    if orientation is None:
        return False
    named = orientation["structure"]
    return structure in (named["valeur"], f"{named['systeme']}:{named['valeur']}")
