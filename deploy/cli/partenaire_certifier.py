"""`partenaire certifier|retirer-certificat|montrer`: certificates of conformance, from runs that the hub sees."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table

from chassis.database import Connection
from deploy import partner_registry
from deploy.cli.hub import Donnees
from deploy.cli.partenaire_connexion import Code, run
from deploy.datadir import DEFAULT_FOLDER, HOST, DataDir, LaunchError, Ports, write_private
from gateway import conformity
from relais_contrats.conformite import Programme

if TYPE_CHECKING:
    from deploy.certification import Judge, Outcome

app = typer.Typer()

STATES = {
    "en-vigueur": "en vigueur",
    "bientot-expire": "expire bientôt",
    "expire": "expiré",
    "autre-adresse": "pour une autre adresse",
    "retire": "retiré",
}


@app.command()
def certifier(
    code: Code,
    recepteur: Annotated[bool, typer.Option("--recepteur", help="Joue le relais devant son récepteur.")] = False,
    emetteur: Annotated[bool, typer.Option("--emetteur", help="Ouvre un témoin, et un défi, à son émetteur.")] = False,
    abonnement: Annotated[
        UUID | None, typer.Option("--abonnement", help="L'abonnement à vérifier, s'il en a plusieurs.")
    ] = None,
    sonde: Annotated[
        str | None, typer.Option("--sonde", metavar="URL", help="Où lire ce que son récepteur a traité.")
    ] = None,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port local du témoin ; 0, un libre.")] = 0,
    adresse: Annotated[
        str | None, typer.Option("--adresse", metavar="URL", help="Comment le partenaire le joint, si autrement.")
    ] = None,
    attente: Annotated[int, typer.Option("--attente", min=1, max=120, help="Minutes où le défi reste valable.")] = 15,
    rapide: Annotated[bool, typer.Option("--rapide", help="Attentes plus courtes.")] = False,
    rapport: Annotated[Path | None, typer.Option("--rapport", metavar="DIR", help="Y écrit le rapport.")] = None,
    donnees: Donnees = DEFAULT_FOLDER,
) -> None:
    """Vérifie un programme d'un partenaire et lui délivre un certificat de conformité, signé, valable un an.

    --recepteur joue le relais contre l'adresse d'un abonnement actif, avec son vrai secret : des événements d'usagers
    inventés y arrivent. --emetteur attend que le partenaire réponde au défi (relais-kit certifier emetteur), puis juge
    ce que son programme envoie. Aucun rapport n'est admis. Code de sortie : 0 délivré, 3 sinon.

    Exemples :

        ./relais partenaire certifier cd-62 --recepteur --sonde https://webhooks.exemple-62.fr/traites

        ./relais partenaire certifier cd-62 --emetteur --port 8450 --adresse https://temoin.exemple.fr
    """
    if recepteur == emetteur:
        raise LaunchError("Choisissez --recepteur ou --emetteur.")
    programme = Programme.RECEPTEUR if recepteur else Programme.EMETTEUR
    outcomes: list[Outcome] = []

    async def act(data: DataDir, ports: Ports, conn: Connection) -> None:
        from deploy import certification  # with the kit, which no other command needs

        judge = await certification.Judge.of(data, ports, conn)
        if recepteur:
            outcomes.append(await _drive(data, judge, code, abonnement, sonde, quick=rapide))
        else:
            outcomes.append(await _witness(judge, code, port, adresse, attente * 60, quick=rapide))
        _tell(data, code, programme, outcomes[0], rapport)

    run(donnees, act)
    if outcomes[0].certificate is None:
        raise typer.Exit(3)


@app.command(name="retirer-certificat")
def retirer(
    code: Code,
    motif: Annotated[str, typer.Option("--motif", help="Pourquoi ; gardé avec le certificat.")],
    programme: Annotated[Programme | None, typer.Option("--programme", help="L'un des deux ; sinon tous.")] = None,
    donnees: Donnees = DEFAULT_FOLDER,
) -> None:
    """Retire les certificats en vigueur d'un partenaire. S'il en faut un, ses jetons ne valent plus rien aussitôt.

    Exemple :

        ./relais partenaire retirer-certificat cd-62 --programme emetteur --motif "programme réécrit"
    """

    async def act(data: DataDir, ports: Ports, conn: Connection) -> None:
        now = datetime.now(UTC)
        count = await conformity.withdraw(conn, code=code, programme=programme, motif=motif, now=now)
        if not count:
            raise LaunchError(f"Aucun certificat de {code} n'est en vigueur.")
        typer.echo(f"Partenaire {code} : {count} certificat(s) retiré(s) ; le relais le sait dans deux secondes.")

    run(donnees, act)


@app.command()
def montrer(
    code: Code,
    donnees: Donnees = DEFAULT_FOLDER,
    as_json: Annotated[bool, typer.Option("--json", help="En JSON, certificats compris.")] = False,
) -> None:
    """Montre un partenaire : ce qui est déclaré, ses clés, ses certificats de conformité.

    Exemple :

        ./relais partenaire montrer cd-62
    """

    async def act(data: DataDir, ports: Ports, conn: Connection) -> None:
        known = await partner_registry.listed(conn)
        if code not in known:
            raise LaunchError(f"Partenaire inconnu : {code}.")
        row = known[code]
        if as_json:
            typer.echo(json.dumps(row, ensure_ascii=False, indent=2, default=str))
            return
        table = Table(show_header=False)
        for name in ("code", "type_organisme", "nom", "etat", "departements", "scopes", "hotes", "cles", "certificats"):
            value = row[name]
            table.add_row(name, ", ".join(value) if isinstance(value, list) else str(value))
        table.add_row("certificat exigé", "oui" if row["exige_certificat"] else "non")
        for one in row["conformites"]:
            table.add_row(f"conformité, {one['programme']}", said(one))
        Console(highlight=False).print(table)

    run(donnees, act)


def summary(row: dict[str, Any]) -> str:
    """The certificates of a row of `listed`: one line for each program."""
    lines = [f"{one['programme']} {STATES[one['etat']]}" for one in row["conformites"]]
    return "\n".join(lines) or ("exigée, absente" if row["exige_certificat"] else "")


def said(one: dict[str, Any]) -> str:
    """A certificate of `listed`, in a few French words."""
    where = f", {one['url']}" if one["url"] else ""
    why = f" ({one['motif_retrait']})" if one["motif_retrait"] else ""
    return f"{STATES[one['etat']]}{why}, jusqu'au {one['expire_a']:%d/%m/%Y}{where}"


async def _drive(
    data: DataDir, judge: Judge, code: str, id_: UUID | None, probe: str | None, *, quick: bool
) -> Outcome:
    from deploy import certification

    partner, _ = await certification.partner_of(judge.conn, code)
    receiver = await certification.Receiver.of(data, judge.conn, code, id_)
    typer.echo(f"Le relais joue son rôle devant {receiver.url}…")
    return await certification.drive_receiver(judge, partner, receiver, probe, _step, quick=quick)


async def _witness(judge: Judge, code: str, port: int, address: str | None, wait_s: int, *, quick: bool) -> Outcome:
    from deploy import certification
    from relais_kit.bouchon import serveur
    from relais_kit.certification.seance import Seance

    partner, client = await certification.partner_of(judge.conn, code)
    if not client.cles:
        raise LaunchError(f"{code} n'a pas de clé enregistrée (partenaire cle) : un défi se signe.")
    try:
        taken = serveur.ecouter(port)
    except OSError as error:
        raise LaunchError(f"Le port {port} est pris : choisissez-en un autre avec --port.") from error
    where = (address or f"http://{HOST}:{taken.getsockname()[1]}").rstrip("/")
    seance = Seance(where, judge.issuer, partner, client, wait_s, est_rapide=quick)
    typer.echo(f"Témoin : {where}, défi valable {wait_s // 60} minutes. Chez le partenaire :")
    typer.echo(f'  relais-kit certifier emetteur --temoin {where} --acces DIR --commande "…"')
    return await certification.witness_sender(judge, seance, taken, _step)


def _step(rank: int, count: int, title: str) -> None:
    typer.echo(f"[{rank}/{count}] {title}", err=True)


def _tell(data: DataDir, code: str, programme: Programme, outcome: Outcome, report: Path | None) -> None:
    from relais_kit.rapport.commande import deposer

    if report and outcome.results:
        deposer(report, programme.value, {"Partenaire": code}, outcome.results)
    if outcome.certificate is None:
        _explain(outcome.missing)
        return
    path = data.partners / code / f"certificat-{programme}.jws"
    path.parent.mkdir(mode=0o700, exist_ok=True)
    write_private(path, outcome.certificate + "\n")
    typer.echo(f"Certificat délivré, valable un an : {path} (à remettre au partenaire).")


def _explain(missing: Sequence[str]) -> None:
    typer.echo("Pas de certificat :")
    for one in missing:
        typer.echo(f"  {one}")
