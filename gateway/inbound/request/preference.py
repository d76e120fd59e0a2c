"""`Prefer` (RFC 7240): how long a depositor waits for the decision before it is told `en-attente`."""

import re

from starlette.requests import Request

_DEFAULT_WAIT_S = 5.0
_MAX_WAIT_S = 30.0
_WAIT = re.compile(r"\bwait\s*=\s*(\d{1,4})\b")


def wait_s(request: Request) -> float:
    """0 for `respond-async`: the answer comes once the deposit is journalled; `wait=N` seconds, 30 at most."""
    preference = request.headers.get("prefer", "")
    if "respond-async" in preference:
        return 0.0
    asked = _WAIT.search(preference)
    return min(float(asked[1]), _MAX_WAIT_S) if asked else _DEFAULT_WAIT_S
