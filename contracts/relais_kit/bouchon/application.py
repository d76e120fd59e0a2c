"""The mock, assembled: the routes of the hub that it has, and its own page."""

from collections.abc import Collection, Sequence
from typing import Any
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from relais_contrats.oauth.certificate import ProxyDeConfiance
from relais_contrats.oauth.metadata import routes as routes_oauth
from relais_contrats.oauth.profile import Profil
from relais_contrats.partenaires import Partenaire
from relais_contrats.problemes import Problem
from relais_kit.bouchon.depots import Depots
from relais_kit.bouchon.fil import Fil
from relais_kit.bouchon.memoire import Memoire
from relais_kit.bouchon.modes import ModeInconnu
from relais_kit.bouchon.page import page
from relais_kit.bouchon.partenaires import Registre
from relais_kit.bouchon.porte import Horloge, Porte, maintenant
from relais_kit.bouchon.repertoire import PARTENAIRES
from relais_kit.bouchon.suites import Suites


def preparer(
    url: str,
    partenaires: Sequence[Partenaire] = PARTENAIRES,
    *,
    herites: Collection[str] = (),
    horloge: Horloge = maintenant,
) -> Porte:
    """The mock that answers at `url` (no trailing slash); `herites` are the codes in the *profil hérité*."""
    registre = Registre()
    for partenaire in partenaires:
        registre.inscrire(partenaire, horloge(), est_herite=partenaire.code in herites)
    return Porte(url, partenaires, registre, Memoire(), horloge)


class Bouchon:
    """The ASGI application. The OAuth routes hold a signing key: they are made again when it changes."""

    def __init__(self, porte: Porte) -> None:
        self._porte = porte
        self._trousseau = porte.trousseau
        self._oauth = _oauth(porte)
        self._api = _api(porte)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._trousseau is not self._porte.trousseau:
            self._trousseau, self._oauth = self._porte.trousseau, _oauth(self._porte)
        est_oauth = scope["type"] == "http" and scope["path"].startswith(("/oauth/", "/.well-known/"))
        await (self._oauth if est_oauth else self._api)(scope, receive, send)


def _oauth(porte: Porte) -> Starlette:
    routes = routes_oauth(
        Profil(porte.url),
        porte.trousseau,
        porte.registre,
        porte.usages,
        porte.revoques,
        ProxyDeConfiance(None),
        porte.horloge,
    )
    return Starlette(routes=routes, exception_handlers=_refus(porte))


def _api(porte: Porte) -> Starlette:
    depots, fil = Depots(porte, Suites(porte.memoire, porte.partenaires)), Fil(porte)

    async def accueil(_: Request) -> Response:
        return HTMLResponse(page(porte.memoire, porte.modes))

    async def poser(request: Request) -> Response:
        champs = parse_qs((await request.body()).decode())
        try:
            porte.modes.poser(champs.get("mode", [""])[0], int(champs.get("fois", ["1"])[0]))
        except (ModeInconnu, ValueError) as erreur:
            raise Problem(status=400, detail=str(erreur)) from erreur
        return RedirectResponse("/", 303)

    async def journal(_: Request) -> Response:
        return JSONResponse([{**e._asdict(), "instant": e.instant.isoformat()} for e in porte.memoire.journal])

    async def vivant(_: Request) -> Response:
        return JSONResponse({"etat": "vivant"})

    routes = [
        Route("/v1/messages", porte.garder("messages:deposer", depots.deposer), methods=["POST"]),
        Route("/v1/messages/{id}", porte.garder("messages:deposer", depots.lire), methods=["GET"]),
        Route("/v1/evenements", porte.garder("evenements:lire", fil.page), methods=["GET"]),
        Route("/v1/evenements/acquittement", porte.garder("evenements:lire", fil.acquitter), methods=["POST"]),
        Route("/sante/vivant", vivant),
        Route("/sante/pret", vivant),
        Route("/", accueil),
        Route("/bouchon/modes", poser, methods=["POST"]),
        Route("/bouchon/journal", journal),
    ]
    return Starlette(routes=routes, exception_handlers=_refus(porte))


def _refus(porte: Porte) -> dict[Any, Any]:
    async def de_http(_: Request, erreur: Exception) -> Response:
        statut = erreur.status_code if isinstance(erreur, HTTPException) else 500
        return porte.probleme(Problem(status=statut if statut in (404, 405) else 400))

    async def de_l_api(_: Request, erreur: Exception) -> Response:
        assert isinstance(erreur, Problem)
        return porte.probleme(erreur)

    return {HTTPException: de_http, Problem: de_l_api}
