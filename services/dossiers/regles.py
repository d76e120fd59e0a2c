"""The one table of a service: the rule and the fold of each message, by its type. Stdlib only, so that domains use it.

A rule decides on a `Recu`; it returns facts, a refusal, or a wait. A fact that is published is a `Dit`; any other is a
frozen dataclass with `parcours`, declared beside its fold.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Generic, TypeAlias, TypeVar
from uuid import UUID

from chassis.decision import Attente, Refus

D = TypeVar("D")
P = TypeVar("P")
F = TypeVar("F", bound=Callable[..., Any])
Cle: TypeAlias = "type | str"


@dataclass(frozen=True, slots=True)
class Recu(Generic[D]):
    """A message to decide on: a deposit, an event of a sibling, a due date.

    `data`: the contract's model of a deposit, the JSON of an event, the number of a due date. `recu_a`: when the hub
    received it; `dit_a`: the instant that its emitter gave; `au_repos`: every earlier message of the parcours is read.
    `cause`: the entry that led to an event. `absorbes`: the parcours that a merge absorbs. `agent`: who acted.
    """

    type: str
    parcours: UUID
    departement: str
    data: D
    id: UUID
    auteur: str
    role: str
    recu_a: datetime
    dit_a: datetime | None = None
    au_repos: bool = False
    cause: UUID | None = None
    absorbes: tuple[UUID, ...] = ()
    nature: str = "depot"
    agent: str | None = None

    @property
    def cle(self) -> Cle:
        """The key of its rule: the contract's model of a deposit, the type of an event."""
        return type(self.data) if self.nature == "depot" else self.type


@dataclass(frozen=True, slots=True)
class Dit(Generic[D, P]):
    """A fact that is published. `data` is the contract's model, `garde` the data that only the fold needs. If it has
    `entre_nous()`, siblings and gateway also receive that JSON; the projection removes it for partners.

    `effet` is the day from which it holds, when it is still to come.
    """

    parcours: UUID
    departement: str
    data: D
    garde: P
    effet: date | None = None


Decision: TypeAlias = "Sequence[Any] | Refus | Attente"
Regle: TypeAlias = "Callable[[Any, Any, datetime], Decision]"


@dataclass(slots=True)
class Regles:
    """`regles` by contract model or by type of event; `replis` by class of fact, with the class of its `garde`."""

    regles: dict[type | str, Regle] = field(default_factory=dict)
    replis: dict[type, Callable[[Any, Any], Any]] = field(default_factory=dict)
    gardes: dict[type, Any] = field(default_factory=dict)
    types: dict[type, str] = field(default_factory=dict)
    """The types of facts that are told and are not in the catalogue: siblings and gateways alone hear them."""
    permises: set[type | str] = field(default_factory=set)
    au_survivant: set[type | str] = field(default_factory=set)
    regardent: set[type | str] = field(default_factory=set)
    naissance: Callable[[Recu[Any]], Any] | None = None
    """The fact that opens a dossier for its first deposit; without it the deposit waits for the event that opens."""

    def regle(
        self,
        *messages: type | str,
        apres_cloture: bool = False,
        au_survivant: bool = False,
        absorbes: bool = False,
    ) -> Callable[[F], F]:
        """Register the rule of these messages. Raises ValueError on a message that has one.

        `apres_cloture`: the deposit may come once the parcours is closed. `au_survivant`: the event reaches the
        survivor of an absorbed parcours, as every deposit does. `absorbes`: the rule looks at absorbed dossiers.
        """

        def inscrire(regle: F) -> F:
            for message in messages:
                if message in self.regles:
                    raise ValueError(f"two rules for {message}")
                self.regles[message] = regle
            self.permises |= set(messages) if apres_cloture else set()
            self.au_survivant |= set(messages) if au_survivant else set()
            self.regardent |= set(messages) if absorbes else set()
            return regle

        return inscrire

    def repli(self, *faits: type, garde: Any = None, type_: str | None = None) -> Callable[[F], F]:
        """Register the fold of these facts: contract models (a `Dit` whose `garde` is of that class), or own classes.

        Raises ValueError on a fact that has one.
        """

        def inscrire(repli: F) -> F:
            for fait in faits:
                if fait in self.replis:
                    raise ValueError(f"two folds for {fait}")
                self.replis[fait] = repli
                self.gardes[fait] = garde
                self.types |= {fait: type_} if type_ else {}
            return repli

        return inscrire

    @property
    def entend(self) -> frozenset[str]:
        """The types of events of siblings; a due date has no noun."""
        return frozenset(cle for cle in self.regles if isinstance(cle, str) and "." in cle)

    def replier(self, dossier: Any, fait: Any) -> Any:
        """The dossier as the fact leaves it; None for one that no fact has opened yet."""
        return self.replis[classe_du_fait(fait)](dossier, fait)

    def decider(self, situation: Any, recu: Recu[Any], maintenant: datetime) -> Decision:
        """Events are followed, also of a closed parcours; a deposit opens the dossier that is missing."""
        regle, dossier = self.regles[recu.cle], situation.dossier
        if recu.nature == "evenement":
            return [] if situation.est_oublie else regle(situation, recu, maintenant)
        if situation.est_oublie:
            return Refus("parcours-inconnu", "/subject")
        if dossier is None and recu.nature == "depot" and self.naissance:
            ne = self.naissance(recu)
            decision = self.decider(replace(situation, dossier=self.replier(None, ne)), recu, maintenant)
            return decision if isinstance(decision, Refus | Attente) else [ne, *decision]
        if dossier is None:
            return Attente("dossier absent")
        if recu.nature == "depot" and dossier.est_clos and recu.cle not in self.permises:
            return Refus("etat-interdit", "/subject", {"etat": "parcours-clos"})
        decision = regle(situation, recu, maintenant)
        return (recu.au_repos and isinstance(decision, Attente) and decision.sinon) or decision

    def table(self, noms: Mapping[type, str]) -> list[tuple[str, str, str]]:
        """Per message and fact: its type, its rule and its fold, as module.function; empty where there is none."""
        cles = {self.nom(cle, noms): cle for cle in (*self.regles, *self.replis)}
        return [(nom, _ou(self.regles, cle), _ou(self.replis, cle)) for nom, cle in sorted(cles.items())]

    def nom(self, cle: type | str, noms: Mapping[type, str]) -> str:
        return cle if isinstance(cle, str) else noms.get(cle) or self.types.get(cle) or cle.__name__


def classe_du_fait(fait: Any) -> type:
    return type(fait.data) if isinstance(fait, Dit) else type(fait)


def _ou(table: Mapping[Any, Any], cle: Any) -> str:
    fonction = table.get(cle)
    return f"{fonction.__module__.rpartition('.')[2]}.{fonction.__name__}" if fonction else ""
