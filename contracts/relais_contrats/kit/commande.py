"""The command line of the kit: `valider` and `exemple`. Status 0: all conforms; 1: some does not; 2: wrong usage."""

import argparse
import contextlib
import json
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, NoReturn

from relais_contrats.catalogue import CATALOGUE, TypeMessage
from relais_contrats.exemples import Exemple, exemples
from relais_contrats.kit.affichage import Couleurs, Rapport, RapportJson, RapportTexte, exemple_en_json
from relais_contrats.kit.arguments import Analyseur
from relais_contrats.kit.flux import Format, decouper
from relais_contrats.kit.verdict import juger, type_nomme, types_voisins

_EXTENSIONS = {".ndjson": Format.NDJSON, ".jsonl": Format.NDJSON}

_AIDE = """\
Vérifie des messages de parcours d'après leur contrat, sans le hub, et montre des exemples.

Tout se passe sur cette machine : rien n'est envoyé. Les droits d'un partenaire et l'état
d'un parcours ne sont connus que du hub : un message conforme ici peut encore être refusé là-bas.
"""
_AIDE_EXEMPLES = """\
exemples :
  relais-kit exemple --liste
  relais-kit exemple usager.signale > message.json
  relais-kit valider message.json

relais-kit valider --help et relais-kit exemple --help en disent plus.
"""
_VALIDER_EXEMPLES = """\
La forme de l'entrée se reconnaît à son début : un message, un lot (liste JSON),
ou un message par ligne (NDJSON). Elle est lue au fil de l'eau, quelle que soit sa taille.

exemples :
  relais-kit valider message.json
  relais-kit valider envois.ndjson
  mon-extraction | relais-kit valider -
  relais-kit valider --donnees orientation.decidee contenu.json
  relais-kit valider --json lot.json | jq '.messages[] | select(.conforme | not)'

code de sortie :
  0  tous les messages sont conformes
  1  au moins un ne l'est pas
  2  la commande ne peut pas se faire (fichier absent ou vide, type inconnu…)
"""
_EXEMPLE_EXEMPLES = """\
Le message est écrit sur la sortie, prêt à être redirigé ; son titre et les erreurs
qu'il provoque le sont à côté. Les personnes et les numéros sont inventés.

exemples :
  relais-kit exemple --liste
  relais-kit exemple --liste usager.signale
  relais-kit exemple usager.signale
  relais-kit exemple usager.signale --invalide --numero 2 | relais-kit valider -
  relais-kit exemple orientation.decidee --json
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status."""
    for sortie in (sys.stdout, sys.stderr):
        if hasattr(sortie, "reconfigure"):  # a terminal that has no accents gets something rather than a crash
            sortie.reconfigure(errors="replace")
    options = _analyseur().parse_args(arguments)
    try:
        statut: int = options.executer(options)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader, `head` for instance, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 130
    return statut


def _analyseur() -> argparse.ArgumentParser:
    racine = Analyseur(prog="relais-kit", description=_AIDE, epilog=_AIDE_EXEMPLES)
    commandes = racine.add_subparsers(title="commandes ", metavar="COMMANDE", required=True)
    valider = commandes.add_parser(
        "valider",
        help="vérifie un message, un lot ou un flux NDJSON",
        description="Vérifie des messages d'après leur contrat, et dit tout ce qui ne va pas.",
        epilog=_VALIDER_EXEMPLES,
    )
    valider.add_argument("fichier", metavar="FICHIER", help="le fichier à vérifier, ou - pour l'entrée standard")
    valider.add_argument("--donnees", metavar="TYPE", help="l'entrée est le seul contenu (data) de ce type de message")
    valider.add_argument(
        "--format", type=Format, choices=list(Format), default=Format.AUTO, help="forme de l'entrée (auto par défaut)"
    )
    valider.add_argument("--json", action="store_true", help="rapport en JSON, pour un programme")
    valider.set_defaults(executer=_valider)
    exemple = commandes.add_parser(
        "exemple",
        help="montre un exemple, valide ou non",
        description="Montre les exemples publiés de chaque type de message.",
        epilog=_EXEMPLE_EXEMPLES,
    )
    exemple.add_argument("type", metavar="TYPE", nargs="?", help="par exemple usager.signale")
    exemple.add_argument("--invalide", action="store_true", help="un exemple refusé, avec les erreurs attendues")
    exemple.add_argument("--numero", metavar="N", type=int, default=1, help="le N-ième de ces exemples (1 par défaut)")
    exemple.add_argument("--liste", action="store_true", help="la liste des types, ou des exemples de TYPE")
    exemple.add_argument("--json", action="store_true", help="tous ces exemples, ou la liste, en JSON")
    exemple.set_defaults(executer=_exemple)
    return racine


