"""`partenaire …`: register a partner, list them, suspend or resume one, change a key, a certificate, a secret."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from chassis.database import Connection
from deploy import partner_registry
from deploy.cli.hub import Donnees, data_dir
from deploy.datadir import DEFAULT_FOLDER, DataDir, LaunchError, Ports
from deploy.partner import Partner, PartnerError
from gateway.partners import CLIENT_PREFIX

app = typer.Typer(
    help="Gère les partenaires : créer, lister, suspendre, reprendre, changer de clé ou de certificat.",
    no_args_is_help=True,
)

Code = Annotated[str, typer.Argument(help="Code du partenaire, par exemple cd-62.")]
ClePublique = Annotated[
    Path | None,
    typer.Option(
        "--cle-publique", exists=True, dir_okay=False, help="PEM ou JWK du partenaire ; sinon une clé est créée."
    ),
]
Recouvrement = Annotated[
    int, typer.Option("--recouvrement", min=0, max=90, help="Jours où le précédent reste valable.")
]


def _run(donnees: Path, act: Callable[[DataDir, Ports, Connection], Coroutine[Any, Any, None]]) -> None:
    data = data_dir(donnees)

    async def connected() -> None:
        ports = data.known_ports()
        async with partner_registry.connection(data, ports) as conn:
            await act(data, ports, conn)

    asyncio.run(connected())


@app.command()
def creer(
    code: Code,
    type_organisme: Annotated[str, typer.Option("--type", help="Type d'organisme, par exemple departement.")],
    nom: Annotated[str, typer.Option("--nom", help="Nom affiché.")],
    departement: Annotated[list[str], typer.Option("--departement", help="Département ; répétable.")],
    scope: Annotated[list[str], typer.Option("--scope", help="Périmètre OAuth ; répétable.")],
    structure: Annotated[
        list[str] | None, typer.Option("--structure", metavar="SYSTEME:VALEUR:NOM", help="Structure ; répétable.")
    ] = None,
    finalite: Annotated[
        list[str] | None,
        typer.Option("--convention", metavar="FINALITE:DATE", help="Convention et fin ; répétable."),
    ] = None,
    cle_publique: ClePublique = None,
    certificat: Annotated[
        Path | None,
        typer.Option("--certificat", exists=True, dir_okay=False, help="Certificat client PEM, à la place d'une clé."),
    ] = None,
    donnees: Donnees = DEFAULT_FOLDER,
) -> None:
    """Enregistre un partenaire et écrit son client.json.

    Exemple :

        ./relais partenaire creer cd-62 --type departement --nom "Pas-de-Calais" --departement 62
        --scope messages:deposer --scope evenements:lire --convention orientation:2030-12-31
    """
    partner = partner_registry.Partner(
        code=code,
        type_organisme=type_organisme,
        nom=nom,
        departements=departement,
        scopes=scope,
        structures=[_structure(text) for text in structure or []],
        conventions=[_convention(text) for text in finalite or []],
    )

    async def act(data: DataDir, ports: Ports, conn: Connection) -> None:
        jwk = None if certificat and not cle_publique else _key(data, code, cle_publique, renew=False)
        await partner_registry.create(conn, partner, jwk, certificat.read_bytes() if certificat else None)
        path = partner_registry.write_client(data, ports, code, jwk, scope)
        typer.echo(f"Partenaire {code} créé : {path.parent} ; le relais le connaît dans deux secondes.")

    _run(donnees, act)


@app.command()
def lister(
    donnees: Donnees = DEFAULT_FOLDER,
    as_json: Annotated[bool, typer.Option("--json", help="Écrit la liste en JSON.")] = False,
) -> None:
    """Liste les partenaires, leur état, leurs clés, leurs certificats, et ceux qui sont un risque (profil hérité).

    Exemple :

        ./relais partenaire lister --json
    """

    async def act(data: DataDir, ports: Ports, conn: Connection) -> None:
        rows = (await partner_registry.listed(conn)).values()
        if as_json:
            typer.echo(json.dumps(list(rows), ensure_ascii=False, indent=2, default=str))
            return
        table = Table("code", "type", "nom", "départements", "état", "clés", "certificats", "risque")
        for row in rows:
            departements = ", ".join(row["departements"][:6]) + (", …" if len(row["departements"]) > 6 else "")
            counts = [str(len(row["cles"])), str(len(row["certificats"]))]
            risk = _risk(row["herite_jusqua"], datetime.now(UTC))
            table.add_row(row["code"], row["type_organisme"], row["nom"], departements, row["etat"], *counts, risk)
        Console(highlight=False).print(table)

    _run(donnees, act)


@app.command()
def suspendre(code: Code, donnees: Donnees = DEFAULT_FOLDER) -> None:
    """Suspend un partenaire : plus de jeton, plus de dépôt, plus de livraison.

    Exemple :

        ./relais partenaire suspendre ml-lille
    """
    _set_state(donnees, code, "suspendu")


@app.command()
def reprendre(code: Code, donnees: Donnees = DEFAULT_FOLDER) -> None:
    """Lève la suspension d'un partenaire.

    Exemple :

        ./relais partenaire reprendre ml-lille
    """
    _set_state(donnees, code, "actif")


def _set_state(donnees: Path, code: str, state: str) -> None:
    async def act(data: DataDir, ports: Ports, conn: Connection) -> None:
        await partner_registry.set_state(conn, code, state, datetime.now(UTC))
        typer.echo(f"Partenaire {code} : {state}.")

    _run(donnees, act)


@app.command()
def cle(
    code: Code,
    cle_publique: ClePublique = None,
    recouvrement: Annotated[
        int, typer.Option("--recouvrement", min=0, help="Jours où l'ancienne clé reste valable.")
    ] = 7,
    donnees: Donnees = DEFAULT_FOLDER,
) -> None:
    """Change la clé d'un partenaire ; l'ancienne reste valable le temps du recouvrement.

    Exemple :

        ./relais partenaire cle cd-59 --cle-publique nouvelle.pem --recouvrement 14
    """

    async def act(data: DataDir, ports: Ports, conn: Connection) -> None:
        known = await partner_registry.listed(conn)
        if code not in known:
            raise LaunchError(f"Partenaire inconnu : {code}.")
        jwk = _key(data, code, cle_publique, renew=True)
        await partner_registry.add_key(
            conn,
            code,
            jwk,
            datetime.now(UTC),
            previous=known[code]["cles"],
            overlap=timedelta(days=recouvrement),
        )
        path = partner_registry.write_client(data, ports, code, jwk, list(known[code]["scopes"]))
        typer.echo(f"Nouvelle clé de {code} : {jwk['kid']} ({path.parent})")

    _run(donnees, act)


@app.command()
def certificat(
    code: Code,
    fichier: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Certificat client, PEM, sans chaîne.")],
    recouvrement: Recouvrement = 7,
    donnees: Donnees = DEFAULT_FOLDER,
) -> None:
    """Enregistre le certificat client d'un partenaire, qui que soit son émetteur ; le précédent reste valable un temps.

    Exemple :

        ./relais partenaire certificat cd-62 client.pem --recouvrement 14
    """

    async def act(data: DataDir, ports: Ports, conn: Connection) -> None:
        x5t = await partner_registry.change_certificate(
            conn, code, fichier.read_bytes(), datetime.now(UTC), overlap=timedelta(days=recouvrement)
        )
        typer.echo(f"Nouveau certificat de {code} : {x5t}")

    _run(donnees, act)


@app.command()
def herite(
    code: Code,
    jours: Annotated[int, typer.Option("--jours", min=1, max=365, help="Durée de vie du secret, en jours.")] = 90,
    retirer: Annotated[
        bool, typer.Option("--retirer", help="Sort le partenaire du profil hérité, tout de suite.")
    ] = False,
    recouvrement: Recouvrement = 7,
    donnees: Donnees = DEFAULT_FOLDER,
) -> None:
    """Met un partenaire au profil hérité : un secret et des jetons Bearer, sans sante:lire ni identite:resoudre.

    C'est un risque, pour un système qui ne sait rien d'autre : le secret n'est montré qu'une fois, et expire.

    Exemple :

        ./relais partenaire herite asso-mobilite --jours 60
    """

    async def act(data: DataDir, ports: Ports, conn: Connection) -> None:
        if retirer:
            await partner_registry.close_legacy(conn, code)
            typer.echo(f"Partenaire {code} : sorti du profil hérité, ses secrets et leurs jetons ne valent plus rien.")
            return
        lifetime, overlap, now = timedelta(days=jours), timedelta(days=recouvrement), datetime.now(UTC)
        secret = await partner_registry.open_legacy(conn, code, now, lifetime=lifetime, overlap=overlap)
        typer.echo(f"Partenaire {code} : au profil hérité, secret valable jusqu'au {now + lifetime:%d/%m/%Y}.")
        typer.echo(
            "Tant qu'il y est, sante:lire et identite:resoudre lui sont retirés. Ce secret ne sera plus montré :"
        )
        typer.echo(f"client_id={CLIENT_PREFIX}{code}")
        typer.echo(f"client_secret={secret}")

    _run(donnees, act)


@app.command()
def entetes(
    code: Code,
    methode: Annotated[str, typer.Argument(help="Méthode HTTP de la requête à venir.")],
    chemin: Annotated[str, typer.Argument(help="Chemin de la requête, par exemple /v1/messages.")],
    donnees: Donnees = DEFAULT_FOLDER,
) -> None:
    """Écrit les en-têtes d'une requête signée avec la clé du partenaire ; ils ne servent qu'une fois.

    Exemple :

        ./relais partenaire entetes cd-59 GET /v1/evenements | curl -H @- http://127.0.0.1:8420/v1/evenements
    """

    folder = data_dir(donnees).partners / code
    if not (folder / "cle.pem").exists():
        raise LaunchError(f"Aucune clé dans {folder} : un partenaire qui a un certificat n'a rien à signer.")

    async def obtain() -> dict[str, str]:
        async with Partner.load(folder, patience_s=5) as partner:
            return await partner.headers(methode.upper(), chemin)

    try:
        for name, value in asyncio.run(obtain()).items():
            typer.echo(f"{name}: {value}")
    except PartnerError as error:
        raise LaunchError(str(error)) from error


def _key(data: DataDir, code: str, given: Path | None, *, renew: bool) -> dict[str, Any]:
    if given is None:
        return partner_registry.ensure_key(data, code, renew=renew)
    (data.partners / code).mkdir(mode=0o700, exist_ok=True)
    return partner_registry.public_jwk(given.read_text())


def _risk(legacy_until: datetime | None, now: datetime) -> str:
    if legacy_until is None:
        return ""
    state = "secret expiré le" if legacy_until <= now else "secret valable jusqu'au"
    return f"profil hérité, {state} {legacy_until:%d/%m/%Y}"


def _structure(text: str) -> dict[str, str]:
    systeme, _, rest = text.partition(":")
    valeur, _, nom = rest.partition(":")
    if not (systeme and valeur and nom):
        raise LaunchError(f"Structure illisible : {text} ; forme attendue : siret:90000059700014:Nom.")
    return {"systeme": systeme, "valeur": valeur, "nom": nom}


def _convention(text: str) -> dict[str, str]:
    finalite, _, last_day = text.partition(":")
    try:
        return partner_registry.convention(finalite, date.fromisoformat(last_day))
    except ValueError as error:
        raise LaunchError(f"Convention illisible : {text} ; forme attendue : orientation:2030-12-31.") from error
