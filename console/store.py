"""Every SQL statement of the console: spans in, once each; traces and messages out; what is too old away."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson

from chassis.database import Connection, Record
from console.spans import ABONNEMENT, DEPOSER, LIVRER, Lien, Span, issue, reperes

_SEARCHED = 20_000
"""How many traces one page of the list looks through: the answer comes at once even when few of them fit."""

# Only spans that were not known count for their trace, so that an export sent twice changes nothing.
_INSERT = """
INSERT INTO spans (trace_id, span_id, parent_id, service, nom, genre, debut, fin, statut, issue, attributs, liens)
SELECT a, b, c, d, e, f, g, h, i, j, k, l::jsonb FROM unnest(
    $1::bytea[], $2::bytea[], $3::bytea[], $4::text[], $5::text[], $6::smallint[], $7::timestamptz[],
    $8::timestamptz[], $9::smallint[], $10::text[], $11::jsonb[], $12::text[]
) AS s(a, b, c, d, e, f, g, h, i, j, k, l)
ON CONFLICT DO NOTHING RETURNING trace_id, span_id
"""
_SUM_UP = """
INSERT INTO traces AS t (trace_id, debut, fin, nombre, entrees, services, types, emetteurs, receveurs, issues,
                         est_message)
SELECT * FROM jsonb_to_recordset($1) AS n(
    trace_id bytea, debut timestamptz, fin timestamptz, nombre integer, entrees text[], services text[], types text[],
    emetteurs text[], receveurs text[], issues text[], est_message boolean
)
ON CONFLICT (trace_id) DO UPDATE SET
    debut = least(t.debut, EXCLUDED.debut),
    fin = greatest(t.fin, EXCLUDED.fin),
    nombre = t.nombre + EXCLUDED.nombre,
    entrees = ARRAY(SELECT DISTINCT unnest(t.entrees || EXCLUDED.entrees) LIMIT 20),
    services = ARRAY(SELECT DISTINCT unnest(t.services || EXCLUDED.services) LIMIT 20),
    types = ARRAY(SELECT DISTINCT unnest(t.types || EXCLUDED.types) LIMIT 100),
    emetteurs = ARRAY(SELECT DISTINCT unnest(t.emetteurs || EXCLUDED.emetteurs) LIMIT 100),
    receveurs = ARRAY(SELECT DISTINCT unnest(t.receveurs || EXCLUDED.receveurs) LIMIT 100),
    issues = ARRAY(SELECT DISTINCT unnest(t.issues || EXCLUDED.issues)),
    est_message = t.est_message OR EXCLUDED.est_message
"""
_INSERT_REPERES = """
INSERT INTO reperes (valeur, partenaire, trace_id)
SELECT * FROM unnest($1::text[], $2::text[], $3::bytea[]) ON CONFLICT DO NOTHING
"""

_LOOKED_THROUGH = """
FROM traces WHERE ($1::timestamptz IS NULL OR (debut, trace_id) < ($1, $2::bytea))
  AND ($3::timestamptz IS NULL OR debut >= $3) AND ($4::timestamptz IS NULL OR debut < $4)
ORDER BY debut DESC, trace_id DESC
"""
_LIST = f"""
SELECT * FROM (SELECT * {_LOOKED_THROUGH} LIMIT {_SEARCHED}) AS recentes
WHERE ($5::text IS NULL OR $5 = ANY(types))
  AND ($6::text IS NULL OR $6 = ANY(emetteurs) OR $6 = ANY(receveurs))
  AND ($7::text IS NULL OR $7 = ANY(services))
  AND ($8::interval IS NULL OR fin - debut >= $8)
  AND (NOT $9 OR issues && '{{erreur,refuse,echec}}')
  AND ($10 OR est_message)
ORDER BY debut DESC, trace_id DESC LIMIT $11
"""  # noqa: S608  constants only
_LAST = f"SELECT debut, trace_id {_LOOKED_THROUGH} OFFSET {_SEARCHED - 1} LIMIT 1"
_FOUND = """
SELECT * FROM traces
WHERE trace_id IN (SELECT trace_id FROM reperes WHERE valeur = $1) OR trace_id = $2
ORDER BY debut DESC, trace_id DESC LIMIT $3
"""
_TRACE = "SELECT * FROM traces WHERE trace_id = $1"
_SPANS = "SELECT * FROM spans WHERE trace_id = $1 ORDER BY debut, span_id LIMIT $2"
_LINKED = """
SELECT s.* FROM reperes r JOIN spans s USING (trace_id)
WHERE r.valeur = ANY($1) AND r.partenaire = '' AND s.liens <> '[]' ORDER BY s.debut LIMIT $2
"""
# A slice is bounded by its spans: one trace of a bulk deposit holds thousands.
_FORGET = """
WITH tranche AS (
    SELECT trace_id FROM (
        SELECT trace_id, sum(nombre) OVER (ORDER BY debut, trace_id) - nombre AS avant
        FROM (SELECT trace_id, debut, nombre FROM traces WHERE debut < $1 ORDER BY debut LIMIT 1000) AS vieilles
    ) AS cumul WHERE avant < $2
),
oubliees AS (DELETE FROM traces USING tranche WHERE traces.trace_id = tranche.trace_id RETURNING traces.trace_id),
etapes AS (DELETE FROM spans USING tranche WHERE spans.trace_id = tranche.trace_id),
traits AS (DELETE FROM reperes USING tranche WHERE reperes.trace_id = tranche.trace_id)
SELECT count(*) FROM oubliees
"""


@dataclass(frozen=True, slots=True)
class Filtre:
    """What the list is narrowed to. `duree`: the least; `avant`: the place (start, trace id) after which this page
    begins."""

    type: str | None = None
    partenaire: str | None = None
    service: str | None = None
    duree: timedelta | None = None
    depuis: datetime | None = None
    jusqua: datetime | None = None
    avec_anomalie: bool = False
    tout: bool = False
    avant: tuple[datetime, str] | None = None


async def insert(conn: Connection, spans: Sequence[Span]) -> int:
    """Take in spans, each once; returns how many were new. The caller's transaction holds it together."""
    unique = {(span.trace, span.id): span for span in spans}
    if not unique:
        return 0
    rows = await conn.fetch(_INSERT, *_columns([unique[key] for key in sorted(unique)]))
    added = [unique[row["trace_id"].hex(), row["span_id"].hex()] for row in rows]
    if added:
        await conn.execute(_SUM_UP, _summaries(added))
    if named := sorted({(*repere, span.trace) for span in added for repere in reperes(span)}):
        values, partners, traces = zip(*named, strict=True)
        await conn.execute(_INSERT_REPERES, values, partners, [bytes.fromhex(trace) for trace in traces])
    return len(added)


