"""The connectors at the hub, assembled: their state in PostgreSQL, their loops, their façades, their traces.

They hold a connection to the bus for the life of the process only, under a user that may say and hear nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chassis import process, settings, telemetry
from chassis.faults import is_healthy
from chassis.http_server import serve
from chassis.process import Process
from connectors import sftp
from connectors.database import PostgreSQL
from connectors.mandates import Mandates
from connectors.runtime import Installation, Runtime
from connectors.sealing import Vault
from connectors.web import build

COMPONENT = "connecteurs"


class Settings(settings.Settings):
    """`dossier_connecteurs`: where each mandate has its folder of files. `port_sftp`: of the SFTP server."""

    hote: str = "127.0.0.1"
    port: int
    port_sftp: int
    dossier_connecteurs: Path


@contextmanager
def span(name: str, id_: str) -> Iterator[str]:
    """In the trace that the console shows: `./relais trace` finds it by the id of the exchange."""
    with telemetry.span(name, relais_id=id_):
        yield telemetry.traceparent() or ""


async def assemble(running: Process, configured: Settings) -> None:
    database, vault = PostgreSQL(running.pool), Vault(configured.key("coffre"))
    installation = Installation(database, vault, configured.dossier_connecteurs, span)
    runtime = Runtime(installation, Mandates(database, vault).all)
    app = build(runtime, lambda: is_healthy(running.pool))
    running.loop("mandats", runtime.run)
    host_key = configured.secrets / "sftp.pem"
    running.loop(
        "sftp", lambda stop: sftp.serve(runtime.context, configured.hote, configured.port_sftp, host_key, stop)
    )
    running.loop("http", lambda stop: serve(app, configured.hote, configured.port, stop))


def main() -> None:
    configured = settings.read(Settings)
    process.run(COMPONENT, COMPONENT, configured, lambda running: assemble(running, configured))


if __name__ == "__main__":
    main()
