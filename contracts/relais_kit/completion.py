"""`relais-kit completion`: the shell then completes the commands, their options, the types and the partners."""

import argparse
import os
import sys
from collections.abc import Mapping

from relais_contrats.catalogue import CATALOGUE
from relais_kit.arguments import Commandes
from relais_kit.sorties import abandonner

_EXEMPLES = """\
Écrit ce que le shell doit lire, à mettre dans ~/.bashrc, ~/.zshrc ou ~/.config/fish/config.fish.

exemples :
  eval "$(relais-kit completion bash)"
  eval "$(relais-kit completion zsh)"
  relais-kit completion fish | source
"""
_SHELLS = ("bash", "zsh", "fish")
_DEMANDE = "_ARGCOMPLETE"
"""The shell's functions set it when they ask for the words that may come next."""


def ajouter(commandes: Commandes) -> None:
    completion = commandes.add_parser(
        "completion",
        help="complète les commandes, les options et les types dans le shell",
        description="Fait compléter relais-kit par le shell : commandes, options, types, partenaires d'essai.",
        epilog=_EXEMPLES,
    )
    completion.add_argument(
        "shell", metavar="SHELL", nargs="?", choices=_SHELLS, default="bash", help="bash, zsh, fish"
    )
    completion.set_defaults(executer=_executer)


def repondre(racine: argparse.ArgumentParser) -> None:
    """Answer the shell and end the program, if it is the shell that asks; otherwise do nothing."""
    if _DEMANDE not in os.environ:
        return
    import argcomplete

    _nommer(racine)
    argcomplete.autocomplete(racine)


def _executer(options: argparse.Namespace) -> int:
    try:
        from argcomplete.shell_integration import shellcode
    except ModuleNotFoundError:
        abandonner("il manque argcomplete : pip install 'relais-contrats[kit]'")
    sys.stdout.write(shellcode(["relais-kit"], shell=options.shell))
    return 0


def _nommer(analyseur: argparse.ArgumentParser) -> None:
    """Say which words an argument takes, by its name in the help; the shell completes the files by itself."""
    from argcomplete.completers import ChoicesCompleter

    for action in analyseur._actions:
        if isinstance(action, argparse._SubParsersAction):
            for commande in action.choices.values():
                _nommer(commande)
        elif mots := _mots(str(action.metavar)):
            action.completer = ChoicesCompleter(mots)  # type: ignore[attr-defined]  # read by argcomplete


def _mots(nom: str) -> Mapping[str, str]:
    """Return the words, each with the description that some shells show."""
    from relais_kit.bouchon.repertoire import PARTENAIRES
    from relais_kit.histoires.recits import HISTOIRES

    types = {type_: message.titre for type_, message in CATALOGUE.items()}
    histoires = {histoire: recit.titre for histoire, recit in HISTOIRES.items()}
    partenaires = {partenaire.code: partenaire.nom for partenaire in PARTENAIRES}
    return {"TYPE": types, "TYPE|HISTOIRE": types | histoires, "CODE": partenaires}.get(nom, {})
