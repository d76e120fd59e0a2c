"""The command `demo`: where it plays, how it is shown, how it ends."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Coroutine
from typing import Annotated

import stamina.instrumentation
import typer

from deploy.cli.hub import Donnees, data_dir
from deploy.datadir import DEFAULT_FOLDER, DataDir, LaunchError
from deploy.demo.display import Display, Step
from deploy.demo.stage import set_up
from deploy.demo.story import play
from deploy.demo.telling import Stopped, Telling
from relais_contrats.client import PartnerError

app = typer.Typer()


@app.command()
def demo(
    donnees: Donnees = DEFAULT_FOLDER,
    connecteurs: Annotated[
        bool,
        typer.Option("--connecteurs", help="Un parcours où personne ne parle le protocole du relais."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Une ligne JSON par étape.")] = False,
) -> None:
    """Joue un parcours entier entre les partenaires de démonstration, par l'API publique, et montre qui voit quoi.

    La CAF signale trois personnes fictives, le département les reçoit (webhook signé et flux), un diagnostic mène à une
    préconisation expliquée, le département décide, France Travail et l'association reçoivent ce que chacun peut voir ;
    une référente est désignée, reçoit la personne, un contrat est signé, la feuille de route réunit tout ; une
    réorientation remet tout en cause et la feuille de route est écrite dans DIR/feuille-de-route.html. Une personne
    ambiguë est rapprochée ; une décision prise après le délai est refusée.

    Avec --connecteurs, un parcours où chacun garde son système : un flux de la CNAF remis par HubEE (d'essai), des
    fichiers CSV du département par SFTP, sa décision par l'API de France Travail, un rendez-vous par webhook de
    rdv-insertion, un service trouvé par l'API de data·inclusion, une association qui répond par le lien d'un courriel,
    et la feuille de route en CSV. Chaque étape montre ce que chaque système a vu, dans ses mots. Les connecteurs
    « demo-… » sont mis en service, puis suspendus.

    Demande un relais en marche (`./relais up`). Se rejoue autant de fois que voulu. Codes de sortie : 0 si tout s'est
    passé comme annoncé, 1 sinon.

    Exemples :

        ./relais demo

        ./relais demo --donnees /tmp/essai --json

        ./relais demo --connecteurs
    """
    if not asyncio.run(_play(data_dir(donnees), as_json=as_json, by_connectors=connecteurs)):
        raise typer.Exit(1)


async def _play(data: DataDir, *, as_json: bool, by_connectors: bool) -> bool:
    stamina.instrumentation.set_on_retry_hooks([])
    display = Display(as_json=as_json)
    started = time.monotonic()
    steps: list[Step] = []
    fault: LaunchError | None = None
    try:
        async with _opened(data, display, by_connectors=by_connectors) as (told, story):
            steps = told.steps
            with contextlib.suppress(Stopped):
                await story
    except* (PartnerError, LaunchError) as errors:
        fault = _first(errors)
    if fault:
        raise fault
    display.summary(steps, time.monotonic() - started)
    return bool(steps) and all(step.held for step in steps)


@contextlib.asynccontextmanager
async def _opened(
    data: DataDir, display: Display, *, by_connectors: bool
) -> AsyncIterator[tuple[Telling, Coroutine[None, None, None]]]:
    """Where a story plays, and the story."""
    if by_connectors:
        # Loaded here: the servers of other systems weigh on the start of the other story.
        from deploy.demo.connecteurs import place, story

        async with place.set_up(data, display) as there:
            yield there, story.play(there)
    else:
        async with set_up(data.partners, display) as stage:
            yield stage, play(stage, data.path)


def _first(errors: BaseException) -> LaunchError:
    while isinstance(errors, BaseExceptionGroup):
        errors = errors.exceptions[0]
    if isinstance(errors, LaunchError):
        return errors
    return LaunchError(f"{errors} Le relais est-il en marche ? Voyez ./relais etat.")
