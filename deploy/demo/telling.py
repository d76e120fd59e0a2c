"""The steps of a story, told one by one with what must be true at each."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from deploy.demo.display import Display, Step
from relais_contrats.client import PartnerError


class Stopped(Exception):
    """What comes next makes no sense without what did not happen."""


@dataclass
class Telling:
    """`FAULTS`: what stops a step, beside what does not hold, with one French sentence as its text."""

    FAULTS: ClassVar[tuple[type[Exception], ...]] = (PartnerError,)

    display: Display
    steps: list[Step] = field(default_factory=list)

    @property
    def step(self) -> Step:
        return self.steps[-1]

    @contextlib.contextmanager
    def telling(self, titre: str) -> Iterator[None]:
        """One step: what happens inside is shown at its end, even when it stops short."""
        self.steps.append(Step(len(self.steps) + 1, titre))
        try:
            yield
        except self.FAULTS as error:
            self.check(str(error), False)
            raise Stopped(str(error)) from error
        finally:
            self.display.step(self.step)

    def check(self, sentence: str, held: object) -> None:
        self.step.checks.append((sentence, bool(held)))

    def need(self, sentence: str, held: object) -> None:
        self.check(sentence, held)
        if not held:
            raise Stopped(sentence)
