"""The hub, as a connector calls it: the public API with its partner's key, over HTTPS, and nothing else."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from joserfc.jwk import ECKey

from connectors.mandates import Mandate
from relais_contrats.client import Answer, Client, HubUnreachable, Partner, PartnerError, QuotaReached, RequestRefused
from relais_contrats.lecture import MessageInvalide, lire_objet

__all__ = [
    "Answer",
    "HubUnreachable",
    "Partner",
    "PartnerError",
    "QuotaReached",
    "RequestRefused",
    "deposit",
    "find",
    "partner_of",
]

WAITING, REFUSED, ACCEPTED = "en-attente", "refuse", "accepte"


def partner_of(mandate: Mandate, *, patience_s: float = 60.0) -> Partner:
    """The client that serves this mandate. Use as an asynchronous context manager."""
    client = Client(**{name: mandate.client[name] for name in Client.__slots__})
    return Partner(client, ECKey.import_key(mandate.key_pem), patience_s=patience_s)


def refused_by_contract(message: Mapping[str, Any]) -> Answer | None:
    """Why the published contract refuses this message already, or None: nothing is sent for it then."""
    try:
        lire_objet(dict(message))
    except MessageInvalide as refused:
        first = refused.erreurs[0]
        where = f"{first.pointeur} : " if first.pointeur else ""
        return Answer(str(message.get("id")), REFUSED, code=refused.code, detail=f"{where}{first.message}")
    return None


async def deposit(
    hub: Partner, messages: Iterable[Mapping[str, Any]], traceparent: str | None = None
) -> Sequence[Answer]:
    """Deposit, in order; one answer each, settled: a message that the hub has only stored is waited for."""
    sent = list(messages)
    refusals = [refused_by_contract(message) for message in sent]
    taken = [message for message, refusal in zip(sent, refusals, strict=True) if refusal is None]
    answers = iter(await hub.post_many(taken, traceparent=traceparent))
    known = [refusal or next(answers) for refusal in refusals]
    waiting = sorted({answer.id for answer in known if answer.etat == WAITING and answer.id})
    settled = {id_: await hub.settled(id_) for id_ in waiting}
    return [settled.get(answer.id or "", answer) for answer in known]


async def find(hub: Partner, mandate: Mandate, identifiants: Sequence[Mapping[str, Any]]) -> str | None:
    """The parcours of the person with these numbers; None when nobody has them, or the partner may not ask."""
    if not identifiants or "identite:resoudre" not in mandate.client["scopes"]:
        return None
    try:
        answer = await hub.call("POST", "/v1/usagers/recherche", {"identifiants": [dict(one) for one in identifiants]})
    except RequestRefused as refused:
        if refused.status in (403, 422):
            return None
        raise
    return answer.get("parcours") if answer.get("resultat") == "trouve" else None
