"""The lines of `./relais bench`: for each, the load on the hub, then the load on its floor, in the same run."""

from __future__ import annotations

import asyncio
import itertools
import json
import secrets
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from deploy.bench import searches
from deploy.bench.caller import Caller
from deploy.bench.measure import Load, at_rate, closed_loop, quantiles_ms
from deploy.bench.receivers import Receivers
from deploy.bench.site import Site
from deploy.datadir import LaunchError

CLOUDEVENT = "application/cloudevents+json"
NDJSON = "application/x-ndjson"
_MOST_PER_PARTNER = 20
"""Subscriptions."""
_RUN = secrets.token_hex(3)
_persons = itertools.count(secrets.randbelow(10**8))


@dataclass(frozen=True, slots=True)
class Durations:
    warm_up_s: float
    measured_s: float


@dataclass(frozen=True, slots=True)
class Measured:
    """The figures of one line: the hub, its floor, and remarks."""

    hub: Load
    plancher: Load
    details: Mapping[str, Any] = field(default_factory=dict)


Line = Callable[[Site, Durations], Coroutine[Any, Any, Measured]]


def person() -> dict[str, Any]:
    """`data` of a signalement about somebody new."""
    number = next(_persons) % 10**9
    return {
        "identite": {"nom_naissance": f"Fictive{number}", "prenoms": "Élodie", "date_naissance": "1990-05-17"},
        "identifiants": [{"type": "matricule-caf", "valeur": f"{number:09d}", "role": "demandeur"}],
        "brsa": True,
        "date_reception_droit": (date.today() - timedelta(days=3)).isoformat(),  # noqa: DTZ011  any day of this week
        "origine": "inscription-auto-caf",
    }


def _signalement(caller: Caller, number: int) -> bytes:
    return json.dumps(caller.message(f"{_RUN}-{number}", "usager.signale", person())).encode()


async def depot(site: Site, durations: Durations) -> Measured:
    """One message a request, a new person each time, 64 callers, each request with its DPoP proof."""
    async with Caller.load(site.data, "caf-59", 64) as caf:

        async def deposit(number: int) -> int:
            """A deposit that is not decided within five seconds is stored, and answered 202: it is not counted."""
            body = _signalement(caf, number)
            status, _ = await caf.request("POST", "/v1/messages", 201, 202, body=body, content_type=CLOUDEVENT)
            return int(status == 201)

        async def bare(number: int) -> int:
            async with caf.bare("POST", f"{site.floor}/depot", _signalement(caf, number)) as response:
                await response.read()
                return int(response.status == 201)

        before, began = site.processor_s(), caf.requests
        hub = await _loaded(deposit, durations, callers=64)
        details = {"processeur_ms": _each(before, site.processor_s(), caf.requests - began)}
        return Measured(hub, await _loaded(bare, durations, callers=64), details)


async def lot(site: Site, _: Durations, lines: int = 10_000) -> Measured:
    """One NDJSON request of 10,000 new persons that waits for no decision: messages a second, journalled and answered.

    `decides_par_s` counts the same messages until the last of them is decided.
    """
    async with Caller.load(site.data, "caf-59", 2) as caf:
        rank = itertools.count(10**7)

        def body(size: int) -> bytes:
            return b"\n".join(_signalement(caf, next(rank)) for _ in range(size))

        async def deposit(lines: int) -> int:
            _, answer = await caf.request(
                "POST", "/v1/messages", 200, body=body(lines), content_type=NDJSON, prefer="respond-async"
            )
            if refused := answer.count(b'"etat":"refuse"'):
                raise LaunchError(f"La mesure s'arrête : {refused} lignes refusées.")
            return answer.count(b'"etat":"en-attente"')

        async def bare(lines: int) -> int:
            async with caf.bare("POST", f"{site.floor}/lot", body(lines)) as response:
                return (await response.read()).count(b'"etat":"accepte"')

        before, began_s = site.processor_s(), time.perf_counter()
        hub = await _once(deposit, lines)
        await _settled(caf)
        decided_s, decided = time.perf_counter() - began_s, lines + _warming(lines)
        details = {
            "decides_par_s": round(decided / decided_s, 1),
            "processeur_ms": _each(before, site.processor_s(), decided),
        }
        return Measured(hub, await _once(bare, lines), details)


