"""A run that the hub witnesses: the hub gives a challenge, a registered key of the partner answers it once, then the
partner's program is judged step by step in front of the played hub. No statement of the partner counts.
"""

import secrets
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from relais_contrats.conformite import TYP_DEFI
from relais_contrats.oauth.clients import ClientOAuth
from relais_contrats.oauth.errors import JwsInvalide
from relais_contrats.oauth.jws import lire_jws
from relais_contrats.oauth.profile import AVANCE_MAX_S
from relais_contrats.partenaires import Partenaire
from relais_kit.bouchon.application import preparer
from relais_kit.bouchon.modes import EN_TETE
from relais_kit.bouchon.repertoire import PARTENAIRES
from relais_kit.carnet import Resultat
from relais_kit.emetteur.conduite import est_fini
from relais_kit.emetteur.deroulement import Avancer, Deroulement
from relais_kit.emetteur.jugement import Dossier
from relais_kit.emetteur.regles import juger
from relais_kit.emetteur.temoin import Passage

CHEMIN = "/certification"
_FERMES = ("/bouchon", "/v1/abonnements", "/v1/livraisons")
_PAS_S = 0.05
_ARRET_MAX_S = 10.0
_REPONSE_MAX_OCTETS = 4_096
_LIMITE_S, _LIMITE_RAPIDE_S = 540.0, 90.0


class SansReponse(Exception):
    """Nobody answered the challenge in time. One French sentence without its full stop."""


@dataclass(frozen=True, slots=True)
class Etat:
    """Where the run is, as the partner is told: the step to run (from 1), or the end: a certificate, or why not."""

    rang: int = 0
    titre: str = ""
    certificat: str | None = None
    manques: tuple[str, ...] = ()
    est_fini: bool = False


