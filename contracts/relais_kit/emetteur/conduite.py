"""Runs the partner's program once, or waits while a person runs it, until the step is over."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Protocol

from relais_kit.emetteur.recu import Recu
from relais_kit.emetteur.temoin import Passage

_PAS_S = 0.05
_INEXECUTABLE = "la commande ne peut pas être lancée"
# What a shell answers for a program that does not exist, or cannot be run.
_NON_LANCEE = (126, 127)
_CALME_S = 1.5
"""Without news for so long, a program that does not end has said all that it had to."""
_DEMARRAGE_MAX_S = 30.0
_FENETRE_S = 6.0
"""How long a program that is never calm is watched."""
_SORTIE_MAX_SIGNES = 200_000


class Inexecutable(Exception):
    """One French sentence without its full stop."""


class Conduite(Protocol):
    """`jouer` returns once the run is over, or at the instant `fin` of the clock that only goes on."""

    def jouer(self, passage: Passage, fin: float) -> None: ...


@dataclass(frozen=True, slots=True)
class ParCommande:
    """`environnement` is added to the caller's own: HUB, CLIENT_JSON, KEY_PEM."""

    commande: str
    environnement: Mapping[str, str]

    def jouer(self, passage: Passage, fin: float) -> None:
        """Raises Inexecutable."""
        with tempfile.TemporaryFile() as sortie:
            programme = lancer(self.commande, self.environnement, sortie)
            try:
                _attendre(programme, passage, fin)
            finally:
                arreter(programme)
            sortie.seek(0)
            if passage.statut in _NON_LANCEE and not passage.echanges:
                raise Inexecutable(_INEXECUTABLE)
            passage.sortie = sortie.read(_SORTIE_MAX_SIGNES).decode("utf-8", "replace")


@dataclass(slots=True)
class Ecoute:
    """Somebody starts the program at each step; a line on the standard input, or calm once it has sent, ends it."""

    def jouer(self, passage: Passage, fin: float) -> None:
        sys.stderr.write("Lancez votre émetteur, puis Entrée quand il a fini. ")
        sys.stderr.flush()
        lu = threading.Event()

        def lire() -> None:
            sys.stdin.readline()
            lu.set()

        if sys.stdin.isatty():
            threading.Thread(target=lire, daemon=True).start()
        while not lu.is_set() and not (not sys.stdin.isatty() and est_fini(passage)):
            if time.monotonic() > fin:
                passage.est_ecourte = True
                return
            time.sleep(_PAS_S)


def lancer(commande: str, environnement: Mapping[str, str], sortie: IO[bytes]) -> subprocess.Popen[bytes]:
    """Start the partner's own command, in the caller's environment and this one. Raises Inexecutable."""
    try:
        return subprocess.Popen(  # noqa: S602  the caller's own command, with its own shell
            commande,
            shell=True,
            stdin=subprocess.DEVNULL,
            stdout=sortie,
            stderr=subprocess.STDOUT,
            env={**os.environ, **environnement},
            start_new_session=True,
        )
    except (OSError, ValueError) as erreur:
        raise Inexecutable(_INEXECUTABLE) from erreur


def _attendre(programme: subprocess.Popen[bytes], passage: Passage, fin: float) -> None:
    demarrage = time.monotonic() + _DEMARRAGE_MAX_S
    while programme.poll() is None:
        maintenant = time.monotonic()
        if maintenant > fin or (not passage.echanges and maintenant > demarrage):
            passage.est_ecourte = True
            return
        if est_fini(passage):
            return
        time.sleep(_PAS_S)
    passage.statut = programme.returncode
    while passage.en_cours and time.monotonic() < fin:
        time.sleep(_PAS_S)


def est_fini(passage: Passage) -> bool:
    """For a program that goes on: each fault was followed, or will not be any more; then it is calm, or busy with what
    comes next."""
    maintenant, dernier = time.monotonic(), passage.dernier
    if dernier is None or passage.en_cours:
        return False
    touches = [(recu, panne) for panne in passage.etape.pannes for recu in panne.touches]
    if not touches:
        est_occupe = maintenant - passage.echanges[0].debut > _FENETRE_S
        return est_occupe or maintenant - dernier > 2 * _CALME_S
    depuis_s = [(recu, panne, maintenant - (recu.fin or maintenant)) for recu, panne in touches]
    if any(s < panne.suite_s and not _est_suivi(passage, recu) for recu, panne, s in depuis_s):
        return False
    return maintenant - dernier > _CALME_S or min(s for _, _, s in depuis_s) > _FENETRE_S


def _est_suivi(passage: Passage, touche: Recu) -> bool:
    """What it asked for came again."""
    ensuite = [recu for recu in passage.echanges if recu.debut > touche.debut]
    if touche.est_lecture:
        return any(recu.est_lecture for recu in ensuite)
    ids = {str(message.get("id")) for message in touche.messages}
    return any(str(message.get("id")) in ids for recu in ensuite for message in recu.messages)


def arreter(programme: subprocess.Popen[bytes]) -> None:
    """The program, and those that it started."""
    for envoi in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(programme.pid, envoi)
        try:
            programme.wait(2)
        except subprocess.TimeoutExpired:
            continue
        if envoi is signal.SIGTERM and programme.returncode is not None:
            return
