"""A question to the catalogue as SQL that grows, and the version of the catalogue that its list is read at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from chassis.database import Connection, Record

Json = dict[str, Any]

_VERSION = "SELECT version, plancher FROM catalogue"
_PARIS = ZoneInfo("Europe/Paris")


class Erreur(Exception):
    """A question that cannot be answered: a code of the refusals, and the parameter to blame."""

    def __init__(self, code: str, champ: str, phrase: str) -> None:
        super().__init__(code)
        self.json: Json = {"erreur": {"code": code, "champ": champ, "phrase": phrase}}


@dataclass(slots=True)
class Requete:
    """Conditions joined by AND, and their arguments."""

    conditions: list[str] = field(default_factory=list)
    arguments: list[Any] = field(default_factory=list)

    def arg(self, valeur: Any) -> str:
        self.arguments.append(valeur)
        return f"${len(self.arguments)}"

    def et(self, condition: str) -> None:
        self.conditions.append(condition)

    def position(self, *place: float) -> str:
        """Keys of the order, then the number of the row."""
        *cles, numero = place
        return f"({', '.join([f'{self.arg(cle)}::float8' for cle in cles])}, {self.arg(numero)}::bigint)"

    def liste(self, valeurs: Sequence[str]) -> str:
        return f"{self.arg(list(valeurs))}::text[]"

    def ou(self) -> str:
        return " AND ".join(self.conditions) or "true"


def jour(demande: Mapping[str, Any]) -> date:
    """The day of a read (`maintenant`, RFC 3339), today by default."""
    dit = demande.get("maintenant")
    return (datetime.fromisoformat(dit) if dit else datetime.now(_PARIS)).astimezone(_PARIS).date()


async def version_lue(conn: Connection, apres: Sequence[Any] | None) -> int:
    """The version of a list, from its first page. Raises Erreur when its rows were deleted since."""
    row = await conn.fetchrow(_VERSION)
    assert row is not None
    return version_de(row, apres)


def version_de(catalogue: Record, apres: Sequence[Any] | None) -> int:
    """The same, from a row that has `version` and `plancher`."""
    if apres is None:
        return int(catalogue["version"])
    if apres[0] < catalogue["plancher"]:
        raise Erreur("curseur-perime", "apres", "Cette liste n'est plus tenue : reprenez-la depuis le début.")
    return int(apres[0])
