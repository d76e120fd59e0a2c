"""What became of a delivery, and when the next attempt is due. Pure: instants and chance are arguments.

The stage of a failure decides: before sending it is ours (tried again, never counted against the partner), while
sending it is theirs (schedule, breaker), after sending only our books are late (the answer stands).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.outbound.http_client import Answer, Silence

# Outcome
# ├── Delivered   a 2xx
# ├── NotReady    ours: the body could not be made yet
# ├── Failed      theirs: tried again by the schedule
# └── Gone        410: the subscription ends


@dataclass(frozen=True, slots=True)
class Delivered:
    code: int


@dataclass(frozen=True, slots=True)
class NotReady:
    pass


@dataclass(frozen=True, slots=True)
class Failed:
    """`is_endpoint`: says something of the endpoint as a whole, not of this message."""

    code: int | None
    erreur: str
    is_endpoint: bool
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True)
class Gone:
    code: int = 410


Outcome = Delivered | NotReady | Failed | Gone

UNEXPECTED = Failed(None, "interne", is_endpoint=True)
"""The hub itself failed on this target, and on no other: the schedule goes on, and the partner sees `interne`."""

_SCHEDULE = tuple(
    timedelta(seconds=seconds) for seconds in (5, 30, 2 * 60, 10 * 60, 3600, 3 * 3600, 6 * 3600, 12 * 3600)
)
GIVE_UP_AFTER = timedelta(hours=72)
NOT_READY_PAUSE = timedelta(seconds=2)
BREAKER_AFTER = 5
_BREAKER_FIRST = timedelta(seconds=5)
_BREAKER_LONGEST = timedelta(minutes=15)
_LONGEST_RETRY_AFTER = timedelta(hours=12)
# What a receiver says of one message; anything else that is not a success tells of the endpoint itself.
_ABOUT_THE_MESSAGE = frozenset({400, 409, 413, 422})
JITTER = 0.2


def of_answer(answer: Answer | Silence) -> Delivered | Failed | Gone:
    match answer:
        case Answer(status=status) if 200 <= status < 300:
            return Delivered(status)
        case Answer(status=410):
            return Gone()
        case Answer(status=status, retry_after_s=retry_after_s):
            erreur = "redirection" if 300 <= status < 400 else "reponse"
            return Failed(status, erreur, status not in _ABOUT_THE_MESSAGE, retry_after_s)
        case Silence(raison=raison):
            return Failed(None, raison, is_endpoint=True)


def next_attempt(
    essais: int, premier_echec: datetime, now: datetime, chance: float, retry_after_s: float | None = None
) -> datetime | None:
    """When to try again after `essais` failures, `chance` in [-1, 1] shifting the pause by up to a fifth; None after
    three days: then only a redelivery starts it again."""
    pause = _SCHEDULE[min(essais, len(_SCHEDULE)) - 1] * (1 + JITTER * chance)
    if retry_after_s is not None:
        pause = max(pause, min(timedelta(seconds=retry_after_s), _LONGEST_RETRY_AFTER))
    return now + pause if now + pause - premier_echec <= GIVE_UP_AFTER else None


@dataclass(frozen=True, slots=True)
class Health:
    """Of an endpoint: failures in a row, since when, the last one's parcours (as text), and until when it rests."""

    echecs: int = 0
    premier_echec_a: datetime | None = None
    dernier_echec: object = None
    rouvre_a: datetime | None = None
    est_suspendu: bool = False


def after_failures(health: Health, failures: Sequence[tuple[object, Failed]], now: datetime, chance: float) -> Health:
    """Count failures (parcours, what happened) that no success came among. While the breaker is closed, those of one
    parcours count once: a message that an endpoint cannot digest does not close the way to the others."""
    is_open = health.echecs >= BREAKER_AFTER
    parcours = {p for p, _ in failures}
    counted = len(parcours) if is_open else len(parcours - {health.dernier_echec})
    echecs = max(1, health.echecs + counted)
    premier = health.premier_echec_a or now
    asked = max((f.retry_after_s or 0 for _, f in failures), default=0.0)
    rests = min(timedelta(seconds=asked), _LONGEST_RETRY_AFTER)
    if echecs >= BREAKER_AFTER:
        rests = max(rests, breaker_pause(echecs) * (1 + JITTER * chance))
    return Health(
        echecs=echecs,
        premier_echec_a=premier,
        dernier_echec=failures[-1][0],
        rouvre_a=now + rests if rests else None,
        est_suspendu=echecs >= BREAKER_AFTER and now - premier >= GIVE_UP_AFTER,
    )


def breaker_pause(echecs: int) -> timedelta:
    return min(_BREAKER_FIRST * (1 << min(echecs - BREAKER_AFTER, 12)), _BREAKER_LONGEST)
