"""The command line of the kit. Status 0: all conforms; 1: something does not; 2: wrong usage."""

import argparse
import os
import sys
from collections.abc import Sequence

from relais_kit import (
    appeler,
    certifier,
    charger,
    completion,
    exemple,
    generer,
    preuve,
    puis_je_publier,
    referentiel,
    valider,
    verifier,
)
from relais_kit.arguments import Analyseur
from relais_kit.bouchon import commande as bouchon
from relais_kit.rapport import commande as rapport

_AIDE = """\
Vérifie des messages de parcours d'après leur contrat, sans le hub, montre des exemples, lance un
relais d'essai, et vérifie un récepteur de webhooks ou un émetteur.

Rien n'est envoyé, si ce n'est par `charger`, `appeler` et `certifier`, et au programme que vous faites vérifier.
L'état d'un parcours n'est connu que du hub : un message conforme ici peut encore être refusé là-bas.
"""
_AIDE_EXEMPLES = """\
exemples :
  relais-kit exemple --liste
  relais-kit exemple usager.signale > message.json
  relais-kit valider message.json
  relais-kit bouchon
  relais-kit appeler POST /v1/messages @message.json --acces partenaires/caf-59
  relais-kit verifier recepteur --url http://127.0.0.1:9000/webhooks
  relais-kit verifier emetteur --commande "python envoyer.py" --rapport essai
  relais-kit rapport essai
  relais-kit puis-je-publier --attentes partenaires
  relais-kit certifier verifier certificat-emetteur.jws --cles cles.json

relais-kit COMMANDE --help en dit plus sur chacune.
"""

_COMMANDES = (
    *(valider, exemple, generer, charger, bouchon, appeler, verifier, referentiel, rapport),
    *(certifier, preuve, puis_je_publier, completion),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status."""
    for sortie in (sys.stdout, sys.stderr):
        if hasattr(sortie, "reconfigure"):  # a terminal that has no accents gets something rather than a crash
            sortie.reconfigure(errors="replace")
    analyseur = _analyseur()
    completion.repondre(analyseur)
    options = analyseur.parse_args(arguments)
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
    for commande in _COMMANDES:
        commande.ajouter(commandes)
    return racine
