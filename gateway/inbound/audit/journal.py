"""The access journal as an operator reads it: filtered, the newest first, page by page; persons by pseudonyms only."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from chassis.database import Pool, Record
from gateway.inbound.reading.contents import OPERATORS
from gateway.inbound.timeline import lookup
from gateway.partners import Annuaire
from gateway.pseudonyms import Pseudonyms

SUBJECT = "lecture.passerelle.audit"
_PAGE = 50
_SHOWN_NAMES = 3
# Filters of one column each, as an operator names them.
_EQUAL = ("partenaire", "agent", "code", "trace")
_KINDS = {
    "operateurs": "partenaire = '_console'",
    "partenaires": "partenaire NOT IN ('_console', '')",
    "refus": "resultat >= 400",
    "anonymes": "partenaire = ''",
}
_KEPT = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Filters:
    """`parcours`: under the name that any partner gives it. `apres`: the place of the last row of the page before."""

    depuis: datetime
    jusqua: datetime
    egaux: Mapping[str, str]
    genre: str | None
    parcours: str | None
    apres: str | None

    @classmethod
    def read(cls, asked: Mapping[str, Any], now: datetime) -> "Filters":
        return cls(
            datetime.fromisoformat(asked["depuis"]) if asked.get("depuis") else now - _KEPT,
            datetime.fromisoformat(asked["jusqua"]) if asked.get("jusqua") else now + timedelta(minutes=1),
            {name: asked[name] for name in _EQUAL if asked.get(name)},
            asked.get("genre") or None,
            asked.get("parcours") or None,
            asked.get("apres") or None,
        )


class AccessJournal:
    def __init__(self, pool: Pool, pseudonyms: Pseudonyms, annuaire: Annuaire) -> None:
        self._pool = pool
        self._pseudonyms = pseudonyms
        self._annuaire = annuaire

    async def answer(self, asked: bytes) -> bytes:
        """Filters → `{lignes, suite}`; `inconnu` when the parcours that is named is nobody's."""
        filters = Filters.read(orjson.loads(asked), datetime.now(UTC))
        async with self._pool.acquire() as conn:
            family: list[UUID] | None = None
            if filters.parcours:
                everybody = [*self._annuaire.codes(), OPERATORS]
                found = await lookup.known(conn, self._pseudonyms, everybody, filters.parcours)
                if found is None:
                    return orjson.dumps({"lignes": [], "suite": None, "inconnu": True})
                family = await lookup.family(conn, found[0])
            query, arguments = _query(filters, family)
            rows = await conn.fetch(query, *arguments)
        suite = _place(rows[_PAGE - 1]) if len(rows) > _PAGE else None
        return orjson.dumps({"lignes": [self._line(row) for row in rows[:_PAGE]], "suite": suite, "inconnu": False})

    def _line(self, row: Record) -> dict[str, Any]:
        """A parcours under the name that whoever was shown it gives it; operators have names of their own."""
        told = {name: row[name] for name in _TOLD}
        named = [self._pseudonyms.of(row["partenaire"] or OPERATORS, one) for one in row["parcours"][:_SHOWN_NAMES]]
        return told | {"parcours": named, "personnes": len(row["parcours"])}


_TOLD = (
    *("a", "partenaire", "agent", "finalite", "quoi", "resultat", "code", "trace", "liaison", "provenance", "nombre"),
    *("chaine", "rang"),
)
_SELECT = f"SELECT {', '.join(_TOLD)}, parcours FROM acces WHERE "  # noqa: S608  constants only


def _query(filters: Filters, family: list[UUID] | None) -> tuple[str, list[Any]]:
    """Conditions that are not asked for are not in the statement: each keeps the plan of its own index."""
    arguments: list[Any] = []

    def bound(value: Any) -> str:
        arguments.append(value)
        return f"${len(arguments)}"

    def conditions() -> Iterator[str]:
        yield f"a >= {bound(filters.depuis)} AND a < {bound(filters.jusqua)}"
        for name, value in filters.egaux.items():
            yield f"{name} = {bound(value)}"
        if filters.genre:
            yield _KINDS[filters.genre]
        if family is not None:
            yield f"parcours && {bound(family)}::uuid[]"
        if filters.apres:
            a, chaine, rang = filters.apres.split("/")
            place = ", ".join((bound(datetime.fromisoformat(a)), bound(UUID(chaine)), bound(int(rang))))
            yield f"a <= {bound(datetime.fromisoformat(a))} AND (a, chaine, rang) < ({place})"

    where = " AND ".join(conditions())
    return f"{_SELECT}{where} ORDER BY a DESC, chaine DESC, rang DESC LIMIT {_PAGE + 1}", arguments


def _place(row: Record) -> str:
    return f"{row['a'].isoformat()}/{row['chaine']}/{row['rang']}"
