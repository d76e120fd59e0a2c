"""The steps of a run: one fault each, against a hub that remembers nothing but what was acknowledged."""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from starlette.types import Receive, Scope, Send

from relais_kit.bouchon.memoire import Memoire
from relais_kit.bouchon.porte import Porte
from relais_kit.emetteur.conduite import Conduite
from relais_kit.emetteur.graines import semer
from relais_kit.emetteur.pannes import (
    EnAttente,
    Indisponible,
    JetonCourt,
    JetonRevoque,
    LignesRefusees,
    RefusDefinitif,
    ReponseEnrichie,
    ReponsePerdue,
    SansPanne,
)
from relais_kit.emetteur.pannes_strictes import JetonIndisponible, Nonce, Redirection, Silence
from relais_kit.emetteur.recu import Recu
from relais_kit.emetteur.reprise import ecrire, relire
from relais_kit.emetteur.temoin import Etape, Passage, Temoin
from relais_kit.personne import Personne
from relais_kit.reprise import Reprise

Avancer = Callable[[int, int, str], None]
"""Is told the rank of each step, how many there are, and its title."""


class Muet(Exception):
    """The program asked nothing of the hub: nothing can be judged. One French sentence without its full stop."""


@dataclass
class Deroulement:
    """`types`: of the events of the feed. `limite_s`: for the whole run; `etape_max_s`: for one step."""

    porte: Porte
    code: str
    conduite: Conduite
    types: Sequence[str] = ()
    limite_s: float = 540.0
    etape_max_s: float = 60.0
    attentes_s: tuple[int, int] = (2, 3)
    """Retry-After of the 503 and of the 429."""
    est_strict: bool = False
    silence_s: float = 30.0
    horloge: Callable[[], float] = time.monotonic
    reprise: Reprise = field(default_factory=Reprise)
    personne: Personne = field(default_factory=Personne)
    passages: list[Passage] = field(default_factory=list)
    arret: str | None = None
    _temoin: Temoin | None = None

    async def application(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application: answers as the step in hand wants it."""
        if self._temoin is None:
            self._temoin = Temoin(self.porte, Passage(Etape("avant le premier lancement", ())), self.horloge)
        await self._temoin(scope, receive, send)

    def derouler(self, avancer: Avancer) -> Sequence[Passage]:
        """Run every step that what the program does makes possible. Raises Muet, Inexecutable."""
        fin = time.monotonic() + self.limite_s
        # What an interrupted run had shown in the feed, its reader has acknowledged.
        self.porte.memoire.fils[self.code] = list(self.reprise.suite.get("fil", ()))
        premiere = Etape("ce que fait l'émetteur, sans panne", (SansPanne(),))
        avancer(1, 1, premiere.titre)
        reference = self._jouer(premiere, fin)
        if not reference.echanges:
            raise Muet(_pourquoi_muet(reference))
        if all(r.statut == 401 for r in reference.echanges if r.est_garde):
            self.arret = "aucune de ses requêtes n'est admise : la suite ne peut pas être jouée"
            return self.passages
        etapes = list(_etapes(reference, self.attentes_s))
        if self.est_strict:
            etapes += _etapes_strictes(reference, self.silence_s)
        for rang, etape in enumerate(etapes, 2):
            if time.monotonic() > fin - 1:
                self.arret = "temps épuisé avant cette étape (sans --rapide, il y en a plus)"
                break
            avancer(rang, len(etapes) + 1, etape.titre)
            debut = time.monotonic()
            est_prete = self._est_prete(etape)
            fin += time.monotonic() - debut  # who prepares takes the time that it takes
            if est_prete:
                self._jouer(etape, fin)
        return self.passages

    def _est_prete(self, etape: Etape) -> bool:
        """Somebody, when there is one, prepares the program for the step, or leaves the step out."""
        est_faite = etape.titre in self.reprise.faites
        if est_faite or not self.personne.est_la:
            return True
        return asyncio.run(self.personne.faire(f"Étape « {etape.titre} » : préparez votre émetteur."))

    def _jouer(self, etape: Etape, fin: float) -> Passage:
        """The run of this step, or the one that an interrupted verification had kept. Raises Inexecutable."""
        gardes = self.reprise.suite.setdefault("passages", {})
        if etape.titre in self.reprise.faites:
            passage = relire(etape, gardes[etape.titre])
            self.passages.append(passage)
            return passage
        passage = self._lancer(etape, fin)
        gardes[etape.titre] = ecrire(passage)
        self.reprise.suite["fil"] = list(self.porte.memoire.fils[self.code])
        self.reprise.garder(etape.titre)
        return passage

    def _lancer(self, etape: Etape, fin: float) -> Passage:
        passage = Passage(etape)
        ancienne, memoire = self.porte.memoire, Memoire()
        # A reader that keeps its cursor finds its place again; what it had is acknowledged.
        memoire.fils[self.code] = list(ancienne.fils[self.code])
        memoire.positions[self.code] = len(memoire.fils[self.code])
        semer(memoire, self.code, self.types, codes=etape.codes, champs=etape.champs, doublons=etape.doublons)
        p = self.porte
        self.porte = Porte(
            p.url, p.partenaires, p.registre, memoire, p.horloge, p.modes, p.usages, p.revoques, p.trousseau
        )
        if self._temoin is None:
            self._temoin = Temoin(self.porte, passage, self.horloge)
        else:
            self._temoin.changer(self.porte, passage)
        self.passages.append(passage)
        etape_s = self.etape_max_s + sum(panne.patience_s for panne in etape.pannes)
        self.conduite.jouer(passage, min(fin, time.monotonic() + etape_s))
        return passage


def _etapes(reference: Passage, attentes_s: tuple[int, int]) -> Iterator[Etape]:
    """Return the steps that apply to this program, the most revealing first."""
    echanges = reference.echanges
    depose, lit = any(r.est_depot for r in echanges), any(r.est_lecture for r in echanges)
    cible = _depot if depose else _lecture
    relecture = (Indisponible(_lecture, 503, 1),) if lit else ()
    if depose:
        yield Etape("relais indisponible (503)", (ReponsePerdue(cible, attentes_s[0]), *relecture))
    elif lit:
        yield Etape("relais indisponible (503)", relecture)
    if depose:  # what was answered 429 is refused for good once it is sent again
        refus = (Indisponible(cible, 429, attentes_s[1]), RefusDefinitif(_seul))
        yield Etape("trop de requêtes (429), message refusé (422)", refus)
    if any(map(_lot, echanges)):
        yield Etape("lignes d'un lot refusées", (LignesRefusees(_lot),))
    if lit:
        yield Etape("codes inconnus dans le fil", (SansPanne(),), codes=True)
        yield Etape("types et champs inconnus dans le fil", (SansPanne(),), champs=True)
    if depose or lit:
        yield Etape("jeton qui expire", (JetonCourt(cible),))
        yield Etape("jeton refusé (401)", (JetonRevoque(cible), EnAttente(_seul)))
    if depose:
        yield Etape("réponses et fil enrichis, événements répétés", (ReponseEnrichie(),), doublons=True)


def _etapes_strictes(reference: Passage, silence_s: float) -> Iterator[Etape]:
    cible = _depot if any(r.est_depot for r in reference.echanges) else _lecture
    yield Etape("nonce demandé", (Nonce(),))
    yield Etape("redirection", (Redirection(cible),))
    yield Etape("jeton indisponible (503)", (JetonIndisponible(),))
    yield Etape("relais muet", (Silence(cible, silence_s),))


def _pourquoi_muet(passage: Passage) -> str:
    fin = "" if passage.statut is None else f" (code de sortie {passage.statut})"
    dernieres = " / ".join(ligne for ligne in passage.sortie.splitlines()[-3:] if ligne.strip())
    return f"l'émetteur n'a rien demandé au relais{fin}{f' ; il écrit : {dernieres}' if dernieres else ''}"


def _depot(recu: Recu) -> bool:
    return recu.est_depot


def _lecture(recu: Recu) -> bool:
    return recu.est_lecture


def _seul(recu: Recu) -> bool:
    return recu.est_depot and not recu.est_un_lot


def _lot(recu: Recu) -> bool:
    return recu.est_depot and recu.est_un_lot and len(recu.messages) > 0
