"""`GET /v1/parcours`: the partner's parcours as they were opened, a structure's active file, or what falls due.

Filters look at what the partner sees, never at more. A page may be short, even empty, while `suite` goes on: only
so many parcours are looked at for one answer.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from gateway import participations
from gateway.inbound.reading import reads_store as store
from gateway.inbound.reading.bookmarks import Bookmarks
from gateway.inbound.reading.sight import Sight, answer, declare
from gateway.inbound.request.call import Call
from gateway.inbound.request.door import Door
from gateway.inbound.request.query import parameters
from gateway.inbound.request.routes import Declared
from relais_contrats.demandes import TRANSFERT_EN_ATTENTE, ParcoursDemandes, curseur_inconnu, nombre, parcours_demandes
from relais_contrats.droits import Ferme, Role
from relais_contrats.v1.vues import VueEcheance
from relais_contrats.v1.vues_feuille import VueEcheanceFeuille, VueFeuilleDeRoute
from relais_contrats.v1.vues_referents import VueFileActive

_SIGNALE = frozenset({Role.SIGNALANT})
_PAGE, _MAX_PAGE = 50, 200
_TOGETHER = 32
_LOOKED_AT = 1_000


@dataclass(frozen=True, slots=True)
class Candidate:
    parcours: UUID
    roles: frozenset[Role]
    position: list[Any]
    """Where the list goes on after it."""
    row: Mapping[str, Any] = field(default_factory=dict)
    """What the service that listed it says of it."""


# Some candidates after a position, and the position after them; None when there is nothing left.
Candidates = tuple[Sequence[Candidate], list[Any] | None]


@dataclass(frozen=True, slots=True)
class Kind:
    """One of the three lists: where its candidates come from, and how one is shown (None: it does not pass)."""

    candidates: Callable[[list[Any] | None], Awaitable[Candidates]]
    show: Callable[[Candidate], Awaitable[dict[str, Any] | None]]


class Listing:
    def __init__(self, sight: Sight, bookmarks: Bookmarks) -> None:
        self._sight = sight
        self._bookmarks = bookmarks

    def routes(self, door: Door) -> list[Declared]:
        return [door.route("GET /v1/parcours", self.get)]

    async def get(self, call: Call, request: Request) -> Response:
        query = parameters(request)
        declare(call, request)
        filters = parcours_demandes(query, call.partenaire)
        limite = nombre(query.get("limite"), "limite", _PAGE, _MAX_PAGE)
        liste = f"parcours {filters}"
        position = self._position(call, liste, query.get("apres"))
        found, position = await self._page(call, self._kind(call, filters), position, limite)
        suite = self._bookmarks.write(call.partenaire.code, liste, position) if position else None
        return answer(call, request, {"parcours": found, "suite": suite})

    def _position(self, call: Call, liste: str, apres: str | None) -> list[Any] | None:
        if apres is None:
            return None
        position: list[Any] | None = self._bookmarks.read(call.partenaire.code, liste, apres)
        if position is None:
            raise curseur_inconnu()
        return position

    def _kind(self, call: Call, filters: ParcoursDemandes) -> Kind:
        if filters.n_a_rien:
            return Kind(_nothing, _shown_not)
        if filters.etat == TRANSFERT_EN_ATTENTE:
            return self._waiting(call, filters)
        if filters.echeance_avant:
            return self._due(call, filters)
        return self._followed(call, filters) if filters.structure else self._opened(call, filters)

    async def _page(
        self, call: Call, kind: Kind, position: list[Any] | None, limite: int
    ) -> tuple[list[dict[str, Any]], list[Any] | None]:
        """What passes the filters, and where to go on; None at the end."""
        found: list[dict[str, Any]] = []
        looked_at = 0
        while looked_at < _LOOKED_AT:
            candidates, after = await kind.candidates(position)
            for start in range(0, len(candidates), _TOGETHER):
                together = candidates[start : start + _TOGETHER]
                views = await asyncio.gather(*map(kind.show, together))
                for candidate, view in zip(together, views, strict=True):
                    if view:
                        found.append(view)
                        call.montres.append(candidate.parcours)
                    if len(found) == limite:
                        return found, candidate.position
                looked_at += len(together)
            if after is None:
                return found, None
            position = after
            looked_at += 1
        return found, position

    def _opened(self, call: Call, filters: ParcoursDemandes) -> Kind:
        async def candidates(position: list[Any] | None) -> Candidates:
            after = UUID(position[0]) if position else None
            async with self._sight.pool.acquire() as conn:
                rows = await store.parcours_of(conn, call.partenaire.code, after, _TOGETHER)
                pairs = [(row["parcours"], call.partenaire.code) for row in rows]
                roles = await participations.of_pairs(conn, pairs)
            roles |= {pair: _SIGNALE for pair, row in zip(pairs, rows, strict=True) if row["est_signale"]}
            found = [Candidate(pair[0], roles[pair], [str(pair[0])]) for pair in pairs if pair in roles]
            return found, [str(rows[-1]["parcours"])] if len(rows) == _TOGETHER else None

        async def show(one: Candidate) -> dict[str, Any] | None:
            if one.roles == _SIGNALE:
                said = await self._said(call, filters, one.parcours)
                return said if said and filters.garde(said) else None
            demande = {"parcours": str(one.parcours)}
            if isinstance(self._sight.opening(call, one.roles), Ferme):
                return None
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
            }
            view = self._sight.show(call, one.roles, VueEcheance, whole)
            return view if filters.garde(view) else None

        return Kind(candidates, show)

    async def _said(self, call: Call, filters: ParcoursDemandes, nom: UUID) -> dict[str, Any] | None:
        """A person whom the partner only signalled, as it said itself."""
        words = await self._sight.said(call, nom)
        if words is None or filters.etat not in (None, words["etat"]):
            return None
        if filters.departement not in (None, words["departement"]):
            return None
        return {name: words[name] for name in ("parcours", "departement", "etat")}

    def _waiting(self, call: Call, filters: ParcoursDemandes) -> Kind:
        """Those who left for a territory whose département is no partner yet: they stay where they are."""

        async def candidates(position: list[Any] | None) -> Candidates:
            demande = {"apres": position[0] if position else None, "limite": _TOGETHER}
            page = await self._sight.ask("usagers.en_attente", demande)
            here = [row for row in page["parcours"] if filters.departement in (None, row["departement"])]
            found = await self._shared(call, [(row, [row["parcours"]]) for row in here])
            return found, [page["suite"]] if page["suite"] else None

        async def show(one: Candidate) -> dict[str, Any] | None:
            if isinstance(self._sight.opening(call, one.roles), Ferme):
                return None
            view = self._sight.show(call, one.roles, VueEcheance, {**one.row, "etat": TRANSFERT_EN_ATTENTE})
            return view if "departement_nouveau" in view else None

        return Kind(candidates, show)

    def _due(self, call: Call, filters: ParcoursDemandes) -> Kind:
        """Positions are [département, date, parcours, nature, number]; départements follow one another."""
        departements = [filters.departement] if filters.departement else sorted(call.partenaire.departements)

        async def candidates(position: list[Any] | None) -> Candidates:
            departement, *apres = position or [departements[0]]
            demande = {"departement": departement, "avant": str(filters.echeance_avant), "apres": apres or None}
            page = await self._sight.ask("feuille_de_route.echeances", demande)
            keys = ("date_echeance", "parcours", "nature", "numero")
            found = await self._shared(
                call, [(row, [departement, *(row[key] for key in keys)]) for row in page["echeances"]]
            )
            if page["suite"]:
                return found, [departement, *page["suite"]]
            later = [d for d in departements if d > departement]
            return found, later[:1] or None

        async def show(one: Candidate) -> dict[str, Any] | None:
            view = self._sight.show(call, one.roles, VueEcheanceFeuille, one.row)
            if "date_echeance" not in view:
                return None
            return view if not filters.structure or await self._is_followed_by(call, one, filters.structure) else None

        return Kind(candidates, show)

    def _followed(self, call: Call, filters: ParcoursDemandes) -> Kind:
        """The active file of a structure: the parcours that its référents follow today."""
        systeme, valeur = filters.structure or ("", "")

        async def candidates(position: list[Any] | None) -> Candidates:
            demande = {
                "structure": {"systeme": systeme, "valeur": valeur},
                "departement": filters.departement,
                "apres": position[0] if position else None,
                "limite": _TOGETHER,
            }
            page = await self._sight.ask("referents.file_active", demande)
            found = await self._shared(call, [(row, [row["parcours"]]) for row in page["parcours"]])
            return found, [page["suite"]] if page["suite"] else None

        async def show(one: Candidate) -> dict[str, Any] | None:
            view = self._sight.show(call, one.roles, VueFileActive, one.row)
            return view if "referent" in view else None

        return Kind(candidates, show)

    async def _shared(self, call: Call, listed: Sequence[tuple[Mapping[str, Any], list[Any]]]) -> list[Candidate]:
        """Of rows that a service lists, with their positions, those of parcours in which the partner takes part."""
        code = call.partenaire.code
        async with self._sight.pool.acquire() as conn:
            roles = await participations.of_pairs(conn, [(UUID(row["parcours"]), code) for row, _ in listed])
        return [
            Candidate(parcours, held, position, row)
            for row, position in listed
            if (held := roles.get(((parcours := UUID(row["parcours"])), code)))
        ]

    async def _is_followed_by(self, call: Call, one: Candidate, structure: tuple[str, str]) -> bool:
        """Oriented to this structure, or followed by one of its référents, as far as the partner may see it."""
        whole = await self._sight.ask("feuille_de_route.feuille", {"parcours": str(one.parcours)})
        sheet = self._sight.show(call, one.roles, VueFeuilleDeRoute, whole or {})
        named = [sheet[part]["structure"] for part in ("orientation", "referent") if sheet.get(part)]
        return structure in [(one["systeme"], one["valeur"]) for one in named]


async def _nothing(_: list[Any] | None) -> Candidates:
    return [], None


async def _shown_not(_: Candidate) -> None:
    return None


def _deadline(demande: Mapping[str, Any] | None) -> dict[str, Any]:
    """Of a request that still waits for a decision."""
    if demande is None or demande["etat"] not in ("en-attente", "dessaisie"):
        return {}
    return {
        "date_reception": demande["date_reception"],
        "date_echeance": demande["date_echeance"],
        "est_dessaisie": demande["etat"] == "dessaisie",
    }
