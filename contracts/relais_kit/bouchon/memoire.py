"""The state of the mock: deposits, parcours and their participants, feeds, refusals and their reasons."""

import base64
import hashlib
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from relais_contrats.droits import Role
from relais_contrats.oauth.revocation import JetonRevoque
from relais_contrats.oauth.usages import UsageUnique
from relais_kit.bouchon.livraisons import Abonnement
from relais_kit.bouchon.objets import Objets
from relais_kit.bouchon.offre import Offre
from relais_kit.bouchon.vues import Dit, Recit

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
    """A decided deposit; `reponse` is the answer to its emitter."""

    empreinte: str
    type: str
    recu_a: datetime
    reponse: dict[str, Any]

    def montre(self) -> dict[str, Any]:
        type_ = {"type": self.type} if self.type else {}
        return {**self.reponse, **type_, "recu_a": self.recu_a.isoformat()}


@dataclass
class Parcours:
    """`cles`: the identifiers by which a person is recognised. `sequence` counts its events."""

    numero: int
    departement: str
    cles: set[tuple[str, ...]]
    roles: dict[str, set[Role]] = field(default_factory=lambda: defaultdict(set))
    sequence: int = 0
    dits: list[Dit] = field(default_factory=list)

    @property
    def recit(self) -> Recit:
        return Recit(self.departement, tuple(self.dits))


@dataclass
class Memoire:
    """`livres`: the deposits of each partner and its refusals at the door, in order, as it reads them again."""

    deposes: dict[tuple[str, str], Depose] = field(default_factory=dict)
    livres: dict[str, list[Depose]] = field(default_factory=lambda: defaultdict(list))
    refuses: dict[tuple[str, str], Depose] = field(default_factory=dict)
    parcours: list[Parcours] = field(default_factory=list)
    _par_cle: dict[tuple[str, ...], Parcours] = field(default_factory=dict)
    _par_nom: dict[tuple[str, str], Parcours] = field(default_factory=dict)
    fils: dict[str, list[Mapping[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    positions: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    distribues: dict[str, list[datetime]] = field(default_factory=lambda: defaultdict(list))
    """When each event of a feed came there, as far as `dater` was told."""
    abonnements: dict[str, Abonnement] = field(default_factory=dict)
    offre: Offre = field(default_factory=Offre)
    objets: Objets = field(default_factory=Objets)
    reglages: dict[tuple[str, str], list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    """What a département set, by code and nature, version after version."""
    journal: deque[Echange] = field(default_factory=lambda: deque(maxlen=_JOURNAL_MAX))

    def nom(self, partenaire: str, parcours: Parcours) -> str:
        """The pseudonym of a parcours for one partner: the same in every run of the same story."""
        nom = self.pseudonyme(partenaire, parcours)
        self._par_nom[partenaire, nom] = parcours
        return nom

    def pseudonyme(self, partenaire: str, parcours: Parcours) -> str:
        octets = hashlib.sha256(f"{partenaire}/{parcours.numero}".encode()).digest()
        return "prc_" + base64.b32encode(octets).decode().lower()[:26]

    def connu_de(self, partenaire: str, nom: str) -> Parcours | None:
        """The parcours that this partner calls so and takes part in; None for any other text."""
        parcours = self._par_nom.get((partenaire, nom))
        return parcours if parcours and parcours.roles.get(partenaire) else None

    def de(self, partenaire: str) -> Iterator[Parcours]:
        """Those in which this partner takes part, or that it signalled, as they were opened."""
        return (p for p in self.parcours if p.roles.get(partenaire))

    def de_la_personne(self, cles: set[tuple[str, ...]]) -> Parcours | None:
        connus = [p for cle in cles if (p := self._par_cle.get(cle))]
        return min(connus, key=lambda p: p.numero, default=None)

    def ouvrir(self, departement: str, cles: set[tuple[str, ...]]) -> Parcours:
        self.parcours.append(Parcours(len(self.parcours) + 1, departement, set()))
        self.reconnaitre(self.parcours[-1], cles)
        return self.parcours[-1]

    def reconnaitre(self, parcours: Parcours, cles: set[tuple[str, ...]]) -> None:
        """From now on this person is recognised by these too."""
        parcours.cles |= cles
        for cle in cles:
            self._par_cle.setdefault(cle, parcours)

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
