"""`relais-kit bouchon`: the mock hub, for who writes a partner and has no hub yet."""

import argparse
import sys
from pathlib import Path

from relais_kit.arguments import Commandes
from relais_kit.attentes import AttentesIllisibles
from relais_kit.bouchon.modes import MODES
from relais_kit.sorties import abandonner

_EXEMPLES = f"""\
Le bouchon répond comme le relais : jeton (private_key_jwt, DPoP), contrat, droits, mêmes codes et
mêmes pointeurs. Il garde tout en mémoire et oublie tout en s'arrêtant. Il écrit pour chacun de ses
partenaires DOSSIER/<code>/client.json et cle.pem, à charger par votre programme, et y relève dans
attentes.json ce que ce partenaire envoie et lit (voyez relais-kit puis-je-publier).

exemples :
  relais-kit bouchon
  relais-kit bouchon --port 8430 --dossier ./partenaires
  relais-kit bouchon --herite caf-59        # aussi par client_secret et Bearer

pannes, par l'en-tête Relais-Bouchon ou sur la page :
{chr(10).join(f"  {nom:14}{phrase}" for nom, phrase in MODES.items())}
"""


def ajouter(commandes: Commandes) -> None:
    bouchon = commandes.add_parser(
        "bouchon",
        help="un relais d'essai, en mémoire, sur cette machine",
        description="Lance un relais d'essai, en mémoire, qui dit ce qu'il reçoit et pourquoi il refuse.",
        epilog=_EXEMPLES,
    )
    bouchon.add_argument("--port", metavar="N", type=int, default=8430, help="8430 par défaut, 0 pour un port libre")
    bouchon.add_argument(
        "--dossier", metavar="DIR", type=Path, default=Path("partenaires"), help="où écrire les accès des partenaires"
    )
    bouchon.add_argument("--herite", metavar="CODE", action="append", default=[], help="un partenaire du profil hérité")
    bouchon.set_defaults(executer=_executer)


def _executer(options: argparse.Namespace) -> int:
    try:
        from relais_kit.bouchon import serveur  # the extra `kit`, which `valider` and `exemple` do without
    except ModuleNotFoundError as absent:
        abandonner(f"il manque {absent.name} : pip install 'relais-contrats[kit]'")
    try:
        prise = serveur.ecouter(options.port)
    except OSError:
        abandonner(f"le port {options.port} est pris : choisissez-en un autre avec --port")
    try:
        porte, uvicorn = serveur.servir(prise, options.dossier, options.herite)
    except AttentesIllisibles as erreur:
        abandonner(str(erreur))
    sys.stdout.write(f"Bouchon : {porte.url} (page, à ouvrir dans un navigateur)\nAccès : {options.dossier}/<code>/\n")
    for code, secret in porte.registre.secrets.items():
        sys.stdout.write(f"Profil hérité : {code}, secret {secret}\n")
    sys.stdout.write("Ctrl-C pour arrêter.\n")
    sys.stdout.flush()
    uvicorn.run(sockets=[prise])
    return 0
