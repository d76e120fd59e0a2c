"""The prescriptions that the events of a batch are about: whom each concerns, and which are over. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from chassis.ordering import Event
from gateway.outbound.effects import Effet, Entre
from gateway.outbound.told import Roles
from gateway.prescriptions import Cle, Suivie, roles_dans
from relais_contrats.catalogue import CATALOGUE

_ENDS = frozenset({"prescription.refusee", "prescription.annulee", "prescription.expiree", "participation.terminee"})


@dataclass
class Prescribed:
    """`known`: as far as they were told before."""

    known: dict[Cle, Suivie] = field(default_factory=dict)
    new: list[Suivie] = field(default_factory=list)
    ended: set[Cle] = field(default_factory=set)
    closed: set[UUID] = field(default_factory=set)
    """Parcours: all their prescriptions are over."""

    def follow(self, event: Event, suite: Sequence[Effet]) -> None:
        """Who is concerned is known from the emission on; the end starts the thirty days."""
        cle = cle_de(event)
        if event.type == "parcours.clos":
            self.closed.add(event.agregat)
        elif cle and event.type == "prescription.emise":
            structures = frozenset(effet.partenaire.code for effet in suite if isinstance(effet, Entre))
            nouvelle = Suivie(*cle, event.body["source"].rpartition("/")[2], structures)
            self.known[cle] = nouvelle
            self.new.append(nouvelle)
        elif cle and event.type in _ENDS:
            self.ended.add(cle)

    def concerned(self, event: Event, roles_of: Roles) -> Roles:
        """What is told of a prescription goes to its own structure and emitter, not to those of another one."""
        cle = cle_de(event)
        if cle is None:
            return roles_of
        suivie = self.known.get(cle)
        return {code: roles_dans(suivie, code, held) for code, held in roles_of.items()}


def cle_de(event: Event) -> Cle | None:
    """The prescription that an event is about."""
    if CATALOGUE[event.type].brique != "offres" or "prescription_id" not in event.body["data"]:
        return None
    return (event.agregat, event.body["data"]["prescription_id"])
