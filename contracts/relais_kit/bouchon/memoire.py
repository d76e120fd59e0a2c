"""What the mock remembers: deposits, parcours and who takes part in them, feeds, what was refused and why."""

import base64
import hashlib
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from relais_contrats.droits import Role
from relais_contrats.oauth.revocation import JetonRevoque
from relais_contrats.oauth.usages import UsageUnique

if TYPE_CHECKING:
    from relais_kit.bouchon.abonnements import Abonnement

_JOURNAL_MAX = 500


class Echange(NamedTuple):
    """One request, for the page: nothing of its content but its id, its type and why it was refused."""

    instant: datetime
    partenaire: str
    requete: str
    statut: int
    code: str | None = None
    type: str | None = None
    message: str | None = None
    pointeurs: tuple[str, ...] = ()


@dataclass
class Depose:
    """A deposit that was decided: `reponse` is what its emitter is told."""

    empreinte: str
    type: str
    recu_a: datetime
    reponse: dict[str, Any]


@dataclass
class Parcours:
    """`cles`: the identifiers by which a person is recognised. `sequence` counts its events."""

    numero: int
    departement: str
    cles: set[tuple[str, ...]]
    roles: dict[str, set[Role]] = field(default_factory=lambda: defaultdict(set))
    sequence: int = 0


@dataclass
class Memoire:
    deposes: dict[tuple[str, str], Depose] = field(default_factory=dict)
    refuses: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    parcours: list[Parcours] = field(default_factory=list)
    fils: dict[str, list[Mapping[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    positions: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    distribues: dict[str, list[datetime]] = field(default_factory=lambda: defaultdict(list))
    """When each event of a feed came there, as far as `dater` was told."""
    abonnements: dict[str, "Abonnement"] = field(default_factory=dict)
    offre: dict[str, str] = field(default_factory=dict)
    """The SIRET of a published structure and the structure of a published service, by their ids."""
    journal: deque[Echange] = field(default_factory=lambda: deque(maxlen=_JOURNAL_MAX))

    def nom(self, partenaire: str, parcours: Parcours) -> str:
        """The pseudonym of a parcours for one partner: the same in every run of the same story."""
        octets = hashlib.sha256(f"{partenaire}/{parcours.numero}".encode()).digest()
        return "prc_" + base64.b32encode(octets).decode().lower()[:26]

    def connu_de(self, partenaire: str, nom: str) -> Parcours | None:
        """The parcours that this partner calls so and takes part in; None for any other text."""
        siens = (p for p in self.parcours if p.roles.get(partenaire))
        return next((p for p in siens if self.nom(partenaire, p) == nom), None)

    def de_la_personne(self, cles: set[tuple[str, ...]]) -> Parcours | None:
        return next((p for p in self.parcours if p.cles & cles), None)

    def dater(self, instant: datetime) -> None:
        """What came in the feeds since the last call came at this instant."""
        for code, fil in self.fils.items():
            dates = self.distribues[code]
            dates += [instant] * (len(fil) - len(dates))

    def avant(self, partenaire: str, instant: datetime) -> int:
        """How many events of this feed came before this instant."""
        return sum(date < instant for date in self.distribues[partenaire])

    def page(self, partenaire: str, apres: int, types: Sequence[str] | None, limite: int) -> Iterator[tuple[int, Any]]:
        """Rank, from 1, and event, after a rank."""
        rendus = 0
        for rang, evenement in enumerate(self.fils[partenaire][apres:], apres + 1):
            if types is None or evenement["type"] in types:
                yield rang, evenement
                rendus += 1
            if rendus >= limite:
                return


@dataclass
class Usages:
    """Single use of assertions and proofs."""

    vus: set[bytes] = field(default_factory=set)

    async def reserver(self, usages: Sequence[UsageUnique]) -> bool:
        empreintes = {usage.empreinte for usage in usages}
        if len(empreintes) != len(usages) or empreintes & self.vus:
            return False
        self.vus |= empreintes
        return True


@dataclass
class Revoques:
    jtis: set[str] = field(default_factory=set)

    def __contains__(self, jti: object) -> bool:
        return jti in self.jtis

    async def revoquer(self, jeton: JetonRevoque) -> None:
        self.jtis.add(jeton.jti)
