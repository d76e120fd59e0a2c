"""A deposit that comes in, and what the journal says of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from gateway.inbound.deposit.store import NewDeposit
from gateway.objets import Nomme
from relais_contrats.droits import Demandeur
from relais_contrats.oauth.usages import UsageUnique
from relais_contrats.partenaires import Partenaire

# What the journal says of a deposit that comes in
# ├── New          journalled now; `blocked` when an older one of the same parcours is not settled yet
# ├── Known        the same id and body again: the first answer, or None while it waits
# ├── Different    the same id, another body
# ├── Refused      the partner may not: code of the catalogue
# └── Replayed     the DPoP proof was used before


@dataclass(frozen=True, slots=True)
class New:
    blocked: bool


@dataclass(frozen=True, slots=True)
class Known:
    id: UUID
    answer: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Different:
    recorded: str
    given: str


@dataclass(frozen=True, slots=True)
class Refused:
    code: str
    pointeur: str
    phrase: str | None = None
    """In French, where there is more to say than what the code means."""


@dataclass(frozen=True, slots=True)
class Replayed:
    pass


Reception = New | Known | Different | Refused | Replayed


@dataclass(slots=True)
class Annule:
    """What a deposit cancels, as its emitter names it: its own deposit, or an event that it received."""

    texte: str
    evenement: UUID | None
    depot: UUID | None = None
    """Set by the journal."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A deposit that was read and is in its partner's purposes; `departement` is what its envelope says.

    `objets` are the keys of objects that it names, `principal` the one that it is about. `seal` makes its row, once the
    parcours that it names are known to be visible and resolved to their survivors, and the objects to internal keys.
    """

    demandeur: Demandeur
    message: str
    empreinte: bytes
    type: str
    departement: str
    subject: UUID | None
    references: frozenset[UUID]
    usages: Sequence[UsageUnique]
    seal: Callable[[Mapping[UUID, UUID], Mapping[Nomme, str]], NewDeposit]
    objets: frozenset[Nomme] = frozenset()
    principal: Nomme | None = None
    annule: Annule | None = None
    versionattendue: int | None = None
    est_par_lien: bool = False
    """Its right is a link that the hub signed, not the roles of its emitter."""

    @property
    def partenaire(self) -> Partenaire:
        return self.demandeur.partenaire

    @property
    def key(self) -> tuple[str, str]:
        return (self.partenaire.code, self.message)

    @property
    def named(self) -> frozenset[UUID]:
        return self.references | {self.subject} if self.subject else self.references
