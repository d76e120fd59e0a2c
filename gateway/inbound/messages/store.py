"""The SQL of the list of messages: deposits and what the door refused of them, one list in one order."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from chassis.database import Connection, Record

A_L_ENTREE = "refuse-a-l-entree"
"""The state of what the door refused. It has no row among deposits."""
COUNTED = 5_000
"""How many fitting messages are counted; beyond, there are « more than »."""
_ASIDE = timedelta(minutes=5)
"""By how much numbers and instants may be in another order: a number is given when its transaction begins."""

_DEPOSITS = """
SELECT numero, partenaire, message, type, brique, departement, etat, code, recu_a AS a, regle_a, trace,
    NULL::int AS ligne FROM depots
"""
_REFUSED = f"""
SELECT numero, partenaire, message, type, NULL AS brique, NULL AS departement, '{A_L_ENTREE}' AS etat, code, a,
    a AS regle_a, trace, ligne FROM refus_de_depot
"""  # noqa: S608  constants only
# Every number below `du` was given before, every one above `au` after.
_NUMBERS = """
SELECT (SELECT numero FROM depots WHERE recu_a < $1 ORDER BY recu_a DESC, numero DESC LIMIT 1) AS du,
    (SELECT numero FROM depots WHERE recu_a > $2 ORDER BY recu_a, numero LIMIT 1) AS au
"""


@dataclass(frozen=True, slots=True)
class Criteres:
    """What fits. `cles`: the (partner, id) and the numbers of refusals that an id named; `parcours`: all its ids;
    `avant`: the number after which this page begins."""

    partenaire: str | None = None
    type: str | None = None
    etat: str | None = None
    code: str | None = None
    departement: str | None = None
    depuis: datetime | None = None
    jusqua: datetime | None = None
    cles: tuple[Sequence[tuple[str, str]], Sequence[int]] | None = None
    parcours: Sequence[UUID] | None = None
    trace: str | None = None
    avant: int | None = None


@dataclass(slots=True)
class _Query:
    """One statement over both tables; the values are its parameters."""

    values: list[Any] = field(default_factory=list)

    def put(self, value: Any) -> str:
        self.values.append(value)
        return f"${len(self.values)}"


async def page(conn: Connection, criteres: Criteres, limit: int) -> list[Record]:
    """The newest first."""
    query = _Query()
    branches = [
        f"({select} {where} ORDER BY numero DESC LIMIT {limit})"
        for select, where in await _branches(conn, query, criteres)
    ]
    if not branches:
        return []
    union = " UNION ALL ".join(branches)
    return await conn.fetch(f"SELECT * FROM ({union}) AS u ORDER BY numero DESC LIMIT {limit}", *query.values)  # noqa: S608


async def counts(conn: Connection, criteres: Criteres) -> list[Record]:
    """By state, among the newest that fit: at most `COUNTED` of each table."""
    query = _Query()
    branches = [
        f"(SELECT etat FROM ({select} {where} ORDER BY numero DESC LIMIT {COUNTED}) AS t)"  # noqa: S608
        for select, where in await _branches(conn, query, criteres)
    ]
    if not branches:
        return []
    union = " UNION ALL ".join(branches)
    counted = f"SELECT etat, count(*) AS nombre FROM ({union}) AS u GROUP BY etat ORDER BY 2 DESC"  # noqa: S608
    return await conn.fetch(counted, *query.values)


async def _branches(conn: Connection, query: _Query, wanted: Criteres) -> list[tuple[str, str]]:
    """Of each table that may hold what fits, its columns and its conditions."""
    numbers = await _numbers(conn, wanted)
    found = []
    if wanted.etat != A_L_ENTREE:
        found.append((_DEPOSITS, _where([*_common(query, wanted, numbers, "recu_a"), *_of_deposits(query, wanted)])))
    if wanted.etat in (None, A_L_ENTREE) and wanted.departement is None and wanted.parcours is None:
        found.append((_REFUSED, _where([*_common(query, wanted, numbers, "a"), *_of_refusals(query, wanted)])))
    return found


async def _numbers(conn: Connection, wanted: Criteres) -> tuple[int | None, int | None]:
    if wanted.depuis is None and wanted.jusqua is None:
        return None, None
    since = wanted.depuis - _ASIDE if wanted.depuis else None
    until = wanted.jusqua + _ASIDE if wanted.jusqua else None
    row = await conn.fetchrow(_NUMBERS, since, until)
    assert row is not None
    return row["du"], row["au"]


def _common(query: _Query, wanted: Criteres, numbers: tuple[int | None, int | None], instant: str) -> Iterator[str]:
    for name in ("partenaire", "type", "code"):
        if (value := getattr(wanted, name)) is not None:
            yield f"{name} = {query.put(value)}"
    for number, sign in zip((*numbers, wanted.avant), (">", "<", "<"), strict=True):
        if number is not None:
            yield f"numero {sign} {query.put(number)}"
    if wanted.depuis is not None:
        yield f"{instant} >= {query.put(wanted.depuis)}"
    if wanted.jusqua is not None:
        yield f"{instant} < {query.put(wanted.jusqua)}"


def _of_deposits(query: _Query, wanted: Criteres) -> Iterator[str]:
    for name in ("etat", "departement"):
        if (value := getattr(wanted, name)) is not None:
            yield f"{name} = {query.put(value)}"
    if wanted.etat in ("refuse", "rebut", "ecarte"):
        yield "etat IN ('refuse', 'rebut', 'ecarte')"  # that of the index, of which the planner must be sure
    if wanted.code is not None:
        yield "code IS NOT NULL"
    if wanted.parcours is not None:
        yield f"parcours = ANY({query.put(list(wanted.parcours))})"
    if wanted.trace is not None:
        yield f"split_part(trace, '-', 2) = {query.put(wanted.trace)}"
    if wanted.cles is not None:
        yield _named(query, wanted.cles[0])


def _of_refusals(query: _Query, wanted: Criteres) -> Iterator[str]:
    if wanted.trace is not None:
        yield f"trace = {query.put(wanted.trace)}"
    if wanted.cles is not None:
        yield f"({_named(query, wanted.cles[0])} OR numero = ANY({query.put(list(wanted.cles[1]))}))"


def _named(query: _Query, keys: Sequence[tuple[str, str]]) -> str:
    partners, messages = query.put([one for one, _ in keys]), query.put([one for _, one in keys])
    return f"(partenaire, message) IN (SELECT * FROM unnest({partners}::text[], {messages}::text[]))"  # noqa: S608


def _where(conditions: Sequence[str]) -> str:
    return f"WHERE {' AND '.join(conditions)}" if conditions else ""
