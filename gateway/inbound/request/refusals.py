"""Refusals before any handler runs: traced once each, and a flood of them counted instead of filling the disk.

The first of its kind in a minute is a row at once; those alike in the same minute are one more row, with their number.
Past so many kinds in a minute, from however many addresses, they are counted together.
"""

import asyncio
from collections import Counter
from dataclasses import replace

import structlog

from chassis.database import TRANSIENT
from chassis.process import wait
from gateway.accesses import Access
from gateway.inbound.deposit.journal import Journal

_log = structlog.get_logger()
_EVERY_S = 60.0
_MOST_KINDS = 200


class Refusals:
    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._alike: Counter[Access] = Counter()
        self._seen: set[Access] = set()

    async def note(self, access: Access) -> None:
        """Trace it; `access` says nothing that differs from one request to the next but its trace."""
        kind = replace(access, trace=None)
        if kind in self._seen or len(self._seen) >= _MOST_KINDS:
            self._alike[kind if kind in self._seen else replace(kind, partenaire="", provenance=None, agent=None)] += 1
            return
        self._seen.add(kind)
        try:
            await self._journal.record_access(access)
        except TRANSIENT as error:  # the refusal stands without the database; it is counted, and written later
            self._alike[kind] += 1
            _log.warning("refusals.database_away", error=type(error).__name__)

    async def run(self, stop: asyncio.Event) -> None:
        """Write what was counted, every minute and at the end."""
        while not stop.is_set():
            await wait(stop, _EVERY_S)
            await self.flush()

    async def flush(self) -> None:
        alike, self._alike, self._seen = self._alike, Counter(), set()
        try:
            await asyncio.gather(
                *(self._journal.record_access(replace(kind, nombre=number)) for kind, number in alike.items())
            )
        except TRANSIENT as error:
            self._alike.update(alike)
            _log.warning("refusals.database_away", error=type(error).__name__)
