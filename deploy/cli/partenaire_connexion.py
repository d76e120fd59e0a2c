"""What the commands `partenaire …` share: their common options, and a connection to the hub of a data folder."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer

from chassis.database import Connection
from deploy import partner_registry
from deploy.cli.hub import data_dir
from deploy.datadir import DataDir, Ports

Code = Annotated[str, typer.Argument(help="Code du partenaire, par exemple cd-62.")]
ClePublique = Annotated[
    Path | None,
    typer.Option(
        "--cle-publique", exists=True, dir_okay=False, help="PEM ou JWK du partenaire ; sinon une clé est créée."
    ),
]


def run(donnees: Path, act: Callable[[DataDir, Ports, Connection], Coroutine[Any, Any, None]]) -> None:
    """Run the command on the hub of this folder, under the gateway's role."""
    data = data_dir(donnees)

    async def connected() -> None:
        ports = data.known_ports()
        async with partner_registry.connection(data, ports) as conn:
            await act(data, ports, conn)

    asyncio.run(connected())


def public_key(data: DataDir, code: str, given: Path | None, *, renew: bool) -> dict[str, Any]:
    """The public JWK of the given file, or of a key that is made in the data folder."""
    if given is None:
        return partner_registry.ensure_key(data, code, renew=renew)
    (data.partners / code).mkdir(mode=0o700, exist_ok=True)
    return partner_registry.public_jwk(given.read_text())
