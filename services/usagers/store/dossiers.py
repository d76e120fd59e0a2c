"""The parcours loaded for one batch of decisions, as they are folded fact after fact. No SQL here."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from types import MappingProxyType
from uuid import UUID

from chassis.decision import Echeance
from services.usagers.domain import Etat, EtatParcours, Fait, Message, Parcours, appliquer, concernes
from services.usagers.domain.evolution import dire_apres
from services.usagers.domain.faits import SignalementConserve, UsagerDefusionne, UsagerFusionne
from services.usagers.domain.identite import ETAT_CIVIL, MAX_HOMONYMES, Cle, cles
from services.usagers.domain.messages import Correction, DecisionRapprochement, Defusion, Fusion, Signalement, nommes
from services.usagers.domain.parcours import Acte, Dire, FusionConnue

Echeances = Callable[[Parcours], Sequence[Echeance]]
_TROUVABLES = frozenset({EtatParcours.ACTIF, EtatParcours.AMBIGU})


class Dossiers:
    """Implements `chassis.depots.Dossiers`. `alias` leads from a name used in the batch to a loaded parcours; `lieux`
    says in which territories the candidates are."""

    def __init__(
        self,
        charges: Iterable[Parcours],
        alias: Mapping[UUID, UUID],
        echeances: Echeances,
        dires: Iterable[Dire] = (),
        lieux: Mapping[UUID, str] = MappingProxyType({}),
        servis: frozenset[str] | None = None,
        fusions: Iterable[FusionConnue] = (),
    ) -> None:
        self._lieux = lieux
        self._servis = servis
        self._fusions = {fusion.acte.depot: fusion for fusion in fusions}
        self.fusions_dites: list[FusionConnue] = []
        self.fusions_defaites: list[FusionConnue] = []
        self._dires = {dire.alias: dire for dire in dires}
        self._dits: dict[UUID, Dire] = {}
        self._charges = {parcours.id: parcours for parcours in charges}
        self._courants = dict(self._charges)
        self._alias = dict(alias)
        self._echeances = echeances
        self._par_cle: dict[Cle, dict[UUID, None]] = {}
        self._sans_nir: dict[Cle, dict[UUID, None]] = {}
        self._cles_de: dict[UUID, frozenset[Cle]] = {}
        for parcours in self._charges.values():
            self._indexer(parcours)

    def de(self, message: Message) -> Etat:
        nommes_ = {id_: p for id_ in nommes(message) if (p := self._resolu(id_))}
        proches = self._proches(self._cles(message))
        dires = self._dires_de(message.emetteur, proches) if isinstance(message, Signalement) else ()
        return Etat(nommes_, proches, dires, self._fusions_de(message, nommes_), self._servis)

    def appliquer(self, fait: Fait) -> None:
        if isinstance(fait, SignalementConserve):
            self._dires[fait.alias] = self._dits[fait.alias] = dire_apres(self._dires.get(fait.alias), fait)
        avant_fusion = self._avant(fait) if isinstance(fait, UsagerFusionne) else None
        for id_ in concernes(fait):
            avant = self._courants.get(id_)
            apres = appliquer(avant, fait)
            self._courants[id_] = apres
            if avant is None or (avant.identites, avant.identifiants) != (apres.identites, apres.identifiants):
                self._desindexer(id_)
                self._indexer(apres)

        if avant_fusion and isinstance(fait, UsagerFusionne):
            self._retenir(avant_fusion, fait.acte)
        if isinstance(fait, UsagerDefusionne):
            self.fusions_defaites.append(self._fusions.pop(fait.fusion.acte.depot))
            self._alias = {id_: vers for id_, vers in self._alias.items() if id_ not in fait.fusion.noms}

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

    def dits(self) -> Iterable[Dire]:
        """What emitters said in this batch, under their own names."""
        return self._dits.values()

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
            case Defusion(annule=annule):
                fusion = self._fusions.get(annule)
                return frozenset(cle for p in fusion.absorbes for cle in p.cles) if fusion else frozenset()
            case _:
                return frozenset()

    def _avant(self, fait: UsagerFusionne) -> tuple[Parcours, ...]:
        return tuple(self._a_jour(self._courants[id_]) for id_ in (fait.parcours, *fait.absorbes))

    def _retenir(self, avant: Sequence[Parcours], acte: Acte) -> None:
        """How it was, so that the merge can be undone. The event that tells it is known once it is recorded."""
        conserve, *absorbes = avant
        fusion = FusionConnue(acte, acte.depot, conserve, self._courants[conserve.id], tuple(absorbes))
        self._fusions[acte.depot] = fusion
        self.fusions_dites.append(fusion)

    def _fusions_de(self, message: Message, nommes_: Mapping[UUID, Parcours]) -> tuple[FusionConnue, ...]:
        if not isinstance(message, Defusion) or message.parcours not in nommes_:
            return ()
        noms = {message.parcours, nommes_[message.parcours].id}
        return tuple(fusion for fusion in self._fusions.values() if noms & fusion.noms)

    def _proches(self, recherchees: Iterable[Cle]) -> tuple[Parcours, ...]:
        ids = {id_ for cle in recherchees for id_ in self._sous(cle)}
        trouves = (self._courants[id_] for id_ in sorted(ids))
        return tuple(self._a_jour(p) for p in trouves if p.etat in _TROUVABLES)

    def _sous(self, cle: Cle) -> Iterable[UUID]:
        """Of many homonyms, those first who have no definitive NIR: only they leave a doubt to whoever has one."""
        tenants = self._par_cle.get(cle, {})
        if cle[0] != ETAT_CIVIL or len(tenants) <= MAX_HOMONYMES:
            return tenants
        sans_nir = islice(self._sans_nir.get(cle, {}), MAX_HOMONYMES)
        return {*sans_nir, *islice(tenants, MAX_HOMONYMES)}

    def _dires_de(self, emetteur: str, proches: Iterable[Parcours]) -> tuple[Dire, ...]:
        ids = {p.id for p in proches}
        return tuple(
            dire
            for _, dire in sorted(self._dires.items())
            if dire.emetteur == emetteur and self._suivre(self._alias.get(dire.parcours, dire.parcours)) in ids
        )

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
        lieux = {survivant: lieu for c in parcours.candidats for survivant, lieu in (self._situe(c),)}
        ailleurs = frozenset(id_ for id_, lieu in lieux.items() if lieu != parcours.departement)
        return replace(parcours, candidats=tuple(lieux), ailleurs=ailleurs)

    def _situe(self, candidat: UUID) -> tuple[UUID, str | None]:
        """The survivor of a candidate, and its territory."""
        survivant = self._suivre(self._alias.get(candidat, candidat))
        charge = self._courants.get(survivant)
        return survivant, charge.departement if charge else self._lieux.get(candidat)

    def _indexer(self, parcours: Parcours) -> None:
        self._cles_de[parcours.id] = parcours.cles
        for cle in self._cles_de[parcours.id]:
            self._par_cle.setdefault(cle, {})[parcours.id] = None
            if cle[0] == ETAT_CIVIL and not parcours.nirs_definitifs:
                self._sans_nir.setdefault(cle, {})[parcours.id] = None

    def _desindexer(self, id_: UUID) -> None:
        for cle in self._cles_de.get(id_, ()):
            self._par_cle[cle].pop(id_, None)
            self._sans_nir.get(cle, {}).pop(id_, None)
