"""Who calls: the token, its proof and its scope, verified by the hub's own OAuth code; then the journal of the page."""

import re
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import anyio
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from relais_contrats import problemes
from relais_contrats.cles_webhooks import CleWebhook
from relais_contrats.codes.acteurs import Finalite
from relais_contrats.consultation import exiger_une_convention
from relais_contrats.droits import Demandeur
from relais_contrats.oauth.errors import AccesRefuse
from relais_contrats.oauth.profile import Profil
from relais_contrats.oauth.resource import Jeton, VerificateurAcces
from relais_contrats.oauth.signing import CleServeur, Trousseau
from relais_contrats.parametres import lire_parametres
from relais_contrats.partenaires import CLIENT_PREFIX, Partenaire, jour_des_conventions
from relais_contrats.problemes import Problem
from relais_kit.bouchon.memoire import Echange, Memoire, Revoques, Usages
from relais_kit.bouchon.modes import EN_TETE, ModeInconnu, Modes
from relais_kit.bouchon.partenaires import Registre
from relais_kit.bouchon.recus import Recus
from relais_kit.bouchon.releve import Releve

_LENTEUR_S = 2.0
_AVANCE = timedelta(minutes=10)
_TRACE = re.compile("00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
# The mock counts nobody: always as many left.
_DEBIT = {"RateLimit-Policy": '"rafale";q=10000;w=2', "RateLimit": '"rafale";r=9999;t=1'}

Horloge = Callable[[], datetime]


def maintenant() -> datetime:
    return datetime.now(UTC)


def nouvelle_cle() -> CleServeur:
    privee = ec.generate_private_key(ec.SECP256R1())
    return CleServeur.depuis_pem(privee.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


@dataclass
class Appel:
    """One request of a partner. `type`, `message`: of what it deposits, for the page."""

    partenaire: Partenaire
    jeton: Jeton
    modes: frozenset[str]
    demandeur: Demandeur
    trace: str
    type: str | None = None
    message: str | None = None
    pointeurs: tuple[str, ...] = ()
    code: str | None = None


Traitement = Callable[[Appel, Request], Awaitable[Response]]


@dataclass
class Porte:
    """Guards the handlers, and notes every answer."""

    url: str
    partenaires: Sequence[Partenaire]
    registre: Registre
    memoire: Memoire
    horloge: Horloge = maintenant
    modes: Modes = field(default_factory=Modes)
    usages: Usages = field(default_factory=Usages)
    revoques: Revoques = field(default_factory=Revoques)
    trousseau: Trousseau = field(default_factory=lambda: Trousseau([nouvelle_cle()]))
    attentes: Releve = field(default_factory=Releve)
    cle_webhook: CleWebhook = field(default_factory=lambda: CleWebhook.de(Ed25519PrivateKey.generate()))
    recus: Recus = field(init=False)

    def __post_init__(self) -> None:
        self.recus = Recus(self.url)

    def tourner_la_cle(self) -> None:
        """Tokens given until now are refused: what follows a loss of the signing key."""
        self.trousseau = Trousseau([nouvelle_cle()])

    def garder(
        self,
        portee: str,
        traiter: Traitement,
        ensuite: Callable[[], Awaitable[None]] | None = None,
        *,
        est_a_lui: bool = False,
    ) -> Callable[[Request], Awaitable[Response]]:
        """`ensuite` runs after the answer. `est_a_lui`: the route returns the partner's own data, which needs no
        convention in force.
        """

        async def repondre(request: Request) -> Response:
            appel: Appel | None = None
            try:
                modes = self._modes(request)
                if "rotation" in modes:
                    self.tourner_la_cle()
                appel = await self._identifier(request, portee, modes)
                await _gener(modes)
                chemin = request.scope["route"].path.replace(":path}", "}")
                lire_parametres(request.method, chemin, request.query_params.multi_items())
                if not est_a_lui:
                    exiger_une_convention(appel.demandeur, frozenset(Finalite))
                reponse = await traiter(appel, request)
            except Problem as problem:
                if appel is not None:
                    appel.code = problem.code or problemes.of_http(problem.status)[0]
                    appel.type, appel.message = problem.type or appel.type, problem.message or appel.message
                    appel.pointeurs = tuple(e.pointeur for e in problem.erreurs)
                reponse = self.probleme(problem, trace_de(request))
            if appel is not None:
                reponse.headers.update(_DEBIT)
            self._noter(request, appel, reponse)
            if ensuite is not None:
                reponse.background = BackgroundTask(ensuite)
            return reponse

        return repondre

    def probleme(self, problem: Problem, trace: str | None = None) -> Response:
        """The answer of the hub to this refusal; `Retry-After` is short, as nobody waits for a mock."""
        entetes = dict(problem.headers)
        if problem.code == "indisponible" or problem.status == 429:
            entetes.setdefault("Retry-After", "1")
        corps = problemes.body(problem, self.url, trace)
        return JSONResponse(corps, problem.status, entetes, media_type=problemes.MEDIA_TYPE)

    def _modes(self, request: Request) -> frozenset[str]:
        try:
            return self.modes.de(request.headers.get(EN_TETE))
        except ModeInconnu as inconnu:
            raise Problem(status=400, detail=str(inconnu)) from inconnu

    async def _identifier(self, request: Request, portee: str, modes: frozenset[str]) -> Appel:
        instant = self.horloge() + (_AVANCE if "horloge" in modes else timedelta(0))
        verificateur = VerificateurAcces(Profil(self.url), self.trousseau, self.registre, self.revoques)
        entetes = request.headers
        url = self.url + request.scope["raw_path"].decode("latin-1")
        try:
            jeton = verificateur.verifier(
                entetes.getlist("authorization"), entetes.getlist("dpop"), request.method, url, instant
            )
            if not await self.usages.reserver(jeton.usages):
                raise AccesRefuse("invalid_token", "the DPoP proof was used before")
            jeton.exiger(portee)
        except AccesRefuse as refus:
            raise Problem(status=refus.status, headers={"WWW-Authenticate": refus.www_authenticate}) from refus
        code = jeton.client_id.removeprefix(CLIENT_PREFIX)
        partenaire = next(p for p in self.partenaires if p.code == code)
        demandeur = Demandeur(partenaire, jeton.scopes, jour_des_conventions(instant))
        return Appel(partenaire, jeton, modes, demandeur, trace_de(request))

    def _noter(self, request: Request, appel: Appel | None, reponse: Response) -> None:
        qui = appel.partenaire.code if appel else "inconnu"
        quoi = f"{request.method} {request.url.path}"
        dit = (appel.code, appel.type, appel.message, appel.pointeurs) if appel else (None, None, None, ())
        self.memoire.journal.append(Echange(self.horloge(), qui, quoi, reponse.status_code, *dit))


def trace_de(request: Request) -> str:
    """The trace id that the caller gives, or a new one (W3C Trace Context)."""
    donnee = _TRACE.fullmatch(request.headers.get("traceparent", ""))
    return donnee[1] if donnee else secrets.token_hex(16)


async def _gener(modes: frozenset[str]) -> None:
    if "lent" in modes:
        await anyio.sleep(_LENTEUR_S)
    if "503" in modes:
        raise Problem("indisponible")
    if "429" in modes:
        raise Problem(status=429)
