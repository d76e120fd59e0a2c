"""Limits on refusals per address and per claimed client, and on tokens per client. Earlier refusals never block a right
request: nobody can lock a client out by failing in its name.
"""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

_SUIVIS_MAX: Final = 10_000


@dataclass(slots=True)
class _Compte:
    reste: float
    vu_s: float


class Freins:
    """`rafale` times at once, then `par_minute`; the least recently seen are forgotten first."""

    def __init__(self, rafale: int, par_minute: int) -> None:
        self._rafale = rafale
        self._par_s = par_minute / 60
        self._comptes: OrderedDict[str, _Compte] = OrderedDict()

    def depasse(self, auteurs: Iterable[str], maintenant_s: float) -> bool:
        """Count once for each; whether one of them had too many. `maintenant_s` is monotonic."""
        return any([self._depasse(auteur, maintenant_s) for auteur in auteurs])

    def _depasse(self, auteur: str, maintenant_s: float) -> bool:
        compte = self._comptes.setdefault(auteur, _Compte(self._rafale, maintenant_s))
        self._comptes.move_to_end(auteur)
        if len(self._comptes) > _SUIVIS_MAX:
            self._comptes.popitem(last=False)
        compte.reste = min(self._rafale, compte.reste + (maintenant_s - compte.vu_s) * self._par_s)
        compte.vu_s = maintenant_s
        if compte.reste < 1:
            return True
        compte.reste -= 1
        return False
