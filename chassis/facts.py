"""The input and the output of a decision, and the event that publishes a fact on the bus (CloudEvents 1.0, JSON)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, Protocol
from uuid import UUID

NAMESPACE = "fr.insertion"
PLUSIEURS = "plusieurs"
Nature = Literal["depot", "evenement", "echeance"]


def type_cloudevents(type_court: str) -> str:
    """`orientation.decidee` → `fr.insertion.orientation.decidee.v1`."""
    return f"{NAMESPACE}.{type_court}.v1"


def type_court(type_complet: str) -> str:
    """`fr.insertion.orientation.decidee.v1` → `orientation.decidee`."""
    return type_complet.removeprefix(f"{NAMESPACE}.").rpartition(".")[0]


@dataclass(frozen=True, slots=True)
class Entree:
    """Something to decide on: a partner's deposit, a sibling's event, or a due date.

    `id` is its identity in the inbox, `agregat` None when it opens one, `emetteur` the CloudEvents source, `role` the
    kind of organisation that sent it (`hub` for ours), `message` and `empreinte` its own id of a deposit and the
    SHA-256 of its body, `agent` the person who acted. The sender may learn identities in `partitions_ouvertes`. An
    event has its `brique` and `sequence`. `effet`: see `Fait`. `au_repos`: every message before it is read.
    """

    id: UUID
    nature: Nature
    type: str
    agregat: UUID | None
    emetteur: str
    role: str
    partition: str
    donnees: Mapping[str, Any]
    survenu_a: datetime
    recu_a: datetime
    sequence: int | None = None
    sequence_attendue: int | None = None
    trace: str | None = None
    correlation: str | None = None
    message: str | None = None
    empreinte: str | None = None
    agent: str | None = None
    brique: str | None = None
    effet: str | None = None
    partitions_ouvertes: Sequence[str] = ()
    cause: UUID | None = None
    au_repos: bool | None = None

    @property
    def position(self) -> tuple[str, UUID] | None:
        return (self.brique, self.agregat) if self.brique and self.agregat else None

    def en_json(self) -> dict[str, Any]:
        """The shape in which a deposit crosses the bus; `depuis_json` reads it back."""
        champs: dict[str, Any] = {nom: getattr(self, nom) for nom in self.__slots__}
        return {nom: valeur for nom, valeur in champs.items() if valeur is not None}

    @classmethod
    def depuis_json(cls, brut: Mapping[str, Any]) -> "Entree":
        """Raises ValueError, TypeError or KeyError when this is no entry."""
        champs = dict(brut)
        if not (isinstance(champs["donnees"], dict) and isinstance(champs["type"], str)):
            raise TypeError("an entry has a type and data")
        champs["id"] = UUID(champs["id"])
        champs |= {i: UUID(champs[i]) if champs.get(i) else None for i in ("agregat", "cause")}
        champs |= {i: datetime.fromisoformat(champs[i]) for i in ("survenu_a", "recu_a")}
        return cls(**champs)


@dataclass(frozen=True, slots=True)
class Fait:
    """A fact to record, as data of the message catalogue, published on the stream `flux`.
    `protege` (names, numbers) is stored in a vault and not published. `effet` is its first day, when that is to come.
    """

    type: str
    agregat: UUID
    partition: str
    donnees: Mapping[str, Any]
    protege: Mapping[str, Any] | None = None
    flux: str = "PARCOURS"
    effet: str | None = None


@dataclass(frozen=True, slots=True)
class FaitEnregistre:
    """A fact as recorded. `sequence` grows by one per aggregate; `cause` is the entry behind it, `agent` who acted."""

    id: UUID
    brique: str
    type: str
    agregat: UUID
    sequence: int
    partition: str
    donnees: Mapping[str, Any]
    source: str
    survenu_a: datetime
    cause: UUID
    correlation: str | None
    trace: str | None
    flux: str = "PARCOURS"
    agent: str | None = None
    effet: str | None = None

    @property
    def cle(self) -> UUID | None:
        """The parcours whose key seals it; None for a fact of no person, or of an erasure."""
        return self.agregat if self.flux == "PARCOURS" and not self.type.endswith(".efface") else None

    @property
    def sujet(self) -> str:
        return sujet_du_fait(self.partition, self.brique, self.type, self.agregat, self.flux)

    def evenement(self, precedents: str | None = None) -> dict[str, Any]:
        """The CloudEvent on the bus. Its `subject` is the internal id: pseudonyms are made at the door, per partner."""
        evenement: dict[str, Any] = {
            "specversion": "1.0",
            "id": str(self.id),
            "source": self.source,
            "type": type_cloudevents(self.type),
            "time": self.survenu_a.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "datacontenttype": "application/json",
            "subject": str(self.agregat),
            "departement": self.partition,
            "sequence": self.sequence,
            "brique": self.brique,
            "causeid": str(self.cause),
            "data": dict(self.donnees),
        }
        more = {"agent": self.agent, "correlationid": self.correlation, "traceparent": self.trace, "effet": self.effet}
        before = {} if precedents is None else {"precedents": precedents}
        return evenement | {name: value for name, value in more.items() if value} | before


class Sceaux(Protocol):
    """Seals and opens the tables of a service, each cell under the key of an aggregate (None: under the common key)."""

    async def preparer(self, agregats: Collection[UUID]) -> None:
        """Before the transaction that seals: it takes a connection, and gives it back."""

    async def sceller(self, conn: Any, table: str, rows: Sequence[tuple[UUID | None, UUID, bytes]]) -> list[bytes]:
        """The cells of these contents: key, row, content."""
        ...

    async def ouvrir(self, conn: Any, table: str, rows: Sequence[tuple[UUID, bytes | None]]) -> list[bytes | None]:
        """The contents of the cells of these rows; None for no cell, and for one that an erasure has closed."""
        ...


def sujet_du_fait(partition: str, brique: str, type_du_fait: str, agregat: UUID, flux: str = "PARCOURS") -> str:
    """`parcours.59.orientation.decidee.<hex>`; the noun stays when it is not the brique's (`referents.rdv-planifie`).
    Every token is made of our own codes or of hexadecimal digits, never of a partner's text (securite § 4.3)."""
    return f"{flux.lower()}.{partition.lower()}.{brique}.{nom_au_sujet(brique, type_du_fait)}.{agregat.hex}"


def nom_au_sujet(brique: str, type_du_fait: str) -> str:
    nom, _, verbe = type_du_fait.partition(".")
    return verbe if nom == brique else f"{nom}-{verbe}"


def sujet_de_la_decision(faits: Sequence[FaitEnregistre], ensembles: Collection[Sequence[str]] = ()) -> str:
    """`parcours.59.orientation.decidee.<hex>`: what one decision led to, on one aggregate. Of several types: their
    names (`a+b`) when they are one of `ensembles`, `plusieurs` otherwise."""
    *lieu, kind, agregat = faits[0].sujet.split(".")
    types = tuple(dict.fromkeys(fait.type for fait in faits))
    if len(types) > 1:
        kind = "+".join(dict.fromkeys(f.sujet.split(".")[-2] for f in faits)) if types in ensembles else PLUSIEURS
    return ".".join([*lieu, kind, agregat])
