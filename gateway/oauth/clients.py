"""What the OAuth package needs to know of a partner, and of whom it asks it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from joserfc.errors import JoseError

from gateway.oauth.certificate import Certificat
from gateway.oauth.errors import CleInvalide
from gateway.oauth.jws import MODELES, Cle
from gateway.oauth.legacy import PORTEES_RETENUES, SecretHerite


@dataclass(frozen=True, slots=True)
class CleClient:
    """A registered public key; it is good from `debut` (included) to `fin` (excluded)."""

    cle: Cle
    alg: str
    debut: datetime
    fin: datetime

    def __post_init__(self) -> None:
        try:
            MODELES[self.alg].check_key(self.cle)
        except (KeyError, JoseError) as error:
            raise CleInvalide("the key does not fit the algorithm") from error

    def convient_a(self, alg: str) -> bool:
        return MODELES[alg] is MODELES[self.alg]

    def est_valide(self, maintenant: datetime) -> bool:
        return self.debut <= maintenant < self.fin


@dataclass(frozen=True, slots=True)
class ClientOAuth:
    """`client_id` is `si:<partner code>`; `scopes` are those registered.

    `cles` is keyed by the `kid` that the client writes in its assertions, `certificats` by `x5t#S256`; with a secret,
    even one that has expired, the client is in the *profil hérité*.
    """

    client_id: str
    actif: bool
    scopes: frozenset[str]
    cles: Mapping[str, CleClient]
    certificats: Mapping[str, Certificat] = field(default_factory=dict)
    secrets: Sequence[SecretHerite] = ()

    @property
    def portees(self) -> frozenset[str]:
        """The scopes that it may use now, however it comes in."""
        return self.scopes - PORTEES_RETENUES if self.secrets else self.scopes

    def presente(self, x5t: str, maintenant: datetime) -> bool:
        """Whether this certificate is one of its own, and good now."""
        certificat = self.certificats.get(x5t)
        return certificat is not None and certificat.est_valide(maintenant)

    def a_un_secret(self, maintenant: datetime) -> bool:
        return any(maintenant < secret.expire_le for secret in self.secrets)


class RegistreClients(Protocol):
    def client(self, client_id: str) -> ClientOAuth | None:
        """Answers from memory; a suspension must be visible here within five seconds."""
        ...

    def a_des_secrets(self, maintenant: datetime) -> bool:
        """Whether any client may authenticate with a secret now."""
        ...
