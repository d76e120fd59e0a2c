"""What one batch has loaded and what it changes, as the engine sees it. No SQL here."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from uuid import UUID

from chassis.decision import Echeance
from services.feuille_de_route.domain import appliquer, faits, messages
from services.feuille_de_route.domain.feuille import Feuille, Situation
from services.feuille_de_route.domain.lignees import Lignees
from services.feuille_de_route.domain.recu import Recu


class Dossiers:
    """`connues` have a row already; `feuilles` are there for those on which a deposit is decided."""

    def __init__(
        self,
        connues: Collection[UUID],
        alias: Mapping[UUID, UUID],
        feuilles: Iterable[Feuille],
        oubliees: Collection[UUID],
    ) -> None:
        self.connues = frozenset(connues)
        self._lignees = Lignees(alias)
        self._feuilles = {feuille.parcours: feuille for feuille in feuilles}
        self._oubliees = set(oubliees)
        self._touchees: set[UUID] = set()
        self.appris: list[Recu] = []
        self.absorptions: dict[UUID, UUID] = {}
        self.rendues: dict[UUID, UUID] = {}
        self.effacees: set[UUID] = set()

    def de(self, message: messages.Message) -> Situation:
        parcours = self._lignees.survivant(message.parcours)
        return Situation(self._feuilles.get(parcours), est_oubliee=parcours in self._oubliees)

    def appliquer(self, fait: faits.Fait) -> None:
        self._touchees.add(fait.parcours)
        match fait:
            case faits.EvenementAppris():
                self._apprendre(fait.recu)
            case faits.FeuilleAbsorbee():
                self._absorber(fait)
            case faits.FeuilleRendue():
                self._lignees.rendre(fait.parcours, fait.par)
                self.rendues[fait.parcours] = fait.par
            case faits.FeuilleRepliee():
                self._lignees.detacher(fait.parcours)
            case faits.FeuilleEffacee():
                self._effacer(fait.parcours)
            case _:
                self._feuilles[fait.parcours] = appliquer(self._feuilles[fait.parcours], fait)

    def echeances(self) -> Iterable[tuple[UUID, str, Sequence[Echeance]]]:
        """Nothing falls due here."""
        return ()

    def changees(self) -> list[UUID]:
        """The sheets to fold again: those that go on, of all that the batch touched, in one order."""
        return sorted({self._lignees.survivant(parcours) for parcours in self._touchees} - self._oubliees)

    def _apprendre(self, recu: Recu) -> None:
        """A sheet that the batch opens may be decided on by a deposit of the same batch."""
        self.appris.append(recu)
        parcours = self._lignees.survivant(recu.parcours)
        if parcours not in self.connues:
            self._feuilles.setdefault(parcours, Feuille(parcours, recu.departement))

    def _absorber(self, fait: faits.FeuilleAbsorbee) -> None:
        absorbe = self._lignees.survivant(fait.parcours)
        if self._lignees.absorber(fait.parcours, fait.par):
            self.absorptions[absorbe] = self._lignees.survivant(fait.par)

    def _effacer(self, parcours: UUID) -> None:
        effacees = {parcours, self._lignees.survivant(parcours)}
        self.effacees |= effacees
        self._oubliees |= effacees
