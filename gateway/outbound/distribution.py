"""Who receives which event of a batch: participations evolve event after event, with the rows that follow. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import assert_never
from uuid import UUID

from chassis.facts import type_cloudevents
from chassis.ordering import Event
from gateway import entries, participations
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
from gateway.outbound.merges import Merges
from gateway.outbound.order import Cause
from gateway.outbound.prescribed import Prescribed
from gateway.outbound.receivers import (
    arriving,
    destinataire,
    during,
    readers_of_the_offer,
    receivers,
    why_nobody,
)
from gateway.outbound.sharing import PARTAGE, partage
from gateway.outbound.told import Abonne, Evenement, Livraison, NonDistribue, Rappel, Roles, SansDestinataire
from gateway.participations import Lieu, Participation, lieu_dit
from gateway.pseudonyms import belonging
from relais_contrats.catalogue import ABONNES_TERRITOIRE, ANNULATIONS, CATALOGUE, TypeMessage
from relais_contrats.champs import nommes_dans
from relais_contrats.droits import DIT_A_TOUS, Ferme, Role, passer, situer
from relais_contrats.partenaires import Partenaire

_NONE: frozenset[Role] = frozenset()


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
    prescriptions: Prescribed = field(default_factory=Prescribed)
    homonymes: frozenset[str] = frozenset()
    """Objects of merged parcours whose plain key another one has."""
    crees: list[tuple[str, str]] = field(default_factory=list)
    """Objects, by nature and internal key."""
    territoires: dict[UUID, str] = field(default_factory=dict)
    """The département of each parcours of the batch, as far as it was told before."""
    lieux: list[Lieu] = field(default_factory=list)
    fusions: Merges = field(default_factory=Merges)

    def __post_init__(self) -> None:
        self._initial = participations.rows(self.participants)
        self.opposed_before = frozenset(self.opposed)

    @property
    def entered(self) -> list[Participation]:
        return sorted(participations.rows(self.participants) - self._initial, key=participations.in_order)

    @property
    def left(self) -> list[Participation]:
        return sorted(self._initial - participations.rows(self.participants), key=participations.in_order)

    def take(self, event: Event) -> None:
        message = CATALOGUE.get(event.type)
        if event.agregat in self.forgotten or event.agregat in self.effaces:
            return self._tell_nobody(event, SansDestinataire.EFFACEMENT)
        if event.type in PRISES_D_EFFET:
            return self._take_effect(event)
        if message is None:
            return self._tell_nobody(event, SansDestinataire.INTERNE)
        self.fusions.follow(event)
        self.crees += crees_par(event.type, event.body["data"])
        before = self._counting(event.agregat)
        self._move(event)
        accompagnants = self.accompagnants.get(event.agregat, frozenset())
        suite = self.fusions.unless_undone(
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
        self.prescriptions.follow(event, suite)
        if "effet" not in event.body:
            self.accompagnants[event.agregat] = accompagnants_apres(event.type, event.body["data"], accompagnants)
        if event.type == "usager.oppose":
            self.opposed.add(event.agregat)
        if ABONNES_TERRITOIRE in message.recepteurs:
            self._deliver(event, message, readers_of_the_offer(self.repertoire, self.abonnes, event))
        else:
            present = during(before, self._counting(event.agregat)) | arriving(self.repertoire, event)
            roles_of = self._recalled(event) | self.prescriptions.concerned(event, present)
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
        self.fusions.follow(event)
        before = self._counting(event.agregat)
        self._move(event)
        self._let_in(self.fusions.unless_undone(effets(event, self.repertoire, self.participants)), event)
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
                self.fusions.note_entry(effet, held)
                self._set(parcours, partenaire.code, held | {role})
                return not held - {Role.SIGNALANT} and motif is not None
            case Sort(parcours=parcours, partenaire=code, role=role):
                self._set(parcours, code, self._held(parcours, code) - {role})
            case Partira():
                self.revenus.discard((effet.parcours, effet.partenaire))
                self.departs.append(effet)
            case Absorbe(survivant=survivant, absorbes=absorbes):
                self.fusions.keep(effet, event, self.participants, self.opposed)
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
        """Tell a partner that it takes part from now on."""
        partenaire = effet.partenaire
        roles = self._situated(effet.parcours, partenaire.code, self._held(effet.parcours, partenaire.code))
        if isinstance(passer(destinataire(partenaire), roles, CATALOGUE[PARTAGE]), Ferme):
            return
        notice = partage(effet, event, self.signalants.get(effet.parcours, ()))
        self.evenements.append(notice)
        self._add(partenaire, notice.id, effet.parcours, PARTAGE, roles)

    def _deliver(self, event: Event, message: TypeMessage, roles_of: Roles) -> None:
        cause = self._cause(event)
        wanted = list(receivers(self.repertoire, event, message, roles_of, cause))
        if not wanted:
            return self._tell_nobody(event, why_nobody(event, message, roles_of))
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
