"""What a partner believes of a webhook: the hub's own signatures are the input, `standardwebhooks` the oracle of v1."""

import base64
import json
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from standardwebhooks import Webhook

from relais_contrats.client import Receiver, WebhookRefused
from relais_contrats.signatures import Signer, headers, v1, v1a

NOW = 1_790_000_000
BODY = '{"id":"e1","type":"fr.insertion.usager.signale.v1","data":{"é":1}}'.encode()
OLD, NEW, OTHER = (secrets.token_bytes(32) for _ in range(3))
KEY, NEXT = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()


def secret(key: bytes) -> str:
    return f"whsec_{base64.b64encode(key).decode()}"


def public(key: Ed25519PrivateKey) -> str:
    return f"whpk_{base64.b64encode(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()}"


def receiver(*trusted: str, abonnement: str | None = None) -> Receiver:
    return Receiver(*trusted, abonnement=abonnement, clock=lambda: NOW)


def signed(signers: Sequence[Signer], body: bytes = BODY, at: int = NOW) -> dict[str, str]:
    return headers(signers, "e1", at, body)


@pytest.mark.parametrize(
    "signers", [[v1(NEW)], [v1(OLD), v1(NEW)], [v1a(KEY), v1(NEW)]], ids=["one", "rotated", "both"]
)
def test_one_right_signature_among_several_is_enough(signers: list[Signer]) -> None:
    assert [e["id"] for e in receiver(secret(NEW)).verify(signed(signers), BODY)] == ["e1"]


def test_both_secrets_are_good_during_an_overlap() -> None:
    both = receiver(secret(OLD), secret(NEW))

    assert both.verify(signed([v1(OLD)]), BODY) == both.verify(signed([v1(NEW)]), BODY)


def test_it_takes_what_the_common_library_signs() -> None:
    signature = Webhook(secret(NEW)).sign("e1", datetime.fromtimestamp(NOW, UTC), BODY.decode())
    given = {"Webhook-Id": "e1", "Webhook-Timestamp": str(NOW), "Webhook-Signature": signature}

    assert receiver(secret(NEW)).verify(given, BODY)


def test_v1a_is_good_with_any_published_key_for_its_own_subscription() -> None:
    mine, others = (json.dumps([{"abonnement": name}]).encode() for name in ("mien", "autre"))
    trusted = receiver(public(NEXT), public(KEY), abonnement="mien")

    assert trusted.verify(signed([v1a(KEY)], mine), mine) == [{"abonnement": "mien"}]
    with pytest.raises(WebhookRefused, match="autre abonnement"):
        trusted.verify(signed([v1a(KEY)], others), others)


@pytest.mark.parametrize(
    "changed",
    [
        signed([v1(OTHER)]),
        signed([v1(NEW)], at=NOW - 301),
        signed([v1(NEW)], at=NOW + 301),
        signed([v1(NEW)]) | {"webhook-id": "e2"},
        signed([v1(NEW)]) | {"webhook-timestamp": "²"},
        signed([v1(NEW)]) | {"webhook-signature": "v1,pas du base64 v1 ,"},
        {k: v.replace("v1,", "v1a,") for k, v in signed([v1(NEW)]).items()},
        {k: v for k, v in signed([v1(NEW)]).items() if k != "webhook-id"},
        {},
    ],
    ids=["secret", "old", "early", "id", "digit", "base64", "version", "missing", "none"],
)
def test_anything_else_is_refused(changed: dict[str, str]) -> None:
    with pytest.raises(WebhookRefused):
        receiver(secret(NEW)).verify(changed, BODY)


def test_the_exact_bytes_count() -> None:
    with pytest.raises(WebhookRefused):
        receiver(secret(NEW)).verify(signed([v1(NEW)]), BODY + b" ")


@pytest.mark.parametrize("trusted", [(), ("secret",), ("whsec_",), ("whpk_AAAA",)])
def test_what_is_no_secret_is_said_at_once(trusted: tuple[str, ...]) -> None:
    with pytest.raises(ValueError):
        Receiver(*trusted)
