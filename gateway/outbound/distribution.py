"""Who receives which event of a batch: participations evolve event after event, with the rows that follow. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, assert_never
from uuid import UUID, uuid5

from chassis.facts import type_cloudevents
from chassis.ordering import Event
from gateway import entries
from gateway.fusions import Fusion
from gateway.objets import crees_par
from gateway.outbound.effects import (
    PRISES_D_EFFET,
    Absorbe,
    Accompagnants,
    Efface,
    Effet,
    Entre,
    Partira,
    Repertoire,
    Sort,
    accompagnants_apres,
    effets,
)
from gateway.outbound.order import Cause
from gateway.participations import Lieu, Participation, lieu_dit
from gateway.prescriptions import Cle, Suivie, roles_dans
from gateway.pseudonyms import belonging
from relais_contrats.catalogue import ABONNES_TERRITOIRE, ANNULATIONS, CATALOGUE, TypeMessage
from relais_contrats.champs import nommes_dans
from relais_contrats.droits import DIT_A_TOUS, FIN_IGNOREE, Demandeur, Ferme, Role, passer, recoit, situer, visible
from relais_contrats.partenaires import Partenaire

SOURCE = "/services/passerelle"
_FINS_DE_PRESCRIPTION = frozenset(
    {"prescription.refusee", "prescription.annulee", "prescription.expiree", "participation.terminee"}
)
PARTAGE = "parcours.partage"

Roles = dict[str, frozenset[Role]]
_NONE: frozenset[Role] = frozenset()


@dataclass(frozen=True, slots=True)
class Abonne:
    """A subscription as the fan-out sees it. `types` are short names; empty takes everything."""

    id: UUID
    partenaire: str
    types: frozenset[str]

    def prend(self, type_court: str) -> bool:
        return not self.types or type_court in self.types


@dataclass(frozen=True, slots=True)
class Evenement:
    id: UUID
    parcours: UUID
    type: str
    corps: Mapping[str, Any]


class SansDestinataire(StrEnum):
    """Why an event was told to nobody."""

    INTERNE = "interne"
    """It is not a message of the catalogue: the services say it among themselves."""
    EFFACEMENT = "effacement"
    """The person was erased before."""
    AUCUN_PARTICIPANT = "aucun-participant"
    """The parcours is open, and no partner of the hub takes part in it."""
    EMETTEUR_SEUL = "emetteur-seul"
    """Nobody takes part but who sent it."""
    HORS_DROITS = "hors-droits"
    """None of those who take part may receive it."""
    SANS_ABONNE = "sans-abonne"
    """It is of the offer, and nobody of its territory subscribed to it."""


@dataclass(frozen=True, slots=True)
class NonDistribue:
    evenement: UUID
    parcours: UUID
    type: str
    motif: SansDestinataire
    est_une_communication: bool

    @property
    def est_d_une_personne(self) -> bool:
        return self.motif is not SansDestinataire.SANS_ABONNE


@dataclass(frozen=True, slots=True)
class Livraison:
    """An event for one partner, with the roles that it holds then, and the subscriptions that push it."""

    partenaire: str
    evenement: UUID
    parcours: UUID
    type: str
    roles: frozenset[Role]
    abonnements: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Rappel:
    """What a cancelled deposit had led to: whose it was, one event of it, and who received it, with which roles."""

    depot: str
    evenement: UUID | None
    recepteurs: Roles


@dataclass
class Distribution:
    """Takes events in order; holds, in the end, all that the batch writes."""

    repertoire: Repertoire
    participants: dict[UUID, Roles]
    abonnes: Sequence[Abonne]
    causes: Mapping[UUID, Cause]
    accompagnants: dict[UUID, Accompagnants] = field(default_factory=dict)
    evenements: list[Evenement] = field(default_factory=list)
    livraisons: list[Livraison] = field(default_factory=list)
    sans_destinataire: list[NonDistribue] = field(default_factory=list)
    """Events that have no row in `evenements`: each is recorded all the same."""
    absorptions: list[Absorbe] = field(default_factory=list)
    effaces: dict[UUID, UUID] = field(default_factory=dict)
    """Erased parcours → the event that says so, which alone is kept."""
    rappels: Mapping[UUID, Rappel] = field(default_factory=dict)
    """By the deposit that an event of the batch cancels."""
    departs: list[Partira] = field(default_factory=list)
    revenus: set[tuple[UUID, str]] = field(default_factory=set)
    """Partners of a territory that enters: whoever was to leave stays."""
    forgotten: frozenset[UUID] = frozenset()
    """Erased before: what another brique told of them comes too late for everybody."""
    opposed: set[UUID] = field(default_factory=set)
    """Parcours whose person has objected, before or in this batch."""
    signalants: dict[UUID, list[tuple[UUID, str]]] = field(default_factory=dict)
    """Per parcours, (its name, partner) of those who signalled the person and were not told who she is."""
    prescriptions: dict[Cle, Suivie] = field(default_factory=dict)
    """Those that the events of the batch are about, as far as they were told before."""
    homonymes: frozenset[str] = frozenset()
    """Objects of merged parcours whose plain key another one has."""
    crees: list[tuple[str, str]] = field(default_factory=list)
    """Objects, by nature and internal key."""
    nouvelles: list[Suivie] = field(default_factory=list)
    finies: set[Cle] = field(default_factory=set)
    clos: set[UUID] = field(default_factory=set)
    territoires: dict[UUID, str] = field(default_factory=dict)
    """The département of each parcours of the batch, as far as it was told before."""
    lieux: list[Lieu] = field(default_factory=list)
    fusions: list[Fusion] = field(default_factory=list)
    """Those that the events of the batch follow from, or that stand on their parcours."""
    fusions_changees: dict[UUID, Fusion] = field(default_factory=dict)
    _suivie: Fusion | None = None
    """The merge that the event in hand tells or follows from."""

    def __post_init__(self) -> None:
        self._initial = _flat(self.participants)
        self.opposed_before = frozenset(self.opposed)

    @property
    def entered(self) -> list[Participation]:
        return sorted(_flat(self.participants) - self._initial, key=_order)

    @property
    def left(self) -> list[Participation]:
        return sorted(self._initial - _flat(self.participants), key=_order)

    def take(self, event: Event) -> None:
        message = CATALOGUE.get(event.type)
        if event.agregat in self.forgotten or event.agregat in self.effaces:
            return self._tell_nobody(event, SansDestinataire.EFFACEMENT)
        if event.type in PRISES_D_EFFET:
            return self._take_effect(event)
        if message is None:
            return self._tell_nobody(event, SansDestinataire.INTERNE)
        self._follow_fusion(event)
        self.crees += crees_par(event.type, event.body["data"])
        before = self._counting(event.agregat)
        self._move(event)
        accompagnants = self.accompagnants.get(event.agregat, frozenset())
        suite = self._unless_undone(
            effets(
                event,
                self.repertoire,
                self.participants,
                accompagnants,
                frozenset(code for _, code in self.signalants.get(event.agregat, ())),
                reconnait=self._reconnait(event),
            )
        )
        self._let_in(suite, event)
        self._follow_prescription(event, suite)
        if "effet" not in event.body:
            self.accompagnants[event.agregat] = accompagnants_apres(event.type, event.body["data"], accompagnants)
        if event.type == "usager.oppose":
            self.opposed.add(event.agregat)
        if ABONNES_TERRITOIRE in message.recepteurs:
            self._deliver(event, message, self._readers_of_the_offer(event))
        else:
            roles_of = self._concerned(event, _during(before, self._counting(event.agregat)) | self._arriving(event))
            roles_of = self._recalled(event) | roles_of
            self._deliver(event, message, roles_of)
            self._tell_signalants(event, roles_of)
        if event.agregat in self.effaces:
            self.participants[event.agregat] = {}
        return None

    def _tell_nobody(self, event: Event, motif: SansDestinataire) -> None:
        est_dit = not event.body["source"].startswith("/services/")
        self.sans_destinataire.append(NonDistribue(event.id, event.agregat, event.type, motif, est_dit))

    def _take_effect(self, event: Event) -> None:
        """The day has come: who enters is told what was decided, which the others know since then."""
        self._follow_fusion(event)
        before = self._counting(event.agregat)
        self._move(event)
        self._let_in(self._unless_undone(effets(event, self.repertoire, self.participants)), event)
        if event.type == "suivi.effectif":
            self.accompagnants[event.agregat] = accompagnants_apres(event.type, event.body["data"], frozenset())
        dit = PRISES_D_EFFET[event.type]
        after = self._counting(event.agregat)
        entrants = {code: held for code, held in after.items() if code not in before}
        if dit is None or not entrants:
            self._tell_nobody(event, SansDestinataire.INTERNE)
        else:
            body = {**event.body, "type": type_cloudevents(dit)}
            self._deliver(replace(event, type=dit, body=body), CATALOGUE[dit], entrants)

    def _follow_fusion(self, event: Event) -> None:
        cause = UUID(event.body["causeid"]) if "causeid" in event.body else None
        suivie = next((f for f in self.fusions if cause and (f.depot == cause or cause in f.suites)), None)
        if suivie:
            suivie.suites.add(event.id)
            self.fusions_changees[suivie.depot] = suivie
        self._suivie = suivie

    def _unless_undone(self, suite: Sequence[Effet]) -> Sequence[Effet]:
        """Who took part before a merge that is undone does again already: what follows from it comes too late."""
        return [] if self._suivie and self._suivie.est_defaite else suite

    def _keep_fusion(self, effet: Absorbe, event: Event) -> None:
        """Who takes part just before it. Told twice (`usager.rapproche` merges too), it is kept once."""
        if self._suivie or "causeid" not in event.body:
            return
        fusion = Fusion(
            UUID(event.body["causeid"]),
            effet.survivant,
            effet.absorbes,
            {absorbe: dict(self.participants.get(absorbe, {})) for absorbe in effet.absorbes},
            effet.survivant in self.opposed,
            {event.id},
        )
        self.fusions.append(fusion)
        self.fusions_changees[fusion.depot] = fusion
        self._suivie = fusion

    def _note_entry(self, effet: Entre, held: frozenset[Role]) -> None:
        """A role that a merge gives goes with it, unless it is given again for a reason of its own."""
        for fusion in self.fusions:
            if fusion.survivant != effet.parcours or fusion.est_defaite:
                continue
            if fusion is not self._suivie:
                fusion.confirme(effet.partenaire.code, effet.role)
            elif effet.role not in held:
                fusion.apporte(effet.partenaire.code, effet.role)
            self.fusions_changees[fusion.depot] = fusion

    def _let_in(self, suite: Sequence[Effet], event: Event) -> None:
        """Apply the effects; then tell those who are new on the parcours, with all that they hold there."""
        newcomers = [effet for effet in suite if self._apply(effet, event) and isinstance(effet, Entre)]
        for newcomer in newcomers:
            self._share(newcomer, event)

    def _move(self, event: Event) -> None:
        lieu = lieu_dit(event.type, event.agregat, event.sequence, event.body)
        if lieu and entries.est_accueilli(lieu.departement, self.repertoire):
            self.territoires[lieu.parcours] = lieu.departement
            self.lieux.append(lieu)

    def _counting(self, parcours: UUID) -> Roles:
        """The roles held on a parcours as they count where it is at this moment of the batch."""
        held = self.participants.get(parcours, {})
        return {code: roles for code, all_ in held.items() if (roles := self._situated(parcours, code, all_))}

    def _situated(self, parcours: UUID, code: str, roles: frozenset[Role]) -> frozenset[Role]:
        partenaire = self.repertoire.partenaire(code)
        if partenaire is None:
            return _NONE
        told = roles | {Role.OPPOSITION} if parcours in self.opposed else roles
        departement = self.territoires.get(parcours)
        return situer(partenaire.type_organisme, partenaire.departements, told, departement)

    def _reconnait(self, event: Event) -> bool:
        """Whether the emitter of the deposit behind the event may be told whom it is about."""
        cause = self._cause(event)
        role = entries.role_du_signalant(event.body["departement"], cause.reconnait_dans) if cause else None
        return role is Role.EMETTEUR

    def _cause(self, event: Event) -> Cause | None:
        return self.causes.get(UUID(event.body["causeid"])) if "causeid" in event.body else None

    def _tell_signalants(self, event: Event, roles_of: Roles) -> None:
        """What ends the sharing is told to whoever keeps a copy of what it sent, under its own name of the person."""
        if event.type not in DIT_A_TOUS:
            return
        for nom, code in self.signalants.get(event.agregat, ()):
            partenaire = self.repertoire.partenaire(code)
            if partenaire and roles_of.get(code, _NONE) <= {Role.SIGNALANT}:
                self._keep(event, self._cause(event))
                self._add(partenaire, event.id, nom, event.type, frozenset({Role.SIGNALANT}))

    def _follow_prescription(self, event: Event, suite: Sequence[Effet]) -> None:
        """Who is concerned is known from the emission on; the end starts the thirty days."""
        cle = cle_de(event)
        if event.type == "parcours.clos":
            self.clos.add(event.agregat)
        elif cle and event.type == "prescription.emise":
            structures = frozenset(effet.partenaire.code for effet in suite if isinstance(effet, Entre))
            nouvelle = Suivie(*cle, event.body["source"].rpartition("/")[2], structures)
            self.prescriptions[cle] = nouvelle
            self.nouvelles.append(nouvelle)
        elif cle and event.type in _FINS_DE_PRESCRIPTION:
            self.finies.add(cle)

    def _concerned(self, event: Event, roles_of: Roles) -> Roles:
        """What is told of a prescription goes to its own structure and emitter, not to those of another one."""
        cle = cle_de(event)
        if cle is None:
            return roles_of
        suivie = self.prescriptions.get(cle)
        return {code: roles_dans(suivie, code, held) for code, held in roles_of.items()}

    def _arriving(self, event: Event) -> Roles:
        """The département in which a person was signalled hears of it, and takes no part before it is confirmed."""
        if event.type != "transfert.signale":
            return {}
        nouveaux = self.repertoire.du_territoire(event.body["data"]["departement_nouveau"], ["departement"])
        return {partenaire.code: frozenset({Role.TITULAIRE, Role.SUR_PLACE}) for partenaire in nouveaux}

    def _recalled(self, event: Event) -> Roles:
        """Who received what is cancelled, and may have left since, receives the correction as it received that."""
        rappel = self._rappel(event)
        return dict(rappel.recepteurs) if rappel else {}

    def _rappel(self, event: Event) -> Rappel | None:
        """What is cancelled may have been told a moment ago, in this very batch."""
        rappel = self.rappels.get(UUID(event.body["data"]["annule"])) if event.type in ANNULATIONS else None
        if rappel is None:
            return None
        dits = [dit.id for dit in self.evenements if dit.corps.get("causeid") == rappel.depot]
        recents = {d.partenaire: d.roles for d in self.livraisons if d.evenement in dits}
        evenement = dits[-1] if dits else rappel.evenement
        return replace(rappel, evenement=evenement, recepteurs={**rappel.recepteurs, **recents})

    def _apply(self, effet: Effet, event: Event) -> bool:
        """Apply an effect; whether a partner that is new on the parcours must be told so."""
        match effet:
            case Entre(parcours=parcours, partenaire=partenaire, role=role, motif=motif):
                if role is Role.TERRITOIRE:
                    self.revenus.add((parcours, partenaire.code))
                    self.departs = [
                        d for d in self.departs if (d.parcours, d.partenaire) != (parcours, partenaire.code)
                    ]
                held = self._held(parcours, partenaire.code)
                self._note_entry(effet, held)
                self._set(parcours, partenaire.code, held | {role})
                return not held - {Role.SIGNALANT} and motif is not None
            case Sort(parcours=parcours, partenaire=code, role=role):
                self._set(parcours, code, self._held(parcours, code) - {role})
            case Partira():
                self.revenus.discard((effet.parcours, effet.partenaire))
                self.departs.append(effet)
            case Absorbe(survivant=survivant, absorbes=absorbes):
                self._keep_fusion(effet, event)
                self.absorptions.append(effet)
                noms = [nom for absorbe in absorbes for nom in self.signalants.get(absorbe, ())]
                self.signalants[survivant] = list({*self.signalants.get(survivant, ()), *noms})
                if not self.opposed.isdisjoint(absorbes):
                    self.opposed.add(survivant)
            case Efface(parcours=parcours):
                self.effaces[parcours] = event.id
            case _:
                assert_never(effet)
        return False

    def _share(self, effet: Entre, event: Event) -> None:
        """Tell a partner that it takes part from now on; its id comes from the event, so that a retry repeats it."""
        partenaire = effet.partenaire
        held = self._held(effet.parcours, partenaire.code)
        roles = self._situated(effet.parcours, partenaire.code, held)
        passage = passer(_destinataire(partenaire), roles, CATALOGUE[PARTAGE])
        if isinstance(passage, Ferme):
            return
        role = partenaire.type_organisme if effet.role is Role.TERRITOIRE else effet.role.value
        identifier = uuid5(event.id, f"{PARTAGE} {effet.parcours} {partenaire.code}")
        corps = {
            "specversion": "1.0",
            "id": str(identifier),
            "source": SOURCE,
            "type": type_cloudevents(PARTAGE),
            "time": event.body["time"],
            "datacontenttype": "application/json",
            "subject": str(effet.parcours),
            "departement": event.body["data"].get("departement_nouveau", event.body["departement"]),
            "causeid": str(event.id),
            "data": {"motif": effet.motif, "role": role} | self._former_names(effet.parcours, partenaire.code),
        }
        if "traceparent" in event.body:
            corps["traceparent"] = event.body["traceparent"]
        self.evenements.append(Evenement(identifier, effet.parcours, PARTAGE, corps))
        self._add(partenaire, identifier, effet.parcours, PARTAGE, roles)

    def _former_names(self, parcours: UUID, code: str) -> dict[str, Any]:
        """Under which the partner signalled the person: they go on leading to the parcours."""
        noms = [str(nom) for nom, qui in self.signalants.get(parcours, ()) if qui == code and nom != parcours]
        return {"anciens": noms} if noms else {}

    def _deliver(self, event: Event, message: TypeMessage, roles_of: Roles) -> None:
        cause = self._cause(event)
        wanted = list(self._receivers(event, message, roles_of, cause))
        if not wanted:
            return self._tell_nobody(event, _why_nobody(event, message, roles_of))
        self._keep(event, cause)
        for partenaire, roles in wanted:
            self._add(partenaire, event.id, event.agregat, event.type, roles)
        return None

    def _keep(self, event: Event, cause: Cause | None) -> None:
        causeid = {"causeid": belonging(cause.partenaire, cause.message)} if cause else {}
        corps = dict(event.body) | causeid | self._homonyms_of(event)
        if rappel := self._rappel(event):
            corps["annule"] = {"depot": rappel.depot, "evenement": str(rappel.evenement or event.id)}
        self.evenements.append(Evenement(event.id, event.agregat, event.type, corps))

    def _homonyms_of(self, event: Event) -> dict[str, list[str]]:
        """Kept with the event, so that it reads the same at each delivery."""
        homonymes = [cle for _, cle in nommes_dans(event.type, event.body["data"]) if cle in self.homonymes]
        return {"homonymes": homonymes} if homonymes else {}

    def _receivers(
        self, event: Event, message: TypeMessage, roles_of: Mapping[str, frozenset[Role]], cause: Cause | None
    ) -> Iterator[tuple[Partenaire, frozenset[Role]]]:
        for code, roles in sorted(roles_of.items()):
            partenaire = self.repertoire.partenaire(code)
            if partenaire is None or partenaire.source == event.body["source"]:
                continue
            est_la_cause = cause is not None and cause.partenaire == code
            is_receiver = recoit(message, partenaire.type_organisme, roles, est_la_cause=est_la_cause)
            if is_receiver and _sees(partenaire, roles, event):
                yield partenaire, roles

    def _readers_of_the_offer(self, event: Event) -> Roles:
        """Partners of the territory that subscribed to this very type: the offer is too large for everybody's feed."""
        readers: Roles = {}
        for abonne in self.abonnes:
            partenaire = self.repertoire.partenaire(abonne.partenaire)
            if partenaire and event.type in abonne.types and event.body["departement"] in partenaire.departements:
                readers[partenaire.code] = frozenset({Role.ABONNE})
        return readers

    def _add(self, partenaire: Partenaire, evenement: UUID, parcours: UUID, type_: str, roles: frozenset[Role]) -> None:
        abonnements = tuple(a.id for a in self.abonnes if a.partenaire == partenaire.code and a.prend(type_))
        self.livraisons.append(Livraison(partenaire.code, evenement, parcours, type_, roles, abonnements))

    def _held(self, parcours: UUID, code: str) -> frozenset[Role]:
        return self.participants.get(parcours, {}).get(code, _NONE)

    def _set(self, parcours: UUID, code: str, roles: frozenset[Role]) -> None:
        held = self.participants.setdefault(parcours, {})
        if roles:
            held[code] = roles
        else:
            held.pop(code, None)


