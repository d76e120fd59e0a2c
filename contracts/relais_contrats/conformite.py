"""Certificates of conformance: what the hub states of a program of a partner, after a run that it drove or witnessed.

A compact JWS (ES256, RFC 7515) of the key that signs receipts, under a `typ` of its own: neither is ever taken for the
other. Needs `relais-contrats[client]`.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet
from joserfc.jws import JWSRegistry
from pydantic import BaseModel, ConfigDict, Field, ValidationError

TYP = "relais-certificat+jws"
TYP_DEFI = "relais-defi+jws"
"""Of the answer of a partner to a challenge: what it signs for a certificate never passes for an assertion."""
DUREE = timedelta(days=365)
ANNONCE = timedelta(days=30)
"""How long before its end an operator is warned."""
_AVANCE_MAX = timedelta(minutes=5)
_ES256 = JWSRegistry(algorithms=["ES256"])
Instant = Annotated[int, Field(ge=0, le=253_402_300_799)]
"""Seconds, until the year 9999."""


class Programme(StrEnum):
    """Which program was judged: the one that sends and reads, or the one that receives webhooks."""

    EMETTEUR = "emetteur"
    RECEPTEUR = "recepteur"


class CertificatRefuse(Exception):
    """One French sentence without its full stop."""


class Conformite(BaseModel):
    """The claims of a certificate. `cle`: RFC 7638 thumbprint of the key that the sender proved; `url`: the receiver
    that was driven, by its `abonnement`; `exigences`: `empreinte_du_jeu`; `resultats`: the state of each requirement;
    `defi`: the challenge of the run; `iat`, `exp` in seconds."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")

    iss: str
    iat: Instant
    exp: Instant
    jti: UUID
    partenaire: str
    programme: Programme
    cle: str | None = None
    url: str | None = None
    abonnement: UUID | None = None
    contrats: str
    exigences: str
    resultats: Mapping[str, str]
    defi: str

    @property
    def delivre_le(self) -> datetime:
        return datetime.fromtimestamp(self.iat, UTC)

    @property
    def expire_le(self) -> datetime:
        return datetime.fromtimestamp(self.exp, UTC)

    def compte(self, etat: str) -> int:
        return sum(resultat == etat for resultat in self.resultats.values())


def empreinte_du_jeu(exigences: Iterable[Sequence[str]]) -> str:
    """SHA-256 of a table of requirements, in its order: another id, sentence or source is another set."""
    return hashlib.sha256(json.dumps([list(e) for e in exigences], ensure_ascii=False).encode()).hexdigest()


def signer(conformite: Conformite, cle: ECKey) -> str:
    """The certificate. `cle`: the private key of the receipts."""
    entete = {"alg": "ES256", "kid": cle.thumbprint(), "typ": TYP}
    return str(jws.serialize_compact(entete, conformite.model_dump_json(exclude_none=True), cle, registry=_ES256))


def lire(certificat: str, cles: ECKey | KeySet, emetteur: str, maintenant: datetime) -> Conformite:
    """Verify the certificate's signature and return its content. `cles` and `emetteur`: what the hub publishes at
    `/v1/recus/cles`. A withdrawal is not visible here: only the hub knows it. Raises CertificatRefuse.
    """
    try:
        objet = jws.deserialize_compact(certificat.strip(), cles, registry=_ES256)
    except (JoseError, ValueError) as erreur:
        raise CertificatRefuse("sa signature n'est pas celle du relais") from erreur
    if objet.headers().get("typ") != TYP:
        raise CertificatRefuse("le relais a signé ceci, qui n'est pas un certificat de conformité")
    try:
        dit = Conformite.model_validate_json(objet.payload)
    except ValidationError as erreur:
        raise CertificatRefuse("son contenu n'est pas celui d'un certificat de conformité") from erreur
    if dit.iss != emetteur:
        raise CertificatRefuse(f"il n'est pas délivré par {emetteur}")
    if dit.delivre_le > maintenant + _AVANCE_MAX:
        raise CertificatRefuse("il est daté de l'avenir")
    if dit.expire_le <= maintenant:
        raise CertificatRefuse(f"il a expiré le {dit.expire_le:%d/%m/%Y}")
    return dit
