"""Access tokens (RFC 9068), bound to a key (RFC 9449) or a certificate (RFC 8705): minted here, read back here."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Final

import orjson
from joserfc.util import urlsafe_b64encode

from relais_contrats.oauth.errors import AccesRefuse, JwsInvalide
from relais_contrats.oauth.jws import MODELES, Jws, lire_jws
from relais_contrats.oauth.profile import (
    AVANCE_MAX_S,
    DUREE_JETON,
    JETON_MAX_BYTES,
    Profil,
)
from relais_contrats.oauth.signing import ALG_JETON, Trousseau

_TYPE: Final = "at+jwt"
_CACHE_MAX: Final = 10_000
_JUSTIFICATIF: Final = "client_auth"


class Liaison(StrEnum):
    """To what a token is bound, in the words of the access journal; to nothing in the *profil hérité* only."""

    DPOP = "dpop"
    CERTIFICAT = "certificat"
    AUCUNE = "aucune"


MEMBRE_CNF: Final[Mapping[Liaison, str]] = {Liaison.DPOP: "jkt", Liaison.CERTIFICAT: "x5t#S256"}


@dataclass(frozen=True, slots=True)
class JetonAcces:
    """The content of a token; `exp` in seconds. `porteur` is the thumbprint of the key or certificate of `liaison`."""

    client_id: str
    scopes: frozenset[str]
    liaison: Liaison
    porteur: str
    jti: str
    exp: float
    iat: float
    justificatif: str
    """With what its client proved who it is: the token falls with it. Empty when it does not say."""


class EmetteurJetons:
    def __init__(self, profil: Profil, trousseau: Trousseau) -> None:
        self._profil = profil
        self._trousseau = trousseau
        entete = {"alg": ALG_JETON, "typ": _TYPE, "kid": trousseau.active.kid}
        self._entete = urlsafe_b64encode(orjson.dumps(entete))

    def emettre(
        self,
        client_id: str,
        scopes: Iterable[str],
        cnf: Mapping[str, str],
        maintenant: datetime,
        jti: str,
        justificatif: str,
    ) -> str:
        """`cnf` is the confirmation claim (RFC 7800) that binds the token to its holder; left out when empty."""
        emis_s = int(maintenant.timestamp())
        claims = {
            "iss": self._profil.issuer,
            "aud": self._profil.url_publique,
            "sub": client_id,
            "client_id": client_id,
            "scope": " ".join(sorted(scopes)),
            "iat": emis_s,
            "exp": emis_s + int(DUREE_JETON.total_seconds()),
            "jti": jti,
            _JUSTIFICATIF: justificatif,
            **({"cnf": dict(cnf)} if cnf else {}),
        }
        # RFC 7515 § 3.1: the header never changes while the key is active.
        signe = self._entete + b"." + urlsafe_b64encode(orjson.dumps(claims))
        signature = MODELES[ALG_JETON].sign(signe, self._trousseau.active.cle)
        return (signe + b"." + urlsafe_b64encode(signature)).decode()


class LecteurJetons:
    """Verifies tokens, and remembers the claims of those that passed under the hash of the whole token.

    Refusals are never remembered. A key that leaves the trousseau needs a new reader, which starts empty.
    """

    def __init__(self, profil: Profil, trousseau: Trousseau, *, cache_max: int = _CACHE_MAX) -> None:
        self._profil = profil
        self._trousseau = trousseau
        self._cache: OrderedDict[bytes, JetonAcces] = OrderedDict()
        self._cache_max = cache_max

    def lire(self, jeton: str, maintenant: datetime) -> JetonAcces:
        """Raises AccesRefuse `invalid_token`."""
        empreinte = sha256(jeton.encode("utf-8", "surrogatepass")).digest()
        lu = self._cache.get(empreinte)
        if lu is None:
            lu = self._verifier(jeton, maintenant.timestamp())
            self._cache[empreinte] = lu
            if len(self._cache) > self._cache_max:
                self._cache.popitem(last=False)
        else:
            self._cache.move_to_end(empreinte)
        if lu.exp <= maintenant.timestamp():
            raise _refus("the access token has expired")
        return lu

    def _verifier(self, jeton: str, maintenant_s: float) -> JetonAcces:
        try:
            lu = lire_jws(jeton, JETON_MAX_BYTES)
            self._verifier_signature(lu)
            exp, iat, nbf = lu.instant("exp"), lu.instant("iat"), lu.instant("nbf")
        except JwsInvalide as refus:
            raise _refus("the access token is not valid") from refus
        if lu.claims.get("iss") != self._profil.issuer or lu.claims.get("aud") != self._profil.url_publique:
            raise _refus("the access token was issued by or for another server")
        if exp is None or iat is None or max(iat, nbf or 0) > maintenant_s + AVANCE_MAX_S:
            raise _refus("the access token is not valid now")
        return _contenu(lu, exp, iat)

    def _verifier_signature(self, lu: Jws) -> None:
        cle = self._trousseau.cle(lu.entete.get("kid"))
        if lu.alg != ALG_JETON or lu.entete.get("typ") != _TYPE or cle is None or not lu.est_signe_par(cle):
            raise _refus("the access token is not valid")


def _contenu(lu: Jws, exp: float, iat: float) -> JetonAcces:
    client_id, jti, scope = lu.texte("client_id"), lu.texte("jti"), lu.claims.get("scope")
    if client_id is None or jti is None or lu.claims.get("sub") != client_id or not isinstance(scope, str):
        raise _refus("the access token lacks a claim")
    liaison, porteur = _porteur(lu)
    justificatif = lu.texte(_JUSTIFICATIF) or ""
    return JetonAcces(client_id, frozenset(scope.split()), liaison, porteur, jti, exp, iat, justificatif)


def _porteur(lu: Jws) -> tuple[Liaison, str]:
    if "cnf" not in lu.claims:
        return Liaison.AUCUNE, ""
    match lu.claims["cnf"]:
        case {"jkt": str(jkt), **autres} if jkt and not autres:
            return Liaison.DPOP, jkt
        case {"x5t#S256": str(x5t), **autres} if x5t and not autres:
            return Liaison.CERTIFICAT, x5t
    raise _refus("the access token is not bound as this server binds tokens")


def _refus(description: str) -> AccesRefuse:
    return AccesRefuse("invalid_token", description)
