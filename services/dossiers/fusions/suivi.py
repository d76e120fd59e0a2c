"""The aggregates of one batch, with their merges: records the changes of each merge, and reverts undone ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic
from uuid import UUID

from services.dossiers.fusions.journal import A, Fusion, Journal
from services.dossiers.fusions.retour import Plan, rendre_les_objets, reporter
from services.lineage import Lineage


@dataclass(frozen=True, slots=True)
class Lu:
    """A message of the service; of an event, its id and its cause."""

    message: Any
    evenement: UUID | None = None
    cause: UUID | None = None
    est_fusion: bool = False


@dataclass(frozen=True, slots=True)
class Defusion:
    """`annule` is the deposit that had merged."""

    parcours: UUID
    annule: UUID


@dataclass(frozen=True, slots=True)
class Retabli:
    """An aggregate is as if there had been no merge. It stays at home."""

    dossier: Any


@dataclass(frozen=True, slots=True)
class Suite:
    """A decision that is taken without the domain."""

    faits: Sequence[Any]


class Suivi(Generic[A]):
    """The aggregates of one batch, and the merges of which it changes something: `chassis.depots.Dossiers`."""

    def __init__(self, dossiers: Lineage[A], journal: Journal[A], connues: Sequence[Fusion[A]]) -> None:
        self.dossiers = dossiers
        self._journal = journal
        self._fusions = list(connues)
        self.changees: dict[UUID, Fusion[A]] = {}
        self.retablis: list[UUID] = []
        self.rendus: list[tuple[UUID, UUID, UUID]] = []
        self._en_cours: tuple[Fusion[A], dict[UUID, A]] | None = None

    def de(self, lu: Any) -> Any:
        self.sceller()
        if isinstance(lu, Defusion):
            return Suite(self._defaire(lu))
        if not isinstance(lu, Lu):
            return self._inner.de(lu)
        if lu.est_fusion and lu.evenement and lu.cause:
            self._ouvrir(lu.evenement, lu.cause, lu.message)
        elif lu.evenement and (fusion := self._a_suivre(lu.cause)):
            fusion.suites.add(lu.evenement)
            self.changees[fusion.fusion] = fusion
            if fusion.est_defaite:
                return Suite(())
            self._en_cours = (fusion, self._actuels(fusion))
        return self._inner.de(lu.message)

    def appliquer(self, fait: Any) -> None:
        if isinstance(fait, Retabli):
            self.dossiers.put_back(fait.dossier.parcours, fait.dossier)
            self.retablis.append(fait.dossier.parcours)
        else:
            self._inner.appliquer(fait)

    def echeances(self) -> Any:
        return self._inner.echeances()

    def sceller(self) -> None:
        """Add the changes of the last message to its merge."""
        if self._en_cours is None:
            return
        fusion, avant = self._en_cours
        self._en_cours = None
        apres = self._actuels(fusion)
        if fusion.est_nouvelle and not fusion.apres:
            # One that the merge itself opened was empty before it.
            neufs = {id_: type(un)(id_, un.departement) for id_, un in apres.items() if id_ not in avant}
            fusion.avant, fusion.apres = avant | neufs, apres
            return
        for id_, dossier in apres.items():
            if id_ in avant and id_ in fusion.apres:
                fusion.apres[id_] = reporter(avant[id_], dossier, fusion.apres[id_], self._journal.plan)

    @property
    def _inner(self) -> Any:
        return self.dossiers

    def _ouvrir(self, evenement: UUID, depot: UUID, message: Any) -> None:
        conserve = self.dossiers.survivor(message.parcours)
        absorbes = tuple(id_ for id_ in message.absorbes if id_ != conserve and not self._est_absorbe(id_))
        fusion: Fusion[A] = Fusion(evenement, depot, (conserve, *absorbes), {evenement}, est_nouvelle=True)
        self._fusions.append(fusion)
        self.changees[evenement] = fusion
        self._en_cours = (fusion, self._actuels(fusion))

    def _est_absorbe(self, id_: UUID) -> bool:
        dossier = self.dossiers[id_]
        return dossier is not None and dossier.absorbe_par is not None

    def _a_suivre(self, cause: UUID | None) -> Fusion[A] | None:
        return next((fusion for fusion in self._fusions if cause in fusion.suites), None)

    def _actuels(self, fusion: Fusion[A]) -> dict[UUID, A]:
        return {id_: dossier for id_ in fusion.noms if (dossier := self.dossiers[id_])}

    def _defaire(self, lu: Defusion) -> Sequence[Retabli]:
        fusion = next((f for f in self._fusions if f.depot == lu.annule and not f.est_defaite), None)
        if fusion is None:
            return ()
        self.changees[fusion.fusion] = fusion
        fusion.est_defaite = True
        self.rendus += [
            (UUID(nom), fusion.conserve, UUID(absorbe)) for absorbe, noms in fusion.suivaient.items() for nom in noms
        ]
        return [Retabli(dossier) for dossier in retablis(fusion, self._actuels(fusion), self._journal.plan)]


def retablis(fusion: Fusion[A], actuels: Mapping[UUID, A], plan: Plan) -> list[A]:
    """The aggregates of a merge as if it had not been; none when one of them is gone."""
    if actuels.keys() != set(fusion.noms):
        return []
    conserve = fusion.conserve
    apres, maintenant = fusion.apres[conserve], actuels[conserve]
    reste = reporter(apres, fusion.avant[conserve], maintenant, plan)
    rendus: list[A] = []
    for id_ in fusion.noms[1:]:
        avant = fusion.avant[id_]
        noms = tuple(f"@{nom.hex}" for nom in (id_, *map(UUID, fusion.suivaient.get(str(id_), ()))))
        rendu, reste = rendre_les_objets(avant, apres, maintenant, reste, noms, plan)
        rendus.append(rendu)
    return [reste, *rendus]
