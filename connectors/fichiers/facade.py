"""The folder of a mandate over HTTPS, with the token that its partner was given: put a file in, read what came back."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

from fastapi import FastAPI
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from connectors.archive import folder_of
from connectors.fichiers.files import matching
from connectors.folders import ARRIVALS
from connectors.systems import Context
from connectors.web import bearer, problem, unauthorised

_NAME = re.compile(r"[\w][\w .()'’-]{0,120}\.(csv|txt|xlsx|xml)", re.IGNORECASE)
LARGEST_BYTES = 1 << 30
Answer = Callable[[Request], Awaitable[Response]]


def facade(context: Context) -> ASGIApp:
    """`PUT|POST arrivees/<nom>`; `GET retours|departs`, `GET retours|departs/<nom>`."""

    async def put(request: Request) -> Response:
        if not bearer(request, context.mandate):
            return unauthorised()
        name = request.path_params["nom"]
        if not _NAME.fullmatch(name):
            return problem(422, "nom-refuse", "Nom de fichier refusé", "Un nom simple, en .csv, .txt, .xlsx ou .xml.")
        if matching(context, name) is None:
            return problem(422, "nom-refuse", "Nom de fichier refusé", "Aucune arrivée configurée ne porte ce nom.")
        try:
            size, digest = await _receive(request, folder_of(context, ARRIVALS) / name)
        except _TooLarge:
            return problem(413, "trop-grand", "Corps trop grand", "Un fichier a 1 Go au plus.")
        except ClientDisconnect:
            return problem(400, "illisible", "Requête illisible", "L'envoi s'est interrompu : rien n'est pris.")
        return JSONResponse({"fichier": name, "taille": size, "empreinte": digest, "etat": "recu"}, 202)

    def listed(kind: str) -> Answer:
        async def answer(request: Request) -> Response:
            if not bearer(request, context.mandate):
                return unauthorised()
            there = folder_of(context, f"echanges/{kind}").iterdir()
            return JSONResponse({kind: sorted(path.name for path in there if not path.name.startswith("."))})

        return answer

    def given(kind: str) -> Answer:
        async def answer(request: Request) -> Response:
            if not bearer(request, context.mandate):
                return unauthorised()
            name = request.path_params["nom"]
            path = folder_of(context, f"echanges/{kind}") / Path(name).name
            if name.startswith(".") or not path.is_file():
                return problem(404, "inconnu", "Ressource inconnue", "Aucun fichier ne porte ce nom.")
            return FileResponse(path)

        return answer

    routes: list[BaseRoute] = [
        Route("/arrivees/{nom}", put, methods=["PUT", "POST"]),
        *(Route(f"/{kind}", listed(kind)) for kind in ("retours", "departs")),
        *(Route(f"/{kind}/{{nom}}", given(kind)) for kind in ("retours", "departs")),
    ]
    return FastAPI(title="Fichiers", openapi_url=None, docs_url=None, redoc_url=None, routes=routes)


class _TooLarge(Exception):
    pass


async def _receive(request: Request, target: Path) -> tuple[int, str]:
    """Under another name until it is whole, so that nobody reads half of it."""
    draft, size, digest = target.with_name(f".{target.name}.part"), 0, hashlib.sha256()
    try:
        with draft.open("wb") as stream:
            async for chunk in request.stream():
                size += len(chunk)
                if size > LARGEST_BYTES:
                    raise _TooLarge
                digest.update(chunk)
                stream.write(chunk)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
    return size, digest.hexdigest()
