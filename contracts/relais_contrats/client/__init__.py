"""A partner of the hub, as its own information system would write it. Needs `pip install relais-contrats[client]`.

`Partner` deposits, reads and acknowledges; `Credentials` makes tokens' requests and proofs for other HTTP clients;
`Receiver` verifies what the hub delivers to a webhook.
"""

from relais_contrats.client.answers import Answer, Events, HubUnreachable, PartnerError, QuotaReached, RequestRefused
from relais_contrats.client.credentials import Client, Credentials, Key, read_key
from relais_contrats.client.partner import CLOUDEVENT, CLOUDEVENTS_BATCH, NDJSON, Message, Partner, cloudevent
from relais_contrats.client.webhooks import Receiver, WebhookRefused

__all__ = [
    "CLOUDEVENT",
    "CLOUDEVENTS_BATCH",
    "NDJSON",
    "Answer",
    "Client",
    "Credentials",
    "Events",
    "HubUnreachable",
    "Key",
    "Message",
    "Partner",
    "PartnerError",
    "QuotaReached",
    "Receiver",
    "RequestRefused",
    "WebhookRefused",
    "cloudevent",
    "read_key",
]
