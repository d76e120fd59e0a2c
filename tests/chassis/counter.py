"""The smallest brique: a counter per aggregate that refuses to pass 100, waits for 13, and crashes on `POISON`."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from chassis import ledger
from chassis.database import Connection
from chassis.decision import Attente, Echeance, Refus
from chassis.depots import Brique, Engine
from chassis.facts import Entree, Fait, FaitEnregistre
from services.orientation.store.dossiers import REGISTRE

NOM = "orientation"
SCEAUX = REGISTRE.sceaux
LIMIT = 100
POISON = 66
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)

_PLUS = "SELECT id, agregat, donnees, agent, scelle FROM faits WHERE agregat = ANY($1)"
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(a::text, 0)) FROM unnest($1::uuid[]) AS a ORDER BY a"


@dataclass(frozen=True, slots=True)
class Plus:
    agregat: UUID
    plus: int


class Totals:
    def __init__(self, totals: dict[UUID, int]) -> None:
        self.totals = totals
        self._touched: set[UUID] = set()

    def de(self, message: Plus) -> int:
        return self.totals.get(message.agregat, 0)

    def appliquer(self, fait: Plus) -> None:
        self.totals[fait.agregat] = self.totals.get(fait.agregat, 0) + fait.plus
        self._touched.add(fait.agregat)

    def echeances(self) -> Iterable[tuple[UUID, str, Sequence[Echeance]]]:
        """An aggregate that stands at 50 is to be reminded an hour later."""
        for agregat in self._touched:
            at_fifty = self.totals[agregat] == 50
            yield agregat, "59", [Echeance(agregat, "rappel", NOW + timedelta(hours=1))] if at_fifty else []


def lire(entree: Entree) -> Plus | Refus | None:
    if entree.type == "autre.chose":
        return None
    plus = 1 if entree.type == "echeance.rappel" else entree.donnees["plus"]
    assert entree.agregat
    return Refus("schema-invalide", "/data/plus") if plus < 0 else Plus(entree.agregat, plus)


async def charger(conn: Connection, messages: Sequence[Plus]) -> Totals:
    agregats = [message.agregat for message in messages]
    await conn.execute(_LOCK, agregats)
    totals: Counter[UUID] = Counter()
    for fait in await ledger.opened(conn, SCEAUX, await conn.fetch(_PLUS, agregats)):
        totals[fait["agregat"]] += fait["donnees"]["plus"]
    return Totals(dict(totals))


def decider(total: int, message: Plus, maintenant: datetime) -> Sequence[Plus] | Refus | Attente:
    if message.plus == POISON:
        raise ZeroDivisionError
    if message.plus == 13:
        return Attente("13")
    if total + message.plus > LIMIT:
        return Refus("etat-interdit", "/data/plus", {"total": total})
    return [message]


async def enregistrer(conn: Connection, totals: Totals, faits: Sequence[tuple[Fait, FaitEnregistre]]) -> None:
    return


CounterEngine = Engine[Plus, int, Plus, Totals]

BRIQUE: Brique[Plus, int, Plus, Totals] = Brique(
    nom=NOM,
    lire=lire,
    charger=charger,
    decider=decider,
    traduire=lambda fait: Fait("compteur.augmente", fait.agregat, "59", {"plus": fait.plus}),
    enregistrer=enregistrer,
    sceaux=SCEAUX,
    entend=frozenset({"usager.corrige"}),
)


def deposit(agregat: UUID, plus: int, **changes: Any) -> Entree:
    fields: Mapping[str, Any] = {
        "id": uuid4(),
        "nature": "depot",
        "type": "compteur.augmente",
        "agregat": agregat,
        "emetteur": "/partenaires/cd-59",
        "role": "departement",
        "partition": "59",
        "donnees": {"plus": plus},
        "survenu_a": NOW,
        "recu_a": NOW,
    }
    return Entree(**(dict(fields) | changes))
