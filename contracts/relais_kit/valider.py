"""`relais-kit valider`: messages, batches, streams and captured HTTP exchanges against their contract, offline."""

import argparse
import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from relais_kit.affichage import Lieu, Rapport, RapportJson, RapportJunit, RapportTexte
from relais_kit.arguments import Commandes
from relais_kit.flux import Format, Morceau, decouper
from relais_kit.har import HarIllisible, echanges
from relais_kit.sorties import abandonner, type_du_catalogue
from relais_kit.verdict import juger

_EXTENSIONS = {".ndjson": Format.NDJSON, ".jsonl": Format.NDJSON, ".har": Format.HAR}

_EXEMPLES = """\
La forme de chaque entrée se reconnaît à son début : un message, un lot (liste JSON), ou un message
par ligne (NDJSON), lus au fil de l'eau quelle que soit leur taille ; ou des échanges HTTP (HAR),
dont les dépôts, les événements lus et les webhooks reçus sont vérifiés, avec ce qui les porte.

exemples :
  relais-kit valider message.json
  relais-kit valider envois.ndjson lot.json
  mon-extraction | relais-kit valider -
  relais-kit valider --donnees orientation.decidee contenu.json
  relais-kit valider capture.har --junit rapport.xml
  relais-kit valider --json lot.json | jq '.messages[] | select(.conforme | not)'

code de sortie :
  0  tous les messages sont conformes
  1  au moins un ne l'est pas
  2  la commande ne peut pas se faire (fichier absent ou vide, type inconnu…)
"""


def ajouter(commandes: Commandes) -> None:
    valider = commandes.add_parser(
        "valider",
        help="vérifie des messages, des lots, des flux NDJSON ou des échanges HTTP (HAR)",
        description="Vérifie des messages d'après leur contrat, et dit tout ce qui ne va pas.",
        epilog=_EXEMPLES,
    )
    valider.add_argument(
        "fichiers", metavar="FICHIER", nargs="+", help="les fichiers à vérifier, ou - pour l'entrée standard"
    )
    valider.add_argument("--donnees", metavar="TYPE", help="l'entrée est le seul contenu (data) de ce type de message")
    valider.add_argument(
        "--format", type=Format, choices=list(Format), default=Format.AUTO, help="forme de l'entrée (auto par défaut)"
    )
    valider.add_argument("--junit", metavar="FICHIER", type=Path, help="écrit aussi un rapport JUnit dans ce fichier")
    valider.add_argument("--json", action="store_true", help="rapport en JSON, pour un programme")
    valider.set_defaults(executer=_valider)


def _valider(options: argparse.Namespace) -> int:
    donnees_de = type_du_catalogue(options.donnees) if options.donnees else None
    rapport: Rapport = RapportJson(sys.stdout) if options.json else RapportTexte(sys.stdout)
    if options.junit:
        if not options.junit.absolute().parent.is_dir():
            abandonner(f"le dossier de {options.junit} n'existe pas")
        rapport = RapportJunit(options.junit, rapport)
    total = refuses = 0
    for fichier in options.fichiers:
        avant = total
        with _ouvrir(fichier) as entree:
            for total, morceau in enumerate(_morceaux(entree, fichier, options.format), avant + 1):
                verdict = juger(morceau, donnees_de)
                refuses += not verdict.est_conforme
                nom = fichier if len(options.fichiers) > 1 else None
                rapport.ajouter(Lieu(total, nom, morceau.ligne, morceau.echange), verdict)
        if total == avant:
            abandonner(f"aucun message à vérifier dans {_nom(fichier)}")
    rapport.finir(total, refuses)
    return 1 if refuses else 0


def _morceaux(entree: BinaryIO, fichier: str, choisi: Format) -> Iterator[Morceau]:
    forme = _EXTENSIONS.get(Path(fichier).suffix.lower(), choisi) if choisi is Format.AUTO else choisi
    if forme is not Format.HAR:
        yield from decouper(entree, forme)
        return
    try:
        yield from echanges(entree)
    except HarIllisible as erreur:
        abandonner(f"{_nom(fichier)} ne peut pas être lu : {erreur}")


@contextlib.contextmanager
def _ouvrir(fichier: str) -> Iterator[BinaryIO]:
    """Open the file or the standard input; errors of the system are reported, on opening and while reading."""
    try:
        if fichier == "-":
            yield sys.stdin.buffer
        else:
            with open(fichier, "rb") as entree:
                yield entree
    except BrokenPipeError:
        raise
    except OSError as erreur:
        abandonner(f"{_nom(fichier)} ne peut pas être lu : {_raison(erreur)}")


def _raison(erreur: OSError) -> str:
    match erreur:
        case FileNotFoundError():
            return "il n'existe pas"
        case IsADirectoryError():
            return "c'est un dossier"
        case PermissionError():
            return "vous n'en avez pas le droit"
        case _:
            return str(erreur.strerror)


def _nom(fichier: str) -> str:
    return "l'entrée standard" if fichier == "-" else fichier
