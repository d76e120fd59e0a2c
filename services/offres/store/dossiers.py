"""What one batch has loaded, of persons and of the offer, and what it changes in them. No SQL here."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from operator import attrgetter
from uuid import UUID

from chassis.decision import Echeance
from services.lineage import Lineage
from services.offres.domain import appliquer, faits, messages
from services.offres.domain.dossier import Dossier, Retrait, Service
from services.offres.domain.messages import Genre
from services.offres.domain.situation import Offre, Situation

Echeances = Callable[[Dossier], list[Echeance]]


@dataclass(slots=True)
class Vitrine:
    """What of the offer the batch names. `vivantes` and `retirees` hold (genre, key)."""

    services: dict[str, Service] = field(default_factory=dict)
    retraits: dict[str, Retrait] = field(default_factory=dict)
    vivantes: set[tuple[Genre, str]] = field(default_factory=set)
    retirees: set[tuple[Genre, str]] = field(default_factory=set)
    sources: dict[str, str] = field(default_factory=dict)
    prevus: dict[tuple[Genre, str], date] = field(default_factory=dict)

    def offre(self, message: messages.SurLOffre) -> Offre:
        cle = (message.genre, message.cle)
        structure = message.structure_id if isinstance(message, messages.Publier) else None
        return Offre(
            editeur=self.sources.get(message.source),
            est_vivante=cle in self.vivantes,
            est_retiree=cle in self.retirees,
            structure_est_connue=(Genre.STRUCTURE, structure) in self.vivantes,
            retrait_prevu=self.prevus.get(cle),
        )

    def appliquer(self, fait: faits.SurLOffre) -> None:
        match fait:
            case faits.SourceLiee():
                self.sources[fait.source] = fait.partenaire
            case faits.OffrePubliee():
                self.vivantes.add((fait.genre, fait.cle))
                self.retirees.discard((fait.genre, fait.cle))
                self.prevus.pop((fait.genre, fait.cle), None)
            case faits.OffreRetiree(est_prevu=True):
                self.prevus[fait.genre, fait.cle] = fait.date
            case faits.OffreRetiree():
                self.prevus.pop((fait.genre, fait.cle), None)
                self.vivantes.discard((fait.genre, fait.cle))
                self.retirees.add((fait.genre, fait.cle))


class Dossiers(Lineage[Dossier]):
    """The dossiers and the part of the offer loaded for one batch, and what it changed in them."""

    def __init__(
        self, charges: Iterable[Dossier], vitrine: Vitrine, echeances: Echeances, oublies: Iterable[UUID] = ()
    ) -> None:
        super().__init__({dossier.parcours: dossier for dossier in charges}, attrgetter("absorbe_par"), oublies)
        self._vitrine = vitrine
        self._echeances = echeances
        self.offres: list[faits.SurLOffre] = []

    def de(self, message: messages.Message) -> Situation | Offre:
        if isinstance(message, messages.SurLOffre):
            return self._vitrine.offre(message)
        parcours = message.parcours if isinstance(message, messages.ParcoursClos) else self.survivor(message.parcours)
        absorbes: list[Dossier] = []
        if isinstance(message, messages.UsagerFusionne):
            absorbes = [absorbe for id_ in message.absorbes if (absorbe := self[id_])]
        return Situation(
            dossier=self[parcours],
            absorbes=tuple(absorbes),
            est_oublie=parcours in self.forgotten,
            services=self._vitrine.services,
            retraits=self._vitrine.retraits,
        )

    def appliquer(self, fait: faits.Fait) -> None:
        if isinstance(fait, faits.SurLOffre):
            self._vitrine.appliquer(fait)
            self.offres.append(fait)
            return
        self[fait.parcours] = appliquer(self[fait.parcours], fait)
        if isinstance(fait, faits.DossierEfface):
            self.erase(fait.parcours)

    def echeances(self) -> Iterable[tuple[UUID, str, Sequence[Echeance]]]:
        return [(dossier.parcours, dossier.departement, self._echeances(dossier)) for _, dossier in self.changed()]

    def absorbes(self) -> list[UUID]:
        """Those that this batch absorbed: their prescriptions are no longer theirs."""
        return [
            apres.parcours for avant, apres in self.changed() if apres.absorbe_par and not (avant and avant.absorbe_par)
        ]


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
