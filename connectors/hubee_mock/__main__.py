"""`python -m connectors.hubee_mock`: the mock on a port of this machine, until Ctrl-C."""

import argparse

import uvicorn

from connectors.hubee_mock.app import Mock
from connectors.hubee_mock.boxes import Boxes


def main() -> None:
    reader = argparse.ArgumentParser(description="Un HubEE d'essai, en mémoire, sur cette machine seulement.")
    reader.add_argument("--port", type=int, default=8551, help="port d'écoute (8551)")
    port = reader.parse_args().port
    print(f"HubEE d'essai : http://127.0.0.1:{port} · jetons : /oauth2/token · Ctrl-C pour finir")  # noqa: T201
    uvicorn.run(Mock(Boxes()).app(), host="127.0.0.1", port=port, log_level="warning")


if __name__ == "__main__":
    main()
