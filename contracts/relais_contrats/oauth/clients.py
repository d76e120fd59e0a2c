"""The partner data that the OAuth package needs, and the interface through which it asks for them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

from joserfc.errors import JoseError

from relais_contrats.oauth.certificate import Certificat
from relais_contrats.oauth.errors import CleInvalide
from relais_contrats.oauth.jws import MODELES, Cle
from relais_contrats.oauth.legacy import PORTEES_RETENUES, SecretHerite

SUSPENDU: Final = "the client is suspended"
SANS_CERTIFICAT: Final = "a certificate of conformance in force is required of this client: ask the operator of the hub"


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
    jetons_depuis: datetime | None = None
    """Tokens of that second or before are void: when it was suspended, or taken back after a suspension."""
    exige_certificat: bool = False
    """The operator wants a certificate of conformance in force from it."""
    certifie_jusqua: datetime | None = None
    """The end of its last certificate as a sender; None without any."""

    def est_caduc(self, iat: float) -> bool:
        """Whether a token given at that second ended with the last suspension."""
        return self.jetons_depuis is not None and iat <= int(self.jetons_depuis.timestamp())

    def empechement(self, maintenant: datetime) -> str | None:
        """Why it may not use a token now, None when it may."""
        if not self.actif:
            return SUSPENDU
        est_certifie = self.certifie_jusqua is not None and maintenant < self.certifie_jusqua
        return SANS_CERTIFICAT if self.exige_certificat and not est_certifie else None

    def refus(self, maintenant: datetime) -> str | None:
        """Why it may not be given a token now; a token that would be void at once is not given."""
        caduc = SUSPENDU if self.est_caduc(int(maintenant.timestamp())) else None
        return self.empechement(maintenant) or caduc

    @property
    def portees(self) -> frozenset[str]:
        """The scopes that it may use now, however it comes in."""
        return self.scopes - PORTEES_RETENUES if self.secrets else self.scopes

    def presente(self, x5t: str, maintenant: datetime) -> bool:
        """Whether this certificate is one of its own, and good now."""
        certificat = self.certificats.get(x5t)
        return certificat is not None and certificat.est_valide(maintenant)

    def reconnait(self, justificatif: str, maintenant: datetime) -> bool:
        """Whether the credential with which a token was obtained is still good: `cle:`, `certificat:` or `secret:`."""
        nature, _, valeur = justificatif.partition(":")
        match nature:
            case "cle":
                cle = self.cles.get(valeur)
                return cle is not None and cle.est_valide(maintenant)
            case "certificat":
                return self.presente(valeur, maintenant)
            case "secret":
                return any(s.marque == valeur and maintenant < s.expire_le for s in self.secrets)
        return False

    def a_un_secret(self, maintenant: datetime) -> bool:
        return any(maintenant < secret.expire_le for secret in self.secrets)


class RegistreClients(Protocol):
    def client(self, client_id: str) -> ClientOAuth | None:
        """Answers from memory; a suspension must be visible here within five seconds."""
        ...

    def a_des_secrets(self, maintenant: datetime) -> bool:
        """Whether any client may authenticate with a secret now."""
        ...
