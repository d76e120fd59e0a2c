"""The administration API as the commands ask it: of the embedded hub under a bearer of this machine, of another hub as
one of its declared machines."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from deploy.datadir import HOST, DataDir, LaunchError
from deploy.operators import bearer
from relais_contrats.administration.machines import CLIENT_PREFIX
from relais_contrats.client import Client, Partner, PartnerError, RequestRefused, read_key
from relais_contrats.oauth.keys import cle_a_inscrire

_TIMEOUT_S, _PATIENCE_S = 30.0, 10.0
_WAITING = "a-confirmer"


@dataclass(frozen=True, slots=True)
class Administration:
    """`hub`: the address of another hub's console, None for the one of this folder.

    `machine`: the folder of this machine's key, under the name that the other hub gives it.
    """

    data: DataDir
    hub: str | None = None
    machine: Path | None = None

    def act(self, acte: str, /, **corps: Any) -> dict[str, Any]:
        """What became of the act. Raises LaunchError with the reason when it is not done, or not yet."""
        asked = {name: value for name, value in corps.items() if value is not None}
        done: dict[str, Any] = self._ask("POST", f"/administration/v1/actes/{acte}", asked)
        if done.get("etat") == _WAITING:
            raise LaunchError(
                f"Un second opérateur doit confirmer avant le {done['expire_le'][:16].replace('T', ' à ')} (UTC) : "
                f"page « À confirmer », demande {done['id']}."
            )
        return done

    def view(self, nom: str, **narrowed: str) -> Any:
        query = "&".join(f"{name}={value}" for name, value in narrowed.items())
        return self._ask("GET", f"/administration/v1/vues/{nom}" + (f"?{query}" if query else ""))

    def _ask(self, method: str, path: str, content: Mapping[str, Any] | None = None) -> Any:
        if self.hub is None:
            return self._of_ours(method, path, content)
        return asyncio.run(self._of_another(self.hub.rstrip("/"), method, path, content))

    def _of_ours(self, method: str, path: str, content: Mapping[str, Any] | None) -> Any:
        url = f"http://{HOST}:{self.data.known_ports().console}"
        try:
            with httpx.Client(
                base_url=url, headers=bearer(self.data, "administration"), timeout=_TIMEOUT_S, trust_env=False
            ) as client:
                answer = client.request(method, path, json=content)
        except httpx.TransportError as error:
            raise LaunchError(f"La console ne répond pas sur {url} ; lancez d'abord ./relais up.") from error
        if answer.is_error:
            raise _refused(answer.status_code, answer.json())
        return answer.json()

    async def _of_another(self, hub: str, method: str, path: str, content: Mapping[str, Any] | None) -> Any:
        try:
            async with Partner(*credentials(hub, self._folder()), patience_s=_PATIENCE_S) as machine:
                return await machine.call(method, path, content)
        except RequestRefused as error:
            raise _refused(error.status, error.problem) from error
        except PartnerError as error:
            raise LaunchError(f"{hub} ne répond pas, ou ne connaît pas cette machine : {error}") from error

    def _folder(self) -> Path:
        folder = self.machine or next(iter(sorted(machines(self.data).glob("*"))), None)
        if folder is None or not (folder / "cle.pem").exists():
            raise LaunchError(
                "Aucune clé de machine : ./relais machine preparer NOM, puis déclarez-la dans la console de ce relais."
            )
        return folder


def machines(data: DataDir) -> Path:
    """One folder per machine that this one is to other hubs."""
    return data.path / "machines"


def credentials(url: str, folder: Path) -> tuple[Client, Any]:
    public = cle_a_inscrire((folder / "cle.pem").read_text())
    client = Client(url, f"{url}/oauth/token", url, CLIENT_PREFIX + folder.name, public["kid"], public["alg"], [])
    return client, read_key(folder / "cle.pem", public["alg"])


def _refused(status: int, told: Mapping[str, Any]) -> LaunchError:
    errors = [f"{one['pointeur'].strip('/')} : {one['message']}" for one in told.get("erreurs", []) if one["pointeur"]]
    by_field = " ; ".join(errors) if told.get("code") == "schema-invalide" else ""
    said = by_field or told.get("detail") or told.get("error_description") or f"refus {status}"
    return LaunchError(said)
