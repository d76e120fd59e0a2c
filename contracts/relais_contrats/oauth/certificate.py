"""Client certificates (RFC 8705) as the TLS front passes them on: which front to trust, and what to read of a
certificate.

The handshake proved that the caller holds the key. The chain is not followed here: a certificate is known by its
fingerprint, or unknown, whoever signed it.
"""

import hmac
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final
from urllib.parse import unquote_to_bytes

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import ExtendedKeyUsageOID
from starlette.datastructures import Headers
from starlette.requests import Request

from relais_contrats.oauth.errors import CertificatInvalide

EN_TETE_CERTIFICAT: Final = "Relais-Certificat-Client"
EN_TETE_PROXY: Final = "Relais-Proxy"
_MODULE_BITS: Final = range(2048, 4097)
_USAGES_ADMIS: Final = frozenset({ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE})
_COURBES: Final = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)


@dataclass(frozen=True, slots=True)
class Certificat:
    """`x5t` is its `x5t#S256` (RFC 8705 § 3.1); it is good from `debut` (included) to `fin` (excluded)."""

    x5t: str
    debut: datetime
    fin: datetime

    def est_valide(self, maintenant: datetime) -> bool:
        return self.debut <= maintenant < self.fin


class ProxyDeConfiance:
    """The TLS front. Only a caller that presents its secret may state the certificate and the address of a request. An
    address would prove nothing: on one machine, or in one container network, all callers share it.
    """

    def __init__(self, secret: bytes | None) -> None:
        self._preuve = None if secret is None else preuve_du_proxy(secret).encode()

    @property
    def est_attendu(self) -> bool:
        return self._preuve is not None

    def certificat(self, headers: Headers) -> str | None:
        """The `x5t#S256` of the certificate that came with this request; None when nobody trusted speaks of one."""
        presente = self._dit(headers, EN_TETE_CERTIFICAT)
        return None if presente is None else _x5t_presente(presente)

    def adresse(self, request: Request) -> str:
        """From where the partner calls, as far as is known."""
        return self._dit(request.headers, "X-Real-IP") or (request.client.host if request.client else "")

    def _dit(self, headers: Headers, nom: str) -> str | None:
        preuves, dites = headers.getlist(EN_TETE_PROXY), headers.getlist(nom)
        if self._preuve is None or len(preuves) != 1 or len(dites) != 1:
            return None
        return dites[0] if hmac.compare_digest(preuves[0].encode("latin-1"), self._preuve) else None


def preuve_du_proxy(secret: bytes) -> str:
    """What the TLS front writes in `Relais-Proxy`."""
    return urlsafe_b64encode(secret).rstrip(b"=").decode()


def lire_certificat(pem: bytes) -> Certificat:
    try:
        lu = x509.load_pem_x509_certificate(pem)
        x5t = urlsafe_b64encode(lu.fingerprint(SHA256())).rstrip(b"=").decode()
        return Certificat(x5t, lu.not_valid_before_utc, lu.not_valid_after_utc)
    except ValueError as error:
        raise CertificatInvalide("not a PEM certificate") from error


def certificat_a_inscrire(pem: bytes, maintenant: datetime) -> Certificat:
    """A certificate that a TLS front will take and that is worth believing. Raises CertificatInvalide."""
    if b"PRIVATE KEY" in pem:
        raise CertificatInvalide("the file holds a private key, which must never be sent to anybody")
    if pem.count(b"-----BEGIN CERTIFICATE-----") != 1:
        raise CertificatInvalide("the file must hold exactly one PEM certificate, without its chain")
    certificat = lire_certificat(pem)
    if not certificat.est_valide(maintenant):
        raise CertificatInvalide("the certificate has expired, or is not valid yet")
    try:
        lu = x509.load_pem_x509_certificate(pem)
        cle, usages = lu.public_key(), _usages(lu)
    except (ValueError, UnsupportedAlgorithm, x509.DuplicateExtension) as error:
        raise CertificatInvalide("the certificate is malformed") from error
    match cle:
        case rsa.RSAPublicKey(key_size=bits) if bits in _MODULE_BITS:
            pass
        case ec.EllipticCurvePublicKey(curve=courbe) if isinstance(courbe, _COURBES):
            pass
        case ed25519.Ed25519PublicKey():
            pass
        case _:
            raise CertificatInvalide("the key must be RSA of 2048 to 4096 bits, a NIST curve from P-256, or Ed25519")
    if usages is not None and _USAGES_ADMIS.isdisjoint(usages):
        raise CertificatInvalide("the certificate is not meant for client authentication")
    return certificat


def _usages(lu: x509.Certificate) -> set[x509.ObjectIdentifier] | None:
    try:
        return set(lu.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    except x509.ExtensionNotFound:
        return None


@lru_cache(maxsize=1_000)
def _x5t_presente(valeur: str) -> str | None:
    """Of a percent-encoded PEM, as nginx writes it."""
    try:
        return lire_certificat(unquote_to_bytes(valeur)).x5t
    except CertificatInvalide:
        return None
