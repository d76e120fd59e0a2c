"""Vérifier un webhook `v1a` : python verifier.py ID HORODATAGE SIGNATURES whpk_… < corps (code 0 s'il est juste)."""

import base64
import sys
import time

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def est_juste(identifiant: str, horodatage: str, signatures: str, corps: bytes, cles: list[str]) -> bool:
    """Les trois en-têtes `webhook-*`, les octets reçus tels quels, et les clés publiées par le hub."""
    if not horodatage.isdecimal() or abs(time.time() - int(horodatage)) > 300:
        return False
    signe = f"{identifiant}.{horodatage}.".encode() + corps
    for cle in cles:
        publique = Ed25519PublicKey.from_public_bytes(base64.b64decode(cle.removeprefix("whpk_")))
        for jeton in signatures.split():
            version, _, signature = jeton.partition(",")
            try:
                if version == "v1a":
                    publique.verify(base64.b64decode(signature), signe)
                    return True
            except (InvalidSignature, ValueError):
                continue
    return False


if __name__ == "__main__":
    identifiant, horodatage, signatures, *cles = sys.argv[1:]
    sys.exit(not est_juste(identifiant, horodatage, signatures, sys.stdin.buffer.read(), cles))
