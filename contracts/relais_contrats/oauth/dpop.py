"""DPoP proofs (RFC 9449 § 4.3), at the token endpoint and at the protected resource. A proof is never cached."""

import re
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final
from urllib.parse import urlsplit

from relais_contrats.oauth.errors import CleInvalide, JwsInvalide, PreuveRefusee
from relais_contrats.oauth.jws import Jws, lire_jws
from relais_contrats.oauth.keys import empreinte, importer, membres_publics
from relais_contrats.oauth.profile import AVANCE_MAX_S, PREUVE_MAX_BYTES, PREUVE_MAX_S
from relais_contrats.oauth.usages import UsageUnique, usage_unique

_PORTS: Final = {"https": 443, "http": 80}
_ECHAPPEMENT: Final = re.compile(r"%([0-9A-Fa-f]{2})")
_NON_RESERVES: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


@dataclass(frozen=True, slots=True)
class Preuve:
    """`jkt` is the thumbprint of the key that signed."""

    jkt: str
    usage: UsageUnique


def verifier_preuve(
    preuves: Sequence[str],
    *,
    methode: str,
    url: str,
    maintenant: datetime,
    jeton: str | None = None,
    jkt: str | None = None,
) -> Preuve:
    """Check the DPoP header fields of a request to `url` (as the public writes it); all but single use.

    With a `jeton` the proof must cover it (`ath`); with a `jkt` it must come from that key. Raises PreuveRefusee.
    """
    if len(preuves) != 1:
        raise PreuveRefusee("exactly one DPoP header is needed")
    try:
        jws = lire_jws(preuves[0], PREUVE_MAX_BYTES)
        jkt_preuve = _signataire(jws, jkt)
        iat = jws.instant("iat")
    except (JwsInvalide, CleInvalide) as refus:
        raise PreuveRefusee(refus.description) from refus
    if jws.claims.get("htm") != methode:
        raise PreuveRefusee("htm is not the method of the request")
    if not _meme_url(jws.claims.get("htu"), url):
        raise PreuveRefusee("htu is not the URL of the request")
    if iat is None or not -PREUVE_MAX_S <= iat - maintenant.timestamp() <= AVANCE_MAX_S:
        raise PreuveRefusee("iat is missing, too old or in the future")
    if jeton is not None and jws.claims.get("ath") != ath(jeton):
        raise PreuveRefusee("ath is not the hash of the access token")
    jti = jws.texte("jti")
    if jti is None:
        raise PreuveRefusee("jti is missing or not a short string")
    return Preuve(jkt_preuve, usage_unique("preuve", jkt_preuve, jti, iat + PREUVE_MAX_S))


def ath(jeton: str) -> str:
    return urlsafe_b64encode(sha256(jeton.encode()).digest()).rstrip(b"=").decode()


def _signataire(jws: Jws, jkt_attendu: str | None) -> str:
    typ, alg = jws.entete.get("typ"), jws.alg
    if not isinstance(typ, str) or typ.lower() != "dpop+jwt":
        raise PreuveRefusee("typ must be dpop+jwt")
    if alg is None:
        raise PreuveRefusee("alg must be ES256, PS256 or EdDSA")
    membres = membres_publics(jws.entete.get("jwk"), alg)
    jkt = empreinte(membres)
    # Compared before the import, so that keys of strangers never enter its cache.
    if jkt_attendu is not None and jkt != jkt_attendu:
        raise PreuveRefusee("the proof is not signed with the key of the access token")
    if not jws.est_signe_par(importer(membres)):
        raise PreuveRefusee("the signature is wrong")
    return jkt


def _meme_url(htu: object, url: str) -> bool:
    if not isinstance(htu, str):
        return False
    if htu == url:
        return True
    try:
        return normaliser_url(htu) == normaliser_url(url)
    except ValueError:
        return False


def normaliser_url(url: str) -> str:
    """RFC 9449 § 4.3-9: without query and fragment, after the normalisations of RFC 3986 §§ 6.2.2 and 6.2.3.

    Raises ValueError for what is no absolute http(s) URL, or carries user information.
    """
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname or "@" in parts.netloc:
        raise ValueError("not an http(s) URL")
    port = "" if parts.port in (None, _PORTS[parts.scheme]) else f":{parts.port}"
    hote = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{hote}{port}{_ECHAPPEMENT.sub(_canonique, parts.path or '/')}"


def _canonique(echappement: re.Match[str]) -> str:
    signe = chr(int(echappement[1], 16))
    return signe if signe in _NON_RESERVES else echappement[0].upper()
