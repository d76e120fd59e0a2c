"""The rules of every service for a parcours that `usagers` moves, merges, closes or erases. Stdlib only.

An opening is not followed: a dossier is born with the first deposit or event that concerns it, unless the service has a
rule for the signal. The brique is asked three questions: what follows a transfer, a merge, a closure.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from services.dossiers.regles import Recu, Regles


@dataclass(frozen=True, slots=True)
class DossierOuvert:
    parcours: UUID
    departement: str


@dataclass(frozen=True, slots=True)
class DossierTransfere:
    parcours: UUID
    departement: str


@dataclass(frozen=True, slots=True)
class DossierAbsorbe:
    parcours: UUID
    par: UUID


@dataclass(frozen=True, slots=True)
class DossierClos:
    parcours: UUID


@dataclass(frozen=True, slots=True)
class DossierEfface:
    parcours: UUID


@dataclass(frozen=True, slots=True)
class DossierRetabli:
    """A dossier is as if there had been no merge: its history begins anew with it."""

    dossier: Any

    @property
    def parcours(self) -> UUID:
        parcours: UUID = self.dossier.parcours
        return parcours


@dataclass(frozen=True, slots=True)
class Situation:
    """The input of a decision. `dossier` is None while the parcours is not known here. `est_oublie`: its person was
    erased. `absorbes`: the dossiers that it absorbed or absorbs, for messages that look at them. `contexte`: see
    `Modele.contexte`."""

    dossier: Any
    absorbes: tuple[Any, ...] = ()
    est_oublie: bool = False
    contexte: Any = None


@dataclass(frozen=True, slots=True)
class Vie:
    """The three questions. Each returns the facts that follow, besides the change of the dossier itself.

    `transfert` (dossier as it arrives, message, instant), `fusion` (survivor, absorbed dossiers, message, instant),
    `cloture` (dossier, last day, motive, instant). Nothing follows the transfer of a closed dossier.
    """

    dossier: Callable[[UUID, str], Any]
    fusion: Callable[[Any, Sequence[Any], Recu[Any], datetime], Sequence[Any]]
    cloture: Callable[[Any, date, str, datetime], Sequence[Any]]
    transfert: Callable[[Any, Recu[Any], datetime], Sequence[Any]] = lambda dossier, recu, maintenant: ()

    def ouvrir(self, dossier: Any, recu: Recu[Any]) -> list[Any]:
        return [] if dossier else [DossierOuvert(recu.parcours, recu.departement)]

    def absorber(self, situation: Situation, recu: Recu[Any]) -> tuple[Any, list[Any], list[Any]]:
        """Return the survivor, the dossiers that it absorbs, and the facts that close them.
        An unknown parcours is absorbed too: its later messages reach the survivor."""
        connu = situation.dossier or self.dossier(recu.parcours, recu.departement)
        absorbes = [a for a in situation.absorbes if a.absorbe_par is None and a.parcours != connu.parcours]
        inconnus = sorted(set(recu.absorbes) - {absorbe.parcours for absorbe in situation.absorbes})
        ouverts = [DossierOuvert(parcours, recu.departement) for parcours in inconnus]
        pris = [DossierAbsorbe(nom, connu.parcours) for nom in (*inconnus, *(a.parcours for a in absorbes))]
        return connu, absorbes, [*self.ouvrir(situation.dossier, recu), *ouverts, *pris]

    def inscrire(self, regles: Regles, *, sauf: Sequence[str] = ()) -> None:
        """Put these rules and folds in the table of the service; `sauf` names the messages that it decides itself."""
        if "usager.signale" not in sauf:
            regles.naissance = lambda recu: DossierOuvert(recu.parcours, recu.departement)
        regles.regle("parcours.transfere", "transfert.effectif")(self._transferer)
        if "usager.fusionne" not in sauf:
            regles.regle("usager.fusionne", au_survivant=True)(self._fusionner)
        regles.regle("parcours.clos")(self._clore)
        regles.regle("usager.efface", au_survivant=True)(self._effacer)
        regles.repli(DossierOuvert)(self._ouvert)
        regles.repli(DossierTransfere)(lambda dossier, fait: replace(dossier, departement=fait.departement))
        regles.repli(DossierAbsorbe)(lambda dossier, fait: replace(dossier, est_clos=True, absorbe_par=fait.par))
        regles.repli(DossierClos)(lambda dossier, fait: replace(dossier, est_clos=True))
        regles.repli(DossierEfface)(lambda dossier, fait: replace(dossier, est_efface=True))

    def _ouvert(self, _: Any, fait: DossierOuvert) -> Any:
        return self.dossier(fait.parcours, fait.departement)

    def _transferer(self, situation: Situation, recu: Recu[Any], maintenant: datetime) -> Sequence[Any]:
        dossier, vers = situation.dossier, recu.data["departement_nouveau"]
        if dossier is None:
            return [DossierOuvert(recu.parcours, vers)]
        if dossier.departement == vers:
            return []
        suites = [] if dossier.est_clos else self.transfert(replace(dossier, departement=vers), recu, maintenant)
        return [DossierTransfere(recu.parcours, vers), *suites]

    def _fusionner(self, situation: Situation, recu: Recu[Any], maintenant: datetime) -> Sequence[Any]:
        connu, absorbes, faits = self.absorber(situation, recu)
        return [*faits, *self.fusion(connu, absorbes, recu, maintenant)]

    def _clore(self, situation: Situation, recu: Recu[Any], maintenant: datetime) -> Sequence[Any]:
        """Close also an unknown parcours: a later deposit must not open it."""
        dossier = situation.dossier or self.dossier(recu.parcours, recu.departement)
        if dossier.est_clos:
            return []
        fin, motif = date.fromisoformat(recu.data["date_fin"]), recu.data["motif"]
        ouverts = self.ouvrir(situation.dossier, recu)
        return [*ouverts, DossierClos(dossier.parcours), *self.cloture(dossier, fin, motif, maintenant)]

    def _effacer(self, situation: Situation, recu: Recu[Any], _: datetime) -> Sequence[Any]:
        """Erase also an unknown person: a message that arrives later must not bring it back."""
        return [*self.ouvrir(situation.dossier, recu), DossierEfface(recu.parcours)]
