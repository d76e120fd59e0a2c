"""A human who helps a run: asked for a step that no program can do, on a terminal only, and waited for."""

import asyncio
import sys
from dataclasses import dataclass

SANS_PERSONNE = "il faut quelqu'un devant un terminal : --pas-a-pas"


@dataclass(frozen=True, slots=True)
class Personne:
    """Nobody, unless `est_la`."""

    est_la: bool = False

    async def faire(self, phrase: str) -> bool:
        """Ask for one step, and wait for Enter; False when nobody is there, or it cannot be done (« n »)."""
        if not self.est_la:
            return False
        sys.stderr.write(f"\r\033[K{phrase} Entrée quand c'est fait, n si ce n'est pas possible. ")
        sys.stderr.flush()
        repondu = await asyncio.to_thread(sys.stdin.readline)
        return bool(repondu) and not repondu.strip().lower().startswith("n")


def au_terminal(*, est_demandee: bool) -> Personne:
    """Somebody is there when it was asked for and the input is a terminal."""
    return Personne(est_demandee and sys.stdin.isatty())
