"""data·inclusion as the one who is read: pages by number, a bearer token, an ETag for each page."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

TOKEN = "jeton-di"


class Source:
    """`answers`: what was answered, by genre, page and status. `failures`: page → status that it is answered once."""

    def __init__(self, *fiches: dict[str, Any]) -> None:
        self.fiches = {fiche["id"]: fiche for fiche in fiches}
        self.answers: list[tuple[str, int, int]] = []
        self.failures: dict[int, int] = {}
        self.cut: set[int] = set()
        self.moves: list[dict[str, Any]] = []

    def app(self) -> Starlette:
        return Starlette(routes=[Route("/api/v1/{genre}", self._page)])

    def drop(self, *ids: str) -> None:
        for id_ in ids:
            del self.fiches[id_]

    async def _page(self, request: Request) -> Response:
        genre, number = request.path_params["genre"], int(request.query_params["page"])
        reply = self._answer(request, genre, number)
        self.answers.append((genre, number, reply.status_code))
        if genre == "services":  # after their first page
            self.fiches |= {fiche["id"]: fiche for fiche in self.moves}
            self.moves = []
        return reply

    def _answer(self, request: Request, genre: str, number: int) -> Response:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return JSONResponse({"detail": "Not authenticated"}, 401)
        if number in self.failures:
            return JSONResponse({}, self.failures.pop(number))
        asked, size = request.query_params.getlist("sources"), int(request.query_params["size"])
        of_genre = (one for one in self.fiches.values() if ("structure_id" in one) == (genre == "services"))
        found = [{**one, "score_qualite": 0.5, "adresse_certifiee": None} for one in of_genre if one["source"] in asked]
        items = found[size * (number - 1) : size * number]
        page = {"items": items, "total": len(found), "page": number, "size": size, "pages": -(-len(found) // size)}
        content = json.dumps(page).encode()
        if number in self.cut:
            self.cut.remove(number)
            content = content[:-5]
        etag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
        if request.headers.get("if-none-match") == etag:
            return Response(status_code=304, headers={"etag": etag})
        return Response(content, headers={"etag": etag}, media_type="application/json")
