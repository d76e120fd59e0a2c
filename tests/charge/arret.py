"""What the roadmap shows while a service is down for long, in real time, and how soon it is right after.

`python -m tests.charge.arret --minutes 60`: a hub of its own; each service (`--services`) is stopped in its turn for
that long, while a person is reoriented, then killed and started anew. Ends with 1 if the roadmap showed a mixture for
five seconds, or was not right five seconds (and the start of a process) after.
"""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from deploy.components import SERVICES
from tests.charge.feuille import dire
from tests.hub import Hub, free_port
from tests.parcours.arret import Account, go_through
from tests.parcours.test_arret import MIXTURE_S, RECOVERY_S


async def arreter(hub: Hub, services: Sequence[str], minutes: float) -> list[Account]:
    accounts = []
    for service in services:
        account = await go_through(hub, service, lambda: asyncio.sleep(minutes * 60))
        shown = " -> ".join(state for _, state in account.seen)
        dire(
            f"{service} : arrêté {account.stopped_s:.0f} s, à jour {account.recovery_s:.1f} s après la relance, "
            f"plus long mélange {account.longest_mixture_s:.1f} s ; {shown}"
        )
        accounts.append(account)
    return accounts


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--services", nargs="+", default=SERVICES, choices=SERVICES)
    choix = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="relais-arret-") as dossier:
        hub = Hub(Path(dossier), free_port())
        hub.up()
        try:
            accounts = asyncio.run(arreter(hub, choix.services, choix.minutes))
        finally:
            hub.down()
    return int(any(a.longest_mixture_s > MIXTURE_S or a.recovery_s > RECOVERY_S for a in accounts))


if __name__ == "__main__":
    sys.exit(main())
