"""The parcours loaded for one batch of decisions, as they are folded fact after fact. No SQL here."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from chassis.decision import Echeance
from services.usagers.domain import Etat, EtatParcours, Fait, Message, Parcours, appliquer, concernes
from services.usagers.domain.identite import Cle, cles
from services.usagers.domain.messages import Correction, DecisionRapprochement, Fusion, Signalement, nommes

Echeances = Callable[[Parcours], Sequence[Echeance]]
_TROUVABLES = frozenset({EtatParcours.ACTIF, EtatParcours.AMBIGU})


class Dossiers:
    """Implements `chassis.depots.Dossiers`. `alias` leads from a name used in the batch to a loaded parcours."""

    def __init__(self, charges: Iterable[Parcours], alias: Mapping[UUID, UUID], echeances: Echeances) -> None:
        self._charges = {parcours.id: parcours for parcours in charges}
        self._courants = dict(self._charges)
        self._alias = dict(alias)
        self._echeances = echeances
        self._par_cle: dict[Cle, set[UUID]] = {}
        self._cles_de: dict[UUID, frozenset[Cle]] = {}
        for parcours in self._charges.values():
            self._indexer(parcours)

    def de(self, message: Message) -> Etat:
        nommes_ = {id_: p for id_ in nommes(message) if (p := self._resolu(id_))}
        return Etat(nommes_, self._proches(self._cles(message)))

    def appliquer(self, fait: Fait) -> None:
        for id_ in concernes(fait):
            avant = self._courants.get(id_)
            apres = appliquer(avant, fait)
            self._courants[id_] = apres
            if avant is None or (avant.identites, avant.identifiants) != (apres.identites, apres.identifiants):
                self._desindexer(id_)
                self._indexer(apres)

    def echeances(self) -> Iterator[tuple[UUID, str, Sequence[Echeance]]]:
        for avant, apres in self.changes():
            dues = self._echeances(apres)
            if dues != (self._echeances(avant) if avant else []):
                yield apres.id, apres.departement, dues

    def changes(self) -> Iterator[tuple[Parcours | None, Parcours]]:
        """Every parcours that the batch changed, before and after; aliases lead to their last survivor."""
        for id_, apres in self._courants.items():
            avant = self._charges.get(id_)
            if apres is avant or apres == avant:  # most attachments teach nothing new: no row is rewritten
                continue
            if apres.survivant is not None:
                dernier = self._suivre(apres.survivant)
                apres = replace(apres, survivant=dernier)
            yield avant, apres

    def cles_de(self, id_: UUID) -> frozenset[Cle]:
        """What a parcours can be found by, as it is now."""
        return self._cles_de[id_]

    def _cles(self, message: Message) -> frozenset[Cle]:
        match message:
            case Signalement():
                return message.cles
            case Correction():
                return cles((), message.identifiants)
            case DecisionRapprochement(parcours):
                en_attente = self._resolu(parcours)
                return en_attente.cles if en_attente else frozenset()
            case Fusion(_, _, absorbes):
                return frozenset(cle for id_ in absorbes if (p := self._resolu(id_)) for cle in p.cles)
            case _:
                return frozenset()

    def _proches(self, recherchees: Iterable[Cle]) -> tuple[Parcours, ...]:
        ids = {id_ for cle in recherchees for id_ in self._par_cle.get(cle, ())}
        trouves = (self._courants[id_] for id_ in sorted(ids))
        return tuple(self._a_jour(p) for p in trouves if p.etat in _TROUVABLES)

    def _resolu(self, id_: UUID) -> Parcours | None:
        parcours = self._courants.get(self._suivre(self._alias.get(id_, id_)))
        return self._a_jour(parcours) if parcours else None

    def _suivre(self, id_: UUID) -> UUID:
        """The survivor behind an id, through the merges of this very batch."""
        while (parcours := self._courants.get(id_)) and parcours.survivant:
            id_ = parcours.survivant
        return id_

    def _a_jour(self, parcours: Parcours) -> Parcours:
        """Candidates that were merged since are replaced by their survivors."""
        if not parcours.candidats:
            return parcours
        candidats = dict.fromkeys(self._suivre(self._alias.get(c, c)) for c in parcours.candidats)
        return replace(parcours, candidats=tuple(candidats))

    def _indexer(self, parcours: Parcours) -> None:
        self._cles_de[parcours.id] = parcours.cles
        for cle in self._cles_de[parcours.id]:
            self._par_cle.setdefault(cle, set()).add(parcours.id)

    def _desindexer(self, id_: UUID) -> None:
        for cle in self._cles_de.get(id_, ()):
            self._par_cle[cle].discard(id_)