async def _settled(caf: Caller) -> None:
    """Until nothing that this partner deposited waits."""
    while True:
        _, waiting = await caf.request("GET", "/v1/messages?etat=en-attente", 200)
        if not json.loads(waiting)["messages"]:
            return
        await asyncio.sleep(0.2)


async def jeton(site: Site, durations: Durations) -> Measured:
    """Access tokens: `private_key_jwt`, DPoP, 16 callers."""
    async with Caller.load(site.data, "caf-59", 16) as caf:

        async def ask(_: int) -> int:
            await caf.token()
            return 1

        before, began = site.processor_s(), caf.requests
        hub = await _loaded(ask, durations, callers=16)
        details = {"processeur_ms": _each(before, site.processor_s(), caf.requests - began)}
        return Measured(hub, await _loaded(_getting(caf, f"{site.floor}/jeton"), durations, callers=16), details)


async def lecture(site: Site, durations: Durations, parcours: int = 200) -> Measured:
    """Reads of one parcours among some, 16 callers."""
    async with Caller.load(site.data, "caf-59", 16) as caf, Caller.load(site.data, "cd-59", 16) as cd:
        body = b"\n".join(_signalement(caf, 10**9 + number) for number in range(parcours))
        await caf.request("POST", "/v1/messages", 200, body=body, content_type=NDJSON)
        seen = await _known_to(cd, parcours)

        async def read(number: int) -> int:
            await cd.request("GET", f"/v1/parcours/{seen[number % len(seen)]}/orientations", 200)
            return 1

        before, began = site.processor_s(), cd.requests
        hub = await _loaded(read, durations, callers=16)
        details = {"processeur_ms": _each(before, site.processor_s(), cd.requests - began)}
        floor = _getting(cd, lambda number: f"{site.floor}/lecture/prc_{number % 1000}")
        return Measured(hub, await _loaded(floor, durations, callers=16), details)


async def offres(site: Site, durations: Durations) -> Measured:
    """Searches of services near a commune, of one thématique, over 100,000 of them, 16 callers."""
    hub, floor, details = await searches.measure(site, durations.warm_up_s, durations.measured_s)
    return Measured(hub, floor, details)


async def livraison(site: Site, durations: Durations, per_s: float = 300) -> Measured:
    """Accepted → first byte at the receiver's webhook, at 300 deposits/s; then webhooks a second to 40 endpoints.

    `p50_ms` and `p99_ms` are those of the way from the answer 201 to the webhook; `par_s` is the rate of webhooks when
    a backlog is waiting. The floor posts bodies of that size to one endpoint, without any hub.
    """
    async with (
        Caller.load(site.data, "caf-59", 64) as caf,
        Caller.load(site.data, "cd-59", 64) as cd,
        Caller.load(site.data, "ft-hauts-de-france", 4) as ft,
    ):
        async with Receivers(1) as receiver:
            # To the depositor: nobody else knows the person by the pseudonym that its 201 says.
            created = await receiver.subscribe(cd, "parcours.ouvert")
            waits_s = await _way_to_the_webhook(cd, receiver, per_s, durations)
            await cd.request("DELETE", f"/v1/abonnements/{created[0]}", 204)
        async with Receivers(2 * _MOST_PER_PARTNER) as receivers:
            await receivers.subscribe(cd, "usager.signale", slice(0, _MOST_PER_PARTNER))
            await receivers.subscribe(ft, "usager.signale", slice(_MOST_PER_PARTNER, None))
            par_s, sent = await _backlog(caf, receivers, durations)
        floor = await _loaded(_posting(cd, f"{site.floor}/recepteur"), durations, callers=64)
    p50_ms, p99_ms = quantiles_ms(waits_s)
    details = {"depots_par_s": per_s, "destinataires": 2 * _MOST_PER_PARTNER, "envois": sent}
    return Measured(Load(par_s, p50_ms, p99_ms, len(waits_s)), floor, details)


