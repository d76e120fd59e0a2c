"""The dossiers of one batch as the engine sees them, and what the batch changed in them. No SQL here."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TypeVar
from uuid import UUID

from chassis.decision import Echeance
from services.engagements.domain import appliquer, faits, messages, reexamen
from services.engagements.domain.dossier import EN_VIGUEUR, Contrat, Delai, Dossier, EtatContrat, Manquement, Sanction
from services.engagements.domain.situation import Situation

Echeances = Callable[[Dossier], list[Echeance]]
T = TypeVar("T")

_POUR_CE_PARCOURS = messages.ParcoursTransfere | messages.ParcoursClos | messages.EvenementDuSuivi | messages.Echeance
"""Messages about one parcours: what an absorbed one had still to tell about itself does not change the survivor, to
whom the siblings tell again what passes to it."""


class Dossiers:
    """The dossiers loaded for one batch, and what it changed in them."""

    def __init__(self, charges: Iterable[Dossier], echeances: Echeances, oublies: Iterable[UUID] = ()) -> None:
        self._charges = {dossier.parcours: dossier for dossier in charges}
        self._actuels: dict[UUID, Dossier] = dict(self._charges)
        self._alias = {d.parcours: d.absorbe_par for d in self._charges.values() if d.absorbe_par}
        self._echeances = echeances
        self._oublies = set(oublies)
        self.effaces: list[UUID] = []

    def de(self, message: messages.Message) -> Situation:
        parcours = message.parcours if isinstance(message, _POUR_CE_PARCOURS) else self._survivant(message.parcours)
        absorbes: list[Dossier] = []
        if isinstance(message, messages.UsagerFusionne):
            absorbes = [self._actuels[id_] for id_ in message.absorbes if id_ in self._actuels]
        return Situation(self._actuels.get(parcours), tuple(absorbes), est_oublie=parcours in self._oublies)

    def appliquer(self, fait: faits.Fait) -> None:
        self._actuels[fait.parcours] = appliquer(self._actuels.get(fait.parcours), fait)
        if isinstance(fait, faits.DossierAbsorbe):
            self._alias[fait.parcours] = fait.par
        elif isinstance(fait, faits.DossierEfface):
            self.effaces.append(self._actuels.pop(fait.parcours).parcours)
            self._oublies.add(fait.parcours)

    def echeances(self) -> Iterable[tuple[UUID, str, Sequence[Echeance]]]:
        return [(dossier.parcours, dossier.departement, self._echeances(dossier)) for dossier in self._changes()]

    def nouveaux(self) -> list[Dossier]:
        return [dossier for dossier in self._changes() if dossier.parcours not in self._charges]

    def changes(self) -> list[Dossier]:
        """Those that were there, and changed otherwise than in what has its own table."""
        anciens = [dossier for dossier in self._changes() if dossier.parcours in self._charges]
        return [d for d in anciens if _propre(d) != _propre(self._charges[d.parcours])]

    def contrats(self) -> list[tuple[Dossier, Contrat]]:
        """Changed or new; those that end first, then those in force: each leaves its place to the next."""
        changes = self._lignes(lambda dossier: dossier.contrats)
        return sorted(changes, key=lambda p: (p[1].etat is not EtatContrat.CLOS, p[1].etat not in EN_VIGUEUR))

    def delais(self) -> list[tuple[Dossier, Delai]]:
        """Changed or new; those that ended first, since only one may run."""
        return sorted(self._lignes(lambda dossier: dossier.delais), key=lambda paire: paire[1].issue is None)

    def manquements(self) -> list[tuple[Dossier, Manquement]]:
        return self._lignes(lambda dossier: dossier.manquements)

    def sanctions(self) -> list[tuple[Dossier, Sanction]]:
        return self._lignes(lambda dossier: dossier.sanctions)

    def _changes(self) -> list[Dossier]:
        """What the batch changed, oldest parcours first."""
        changes = [d for id_, d in self._actuels.items() if d is not self._charges.get(id_)]
        return sorted(changes, key=lambda dossier: dossier.parcours)

    def _lignes(self, lignes: Callable[[Dossier], Sequence[T]]) -> list[tuple[Dossier, T]]:
        return [(d, ligne) for d in self._changes() for ligne in lignes(d) if ligne not in lignes(self._avant(d))]

    def _avant(self, dossier: Dossier) -> Dossier:
        """As it was loaded; one that the batch opened was empty."""
        return self._charges.get(dossier.parcours) or Dossier(dossier.parcours, dossier.departement)

    def _survivant(self, parcours: UUID) -> UUID:
        while parcours in self._alias:
            parcours = self._alias[parcours]
        return parcours


def _propre(dossier: Dossier) -> tuple[object, ...]:
    """What the row of the dossier holds: the due date of the re-examination too, which a contract may move."""
    return replace(dossier, contrats=(), delais=(), manquements=(), sanctions=()), reexamen.date_echeance(dossier)
