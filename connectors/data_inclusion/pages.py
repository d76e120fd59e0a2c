"""The pages of data·inclusion's own API, on the disk: each fetched once a day, and not again when it did not change.

SourceUnreachable    in French: to be tried again later, from the page that was reached
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ValidationError

from connectors import http
from connectors.archive import folder_of
from connectors.data_inclusion.configuration import Tirage
from connectors.systems import Context

Genre = Literal["structures", "services"]
_FOLDER = "tirage"


class _Page(BaseModel):
    items: list[dict[str, Any]]
    total: int
    pages: int


class SourceUnreachable(Exception):
    """One French sentence."""


async def fetch(context: Context, genre: Genre, jour: date) -> None:
    """Bring all pages of one genre to this day. What an interrupted run brought today is kept."""
    async with _client(context.configuration.tirage) as client:
        first = await _page(context, client, genre, 1, jour)
        for number in range(2, first["pages"] + 1):
            page = await _page(context, client, genre, number, jour)
            if page["total"] != first["total"]:
                await asyncio.to_thread(_forget, context, genre, 0)
                raise SourceUnreachable("Les données de data·inclusion changent pendant la lecture : à reprendre.")
    await asyncio.to_thread(_forget, context, genre, first["pages"])


async def announced(context: Context, genre: Genre) -> int:
    """How many there are; nothing is kept."""
    with tempfile.TemporaryDirectory() as folder:
        content, settings = Path(folder) / "page.json", context.configuration.tirage
        async with _client(settings) as client:
            await _get(client, settings, genre, 1, None, content)
        return int(_read(content)["total"])


def _client(settings: Tirage) -> http.Http:
    client = http.client(settings.base.rstrip("/"))
    if settings.jeton:
        client.headers["Authorization"] = f"Bearer {settings.jeton}"
    return client


async def _page(context: Context, client: http.Http, genre: Genre, number: int, jour: date) -> Mapping[str, Any]:
    content, mark = _content(context, genre, number), _mark(context, genre, number)
    kept = json.loads(mark.read_text()) if content.exists() and mark.exists() else {}
    if kept.get("jour") != jour.isoformat():
        etag = await _get(client, context.configuration.tirage, genre, number, kept.get("etag"), content)
        mark.write_text(json.dumps({"etag": etag, "jour": jour.isoformat()}))
    page: Mapping[str, Any] = await asyncio.to_thread(_read, content)
    return page


async def _get(
    client: http.Http, settings: Tirage, genre: Genre, number: int, etag: str | None, content: Path
) -> str | None:
    """Write the page into `content`, unless it is the one that is there; its ETag."""
    asked: dict[str, Any] = {"sources": settings.sources, "page": number, "size": settings.taille}
    if settings.departements:
        asked["code_departement"] = settings.departements
    try:
        reply = await client.get(f"/{genre}", params=asked, headers={"If-None-Match": etag} if etag else {})
    except http.Failed as error:
        raise SourceUnreachable("data·inclusion ne répond pas.") from error
    if reply.status_code == 304:
        return etag
    if reply.status_code != 200:
        raise SourceUnreachable(f"data·inclusion ne rend pas les {genre} ({reply.status_code}).")
    draft = content.with_suffix(".en-cours")
    draft.write_bytes(reply.content)
    _read(draft)
    draft.replace(content)
    found: str | None = reply.headers.get("etag")
    return found


def _read(path: Path) -> Mapping[str, Any]:
    """A page whole: what is cut or of another shape is no page. Raises `SourceUnreachable`."""
    try:
        page = _Page.model_validate_json(path.read_bytes())
    except ValidationError as error:
        path.unlink()
        raise SourceUnreachable("data·inclusion a rendu une page illisible : à reprendre.") from error
    return page.model_dump()


def records(context: Context, genre: Genre) -> Iterator[Mapping[str, Any]]:
    """What was fetched, page by page."""
    for content in sorted(folder_of(context, _FOLDER).glob(f"{genre}-*.json")):
        yield from _read(content)["items"]


def _content(context: Context, genre: Genre, number: int) -> Path:
    return folder_of(context, _FOLDER) / f"{genre}-{number:05d}.json"


def _mark(context: Context, genre: Genre, number: int) -> Path:
    return _content(context, genre, number).with_suffix(".marque")


def _forget(context: Context, genre: Genre, after: int) -> None:
    """The pages beyond the last one: there are fewer than before."""
    last = _content(context, genre, after).stem
    for path in folder_of(context, _FOLDER).glob(f"{genre}-*"):
        if path.stem > last:
            path.unlink()
