"""The whole way of a message, as the gateway tells it from its rows: asked over the bus at each visit, kept nowhere.

Its steps and its receivers come as they are drawn, in French: `gateway.inbound.timeline` decides what they say.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import quote

import orjson

from chassis.bus import Unavailable
from chassis.bus_nats import NatsBus

_SUBJECT = "lecture.passerelle.chemin"
_PATIENCE_S = 5.0

Reponse = Mapping[str, Any]
"""`chemins`: the messages that were found, each with its `etapes` and `destinataires`; or, when the id is the pseudonym
of a parcours, `parcours_de` and the messages in `parcours`."""

Chercher = Callable[[str], Awaitable[Reponse | None]]


def seeking(bus: NatsBus) -> Chercher:
    """None when the gateway does not answer."""

    async def seek(id_: str) -> Reponse | None:
        try:
            told: Reponse = orjson.loads(await bus.request(_SUBJECT, orjson.dumps({"id": id_}), timeout_s=_PATIENCE_S))
        except Unavailable:
            return None
        return told

    return seek


def page_of(partenaire: str, message: str) -> str:
    """The address of the page of a message."""
    return f"/messages/{quote(partenaire, safe='')}/{quote(message, safe='')}"
