"""The journal of exchanges: one line each, whose trace is also that of the deposits that it led to."""

import json
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from prometheus_client import Counter as Metric

from connectors.database import Database, Row

Sens = Literal["entrant", "sortant"]
_COLUMNS = "id, mandat, sens, nature, reference, etat, compte, motif, trace, commence_a, fini_a"
_BEGIN = f"INSERT INTO echanges ({_COLUMNS}) VALUES ($1, $2, $3, $4, $5, 'en-cours', '{{}}', NULL, $6, $7, NULL)"  # noqa: S608
_END = "UPDATE echanges SET etat = $2, compte = $3, motif = $4, fini_a = $5 WHERE id = $1"
_LAST = f"SELECT {_COLUMNS} FROM echanges WHERE mandat = $1 ORDER BY commence_a DESC LIMIT $2"  # noqa: S608

EXCHANGES = Metric(
    "relais_connecteur_echanges", "Exchanges that ended, by their outcome.", ["systeme", "mandat", "sens", "etat"]
)
LINES = Metric(
    "relais_connecteur_lignes", "What became of what exchanges carried.", ["systeme", "mandat", "sens", "resultat"]
)

Spans = Callable[[str, str], AbstractContextManager[str]]
"""(name, id of the exchange) → a span; gives its W3C `traceparent`."""


def unrecorded(_: str, __: str) -> AbstractContextManager[str]:
    """Alone at a partner's, where nobody collects spans: the hub's own begin from this context."""
    return nullcontext(f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01")


class ExchangeRefused(Exception):
    """What was brought cannot be taken as a whole: one French sentence, which names nobody."""


@dataclass(slots=True)
class Exchange:
    """One that is going on. `counts`: outcome (accepte, refuse, ignore…) → how many. `archive`: digest of what came."""

    id: str
    traceparent: str
    counts: Counter[str] = field(default_factory=Counter)
    motif: str | None = None
    archive: str | None = None

    @property
    def trace(self) -> str:
        return self.traceparent.split("-")[1]


@dataclass(frozen=True, slots=True)
class Line:
    """One that is in the journal. `etat`: en-cours, fait, refuse (by what it says) or echec (to be tried again)."""

    id: str
    mandat: str
    sens: str
    nature: str
    reference: str
    etat: str
    compte: Mapping[str, int]
    motif: str | None
    trace: str
    commence_a: datetime
    fini_a: datetime | None


class Journal:
    """The exchanges of one mandate."""

    def __init__(
        self, database: Database, systeme: str, mandate: str, clock: Callable[[], datetime], spans: Spans = unrecorded
    ) -> None:
        self._database = database
        self._labels = (systeme, mandate)
        self._mandate = mandate
        self._clock = clock
        self._spans = spans

    @asynccontextmanager
    async def exchange(self, sens: Sens, nature: str, reference: str) -> AsyncIterator[Exchange]:
        """Journal what happens inside: `nature` says what is exchanged, `reference` which one, in ids of nobody.

        `ExchangeRefused` ends it as refused, any other exception as failed; both go on to the caller.
        """
        id_ = secrets.token_hex(16)
        with self._spans(f"connecteur.{nature}", id_) as traceparent:
            exchange = Exchange(id_, traceparent)
            begun = (self._mandate, sens, nature, reference, exchange.trace, self._clock())
            await self._database.fetch(_BEGIN, id_, *begun)
            etat = "echec"
            try:
                yield exchange
                etat = "fait"
            except ExchangeRefused as refused:
                etat, exchange.motif = "refuse", str(refused)
                raise
            except Exception as error:
                exchange.motif = exchange.motif or type(error).__name__
                raise
            finally:
                await self._end(sens, etat, exchange)

    async def _end(self, sens: Sens, etat: str, exchange: Exchange) -> None:
        counts = json.dumps(exchange.counts)
        await self._database.fetch(_END, exchange.id, etat, counts, exchange.motif, self._clock())
        EXCHANGES.labels(*self._labels, sens, etat).inc()
        for outcome, count in exchange.counts.items():
            LINES.labels(*self._labels, sens, outcome).inc(count)

    async def last(self, limit: int = 20) -> Sequence[Line]:
        """The most recent first."""
        return [_read(row) for row in await self._database.fetch(_LAST, self._mandate, limit)]


def _read(row: Row) -> Line:
    facts: dict[str, Any] = {name: row[name] for name in _COLUMNS.split(", ")}
    return Line(**facts | {"compte": json.loads(row["compte"])})
