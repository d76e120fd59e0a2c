"""What the gateway tells of the hub's rows: asked over the bus at each visit, nothing of it is kept here."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import orjson

from chassis.bus import Unavailable
from chassis.bus_nats import NatsBus

_PATIENCE_S = 5.0
Ask = Callable[[str, Mapping[str, Any]], Awaitable[Any]]
"""The answer to a view and what it is asked with; None when the gateway does not answer."""


def asking_hub(bus: NatsBus) -> Ask:
    async def ask(view: str, asked: Mapping[str, Any]) -> Any:
        try:
            return orjson.loads(
                await bus.request(f"lecture.passerelle.{view}", orjson.dumps(asked), timeout_s=_PATIENCE_S)
            )
        except Unavailable:
            return None

    return ask
