"""The events of every brique, this one's included, as published. The view is made of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeAlias
from uuid import UUID

Json: TypeAlias = Mapping[str, Any]
NOUS = "feuille_de_route"
DEPLACE = 0
"""The sequence of what was told of another parcours: among what was told of this one, the ids say when."""
REPRISE = "reprise.declaree"
"""Told by `orientation` for all: its parts belong to several briques."""


@dataclass(frozen=True, slots=True)
class Recu:
    """An event about a parcours. `donnees` is the document of its contract, shown as published.

    `id` is a UUIDv7: between briques, whose sequences say nothing of each other, its order is that of the recording.
    `auteur` is the CloudEvents source. `effet` is the day from which it holds, when it was published before.
    """

    id: UUID
    parcours: UUID
    brique: str
    sequence: int
    type: str
    departement: str
    auteur: str
    survenu_a: datetime
    donnees: Json
    effet: date | None = None
    cause: UUID | None = None
    """The deposit, or the event, that led to it."""

    @property
    def vient_d_un_partenaire(self) -> bool:
        """Whether a partner deposited it. An event that a service publishes by itself bears the name of the service."""
        return not self.auteur.startswith("/services/")

    @property
    def objet(self) -> str:
        """The key of the object that it is about; empty when it is about none."""
        return str(self.donnees.get(_OBJETS.get(self.type.partition(".")[0], ""), ""))


# What the messages of a kind are about, of the objects that go with a parcours.
_OBJETS = {
    "objectif": "objectif_id",
    "action": "action_id",
    "rdv": "rdv_id",
    "prescription": "prescription_id",
    "participation": "prescription_id",
    "manquement": "manquement_id",
    "sanction": "sanction_id",
}
_REDISENT = frozenset({"objectif", "action", "rdv", "prescription", "participation"})
_FONDENT = frozenset({"objectif.ajoute", "action.ajoutee", "prescription.emise"})


def avec(recus: Sequence[Recu], recu: Recu) -> tuple[Recu, ...]:
    """Add an event. If it restates an object whole, drop the earlier ones but the first, whose author the view names.
    Events that a service published by itself stay: they may be cancelled."""
    if recu.type.partition(".")[0] not in _REDISENT or not recu.vient_d_un_partenaire or recu.effet:
        return (*recus, recu)
    return (*(ancien for ancien in recus if not _est_redit(ancien, recu)), recu)


def _est_redit(ancien: Recu, recu: Recu) -> bool:
    return (
        (ancien.brique, ancien.parcours, ancien.objet) == (recu.brique, recu.parcours, recu.objet)
        and ancien.id < recu.id
        and ancien.type not in _FONDENT
        and ancien.vient_d_un_partenaire
        and ancien.effet is None
    )


Cle: TypeAlias = tuple[UUID, str]
"""An object that its emitter named: the parcours in which it was created, and its key there."""


def cle_de(connus: Mapping[Cle, object], parcours: UUID, nom: str) -> Cle:
    """The object that an event names: the one of its own parcours, else the latest of a parcours merged with it."""
    propre = (parcours, nom)
    if propre in connus:
        return propre
    return next((cle for cle in reversed(list(connus)) if cle[1] == nom), propre)