def _valider(options: argparse.Namespace) -> int:
    donnees_de = _type(options.donnees) if options.donnees else None
    rapport: Rapport = RapportJson(sys.stdout) if options.json else RapportTexte(sys.stdout)
    total = refuses = 0
    with _ouvrir(options.fichier) as entree:
        for total, morceau in enumerate(decouper(entree, _format(options)), 1):
            verdict = juger(morceau, donnees_de)
            refuses += not verdict.est_conforme
            rapport.ajouter(total, morceau.ligne, verdict)
    if not total:
        _abandonner(f"aucun message à vérifier dans {_nom(options.fichier)}")
    rapport.finir(total, refuses)
    return 1 if refuses else 0


def _format(options: argparse.Namespace) -> Format:
    choisi: Format = options.format
    return _EXTENSIONS.get(Path(options.fichier).suffix.lower(), choisi) if choisi is Format.AUTO else choisi


@contextlib.contextmanager
def _ouvrir(fichier: str) -> Iterator[BinaryIO]:
    """The file or the standard input; what the system refuses is told, at the opening as during the reading."""
    try:
        if fichier == "-":
            yield sys.stdin.buffer
        else:
            with open(fichier, "rb") as entree:
                yield entree
    except BrokenPipeError:
        raise
    except OSError as erreur:
        _abandonner(f"{_nom(fichier)} ne peut pas être lu : {_raison(erreur)}")


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


def _exemple(options: argparse.Namespace) -> int:
    if options.type is None:
        _lister_types(options.json)
        return 0
    nom = _type(options.type).nom
    if options.liste and not options.json:
        _lister_exemples(nom)
        return 0
    choisis = [e for e in exemples(nom) if e.est_valide is not options.invalide]
    if options.json:
        _ecrire_json([exemple_en_json(numero, e) for numero, e in enumerate(choisis, 1)])
        return 0
    if not 1 <= options.numero <= len(choisis):
        _abandonner(f"ce type a {len(choisis)} exemple(s) de cette sorte : --numero va de 1 à {len(choisis)}")
    _montrer(choisis[options.numero - 1], options.numero, len(choisis))
    return 0


def _montrer(exemple: Exemple, numero: int, nombre: int) -> None:
    attendues = "".join(f"\n  {pointeur}  {code}" for pointeur, code in exemple.erreurs)
    verdict = "valide" if exemple.est_valide else "refusé :"
    sys.stderr.write(f"« {exemple.titre} » ({numero} sur {nombre}), {verdict}{attendues}\n")
    _ecrire_json(exemple.message)


def _lister_types(en_json: bool) -> None:
    if en_json:
        _ecrire_json(
            [{"type": m.nom, "titre": m.titre, "brique": m.brique, "se_depose": m.se_depose} for m in _catalogue()]
        )
        return
    couleurs = Couleurs(sys.stdout)
    largeur = max(map(len, CATALOGUE))
    brique = None
    for message in _catalogue():
        if message.brique != brique:
            sys.stdout.write(("\n" if brique else "") + couleurs.fort(message.brique) + "\n")
            brique = message.brique
        ecrit_par_le_hub = "" if message.se_depose else couleurs.pale(" (écrit par le hub seul)")
        sys.stdout.write(f"  {message.nom:{largeur}}  {message.titre}{ecrit_par_le_hub}\n")


def _lister_exemples(nom: str) -> None:
    couleurs = Couleurs(sys.stdout)
    numeros = {True: 0, False: 0}
    for exemple in exemples(nom):
        numeros[exemple.est_valide] += 1
        sorte = couleurs.bon("valide ") if exemple.est_valide else couleurs.mauvais("refusé ")
        sys.stdout.write(f"  {sorte} {numeros[exemple.est_valide]}  {exemple.titre}\n")


def _catalogue() -> list[TypeMessage]:
    """By brique, each in the order of the catalogue."""
    briques = list(dict.fromkeys(m.brique for m in CATALOGUE.values()))
    return sorted(CATALOGUE.values(), key=lambda m: briques.index(m.brique))


def _type(nom: str) -> TypeMessage:
    message = type_nomme(nom)
    if message is None:
        voisins = types_voisins(nom)
        conseil = f"vouliez-vous dire {', '.join(voisins)} ?" if voisins else "voyez relais-kit exemple --liste"
        _abandonner(f"le type « {nom} » n'existe pas au catalogue ; {conseil}")
    return message


def _ecrire_json(contenu: object) -> None:
    sys.stdout.write(json.dumps(contenu, ensure_ascii=False, indent=2) + "\n")


def _abandonner(phrase: str) -> NoReturn:
    sys.stderr.write(f"Erreur : {phrase.removesuffix('?').rstrip()}{' ?' if phrase.endswith('?') else '.'}\n")
    raise SystemExit(2)