def _columns(spans: Sequence[Span]) -> list[list[Any]]:
    rows = [
        (
            bytes.fromhex(span.trace),
            bytes.fromhex(span.id),
            bytes.fromhex(span.parent) if span.parent else None,
            span.service,
            span.nom,
            span.genre,
            span.debut,
            span.fin,
            span.statut,
            issue(span),
            dict(span.attributs),
            # As text: the driver takes a list within a list for an array of two dimensions.
            orjson.dumps([[lien.trace, lien.span] for lien in span.liens]).decode(),
        )
        for span in spans
    ]
    return [list(column) for column in zip(*rows, strict=True)]


def _summaries(spans: Sequence[Span]) -> list[dict[str, Any]]:
    by_trace: dict[str, list[Span]] = {}
    for span in spans:
        by_trace.setdefault(span.trace, []).append(span)
    return [_summary(trace, by_trace[trace]) for trace in sorted(by_trace)]


def _summary(trace: str, spans: Sequence[Span]) -> dict[str, Any]:
    deposits = [span for span in spans if span.verbe == DEPOSER]
    return {
        "trace_id": f"\\x{trace}",
        "debut": min(span.debut for span in spans),
        "fin": max(span.fin for span in spans),
        "nombre": len(spans),
        "entrees": sorted({span.nom for span in spans if span.est_entree}),
        "services": sorted({span.service for span in spans}),
        "types": sorted({type_ for span in deposits for type_ in span.types}),
        "emetteurs": sorted({span.partenaire for span in deposits if span.partenaire}),
        "receveurs": sorted(
            {span.partenaire for span in spans if span.verbe in (LIVRER, ABONNEMENT) and span.partenaire}
        ),
        "issues": sorted({found for span in spans if (found := issue(span))}),
        "est_message": any(span.est_message for span in spans),
    }


async def recent(conn: Connection, filtre: Filtre, limit: int) -> list[Record]:
    """Newest first, among the traces that come before `filtre.avant`; looks through `_SEARCHED` of them at most."""
    wanted = (filtre.type, filtre.partenaire, filtre.service, filtre.duree, filtre.avec_anomalie, filtre.tout)
    return await conn.fetch(_LIST, *_bounds(filtre), *wanted, limit)


async def looked_to(conn: Connection, filtre: Filtre) -> tuple[datetime, str] | None:
    """The last trace that `recent` looked at, when older ones may fit too."""
    row = await conn.fetchrow(_LAST, *_bounds(filtre))
    return (row["debut"], row["trace_id"].hex()) if row else None


def _bounds(filtre: Filtre) -> tuple[datetime | None, bytes | None, datetime | None, datetime | None]:
    debut, trace = filtre.avant or (None, None)
    return debut, bytes.fromhex(trace) if trace else None, filtre.depuis, filtre.jusqua


async def found(conn: Connection, repere: str, limit: int) -> list[Record]:
    """Traces that bear this id: their own, a message's, a deposit's or an event's."""
    return await conn.fetch(_FOUND, repere, _trace_bytes(repere), limit)


async def trace(conn: Connection, trace_id: str, limit: int) -> tuple[Record | None, list[Span]]:
    """A trace and its first spans."""
    raw = _trace_bytes(trace_id)
    if raw is None:
        return None, []
    return await conn.fetchrow(_TRACE, raw), [_span(row) for row in await conn.fetch(_SPANS, raw, limit)]


async def linked(conn: Connection, traces: Sequence[str], limit: int) -> list[Span]:
    """Spans of other traces that link to one of these."""
    rows = [_span(row) for row in await conn.fetch(_LINKED, traces, limit)]
    return [span for span in rows if any(lien.trace in traces for lien in span.liens)]


async def forget(conn: Connection, before: datetime, spans: int) -> int:
    """Delete one slice of the traces that began before; returns how many traces went."""
    return int(await conn.fetchval(_FORGET, before, spans) or 0)


def _trace_bytes(text: str) -> bytes | None:
    try:
        raw = bytes.fromhex(text)
    except ValueError:
        return None
    return raw if len(raw) == 16 and len(text) == 32 else None


def _span(row: Mapping[str, Any] | Record) -> Span:
    return Span(
        trace=row["trace_id"].hex(),
        id=row["span_id"].hex(),
        parent=row["parent_id"].hex() if row["parent_id"] else None,
        service=row["service"],
        nom=row["nom"],
        genre=row["genre"],
        debut=row["debut"],
        fin=row["fin"],
        statut=row["statut"],
        attributs=row["attributs"],
        liens=tuple(Lien(*lien) for lien in row["liens"]),
    )
