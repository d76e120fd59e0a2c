"""What enters a decision and what leaves it, and the event that tells it on the bus (CloudEvents 1.0, JSON)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

NAMESPACE = "fr.insertion"
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

    `id` is its identity in the inbox; `agregat` is None when the message opens one; `emetteur` is the CloudEvents
    source (`/partenaires/cd-59`, `/services/usagers`); `role` the kind of organisation that sent it (`hub` for ours).
    `message` and `empreinte` are the sender's own id of a deposit and the SHA-256 of what it sent.
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

    def en_json(self) -> dict[str, Any]:
        """The shape in which a deposit crosses the bus; `depuis_json` reads it back."""
        champs: dict[str, Any] = {nom: getattr(self, nom) for nom in self.__slots__}
        return {nom: valeur for nom, valeur in champs.items() if valeur is not None}

    @classmethod
    def depuis_json(cls, brut: Mapping[str, Any]) -> "Entree":
        champs = dict(brut)
        champs["id"] = UUID(champs["id"])
        champs["agregat"] = UUID(champs["agregat"]) if champs.get("agregat") else None
        champs["survenu_a"] = datetime.fromisoformat(champs["survenu_a"])
        champs["recu_a"] = datetime.fromisoformat(champs["recu_a"])
        return cls(**champs)


@dataclass(frozen=True, slots=True)
class Fait:
    """A fact to record: what happened to which aggregate, as data of the message catalogue; `flux` is its stream.

    `protege` is what must not travel on the bus (names, numbers): the service that has a vault keeps it, encrypted,
    under the id of the fact.
    """

    type: str
    agregat: UUID
    partition: str
    donnees: Mapping[str, Any]
    protege: Mapping[str, Any] | None = None
    flux: str = "PARCOURS"


@dataclass(frozen=True, slots=True)
class FaitEnregistre:
    """A fact as recorded. `sequence` grows by one per aggregate; `cause` is the entry that led to it."""

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

    @property
    def sujet(self) -> str:
        return sujet_du_fait(self.partition, self.brique, self.type, self.agregat, self.flux)

    def evenement(self) -> dict[str, Any]:
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
        optional = {"correlationid": self.correlation, "traceparent": self.trace}
        return evenement | {name: value for name, value in optional.items() if value}


def sujet_du_fait(partition: str, brique: str, type_du_fait: str, agregat: UUID, flux: str = "PARCOURS") -> str:
    """Bus subject of a fact: `parcours.59.orientation.decidee.<hex>`; the noun is kept when it is not the brique's.

    Every token is made of our own codes or of hexadecimal digits, never of a partner's text (securite § 4.3).
    """
    nom, _, verbe = type_du_fait.partition(".")
    fait = verbe if nom == brique else f"{nom}-{verbe}"
    return f"{flux.lower()}.{partition.lower()}.{brique}.{fait}.{agregat.hex}"
