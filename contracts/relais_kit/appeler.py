"""`relais-kit appeler`: one signed call to a hub or to the mock, which curl cannot make: token, proof, JSON."""

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from relais_kit.arguments import Commandes
from relais_kit.sorties import abandonner, ecrire_json

if TYPE_CHECKING:
    from relais_contrats.client import Partner

_DEPOT = "/v1/messages"
_EXEMPLES = """\
Le jeton et la preuve DPoP sont faits avec l'accès : --acces DIR (client.json et cle.pem), ou les fichiers que
nomment CLIENT_JSON et KEY_PEM dans l'environnement. CORPS est du JSON, ou @FICHIER. La réponse est écrite sur la
sortie, un refus aussi.

exemples :
  relais-kit appeler POST /v1/messages @message.json --acces partenaires/caf-59
  relais-kit appeler GET '/v1/evenements?limite=10' --acces partenaires/cd-59
  relais-kit appeler POST /v1/abonnements \\
      '{"url": "https://si.exemple.fr/webhooks", "types": ["orientation.decidee"]}'

code de sortie :
  0  le relais a répondu
  1  il a refusé : le problème dit pourquoi
  2  l'appel ne peut pas se faire (accès absent, corps illisible, relais injoignable…)
"""


def ajouter(commandes: Commandes) -> None:
    appeler = commandes.add_parser(
        "appeler",
        help="fait un appel signé au relais ou au bouchon",
        description="Fait un appel au relais ou au bouchon, avec le jeton et la preuve d'un partenaire.",
        epilog=_EXEMPLES,
    )
    appeler.add_argument("methode", metavar="MÉTHODE", type=str.upper, help="GET, POST, PATCH, PUT ou DELETE")
    appeler.add_argument("chemin", metavar="CHEMIN", help="par exemple /v1/evenements")
    appeler.add_argument("corps", metavar="CORPS", nargs="?", help="du JSON, ou @FICHIER")
    appeler.add_argument("--acces", metavar="DIR", type=Path, help="le dossier de client.json et de cle.pem")
    appeler.set_defaults(executer=_executer)


def _executer(options: argparse.Namespace) -> int:
    try:
        from relais_contrats.client import Partner, PartnerError, RequestRefused
    except ModuleNotFoundError as absent:  # the extra `kit`, which `valider` and `exemple` do without
        abandonner(f"il manque {absent.name} : pip install 'relais-contrats[kit]'")
    corps = _lire(options.corps)
    try:
        partenaire = Partner.load(options.acces) if options.acces else Partner.of_files(*_de_l_environnement())
        ecrire_json(asyncio.run(_appeler(partenaire, options.methode, options.chemin, corps)))
    except RequestRefused as refus:
        sys.stderr.write(f"{refus}\n")
        ecrire_json(refus.problem)
        return 1
    except PartnerError as erreur:
        abandonner(str(erreur).removesuffix("."))
    return 0


def _de_l_environnement() -> tuple[str, str]:
    nommes = {nom: os.environ.get(nom, "") for nom in ("CLIENT_JSON", "KEY_PEM")}
    if absents := [nom for nom, fichier in nommes.items() if not fichier]:
        abandonner(f"il manque dans l'environnement {', '.join(absents)} ; ou nommez l'accès par --acces DIR")
    return nommes["CLIENT_JSON"], nommes["KEY_PEM"]


async def _appeler(partenaire: "Partner", methode: str, chemin: str, corps: Mapping[str, Any] | None) -> Any:
    from relais_contrats.client import CLOUDEVENT

    async with partenaire:
        forme = {"Content-Type": CLOUDEVENT} if chemin == _DEPOT else None
        return await partenaire.call(methode, chemin, corps, forme)


def _lire(corps: str | None) -> Any:
    if corps is None:
        return None
    try:
        return json.loads(Path(corps[1:]).read_bytes() if corps.startswith("@") else corps)
    except OSError as erreur:
        abandonner(f"{erreur.filename} ne peut pas être lu : {erreur.strerror}")
    except ValueError:
        abandonner("CORPS est du JSON, ou @FICHIER")
