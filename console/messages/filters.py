"""The filters of the list of messages: read from an address, written into one, asked of the gateway."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException

from console import period
from console.shell import plain
from relais_contrats.catalogue import CATALOGUE
from relais_contrats.territoires import TERRITOIRES

ETATS: Mapping[str, tuple[str, str]] = {
    "en-attente": ("en attente", "attente"),
    "accepte": ("accepté", "accepte"),
    "refuse": ("refusé par un service", "refuse"),
    "refuse-a-l-entree": ("refusé à l'entrée", "refuse"),
    "rebut": ("au rebut", "echec"),
    "ecarte": ("écarté par un opérateur", "refuse"),
}
"""Each state: how it is said, and the class of its mark."""


@dataclass(frozen=True, slots=True)
class Filtre:
    """As they were filled in; empty when not."""

    partenaire: str = ""
    type: str = ""
    etat: str = ""
    code: str = ""
    departement: str = ""
    du: str = ""
    au: str = ""
    id: str = ""
    parcours: str = ""
    trace: str = ""

    @classmethod
    def read(cls, query: QueryParams) -> "Filtre":
        """Raises HTTPException 400 for what no form of ours can send."""
        found = cls(**{one.name: plain(query.get(one.name, "")) for one in fields(cls)})
        for value, known in ((found.type, CATALOGUE), (found.etat, ETATS), (found.departement, TERRITOIRES)):
            if value and value not in known:
                raise HTTPException(400)
        found.bounds()
        return found

    def bounds(self) -> dict[str, str]:
        since, until = period.instant(self.du, is_end=False), period.instant(self.au, is_end=True)
        return {name: at.isoformat() for name, at in (("depuis", since), ("jusqua", until)) if at}

    @property
    def filled(self) -> dict[str, str]:
        return {name: value for name, value in asdict(self).items() if value}

    @property
    def query(self) -> str:
        return urlencode(self.filled)

    def asked(self, **more: Any) -> dict[str, Any]:
        """What the gateway is asked."""
        plainly = {name: value for name, value in self.filled.items() if name not in ("du", "au")}
        return plainly | self.bounds() | more
