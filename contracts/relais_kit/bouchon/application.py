"""The mock, assembled: the routes of the hub that it has, and its own page."""

from collections.abc import Collection, Sequence
from http import HTTPMethod
from typing import Any
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from relais_contrats import publies
from relais_contrats.droits import RESOUDRE
from relais_contrats.oauth.certificate import ProxyDeConfiance
from relais_contrats.oauth.metadata import routes as routes_oauth
from relais_contrats.oauth.profile import Profil
from relais_contrats.partenaires import Partenaire
from relais_contrats.problemes import Problem
from relais_contrats.transport import hotes_de, refus_de_route, refus_http
from relais_contrats.vues import VUES
from relais_kit.bouchon.abonnements import Abonnements
from relais_kit.bouchon.depots import Depots
from relais_kit.bouchon.fil import Fil
from relais_kit.bouchon.lectures import Lectures
from relais_kit.bouchon.livres import Livres
from relais_kit.bouchon.memoire import Memoire
from relais_kit.bouchon.modes import ModeInconnu
from relais_kit.bouchon.offre import SERVICE, STRUCTURE
from relais_kit.bouchon.offres import Offres
from relais_kit.bouchon.page import page
from relais_kit.bouchon.partenaires import Registre
from relais_kit.bouchon.porte import Horloge, Porte, Traitement, maintenant, trace_de
from relais_kit.bouchon.reglages import NATURES, Reglages
from relais_kit.bouchon.rejeux import Rejeux
from relais_kit.bouchon.repertoire import PARTENAIRES
from relais_kit.bouchon.suites import Suites

_METHODES = frozenset(HTTPMethod)
"""Others are refused by the HTTP parser of a hub, before anything of it."""


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
        self._hotes = hotes_de(porte.url)
        self._trousseau = porte.trousseau
        self._oauth = _oauth(porte)
        self._api = _api(porte)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._trousseau is not self._porte.trousseau:
            self._trousseau, self._oauth = self._porte.trousseau, _oauth(self._porte)
        if scope["type"] == "http" and scope["method"] not in _METHODES:
            await PlainTextResponse("Invalid HTTP request received.", 400)(scope, receive, send)
            return
        if scope["type"] == "http" and (refus := refus_http(scope, self._hotes)):
            refus.headers["Connection"] = "close"
            await self._porte.probleme(refus)(scope, receive, send)
            return
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
    routes = [*_de_l_api(porte), *publies.routes(porte.url), *_sans_jeton(porte), *_propres(porte)]
    return Starlette(routes=routes, exception_handlers=_refus(porte))


