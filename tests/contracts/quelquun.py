"""Somebody in front of the terminal of a run, for tests."""

from collections.abc import Callable
from dataclasses import dataclass, field

from relais_kit.personne import Personne


@dataclass(frozen=True, slots=True)
class Quelquun(Personne):
    """Does each thing that is asked, in turn."""

    gestes: list[Callable[[], None]] = field(default_factory=list)

    async def faire(self, phrase: str) -> bool:
        self.gestes.pop(0)()
        return True


def quelquun(*gestes: Callable[[], None]) -> Quelquun:
    return Quelquun(True, list(gestes))
