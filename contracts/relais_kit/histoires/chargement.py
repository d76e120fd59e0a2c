"""Deposits the lines of stories at a hub in the name of the partners; each line waits for the hub's answer to its
emitter.

A partner learns the parcours of others, and the names of their objects, from its own feed. It recognises an event by
the line's emitter, type, instant and `agent`. Nothing is acknowledged: the partner's position does not move.
"""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby, islice

from relais_contrats.client import Partner
from relais_kit.histoires.bloc import Bloc, Ligne, emetteur, message, recit
from relais_kit.histoires.dossier import ATTENDRE

RECITS_A_LA_FOIS = 200
_PAGE, _ATTENTE_S, _PAUSE_S = 500, 5, 0.2


@dataclass
class Bilan:
    """The outcome of the lines. `refus` counts by type and code; `laissees` counts lines of a parcours that stopped."""

    deposees: int = 0
    rejouees: int = 0
    acceptees: int = 0
    laissees: int = 0
    signalements: int = 0
    refus: Counter[tuple[str, str]] = field(default_factory=Counter)
    muets: set[str] = field(default_factory=set)
    """Facts that were waited for once and that this hub does not tell."""

    @property
    def est_entier(self) -> bool:
        return not self.refus and not self.laissees


@dataclass
class Chargement:
    """`patience_s`: how long a partner waits for the event that concerns its next line."""

    partenaires: Mapping[str, Partner]
    patience_s: float = 30.0
    bilan: Bilan = field(default_factory=Bilan)
    _bloc: Bloc = field(default_factory=lambda: Bloc.de([]))
    _curseurs: dict[str, str] = field(default_factory=dict)

    async def charger(self, lignes: Iterable[Ligne], dire: Callable[[Bilan], None]) -> Bilan:
        """Deposit them all, some hundred tellings at a time; `dire` is called after each of these blocks."""
        recits = (list(lues) for _, lues in groupby(lignes, recit))
        while ensemble := list(islice(recits, RECITS_A_LA_FOIS)):
            offres = [un for un in ensemble if _est_de_l_offre(un)]
            await self._deposer_par_vagues(offres)
            await self._deposer_par_vagues([un for un in ensemble if un not in offres])
            dire(self.bilan)
        return self.bilan

    async def _deposer_par_vagues(self, recits: Sequence[list[Ligne]]) -> None:
        """One line of each telling at a time: what depends on another line comes after it."""
        self._bloc = Bloc.de(ligne for un in recits for ligne in un)
        restes = [list(un) for un in recits]
        while vague := [reste for reste in restes if reste]:
            await self._apprendre([reste[0] for reste in vague])
            for reste in vague:
                if not self._bloc.sait_nommer(reste[0]):
                    self._laisser(reste)
            par_emetteur: dict[str, list[list[Ligne]]] = defaultdict(list)
            for reste in filter(None, vague):
                par_emetteur[emetteur(reste[0])].append(reste)
            async with asyncio.TaskGroup() as depots:
                for code, siens in par_emetteur.items():
                    depots.create_task(self._deposer(self.partenaires[code], siens))

    async def _deposer(self, partenaire: Partner, restes: Sequence[list[Ligne]]) -> None:
        lignes = [reste.pop(0) for reste in restes]
        reponses = await partenaire.post_many([self._bloc.traduire(ligne) for ligne in lignes])
        for ligne, dite, reste in zip(lignes, reponses, restes, strict=True):
            en_attente = dite.etat == "en-attente"
            reponse = await partenaire.settled(str(ligne["id"]), patience_s=self.patience_s) if en_attente else dite
            self.bilan.deposees += 1
            if reponse.etat == "accepte":
                self.bilan.acceptees += 1
                self.bilan.rejouees += reponse.est_rejoue
                self.bilan.signalements += message(ligne).ouvre_parcours
                self._bloc.retenir(partenaire.code, ligne, reponse.parcours)
            else:
                self.bilan.refus[message(ligne).nom, reponse.code or reponse.etat] += 1
                self._laisser(reste)

    def _laisser(self, reste: list[Ligne]) -> None:
        self.bilan.laissees += len(reste)
        reste.clear()

    async def _apprendre(self, lignes: Sequence[Ligne]) -> None:
        """Read the feeds of those who do not know enough for their next line, until they do or patience runs out."""
        fin = time.monotonic() + self.patience_s
        while manquent := [ligne for ligne in lignes if not self._est_prete(ligne)]:
            reste_s = fin - time.monotonic()
            if reste_s <= 0:
                attendus = (m[ATTENDRE] for m in manquent if ATTENDRE in m and self._bloc.sait_nommer(m))
                self.bilan.muets.update(attendus)
                return
            async with asyncio.TaskGroup() as lectures:
                for code in {emetteur(ligne) for ligne in manquent}:
                    lectures.create_task(self._lire(self.partenaires[code], min(_ATTENTE_S, reste_s)))

    def _est_prete(self, ligne: Ligne) -> bool:
        est_dit = ligne.get(ATTENDRE, "") in self.bilan.muets or self._bloc.a_entendu(ligne)
        return self._bloc.sait_nommer(ligne) and est_dit

    async def _lire(self, partenaire: Partner, attente_s: float) -> None:
        page = await partenaire.events(after=self._curseurs.get(partenaire.code), limit=_PAGE, wait_s=int(attente_s))
        self._curseurs[partenaire.code] = page.curseur
        for evenement in page.evenements:
            self._bloc.entendre(partenaire.code, evenement)
        if not page.evenements:
            await asyncio.sleep(min(_PAUSE_S, attente_s))


def _est_de_l_offre(un: Sequence[Ligne]) -> bool:
    type_ = message(un[0])
    return not type_.porte_sur_parcours and not type_.ouvre_parcours