@dataclass
class Seance:
    """`adresse`: where the partner reaches this; `emetteur`: the hub that will sign. `cle` is the key that answered."""

    adresse: str
    emetteur: str
    partenaire: Partenaire
    client: ClientOAuth
    attente_s: float
    est_rapide: bool = False
    horloge: Callable[[], datetime] = lambda: datetime.now(UTC)
    defi: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    cle: str | None = None
    arret: str | None = None
    passages: Sequence[Passage] = ()
    _etat: Etat = field(default_factory=Etat)
    _jeton: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    _ouverte: threading.Event = field(default_factory=threading.Event)
    _rendue: threading.Event = field(default_factory=threading.Event)
    _close: int = 0
    """The last step that is over for the witness: the partner stops its program."""
    _faite: int = 0
    """The last step of which the partner said that its program had ended: the witness believes nothing else."""

    def __post_init__(self) -> None:
        self.expire_le = self.horloge() + timedelta(seconds=self.attente_s)
        autres = [p for p in PARTENAIRES if p.code != self.partenaire.code]
        porte = preparer(self.adresse, ())
        porte.partenaires = (*autres, self.partenaire)
        # By its key alone, and whatever it lacks: a certificate is what it came for.
        porte.registre.adopter(
            replace(self.client, exige_certificat=False, certificats={}, secrets=(), jetons_depuis=None)
        )
        self._deroulement = Deroulement(
            porte,
            self.partenaire.code,
            self,
            limite_s=_LIMITE_RAPIDE_S if self.est_rapide else _LIMITE_S,
            attentes_s=(2, 3) if self.est_rapide else (4, 7),
        )
        self._guichet = Starlette(
            routes=[
                Route(CHEMIN, self._presenter, methods=["GET"]),
                Route(CHEMIN, self._ouvrir, methods=["POST"]),
                Route(f"{CHEMIN}/etape", self._suivre, methods=["GET"]),
                Route(f"{CHEMIN}/etape", self._finir, methods=["POST"]),
            ]
        )

    async def application(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Return the ASGI application: the desk under `/certification`, elsewhere the played hub without the routes
        that would change its play or make it call another address.
        """
        entetes = [(nom, valeur) for nom, valeur in scope.get("headers", ()) if nom != EN_TETE.lower().encode()]
        app: ASGIApp = self._deroulement.application
        if scope.get("path", "").startswith(CHEMIN):
            app = self._guichet
        elif scope.get("path") == "/" or scope.get("path", "").startswith(_FERMES):
            app = _erreur(404, "ce témoin n'a rien à cette adresse")
        await app({**scope, "headers": entetes}, receive, send)

    def mener(self, avancer: Avancer) -> Sequence[Resultat]:
        """Wait for the answer to the challenge, then run and judge. Raises SansReponse, Muet."""
        if not self._ouverte.wait(self.attente_s):
            raise SansReponse("personne n'a répondu au défi avant son terme")
        self.passages = self._deroulement.derouler(avancer)
        vides = [passage.etape.titre for passage in self.passages if not passage.echanges]
        # Who runs the program only where it does well would have a certificate that says little.
        tue = f"rien n'est venu du programme à l'étape « {vides[0]} »" if vides else None
        self.arret = self._deroulement.arret or tue
        dossier = Dossier(self.passages, self.adresse, self.partenaire.source)
        return juger(dossier, est_strict=False, arret=self.arret)

    def jouer(self, passage: Passage, fin: float) -> None:
        """A step: the partner runs its program until it says so, or the witness has seen all that it waits for."""
        self._etat = Etat(self._etat.rang + 1, passage.etape.titre)
        while self._faite < self._etat.rang and not est_fini(passage) and not passage.est_ecourte:
            passage.est_ecourte = time.monotonic() > fin
            time.sleep(_PAS_S)
        while passage.en_cours and time.monotonic() < fin:
            time.sleep(_PAS_S)
        self._close = self._etat.rang
        fin = time.monotonic() + _ARRET_MAX_S  # a program of this step would be taken for that of the next
        while self._faite < self._close and time.monotonic() < fin:
            time.sleep(_PAS_S)

    def conclure(self, certificat: str | None, manques: Sequence[str] = (), attente_s: float = 15.0) -> None:
        """Tell the end of the run to the partner, if it asks in time."""
        self._etat = Etat(self._etat.rang, "", certificat, tuple(manques), est_fini=True)
        if self._ouverte.is_set():
            self._rendue.wait(attente_s)

    async def _presenter(self, _: Request) -> Response:
        return JSONResponse(
            {
                "defi": self.defi,
                "partenaire": self.partenaire.code,
                "emetteur": self.emetteur,
                "expire_le": self.expire_le.isoformat(timespec="seconds"),
            }
        )

    async def _ouvrir(self, request: Request) -> Response:
        if self._ouverte.is_set():
            return _erreur(409, "ce défi a déjà servi")
        maintenant = self.horloge()
        if maintenant >= self.expire_le:
            return _erreur(410, "ce défi a expiré")
        cle = self._cle_de(await _corps(request), maintenant)
        if cle is None:
            return _erreur(401, "la réponse au défi n'est pas signée par une clé enregistrée de ce partenaire")
        self.cle = cle
        self._ouverte.set()
        return JSONResponse({"seance": self._jeton}, 201)

    def _cle_de(self, reponse: bytes, maintenant: datetime) -> str | None:
        """The key that signed this challenge for this hub; None for anything else."""
        try:
            jws = lire_jws(reponse.decode("ascii", "replace"), _REPONSE_MAX_OCTETS)
            exp, iat = jws.instant("exp"), jws.instant("iat")
        except JwsInvalide:
            return None
        kid, a = jws.entete.get("kid"), maintenant.timestamp()
        cle = self.client.cles.get(kid) if isinstance(kid, str) else None
        est_du = (
            jws.entete.get("typ") == TYP_DEFI
            and jws.claims.get("iss") == self.client.client_id
            and jws.claims.get("aud") == self.emetteur
            and jws.claims.get("defi") == self.defi
            and (exp is not None and a < exp)
            and (iat is not None and iat <= a + AVANCE_MAX_S)
        )
        if cle is None or jws.alg is None or not cle.convient_a(jws.alg) or not cle.est_valide(maintenant):
            return None
        return kid if est_du and jws.est_signe_par(cle.cle) else None

    async def _suivre(self, request: Request) -> Response:
        if not self._est_la_sienne(request):
            return _erreur(401, "séance inconnue")
        etat = self._etat
        if etat.est_fini:
            self._rendue.set()
        return JSONResponse({**asdict(etat), "close": self._close})

    async def _finir(self, request: Request) -> Response:
        """The program has ended its part of the step `rang`."""
        if not self._est_la_sienne(request):
            return _erreur(401, "séance inconnue")
        self._faite = max(self._faite, min(_entier(request.query_params.get("rang")), self._etat.rang))
        return Response(status_code=204)

    def _est_la_sienne(self, request: Request) -> bool:
        presente = request.headers.get("authorization", "").encode("utf-8", "replace")
        return self._ouverte.is_set() and secrets.compare_digest(presente, f"Bearer {self._jeton}".encode())


async def _corps(request: Request) -> bytes:
    """As much of it as an answer may have, and a byte more."""
    lus = bytearray()
    async for morceau in request.stream():
        lus += morceau
        if len(lus) > _REPONSE_MAX_OCTETS:
            break
    return bytes(lus[: _REPONSE_MAX_OCTETS + 1])


def _entier(texte: str | None) -> int:
    return int(texte) if texte and texte.isascii() and texte.isdigit() and len(texte) < 6 else 0


def _erreur(statut: int, phrase: str) -> Response:
    return JSONResponse({"erreur": phrase}, statut)
