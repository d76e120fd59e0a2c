"""A run that may be interrupted: where it is, kept after each step in one file; the same command goes on from there."""

import contextlib
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from relais_kit.carnet import Carnet
from relais_kit.sorties import abandonner


@dataclass
class Reprise:
    """`fichier` None: nothing is stored. `contexte` identifies the verification: a file about another one is
    refused.
    """

    fichier: Path | None = None
    contexte: Mapping[str, Any] = field(default_factory=dict)
    faites: list[str] = field(default_factory=list)
    """The titles of the steps that are over."""
    suite: dict[str, Any] = field(default_factory=dict)
    """What the run itself keeps for what follows."""
    _carnet: Mapping[str, Any] = field(default_factory=dict)

    def rendre(self, carnet: Carnet) -> None:
        """Put back what was noted."""
        carnet.reprendre(self._carnet)

    def garder(self, titre: str, carnet: Carnet | None = None) -> None:
        """Store one finished step, `suite` and the notes with it. The file is complete whenever the run is cut."""
        self.faites.append(titre)
        if self.fichier is None:
            return
        notes = carnet.en_json() if carnet else {}
        dit = {"contexte": self.contexte, "faites": self.faites, "suite": self.suite, "carnet": notes}
        brouillon = self.fichier.with_name(f"{self.fichier.name}.part")
        try:
            brouillon.touch(mode=0o600)
            brouillon.write_text(json.dumps(dit, ensure_ascii=False), encoding="utf-8")
            brouillon.replace(self.fichier)
        except OSError as erreur:
            abandonner(f"{self.fichier} ne peut pas être écrit : {erreur.strerror}")

    def finir(self) -> None:
        if self.fichier is not None:
            self.fichier.unlink(missing_ok=True)

    @contextlib.contextmanager
    def interruptible(self) -> Iterator[None]:
        """Ctrl-C says how to go on."""
        try:
            yield
        except KeyboardInterrupt:
            if self.fichier is not None and self.faites:
                sys.stderr.write(f"\nInterrompue. La même commande reprend là, avec {self.fichier}.\n")
            raise


def ouvrir(fichier: Path | None, contexte: Mapping[str, Any]) -> Reprise:
    """From the file, when there is one; a file of another run ends the command with status 2."""
    if fichier is None or not fichier.exists():
        return Reprise(fichier, contexte)
    try:
        dit = json.loads(fichier.read_text(encoding="utf-8"))
        if dit["contexte"] != contexte:
            abandonner(f"{fichier} est d'une autre vérification : ôtez-le, ou nommez-en un autre")
        return Reprise(fichier, contexte, list(dit["faites"]), dict(dit["suite"]), dict(dit["carnet"]))
    except OSError as erreur:
        abandonner(f"{fichier} ne peut pas être lu : {erreur.strerror}")
    except (ValueError, KeyError, TypeError):
        abandonner(f"{fichier} n'est pas une vérification à reprendre")
