"""Secrets generated once per data folder: component keys, database passwords and NATS users' seeds."""

from __future__ import annotations

import base64
import secrets
from pathlib import Path

import nkeys
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from coffre import masters
from deploy.components import COMPONENTS, SECRETS, Secret, schemas
from deploy.datadir import DataDir, write_private

ADMIN = "admin"
"""Name of the NATS user and of the PostgreSQL role that provision; no component ever holds their secret."""


def ensure_secrets(data: DataDir) -> None:
    """Generate the missing secrets. Existing files are never changed: a lost key loses the data under it."""
    for folder in dict.fromkeys(component.secrets for component in COMPONENTS):
        (data.secrets / folder).mkdir(mode=0o700, exist_ok=True)
        for secret in SECRETS.get(folder, ()):
            path = data.secrets / folder / secret.filename
            if not path.exists():
                write_private(path, new_key(secret))
    for file in (data.masters, data.archive_masters):
        file.parent.mkdir(mode=0o700, exist_ok=True)
        if not file.exists():
            write_private(file, masters.write({1: secrets.token_bytes(masters.KEY_BYTES)}))
    if not data.stream_cipher.exists():
        write_private(data.stream_cipher, f'cipher: chachapoly\nkey: "{new_symmetric_key().strip()}"\n')
    for role in (ADMIN, *schemas()):
        if not data.password_file(role).exists():
            write_private(data.password_file(role), secrets.token_urlsafe(32) + "\n")
    for user in (ADMIN, *(component.name for component in COMPONENTS)):
        if not data.nkey_file(user).exists():
            write_private(data.nkey_file(user), new_nkey_seed() + "\n")


def new_key(secret: Secret) -> str:
    if secret.kind != "pem":
        return new_symmetric_key()
    return new_ed25519_key() if secret.curve == "Ed25519" else new_es256_key()


def nginx_proof(data: DataDir) -> str:
    """Return the line of nginx's `map` with which the TLS front proves itself to the gateway."""
    proof = (data.secrets / "passerelle" / "proxy.cle").read_text().strip()
    return f'default "{proof}";\n'


def new_symmetric_key() -> str:
    """32 random bytes as one base64url line without padding."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).rstrip(b"=").decode() + "\n"


def new_es256_key() -> str:
    """A P-256 private key, PEM PKCS 8."""
    return _pem(ec.generate_private_key(ec.SECP256R1()))


def new_ed25519_key() -> str:
    """An Ed25519 private key, PEM PKCS 8."""
    return _pem(ed25519.Ed25519PrivateKey.generate())


def _pem(key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def new_nkey_seed() -> str:
    """The seed (`SU…`) of a NATS user; the server keeps only the public half."""
    return bytes(nkeys.encode_seed(secrets.token_bytes(32), nkeys.PREFIX_BYTE_USER)).decode()


def nkey_public(seed_file: Path) -> str:
    pair = nkeys.from_seed(bytearray(seed_file.read_text().strip().encode()))
    try:
        return bytes(pair.public_key).decode()
    finally:
        pair.wipe()
