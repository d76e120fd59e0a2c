"""`argparse` that speaks French: its headings, its `--help` and its complaints."""

import argparse
import re
import sys
from typing import NoReturn, TypeAlias

_PLAINTES = (
    (r"the following arguments are required: (.*)", r"il manque : \1"),
    (r"unrecognized arguments: (.*)", r"argument inconnu : \1"),
    (r"argument (.*): invalid choice: (.*) \(choose from (.*)\)", r"\1 : choix inconnu, \2 ; attendu : \3"),
    (r"argument (.*): invalid int value: (.*)", r"\1 : un nombre entier est attendu, pas \2"),
    (r"argument (.*): invalid fromisoformat value: (.*)", r"\1 : une date (AAAA-MM-JJ) est attendue, pas \2"),
    (r"argument (.*): invalid \w+ value: (.*)", r"\1 : valeur inattendue, \2"),
    (r"argument (.*): expected one argument", r"\1 : une valeur est attendue"),
    (r"argument (.*): ignored explicit argument (.*)", r"\1 n'attend pas de valeur : \2"),
    (r"argument (.*): not allowed with argument (.*)", r"\1 ne va pas avec \2"),
)


Commandes: TypeAlias = "argparse._SubParsersAction[Analyseur]"
"""What `add_subparsers` returns: argparse gives it no public name."""


class Analyseur(argparse.ArgumentParser):
    """A parser whose texts are French. Wrong usage ends with status 2."""

    def __init__(self, **options: object) -> None:
        super().__init__(
            add_help=False,
            allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            **options,  # type: ignore[arg-type]  # handed on as they come, by `add_subparsers` too
        )
        self._positionals.title = "arguments "  # argparse puts the colon
        self._optionals.title = "options "
        self.add_argument("-h", "--help", "--aide", action="help", help="affiche cette aide")

    def format_usage(self) -> str:
        return super().format_usage().replace("usage: ", "usage : ", 1)

    def format_help(self) -> str:
        return super().format_help().replace("usage: ", "usage : ", 1)

    def error(self, message: str) -> NoReturn:
        for anglais, francais in _PLAINTES:
            message = re.sub(anglais, francais, message)
        sys.stderr.write(f"{self.format_usage()}Erreur : {message}.\nVoyez : {self.prog} --help\n")
        raise SystemExit(2)
