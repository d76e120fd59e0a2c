"""A world without a database: every parcours in memory, decided on by the same rules and folded by the same facts."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from random import Random
from uuid import UUID

from chassis.decision import Attente, Refus
from chassis.facts import Entree
from services.usagers import subscriptions
from services.usagers.domain import EtatParcours, Fait, Parcours, decider
from services.usagers.domain.identite import Identifiant
from services.usagers.domain.messages import Signalement
from services.usagers.store.dossiers import MODELE
from services.usagers.store.lot import Dossiers
from tests.usagers.personnes import MAINTENANT


@dataclass
class Monde:
    """The ids of its parcours are drawn, the same in every run, and follow no order."""

    dossiers: Dossiers = field(default_factory=lambda: Dossiers(MODELE))
    hasard: Random = field(default_factory=lambda: Random(20260302))  # noqa: S311

    def recevoir(self, entree: Entree) -> Sequence[Fait] | Refus:
        message = subscriptions.lire(entree)
        if isinstance(message, Refus):
            return message
        if isinstance(message, Signalement):
            message = replace(message, nouveau=UUID(int=self.hasard.getrandbits(128)))
        decision = decider(self.dossiers.de(message), message, MAINTENANT)
        if isinstance(decision, Refus):
            return decision
        assert not isinstance(decision, Attente)
        for fait in decision:
            self.dossiers.appliquer(fait)
        return decision

    def accepter(self, entree: Entree) -> Sequence[Fait]:
        decision = self.recevoir(entree)
        assert not isinstance(decision, Refus), decision
        return decision

    def refuser(self, entree: Entree) -> Refus:
        decision = self.recevoir(entree)
        assert isinstance(decision, Refus), decision
        return decision

    @property
    def parcours(self) -> dict[UUID, Parcours]:
        return {apres.id: apres for _, apres in self.dossiers.changed()}

    @property
    def actifs(self) -> list[Parcours]:
        return [p for p in self.parcours.values() if p.etat is EtatParcours.ACTIF]

    def tenants(self) -> dict[Identifiant, int]:
        """How many active parcours hold each identifier that only one may hold."""
        tenus = [i for p in self.actifs for i in p.identifiants if i.est_exclusif]
        return {identifiant: tenus.count(identifiant) for identifiant in tenus}
