"""A date of birth as the field knows it: sometimes the year alone, sometimes a day by convention."""

from enum import Enum, auto
from typing import Any


class Ecart(Enum):
    """How two dates of birth may be those of one person, closest first."""

    AUCUN = auto()
    """The same day, or one says less and contradicts nothing."""
    DOUTE = auto()
    """Day and month swapped, or the 1st of January of that year, which many systems write for want of better."""
    AUTRE = auto()


class Naissance(str):
    """`AAAA-MM-JJ`, with `00` for a day or a month that is not known: 1965-00-00, 1965-04-00."""

    __slots__ = ()

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> dict[str, Any]:
        """How a stored one is read: a string, made one of this class."""
        lecture = {"type": "no-info", "function": cls}
        return {"type": "function-after", "function": lecture, "schema": handler(str)}

    @property
    def annee(self) -> str:
        return self[:4]

    @property
    def mois(self) -> str:
        return self[5:7]

    @property
    def jour(self) -> str:
        return self[8:]

    @property
    def est_complete(self) -> bool:
        return self.jour != "00"

    @property
    def est_conventionnelle(self) -> bool:
        return self[5:] == "01-01"

    def ecart(self, autre: "Naissance") -> Ecart:
        if self == autre:
            return Ecart.AUCUN
        if self.annee != autre.annee:
            return Ecart.AUTRE
        if not (self.est_complete and autre.est_complete):
            return Ecart.AUCUN if _accordes(self.mois, autre.mois) else Ecart.AUTRE
        inversees = (self.mois, self.jour) == (autre.jour, autre.mois)
        return Ecart.DOUTE if inversees or self.est_conventionnelle or autre.est_conventionnelle else Ecart.AUTRE


def _accordes(a: str, b: str) -> bool:
    return a == b or "00" in (a, b)
