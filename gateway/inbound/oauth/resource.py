"""Access to a protected resource: the token, its holder, and the proof that comes with this very request."""

from collections.abc import Container, Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.inbound.oauth.clients import RegistreClients
from gateway.inbound.oauth.dpop import verifier_preuve
from gateway.inbound.oauth.errors import AccesRefuse, PreuveRefusee
from gateway.inbound.oauth.profile import Profil
from gateway.inbound.oauth.signing import Trousseau
from gateway.inbound.oauth.tokens import LecteurJetons


@dataclass(frozen=True, slots=True)
class Jeton:
    """Who calls, and with what rights now. The proof is spent once `empreinte_preuve` is reserved: the caller does it.

    `scopes` are those of the token that the client still has.
    """

    client_id: str
    scopes: frozenset[str]
    jkt: str
    jti: str
    exp: float
    empreinte_preuve: bytes
    expire_preuve: datetime

    def exiger(self, portee: str) -> None:
        if portee not in self.scopes:
            raise AccesRefuse("insufficient_scope", "the access token lacks the scope", portee=portee)


class VerificateurAcces:
    """`revoques` holds the `jti` of revoked tokens."""

    def __init__(
        self, profil: Profil, trousseau: Trousseau, registre: RegistreClients, revoques: Container[str] = frozenset()
    ) -> None:
        self._lecteur = LecteurJetons(profil, trousseau)
        self._registre = registre
        self._revoques = revoques

    def verifier(
        self, autorisations: Sequence[str], preuves: Sequence[str], methode: str, url: str, maintenant: datetime
    ) -> Jeton:
        """Every value of the Authorization and DPoP headers; `url` as the public writes it. Raises AccesRefuse."""
        texte = _jeton_presente(autorisations)
        acces = self._lecteur.lire(texte, maintenant)
        if acces.jti in self._revoques:
            raise AccesRefuse("invalid_token", "the access token was revoked")
        client = self._registre.client(acces.client_id)
        if client is None or not client.actif:
            raise AccesRefuse("invalid_token", "the client is suspended")
        try:
            preuve = verifier_preuve(
                preuves, methode=methode, url=url, maintenant=maintenant, jeton=texte, jkt=acces.jkt
            )
        except PreuveRefusee as refus:
            raise AccesRefuse("invalid_token", refus.description) from refus
        return Jeton(
            client_id=acces.client_id,
            scopes=acces.scopes & client.scopes,
            jkt=acces.jkt,
            jti=acces.jti,
            exp=acces.exp,
            empreinte_preuve=preuve.usage.empreinte,
            expire_preuve=preuve.usage.expire_le,
        )


def _jeton_presente(autorisations: Sequence[str]) -> str:
    if len(autorisations) != 1:
        raise AccesRefuse("invalid_token", "exactly one Authorization header is needed")
    schema, _, jeton = autorisations[0].partition(" ")
    if schema.lower() != "dpop" or not jeton:
        raise AccesRefuse("invalid_token", "the Authorization scheme must be DPoP")
    return jeton
