"""What the commands `partenaire …` share: their common options, and the hub that they administer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer

from chassis.database import Connection
from deploy import partner_registry
from deploy.administration import Administration
from deploy.cli.hub import data_dir
from deploy.datadir import DataDir, Ports
from relais_contrats.oauth.authentication import Methode

Code = Annotated[str, typer.Argument(help="Code du partenaire, par exemple cd-62.")]
ClePublique = Annotated[
    Path | None,
    typer.Option(
        "--cle-publique", exists=True, dir_okay=False, help="PEM ou JWK du partenaire ; sinon une clé est créée."
    ),
]
Hub = Annotated[
    str | None,
    typer.Option("--hub", metavar="URL", help="Console d'un autre relais que celui de ce dossier."),
]
Machine = Annotated[
    Path | None,
    typer.Option("--machine", metavar="DIR", help="Avec --hub : dossier de sa clé (machine preparer)."),
]


def administration(donnees: Path, hub: str | None, machine: Path | None) -> Administration:
    return Administration(data_dir(donnees), hub, machine)


def run(donnees: Path, act: Callable[[DataDir, Ports, Connection], Coroutine[Any, Any, None]]) -> None:
    """Run the command on the hub of this folder, under the gateway's role: what needs its keys, beside its rows."""
    data = data_dir(donnees)

    async def connected() -> None:
        ports = data.known_ports()
        async with partner_registry.connection(data, ports) as conn:
            await act(data, ports, conn)

    asyncio.run(connected())


def public_key(data: DataDir, code: str, given: Path | None, *, renew: bool) -> str:
    """The public JWK of the given file, or of a key that is made in the data folder, as text."""
    if given is None:
        return partner_registry.public_text(partner_registry.ensure_key(data, code, renew=renew))
    return partner_registry.public_text(partner_registry.public_jwk(given.read_text()))


def write_client(hub: Administration, code: str) -> Path:
    """`client.json` as the hub knows the partner now."""
    known = hub.view("partenaires", partenaire=code)
    keys = [one["nom"] for one in known["justificatifs"] if one["nature"] == "cle"]
    proof = {"kid": keys[0], "alg": known["alg"][keys[0]]} if keys else {"methode": Methode.CERTIFICAT.value}
    return partner_registry.write_client(hub.data, known["issuer"], code, proof, known["scopes"])
