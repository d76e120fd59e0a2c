"""The dossiers of one batch as the engine sees them, with the facts that the batch added to each. No SQL here."""

from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any
from uuid import UUID

from chassis.decision import Echeance
from services.dossiers.modele import POSE, A, Contexte, Ligne, Modele, Table
from services.dossiers.regles import Recu
from services.dossiers.vie import DossierEfface, DossierRetabli, Situation
from services.lineage import Lineage

_survivant: Any = attrgetter("absorbe_par")


class Lot(Lineage[A]):
    """`faits`: the facts of the batch in their order (dossier, type, JSON), unpublished ones included."""

    def __init__(
        self,
        modele: Modele[A],
        charges: Mapping[UUID, A],
        oublies: Iterable[UUID] = (),
        contexte: Contexte | None = None,
    ) -> None:
        super().__init__(charges, _survivant, oublies)
        self._contexte = contexte
        self._modele = modele
        self._stockes = dict(charges)
        self._faits: list[tuple[UUID, str, bytes]] = []
        self.reposes: list[UUID] = []

    def de(self, message: Recu[Any]) -> Situation:
        """Return the situation of a message. An event about an absorbed parcours does not change the survivor."""
        regles, cle = self._modele.regles, message.cle
        au_survivant = message.nature == "depot" or cle in regles.au_survivant
        parcours = self.survivor(message.parcours) if au_survivant else message.parcours
        absorbes = [absorbe for id_ in message.absorbes if (absorbe := self[id_])]
        if cle in regles.regardent:
            absorbes = self.absorbes(parcours)
        contexte = self._contexte(message, self[parcours]) if self._contexte else None
        return Situation(self[parcours], tuple(absorbes), parcours in self.forgotten, contexte)

    def absorbes(self, parcours: UUID) -> list[A]:
        """Return the dossiers that lead to this one, through any number of merges."""
        return [d for id_, d in self._now.items() if id_ != parcours and self.survivor(id_) == parcours]

    def appliquer(self, fait: Any) -> None:
        parcours: UUID = fait.parcours
        if isinstance(fait, DossierRetabli):
            self.put_back(parcours, fait.dossier)
            return
        self[parcours] = self._modele.replier(self[parcours], fait)
        self._faits.append((parcours, *self._modele.ecrire_fait(fait)))
        if isinstance(fait, DossierEfface):
            self.erase(parcours)

    def put_back(self, id_: UUID, aggregate: A) -> None:
        """Replace the dossier and begin its history anew: the old one is about another person."""
        super().put_back(id_, aggregate)
        self.reposes.append(id_)
        self._faits = [fait for fait in self._faits if fait[0] != id_]
        self._faits.append((id_, POSE, self._modele.ecrire(aggregate)))

    def echeances(self) -> Iterable[tuple[UUID, str, Sequence[Echeance]]]:
        return [(d.parcours, d.departement, self._modele.echeances(d)) for _, d in self.changed()]

    def faits(self) -> list[tuple[UUID, str, bytes]]:
        return [fait for fait in self._faits if fait[0] not in self.forgotten]

    def remplacees(self, table: Table[A]) -> tuple[list[UUID], list[Ligne]]:
        """Return the dossiers whose rows of a read table changed and go, and the rows that replace them."""
        retirees, nouvelles = [], []
        for _, dossier in self.changed():
            stocke = self._stockes.get(dossier.parcours)
            avant, apres = self._modele.lignes(table, stocke), self._modele.lignes(table, dossier)
            if avant != apres:
                retirees += [dossier.parcours] if avant else []
                nouvelles += apres
        return retirees, nouvelles
