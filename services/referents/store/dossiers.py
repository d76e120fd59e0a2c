"""The dossiers of one batch as the engine sees them, and what the batch changed in them. No SQL here."""

from collections.abc import Callable, Iterable, Sequence
from uuid import UUID

from chassis.decision import Echeance
from services.referents.domain import appliquer, faits, messages
from services.referents.domain.dossier import Dossier
from services.referents.domain.situation import Situation
from services.referents.store.rows import Ligne

Echeances = Callable[[Dossier], list[Echeance]]

_POUR_CE_PARCOURS = (
    messages.ParcoursTransfere | messages.ParcoursClos | messages.OrientationDecidee | messages.OrientationClose
)
"""Messages about one parcours: what an absorbed one had still to tell about itself does not change the survivor."""


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
        elif isinstance(message, messages.OrientationDecidee):
            absorbes = [d for d in self._actuels.values() if d.absorbe_par == parcours]
        return Situation(self._actuels.get(parcours), tuple(absorbes), est_oublie=parcours in self._oublies)

    def appliquer(self, fait: faits.Fait) -> None:
        self._actuels[fait.parcours] = appliquer(self._actuels.get(fait.parcours), fait)
        if isinstance(fait, faits.DossierAbsorbe):
            self._alias[fait.parcours] = fait.par
        elif isinstance(fait, faits.DossierEfface):
            self.effaces.append(self._actuels.pop(fait.parcours).parcours)
            self._oublies.add(fait.parcours)

    def echeances(self) -> Iterable[tuple[UUID, str, Sequence[Echeance]]]:
        return [(dossier.parcours, dossier.departement, self._echeances(dossier)) for dossier in self.changes()]

    def changes(self) -> list[Dossier]:
        """What the batch changed, oldest parcours first."""
        changes = [d for id_, d in self._actuels.items() if d is not self._charges.get(id_)]
        return sorted(changes, key=lambda dossier: dossier.parcours)

    def nouveaux(self) -> list[Dossier]:
        return [dossier for dossier in self.changes() if dossier.parcours not in self._charges]

    def lignes_changees(self, lignes: Callable[[Dossier], Iterable[Ligne]]) -> list[Ligne]:
        """The rows that are new, or no more the same, in the order of the dossier: what ended before what begins."""
        return [
            ligne
            for dossier in self.changes()
            for avant in [frozenset(lignes(self._charges.get(dossier.parcours) or _vide(dossier)))]
            for ligne in lignes(dossier)
            if ligne not in avant
        ]

    def _survivant(self, parcours: UUID) -> UUID:
        while parcours in self._alias:
            parcours = self._alias[parcours]
        return parcours


def _vide(dossier: Dossier) -> Dossier:
    """As it was before the batch opened it."""
    return Dossier(dossier.parcours, dossier.departement)
