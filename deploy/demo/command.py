"""The command `demo`: where it plays, how it is shown, how it ends."""

from __future__ import annotations

import asyncio
import contextlib
import time
from pathlib import Path
from typing import Annotated

import stamina.instrumentation
import typer

from deploy.cli.hub import Donnees, data_dir
from deploy.datadir import DEFAULT_FOLDER, LaunchError
from deploy.demo.display import Display
from deploy.demo.stage import Stopped, set_up
from deploy.demo.story import play
from relais_contrats.client import PartnerError

app = typer.Typer()


@app.command()
def demo(
    donnees: Donnees = DEFAULT_FOLDER,
    as_json: Annotated[bool, typer.Option("--json", help="Une ligne JSON par étape.")] = False,
) -> None:
    """Joue un parcours entier entre les partenaires de démonstration, par l'API publique, et montre qui voit quoi.

    La CAF signale trois personnes fictives, le département les reçoit (webhook signé et flux), un diagnostic mène à une
    préconisation expliquée, le département décide, France Travail et l'association reçoivent ce que chacun peut voir ;
    une référente est désignée, reçoit la personne, un contrat est signé, la feuille de route réunit tout ; une
    réorientation remet tout en cause et la feuille de route est écrite dans DIR/feuille-de-route.html. Une personne
    ambiguë est rapprochée ; une décision prise après le délai est refusée.

    Demande un relais en marche (`./relais up`). Se rejoue autant de fois que voulu. Codes de sortie : 0 si tout s'est
    passé comme annoncé, 1 sinon.

    Exemples :

        ./relais demo

        ./relais demo --donnees /tmp/essai --json
    """
    if not asyncio.run(_play(data_dir(donnees).partners, as_json)):
        raise typer.Exit(1)


async def _play(folder: Path, as_json: bool) -> bool:
    stamina.instrumentation.set_on_retry_hooks([])
    display = Display(as_json=as_json)
    started = time.monotonic()
    steps = []
    try:
        async with set_up(folder, display) as stage:
            steps = stage.steps
            with contextlib.suppress(Stopped):
                await play(stage, folder.parent)
    except* PartnerError as errors:
        reason: BaseException = errors
        while isinstance(reason, BaseExceptionGroup):
            reason = reason.exceptions[0]
        raise LaunchError(f"{reason} Le relais est-il en marche ? Voyez ./relais etat.") from reason
    display.summary(steps, time.monotonic() - started)
    return bool(steps) and all(step.held for step in steps)
