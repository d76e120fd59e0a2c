"""Other systems tell states, the catalogue steps: which messages lead from the last state to this one.

Pure. An appointment that comes back after it was cancelled is another one, under another key: at the hub a cancelled
appointment stays so.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from relais_contrats.lecture import forme_canonique

_CONSTATS = ("honore", "non-honore")
Data = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Told:
    """What the hub knows of one participant's appointment. `rang`: how many times it was taken anew, from 1."""

    rang: int
    statut: str
    empreinte: str
    instant: datetime

    def written(self) -> str:
        return f"{self.rang} {self.statut} {self.empreinte} {self.instant.isoformat()}"

    @classmethod
    def read(cls, text: str) -> Told:
        rang, statut, empreinte, instant = text.split(" ")
        return cls(int(rang), statut, empreinte, datetime.fromisoformat(instant))


@dataclass(frozen=True, slots=True)
class Step:
    """One message; `told`: what the hub knows once it accepted it."""

    fait: str
    data: Data
    told: Told


@dataclass(frozen=True, slots=True)
class Steps:
    """In order. `lost`: why there are none, when the hub has no word for the change."""

    steps: Sequence[Step] = ()
    lost: str = ""


def steps(told: Told | None, now: Data, key: str, instant: datetime) -> Steps:
    """`now`: the appointment without its key; `key`: of its first time; `instant`: of the webhook."""
    statut = str(now["statut"])
    if told is not None and told.empreinte == digest(now):
        return Steps()
    if told is None or (told.statut == "annule" and statut != "annule"):
        rang = told.rang + 1 if told else 1
        planned = {name: value for name, value in now.items() if name != "annule_par"} | {"statut": "planifie"}
        begin = _step("rdv.planifie", planned, key, rang, instant)
        return Steps((begin,) if statut == "planifie" else (begin, _step(_end(statut), now, key, rang, instant)))
    if lost := _lost(told.statut, statut):
        return Steps(lost=lost)
    fait = "rdv.modifie" if statut == "planifie" else _end(statut)
    return Steps((_step(fait, now, key, told.rang, instant),))


def _step(fait: str, now: Data, key: str, rang: int, instant: datetime) -> Step:
    rdv_id = key if rang == 1 else f"{key}-{rang}"
    return Step(fait, {"rdv_id": rdv_id, **now}, Told(rang, str(now["statut"]), digest(now), instant))


def digest(now: Data) -> str:
    """Tell whether two states of an appointment are the same."""
    return hashlib.sha256(forme_canonique(dict(now))).hexdigest()[:32]


def gone(told: Told | None, last: Data, key: str, instant: datetime) -> Steps:
    """The appointment, or the participant, is no more there: if it was to come, the structure cancels it."""
    if told is None or told.statut != "planifie":
        return Steps()
    return steps(told, {**last, "statut": "annule", "annule_par": "structure"}, key, instant)


def _end(statut: str) -> str:
    return "rdv.annule" if statut == "annule" else "rdv.constate"


def _lost(before: str, statut: str) -> str:
    if before in _CONSTATS and statut not in _CONSTATS:
        return "un constat ne se retire pas : il se corrige par un autre constat"
    if before == statut != "planifie":
        return "un rendez-vous constaté ou annulé ne se modifie plus"
    return ""
