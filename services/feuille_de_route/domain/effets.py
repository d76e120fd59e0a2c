"""An event published in advance holds from its day on: until its brique publishes that day, the view stays as it is.

Contracts have no such moment: a renewal that is signed for later is shown beside the one in force.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from uuid import UUID

from services.feuille_de_route.domain.recu import Recu

PRISES_D_EFFET = frozenset({"orientation.effective", "suivi.effectif", "transfert.effectif"})
_DIFFERENT = frozenset({"usagers", "orientation", "referents"})


def a_leur_jour(recus: Iterable[Recu]) -> Iterator[Recu]:
    """Order the events of each parcours and brique; move the ones published in advance to the day that they name."""
    attendus: dict[tuple[UUID, str], list[Recu]] = {}
    for recu in recus:
        cle = (recu.parcours, recu.brique)
        if recu.effet and recu.brique in _DIFFERENT:
            attendus.setdefault(cle, []).append(recu)
            continue
        if recu.type in PRISES_D_EFFET:
            yield from _echus(attendus.get(cle, []), recu)
        yield recu


def _echus(attendus: list[Recu], prise: Recu) -> Iterator[Recu]:
    """As if they were told on that day, which is when they count."""
    jour = date.fromisoformat(prise.donnees["date_effet"])
    for attendu in [a for a in attendus if a.effet and a.effet <= jour]:
        attendus.remove(attendu)
        yield replace(attendu, id=prise.id)
