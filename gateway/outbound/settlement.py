"""From outcomes to rows: which events left their queue and with which receipt, when each queue is due again, how the
endpoints are."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never
from uuid import UUID

from chassis.database import Connection
from gateway import receipts
from gateway.outbound import evidence, outcomes
from gateway.outbound.evidence import Sent
from gateway.outbound.outcomes import Delivered, Failed, Gone, Health, NotReady, Outcome
from gateway.outbound.store import delivery as store
from gateway.outbound.store.delivery import Claim, Release, Sending
from gateway.receipts import Chains, OfDelivery
from gateway.unmade import Unmade, park


@dataclass(frozen=True, slots=True)
class Result:
    """`sent` is the request that left, if one did; the events of the claim that are not in it had nothing to show their
    receiver, but those in `held`, which wait for its convention, and those in `unmade`, which wait for an operator.
    `outcome` is None when that was all of them."""

    claim: Claim
    outcome: Outcome | None
    sent: Sent | None = None
    held: frozenset[int] = frozenset()
    unmade: Sequence[Unmade] = ()


Signed = Sequence[OfDelivery | None]


@dataclass(frozen=True, slots=True)
class Written:
    """`has_more`: something is left in a queue that was given back, or is due again. `suspended`: the subscriptions
    that these results suspend."""

    has_more: bool
    suspended: Sequence[UUID]


def sign(results: Sequence[Result], chains: Chains, now: datetime) -> Signed:
    """A receipt for each result that is a delivery, in order. When they cannot be written, the caller restarts the
    chains: what was signed exists nowhere."""
    return [_sign(result, chains, now) for result in results]


async def write(
    conn: Connection, results: Sequence[Result], signed: Signed, now: datetime, chances: Sequence[float]
) -> Written:
    """Write a batch of results with their receipts, in one transaction."""
    if any(signed):
        await receipts.insert(conn, [receipt for receipt in signed if receipt])
    sendings = [s for result, receipt in zip(results, signed, strict=True) for s in _sendings(result, receipt)]
    releases = [_release(result, now, chance) for result, chance in zip(results, chances, strict=True)]
    has_more = await store.settle(conn, sendings, releases, now)
    await park(conn, [one for result in results for one in result.unmade], now)
    emptied = [r.claim for r in results if not r.claim.tete]
    if emptied:
        await store.recount(conn, emptied)
    alive = {r.claim.abonnement for r in results if _is_alive(r.outcome)}
    if alive:
        has_more |= await store.recover(conn, sorted(alive), now)
    gone = {r.claim.abonnement for r in results if isinstance(r.outcome, Gone)}
    if gone:
        await store.end(conn, sorted(gone))
    failures: dict[UUID, list[tuple[object, Failed]]] = {}
    for result in results:
        abonnement, outcome = result.claim.abonnement, result.outcome
        if isinstance(outcome, Failed) and outcome.is_endpoint and abonnement not in alive | gone:
            failures.setdefault(abonnement, []).append((result.claim.parcours, outcome))
    return Written(has_more, await count_failures(conn, failures, now, chances[0]) if failures else ())


async def count_failures(
    conn: Connection, failures: dict[UUID, list[tuple[object, Failed]]], now: datetime, chance: float
) -> list[UUID]:
    """Hold failures against the endpoints, by subscription; those that are suspended by it."""
    suspended = []
    for row in await store.lock_health(conn, sorted(failures)):
        known = Health(row["echecs"], row["premier_echec_a"], row["dernier_echec"], row["rouvre_a"])
        health = outcomes.after_failures(known, failures[row["id"]], now, chance)
        if await store.set_health(conn, row["id"], health, now):
            suspended.append(row["id"])
    return suspended


def _is_alive(outcome: Outcome | None) -> bool:
    """Whether the endpoint as a whole answers, even when it refuses this one message."""
    match outcome:
        case Delivered():
            return True
        case Failed(is_endpoint=is_endpoint):
            return not is_endpoint
        case NotReady() | Gone() | None:
            return False
        case _:
            assert_never(outcome)


def _sign(result: Result, chains: Chains, now: datetime) -> OfDelivery | None:
    if result.sent is None or not isinstance(result.outcome, Delivered):
        return None
    contenu = evidence.content(result.claim.abonnement, result.sent, result.outcome)
    receipt = chains.next(result.sent.partenaire, contenu, now)
    return OfDelivery(receipt, result.sent.partenaire, result.sent.livraison)


def _sendings(result: Result, signed: OfDelivery | None) -> Iterator[Sending]:
    claim, outcome = result.claim, result.outcome
    if isinstance(outcome, NotReady):
        return
    sent = set(result.sent.numeros) if result.sent else set()
    waiting = result.held | {one.numero for one in result.unmade}
    recu = (signed.receipt.chaine, signed.receipt.rang) if signed else (None, None)
    lasted = result.sent.duree_ms if result.sent else None
    for delivered in claim.tete:
        if delivered.numero not in sent:
            etat = "retenu" if delivered.numero in waiting else "sans-objet"
            yield Sending(claim.abonnement, delivered.numero, etat, 0, None, None)
            continue
        match outcome:
            case Delivered(code=code):
                yield Sending(claim.abonnement, delivered.numero, "livre", 1, code, None, lasted, *recu)
            case Failed(code=failed_code, erreur=erreur):
                yield Sending(claim.abonnement, delivered.numero, "a-livrer", 1, failed_code, erreur, lasted)
            case Gone(code=code):
                yield Sending(claim.abonnement, delivered.numero, "a-livrer", 1, code, "reponse", lasted)
            case None:
                raise AssertionError("an event was sent without an outcome")
            case _:
                assert_never(outcome)


def _release(result: Result, now: datetime, chance: float) -> Release:
    claim = result.claim
    match result.outcome:
        case Delivered() | None:
            return _due(claim, now)
        case NotReady():
            return _due(claim, now + outcomes.NOT_READY_PAUSE, claim.essais, claim.premier_echec_a)
        case Gone():
            return _due(claim, now, claim.essais, claim.premier_echec_a)
        case Failed(retry_after_s=retry_after_s):
            essais, premier = claim.essais + 1, claim.premier_echec_a or now
            prochain = outcomes.next_attempt(essais, premier, now, chance, retry_after_s)
            return _due(claim, prochain, essais, premier)
        case _:
            assert_never(result.outcome)


def _due(claim: Claim, prochain_a: datetime | None, essais: int = 0, premier: datetime | None = None) -> Release:
    return Release(claim.abonnement, claim.parcours, claim.bail, essais, premier, prochain_a)
