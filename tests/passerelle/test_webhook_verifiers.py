"""The verifiers of `v1a` that are given to partners, each run by its own language, on what the hub really signs."""

import shutil
import subprocess
import sys
import time
from collections.abc import Sequence

import pytest

from deploy.allowed_skips import NO_LANGUAGE
from deploy.components import ROOT
from relais_contrats.cles_webhooks import CleWebhook
from relais_contrats.signatures import headers, v1a
from tests.passerelle.outgoing import webhook_key

FOLDER = ROOT / "docs" / "exemples" / "verifier_v1a"
LANGUAGES = {
    "python": [sys.executable, "verifier.py"],
    "javascript": ["node", "verifier.mjs"],
    "java": ["java", "Verifier.java"],
    "php": ["php", "verifier.php"],
}
BODY = '{"type":"fr.insertion.usager.signale.v1","data":{"é":1}}'.encode()


@pytest.fixture(params=LANGUAGES)
def command(request: pytest.FixtureRequest) -> list[str]:
    found = LANGUAGES[request.param]
    if shutil.which(found[0]) is None:
        pytest.skip(NO_LANGUAGE)
    return found


def accepts(command: Sequence[str], signed: dict[str, str], body: bytes, keys: Sequence[CleWebhook]) -> bool:
    given = [signed[f"webhook-{name}"] for name in ("id", "timestamp", "signature")]
    done = subprocess.run(
        [*command, *given, *(key.montree() for key in keys)], input=body, cwd=FOLDER, timeout=60, check=False
    )
    assert done.returncode in (0, 1)
    return done.returncode == 0


def test_a_verifier_takes_what_the_hub_signed_and_nothing_else(command: list[str]) -> None:
    active, following, other = webhook_key(), webhook_key(), webhook_key()
    now = int(time.time())
    one = headers([v1a(active.privee)], "message-1", now, BODY)
    both = headers([v1a(active.privee), v1a(following.privee)], "message-1", now, BODY)
    old = headers([v1a(active.privee)], "message-1", now - 3_600, BODY)

    assert accepts(command, one, BODY, [active])
    assert accepts(command, both, BODY, [other, following])
    assert not accepts(command, one, BODY + b" ", [active])
    assert not accepts(command, one | {"webhook-id": "message-2"}, BODY, [active])
    assert not accepts(command, one, BODY, [other])
    assert not accepts(command, old, BODY, [active])
    assert not accepts(command, one | {"webhook-signature": "v1," + one["webhook-signature"][4:]}, BODY, [active])
