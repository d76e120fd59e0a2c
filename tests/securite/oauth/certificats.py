"""Client certificates made with `cryptography`, and the fingerprint as a second reading of RFC 8705 computes it."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID, ObjectIdentifier

from tests.securite.oauth.partenaire import b64

UN_AN = timedelta(days=365)


@dataclass(frozen=True)
class CertificatForge:
    pem: bytes
    cle_pem: bytes
    der: bytes

    @property
    def x5t(self) -> str:
        return b64(hashlib.sha256(self.der).digest())

    @property
    def en_tete(self) -> str:
        """As nginx writes `$ssl_client_escaped_cert`."""
        return quote(self.pem.decode(), safe="")

    def ecrire(self, dossier: Path, nom: str) -> tuple[Path, Path]:
        """The certificate and its key as files."""
        certificat, cle = dossier / f"{nom}.pem", dossier / f"{nom}.cle.pem"
        certificat.write_bytes(self.pem)
        cle.write_bytes(self.cle_pem)
        return certificat, cle


def certificat(
    *,
    cle: Any = None,
    debut: datetime | None = None,
    fin: datetime | None = None,
    usages: tuple[ObjectIdentifier, ...] = (),
) -> CertificatForge:
    """Self-signed, for a year around `debut`; `usages` is its extended key usage."""
    cle = cle or ec.generate_private_key(ec.SECP256R1())
    debut = debut or datetime.now(UTC) - timedelta(hours=1)
    nom = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "si.partenaire.exemple.fr")])
    fait = (
        x509.CertificateBuilder()
        .subject_name(nom)
        .issuer_name(nom)
        .public_key(cle.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(debut)
        .not_valid_after(fin or debut + UN_AN)
    )
    if usages:
        fait = fait.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
    signe = fait.sign(cle, None if isinstance(cle, ed25519.Ed25519PrivateKey) else hashes.SHA256())
    return CertificatForge(
        signe.public_bytes(Encoding.PEM),
        cle.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        signe.public_bytes(Encoding.DER),
    )
