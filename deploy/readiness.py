"""Readiness of a part: NATS greets, the gateway's `/sante/pret` answers 200."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx

from deploy.datadir import HOST, LaunchError


async def nats_answers(port: int, timeout_s: float | None = 15) -> None:
    try:
        async with asyncio.timeout(timeout_s):
            while True:
                if await _nats_greets(port):
                    return
                await asyncio.sleep(0.05)
    except TimeoutError as error:
        raise LaunchError(f"NATS n'a pas répondu sur le port {port} en {timeout_s:.0f} s.") from error


async def _nats_greets(port: int) -> bool:
    try:
        reader, writer = await asyncio.open_connection(HOST, port)
    except OSError:
        return False
    try:
        return (await reader.readline()).startswith(b"INFO ")
    finally:
        writer.close()


async def gateway_health(client: httpx.AsyncClient, port: int) -> dict[str, Any]:
    """Return the content of `/sante/pret`, readers and components included; empty when the gateway does not answer."""
    try:
        content = (await client.get(f"http://{HOST}:{port}/sante/pret", timeout=2)).json()
    except (httpx.HTTPError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


async def gateway_ready(client: httpx.AsyncClient, port: int) -> bool:
    """One look at `/sante/pret`; silence counts as not ready."""
    try:
        answer = await client.get(f"http://{HOST}:{port}/sante/pret", timeout=2)
    except httpx.HTTPError:
        return False
    return answer.status_code == 200
