"""How much a partner may ask: a bucket of requests in each process, a daily quota over all of them.

Told in the headers of draft-ietf-httpapi-ratelimit-headers-10: `RateLimit-Policy` and `RateLimit`.
"""

import math
from dataclasses import dataclass
from datetime import datetime

import structlog

from gateway.inbound.request.counters import PERIODS, REQUETES, Counters, seconds_left
from relais_contrats.partenaires import Partenaire, Quotas
from relais_contrats.problemes import Problem

_log = structlog.get_logger()
_TELL_EVERY_S = 60.0
_COMMON = Quotas()


@dataclass(frozen=True, slots=True)
class Policy:
    """`burst` requests at once, refilled at `per_second`; `per_day` requests and messages."""

    burst: int
    per_second: int
    per_day: int

    @property
    def window_s(self) -> int:
        return math.ceil(self.burst / self.per_second)

    @property
    def header(self) -> str:
        day_s = int(PERIODS[REQUETES].total_seconds())
        return f'"rafale";q={self.burst};w={self.window_s}, "jour";q={self.per_day};w={day_s}'


@dataclass(slots=True)
class Bucket:
    """`level` is what was left at `seen_s`, on the monotonic clock."""

    level: float
    seen_s: float

    def take(self, policy: Policy, now_s: float) -> bool:
        self.level = min(policy.burst, self.level + (now_s - self.seen_s) * policy.per_second)
        self.seen_s = now_s
        if self.level < 1:
            return False
        self.level -= 1
        return True


class Limits:
    def __init__(self, policy: Policy, counters: Counters) -> None:
        self._policy = policy
        self._counters = counters
        self._buckets: dict[str, Bucket] = {}
        self._told_s: dict[str, float] = {}

    def take(self, partenaire: Partenaire, now: datetime, now_s: float) -> dict[str, str]:
        """Count one request; the headers of its answer. `now_s` is monotonic. Raises a Problem: 429."""
        code, policy = partenaire.code, self._of(partenaire)
        bucket = self._buckets.setdefault(code, Bucket(policy.burst, now_s))
        is_admitted = bucket.take(policy, now_s)
        used = self._counters.used(code, REQUETES, now)
        if is_admitted and used < policy.per_day:
            self._counters.add(code, REQUETES, now)
            return _headers(policy, bucket, used + 1, now)
        wait_s = 1 if not is_admitted else seconds_left(REQUETES, now)
        self._tell(code, now_s)
        raise Problem(status=429, headers=_headers(policy, bucket, used, now) | {"Retry-After": str(wait_s)})

    def spend(self, partenaire: Partenaire, messages: int, now: datetime) -> None:
        """Count the messages of a bulk deposit. Raises a Problem: 429."""
        if self._counters.add(partenaire.code, REQUETES, now, messages) > self._of(partenaire).per_day:
            raise Problem(status=429, headers={"Retry-After": str(seconds_left(REQUETES, now))})

    def _of(self, partenaire: Partenaire) -> Policy:
        """What an operator gave to this partner, else to all."""
        own, common = partenaire.quotas, self._policy
        if own == _COMMON:
            return common
        return Policy(
            own.rafale or common.burst, own.debit_par_s or common.per_second, own.quota_jour or common.per_day
        )

    def _tell(self, partenaire: str, now_s: float) -> None:
        """Once a minute: a flood must not become one of log lines."""
        if now_s - self._told_s.get(partenaire, -math.inf) >= _TELL_EVERY_S:
            self._told_s[partenaire] = now_s
            _log.warning("securite.debit_depasse", partenaire=partenaire)


def _headers(policy: Policy, bucket: Bucket, used: int, now: datetime) -> dict[str, str]:
    left = max(int(bucket.level), 0)
    refill_s = math.ceil((policy.burst - bucket.level) / policy.per_second)
    day = f'"jour";r={max(policy.per_day - used, 0)};t={seconds_left(REQUETES, now)}'
    return {"RateLimit-Policy": policy.header, "RateLimit": f'"rafale";r={left};t={refill_s}, {day}'}
