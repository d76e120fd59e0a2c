"""What the OAuth package needs to know of a partner, and of whom it asks it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from joserfc.errors import JoseError

from gateway.inbound.oauth.errors import CleInvalide
from gateway.inbound.oauth.jws import MODELES, Cle


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
    """`client_id` is `si:<partner code>`; `cles` is keyed by the `kid` that the client writes in its assertions."""

    client_id: str
    actif: bool
    scopes: frozenset[str]
    cles: Mapping[str, CleClient]


class RegistreClients(Protocol):
    def client(self, client_id: str) -> ClientOAuth | None:
        """Answers from memory; a suspension must be visible here within five seconds."""
        ...