def _de_l_api(porte: Porte) -> list[Route]:
    suites = Suites(porte.memoire, porte.partenaires, porte.horloge, porte.url)
    depots, fil, livres, reglages = Depots(porte, suites), Fil(porte), Livres(porte), Reglages(porte)
    lectures, abonnements, offres, rejeux = Lectures(porte, suites), Abonnements(porte), Offres(porte), Rejeux(porte)

    def une(methode: str, chemin: str, portee: str, traiter: Traitement, *, est_a_lui: bool = False) -> Route:
        gardee = porte.garder(portee, traiter, abonnements.livrer, est_a_lui=est_a_lui)
        return Route(chemin, gardee, methods=[methode])

    def sienne(methode: str, chemin: str, portee: str, traiter: Traitement) -> Route:
        return une(methode, chemin, portee, traiter, est_a_lui=True)

    deposer, lire, consulter, offre = "messages:deposer", "evenements:lire", "parcours:lire", "offres:lire"
    ab, prc, dep, pilotage = "/v1/abonnements", "/v1/parcours/{prc}", "/v1/departements/{code}", "pilotage:lire"
    return [
        sienne("POST", "/v1/messages", deposer, depots.deposer),
        sienne("GET", "/v1/messages", deposer, livres.messages),
        sienne("GET", "/v1/messages/{id}", deposer, depots.lire),
        sienne("GET", "/v1/reconciliation", deposer, livres.reconcilier),
        sienne("GET", "/v1/recus/racine", deposer, livres.racine),
        une("GET", "/v1/evenements", lire, fil.page),
        sienne("POST", "/v1/evenements/acquittement", lire, fil.acquitter),
        sienne("GET", "/v1/evenements/trous", lire, fil.trous),
        sienne("POST", ab, lire, abonnements.creer),
        sienne("GET", ab, lire, abonnements.lister),
        sienne("GET", f"{ab}/{{id}}", lire, abonnements.lire),
        sienne("PATCH", f"{ab}/{{id}}", lire, abonnements.changer),
        sienne("DELETE", f"{ab}/{{id}}", lire, abonnements.supprimer),
        sienne("POST", f"{ab}/{{id}}/secret", lire, abonnements.tourner),
        sienne("POST", f"{ab}/{{id}}/essai", lire, abonnements.essayer),
        une("GET", f"{ab}/{{id}}/livraisons", lire, rejeux.livraisons),
        sienne("GET", f"{ab}/{{id}}/trous", lire, rejeux.trous),
        une("POST", "/v1/livraisons/{id}/rejeu", lire, rejeux.relivrer),
        une("POST", "/v1/rejeux", lire, rejeux.creer),
        une("GET", "/v1/rejeux/{id}", lire, rejeux.lire),
        une("POST", "/v1/prescriptions/{id}/lien", deposer, lectures.demander_un_lien),
        une("POST", "/v1/usagers/recherche", RESOUDRE, lectures.rechercher),
        une("GET", "/v1/parcours", consulter, lectures.lister),
        une("GET", prc, consulter, lectures.personne),
        *(une("GET", vue.chemin, consulter, lectures.vue(vue)) for vue in VUES),
        une("GET", f"{prc}/feuille-de-route", consulter, lectures.feuille),
        une("GET", f"{prc}/historique", consulter, lectures.historique),
        une("GET", "/v1/offres/services", offre, offres.services),
        une("GET", "/v1/offres/structures", offre, offres.structures),
        une("GET", "/v1/offres/changements", offre, offres.changements),
        une("GET", "/v1/offres/services/{id:path}", offre, offres.une(SERVICE)),
        une("GET", "/v1/offres/structures/{id:path}", offre, offres.une(STRUCTURE)),
        une("GET", "/v1/statistiques/delais", pilotage, livres.delais),
        une("GET", "/v1/statistiques/offres", pilotage, offres.statistiques),
        *(une("GET", f"{dep}/{nature}", consulter, reglages.lire(nature)) for nature in NATURES),
        *(une("PUT", f"{dep}/{nature}", deposer, reglages.changer(nature)) for nature in NATURES),
    ]


def _sans_jeton(porte: Porte) -> list[Route]:
    async def vivant(_: Request) -> Response:
        return JSONResponse({"etat": "vivant"})

    async def cles_des_recus(_: Request) -> Response:
        return JSONResponse(porte.recus.cles())

    async def cles_des_webhooks(_: Request) -> Response:
        return JSONResponse({"keys": [porte.cle_webhook.jwk()]}, media_type="application/jwk-set+json")

    return [
        Route("/v1/recus/cles", cles_des_recus),
        Route("/v1/webhooks/cles", cles_des_webhooks),
        Route("/sante/vivant", vivant),
        Route("/sante/pret", vivant),
    ]


def _propres(porte: Porte) -> list[Route]:
    """What is the mock's own: its page, its modes, its journal."""

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

    return [
        Route("/", accueil),
        Route("/bouchon/modes", poser, methods=["POST"]),
        Route("/bouchon/journal", journal),
    ]


def _refus(porte: Porte) -> dict[Any, Any]:
    async def de_http(request: Request, erreur: Exception) -> Response:
        return porte.probleme(refus_de_route(request, erreur), trace_de(request))

    async def de_l_api(request: Request, erreur: Exception) -> Response:
        assert isinstance(erreur, Problem)
        return porte.probleme(erreur, trace_de(request))

    return {HTTPException: de_http, Problem: de_l_api}
