"""The hub's side for these tests: clients in memory, single use in memory, a clock that is set by hand."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from relais_contrats.oauth.certificate import ProxyDeConfiance
from relais_contrats.oauth.clients import CleClient, ClientOAuth
from relais_contrats.oauth.errors import AccesRefuse, ReservationIndisponible
from relais_contrats.oauth.keys import importer_jwk
from relais_contrats.oauth.metadata import routes
from relais_contrats.oauth.profile import Profil
from relais_contrats.oauth.resource import VerificateurAcces
from relais_contrats.oauth.revocation import JetonRevoque
from relais_contrats.oauth.signing import CleServeur, EtatCle, Trousseau
from relais_contrats.oauth.tokens import EmetteurJetons
from relais_contrats.oauth.usages import UsagesUniques, UsageUnique
from tests.securite.oauth.partenaire import MAINTENANT, RESSOURCE, URL_PUBLIQUE, CleForgee, Partenaire

SCOPES = frozenset({"messages:deposer", "evenements:lire"})
UN_AN = timedelta(days=365)


def cle_serveur(etat: EtatCle = EtatCle.ACTIVE) -> CleServeur:
    privee = ec.generate_private_key(ec.SECP256R1())
    return CleServeur.depuis_pem(privee.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), etat)


def cle_client(cle: CleForgee, debut: datetime = MAINTENANT - UN_AN, fin: datetime = MAINTENANT + UN_AN) -> CleClient:
    return CleClient(importer_jwk(cle.jwk, cle.alg), cle.alg, debut, fin)


@dataclass
class RegistreMemoire:
    clients: dict[str, ClientOAuth] = field(default_factory=dict)

    def client(self, client_id: str) -> ClientOAuth | None:
        return self.clients.get(client_id)

    def inscrire(self, partenaire: Partenaire, cle: CleClient | None = None) -> Partenaire:
        cles = {partenaire.kid: cle or cle_client(partenaire.cle)}
        self.clients[partenaire.client_id] = ClientOAuth(partenaire.client_id, True, SCOPES, cles)
        return partenaire

    def changer(self, client_id: str, **changements: Any) -> None:
        self.clients[client_id] = replace(self.clients[client_id], **changements)

    def a_des_secrets(self, maintenant: datetime) -> bool:
        return any(client.a_un_secret(maintenant) for client in self.clients.values())

    def suspendre(self, client_id: str) -> None:
        self.changer(client_id, actif=False)


@dataclass
class UsagesMemoire:
    vus: set[bytes] = field(default_factory=set)
    en_panne: bool = False

    async def reserver(self, usages: Sequence[UsageUnique]) -> bool:
        if self.en_panne:
            raise ReservationIndisponible
        empreintes = {usage.empreinte for usage in usages}
        if len(empreintes) != len(usages) or empreintes & self.vus:
            return False
        self.vus |= empreintes
        return True


@dataclass
class RevocationsMemoire:
    revoques: dict[str, JetonRevoque] = field(default_factory=dict)
    en_panne: bool = False

    def __contains__(self, jti: object) -> bool:
        return jti in self.revoques

    async def revoquer(self, jeton: JetonRevoque) -> None:
        if self.en_panne:
            raise ReservationIndisponible
        self.revoques[jeton.jti] = jeton


@dataclass
class HttpInterne:
    """Requests to an application of this process, one event loop each; what the application raises comes out here."""

    application: Starlette

    def request(self, methode: str, chemin: str, **options: Any) -> httpx.Response:
        return asyncio.run(self._request(methode, chemin, options))

    def post(self, chemin: str, **options: Any) -> httpx.Response:
        return self.request("POST", chemin, **options)

    def get(self, chemin: str, **options: Any) -> httpx.Response:
        return self.request("GET", chemin, **options)

    async def _request(self, methode: str, chemin: str, options: dict[str, Any]) -> httpx.Response:
        transport = httpx.ASGITransport(self.application)
        async with httpx.AsyncClient(transport=transport, base_url=URL_PUBLIQUE) as client:
            return await client.request(methode, chemin, **options)


@dataclass
class Hub:
    """`maintenant` is what its clock says; `http` talks to it in process and raises what the application raises."""

    registre: RegistreMemoire = field(default_factory=RegistreMemoire)
    usages: UsagesUniques = field(default_factory=UsagesMemoire)
    revocations: RevocationsMemoire = field(default_factory=RevocationsMemoire)
    trousseau: Trousseau = field(default_factory=lambda: Trousseau([cle_serveur()]))
    profil: Profil = field(default_factory=lambda: Profil(URL_PUBLIQUE))
    proxy: ProxyDeConfiance = field(default_factory=lambda: ProxyDeConfiance(None))
    maintenant: datetime = MAINTENANT

    def __post_init__(self) -> None:
        self.acces = VerificateurAcces(self.profil, self.trousseau, self.registre, self.revocations)
        self.application = Starlette(
            routes=[
                *routes(
                    self.profil,
                    self.trousseau,
                    self.registre,
                    self.usages,
                    self.revocations,
                    self.proxy,
                    lambda: self.maintenant,
                ),
                Route("/v1/evenements", self._evenements, methods=["GET", "POST"]),
            ]
        )
        self.http = HttpInterne(self.application)

    async def _evenements(self, request: Request) -> JSONResponse:
        try:
            jeton = self.acces.verifier(
                request.headers.getlist("authorization"),
                request.headers.getlist("dpop"),
                request.method,
                f"{self.profil.url_publique}{request.url.path}",
                self.maintenant,
                self.proxy.certificat(request.headers),
            )
            jeton.exiger("evenements:lire")
        except AccesRefuse as refus:
            headers = {"WWW-Authenticate": refus.www_authenticate}
            return JSONResponse({"code": refus.error}, refus.status, headers=headers)
        if jeton.usages and not await self.usages.reserver(jeton.usages):
            return JSONResponse({"code": "rejeu"}, 401)
        return JSONResponse({"client": jeton.client_id})

    @property
    def emetteur(self) -> EmetteurJetons:
        """Signs whatever it is asked to, also what the token endpoint would not."""
        return EmetteurJetons(self.profil, self.trousseau)

    def jeton(self, partenaire: Partenaire) -> str:
        response = self.http.post("/oauth/token", data=partenaire.formulaire(), headers={"DPoP": partenaire.preuve()})
        return str(response.json()["access_token"])

    def presenter(self, jeton: str, preuve: str) -> None:
        """Raises AccesRefuse, or nothing."""
        self.acces.verifier([f"DPoP {jeton}"], [preuve], "GET", RESSOURCE, self.maintenant)