def cle_de(event: Event) -> Cle | None:
    """The prescription that an event is about."""
    if CATALOGUE[event.type].brique != "offres" or "prescription_id" not in event.body["data"]:
        return None
    return (event.agregat, event.body["data"]["prescription_id"])


def _why_nobody(event: Event, message: TypeMessage, roles_of: Roles) -> SansDestinataire:
    if ABONNES_TERRITOIRE in message.recepteurs:
        return SansDestinataire.SANS_ABONNE
    if not roles_of:
        return SansDestinataire.AUCUN_PARTICIPANT
    if {f"/partenaires/{code}" for code in roles_of} == {event.body["source"]}:
        return SansDestinataire.EMETTEUR_SEUL
    return SansDestinataire.HORS_DROITS


def _sees(partenaire: Partenaire, roles: frozenset[Role], event: Event) -> bool:
    return visible(_destinataire(partenaire), roles, event.type, event.body["data"]) is not None


def _destinataire(partenaire: Partenaire) -> Demandeur:
    """With its widest scopes, whether its conventions have ended or not: that is looked at when something leaves."""
    return Demandeur(partenaire, partenaire.scopes, FIN_IGNOREE)


def _during(before: Roles, after: Roles) -> Roles:
    """Whoever took part just before or just after: the event that ends a participation is its last one."""
    return {code: before.get(code, _NONE) | after.get(code, _NONE) for code in before.keys() | after.keys()}


def _flat(participants: Mapping[UUID, Roles]) -> set[Participation]:
    return {
        Participation(parcours, code, role)
        for parcours, roles_of in participants.items()
        for code, roles in roles_of.items()
        for role in roles
    }


def _order(participation: Participation) -> tuple[UUID, str, str]:
    return (participation.parcours, participation.partenaire, participation.role)
