"""The wire of a run: each request and its answer are recorded, whoever made it."""

import json
import time
from collections.abc import Mapping
from typing import Any

import httpx

from relais_kit.echange import Echange

DELAI_S = 40.0


class SansReponse(Exception):
    """Nothing was answered. One French sentence without its full stop."""


class Fil:
    """`url` is the hub, without a trailing slash; `http` is the caller's to close."""

    def __init__(self, http: httpx.AsyncClient, url: str) -> None:
        self._http = http
        self.url = url
        self.echanges: list[Echange] = []

    async def envoyer(
        self, methode: str, chemin: str, entetes: Mapping[str, str] | None = None, corps: bytes = b""
    ) -> Echange:
        """Raises SansReponse."""
        demandes = {nom.lower(): valeur for nom, valeur in (entetes or {}).items()}
        echange = Echange(methode, chemin, tuple(demandes.items()), corps, time.monotonic())
        self.echanges.append(echange)
        try:
            reponse = await self._http.request(
                methode, f"{self.url}{chemin}", headers=demandes, content=corps or None, timeout=DELAI_S
            )
        except httpx.HTTPError as erreur:
            raise SansReponse(f"le relais ne répond pas à {methode} {chemin.partition('?')[0]}") from erreur
        echange.statut, echange.fin = reponse.status_code, time.monotonic()
        echange.corps_rendu = reponse.content
        echange.entetes_rendus = tuple((nom.lower(), valeur) for nom, valeur in reponse.headers.items())
        return echange


def rendu(echange: Echange, nom: str) -> str:
    """A header of the answer, by its name in lower case; empty when it is not there."""
    return next((valeur for cle, valeur in echange.entetes_rendus if cle == nom), "")


def lu(echange: Echange) -> Mapping[str, Any]:
    """The JSON object of the answer; empty when it is none."""
    try:
        objet = json.loads(echange.corps_rendu)
    except ValueError:
        return {}
    return objet if isinstance(objet, dict) else {}


def lignes(echange: Echange) -> list[Mapping[str, Any]]:
    """One object for each line of the answer; none when a line is not an object."""
    try:
        lues = [json.loads(ligne) for ligne in echange.corps_rendu.split(b"\n") if ligne.strip()]
    except ValueError:
        return []
    return lues if all(isinstance(une, dict) for une in lues) else []
