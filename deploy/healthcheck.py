"""`python healthcheck.py` in the container of a component: status 0 when it does its work, 1 otherwise.

Imports nothing of the project, and asks the component as little as possible: a door is asked whether it is ready, any
other process is healthy while it holds connections to both of its engines.
"""

import os
import sys
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

ESTABLISHED = "01"
DEFAULT_PORTS = {"nats": 4222, "postgresql": 5432}


def is_ready(port: str) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/sante/pret", timeout=3) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, TimeoutError, ConnectionError):
        return False


def connected_ports() -> set[int]:
    """Remote ports to which this network namespace holds an established connection."""
    lines = [line.split() for name in ("tcp", "tcp6") for line in _lines(Path("/proc/net") / name)]
    return {int(fields[2].rpartition(":")[2], 16) for fields in lines if fields[3] == ESTABLISHED}


def _lines(table: Path) -> list[str]:
    return table.read_text().splitlines()[1:] if table.exists() else []


def engine_ports() -> set[int]:
    urls = [urlsplit(os.environ[name]) for name in ("RELAIS_NATS_URL", "RELAIS_DATABASE_URL")]
    return {url.port or DEFAULT_PORTS[url.scheme] for url in urls}


def main() -> int:
    if "RELAIS_PORT" in os.environ and "RELAIS_URL_PUBLIQUE" in os.environ:
        return 0 if is_ready(os.environ["RELAIS_PORT"]) else 1
    return 0 if engine_ports() <= connected_ports() else 1


if __name__ == "__main__":
    sys.exit(main())
