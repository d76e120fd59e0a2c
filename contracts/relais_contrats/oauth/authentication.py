"""Client authentication, the same at both endpoints: `private_key_jwt`, a registered certificate, or a legacy secret.

Of the three a request uses one (RFC 6749 § 2.3). A certificate that comes beside another method authenticates nobody.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from relais_contrats.oauth.assertion import TYPE_ASSERTION, verifier_assertion
from relais_contrats.oauth.clients import ClientOAuth, RegistreClients
from relais_contrats.oauth.errors import AssertionRefusee, JetonRefuse
from relais_contrats.oauth.form import DemandeOAuth
from relais_contrats.oauth.legacy import empreinte_secret, identifiants
from relais_contrats.oauth.profile import Profil
from relais_contrats.oauth.usages import UsageUnique


class Methode(StrEnum):
    """`token_endpoint_auth_method` (RFC 7591, RFC 8705 § 2.2); the two ways to send a secret are one here."""

    ASSERTION = "private_key_jwt"
    CERTIFICAT = "self_signed_tls_client_auth"
    SECRET = "client_secret"  # noqa: S105


_CERTIFICAT_INCONNU: Final = "unknown client, or a certificate that is not one of its own"
_SECRET_INCONNU: Final = "unknown client, wrong secret, or a client that may not use one"  # noqa: S105


@dataclass(frozen=True, slots=True)
class ClientAuthentifie:
    """`usages` are to be reserved before anything is given; `justificatif` is what its tokens depend on."""

    client: ClientOAuth
    methode: Methode
    justificatif: str
    usages: tuple[UsageUnique, ...] = ()


class Authentification:
    def __init__(self, profil: Profil, registre: RegistreClients) -> None:
        self._profil = profil
        self._registre = registre

    def authentifier(self, demande: DemandeOAuth, maintenant: datetime) -> ClientAuthentifie:
        """Raises JetonRefuse."""
        champs = demande.champs
        montrees = [bool(demande.autorisations), "client_secret" in champs, "client_assertion" in champs]
        if sum(montrees) > 1:
            raise JetonRefuse("invalid_request", "more than one client authentication method")
        if "client_assertion" in champs:
            authentifie = self._par_assertion(demande, maintenant)
        elif any(montrees):
            authentifie = self._par_secret(demande, maintenant)
        elif demande.certificat is not None:
            authentifie = self._par_certificat(demande, demande.certificat, maintenant)
        else:
            raise _inconnu("a client_assertion of type jwt-bearer is needed")
        if champs.get("client_id", authentifie.client.client_id) != authentifie.client.client_id:
            raise _inconnu("client_id is not the client that is authenticated")
        return authentifie

    def _par_assertion(self, demande: DemandeOAuth, maintenant: datetime) -> ClientAuthentifie:
        if demande.champs.get("client_assertion_type") != TYPE_ASSERTION:
            raise _inconnu("a client_assertion of type jwt-bearer is needed")
        try:
            assertion = demande.champs["client_assertion"]
            client, kid, usage = verifier_assertion(assertion, self._registre, self._profil, maintenant)
        except AssertionRefusee as refus:
            raise _inconnu(refus.description) from refus
        return ClientAuthentifie(client, Methode.ASSERTION, f"cle:{kid}", (usage,))

    def _par_certificat(self, demande: DemandeOAuth, x5t: str, maintenant: datetime) -> ClientAuthentifie:
        client = self._registre.client(demande.champs.get("client_id", ""))
        if client is None or not client.presente(x5t, maintenant):
            raise _inconnu(_CERTIFICAT_INCONNU)
        return ClientAuthentifie(_admis(client, maintenant), Methode.CERTIFICAT, f"certificat:{x5t}")

    def _par_secret(self, demande: DemandeOAuth, maintenant: datetime) -> ClientAuthentifie:
        presentes = identifiants(demande.autorisations, demande.champs)
        if presentes is None:
            raise _inconnu("the Authorization header is not HTTP Basic with a client_id and a secret")
        client, empreinte = self._registre.client(presentes[0]), empreinte_secret(presentes[1])
        connus = [s for s in client.secrets if hmac.compare_digest(s.empreinte, empreinte)] if client else []
        if client is None or not connus:
            raise _inconnu(_SECRET_INCONNU)
        if maintenant >= connus[0].expire_le:
            raise _inconnu("the secret has expired")
        return ClientAuthentifie(_admis(client, maintenant), Methode.SECRET, f"secret:{connus[0].marque}")


def _admis(client: ClientOAuth, maintenant: datetime) -> ClientOAuth:
    if refus := client.refus(maintenant):
        raise _inconnu(refus)
    return client


def _inconnu(description: str) -> JetonRefuse:
    return JetonRefuse("invalid_client", description, 401)
