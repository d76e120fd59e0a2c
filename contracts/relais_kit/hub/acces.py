"""One partner as it calls: assertions, proofs and tokens, right or wrong on purpose, then its requests."""

import asyncio
import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Mapping
from typing import Any, Protocol
from urllib.parse import urlencode

from joserfc.jwk import ECKey
from joserfc.jws import JWSRegistry
from joserfc.util import urlsafe_b64encode

from relais_contrats.client.credentials import Client, Key
from relais_kit.echange import Echange
from relais_kit.hub.echanges import Fil, lu, rendu

FORMULAIRE = "application/x-www-form-urlencoded"
_TYPE_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ALGORITHMES = JWSRegistry(algorithms=["ES256", "PS256", "Ed25519"])
_ECRITS = {"EdDSA": "Ed25519"}
_ESSAIS, _ATTENTE_MAX_S = 4, 10.0


class SansJeton(Exception):
    """The hub gave no token. One French sentence without its full stop."""


class Signe(Protocol):
    def __call__(self, entete: Mapping[str, Any], contenu: Mapping[str, Any]) -> str: ...


def signe_de(cle: Key) -> Signe:
    """Signs as the header says, with this key."""

    def signer(entete: Mapping[str, Any], contenu: Mapping[str, Any]) -> str:
        texte = _texte(entete, contenu)
        return f"{texte}.{_b64(_ALGORITHMES.get_alg(str(entete['alg'])).sign(texte.encode(), cle))}"

    return signer


def non_signe(entete: Mapping[str, Any], contenu: Mapping[str, Any]) -> str:
    return f"{_texte({**entete, 'alg': 'none'}, contenu)}."


def en_hs256(secret: bytes) -> Signe:
    """Signs with what everybody knows: a server that lets the header choose would take it for a signature."""

    def signer(entete: Mapping[str, Any], contenu: Mapping[str, Any]) -> str:
        texte = _texte({**entete, "alg": "HS256"}, contenu)
        return f"{texte}.{_b64(hmac.digest(secret, texte.encode(), 'sha256'))}"

    return signer


