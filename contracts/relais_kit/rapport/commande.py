"""`relais-kit rapport`, and what `verifier … --rapport DIR` writes."""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from relais_kit import resultats as bilan
from relais_kit.arguments import Commandes
from relais_kit.carnet import Resultat
from relais_kit.rapport.page import page
from relais_kit.sorties import abandonner, ecrire_json

_FICHIER = "rapport.json"
_DEPOT = "y écrit le rapport, avec les échanges : HTML, JSON, JUnit (voyez relais-kit rapport)"
_EXEMPLES = """\
`relais-kit verifier … --rapport DIR` y écrit rapport.json, rapport.html (à lire ou à imprimer) et rapport.xml (JUnit).
Cette commande relit rapport.json, et le montre ou l'écrit autrement.

exemples :
  relais-kit verifier emetteur --commande "python envoyer.py" --rapport essai
  relais-kit rapport essai
  relais-kit rapport essai/rapport.json --html bilan.html --junit bilan.xml
  relais-kit rapport essai --json

code de sortie : 0 si aucune exigence n'a échoué, 1 sinon, 2 si ce n'est pas un rapport.
"""


def ajouter(commandes: Commandes) -> None:
    rapport = commandes.add_parser(
        "rapport",
        help="montre une vérification enregistrée : terminal, HTML, JUnit, JSON",
        description="Montre une vérification enregistrée par `relais-kit verifier … --rapport DIR`.",
        epilog=_EXEMPLES,
    )
    rapport.add_argument("rapport", metavar="RAPPORT", type=Path, help="rapport.json, ou son dossier")
    rapport.add_argument("--html", metavar="FICHIER", type=Path, help="écrit la page, en un seul fichier")
    rapport.add_argument("--junit", metavar="FICHIER", type=Path, help="écrit le rapport JUnit")
    rapport.add_argument("--json", action="store_true", help="rend le document, pour un programme")
    rapport.set_defaults(executer=_executer)


def ajouter_sorties(cible: argparse.ArgumentParser) -> None:
    """Options of a verification that say where its report goes; `rendre` follows them."""
    cible.add_argument("--junit", metavar="FICHIER", type=Path, help="écrit aussi un rapport JUnit")
    cible.add_argument("--html", metavar="FICHIER", type=Path, help="écrit aussi la page, en un seul fichier")
    cible.add_argument("--rapport", metavar="DIR", type=Path, help=_DEPOT)
    cible.add_argument("--json", action="store_true", help="rapport en JSON, pour un programme")


def refuser_les_dossiers_absents(options: argparse.Namespace) -> None:
    """Called before the run: a report that cannot be written would lose it."""
    for fichier in filter(None, (options.junit, options.html)):
        if not fichier.absolute().parent.is_dir():
            abandonner(f"le dossier de {fichier} n'existe pas")


def rendre(cible: str, contexte: Mapping[str, str], resultats: Sequence[Resultat], options: argparse.Namespace) -> None:
    """Show the results and write the reports that were asked for; a failure to write ends the command with status 2."""
    if options.json:
        ecrire_json(bilan.en_json(resultats))
    else:
        bilan.texte(resultats, sys.stdout)
    if options.rapport:
        deposer(options.rapport, cible, contexte, resultats)
    try:
        if options.html:
            options.html.write_text(page(bilan.document(cible, contexte, resultats)), encoding="utf-8")
        if options.junit:
            bilan.en_junit(f"verifier {cible}", resultats, options.junit)
    except OSError as erreur:
        abandonner(f"{erreur.filename} ne peut pas être écrit : {erreur.strerror}")


def deposer(dossier: Path, cible: str, contexte: Mapping[str, str], resultats: Sequence[Resultat]) -> None:
    """Write `rapport.{json,html,xml}`; a folder that cannot be written ends the command with status 2."""
    dit = bilan.document(cible, contexte, resultats)
    try:
        dossier.mkdir(parents=True, exist_ok=True)
        (dossier / _FICHIER).write_text(json.dumps(dit, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        (dossier / "rapport.html").write_text(page(dit), encoding="utf-8")
        bilan.en_junit(f"verifier {cible}", resultats, dossier / "rapport.xml")
    except OSError as erreur:
        abandonner(f"{dossier} ne peut pas être écrit : {erreur.strerror}")
    sys.stderr.write(f"Rapport : {dossier / 'rapport.html'}, {_FICHIER}, rapport.xml\n")


def _executer(options: argparse.Namespace) -> int:
    dit, resultats = _lire(options.rapport)
    try:
        if options.html:
            options.html.write_text(page(dit), encoding="utf-8")
        if options.junit:
            bilan.en_junit(f"verifier {dit['cible']}", resultats, options.junit)
    except OSError as erreur:
        abandonner(f"{erreur.filename} ne peut pas être écrit : {erreur.strerror}")
    if options.json:
        ecrire_json(dit)
    elif not (options.html or options.junit):
        bilan.texte(resultats, sys.stdout)
    return 0 if bilan.est_conforme(resultats) else 1


def _lire(chemin: Path) -> tuple[Mapping[str, Any], Sequence[Resultat]]:
    fichier = chemin / _FICHIER if chemin.is_dir() else chemin
    try:
        dit = json.loads(fichier.read_text(encoding="utf-8"))
        resultats = bilan.relire(dit)
        page(dit)  # an incomplete document is refused before anything is written
    except OSError as erreur:
        abandonner(f"{fichier} ne peut pas être lu : {erreur.strerror}")
    except (ValueError, KeyError, TypeError, AttributeError):
        abandonner(f"{fichier} n'est pas un rapport de `relais-kit verifier … --rapport`")
    return dit, resultats
