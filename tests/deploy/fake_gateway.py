"""A component for the launcher's tests: answers `/sante/pret` with 503, then 200; crashes when it is told to."""

from __future__ import annotations

import json
import os
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

asked = 0


class Health(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        global asked
        asked += 1
        self.send_response(200 if asked > 3 else 503)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        sys.stdout.write(json.dumps({"event": "sante.demandee", "level": "info"}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    if (Path(os.environ["RELAIS_SECRETS"]) / "panne").exists():
        sys.exit("panne demandée")
    sys.stdout.write(json.dumps({"event": "process.started", "level": "info"}) + "\n")
    sys.stdout.flush()
    HTTPServer((os.environ["RELAIS_HOTE"], int(os.environ["RELAIS_PORT"])), Health).serve_forever()
