"""The parcours loaded for one batch of decisions, as they are folded fact after fact. No SQL here."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import islice
from types import MappingProxyType
from typing import Any
from uuid import UUID

from services.dossiers.lot import Lot
from services.dossiers.modele import Modele
from services.usagers.domain import Etat, EtatParcours, Fait, Message, Parcours, concernes
from services.usagers.domain.faits import UsagerDefusionne, UsagerEfface
from services.usagers.domain.identite import ETAT_CIVIL, MAX_HOMONYMES, Cle, cles
from services.usagers.domain.messages import Correction, DecisionRapprochement, Defusion, Fusion, Signalement, nommes
from services.usagers.domain.parcours import Dire, FusionConnue

_TROUVABLES = frozenset({EtatParcours.ACTIF, EtatParcours.AMBIGU})


class Dossiers(Lot[Parcours]):
    """`alias`: from a name used in the batch to the parcours that absorbed it; `lieux`: the territories of candidates;
    `dits`: the event that published the merge of a deposit."""

    def __init__(
        self,
        modele: Modele[Parcours],
        charges: Mapping[UUID, Parcours] = MappingProxyType({}),
        alias: Mapping[UUID, UUID] = MappingProxyType({}),
        lieux: Mapping[UUID, str] = MappingProxyType({}),
        servis: frozenset[str] | None = None,
        dits: Mapping[UUID, UUID] = MappingProxyType({}),
    ) -> None:
        super().__init__(modele, charges)
        self._alias |= alias
        self._lieux = lieux
        self._servis = servis
        self._evenements = dits
        self._dires = {dire.alias: dire for parcours in charges.values() for dire in parcours.dires}
        self._par_cle: dict[Cle, dict[UUID, None]] = {}
        self._sans_nir: dict[Cle, dict[UUID, None]] = {}
        self._cles_de: dict[UUID, frozenset[Cle]] = {}
        for parcours in charges.values():
            self._indexer(parcours)

    def de(self, message: Message) -> Any:  # type: ignore[override]  # messages of its own
        nommes_ = {id_: p for id_ in nommes(message) if (p := self._resolu(id_))}
        proches = self._proches(self._cles(message))
        dires = self._dires_de(message.emetteur, proches) if isinstance(message, Signalement) else ()
        return Etat(nommes_, proches, dires, self._fusions_de(message, nommes_), self._servis)

    def appliquer(self, fait: Fait) -> None:
        for id_, sien in concernes(fait):
            avant = self[id_]
            apres = self._modele.replier(avant, sien)
            if isinstance(sien, UsagerDefusionne):
                self.put_back(id_, apres)
            else:
                # Most attachments teach nothing new: no row is rewritten.
                self[id_] = avant if apres == avant and avant is not None else apres
                self._faits.append((id_, *self._modele.ecrire_fait(sien)))
            self._dires |= {dire.alias: dire for dire in apres.dires}
            if avant is None or (avant.identites, avant.identifiants) != (apres.identites, apres.identifiants):
                self._desindexer(id_)
                self._indexer(apres)
        if isinstance(fait, UsagerEfface):
            self.erase(fait.parcours)

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
                fusions = [f for p in self._lignee(message.parcours) for f in p.fusions if f.acte.depot == annule]
                return frozenset(cle for f in fusions for p in f.absorbes for cle in p.cles)
            case _:
                return frozenset()

    def _fusions_de(self, message: Message, nommes_: Mapping[UUID, Parcours]) -> tuple[FusionConnue, ...]:
        """Return the merges of all parcours from the named one to its survivor."""
        if not isinstance(message, Defusion) or message.parcours not in nommes_:
            return ()
        noms = {message.parcours, nommes_[message.parcours].id}
        connues = [f for p in self._lignee(message.parcours) for f in p.fusions if noms & f.noms]
        return tuple(replace(f, fait=self._evenements.get(f.acte.depot, f.fait)) for f in connues)

    def _lignee(self, id_: UUID) -> list[Parcours]:
        noms = [id_]
        while vers := self._alias.get(noms[-1]):
            noms.append(vers)
        return [parcours for nom in noms if (parcours := self[nom])]

    def _proches(self, recherchees: Iterable[Cle]) -> tuple[Parcours, ...]:
        ids = {id_ for cle in recherchees for id_ in self._sous(cle)}
        trouves = (self[id_] for id_ in sorted(ids))
        return tuple(self._a_jour(p) for p in trouves if p and p.etat in _TROUVABLES)

    def _sous(self, cle: Cle) -> Iterable[UUID]:
        """Order homonyms: first the ones without a definitive NIR, which alone are a doubt for a person with one."""
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
            if dire.emetteur == emetteur and self.survivor(dire.parcours) in ids
        )

    def _resolu(self, id_: UUID) -> Parcours | None:
        parcours = self[self.survivor(id_)]
        return self._a_jour(parcours) if parcours else None

    def _a_jour(self, parcours: Parcours) -> Parcours:
        """Candidates that were merged since are replaced by their survivors."""
        if not parcours.candidats:
            return parcours
        lieux = {survivant: lieu for c in parcours.candidats for survivant, lieu in (self._situe(c),)}
        ailleurs = frozenset(id_ for id_, lieu in lieux.items() if lieu != parcours.departement)
        return replace(parcours, candidats=tuple(lieux), ailleurs=ailleurs)

    def _situe(self, candidat: UUID) -> tuple[UUID, str | None]:
        """The survivor of a candidate, and its territory."""
        survivant = self.survivor(candidat)
        charge = self[survivant]
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
