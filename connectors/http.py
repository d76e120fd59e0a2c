"""The one HTTP client of the connectors, towards partners' systems: bounded in time, no redirect, no proxy."""

from __future__ import annotations

from typing import Final

import httpx

Http = httpx.AsyncClient
Reply = httpx.Response
Failed = httpx.HTTPError
"""No answer: the connection, the time, the protocol. To be tried again."""

TIMEOUT_S: Final = 60.0


def client(base_url: str, *, timeout_s: float = TIMEOUT_S) -> Http:
    """TLS is verified against the authorities of this machine."""
    limits = httpx.Limits(max_connections=10, max_keepalive_connections=4)
    timeout = httpx.Timeout(timeout_s, connect=10.0)
    return httpx.AsyncClient(base_url=base_url, timeout=timeout, limits=limits, trust_env=False, follow_redirects=False)
