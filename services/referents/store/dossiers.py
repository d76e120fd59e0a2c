"""The dossiers of one batch as the engine sees them, and what the batch changed in them. No SQL here."""

from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from uuid import UUID

from chassis.decision import Echeance
from chassis.lineage import Lineage
from services.referents.domain import appliquer, faits, messages
from services.referents.domain.dossier import Dossier
from services.referents.domain.situation import Situation

Echeances = Callable[[Dossier], list[Echeance]]

_POUR_CE_PARCOURS = (
    messages.ParcoursTransfere | messages.ParcoursClos | messages.OrientationDecidee | messages.OrientationClose
)
"""Messages about one parcours: what an absorbed one had still to tell about itself does not change the survivor."""


class Dossiers(Lineage[Dossier]):
    """The dossiers loaded for one batch, and what it changed in them."""

    def __init__(self, charges: Iterable[Dossier], echeances: Echeances, oublies: Iterable[UUID] = ()) -> None:
        super().__init__({dossier.parcours: dossier for dossier in charges}, attrgetter("absorbe_par"), oublies)
        self._echeances = echeances

    def de(self, message: messages.Message) -> Situation:
        parcours = message.parcours if isinstance(message, _POUR_CE_PARCOURS) else self.survivor(message.parcours)
        absorbes: list[Dossier] = []
        if isinstance(message, messages.UsagerFusionne):
            absorbes = [absorbe for id_ in message.absorbes if (absorbe := self[id_])]
        elif isinstance(message, messages.OrientationDecidee):
            absorbes = [d for d in self._now.values() if d.absorbe_par == parcours]
        return Situation(self[parcours], tuple(absorbes), est_oublie=parcours in self.forgotten)

    def appliquer(self, fait: faits.Fait) -> None:
        self[fait.parcours] = appliquer(self[fait.parcours], fait)
        if isinstance(fait, faits.DossierEfface):
            self.erase(fait.parcours)

    def echeances(self) -> Iterable[tuple[UUID, str, Sequence[Echeance]]]:
        return [(dossier.parcours, dossier.departement, self._echeances(dossier)) for _, dossier in self.changed()]
