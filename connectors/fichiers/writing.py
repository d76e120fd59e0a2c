"""Our reads as tables for a partner's own tools: what happened since the last one, what falls due, who is followed."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl

from connectors.exchanges import Exchange
from connectors.fichiers.configuration import Depart, Vue
from connectors.fichiers.sending import LOCAL
from connectors.hub import RequestRefused
from connectors.systems import Context

_PAGE = 200
Rows = AsyncIterator[Mapping[str, Any]]
_NUMBER = re.compile(r"[+-][\d .,]+")
_ALONG = {"Parcours": "parcours", "N° local": LOCAL}
COLUMNS: Mapping[Vue, Mapping[str, str]] = {
    "evenements": {
        "Instant": "time",
        "Message": "type",
        **_ALONG,
        "Émetteur": "source",
        "Agent": "agent",
        "Contenu": "data",
    },
    "echeances": {**_ALONG, "Nature": "nature", "Date": "date_echeance", "Libellé": "libelle"},
    "file-active": {
        **_ALONG,
        "Référent": "referent.nom",
        "Prénom": "referent.prenom",
        "Depuis le": "date_debut",
        "Prochain rendez-vous": "prochain_rdv",
    },
    "feuilles-de-route": {
        **_ALONG,
        "Objectif": "objectif.libelle",
        "Thème": "objectif.theme",
        "Action": "action.libelle",
        "État": "action.statut",
        "Échéance": "action.echeance",
        "Nature": "nature",
    },
}


async def write(context: Context, exchange: Exchange, depart: Depart, today: date, target: Path) -> None:
    """The whole table, under another name until it is whole. Raises `PartnerError`."""
    columns = depart.colonnes or COLUMNS[depart.vue]
    draft = target.with_name(f".{target.name}.en-cours")
    reached: list[str] = []
    rows = _rows(context, depart, today, reached)
    try:
        if depart.format == "xlsx":
            await _xlsx(context, exchange, columns, rows, draft)
        else:
            await _csv(context, exchange, columns, rows, draft)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
    for cursor in reached[-1:]:
        await context.state.move(_position(depart), cursor)


def _position(depart: Depart) -> str:
    return f"depart {depart.nom}"


async def _csv(
    context: Context,
    exchange: Exchange,
    columns: Mapping[str, str],
    rows: Rows,
    draft: Path,
) -> None:
    """As Excel opens it by a double click: `;`, UTF-8 with its mark."""
    with draft.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream, delimiter=";")
        writer.writerow(columns)
        async for row in rows:
            writer.writerow([await _cell(context, row, path) for path in columns.values()])
            exchange.counts["lignes"] += 1


async def _xlsx(
    context: Context,
    exchange: Exchange,
    columns: Mapping[str, str],
    rows: Rows,
    draft: Path,
) -> None:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Relais")
    sheet.append(list(columns))
    async for row in rows:
        sheet.append([await _cell(context, row, path) for path in columns.values()])
        exchange.counts["lignes"] += 1
    book.save(draft)


async def _cell(context: Context, row: Mapping[str, Any], path: str) -> str:
    if path == LOCAL:
        parcours = row.get("parcours")
        return await context.state.theirs(LOCAL, parcours) or "" if parcours else ""
    found: Any = row
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    if found is None:
        return ""
    text = json.dumps(found, ensure_ascii=False) if isinstance(found, dict | list | bool) else str(found)
    # A sheet would run what begins so, and somebody else wrote it; a number or a telephone runs nothing.
    return f"'{text}" if text[:1] in "=+-@\t\r" and not _NUMBER.fullmatch(text) else text


def _rows(context: Context, depart: Depart, today: date, reached: list[str]) -> Rows:
    match depart.vue:
        case "evenements":
            return _events(context, depart, reached)
        case "echeances":
            before = (today + timedelta(days=depart.jours)).isoformat()
            return _parcours(context, {"echeance_avant": before, "departement": context.configuration.departement})
        case "file-active":
            return _parcours(context, {"structure": depart.structure or ""})
        case "feuilles-de-route":
            return _roadmaps(context, depart)


async def _events(context: Context, depart: Depart, reached: list[str]) -> Rows:
    """Yield what happened since the last table, or in one day the first time; `reached` receives the next position."""
    cursor = await context.state.position(_position(depart))
    since = (context.clock() - timedelta(days=1)).isoformat()
    only = {"types": ",".join(depart.types)} if depart.types else {}
    while True:
        start = {"apres": cursor} if cursor else {"depuis": since}
        try:
            page = await context.hub.get("/v1/evenements", limite=_PAGE, **start, **only)
        except RequestRefused as refused:
            if refused.status != 409 or cursor is None:
                raise
            cursor = None  # of a database that was restored since: the last day again, rather than nothing
            continue
        for event in page["evenements"]:
            short = event["type"].removeprefix("fr.insertion.").removesuffix(".v1")
            yield {**event, "type": short, "parcours": event.get("subject")}
        cursor = page["curseur"]
        if not page["evenements"]:
            reached.append(cursor)
            return


async def _parcours(context: Context, asked: Mapping[str, str]) -> Rows:
    after: dict[str, str] = {}
    while True:
        page = await context.hub.get("/v1/parcours", limite=_PAGE, **asked, **after)
        for one in page["parcours"]:
            yield one
        if not page["suite"]:
            return
        after = {"apres": page["suite"]}


async def _roadmaps(context: Context, depart: Depart) -> Rows:
    """What the roadmap of everybody whom the structure follows holds, one line each."""
    async for followed in _parcours(context, {"structure": depart.structure or ""}):
        roadmap = await context.hub.get(f"/v1/parcours/{followed['parcours']}/feuille-de-route")
        for row in _held(roadmap):
            yield {"parcours": followed["parcours"], **row}


def _held(roadmap: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Actions, objectives without any, then prescriptions and appointments, under the names of an action."""
    for objectif in roadmap.get("objectifs") or ():
        actions: Sequence[Mapping[str, Any]] = objectif.get("actions") or ()
        for action in actions:
            yield {"nature": "action", "objectif": objectif, "action": action}
        if not actions:
            yield {"nature": "objectif", "objectif": objectif}
    for one in roadmap.get("prescriptions") or ():
        where = (one.get("structure") or {}).get("nom") or one.get("service_id")
        yield {"nature": "prescription", "action": {"libelle": where, "statut": one.get("etat")}}
    for one in roadmap.get("rendez_vous") or ():
        told = {"libelle": one.get("motif"), "statut": one.get("statut"), "echeance": one.get("debut")}
        yield {"nature": "rendez-vous", "action": told}


def is_due(depart: Depart, now: datetime) -> bool:
    """`now` in the time of Paris."""
    return now.strftime("%H:%M") >= depart.heure
