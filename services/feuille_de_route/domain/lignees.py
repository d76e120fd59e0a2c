"""Which parcours goes on in place of which, after merges."""

from collections.abc import Iterable, Mapping
from uuid import UUID


class Lignees:
    """Leads from a merged parcours to the one that goes on, through as many merges as there were."""

    def __init__(self, alias: Mapping[UUID, UUID]) -> None:
        self._alias = dict(alias)

    def survivant(self, parcours: UUID) -> UUID:
        while parcours in self._alias:
            parcours = self._alias[parcours]
        return parcours

    def absorber(self, parcours: UUID, par: UUID) -> bool:
        """False when they are one already."""
        absorbe, survivant = self.survivant(parcours), self.survivant(par)
        if absorbe == survivant:
            return False
        self._alias[absorbe] = survivant
        return True

    def detacher(self, parcours: UUID) -> None:
        self._alias.pop(parcours, None)

    def rendre(self, parcours: UUID, par: UUID) -> None:
        """What led to it before it was merged leads to it again."""
        if self.survivant(parcours) == self.survivant(par):
            self._alias.pop(parcours, None)

    def directes(self) -> dict[UUID, UUID]:
        """Each merged parcours with the one that goes on, in one step."""
        return {parcours: self.survivant(parcours) for parcours in self._alias}


def lignees_de(fusions: Iterable[tuple[UUID, Iterable[UUID]]]) -> Lignees:
    """From the merges in the order in which they were told: each survivor with those that it absorbs."""
    lignees = Lignees({})
    for survivant, absorbes in fusions:
        for absorbe in absorbes:
            lignees.absorber(absorbe, survivant)
    return lignees
