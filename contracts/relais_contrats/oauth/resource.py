"""Access to a protected resource: the token, its holder, and the proof that comes with this very request."""

import hmac
from collections.abc import Container, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from relais_contrats.oauth.clients import SUSPENDU, ClientOAuth, RegistreClients
from relais_contrats.oauth.dpop import verifier_preuve
from relais_contrats.oauth.errors import AccesRefuse, PreuveRefusee
from relais_contrats.oauth.profile import Profil
from relais_contrats.oauth.signing import Trousseau
from relais_contrats.oauth.tokens import JetonAcces, LecteurJetons, Liaison
from relais_contrats.oauth.usages import UsageUnique

# One sentence for every token that came with the wrong scheme, certificate or holder: it helps no thief.
_AUTRE_PORTEUR: Final = "the access token is not valid in this request"


@dataclass(frozen=True, slots=True)
class Jeton:
    """The caller and its rights at this moment. The caller of this code reserves `usages`, which spends the proof.
    `scopes` are those of the token that the client still has.
    """

    client_id: str
    scopes: frozenset[str]
    liaison: Liaison
    jti: str
    exp: float
    usages: tuple[UsageUnique, ...]

    def exiger(self, portee: str) -> None:
        if portee not in self.scopes:
            par_bearer = self.liaison is not Liaison.DPOP
            raise AccesRefuse(
                "insufficient_scope", "the access token lacks the scope", portee=portee, par_bearer=par_bearer
            )


class VerificateurAcces:
    """`revoques` holds the `jti` of revoked tokens."""

    def __init__(
        self, profil: Profil, trousseau: Trousseau, registre: RegistreClients, revoques: Container[str] = frozenset()
    ) -> None:
        self._lecteur = LecteurJetons(profil, trousseau)
        self._registre = registre
        self._revoques = revoques

    def verifier(
        self,
        autorisations: Sequence[str],
        preuves: Sequence[str],
        methode: str,
        url: str,
        maintenant: datetime,
        certificat: str | None = None,
    ) -> Jeton:
        """Every value of the Authorization and DPoP headers; `url` as the public writes it; `certificat` is the
        `x5t#S256` of the client certificate that the TLS front vouches for. Raises AccesRefuse."""
        schema, texte = _jeton_presente(autorisations)
        try:
            if schema == "dpop":
                return self._verifier_dpop(texte, preuves, methode, url, maintenant)
            return self._verifier_bearer(texte, certificat, maintenant)
        except AccesRefuse as refus:
            raise AccesRefuse(refus.error, refus.description, par_bearer=schema == "bearer") from refus

    def _verifier_dpop(self, texte: str, preuves: Sequence[str], methode: str, url: str, maintenant: datetime) -> Jeton:
        acces, client = self._lire(texte, maintenant)
        if acces.liaison is not Liaison.DPOP:
            raise AccesRefuse("invalid_token", _AUTRE_PORTEUR)
        try:
            preuve = verifier_preuve(
                preuves, methode=methode, url=url, maintenant=maintenant, jeton=texte, jkt=acces.porteur
            )
        except PreuveRefusee as refus:
            raise AccesRefuse("invalid_token", refus.description) from refus
        return _accorde(acces, client, (preuve.usage,))

    def _verifier_bearer(self, texte: str, certificat: str | None, maintenant: datetime) -> Jeton:
        """A token bound to a certificate is good with it only, one bound to nothing as long as its client is in the
        profil hérité with a good secret."""
        acces, client = self._lire(texte, maintenant)
        match acces.liaison:
            case Liaison.CERTIFICAT:
                est_le_sien = hmac.compare_digest(acces.porteur.encode(), (certificat or "").encode())
                admis = est_le_sien and client.presente(acces.porteur, maintenant)
            case Liaison.AUCUNE:
                admis = client.a_un_secret(maintenant)
            case Liaison.DPOP:
                admis = False
        if not admis:
            raise AccesRefuse("invalid_token", _AUTRE_PORTEUR)
        return _accorde(acces, client, ())

    def _lire(self, texte: str, maintenant: datetime) -> tuple[JetonAcces, ClientOAuth]:
        acces = self._lecteur.lire(texte, maintenant)
        if acces.jti in self._revoques:
            raise AccesRefuse("invalid_token", "the access token was revoked")
        client = self._registre.client(acces.client_id)
        if client is None:
            raise AccesRefuse("invalid_token", SUSPENDU)
        if empechement := client.empechement(maintenant):
            raise AccesRefuse("invalid_token", empechement)
        if client.est_caduc(acces.iat):
            raise AccesRefuse("invalid_token", "the access token is older than the last suspension")
        if not client.reconnait(acces.justificatif, maintenant):
            raise AccesRefuse("invalid_token", "the credential behind the access token is not valid any more")
        return acces, client


def _accorde(acces: JetonAcces, client: ClientOAuth, usages: tuple[UsageUnique, ...]) -> Jeton:
    return Jeton(acces.client_id, acces.scopes & client.portees, acces.liaison, acces.jti, acces.exp, usages)


def _jeton_presente(autorisations: Sequence[str]) -> tuple[str, str]:
    """The scheme, in lower case, and the token."""
    if len(autorisations) != 1:
        raise AccesRefuse("invalid_token", "exactly one Authorization header is needed")
    schema, _, jeton = autorisations[0].partition(" ")
    if schema.lower() not in ("dpop", "bearer") or not jeton:
        raise AccesRefuse("invalid_token", "the Authorization scheme must be DPoP")
    return schema.lower(), jeton
