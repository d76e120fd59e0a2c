"""The list of messages as NDJSON or CSV, page after page: ids, codes and instants, nothing of a person."""

import csv
import io
from collections.abc import AsyncIterator, Mapping
from typing import Any

import orjson
from starlette.exceptions import HTTPException

from console.hub import Ask
from console.messages.filters import Filtre

COLUMNS = ("numero", "a", "partenaire", "message", "type", "etat", "code", "departement", "service", "regle_a", "trace")
_PER_PAGE = 1000
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet would run what begins so."""


async def exported(ask: Ask, filtre: Filtre, format_: str) -> AsyncIterator[bytes]:
    """The whole export, the newest first. Raises HTTPException 503 when the gateway does not answer: a file that was
    begun then ends in the middle, and its reader is told so."""
    first = await _asked(ask, filtre, None)
    return _written(ask, filtre, first, _csv if format_ == "csv" else _ndjson, has_head=format_ == "csv")


async def _written(
    ask: Ask, filtre: Filtre, told: Mapping[str, Any], write: Any, *, has_head: bool
) -> AsyncIterator[bytes]:
    if has_head:
        yield "\N{BYTE ORDER MARK}".encode() + _csv([dict(zip(COLUMNS, COLUMNS, strict=True))])
    while True:
        yield write(told["messages"])
        if told["suite"] is None:
            return
        told = await _asked(ask, filtre, told["suite"])


async def _asked(ask: Ask, filtre: Filtre, after: int | None) -> Mapping[str, Any]:
    told: Mapping[str, Any] | None = await ask("messages", filtre.asked(nombre=_PER_PAGE, avant=after))
    if told is None:
        raise HTTPException(503)
    return told


def _ndjson(rows: list[Mapping[str, Any]]) -> bytes:
    return b"".join(orjson.dumps({name: row[name] for name in COLUMNS}) + b"\n" for row in rows)


def _csv(rows: list[Mapping[str, Any]]) -> bytes:
    written = io.StringIO()
    csv.writer(written, delimiter=";").writerows([_cell(row[name]) for name in COLUMNS] for row in rows)
    return written.getvalue().encode()


def _cell(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
