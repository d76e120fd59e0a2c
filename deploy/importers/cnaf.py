"""`importer cnaf`: the command, its progress and its summary. Reading, checking, translating, sending are next door."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, BinaryIO

import stamina.instrumentation
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from connectors.cnaf import check as cnaf_schema
from connectors.cnaf import flow as cnaf_flow
from connectors.cnaf import places
from connectors.cnaf import reading as cnaf_translation
from connectors.cnaf.check import Contenu
from connectors.cnaf.flow import FlowRefused
from connectors.cnaf.kinds import LUS, TITRES, Flux, kind_of
from connectors.cnaf.reading import Ignore, Signalement
from connectors.cnaf.report import Report
from connectors.cnaf.sending import Sender
from connectors.hub import Partner, PartnerError
from deploy import partner_registry
from deploy.cli.hub import Donnees, data_dir
from deploy.datadir import DEFAULT_FOLDER, DataDir, LaunchError
from relais_contrats.territoires import est_un_territoire, expliquer

app = typer.Typer(help="Importe les fichiers que les organismes s'échangent déjà.", no_args_is_help=True)


@app.callback()
def importer() -> None:
    """Keeps `cnaf` a command of the group while it is alone in it."""


@app.command()
def cnaf(
    fichier: Annotated[Path, typer.Argument(help="Flux « bénéficiaires RSA » de la CNAF ou de la MSA (XML).")],
    partenaire: Annotated[str, typer.Option("--partenaire", help="Code du partenaire qui dépose, par exemple caf-59.")],
    xsd: Annotated[
        Path | None,
        typer.Option("--xsd", exists=True, dir_okay=False, help="Schéma du flux : s'il est enfreint, rien ne part."),
    ] = None,
    donnees: Donnees = DEFAULT_FOLDER,
    rapport: Annotated[
        Path | None,
        typer.Option("--rapport", help="Rapport : .csv, ou JSON par ligne.", show_default="rapport-<fichier>.jsonl"),
    ] = None,
    concurrence: Annotated[int, typer.Option("--concurrence", min=1, max=32, help="Lots en cours à la fois.")] = 4,
    departement: Annotated[
        str | None,
        typer.Option(
            "--departement",
            help="Département à inscrire, ou « flux » : celui du flux (IDEPARTE). Par défaut, celui du partenaire.",
        ),
    ] = None,
    demandes_depuis: Annotated[
        datetime | None,
        typer.Option(
            "--demandes-depuis",
            formats=["%Y-%m-%d"],
            metavar="AAAA-MM-JJ",
            help="Premier jour des demandes dont ce flux apprend le droit ; avant, il est du stock : aucun délai ne "
            "s'ouvre. Par défaut, trois mois avant la date de référence du flux.",
        ),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Code 4 si une ligne au moins est refusée.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Écrit le bilan en JSON.")] = False,
) -> None:
    """Dépose un flux de la CNAF : `usager.signale` puis `droits.modifies`, par l'API, avec la clé du partenaire.

    Le fichier est d'abord lu en entier : s'il est refusé (XML, schéma, en-tête), rien n'est déposé. Les identifiants
    des messages viennent du contenu : relancer la même commande ne dépose rien de plus. Sont signalés le demandeur, le
    conjoint et toute personne soumise aux droits et devoirs. Le rapport dit ligne par ligne ce qui est accepté, refusé
    (avec le code du catalogue) ou laissé de côté, sans nom ni numéro. Un droit demandé longtemps avant le flux est déjà
    connu du département : il est déposé sans date de réception, et n'ouvre aucun délai.

    Codes de sortie : 0 fichier traité (les refus sont au rapport), 1 fichier refusé ou relais injoignable, 2 commande
    mal écrite, 4 avec --strict si une ligne est refusée.

    Exemples :

        ./relais importer cnaf RSABEM.xml --partenaire caf-59 --xsd vrsb0801.xsd

        ./relais importer cnaf RSABEM.xml --partenaire caf-59 --rapport mars.csv --strict
    """
    path = rapport or Path(f"rapport-{fichier.stem}.jsonl")
    if not fichier.is_file():
        raise LaunchError(f"{fichier} n'est pas un fichier.")
    if departement not in (None, "flux") and not est_un_territoire(departement):
        raise LaunchError(f"Département refusé : {departement}. {expliquer(departement)}")
    started = time.monotonic()
    console = Console(highlight=False, stderr=as_json)
    data = data_dir(donnees)
    partner = _partner(data, partenaire)
    seat, transfers = asyncio.run(_declared(data, partenaire))
    departement = None if departement == "flux" else departement or seat
    with fichier.open("rb") as source:
        contenu = _check(source, xsd, console)
        with Report(path) as report:
            depuis = demandes_depuis.date() if demandes_depuis else None
            persons = _persons(source, contenu, departement, depuis)
            _deposit(persons, contenu, partner, report, concurrence, console, transfers)
    _show(console, contenu, report, time.monotonic() - started, as_json)
    if strict and report.refused:
        raise typer.Exit(4)


def _check(source: BinaryIO, xsd: Path | None, console: Console) -> Contenu:
    try:
        with console.status("Lecture et contrôle du fichier…"):
            kind = kind_of(source)
            if kind not in LUS or kind is Flux.CONTACTS:
                raise FlowRefused(f"c'est un flux {kind} ({TITRES[kind]}) : reconnu, mais non importé.")
            return cnaf_schema.check(source, cnaf_schema.load_schema(xsd) if xsd else None)
    except FlowRefused as error:
        raise LaunchError(f"Fichier refusé, rien n'a été déposé : {error}") from error


def _partner(data: DataDir, code: str) -> Partner:
    try:
        return Partner.load(data.partners / code)
    except PartnerError as error:
        raise LaunchError(f"Partenaire sans clé dans {data.path} : {code}. Créez-le, ou donnez --donnees.") from error


async def _declared(data: DataDir, code: str) -> tuple[str | None, bool]:
    """Return the only département of this partner, if it has exactly one, and whether the partner is a département:
    only a département states that somebody leaves it. The partner's territory comes from its convention, the flow's
    from the file.
    """
    async with partner_registry.connection(data, data.known_ports()) as conn:
        registered = (await partner_registry.listed(conn)).get(code)
    departements = registered["departements"] if registered else []
    seat = departements[0] if len(departements) == 1 else None
    return seat, registered is not None and registered["type_organisme"] == "departement"


def _deposit(
    persons: Iterator[Signalement | Ignore],
    contenu: Contenu,
    partner: Partner,
    report: Report,
    concurrency: int,
    console: Console,
    transfers: bool,
) -> None:
    try:
        asyncio.run(_send(persons, contenu, partner, report, concurrency, console, transfers))
    except* PartnerError as errors:
        reason: BaseException = errors
        while isinstance(reason, BaseExceptionGroup):
            reason = reason.exceptions[0]
        raise LaunchError(
            f"{reason} Relancez la même commande : ce qui est déjà déposé ne le sera pas deux fois."
        ) from reason


async def _send(
    persons: Iterator[Signalement | Ignore],
    contenu: Contenu,
    partner: Partner,
    report: Report,
    concurrency: int,
    console: Console,
    transfers: bool,
) -> None:
    # What the client tries again shows in the pace of the bar, not as lines across it.
    stamina.instrumentation.set_on_retry_hooks([])
    columns = (SpinnerColumn(), TextColumn("Dépôt"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("Dépôt", total=contenu.personnes)
        async with partner:

            async def progress(settled: int) -> None:
                bar.advance(task, settled)

            await Sender(partner, contenu.entete, report, transfers=transfers).send(persons, concurrency, progress)


def _persons(
    source: BinaryIO, contenu: Contenu, departement: str | None, depuis: date | None
) -> Iterator[Signalement | Ignore]:
    for household in cnaf_flow.households(source):
        written = places.departement_of(household)
        if departement and written != departement:
            contenu.ailleurs[written] += 1
        yield from cnaf_translation.translate(contenu.entete, household, departement, depuis)


def _show(console: Console, contenu: Contenu, report: Report, duration_s: float, as_json: bool) -> None:
    rows = [
        {"objet": objet, "resultat": resultat, "code": detail, "nombre": count}
        for (objet, resultat, detail), count in sorted(report.counts.items())
    ]
    summary = {
        "foyers": contenu.foyers,
        "personnes": contenu.personnes,
        "duree_s": round(duration_s, 1),
        "personnes_par_s": round(contenu.personnes / duration_s, 1),
        "rapport": str(report.path),
        "adresses_ailleurs": dict(contenu.ailleurs),
        "lignes": rows,
    }
    if as_json:
        typer.echo(json.dumps(summary, ensure_ascii=False, indent=1))
        return
    title = f"{contenu.foyers} foyers, {contenu.personnes} personnes"
    table = Table("objet", "résultat", "code ou motif", "nombre", title=title)
    for row in rows:
        style = {"refuse": "red", "en-attente": "yellow", "ignore": "dim"}.get(str(row["resultat"]))
        table.add_row(*(str(row[name]) for name in ("objet", "resultat", "code", "nombre")), style=style)
    console.print(table)
    if contenu.foyers_annonces not in (None, contenu.foyers):
        announced = f"L'organisme annonce {contenu.foyers_annonces} dossiers, le flux en porte {contenu.foyers}."
        console.print(f"[yellow]{announced}[/]")
    for written, count in sorted(contenu.ailleurs.items()):
        console.print(
            f"[yellow]{count} foyers que le flux adresse au département {written} sont déposés pour celui du "
            "partenaire : est-ce le bon fichier ? « --departement flux » s'en tient au flux.[/]"
        )
    if any(row["code"] == "hors-territoire" for row in rows):
        console.print("[yellow]Un flux pour un autre département ? Vérifiez le partenaire, ou donnez --departement.[/]")
    console.print(f"{summary['personnes_par_s']} personnes par seconde · rapport : {report.path}")
