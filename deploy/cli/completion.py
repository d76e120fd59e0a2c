"""`./relais completion`: the shell then completes the commands and their options."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import Annotated

import typer

app = typer.Typer()
VARIABLE = "_RELAIS_COMPLETE"
"""The shell's function sets it when it asks for the words that may come next."""


class Shell(StrEnum):
    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


@app.command("completion")
def completion(shell: Annotated[Shell, typer.Argument(help="Le shell : bash, zsh ou fish.")] = Shell.BASH) -> None:
    """Écrit ce que le shell doit lire pour compléter : eval "$(./relais completion bash)"."""
    from typer.completion import get_completion_script  # type: ignore[attr-defined]  # typer exports nothing by name

    sys.stdout.write(get_completion_script(prog_name="relais", complete_var=VARIABLE, shell=shell.value) + "\n")
