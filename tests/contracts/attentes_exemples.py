"""What the example partners send and read, as the mock sees it: `python -m tests.contracts.attentes_exemples` writes
`docs/exemples/partenaires/<langage>/attentes.json` again, for the languages that are installed."""

import contextlib
import json
import sys
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from relais_kit.attentes import NOM
from relais_kit.bouchon.porte import Porte
from relais_kit.bouchon.releve import Releve
from relais_kit.bouchon.serveur import en_marche
from relais_kit.commande import main
from relais_kit.histoires.recits import lignes
from tests.contracts.partenaires_exemples import DOSSIER, EXEMPLES, MESSAGE, Exemple, acces

_EMETTEUR, _LECTEUR = "caf-59", "cd-59"
_HISTOIRES = ("premiere-orientation", "prescription-refusee")
_JOUR = date(2026, 3, 2)


@contextlib.contextmanager
def bouchon() -> Iterator[tuple[Porte, Path]]:
    """A mock whose feeds hold two stories, and the folder of its accesses."""
    with tempfile.TemporaryDirectory() as essai, en_marche(dossier := Path(essai)) as porte:
        fichier = dossier / "histoires.ndjson"
        dites = [json.dumps(ligne) + "\n" for histoire in _HISTOIRES for ligne in lignes(histoire, 1, 1, _JOUR)]
        fichier.write_text("".join(dites), encoding="utf-8")
        if main(["charger", str(fichier), "--partenaires", str(dossier), "--json"]):
            raise RuntimeError("the mock does not take the stories")
        yield porte, dossier


def relever(exemple: Exemple, nom: str, porte: Porte, dossier: Path, etat: Path) -> str:
    """The text of its `attentes.json`: it deposits its message, and reads a feed where a code is unknown."""
    porte.attentes = Releve()
    porte.memoire.positions.clear()
    _lancer(exemple, etat, acces(dossier, _EMETTEUR), "envoyer", str(MESSAGE))
    porte.modes.poser("code-inconnu", 1)
    _lancer(exemple, etat, acces(dossier, _LECTEUR), "lire")
    lues = porte.attentes.de(_LECTEUR)
    dit = {"partenaire": f"exemple {nom}", "envoie": porte.attentes.de(_EMETTEUR).envoie}
    return lues.model_copy(update=dit).en_texte()


def _lancer(exemple: Exemple, etat: Path, environnement: dict[str, str], *arguments: str) -> None:
    statut, dit = exemple.lancer(etat, environnement, *arguments)
    if statut:
        raise RuntimeError(f"{arguments}: {dit}")


if __name__ == "__main__":
    with bouchon() as (porte, dossier):
        for nom, exemple in EXEMPLES.items():
            if exemple.est_installe:
                with tempfile.TemporaryDirectory() as etat:
                    texte = relever(exemple, nom, porte, dossier, Path(etat))
                (DOSSIER / nom / NOM).write_text(texte, encoding="utf-8")
                sys.stdout.write(f"{DOSSIER / nom / NOM}\n")
