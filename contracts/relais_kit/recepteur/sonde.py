"""The probe of a partner: what its receiver processed, in order. `GET URL` gives `{"traites": [ids of events]}`."""

import asyncio
import time
from collections.abc import Callable, Sequence

import httpx


class SondeIllisible(Exception):
    """It does not answer what it should; one French sentence without its full stop."""


class Sonde:
    """`patience_s`: the time that an event may take from its 2xx to its processing; `calme_s` without news ends an open
    wait.
    """

    def __init__(self, http: httpx.AsyncClient, url: str, patience_s: float = 10.0, calme_s: float = 2.0) -> None:
        self._http = http
        self._url = url
        self._patience_s = patience_s
        self._calme_s = calme_s

    async def traites(self) -> Sequence[str]:
        """Raises SondeIllisible."""
        try:
            reponse = await self._http.get(self._url, timeout=10)
            traites = reponse.raise_for_status().json()["traites"]
        except httpx.HTTPStatusError as erreur:
            raise SondeIllisible(f"la sonde répond {erreur.response.status_code}") from erreur
        except httpx.HTTPError as erreur:
            raise SondeIllisible("la sonde ne répond pas") from erreur
        except (ValueError, KeyError, TypeError) as erreur:
            raise SondeIllisible('la sonde ne rend pas {"traites": [identifiants]}') from erreur
        if not isinstance(traites, list) or not all(isinstance(un, str) for un in traites):
            raise SondeIllisible('la sonde ne rend pas {"traites": [identifiants]}')
        return traites

    async def attendre(self, est_complet: Callable[[Sequence[str]], bool]) -> Sequence[str]:
        """The list once it is complete, or once some of it came and nothing more does; at last as it is."""
        debut = calme_depuis = time.monotonic()
        premiers = lus = await self.traites()
        while not est_complet(lus):
            await asyncio.sleep(min(0.2, self._calme_s))
            maintenant, suite = time.monotonic(), await self.traites()
            if suite != lus:
                calme_depuis = maintenant
            lus = suite
            est_calme = lus != premiers and maintenant - calme_depuis > self._calme_s
            if est_calme or maintenant - debut > self._patience_s:
                break
        return lus

    async def finale(self, attendus: frozenset[str]) -> Sequence[str]:
        """Once all of `attendus` are there, and what may come twice had the time to."""
        await self.attendre(attendus.issubset)
        await asyncio.sleep(min(0.5, self._calme_s))
        return await self.traites()