class Acces:
    """`cle` authenticates the partner, `cle_de_preuve` holds its token. `secret`: in the *profil hérité*."""

    def __init__(self, fil: Fil, client: Client, cle: Key, secret: str | None = None) -> None:
        self.fil = fil
        self.client = client
        self.cle = cle
        self.secret = secret
        self.cle_de_preuve = ECKey.generate_key("P-256")
        self.code = client.client_id.removeprefix("si:")
        self.jeton = ""
        self._fin_s = 0.0

    @property
    def source(self) -> str:
        return f"/partenaires/{self.code}"

    def assertion(self, signer: Signe | None = None, **change: Any) -> str:
        """`change` replaces claims; None leaves one out."""
        maintenant = int(time.time())
        qui = self.client.client_id
        dit = {"iss": qui, "sub": qui, "aud": self.client.issuer, "iat": maintenant, "exp": maintenant + 60}
        contenu = {**dit, "jti": secrets.token_urlsafe(16), **change}
        entete = {"alg": _ECRITS.get(self.client.alg, self.client.alg), "kid": self.client.kid, "typ": "JWT"}
        return (signer or signe_de(self.cle))(entete, {nom: v for nom, v in contenu.items() if v is not None})

    def preuve(
        self,
        methode: str,
        adresse: str,
        jeton: str | None = None,
        *,
        signer: Signe | None = None,
        cle: ECKey | None = None,
        **change: Any,
    ) -> str:
        """For this request, of `cle` or else of the key of its token; `change` replaces claims."""
        tenue = cle or self.cle_de_preuve
        contenu: dict[str, Any] = {"htm": methode, "htu": adresse.partition("?")[0], "iat": int(time.time())}
        contenu |= {"jti": secrets.token_urlsafe(16)} | ({"ath": _ath(jeton)} if jeton else {}) | change
        entete = {"alg": "ES256", "typ": "dpop+jwt", "jwk": tenue.as_dict(private=False)}
        return (signer or signe_de(tenue))(entete, {nom: v for nom, v in contenu.items() if v is not None})

    def formulaire(self, assertion: str | None = None, **champs: str) -> dict[str, str]:
        return {
            "grant_type": "client_credentials",
            "client_assertion_type": _TYPE_ASSERTION,
            "client_assertion": assertion or self.assertion(),
            **champs,
        }

    async def demander_un_jeton(
        self, formulaire: Mapping[str, str] | None = None, preuve: str | None = None, *, sans_preuve: bool = False
    ) -> Echange:
        """One request to the token endpoint, a right one unless said otherwise."""
        point = self.client.token_endpoint
        tenue = {} if sans_preuve else {"DPoP": preuve or self.preuve("POST", point)}
        entetes = {"Content-Type": FORMULAIRE, **tenue}
        corps = urlencode(formulaire or self.formulaire()).encode()
        return await self.fil.envoyer("POST", point.removeprefix(self.fil.url), entetes, corps)

    async def revoquer(self, jeton: str) -> Echange:
        formulaire = {nom: v for nom, v in self.formulaire(token=jeton).items() if nom != "grant_type"}
        corps = urlencode(formulaire).encode()
        return await self.fil.envoyer("POST", "/oauth/revoke", {"Content-Type": FORMULAIRE}, corps)

    async def authentifier(self) -> Echange | None:
        """Get a token when there is none, or it is about to end. Raises SansJeton."""
        if time.monotonic() < self._fin_s:
            return None
        echange = await self.demander_un_jeton()
        if echange.statut != 200 or not lu(echange).get("access_token"):
            raise SansJeton(f"le relais ne donne pas de jeton à {self.code} ({echange.statut}, {_pourquoi(echange)})")
        self.garder(echange)
        return echange

    def garder(self, echange: Echange) -> None:
        donne = lu(echange)
        self.jeton = str(donne["access_token"])
        self._fin_s = time.monotonic() + float(donne.get("expires_in") or 0) - 60

    def entetes(self, methode: str, chemin: str) -> dict[str, str]:
        """With a right proof, for one request."""
        adresse = f"{self.client.api}{chemin}"
        return {"Authorization": f"DPoP {self.jeton}", "DPoP": self.preuve(methode, adresse, self.jeton)}

    async def demander(
        self, methode: str, chemin: str, corps: bytes = b"", genre: str = "", entetes: Mapping[str, str] | None = None
    ) -> Echange:
        """A right request; sent again while the hub asks for it (429, 503). Raises SansJeton, SansReponse."""
        for essai in range(_ESSAIS):
            await self.authentifier()
            dits = {**({"Content-Type": genre} if genre else {}), **(entetes or {})}
            echange = await self.fil.envoyer(methode, chemin, {**dits, **self.entetes(methode, chemin)}, corps)
            if echange.statut not in (429, 503):
                break
            attente = rendu(echange, "retry-after")
            await asyncio.sleep(min(float(attente) if attente.isdecimal() else 1.0 + essai, _ATTENTE_MAX_S))
        return echange


def contenu(jws: str) -> Mapping[str, Any]:
    """Return the content of a compact JWS without verifying it; empty when it cannot be read."""
    return _partie(jws, 1)


def entete(jws: str) -> Mapping[str, Any]:
    return _partie(jws, 0)


def _partie(jws: str, rang: int) -> Mapping[str, Any]:
    try:
        partie = jws.split(".")[rang]
        dit = json.loads(base64.urlsafe_b64decode(partie + "=" * (-len(partie) % 4)))
    except (IndexError, ValueError):
        return {}
    return dit if isinstance(dit, dict) else {}


def _pourquoi(echange: Echange) -> str:
    return str(lu(echange).get("error_description") or lu(echange).get("error") or "sans explication")


def _texte(entete: Mapping[str, Any], contenu: Mapping[str, Any]) -> str:
    return f"{_b64(json.dumps(entete).encode())}.{_b64(json.dumps(contenu).encode())}"


def _ath(jeton: str) -> str:
    return _b64(hashlib.sha256(jeton.encode()).digest())


def _b64(octets: bytes) -> str:
    return urlsafe_b64encode(octets).decode()
