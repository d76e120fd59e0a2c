"""`relais-kit generer`: synthetic messages of a type, or whole stories, one message a line, the same for a seed."""

import argparse
import json
import sys
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from relais_kit.affichage import Couleurs
from relais_kit.arguments import Commandes
from relais_kit.generation import fausser, messages
from relais_kit.histoires.recits import HISTOIRES, lignes
from relais_kit.sorties import abandonner, type_du_catalogue

_EXEMPLES = """\
Un message par ligne (NDJSON), sur la sortie. La même commande rend les mêmes octets. Toutes les
personnes sont inventées et le disent (nom « Essai … », agent « ESSAI relais-kit »). Un message
qui porte sur un parcours garde le pseudonyme de l'exemple : donnez-lui celui de votre parcours.

Une histoire est le parcours d'une personne entre plusieurs partenaires (`source`), dans l'ordre des
dépôts. Ses dates sont comptées depuis --jour (aujourd'hui) : une orientation a des délais. Les
pseudonymes y sont des réserves, que `relais-kit charger` remplace par ceux du relais.

exemples :
  relais-kit generer usager.signale -n 1000 --graine 7 > signalements.ndjson
  relais-kit generer usager.signale -n 50 --partenaire caf-59
  relais-kit generer rdv.planifie -n 20 --invalides | relais-kit valider -
  relais-kit generer --liste
  relais-kit generer reorientation -n 1000 --graine 7 --jour 2026-11-30 > histoires.ndjson
"""


def ajouter(commandes: Commandes) -> None:
    generer = commandes.add_parser(
        "generer",
        help="invente des messages, toujours les mêmes pour une même graine",
        description="Invente des messages d'un type, ou des histoires de plusieurs partenaires, pour l'essai.",
        epilog=_EXEMPLES,
    )
    generer.add_argument("type", metavar="TYPE|HISTOIRE", nargs="?", help="par exemple usager.signale, reorientation")
    generer.add_argument("-n", "--nombre", metavar="N", type=int, default=10, help="combien (10 par défaut)")
    generer.add_argument("--graine", metavar="G", type=int, default=1, help="une autre graine, d'autres messages")
    generer.add_argument("--partenaire", metavar="CODE", help="l'émetteur (`source`) de ces messages")
    generer.add_argument("--invalides", action="store_true", help="chacun avec une faute, que le contrat refuse")
    generer.add_argument(
        "--jour", metavar="AAAA-MM-JJ", type=date.fromisoformat, help="le jour du dépôt d'une histoire"
    )
    generer.add_argument("--liste", action="store_true", help="la liste des histoires")
    generer.set_defaults(executer=_executer)


def _executer(options: argparse.Namespace) -> int:
    if options.liste:
        _lister()
        return 0
    if options.type is None:
        abandonner("il manque TYPE ou HISTOIRE : voyez relais-kit generer --liste")
    if options.nombre < 0 or options.graine < 0:
        abandonner("-n et --graine sont des nombres positifs")
    for message in _histoire(options) if options.type in HISTOIRES else _messages(options):
        sys.stdout.write(json.dumps(message, ensure_ascii=False) + "\n")
    return 0


def _histoire(options: argparse.Namespace) -> Iterable[dict[str, Any]]:
    if options.partenaire or options.invalides:
        abandonner("une histoire a ses partenaires, et rien n'y est faux : ni --partenaire, ni --invalides")
    jour = options.jour or datetime.now(ZoneInfo("Europe/Paris")).date()
    return lignes(options.type, options.nombre, options.graine, jour)


def _messages(options: argparse.Namespace) -> Iterable[dict[str, Any]]:
    type_ = type_du_catalogue(options.type)
    if not type_.se_depose:
        abandonner(f"{type_.nom} n'est écrit que par le relais : il ne se dépose pas")
    if options.jour:
        abandonner("--jour est celui d'une histoire")
    for message in messages(type_, options.nombre, options.graine, options.partenaire):
        yield fausser(message, options.graine) if options.invalides else message


def _lister() -> None:
    couleurs, largeur = Couleurs(sys.stdout), max(map(len, HISTOIRES))
    for nom, histoire in HISTOIRES.items():
        sys.stdout.write(f"  {couleurs.fort(f'{nom:{largeur}}')}  {histoire.titre}\n")
