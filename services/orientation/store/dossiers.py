"""The dossiers of one batch as the engine sees them, and what the batch changed in them. No SQL here."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from chassis.decision import Echeance
from services.orientation.domain import appliquer, faits, messages
from services.orientation.domain.dossier import Demande, Dossier, Orientation
from services.orientation.domain.situation import Reglage, Situation

Echeances = Callable[[Dossier], list[Echeance]]

_POUR_CE_PARCOURS = (
    messages.DroitsModifies
    | messages.ParcoursTransfere
    | messages.ParcoursClos
    | messages.DelaiEcoule
    | messages.TermeAtteint
)
"""Messages about one parcours: what an absorbed one had still to tell about itself does not change the survivor."""


class Dossiers:
    """The dossiers loaded for one batch, and what it changed in them."""

    def __init__(
        self,
        charges: Iterable[Dossier],
        reglages: Mapping[str, Reglage],
        echeances: Echeances,
        oublies: Iterable[UUID] = (),
    ) -> None:
        self._charges = {dossier.parcours: dossier for dossier in charges}
        self._actuels: dict[UUID, Dossier] = dict(self._charges)
        self._alias = {d.parcours: d.absorbe_par for d in self._charges.values() if d.absorbe_par}
        self._reglages = reglages
        self._echeances = echeances
        self._oublies = set(oublies)
        self.effaces: list[UUID] = []

    def de(self, message: messages.Message) -> Situation:
        parcours = message.parcours if isinstance(message, _POUR_CE_PARCOURS) else self._survivant(message.parcours)
        dossier = self._actuels.get(parcours)
        absorbes: list[Dossier] = []
        if isinstance(message, messages.UsagerFusionne):
            absorbes = [self._actuels[id_] for id_ in message.absorbes if id_ in self._actuels]
        reglage = self._reglages[dossier.departement] if dossier else Reglage()
        return Situation(dossier, reglage, tuple(absorbes), est_oublie=parcours in self._oublies)

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

    def dossiers_changes(self) -> list[Dossier]:
        """Those that changed otherwise than in their requests and orientations, which have their own tables."""
        return [d for d in self.changes() if _propre(d) != _propre(self._charges.get(d.parcours))]

    def demandes_changees(self) -> list[tuple[Dossier, Demande]]:
        """Those that ended first, since only one may wait."""
        changees = [(d, e) for d in self.changes() for e in d.demandes if e not in self._avant(d).demandes]
        return sorted(changees, key=lambda paire: paire[1].issue is None)

    def orientations_changees(self) -> list[tuple[Dossier, Orientation]]:
        """Those that were there and are no more the same; they leave room for the new ones."""
        return [
            (d, apres)
            for d in self.changes()
            for avant, apres in zip(self._avant(d).orientations, d.orientations, strict=False)
            if apres is not avant
        ]

    def orientations_nouvelles(self) -> list[tuple[Dossier, Orientation]]:
        return [(d, nouvelle) for d in self.changes() for nouvelle in d.orientations[self._avant(d).rang :]]

    def _avant(self, dossier: Dossier) -> Dossier:
        """As it was loaded; one that the batch opened was empty."""
        return self._charges.get(dossier.parcours) or Dossier(dossier.parcours, dossier.departement)

    def _survivant(self, parcours: UUID) -> UUID:
        while parcours in self._alias:
            parcours = self._alias[parcours]
        return parcours


def _propre(dossier: Dossier | None) -> Dossier | None:
    return replace(dossier, demandes=(), orientations=()) if dossier else None
