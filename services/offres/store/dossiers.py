"""What one batch has loaded, of persons and of the offer, and what it changes in them. No SQL here."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from chassis.decision import Echeance
from services.offres.domain import appliquer, faits, messages
from services.offres.domain.dossier import Dossier, Retrait, Service
from services.offres.domain.messages import Genre
from services.offres.domain.situation import Offre, Situation
from services.offres.store.rows import Ligne

Echeances = Callable[[Dossier], list[Echeance]]


@dataclass(slots=True)
class Vitrine:
    """What of the offer the batch names. `vivantes` and `retirees` hold (genre, key)."""

    services: dict[str, Service] = field(default_factory=dict)
    retraits: dict[str, Retrait] = field(default_factory=dict)
    vivantes: set[tuple[Genre, str]] = field(default_factory=set)
    retirees: set[tuple[Genre, str]] = field(default_factory=set)
    sources: dict[str, str] = field(default_factory=dict)

    def offre(self, message: messages.SurLOffre) -> Offre:
        cle = (message.genre, message.cle)
        structure = message.structure_id if isinstance(message, messages.Publier) else None
        return Offre(
            editeur=self.sources.get(message.source),
            est_vivante=cle in self.vivantes,
            est_retiree=cle in self.retirees,
            structure_est_connue=(Genre.STRUCTURE, structure) in self.vivantes,
        )

    def appliquer(self, fait: faits.SurLOffre) -> None:
        match fait:
            case faits.SourceLiee():
                self.sources[fait.source] = fait.partenaire
            case faits.OffrePubliee():
                self.vivantes.add((fait.genre, fait.cle))
                self.retirees.discard((fait.genre, fait.cle))
            case faits.OffreRetiree():
                self.vivantes.discard((fait.genre, fait.cle))
                self.retirees.add((fait.genre, fait.cle))


class Dossiers:
    """The dossiers and the part of the offer loaded for one batch, and what it changed in them."""

    def __init__(
        self, charges: Iterable[Dossier], vitrine: Vitrine, echeances: Echeances, oublies: Iterable[UUID] = ()
    ) -> None:
        self._charges = {dossier.parcours: dossier for dossier in charges}
        self._actuels: dict[UUID, Dossier] = dict(self._charges)
        self._alias = {d.parcours: d.absorbe_par for d in self._charges.values() if d.absorbe_par}
        self._vitrine = vitrine
        self._echeances = echeances
        self._oublies = set(oublies)
        self.effaces: list[UUID] = []
        self.offres: list[faits.SurLOffre] = []

    def de(self, message: messages.Message) -> Situation | Offre:
        if isinstance(message, messages.SurLOffre):
            return self._vitrine.offre(message)
        parcours = message.parcours if isinstance(message, messages.ParcoursClos) else self._survivant(message.parcours)
        absorbes: list[Dossier] = []
        if isinstance(message, messages.UsagerFusionne):
            absorbes = [self._actuels[id_] for id_ in message.absorbes if id_ in self._actuels]
        return Situation(
            dossier=self._actuels.get(parcours),
            absorbes=tuple(absorbes),
            est_oublie=parcours in self._oublies,
            services=self._vitrine.services,
            retraits=self._vitrine.retraits,
        )

    def appliquer(self, fait: faits.Fait) -> None:
        if isinstance(fait, faits.SurLOffre):
            self._vitrine.appliquer(fait)
            self.offres.append(fait)
            return
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

    def absorbes(self) -> list[UUID]:
        """Those that this batch absorbed: their prescriptions are no longer theirs."""
        return [d.parcours for d in self.changes() if d.absorbe_par and not self._etait_absorbe(d.parcours)]

    def lignes_changees(self, lignes: Callable[[Dossier], Iterable[Ligne]]) -> list[Ligne]:
        """The rows that are new, or no more the same."""
        return [
            ligne
            for dossier in self.changes()
            for avant in [frozenset(lignes(self._charges.get(dossier.parcours) or _vide(dossier)))]
            for ligne in lignes(dossier)
            if ligne not in avant
        ]

    def _etait_absorbe(self, parcours: UUID) -> bool:
        avant = self._charges.get(parcours)
        return avant is not None and avant.absorbe_par is not None

    def _survivant(self, parcours: UUID) -> UUID:
        while parcours in self._alias:
            parcours = self._alias[parcours]
        return parcours


def _vide(dossier: Dossier) -> Dossier:
    """As it was before the batch opened it."""
    return Dossier(dossier.parcours, dossier.departement)


def services_nommes(lus: Iterable[messages.Message], charges: Iterable[Dossier]) -> set[str]:
    """The services that the batch must know: those prescribed, and those of what still waits for an answer."""
    prescrits = {lu.service_id for lu in lus if isinstance(lu, messages.Emettre)}
    return prescrits | {une.service.id for dossier in charges for une in dossier.en_attente}


def cles_nommees(lus: Iterable[messages.Message]) -> Mapping[Genre, list[str]]:
    """The keys of the offer that the batch names, per kind; a service names its structure too."""
    cles: dict[Genre, set[str]] = {genre: set() for genre in Genre}
    for lu in lus:
        if isinstance(lu, messages.SurLOffre):
            cles[lu.genre].add(lu.cle)
        if isinstance(lu, messages.Publier) and lu.structure_id:
            cles[Genre.STRUCTURE].add(lu.structure_id)
    return {genre: sorted(nommees) for genre, nommees in cles.items()}
