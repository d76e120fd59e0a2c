"""The dossiers of one batch as the engine sees them, and what the batch changed in them. No SQL here."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from operator import attrgetter
from typing import TypeVar
from uuid import UUID

from chassis.decision import Echeance
from services.engagements.domain import appliquer, faits, messages
from services.engagements.domain.dossier import EN_VIGUEUR, Contrat, Delai, Dossier, EtatContrat, Manquement, Sanction
from services.engagements.domain.situation import Situation
from services.lineage import Lineage

Echeances = Callable[[Dossier], list[Echeance]]
T = TypeVar("T")

_POUR_CE_PARCOURS = messages.ParcoursTransfere | messages.ParcoursClos | messages.EvenementDuSuivi | messages.Echeance
"""Messages about one parcours: what an absorbed one had still to tell about itself does not change the survivor, to
whom the siblings tell again what passes to it."""


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
        return Situation(self[parcours], tuple(absorbes), est_oublie=parcours in self.forgotten)

    def appliquer(self, fait: faits.Fait) -> None:
        self[fait.parcours] = appliquer(self[fait.parcours], fait)
        if isinstance(fait, faits.DossierEfface):
            self.erase(fait.parcours)

    def echeances(self) -> Iterable[tuple[UUID, str, Sequence[Echeance]]]:
        return [(dossier.parcours, dossier.departement, self._echeances(dossier)) for _, dossier in self.changed()]

    def nouveaux(self) -> list[Dossier]:
        return [dossier for avant, dossier in self.changed() if avant is None]

    def changes(self) -> list[Dossier]:
        """Those that were there, and changed otherwise than in what has its own table."""
        return [apres for avant, apres in self.changed() if avant and _propre(avant) != _propre(apres)]

    def contrats(self) -> list[tuple[Dossier, Contrat]]:
        """Changed or new; those that end first, those that are in force no more, then those in force: each leaves its
        place to the next."""
        changes = self._lignes(lambda dossier: dossier.contrats)
        etaient = {
            (avant.parcours, contrat.numero)
            for avant, _ in self.changed()
            for contrat in (avant.contrats if avant else ())
            if avant and contrat.etat in EN_VIGUEUR
        }

        def place(paire: tuple[Dossier, Contrat]) -> int:
            dossier, contrat = paire
            if contrat.etat is EtatContrat.CLOS:
                return 0
            if contrat.etat in EN_VIGUEUR:
                return 2
            return 1 if (dossier.parcours, contrat.numero) in etaient else 3

        return sorted(changes, key=place)

    def contrats_annules(self) -> list[tuple[UUID, int]]:
        """Those that were proposed by a deposit which was cancelled."""
        return [
            (apres.parcours, contrat.numero)
            for avant, apres in self.changed()
            for contrat in (avant.contrats if avant else ())
            if all(contrat.numero != reste.numero for reste in apres.contrats)
        ]

    def delais(self) -> list[tuple[Dossier, Delai]]:
        """Changed or new; those that ended first, since only one may run."""
        return sorted(self._lignes(lambda dossier: dossier.delais), key=lambda paire: paire[1].issue is None)

    def delais_annules(self) -> list[tuple[UUID, int]]:
        """Those that a decision had opened which was cancelled."""
        return [
            (apres.parcours, delai.numero)
            for avant, apres in self.changed()
            for delai in (avant.delais if avant else ())
            if delai.numero > len(apres.delais)
        ]

    def manquements(self) -> list[tuple[Dossier, Manquement]]:
        return self._lignes(lambda dossier: dossier.manquements)

    def sanctions(self) -> list[tuple[Dossier, Sanction]]:
        return self._lignes(lambda dossier: dossier.sanctions)

    def _lignes(self, lignes: Callable[[Dossier], Sequence[T]]) -> list[tuple[Dossier, T]]:
        return [
            (apres, ligne)
            for avant, apres in self.changed()
            for ligne in lignes(apres)
            if avant is None or ligne not in lignes(avant)
        ]


def _propre(dossier: Dossier) -> Dossier:
    """What the row of the dossier holds."""
    return replace(dossier, contrats=(), delais=(), manquements=(), sanctions=())
