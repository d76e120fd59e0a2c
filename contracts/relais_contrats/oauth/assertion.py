"""Client authentication by `private_key_jwt` (RFC 7523, as FAPI 2.0 narrows it).

Before the signature holds, an unknown client, an unknown key and a bad signature get one and the same sentence; only
its true author learns more.
"""

from datetime import datetime
from typing import Final

from relais_contrats.oauth.clients import ClientOAuth, RegistreClients
from relais_contrats.oauth.errors import AssertionRefusee, JwsInvalide
from relais_contrats.oauth.jws import Jws, lire_jws
from relais_contrats.oauth.profile import (
    ASSERTION_MAX_BYTES,
    ASSERTION_MAX_S,
    AVANCE_MAX_S,
    RETARD_MAX_S,
    Profil,
)
from relais_contrats.oauth.usages import UsageUnique, usage_unique

TYPE_ASSERTION: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

_INCONNU: Final = "unknown client, unknown key or wrong signature"
_TYPES_ADMIS: Final = frozenset({"jwt", "client-authentication+jwt"})
# A header that brings its own key, or says where to fetch it, is never a way to choose the key.
_CLES_APPORTEES: Final = frozenset({"jwk", "jku", "x5u", "x5c"})


def verifier_assertion(
    assertion: str, registre: RegistreClients, profil: Profil, maintenant: datetime
) -> tuple[ClientOAuth, str, UsageUnique]:
    """The client and the `kid` of its key; everything but single use, which the caller reserves before it answers.

    Raises AssertionRefusee.
    """
    try:
        jws = lire_jws(assertion, ASSERTION_MAX_BYTES)
        client, kid = _signataire(jws, registre, maintenant)
        fin_s = _echeance(jws, maintenant.timestamp())
    except JwsInvalide as refus:
        raise AssertionRefusee(refus.description) from refus
    # FAPI 2.0 § 5.3.2.1-8: an endpoint as audience is how one server replays what was meant for another.
    if jws.claims.get("aud") != profil.issuer:
        raise AssertionRefusee("aud must be the issuer, as one string")
    jti = jws.texte("jti")
    if jti is None:
        raise AssertionRefusee("jti is missing or not a short string")
    return client, kid, usage_unique("assertion", client.client_id, jti, fin_s)


def _signataire(jws: Jws, registre: RegistreClients, maintenant: datetime) -> tuple[ClientOAuth, str]:
    alg = jws.alg
    if alg is None:
        raise AssertionRefusee("alg must be ES256, PS256 or EdDSA")
    if not _type_admis(jws.entete.get("typ", "JWT")):
        raise AssertionRefusee("typ must be JWT or client-authentication+jwt")
    if not _CLES_APPORTEES.isdisjoint(jws.entete):
        raise AssertionRefusee("the header must name a registered key by kid only")
    kid, emetteur, sujet = jws.entete.get("kid"), jws.texte("iss"), jws.texte("sub")
    if not isinstance(kid, str):
        raise AssertionRefusee("kid is missing")
    if emetteur is None or emetteur != sujet:
        raise AssertionRefusee("iss and sub must both be the client_id")
    client = registre.client(emetteur)
    cle = client.cles.get(kid) if client is not None else None
    if client is None or cle is None or not cle.convient_a(alg) or not jws.est_signe_par(cle.cle):
        raise AssertionRefusee(_INCONNU)
    if refus := client.refus(maintenant):
        raise AssertionRefusee(refus)
    if not cle.est_valide(maintenant):
        raise AssertionRefusee("the key is not valid yet or not any more")
    return client, kid


def _type_admis(typ: object) -> bool:
    return isinstance(typ, str) and typ.lower() in _TYPES_ADMIS


def _echeance(jws: Jws, maintenant_s: float) -> float:
    """The last second at which the assertion is accepted."""
    exp = jws.instant("exp")
    if exp is None:
        raise AssertionRefusee("exp is missing")
    if exp <= maintenant_s - RETARD_MAX_S:
        raise AssertionRefusee("the assertion has expired")
    if exp > maintenant_s + ASSERTION_MAX_S:
        raise AssertionRefusee("exp is more than 300 seconds ahead")
    for claim in ("iat", "nbf"):
        instant = jws.instant(claim)
        if instant is not None and instant > maintenant_s + AVANCE_MAX_S:
            raise AssertionRefusee(f"{claim} is in the future")
    return exp + RETARD_MAX_S
