"""Posts to the receiver as the hub does: signed, without redirects, cookies or proxies, for fifteen seconds at most."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

from relais_contrats import signatures
from relais_contrats.signatures import Signer
from relais_kit.echange import Echange

SEUL, LOT = "application/cloudevents+json", "application/cloudevents-batch+json"
DELAI_S = 15.0
_REPONSE_MAX_OCTETS = 64 * 1024
_MORCEAUX = 5

Entetes = Mapping[str, str]
Alterer = Callable[[dict[str, str]], Entetes]


class SansReponse(Exception):
    """Nothing came that can be used: one French phrase."""


class Coupure(SansReponse):
    """The receiver took the request, and closed the connection without an answer."""


class TropLent(SansReponse):
    """The hub would have given up by then."""


@dataclass(frozen=True, slots=True)
class Maniere:
    """How a request differs from an ordinary one: other signers (none: the good one), seconds that its clock is ahead
    (negative: late), headers changed once signed, body changed once signed, seconds between the pieces of its body."""

    signataires: Sequence[Signer] = ()
    decalage_s: int = 0
    alterer: Alterer = dict
    corps: bytes | None = None
    pause_s: float = 0.0


ORDINAIRE = Maniere()


class Hub:
    """The caller closes `http`; `bon` signs unless another signer is named."""

    def __init__(self, http: httpx.AsyncClient, url: str, bon: Signer, delai_s: float = DELAI_S) -> None:
        self._http = http
        self._url = url
        self._bon = bon
        self.delai_s = delai_s

    async def poster(self, corps: bytes, nom: str, media: str = SEUL, maniere: Maniere = ORDINAIRE) -> Echange:
        """What was sent and answered; `nom` is the `webhook-id`. Raises SansReponse."""
        instant = int(time.time()) + maniere.decalage_s
        signes = signatures.headers(maniere.signataires or (self._bon,), nom, instant, corps)
        envoye = corps if maniere.corps is None else maniere.corps
        entetes = {
            "content-type": media,
            "user-agent": "relais",
            "content-length": str(len(envoye)),
            **maniere.alterer(signes),
        }
        chemin = urlsplit(self._url).path or "/"
        echange = Echange("POST", chemin, tuple(entetes.items()), envoye, time.monotonic())
        contenu = _par_morceaux(envoye, maniere.pause_s) if maniere.pause_s else envoye
        try:
            async with (
                asyncio.timeout(self.delai_s),
                self._http.stream("POST", self._url, content=contenu, headers=entetes) as reponse,
            ):
                echange.corps_rendu = await _lire(reponse)
                echange.statut, echange.fin = reponse.status_code, time.monotonic()
                echange.entetes_rendus = tuple((nom.lower(), valeur) for nom, valeur in reponse.headers.items())
                return echange
        except (TimeoutError, httpx.TimeoutException) as erreur:
            raise TropLent(f"pas de réponse en {self.delai_s:g} s") from erreur
        except httpx.ConnectError as erreur:
            raise SansReponse("connexion impossible") from erreur
        except httpx.HTTPError as erreur:
            raise Coupure("connexion coupée avant la réponse") from erreur


async def _lire(reponse: httpx.Response) -> bytes:
    """Read as much of the answer as the hub reads; the rest is cut and does not count."""
    lus = bytearray()
    async for morceau in reponse.aiter_raw():
        lus += morceau
        if len(lus) > _REPONSE_MAX_OCTETS:
            break
    return bytes(lus[:_REPONSE_MAX_OCTETS])


async def _par_morceaux(corps: bytes, pause_s: float) -> AsyncIterator[bytes]:
    taille = max(1, len(corps) // _MORCEAUX)
    for debut in range(0, len(corps), taille):
        if debut:
            await asyncio.sleep(pause_s)
        yield corps[debut : debut + taille]
