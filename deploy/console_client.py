"""Commands ask the console for what its pages show, and for the acts of its administration API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from deploy.datadir import HOST, DataDir, LaunchError

if TYPE_CHECKING:
    import httpx

_TIMEOUT_S = 20.0


class ConsoleClient:
    """The console of the hub of this folder, asked under the name `par`."""

    def __init__(self, data: DataDir, par: str | None = None) -> None:
        self._data = data
        self._par = par

    def read(self, path: str, **query: str) -> Any:
        """Raises LaunchError."""
        return self._answered(self._ask("GET", path, params=query))

    def act(self, nom: str, corps: Mapping[str, Any]) -> dict[str, Any]:
        """Do one act. Raises LaunchError with the sentence of its refusal."""
        told: dict[str, Any] = self._answered(self._ask("POST", f"/administration/v1/actes/{nom}", json=dict(corps)))
        return told

    def _ask(self, method: str, path: str, **request: Any) -> httpx.Response:
        import httpx

        from deploy.operators import bearer

        base_url = f"http://{HOST}:{self._data.known_ports().console}"
        headers = bearer(self._data, name=self._par)
        try:
            with httpx.Client(base_url=base_url, headers=headers, timeout=_TIMEOUT_S, trust_env=False) as client:
                return client.request(method, path, **request)
        except httpx.TransportError as error:
            raise LaunchError(
                f"La console ne répond pas sur {base_url} : le relais est-il en marche ? (./relais up)"
            ) from error

    @staticmethod
    def _answered(answer: httpx.Response) -> Any:
        if answer.is_error:
            is_told = "json" in answer.headers.get("content-type", "")
            told = answer.json() if is_told else {}
            faults = [one.get("message", "") for one in told.get("erreurs", [])]
            raise LaunchError(" ".join(faults) or told.get("detail") or f"La console refuse ({answer.status_code}).")
        return answer.json()
