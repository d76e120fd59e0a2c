"""How many persons a partner names: one meter for searches and signalements (CATALOGUE § 5).

Neither tells more than it may; who tries thousands all the same is slowed down, shown to the operators, and stopped.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import structlog

from chassis.database import Pool
from chassis.facts import Entree, type_court
from chassis.waiting import wait
from gateway.inbound.request.counters import (
    AILLEURS,
    RECHERCHES,
    SHARE_EVERY_S,
    SIGNALEMENTS,
    SUSPENSIONS,
    TROUVEES,
    Counters,
    seconds_left,
)
from gateway.inbound.watching import metrics
from gateway.partners import changer_etat
from relais_contrats.partenaires import Partenaire
from relais_contrats.problemes import Problem

_log = structlog.get_logger()
_FLUX = frozenset({"caf", "msa", "departement", "france-travail"})
"""Organisations whose monthly flow or stock names a whole territory."""
_TELL_EVERY = 100
_RECONNUS = frozenset({"parcours.rattache", "usager.ambigu"})
SIGNALE = "usager.signale"

# From how many persons an hour tells something, and how far its shares may go.
ASSEZ = 100
PART_AILLEURS = 0.1
PART_TROUVEE = 0.05
SUSPENSION = 5
"""Who asks that many times its hourly share goes on against the refusals: it is suspended."""


class Alarme(StrEnum):
    """What an operator should look at. Codes of the console's page."""

    TROP = "exploration-trop-de-personnes"
    SONDAGE = "exploration-personnes-inconnues"
    AILLEURS = "exploration-hors-territoire"


@dataclass(frozen=True, slots=True)
class Heure:
    """What one partner named in one hour: `personnes` searched or signalled, those that the hub knew, and where."""

    personnes: int
    trouvees: int = 0
    ailleurs: int = 0
    est_au_dela: bool = False
    """It named more than its share: what is beyond was refused."""


def alarmes(heure: Heure) -> frozenset[Alarme]:
    """`SONDAGE` is also the mark of a first load: a person looks at it, nothing is refused for it."""
    trop = {Alarme.TROP} if heure.est_au_dela else set()
    if heure.personnes < ASSEZ:
        return frozenset(trop)
    sondage = {Alarme.SONDAGE} if heure.trouvees < PART_TROUVEE * heure.personnes else set()
    ailleurs = {Alarme.AILLEURS} if heure.ailleurs > PART_AILLEURS * heure.personnes else set()
    return frozenset(trop | sondage | ailleurs)


@dataclass(frozen=True, slots=True)
class Parts:
    """Persons that a partner may name in an hour, over all processes: searched, or signalled by a partner that has no
    flow (`per_hour`); signalled by one that has (`flow_per_hour`)."""

    per_hour: int
    flow_per_hour: int

    def heure(self, nombres: Mapping[str, int]) -> Heure:
        """From the counts of one partner in one hour."""
        recherches, signalements = nombres.get(RECHERCHES, 0), nombres.get(SIGNALEMENTS, 0)
        est_au_dela = recherches > self.per_hour or signalements > self.flow_per_hour
        return Heure(recherches + signalements, nombres.get(TROUVEES, 0), nombres.get(AILLEURS, 0), est_au_dela)


class Exploration:
    def __init__(self, counters: Counters, parts: Parts) -> None:
        self._counters = counters
        self._parts = parts
        self.to_suspend: set[str] = set()
        """Partners that go on after so many refusals."""

    def search(self, partenaire: Partenaire) -> None:
        """Count a search. Raises a Problem: 429."""
        self._take(partenaire, RECHERCHES)

    def signal(self, partenaire: Partenaire) -> None:
        """Count a signalement. Raises a Problem: 429."""
        self._take(partenaire, SIGNALEMENTS if partenaire.type_organisme in _FLUX else RECHERCHES)

    def learn(self, code: str, *, trouvee: bool, ailleurs: bool) -> None:
        """What became of one of them; `ailleurs`: the person is of another territory than the partner said."""
        now = datetime.now(UTC)
        if trouvee:
            self._counters.add(code, TROUVEES, now)
        if ailleurs:
            self._counters.add(code, AILLEURS, now)
        metrics.PERSONS.labels(code, "ailleurs" if ailleurs else "connue" if trouvee else "inconnue").inc()

    def learn_decision(self, entree: Entree, reply: Mapping[str, Any]) -> None:
        """What a service decided on a signalement."""
        if entree.type != SIGNALE or reply["etat"] != "accepte":
            return
        faits = reply.get("faits", [])
        signales = [fait for fait in faits if type_court(fait["type"]) == SIGNALE]
        siens = {fait["subject"] for fait in signales}
        self.learn(
            entree.emetteur.rpartition("/")[2],
            trouvee=any(type_court(fait["type"]) in _RECONNUS and fait["subject"] in siens for fait in faits),
            ailleurs=any(fait["departement"] != entree.partition for fait in signales),
        )

    async def run(self, pool: Pool, stop: asyncio.Event) -> None:
        """Suspend who goes on; an operator resumes it (`./relais partenaire reprendre`)."""
        while not stop.is_set():
            await wait(stop, SHARE_EVERY_S)
            if not self.to_suspend:
                continue
            now = datetime.now(UTC)
            async with pool.acquire() as conn:
                for code in sorted(self.to_suspend):
                    await changer_etat(conn, code=code, etat="suspendu", maintenant=now)
                    self._counters.add(code, SUSPENSIONS, now)
                    _log.error("securite.partenaire_suspendu", partenaire=code)
            self.to_suspend.clear()

    def _take(self, partenaire: Partenaire, nature: str) -> None:
        now, code = datetime.now(UTC), partenaire.code
        part = self._parts.flow_per_hour if nature == SIGNALEMENTS else self._parts.per_hour
        used = self._counters.add(code, nature, now)
        if used <= part:
            return
        if used == part + 1 or used % _TELL_EVERY == 0:
            _log.warning("securite.recherches_anormales", partenaire=code, nombre=used)
        if used > part * SUSPENSION:
            self.to_suspend.add(code)
        metrics.PERSONS.labels(code, "refusee").inc()
        wait_s = seconds_left(nature, now)
        # Not to be sent again at once, which is what a refusal by the rate of requests asks for.
        raise Problem(
            status=429, headers={"Retry-After": str(wait_s)}, extra={"relancable": False, "attendre_s": wait_s}
        )
