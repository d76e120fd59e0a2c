"""What every service does when `usagers` opens, moves, merges, closes or erases a parcours. Stdlib only.

It asks the brique three questions: what follows a transfer, a merge, a closure.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from services.dossiers.regles import Recu, Regles

OUVRENT = ("parcours.ouvert", "usager.signale")


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
class Situation:
    """All that a decision looks at. `dossier` is None while the parcours is not known here, or `est_oublie`: its person
    was erased. `absorbes`: the dossiers that it absorbed, for the messages that look at them, or absorbs.
    `contexte`: what the service declares beside its dossiers (`Modele.contexte`)."""

    dossier: Any
    absorbes: tuple[Any, ...] = ()
    est_oublie: bool = False
    contexte: Any = None


@dataclass(frozen=True, slots=True)
class Vie:
    """The three questions. Each returns the facts that follow, besides the change of the dossier itself.

    `transfert` (dossier, new département), `fusion` (survivor, absorbed dossiers, message, instant), `cloture`
    (dossier, last day, motive, instant).
    """

    dossier: Callable[[UUID, str], Any]
    fusion: Callable[[Any, Sequence[Any], Recu[Any], datetime], Sequence[Any]]
    cloture: Callable[[Any, date, str, datetime], Sequence[Any]]
    transfert: Callable[[Any, str], Sequence[Any]] = lambda dossier, departement: ()

    def ouvrir(self, dossier: Any, recu: Recu[Any]) -> list[Any]:
        return [] if dossier else [DossierOuvert(recu.parcours, recu.departement)]

    def inscrire(self, regles: Regles) -> None:
        """Put these rules and folds in the table of the service."""
        regles.regle(*OUVRENT, au_survivant=True)(self._ouvrir)
        regles.regle("parcours.transfere", "transfert.effectif")(self._transferer)
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

    def _ouvrir(self, situation: Situation, recu: Recu[Any], _: datetime) -> Sequence[Any]:
        return self.ouvrir(situation.dossier, recu)

    def _transferer(self, situation: Situation, recu: Recu[Any], _: datetime) -> Sequence[Any]:
        if situation.dossier is None:
            return [DossierOuvert(recu.parcours, recu.data["departement_nouveau"])]
        vers = recu.data["departement_nouveau"]
        return [DossierTransfere(recu.parcours, vers), *self.transfert(situation.dossier, vers)]

    def _fusionner(self, situation: Situation, recu: Recu[Any], maintenant: datetime) -> Sequence[Any]:
        """The absorbed dossiers close, in favour of the survivor. A parcours of which nothing has come yet is absorbed
        all the same: what is on its way will reach the survivor."""
        connu = situation.dossier or self.dossier(recu.parcours, recu.departement)
        absorbes = [a for a in situation.absorbes if a.absorbe_par is None and a.parcours != connu.parcours]
        inconnus = sorted(set(recu.absorbes) - {absorbe.parcours for absorbe in situation.absorbes})
        return [
            *self.ouvrir(situation.dossier, recu),
            *(DossierOuvert(parcours, recu.departement) for parcours in inconnus),
            *(DossierAbsorbe(parcours, connu.parcours) for parcours in inconnus),
            *(DossierAbsorbe(absorbe.parcours, connu.parcours) for absorbe in absorbes),
            *self.fusion(connu, absorbes, recu, maintenant),
        ]

    def _clore(self, situation: Situation, recu: Recu[Any], maintenant: datetime) -> Sequence[Any]:
        dossier = situation.dossier
        if dossier is None or dossier.est_clos:
            return []
        fin, motif = date.fromisoformat(recu.data["date_fin"]), recu.data["motif"]
        return [DossierClos(dossier.parcours), *self.cloture(dossier, fin, motif, maintenant)]

    def _effacer(self, situation: Situation, recu: Recu[Any], _: datetime) -> Sequence[Any]:
        """Also of a person of whom nothing has come yet: what is on its way is not to bring it back."""
        return [*self.ouvrir(situation.dossier, recu), DossierEfface(recu.parcours)]
