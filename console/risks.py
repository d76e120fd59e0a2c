"""What deserves a look, as the gateway tells it: read over the bus at each visit, nothing of it is kept here."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

import orjson

from chassis.bus import Unavailable
from chassis.bus_nats import NatsBus

_SUBJECT = "lecture.passerelle.risques"
_PATIENCE_S = 3.0


@dataclass(frozen=True, slots=True)
class Risque:
    """`echeance`: when it comes true, or since when it is; `nombre` of what waits."""

    nature: str
    partenaire: str
    abonnement: str | None
    echeance: datetime | None
    nombre: int


Demander = Callable[[], Awaitable[list[Risque] | None]]


def asking(bus: NatsBus) -> Demander:
    """None when the gateway does not answer."""

    async def ask() -> list[Risque] | None:
        try:
            told = orjson.loads(await bus.request(_SUBJECT, b"", timeout_s=_PATIENCE_S))
        except Unavailable:
            return None
        return [_read(row) for row in told]

    return ask


def _read(row: dict[str, str | int | None]) -> Risque:
    echeance = row["echeance"]
    return Risque(
        nature=str(row["nature"]),
        partenaire=str(row["partenaire"]),
        abonnement=str(row["abonnement"]) if row["abonnement"] else None,
        echeance=datetime.fromisoformat(str(echeance)) if echeance else None,
        nombre=int(row["nombre"] or 0),
    )
