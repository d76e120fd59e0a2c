"""The hub's own keys of `v1a` webhooks, read at start. A change of state is a change of file name and a restart."""

from collections.abc import Sequence

from chassis.settings import Settings
from relais_contrats.cles_webhooks import CleWebhook, EtatCle

_NAME = "webhooks"
Cles = Sequence[CleWebhook]


def read(configured: Settings) -> list[CleWebhook]:
    """`webhooks.pem`, and `webhooks-suivante.pem` when it is there."""
    keys = [CleWebhook.depuis_pem(configured.pem(_NAME))]
    suivante = f"{_NAME}-{EtatCle.SUIVANTE}"
    if (configured.secrets / f"{suivante}.pem").exists():
        keys.append(CleWebhook.depuis_pem(configured.pem(suivante), EtatCle.SUIVANTE))
    return keys
