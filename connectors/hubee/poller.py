"""The box of a département at HubEE: each case is taken once, read, and answered when all of it is durable.

The order makes a crash harmless: bytes archived, messages deposited under ids of their content, state said to the
sender, notification deleted. What was done is found done when the case comes again.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, BinaryIO

import structlog

from chassis.waiting import wait
from connectors.archive import archive, folder_of
from connectors.cnaf import intake
from connectors.cnaf.flow import FlowRefused
from connectors.cnaf.intake import Outcome
from connectors.cnaf.kinds import TITRES, Flux, kind_of
from connectors.exchanges import Exchange, ExchangeRefused
from connectors.hub import PartnerError
from connectors.hubee.api import Corrupted, Hubee, HubeeError
from connectors.hubee.codes import MESSAGE_MAX, Etat, Piece, expected
from connectors.state import Held
from connectors.systems import Context, Loop

_log = structlog.get_logger()
_LEASE = timedelta(seconds=30)
_MOST = 50
"""Notifications asked for at once; a notification that must wait comes again."""
_FINAL = (Etat.FAIT, Etat.ERREUR, Etat.RECU)


class _NotYet(Exception):
    """HubEE is still receiving a part of the case."""


def loops(context: Context) -> Mapping[str, Loop]:
    """One per démarche, so that none waits for another."""

    def loop(code: str) -> Loop:
        async def run(stop: asyncio.Event) -> None:
            async with _open(context, code) as hubee:
                while not stop.is_set():
                    await poll(context, hubee, code)
                    await wait(stop, context.configuration.toutes_les_s)

        return run

    return {code: loop(code) for code in context.configuration.demarches}


def _open(context: Context, code: str) -> Hubee:
    settings = context.configuration
    return Hubee(settings.base, settings.jeton, settings.demarches[code])


async def poll(context: Context, hubee: Hubee, code: str) -> int:
    """Handle what waits in the box for this démarche; how many notifications were acknowledged."""
    acknowledged = 0
    for notification in await hubee.notifications(code, _MOST):
        held = await context.state.take(f"hubee {notification['id']}", _LEASE)
        if held is None:
            continue
        try:
            async with held:
                acknowledged += await _handle(context, hubee, notification, held)
        except (HubeeError, PartnerError, _NotYet) as error:
            _log.info("hubee.later", mandat=context.mandate.code, error=type(error).__name__)
    return acknowledged


async def _handle(context: Context, hubee: Hubee, notification: Mapping[str, Any], held: Held) -> bool:
    """Whether the notification is acknowledged."""
    case_id = notification.get("caseId")
    if case_id and notification.get("eventId"):
        await hubee.receive_event(case_id, notification["eventId"])
    elif case_id:
        await _case(context, hubee, case_id, held)
    await hubee.acknowledge(notification["id"])
    await held.settle("fait")
    return True


async def _case(context: Context, hubee: Hubee, case_id: str, held: Held) -> None:
    case = await hubee.case(case_id)
    if _is_answered(case):  # before a crash that left its notification
        return
    nature = f"hubee.{case['processCode']}"
    try:
        async with context.journal.exchange("entrant", nature, case_id) as exchange:
            state, sentence = await _integrate(context, hubee, case, exchange, held)
            await hubee.say(case_id, case["status"], state, sentence, f"Échange {exchange.id}")
            if state is Etat.ERREUR:
                raise ExchangeRefused(sentence)
    except ExchangeRefused:
        _log.info("hubee.refused", mandat=context.mandate.code, case=case_id)


def _is_answered(case: Mapping[str, Any]) -> bool:
    """A state without the event that tells it is one that a crash left half said."""
    told = {event.get("caseNewStatus") for event in case.get("events") or ()}
    return case["status"] in _FINAL and case["status"] in told


async def _integrate(
    context: Context, hubee: Hubee, case: Mapping[str, Any], exchange: Exchange, held: Held
) -> tuple[Etat, str]:
    """The state to say, once everything is durable, and the sentence that goes with it."""
    attachments = case.get("attachments") or []
    bad = [one["status"] for one in attachments if one["status"] in (Piece.CORROMPUE, Piece.REJETEE)]
    if bad or not attachments:
        why = f"pièce {bad[0]} chez HubEE" if bad else "aucune pièce jointe"
        return Etat.ERREUR, f"Dossier non intégré : {why}."
    if any(one["status"] == Piece.ATTENDUE for one in attachments):
        raise _NotYet
    outcomes: list[Outcome] = []
    for attachment in attachments:
        try:
            outcomes.append(await _attachment(context, hubee, case, attachment, exchange, held))
        except (FlowRefused, Corrupted) as refused:
            exchange.counts["fichier-refuse"] += 1
            return Etat.ERREUR, f"Fichier refusé, rien n'en est déposé : {refused}"[:MESSAGE_MAX]
    sentence = " ".join(outcome.sentence() for outcome in outcomes)[:MESSAGE_MAX]
    if any(outcome.refused for outcome in outcomes):
        return Etat.ERREUR, sentence
    return (Etat.FAIT if all(outcome.is_read for outcome in outcomes) else Etat.RECU), sentence


async def _attachment(
    context: Context,
    hubee: Hubee,
    case: Mapping[str, Any],
    attachment: Mapping[str, Any],
    exchange: Exchange,
    held: Held,
) -> Outcome:
    """In clear, the bytes are only in a file without a name, which ends with the process."""

    async def alive(_: int) -> None:
        await held.extend()

    with tempfile.TemporaryFile(dir=context.folder) as source:
        digest = await hubee.download(case["id"], attachment["id"], source)
        source.seek(0)
        await asyncio.to_thread(archive, context, digest, source)
        exchange.archive = digest
        report = folder_of(context, "rapports") / f"{case['id']}-{digest[:12]}.jsonl"
        kind = await asyncio.to_thread(_kind, case["processCode"], source)
        return await intake.take(context, exchange, kind, source, report, alive, _rules(context))


def _kind(process_code: str, source: BinaryIO) -> Flux:
    """Return which of the flows of this démarche the file is. Raises `FlowRefused`."""
    kind, carried = kind_of(source), expected(process_code) or frozenset()
    if kind not in carried:
        told = " ou ".join(sorted(carried))
        raise FlowRefused(f"la démarche {process_code} porte {told}, et le fichier est un flux {kind}.")
    return kind


def _rules(context: Context) -> intake.Rules:
    settings = context.configuration
    organismes = {str(parcours): str(organisme) for parcours, organisme in settings.organismes.items()}
    return intake.Rules(settings.departement, organismes=organismes, avec_dsp=settings.dsp)


async def try_out(context: Context, fichier: Path | None) -> AsyncIterator[str]:
    """With a file: what it is and holds. Without: what waits in the box of each démarche. Nothing is taken."""
    if fichier is not None:
        with fichier.open("rb") as source:
            try:
                kind = kind_of(source)
                held = intake.count(source) if kind.value in ("vrsb", "virs", "vird") else {}
            except FlowRefused as refused:
                raise ExchangeRefused(f"Fichier refusé : {refused}") from refused
        counted = "".join(f", {count} {name}" for name, count in held.items())
        yield f"{fichier.name} : flux {kind} ({TITRES[kind]}){counted}"
        return
    for code in context.configuration.demarches:
        try:
            async with _open(context, code) as hubee:
                waiting = await hubee.notifications(code, _MOST)
        except HubeeError as error:
            yield f"{code} : {error}"
        else:
            yield f"{code} : {len(waiting)} notification(s) en attente"
