"""What the hub answers, as a partner reads it: about one message, about a page of the feed, or that it refuses.

PartnerError             in French, what to do about it
├── HubUnreachable       no answer, or 503/429, until the patience ran out: send the same messages again later
│   └── QuotaReached     429: `retry_after_s` is what the hub asked for
└── RequestRefused       the hub answered, and the request as a whole is not admitted (problem+json)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self


class PartnerError(Exception):
    """One French sentence."""


class HubUnreachable(PartnerError):
    pass


class QuotaReached(HubUnreachable):
    def __init__(self, retry_after_s: int) -> None:
        super().__init__(f"Le relais limite les appels de ce partenaire : réessayez dans {retry_after_s} s.")
        self.retry_after_s = retry_after_s


class RequestRefused(PartnerError):
    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        super().__init__(f"Le relais a refusé la demande ({status}) : {_sentence(problem)}")
        self.status = status
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Answer:
    """The hub's answer about one message. `etat`: accepte, en-attente or refuse; `code` and `detail` give the reason of
    a refusal.
    """

    id: str | None
    etat: str
    est_rejoue: bool = False
    parcours: str | None = None
    code: str | None = None
    detail: str | None = None
    trace: str | None = None
    corps: Mapping[str, Any] = field(default_factory=dict)

    @property
    def est_relancable(self) -> bool:
        """The hub asks for the same message again."""
        return bool(self.corps.get("relancable"))

    @classmethod
    def read(cls, corps: Mapping[str, Any], *, est_rejoue: bool = False, id_: str | None = None) -> Self:
        problem = corps.get("probleme") or corps
        code = problem.get("code")
        return cls(
            id=corps.get("id") or id_,
            etat=corps.get("etat") or "refuse",
            est_rejoue=est_rejoue or bool(corps.get("rejoue")),
            parcours=corps.get("parcours"),
            code=code,
            detail=_sentence(problem) if code else None,
            trace=problem.get("instance"),
            corps=corps,
        )


@dataclass(frozen=True, slots=True)
class Events:
    """One page of the feed; acknowledge `curseur` once the page is stored safely."""

    evenements: Sequence[dict[str, Any]]
    curseur: str


def _sentence(problem: Mapping[str, Any]) -> str:
    """That of the first error, which names the field, before the general one."""
    errors = [f"{e.get('pointeur') or '/'} : {e.get('message')}" for e in problem.get("erreurs") or ()]
    return errors[0] if errors else str(problem.get("detail") or problem.get("title", ""))
