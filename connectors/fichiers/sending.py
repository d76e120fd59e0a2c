"""A table deposited line by line, and its report: the same file with what became of each line.

A line that was accepted once is not deposited again, whatever file brings it back; a line that was refused is tried
again with the next file. A file that was cut short by a crash is begun again under the same ids.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from connectors.archive import about
from connectors.exchanges import Exchange
from connectors.fichiers.configuration import Arrivee
from connectors.fichiers.reading import LineRefused, Read, read
from connectors.fichiers.tables import Line, Report, Table, TableRefused
from connectors.hub import ACCEPTED, WAITING, Answer, HubUnreachable, deposit, find
from connectors.systems import Context
from relais_contrats.catalogue import CATALOGUE
from relais_contrats.codes.acteurs import Finalite
from relais_contrats.lecture import forme_canonique

_CHUNK_LINES = 500
_PERSON, _LINE, LOCAL = "personne", "ligne", "local"
_UNKNOWN = "Personne inconnue du relais : signalez-la d'abord, ou corrigez ses numéros."
Alive = Callable[[int], Awaitable[None]]


@dataclass(slots=True)
class _Told:
    """One line on its way: `result` and `why` once they are known."""

    line: Line
    read: Read | None = None
    message: Mapping[str, Any] | None = None
    key: str = ""
    result: str = ""
    why: str = ""


async def send(
    context: Context,
    exchange: Exchange,
    arrivee: Arrivee,
    source: BinaryIO,
    digest: str,
    report: Path,
    alive: Alive,
) -> None:
    """Raises `TableRefused` before anything is deposited, `PartnerError` when it is to be begun again."""
    checked(arrivee, source)
    since = await _first_seen(context, digest)
    with opened(arrivee, source) as table, Report(report, table) as told_in:
        lines = table.lines()
        while chunk := [_Told(line) for line in islice(lines, _CHUNK_LINES)]:
            await _chunk(context, exchange, arrivee, chunk, digest, since)
            for one in chunk:
                exchange.counts[one.result] += 1
                told_in.add(one.line, len(table.columns), one.result, one.why)
            await alive(len(chunk))


def opened(arrivee: Arrivee, source: BinaryIO) -> Table:
    return Table(source, separator=arrivee.separateur, encoding=arrivee.encodage, sheet=arrivee.feuille)


def checked(arrivee: Arrivee, source: BinaryIO) -> int:
    """How many lines the file has; it is read to its end, so that one cut short deposits nothing."""
    with opened(arrivee, source) as table:
        missing = [name for name in arrivee.read_columns if name not in table.columns]
        if missing:
            there = ", ".join(filter(None, table.columns))
            raise TableRefused(f"Colonnes absentes : {', '.join(missing)} ; le fichier a {there}.")
        return sum(1 for _ in table.lines())


async def _first_seen(context: Context, digest: str) -> datetime:
    """The instant of the lines that say none: the same when the file is begun again."""
    name = f"fichier {digest}"
    known = await context.state.position(name)
    if known is None:
        known = context.clock().isoformat()
        await context.state.move(name, known)
    return datetime.fromisoformat(known)


async def _chunk(
    context: Context, exchange: Exchange, arrivee: Arrivee, chunk: Sequence[_Told], digest: str, since: datetime
) -> None:
    for one in chunk:
        try:
            one.read = read(arrivee, one.line)
        except LineRefused as refused:
            one.result, one.why = "refusé", str(refused)
    read_lines = [one.read for one in chunk if one.read]
    named = {context.state.name(_PERSON, key) for line in read_lines for key in line.keys}
    await about(context, digest, named | {line.parcours for line in read_lines if line.parcours})
    await _name_persons(context, arrivee, chunk)
    for one in chunk:
        _prepare(context, arrivee, one, digest, since)
    await _pass_over_known(context, chunk)
    sent = [one for one in chunk if one.message is not None and not one.result]
    answers = await deposit(context.hub, (one.message for one in sent if one.message), exchange.traceparent)
    if any(answer.etat == WAITING or answer.est_relancable for answer in answers):
        raise HubUnreachable("Le relais n'a pas tout décidé : ce fichier sera repris.")
    for one, answer in zip(sent, answers, strict=True):
        one.result, one.why = _outcome(answer)
    await _remember(context, sent, answers)


async def _name_persons(context: Context, arrivee: Arrivee, chunk: Sequence[_Told]) -> None:
    """The parcours of each line, where the message speaks of one: given, known here, else asked of the hub."""
    if not CATALOGUE[arrivee.message].porte_sur_parcours:
        return
    asked = [key for one in chunk if one.read for key in one.read.keys]
    known = await context.state.ours_of(_PERSON, asked)
    for one in chunk:
        if one.read is None or one.read.parcours:
            continue
        found = next((known[key] for key in one.read.keys if key in known), None) or await _search(context, one.read)
        if found is None:
            one.result, one.why = (
                "refusé",
                "Personne inconnue du relais : signalez-la d'abord, ou corrigez ses numéros.",
            )
        one.read = Read(one.read.data, one.read.keys, one.read.identifiants, found)


async def _search(context: Context, line: Read) -> str | None:
    wanted = [one for one in line.identifiants if one["type"] != "local"]
    return await find(context.hub, context.mandate, wanted)


def _prepare(context: Context, arrivee: Arrivee, one: _Told, digest: str, since: datetime) -> None:
    if one.read is None or one.result:
        return
    fait = CATALOGUE[arrivee.message]
    subject = one.read.parcours if fait.porte_sur_parcours else None
    departement = arrivee.departement or context.configuration.departement
    content = forme_canonique([fait.nom, departement, subject, one.read.data])
    one.key = hashlib.sha256(content).hexdigest()
    one.message = context.hub.message(
        fait.nom,
        one.read.data,
        departement=departement,
        subject=subject,
        id_=f"fichier-{hashlib.sha256(f'{digest} {one.key}'.encode()).hexdigest()[:40]}",
        instant=since,
        finalite=str(arrivee.finalite or _purpose(fait.finalites)),
        agent=arrivee.agent or "batch",
    )


def _purpose(purposes: frozenset[str]) -> str:
    """The first that the message serves, in the order in which a parcours goes."""
    return next(str(one) for one in Finalite if one in purposes)


async def _pass_over_known(context: Context, chunk: Sequence[_Told]) -> None:
    """Lines that were accepted before, or that this file says twice."""
    known = set(await context.state.ours_of(_LINE, [one.key for one in chunk if one.key]))
    for one in chunk:
        if one.key and not one.result:
            if one.key in known:
                one.result, one.message = "déjà déposé", None
            known.add(one.key)


def _outcome(answer: Answer) -> tuple[str, str]:
    if answer.etat == ACCEPTED:
        return ("déjà déposé" if answer.est_rejoue else "accepté"), ""
    return "refusé", " : ".join(filter(None, (answer.code, answer.detail)))


async def _remember(context: Context, sent: Sequence[_Told], answers: Sequence[Answer]) -> None:
    accepted = [(one, answer) for one, answer in zip(sent, answers, strict=True) if answer.etat == ACCEPTED]
    await context.state.link(_PERSON, _persons(accepted))
    await context.state.link(LOCAL, _locals(accepted))
    await context.state.link(_LINE, ((one.key, answer.id or "") for one, answer in accepted))


def _locals(accepted: Sequence[tuple[_Told, Answer]]) -> Iterator[tuple[str, str]]:
    """The partner's own number of each person: it comes back in the tables that leave."""
    for one, answer in accepted:
        for identifiant in one.read.identifiants if one.read and answer.parcours else ():
            if identifiant["type"] == LOCAL:
                yield identifiant["valeur"], answer.parcours or ""


def _persons(accepted: Sequence[tuple[_Told, Answer]]) -> Iterator[tuple[str, str]]:
    for one, answer in accepted:
        if one.read and answer.parcours:
            yield from ((key, answer.parcours) for key in one.read.keys)
