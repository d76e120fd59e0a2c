"""`relais-kit verifier`: judges the program of a partner by playing the hub."""

import argparse
from pathlib import Path

from relais_kit.arguments import Commandes
from relais_kit.sorties import abandonner

_EXEMPLES = """\
exemple :
  relais-kit verifier recepteur --url http://127.0.0.1:9000/webhooks --secret whsec_…
"""
_RECEPTEUR = """\
Le kit joue le relais : il ouvre l'abonnement, puis envoie des événements bien et mal signés,
anciens, répétés, en désordre, inconnus, grands, lents, en lots. Tout 2xx est une acceptation. Un fait
en retard est accepté et traité ; d'un type inconnu, le récepteur fait ce qu'il veut, s'il répond 2xx.

--sonde URL dit au kit ce que le récepteur a vraiment traité. GET URL y rend
{"traites": ["id d'événement", …]}, dans l'ordre du traitement. Sans elle, une partie des exigences
n'est pas couverte.

Lancez-le contre un récepteur d'essai : il y dépose des événements, d'usagers inventés.

exemples :
  relais-kit verifier recepteur --url http://127.0.0.1:9000/webhooks
  relais-kit verifier recepteur --url … --secret whsec_… --sonde http://127.0.0.1:9000/traites
  relais-kit verifier recepteur --url … --secret whsec_… --rapide --junit rapport.xml
  relais-kit verifier recepteur --url … --secret whsec_… \\
      --ancien-secret whsec_… --ancien-jusqua 2026-12-01T10:00:00Z
  relais-kit verifier recepteur --url … --cle-v1a cle.pem --abonnement 01234567-…
  relais-kit verifier recepteur --exigences

code de sortie :
  0  aucune exigence n'a échoué
  1  au moins une a échoué
  2  la vérification ne peut pas se faire (récepteur ou sonde injoignable, usage…)
"""


def ajouter(commandes: Commandes) -> None:
    verifier = commandes.add_parser(
        "verifier",
        help="vérifie le récepteur de webhooks d'un partenaire, en jouant le relais",
        description="Vérifie le programme d'un partenaire, en jouant le relais.",
        epilog=_EXEMPLES,
    )
    cibles = verifier.add_subparsers(title="cibles ", metavar="CIBLE", required=True)
    _ajouter_recepteur(cibles)


def _ajouter_recepteur(cibles: Commandes) -> None:
    recepteur = cibles.add_parser(
        "recepteur",
        help="un récepteur de webhooks",
        description="Vérifie un récepteur de webhooks, exigence par exigence.",
        epilog=_RECEPTEUR,
    )
    recepteur.add_argument("--url", metavar="URL", help="où le récepteur attend les événements")
    recepteur.add_argument("--secret", metavar="whsec_…", help="son secret ; sans lui, le kit en fait un et le montre")
    recepteur.add_argument("--ancien-secret", metavar="whsec_…", help="celui d'avant la rotation, qu'il connaît encore")
    recepteur.add_argument("--ancien-jusqua", metavar="INSTANT", help="la fin du recouvrement des deux secrets")
    recepteur.add_argument("--cle-v1a", metavar="PEM", type=Path, help="signe en v1a avec cette clé privée Ed25519")
    recepteur.add_argument("--abonnement", metavar="UUID", help="avec --cle-v1a, l'abonnement que le récepteur attend")
    recepteur.add_argument("--sonde", metavar="URL", help="où lire ce qu'il a traité")
    recepteur.add_argument("--types", metavar="TYPE,…", help="les types qu'il traite (sinon, les plus courants)")
    recepteur.add_argument("--lot", metavar="N", type=int, default=100, help="événements par lot (100) ; 1 : sans lot")
    recepteur.add_argument("--rapide", action="store_true", help="moins d'une minute : attentes plus courtes")
    recepteur.add_argument("--junit", metavar="FICHIER", type=Path, help="écrit aussi un rapport JUnit")
    recepteur.add_argument("--json", action="store_true", help="rapport en JSON, pour un programme")
    recepteur.add_argument("--exigences", action="store_true", help="liste les exigences, sans rien envoyer")
    recepteur.set_defaults(executer=_executer)


def _executer(options: argparse.Namespace) -> int:
    try:
        from relais_kit.recepteur import commande  # the extra `kit`, which `valider` and `exemple` do without
    except ModuleNotFoundError as absent:
        abandonner(f"il manque {absent.name} : pip install 'relais-contrats[kit]'")
    return commande.executer(options)
