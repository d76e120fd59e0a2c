"""A deposit between its bytes and the journal: read, its emitter checked, its references resolved."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
from uuid_utils.compat import uuid7

from chassis import telemetry
from chassis.database import Pool
from chassis.facts import Entree, type_court
from gateway.inbound.dispatch import Dispatch
from gateway.inbound.door import Call, replayed_proof
from gateway.inbound.journal import IN_FLIGHT, Cabinet, Different, Incoming, Journal, Refused, Replayed
from gateway.inbound.problems import Problem
from gateway.inbound.store import NewDeposit
from gateway.pseudonyms import Pseudonyms
from gateway.rights import refus_d_emettre
from relais_contrats.catalogue import CATALOGUE, EMETTEUR_PRESCRIPTION, STRUCTURE_SERVICE, TypeMessage
from relais_contrats.champs import referencer
from relais_contrats.enveloppe import Depot
from relais_contrats.lecture import Erreur, MessageIllisible, MessageInvalide, empreinte, lire_json, lire_objet
from relais_contrats.modele import Donnees
from relais_contrats.refus import REFUS

MAX_MESSAGE_BYTES = 256 * 1024
_PARIS = ZoneInfo("Europe/Paris")
_SUITES = frozenset({STRUCTURE_SERVICE, EMETTEUR_PRESCRIPTION})


@dataclass(frozen=True, slots=True)
class Doorway:
    """What taking a deposit needs, whether it comes alone or with others."""

    pool: Pool
    journal: Journal
    dispatch: Dispatch
    cabinet: Cabinet
    pseudonyms: Pseudonyms
    base_url: str


def read(doorway: Doorway, call: Call, corps: bytes, *, is_decided_here: bool) -> "Prepared":
    """Parse strictly, then check what needs no database: the emitter, its territory, its purposes. Raises Problem."""
    try:
        objet = lire_json(corps)
        depot, donnees = lire_objet(objet)
    except MessageIllisible as illisible:
        raise Problem(status=400, detail=str(illisible)) from illisible
    except MessageInvalide as invalide:
        raise Problem(invalide.code, erreurs=invalide.erreurs) from invalide
    call.agent, call.finalite = depot.agent, depot.finalite
    if depot.source != call.partenaire.source:
        raise Problem("emetteur-inconnu", erreurs=[refusal_line("emetteur-inconnu", "/source")])
    refus = refus_d_emettre(call.partenaire, depot.departement, depot.finalite, datetime.now(_PARIS).date())
    if refus:
        raise Problem(refus[0], erreurs=[refusal_line(*refus)])
    return Prepared(doorway, call, depot, donnees, empreinte(objet), is_decided_here=is_decided_here)


class Prepared:
    """A deposit that was read: what the journal needs and, once journalled, what the service decides on.

    `is_decided_here`: its receiver waits for the decision; any replica may take it up at once otherwise.
    """

    def __init__(
        self,
        doorway: Doorway,
        call: Call,
        depot: Depot,
        donnees: Donnees,
        empreinte_hex: str,
        *,
        is_decided_here: bool,
    ) -> None:
        self.message: TypeMessage = CATALOGUE[type_court(depot.type)]
        self.depot = depot
        self._entree: Entree | None = None
        self._call = call
        self._empreinte = empreinte_hex
        self._lease = IN_FLIGHT if is_decided_here else timedelta(0)
        self._cabinet = doorway.cabinet
        self._trace = telemetry.traceparent()
        self._data = donnees.en_json()
        self._references: dict[str, UUID] = {}
        self._subject = self._parcours(doorway.pseudonyms, depot.subject, "/subject") if depot.subject else None

        def note(reference: str) -> str:
            self._references[reference] = self._parcours(doorway.pseudonyms, reference, "/data")
            return reference

        referencer(self.message.nom, self._data, note)

    @property
    def parcours(self) -> UUID | None:
        """The parcours that the service will decide on, once journalled."""
        return self._entree.agregat if self._entree else None

    @property
    def entree(self) -> Entree:
        """What the service decides on. There is none before the journal has taken the deposit."""
        if self._entree is None:
            raise LookupError("not journalled")
        return self._entree

    def _parcours(self, pseudonyms: Pseudonyms, text: str, pointeur: str) -> UUID:
        parcours = pseudonyms.read(self._call.partenaire.code, text)
        if parcours is None:
            raise Problem("parcours-inconnu", erreurs=[refusal_line("parcours-inconnu", pointeur)])
        return parcours

    def incoming(self) -> Incoming:
        return Incoming(
            partenaire=self._call.partenaire,
            message=self.depot.id,
            empreinte=bytes.fromhex(self._empreinte),
            type=self.message.nom,
            subject=self._subject,
            prescription=self._data["prescription_id"] if _SUITES & self.message.roles_emetteurs else None,
            references=frozenset(self._references.values()),
            usages=self._call.usages,
            seal=self._seal,
        )

    def _seal(self, survivors: Mapping[UUID, UUID]) -> NewDeposit:
        """Make the row. From here on, references are internal ids, of survivors."""
        depot = self.depot
        subject = survivors.get(self._subject, self._subject) if self._subject else None
        resolved = {text: str(survivors.get(uuid, uuid)) for text, uuid in self._references.items()}
        entree = Entree(
            id=uuid7(),
            nature="depot",
            type=self.message.nom,
            agregat=subject,
            emetteur=depot.source,
            role=self._call.partenaire.type_organisme,
            partition=depot.departement,
            donnees=referencer(self.message.nom, self._data, resolved.__getitem__),
            survenu_a=depot.time,
            recu_a=datetime.now(UTC),
            sequence_attendue=depot.versionattendue,
            trace=self._trace,
            correlation=depot.correlationid,
            message=depot.id,
            empreinte=self._empreinte,
        )
        self._entree = entree
        return NewDeposit(
            id=entree.id,
            partenaire=self._call.partenaire.code,
            message=depot.id,
            empreinte=bytes.fromhex(self._empreinte),
            type=self.message.nom,
            brique=self.message.brique,
            parcours=subject,
            agent=depot.agent,
            finalite=depot.finalite,
            corps=self._cabinet.seal(self.entree.id, orjson.dumps(self.entree.en_json())),
            trace=self._trace,
            prochain_essai=entree.recu_a + self._lease,
        )


def accepted(doorway: Doorway, call: Call, message: str, answer: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to an accepted deposit, in its emitter's own names."""
    parcours = answer["parcours"]
    return {
        "id": message,
        "etat": "accepte",
        "parcours": doorway.pseudonyms.of(call.partenaire.code, UUID(parcours)) if parcours else None,
        "evenements": answer["evenements"],
        "recu": answer["recu"],
    }


def refused_by_service(answer: Mapping[str, Any]) -> Problem:
    refus = answer["refus"]
    line = refusal_line(refus["code"], refus["pointeur"])
    return Problem(refus["code"], erreurs=[line], extra={"details": refus["details"], "recu": answer["recu"]})


def refusal_line(code: str, pointeur: str) -> Erreur:
    return Erreur(pointeur, code, REFUS[code].explication)


def problem_of(reception: Different | Refused | Replayed) -> Problem:
    match reception:
        case Different(recorded=recorded, given=given):
            hashes = {"empreintes": {"enregistree": recorded, "presentee": given}}
            return Problem("contenu-different", erreurs=[refusal_line("contenu-different", "/id")], extra=hashes)
        case Refused(code=code, pointeur=pointeur):
            return Problem(code, erreurs=[refusal_line(code, pointeur)])
        case Replayed():
            return replayed_proof()
