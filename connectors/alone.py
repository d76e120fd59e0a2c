"""`relais-connecteurs`: the connectors of one partner at its own place. Needs HTTPS to the hub, and this folder:

connecteurs.toml   a table per connector: systeme, client, cle, configuration, jeton (paths from this folder)
coffre.cle         the key of what is sealed here, made at the first start
etat.sqlite        what they remember
<code>/            the files of each
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import os
import secrets
import signal
import sys
import tomllib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncssh

from chassis.http_server import serve
from connectors import sftp
from connectors.database import SQLite
from connectors.exchanges import ExchangeRefused
from connectors.hub import PartnerError
from connectors.mandates import Mandate, token_digest
from connectors.runtime import Installation, Runtime
from connectors.sealing import Vault
from connectors.systems import ConfigurationRefused, system, systems
from connectors.web import build

HOST, PORT = "127.0.0.1", 8423
_HELP = """\
exemples :
  relais-connecteurs systemes --exemple fichiers > fichiers.toml
  relais-connecteurs servir /etc/relais-connecteurs
  relais-connecteurs essayer /etc/relais-connecteurs cd-59-fichiers orientations.csv
  relais-connecteurs etat /etc/relais-connecteurs cd-59-fichiers
"""


class FolderRefused(Exception):
    """One French sentence: what is missing or wrong in the folder."""


def read_mandates(folder: Path) -> list[Mandate]:
    """The connectors that `connecteurs.toml` names. Raises `FolderRefused`."""
    try:
        tables = tomllib.loads((folder / "connecteurs.toml").read_text(encoding="utf-8"))
        return [_mandate(folder, code, table) for code, table in tables.items()]
    except FileNotFoundError as error:
        raise FolderRefused(f"Fichier absent : {error.filename}.") from error
    except (tomllib.TOMLDecodeError, json.JSONDecodeError) as error:
        raise FolderRefused(f"Fichier illisible : {error}.") from error
    except KeyError as error:
        raise FolderRefused(f"connecteurs.toml : « {error.args[0]} » manque.") from error


def _mandate(folder: Path, code: str, table: dict[str, Any]) -> Mandate:
    client = json.loads((folder / table["client"]).read_text(encoding="utf-8"))
    content = (folder / table["configuration"]).read_text(encoding="utf-8") if "configuration" in table else ""
    configuration = tomllib.loads(content)
    try:
        system(table["systeme"]).configure(configuration)
    except KeyError:
        raise FolderRefused(f"{code} : système inconnu, {table['systeme']}.") from None
    except ConfigurationRefused as refused:
        raise FolderRefused(f"{code} : {refused}") from refused
    token = (folder / table["jeton"]).read_text(encoding="utf-8").strip() if "jeton" in table else None
    began = datetime.fromtimestamp((folder / "connecteurs.toml").stat().st_mtime, UTC)
    return Mandate(
        code=code,
        systeme=table["systeme"],
        partenaire=client["client_id"].removeprefix("si:"),
        etat="actif",
        configuration=configuration,
        client=client,
        key_pem=(folder / table["cle"]).read_text(encoding="utf-8"),
        jeton=token_digest(token) if token else None,
        cree_a=began,
        change_a=began,
    )


def installation(folder: Path) -> Installation:
    return Installation(SQLite(folder / "etat.sqlite"), Vault(_vault_key(folder / "coffre.cle")), folder)


def _vault_key(path: Path) -> bytes:
    if not path.exists():
        _write_private(path, base64.urlsafe_b64encode(secrets.token_bytes(32)) + b"\n")
    return base64.urlsafe_b64decode(path.read_bytes().strip())


def _write_private(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)


async def run(folder: Path, host: str, port: int, sftp_port: int) -> None:
    """Until SIGINT or SIGTERM. `sftp_port` 0: no SFTP server."""
    mandates, stop = read_mandates(folder), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)

    async def known() -> Sequence[Mandate]:
        return mandates

    async def well() -> bool:
        return True

    host_key = folder / "sftp.pem"
    if sftp_port and not host_key.exists():
        _write_private(host_key, asyncssh.generate_private_key("ssh-ed25519").export_private_key())
    place = installation(folder)
    runtime = Runtime(place, known)
    _say(f"{len(mandates)} connecteur(s) en service ; http://{host}:{port}/connecteurs/")
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(runtime.run(stop))
        tasks.create_task(serve(build(runtime, well), host, port, stop))
        if sftp_port:
            tasks.create_task(sftp.serve(runtime.context, host, sftp_port, host_key, stop))


async def try_out(folder: Path, code: str, fichier: Path | None) -> None:
    speaks, context = installation(folder).context(_named(folder, code), patience_s=5)
    async with context.hub:
        async for line in speaks.try_out(context, fichier):
            _say(line)


async def show(folder: Path, code: str) -> None:
    _, context = installation(folder).context(_named(folder, code))
    for line in await context.journal.last():
        counted = ", ".join(f"{outcome} {count}" for outcome, count in sorted(line.compte.items()))
        begun = f"{line.commence_a:%Y-%m-%d %H:%M:%S}"
        _say(" · ".join(filter(None, (begun, line.nature, line.reference, line.etat, counted, line.motif, line.trace))))


def _named(folder: Path, code: str) -> Mandate:
    for mandate in read_mandates(folder):
        if mandate.code == code:
            return mandate
    raise FolderRefused(f"Connecteur inconnu : {code}.")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _arguments() -> argparse.ArgumentParser:
    reader = argparse.ArgumentParser(
        prog="relais-connecteurs",
        description="Les connecteurs d'un partenaire, chez lui : seul HTTPS vers le relais est nécessaire.",
        epilog=_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = reader.add_subparsers(dest="commande", required=True, metavar="COMMANDE")
    for name, told in (
        ("servir", "lance les connecteurs du dossier"),
        ("essayer", "essaie à blanc : rien n'est déposé"),
        ("etat", "montre les derniers échanges"),
    ):
        command = commands.add_parser(name, help=told)
        command.add_argument("dossier", type=Path, help="dossier de connecteurs.toml")
        if name == "servir":
            command.add_argument("--hote", default=HOST, help=f"adresse d'écoute ({HOST})")
            command.add_argument("--port", type=int, default=PORT, help=f"port d'écoute ({PORT})")
            command.add_argument("--port-sftp", type=int, default=0, help="port du serveur SFTP (aucun par défaut)")
        else:
            command.add_argument("code", help="code du connecteur")
        if name == "essayer":
            command.add_argument("fichier", type=Path, nargs="?", help="fichier à essayer")
    known = commands.add_parser("systemes", help="liste les systèmes, ou donne une configuration")
    known.add_argument("--exemple", metavar="SYSTEME", help="écrit une configuration de ce système")
    return reader


def main() -> None:
    """Status 0; 1 when the folder or the hub refuses, with one sentence; 2 for a command that is wrong."""
    asked = _arguments().parse_args()
    try:
        match asked.commande:
            case "servir":
                asyncio.run(run(asked.dossier, asked.hote, asked.port, asked.port_sftp))
            case "essayer":
                asyncio.run(try_out(asked.dossier, asked.code, asked.fichier))
            case "etat":
                asyncio.run(show(asked.dossier, asked.code))
            case _ if asked.exemple:
                _say(system(asked.exemple).exemple)
            case _:
                for one in systems():
                    _say(f"{one.code} · {one.titre}")
    except (FolderRefused, PartnerError, ExchangeRefused) as refused:
        sys.stderr.write(f"Erreur : {refused}\n")
        sys.exit(1)
    except KeyError as unknown:
        sys.stderr.write(f"Erreur : système inconnu, {unknown.args[0]}.\n")
        sys.exit(1)


if __name__ == "__main__":
    main()
