"""The dossiers of one batch as the engine sees them, and what the batch changed in them. No SQL here."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from operator import attrgetter
from uuid import UUID

from chassis.decision import Echeance
from services.lineage import Lineage
from services.orientation.domain import appliquer, faits, messages
from services.orientation.domain.dossier import Demande, Dossier, Orientation
from services.orientation.domain.situation import Reglage, Situation

Echeances = Callable[[Dossier], list[Echeance]]

_POUR_CE_PARCOURS = messages.DroitsModifies | messages.ParcoursTransfere | messages.ParcoursClos | messages.Echeance
"""Messages about one parcours: what an absorbed one had still to tell about itself does not change the survivor."""


class Dossiers(Lineage[Dossier]):
    """The dossiers loaded for one batch, and what it changed in them."""

    def __init__(
        self,
        charges: Iterable[Dossier],
        reglages: Mapping[str, Reglage],
        echeances: Echeances,
        oublies: Iterable[UUID] = (),
    ) -> None:
        super().__init__({dossier.parcours: dossier for dossier in charges}, attrgetter("absorbe_par"), oublies)
        self._reglages = reglages
        self._echeances = echeances

    def de(self, message: messages.Message) -> Situation:
        parcours = message.parcours if isinstance(message, _POUR_CE_PARCOURS) else self.survivor(message.parcours)
        dossier = self[parcours]
        absorbes: list[Dossier] = []
        if isinstance(message, messages.UsagerFusionne):
            absorbes = [absorbe for id_ in message.absorbes if (absorbe := self[id_])]
        reglage = self._reglages.get(dossier.departement, Reglage()) if dossier else Reglage()
        return Situation(dossier, reglage, tuple(absorbes), est_oublie=parcours in self.forgotten)

    def appliquer(self, fait: faits.Fait) -> None:
        self[fait.parcours] = appliquer(self[fait.parcours], fait)
        if isinstance(fait, faits.DossierEfface):
            self.erase(fait.parcours)

    def echeances(self) -> Iterable[tuple[UUID, str, Sequence[Echeance]]]:
        return [(dossier.parcours, dossier.departement, self._echeances(dossier)) for _, dossier in self.changed()]

    def nouveaux(self) -> list[Dossier]:
        return [dossier for avant, dossier in self.changed() if avant is None]

    def changes(self) -> list[Dossier]:
        """Those that were there, and changed otherwise than in their requests and orientations, which have their own
        tables."""
        return [apres for avant, apres in self.changed() if avant and _propre(avant) != _propre(apres)]

    def demandes_changees(self) -> list[tuple[Dossier, Demande]]:
        """Those that ended first, since only one may wait."""
        changees = [(d, e) for avant, d in self.changed() for e in d.demandes if not avant or e not in avant.demandes]
        return sorted(changees, key=lambda paire: paire[1].issue is None)

    def orientations_changees(self) -> list[tuple[Dossier, Orientation]]:
        """Those that were there and are no more the same; they leave room for the new ones."""
        return [
            (d, apres)
            for charge, d in self.changed()
            if charge
            for apres in d.orientations
            for avant in charge.orientations
            if _meme(avant, apres) and apres != avant
        ]

    def orientations_annulees(self) -> list[tuple[UUID, int]]:
        """Those that were there and are no more; one of the same rank may come in its place."""
        return [
            (d.parcours, o.rang)
            for charge, d in self.changed()
            if charge
            for o in charge.orientations
            if not any(_meme(o, autre) for autre in d.orientations)
        ]

    def orientations_nouvelles(self) -> list[tuple[Dossier, Orientation]]:
        return [
            (d, nouvelle)
            for avant, d in self.changed()
            for nouvelle in d.orientations
            if not any(_meme(connue, nouvelle) for connue in (avant.orientations if avant else ()))
        ]


def _meme(une: Orientation, autre: Orientation) -> bool:
    """The same decision: once it was cancelled, another one may take its rank."""
    return (une.rang, une.depot) == (autre.rang, autre.depot)


def _propre(dossier: Dossier) -> Dossier:
    return replace(dossier, demandes=(), orientations=())