async def _way_to_the_webhook(cd: Caller, receiver: Receivers, per_s: float, durations: Durations) -> list[float]:
    """Seconds from the answer to the arrival, for each deposit of the measured time; negative ones count as zero."""
    answered: dict[str, float] = {}

    async def deposit(number: int) -> int:
        body = _signalement(cd, 2 * 10**9 + number)
        _, answer = await cd.request("POST", "/v1/messages", 201, 202, body=body, content_type=CLOUDEVENT)
        if parcours := json.loads(answer).get("parcours"):
            answered[parcours] = time.perf_counter()
        return 1

    started = await at_rate(deposit, per_s=per_s, duration_s=durations.warm_up_s + durations.measured_s)
    await receiver.wait_for(started)
    measured = sorted(
        (answered[parcours], max(0.0, arrived - answered[parcours]))
        for parcours, arrived in receiver.arrived.items()
        if parcours in answered
    )
    return [waited for at, waited in measured if at >= measured[0][0] + durations.warm_up_s]


async def _backlog(caf: Caller, receivers: Receivers, durations: Durations) -> tuple[float, int]:
    """Webhooks a second from the first to the last of a backlog that every endpoint gets; and how many there were."""
    persons = max(20, int(20 * durations.measured_s))
    body = b"\n".join(_signalement(caf, 3 * 10**9 + number) for number in range(persons))
    await caf.request("POST", "/v1/messages", 200, body=body, content_type=NDJSON)
    expected = persons * receivers.count
    await receivers.wait_for(expected)
    return round(expected / receivers.span_s, 1), expected


async def _known_to(partner: Caller, wanted: int) -> list[str]:
    """Pseudonyms of parcours, read from the feed of this partner."""
    seen: dict[str, None] = {}
    after = ""
    while len(seen) < wanted:
        _, answer = await partner.request("GET", f"/v1/evenements?limite=500&attente=5{after}", 200)
        page = json.loads(answer)
        if not page["evenements"]:
            break
        seen |= dict.fromkeys(event["subject"] for event in page["evenements"] if "subject" in event)
        after = f"&apres={page['curseur']}"
    return list(seen)


def _getting(caller: Caller, url: str | Callable[[int], str]) -> Callable[[int], Awaitable[int]]:
    async def get(number: int) -> int:
        async with caller.bare("GET", url if isinstance(url, str) else url(number), b"") as response:
            await response.read()
            return int(response.status == 200)

    return get


def _posting(caller: Caller, url: str) -> Callable[[int], Awaitable[int]]:
    body = b"x" * 1_200

    async def post(_: int) -> int:
        async with caller.bare("POST", url, body) as response:
            return int(response.status == 204)

    return post


def _each(before: Mapping[str, float], after: Mapping[str, float], units: int) -> dict[str, float]:
    """Milliseconds of processor that each process spent per unit, fan-out and traces included."""
    return {name: round((after[name] - before.get(name, 0.0)) / units * 1000, 2) for name in after}


async def _loaded(call: Callable[[int], Awaitable[int]], durations: Durations, *, callers: int) -> Load:
    return await closed_loop(call, callers=callers, warm_up_s=durations.warm_up_s, duration_s=durations.measured_s)


def _warming(units: int) -> int:
    return units // 20


async def _once(call: Callable[[int], Awaitable[int]], units: int) -> Load:
    """One call for so many units, after a short one that warms up."""
    await call(_warming(units))
    began_s = time.perf_counter()
    done = await call(units)
    elapsed_s = time.perf_counter() - began_s
    return Load(round(done / elapsed_s, 1), *quantiles_ms([elapsed_s]), 1)


LINES: Mapping[str, Line] = {
    "depot": depot,
    "lot": lot,
    "livraison": livraison,
    "lecture": lecture,
    "offres": offres,
    "jeton": jeton,
}
