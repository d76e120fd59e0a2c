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

from relais_contrats import publies
from relais_contrats.oauth.certificate import ProxyDeConfiance
from relais_contrats.oauth.metadata import routes as routes_oauth
from relais_contrats.oauth.profile import Profil
from relais_contrats.partenaires import Partenaire
from relais_contrats.problemes import Problem
from relais_kit.bouchon.abonnements import Abonnements
from relais_kit.bouchon.depots import Depots
from relais_kit.bouchon.fil import Fil
from relais_kit.bouchon.lectures import Lectures
from relais_kit.bouchon.memoire import Memoire
from relais_kit.bouchon.modes import ModeInconnu
from relais_kit.bouchon.page import page
from relais_kit.bouchon.partenaires import Registre
from relais_kit.bouchon.porte import Horloge, Porte, Traitement, maintenant, trace_de
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
        if scope["type"] == "http" and _a_un_segment_vide(scope["path"]):
            await self._porte.probleme(Problem(status=400))(scope, receive, send)
            return
        est_oauth = scope["type"] == "http" and scope["path"].startswith(("/oauth/", "/.well-known/"))
        await (self._oauth if est_oauth else self._api)(scope, receive, send)


def _a_un_segment_vide(chemin: str) -> bool:
    """`//`, or a slash at the end: the hub redirects nobody to another writing of a path."""
    return chemin != "/" and "" in chemin[1:].split("/")


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
    lectures, abonnements = Lectures(porte), Abonnements(porte)

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

    async def cles_des_recus(_: Request) -> Response:
        return JSONResponse(porte.recus.cles())

    def une(methode: str, chemin: str, portee: str, traiter: Traitement) -> Route:
        return Route(chemin, porte.garder(portee, traiter, abonnements.livrer), methods=[methode])

    deposer, lire, sien = "messages:deposer", "evenements:lire", "/v1/abonnements/{id}"
    routes = [
        une("POST", "/v1/messages", deposer, depots.deposer),
        une("GET", "/v1/messages/{id}", deposer, depots.lire),
        une("GET", "/v1/evenements", lire, fil.page),
        une("POST", "/v1/evenements/acquittement", lire, fil.acquitter),
        une("GET", "/v1/evenements/trous", lire, fil.trous),
        une("POST", "/v1/abonnements", lire, abonnements.creer),
        une("GET", "/v1/abonnements", lire, abonnements.lister),
        une("GET", sien, lire, abonnements.lire),
        une("DELETE", sien, lire, abonnements.supprimer),
        une("POST", f"{sien}/secret", lire, abonnements.tourner),
        une("POST", f"{sien}/essai", lire, abonnements.essayer),
        une("GET", "/v1/parcours/{prc}/historique", "parcours:lire", lectures.historique),
        Route("/v1/recus/cles", cles_des_recus),
        *publies.routes(porte.url),
        Route("/sante/vivant", vivant),
        Route("/sante/pret", vivant),
        Route("/", accueil),
        Route("/bouchon/modes", poser, methods=["POST"]),
        Route("/bouchon/journal", journal),
    ]
    return Starlette(routes=routes, exception_handlers=_refus(porte))


def _refus(porte: Porte) -> dict[Any, Any]:
    async def de_http(request: Request, erreur: Exception) -> Response:
        statut = erreur.status_code if isinstance(erreur, HTTPException) else 500
        admises = {"Allow": _admises(request)} if statut == 405 else {}
        problem = Problem(status=statut if statut in (404, 405) else 400, headers=admises)
        return porte.probleme(problem, trace_de(request))

    async def de_l_api(request: Request, erreur: Exception) -> Response:
        assert isinstance(erreur, Problem)
        return porte.probleme(erreur, trace_de(request))

    return {HTTPException: de_http, Problem: de_l_api}


def _admises(request: Request) -> str:
    """The methods of all the routes of this path (RFC 9110 § 10.2.1)."""
    routes = (route for route in request.app.routes if isinstance(route, Route))
    ici = (route.methods or set() for route in routes if route.path_regex.match(request.scope["path"]))
    return ", ".join(sorted(set().union(*ici)))
