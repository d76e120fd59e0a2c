"""Failed sign-ins are counted by name and by address; past a number of them, nobody tries again for a while."""

from collections import OrderedDict, deque
from collections.abc import Callable

_WINDOW_S = 900.0
_PER_NAME, _PER_ADDRESS = 5, 20
_MOST_KEYS = 10_000


class Throttle:
    """`clock` counts seconds. The counts live in this one process: a restart forgets them."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._failures: OrderedDict[tuple[str, str], deque[float]] = OrderedDict()

    def wait_s(self, name: str, address: str) -> float:
        """Seconds until this name may be tried from this address; 0 when it may."""
        return max(self._wait_s(("nom", name), _PER_NAME), self._wait_s(("adresse", address), _PER_ADDRESS))

    def failed(self, name: str, address: str) -> None:
        for key, most in ((("nom", name), _PER_NAME), (("adresse", address), _PER_ADDRESS)):
            self._failures.setdefault(key, deque(maxlen=most)).append(self._clock())
            self._failures.move_to_end(key)
        while len(self._failures) > _MOST_KEYS:
            self._failures.popitem(last=False)

    def succeeded(self, name: str, address: str) -> None:
        """What was counted before it was tried was no failure; the name starts anew."""
        self._failures.pop(("nom", name), None)
        if counted := self._failures.get(("adresse", address)):
            counted.pop()

    def _wait_s(self, key: tuple[str, str], most: int) -> float:
        failures = self._failures.get(key)
        return max(0.0, failures[0] + _WINDOW_S - self._clock()) if failures and len(failures) == most else 0.0
