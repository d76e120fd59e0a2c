"""A deposit between its bytes and the journal: read, its emitter checked, its references resolved."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from uuid_utils.compat import uuid7

from chassis import telemetry
from chassis.database import Pool
from chassis.facts import Entree, type_court
from coffre.keys import Vault
from gateway.inbound.deposit.cabinet import Cabinet
from gateway.inbound.deposit.dispatch import Dispatch
from gateway.inbound.deposit.journal import IN_FLIGHT, Journal
from gateway.inbound.deposit.receptions import Annule, Different, Incoming, Refused, Replayed
from gateway.inbound.deposit.store import NewDeposit, RefusedDeposit
from gateway.inbound.request import problems
from gateway.inbound.request.call import Call
from gateway.inbound.request.door import replayed_proof
from gateway.inbound.watching.exploration import SIGNALE, Exploration
from gateway.objets import Nomme
from gateway.pseudonyms import Pseudonyms, belonging
from relais_contrats import reception
from relais_contrats.catalogue import (
    ANNULATIONS,
    CATALOGUE,
    TypeMessage,
)
from relais_contrats.champs import nommer_objets, nommes_dans, objet_principal, referencer
from relais_contrats.droits import DU_SIGNALANT
from relais_contrats.enveloppe import Depot, avertissements
from relais_contrats.identifiants import ressemble_a_un_nir
from relais_contrats.lecture import (
    empreinte,
)
from relais_contrats.modele import Donnees
from relais_contrats.precisions import preciser
from relais_contrats.problemes import Problem
from relais_contrats.reception import ligne_de_refus, refuser_une_cle_du_hub

MAX_MESSAGE_BYTES = 256 * 1024
_SIGNALEMENT = CATALOGUE[SIGNALE].type_cloudevents
# Whether their emitter may be told who holds a number decides what they may say and what is answered.
_PARLENT_DE_NUMEROS = frozenset({SIGNALE, "usager.corrige"})


@dataclass(frozen=True, slots=True)
class Doorway:
    """What taking a deposit needs, whether it comes alone or with others."""

    pool: Pool
    journal: Journal
    dispatch: Dispatch
    cabinet: Cabinet
    pseudonyms: Pseudonyms
    exploration: Exploration
    vault: Vault
    base_url: str


def read(
    doorway: Doorway,
    call: Call,
    corps: bytes,
    *,
    is_decided_here: bool,
    attributs: Mapping[str, Any] | None = None,
) -> "Prepared":
    """Parse strictly, then check what needs no database: the emitter, its territory, its purposes.

    `attributs` in binary mode, where `corps` is the data alone. Raises a Problem that names the deposit as far as it
    could be read.
    """
    lu = reception.lire(call.partenaire, corps, attributs)
    call.agent, call.finalite = lu.depot.agent, lu.depot.finalite
    reception.admettre(call.demandeur, lu)
    with reception.nommant(lu.objet):
        if lu.depot.type == _SIGNALEMENT:
            doorway.exploration.signal(call.partenaire)
        warned = avertissements(lu.objet)
        hashed = empreinte(lu.objet)
        return Prepared(doorway, call, lu.depot, lu.donnees, hashed, warned, is_decided_here=is_decided_here)


class Prepared:
    """A deposit that was read: what the journal needs and, once journalled, what the service decides on.

    `is_decided_here`: its receiver waits for the decision; any replica may take it up at once otherwise. `warnings`
    are told with the answer, and with no later one.
    """

    def __init__(
        self,
        doorway: Doorway,
        call: Call,
        depot: Depot,
        donnees: Donnees,
        empreinte_hex: str,
        warned: list[dict[str, str]],
        *,
        is_decided_here: bool,
    ) -> None:
        self.message: TypeMessage = CATALOGUE[type_court(depot.type)]
        self.depot = depot
        self.warnings: dict[str, Any] = {"avertissements": warned} if warned else {}
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
        self._annule = self._cancelled(doorway.pseudonyms) if self.message.nom in ANNULATIONS else None
        self._principal = objet_principal(self.message.nom)
        refuser_une_cle_du_hub(self.message.nom, self._data)

    @property
    def parcours(self) -> UUID | None:
        """The parcours that the service will decide on, once journalled."""
        return self._entree.agregat if self._entree else None

    @property
    def is_journalled(self) -> bool:
        return self._entree is not None

    @property
    def entree(self) -> Entree:
        """What the service decides on. There is none before the journal has taken the deposit."""
        if self._entree is None:
            raise LookupError("not journalled")
        return self._entree

    def _parcours(self, pseudonyms: Pseudonyms, text: str, pointeur: str) -> UUID:
        parcours = pseudonyms.read(self._call.partenaire.code, text)
        if parcours is None:
            raise Problem("parcours-inconnu", erreurs=[ligne_de_refus("parcours-inconnu", pointeur)])
        return parcours

    def _cancelled(self, pseudonyms: Pseudonyms) -> Annule:
        texte = self._data["annule"]
        try:
            evenement = pseudonyms.read_event(self._call.partenaire.code, UUID(texte))
        except ValueError:
            evenement = None
        return Annule(texte, evenement)

    def _named(self, nature: str, texte: str) -> Nomme:
        assert self._subject is not None  # what has objects is about a parcours
        return Nomme(self._call.partenaire.code, self._subject, nature, texte)

    def incoming(self) -> Incoming:
        noms = [self._named(*nom) for nom in nommes_dans(self.message.nom, self._data)]
        champ, nature = self._principal or ("", "")
        principal = self._named(nature, self._data[champ]) if champ in self._data else None
        return Incoming(
            demandeur=self._call.demandeur,
            message=self.depot.id,
            empreinte=bytes.fromhex(self._empreinte),
            type=self.message.nom,
            departement=self.depot.departement,
            subject=self._subject,
            objets=frozenset(noms),
            principal=principal,
            references=frozenset(self._references.values()),
            usages=self._call.usages,
            seal=self._seal,
            annule=self._annule,
            versionattendue=self.depot.versionattendue,
        )

    def _seal(self, survivors: Mapping[UUID, UUID], keys: Mapping[Nomme, str]) -> NewDeposit:
        """Make the row. From here on, references are internal ids, of survivors, and objects have internal keys."""
        depot = self.depot
        subject = survivors.get(self._subject, self._subject) if self._subject else None
        resolved = {text: str(survivors.get(uuid, uuid)) for text, uuid in self._references.items()}
        reconnait_dans = self._call.reconnait_dans if self.message.nom in _PARLENT_DE_NUMEROS else []
        siens = sorted(self._call.partenaire.departements) if self.message.nom in DU_SIGNALANT else reconnait_dans
        annule = {"annule": str(self._annule.depot)} if self._annule else {}
        entree = Entree(
            id=uuid7(),
            nature="depot",
            type=self.message.nom,
            agregat=subject,
            emetteur=depot.source,
            role=self._call.partenaire.type_organisme,
            partition=depot.departement,
            donnees=nommer_objets(
                self.message.nom,
                referencer(self.message.nom, self._data, resolved.__getitem__),
                lambda nature, texte: keys[self._named(nature, texte)],
            )
            | annule,
            survenu_a=depot.time,
            recu_a=datetime.now(UTC),
            sequence_attendue=depot.versionattendue,
            trace=self._trace,
            correlation=belonging(self._call.partenaire.code, depot.correlationid) if depot.correlationid else None,
            agent=depot.agent,
            message=depot.id,
            empreinte=self._empreinte,
            partitions_ouvertes=siens,
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
            reconnait_dans=reconnait_dans,
            departement=depot.departement,
        )


def accepted(
    doorway: Doorway, call: Call, message: str, answer: Mapping[str, Any], sujet: str | None = None
) -> dict[str, Any]:
    """The answer to an accepted deposit, in its emitter's own names: where the hub names no parcours, that of the
    deposit's own subject."""
    parcours = answer["parcours"]
    return {
        "id": message,
        "etat": "accepte",
        "parcours": doorway.pseudonyms.of(call.partenaire.code, UUID(parcours)) if parcours else sujet,
        "evenements": answer["evenements"],
        "recu": answer["recu"],
    }


