"""A partner that makes load: `relais_contrats.client` over a transport that costs less per request than httpx."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Self

import aiohttp
from joserfc.jwk import ECKey

from deploy.datadir import DataDir, LaunchError
from relais_contrats.client import Client, Credentials, cloudevent


class Caller:
    """One partner with `connections` kept open. Anything but the expected status ends the run: it measures nothing."""

    def __init__(self, client: Client, key: ECKey, connections: int) -> None:
        self.source = f"/partenaires/{client.client_id.removeprefix('si:')}"
        self.client = client
        self.credentials = Credentials(client, key)
        self.requests = 0
        self._http = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=connections), timeout=aiohttp.ClientTimeout(total=300)
        )

    @classmethod
    def load(cls, data: DataDir, code: str, connections: int) -> Self:
        folder = data.partners / code
        key = ECKey.import_key((folder / "cle.pem").read_text(encoding="utf-8"))
        return cls(Client.read(folder / "client.json"), key, connections)

    async def __aenter__(self) -> Self:
        await self.token()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.close()

    async def token(self) -> None:
        """Ask for an access token, whether or not one is held."""
        url = self.client.token_endpoint
        proof = {"DPoP": self.credentials.proof("POST", url)}
        async with self._http.post(url, data=self.credentials.token_form(), headers=proof) as response:
            granted = await response.json()
            _expect(response, (200,))
        self.requests += 1
        self.credentials.keep(granted)

    async def request(
        self,
        method: str,
        path: str,
        *expected: int,
        body: Any = None,
        content_type: str = "application/json",
        prefer: str = "wait=5",
    ) -> tuple[int, bytes]:
        """Which of the expected statuses it was, and the bytes of the answer."""
        url = f"{self.client.api}{path}"
        headers: Mapping[str, str] = {
            **self.credentials.headers(method, url),
            "Content-Type": content_type,
            "Prefer": prefer,
        }
        async with self._http.request(method, url, data=body, headers=headers) as response:
            content = await response.read()
            _expect(response, expected, content)
            self.requests += 1
            return response.status, content

    def bare(self, method: str, url: str, body: bytes) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        """Without token nor proof, for the floor programs."""
        return self._http.request(method, url, data=body, headers={"Content-Type": "application/json"})

    def message(self, number: str, fait: str, data: Mapping[str, Any], subject: str | None = None) -> dict[str, Any]:
        return cloudevent(self.source, fait, data, departement="59", subject=subject, id_=f"bench-{number}")


def _expect(response: aiohttp.ClientResponse, expected: Collection[int], content: bytes = b"") -> None:
    if response.status not in expected:
        said = content[:300].decode("utf-8", "replace")
        raise LaunchError(
            f"La mesure s'arrête : {response.method} {response.url.path} a répondu {response.status} {said}"
        )
