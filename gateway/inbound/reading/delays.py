"""The legal delays for the console: of all départements, under the rule of disclosure of `/v1/statistiques/delais`."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import orjson

from chassis.bus_nats import NatsBus
from gateway.inbound.reading.disclosure import DELAIS, expurgees

SUBJECT = "lecture.passerelle.delais"
_PATIENCE_S = 4.0
Lignes = Mapping[str, Sequence[Mapping[str, Any]]]


def shown(told: Lignes) -> dict[str, list[dict[str, Any]]]:
    """By brique, the lines that may be shown to anybody: no figure is about fewer than eleven persons."""
    return {brique: expurgees(rows, DELAIS[brique]) for brique, rows in told.items()}


def answering(bus: NatsBus) -> Callable[[bytes], Awaitable[bytes]]:
    """Raises chassis.bus.Unavailable when a service does not answer: half of the delays would be read as all."""

    async def ask(brique: str, asked: bytes) -> Any:
        return orjson.loads(await bus.request(f"lecture.{brique}.delais", asked, timeout_s=_PATIENCE_S))

    async def answer(asked: bytes) -> bytes:
        told = await asyncio.gather(*(ask(brique, asked) for brique in DELAIS))
        return orjson.dumps(shown(dict(zip(DELAIS, told, strict=True))))

    return answer