def refused_by_service(answer: Mapping[str, Any]) -> Problem:
    refus = answer["refus"]
    line = ligne_de_refus(refus["code"], refus["pointeur"])
    line = line._replace(message=f"{line.message} {preciser(refus['details'])}".rstrip())
    return Problem(refus["code"], erreurs=[line], extra={"details": refus["details"], "recu": answer["recu"]})


def refused_at_the_door(call: Call, problem: Problem, ligne: int | None = None) -> RefusedDeposit:
    """What the journal keeps of it: no value, and no key that the sender made up and that names somebody."""
    pointeurs = [e.pointeur for e in problems.listed(problem.erreurs) if not ressemble_a_un_nir(e.pointeur)]
    code = problem.code or problems.of_http(problem.status)[0]
    trace = telemetry.trace_id()
    return RefusedDeposit(
        call.partenaire.code, problem.message, problem.type, code, problem.status, pointeurs, ligne, trace
    )


def problem_of(reception: Different | Refused | Replayed) -> Problem:
    match reception:
        case Different(recorded=recorded, given=given):
            hashes = {"empreintes": {"enregistree": recorded, "presentee": given}}
            return Problem("contenu-different", erreurs=[ligne_de_refus("contenu-different", "/id")], extra=hashes)
        case Refused(code=code, pointeur=pointeur, phrase=phrase):
            line = ligne_de_refus(code, pointeur)
            return Problem(code, erreurs=[line._replace(message=phrase) if phrase else line])
        case Replayed():
            return replayed_proof()
