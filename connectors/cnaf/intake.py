"""One file of the CNAF or the MSA, whatever brought it: read, deposited, and told line by line."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from connectors.archive import about
from connectors.cnaf import check, contacts, flow, reading
from connectors.cnaf.kinds import LUS, TITRES, Flux
from connectors.cnaf.reading import Ignore, Signalement
from connectors.cnaf.report import REFUS, Ligne, Report
from connectors.cnaf.sending import Sender
from connectors.exchanges import Exchange
from connectors.systems import Context
from relais_contrats.catalogue import CATALOGUE

KNOWN_PERSON = "cnaf-personne"
_LINES_TOLD = 12


@dataclass(slots=True)
class Outcome:
    """`refused`: lines whose message was refused, the first ones with their reason; `is_read` is False for a flow that
    is recognised and kept, but becomes no message."""

    flux: Flux
    is_read: bool = True
    accepted: int = 0
    refused: int = 0
    first: list[str] = field(default_factory=list)

    def sentence(self) -> str:
        """For the sender: no name, no number of anybody."""
        if not self.is_read:
            return f"Flux {self.flux} ({TITRES[self.flux]}) reconnu et conservé ; il n'est pas exploité."
        head = f"{self.accepted} messages acceptés, {self.refused} lignes refusées."
        return " ".join([head, *self.first])


Alive = Callable[[int], Awaitable[None]]
"""Told as lines are settled: who takes long shows that it is there."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What a mandate sets: its territory, whether it may transfer, the organism that it chose for each parcours, and
    whether what persons declared is a diagnosis for it."""

    departement: str
    transfers: bool = True
    organismes: Mapping[str, str] = field(default_factory=dict)
    avec_dsp: bool = False


async def take(
    context: Context, exchange: Exchange, kind: Flux, source: BinaryIO, report: Path, alive: Alive, rules: Rules
) -> Outcome:
    """Deposit what the file says. Raises `FlowRefused` (nothing was deposited), `PartnerError` (try again)."""
    outcome = Outcome(kind, is_read=kind in LUS)
    if not outcome.is_read:
        exchange.counts["conserve"] += 1
        return outcome
    with _Told(report, outcome, exchange) as told:
        if kind is Flux.CONTACTS:
            await contacts.send(context, exchange, source, told, alive, rules.departement)
        else:
            await _flow(context, exchange, source, told, alive, rules)
    return outcome


async def _flow(
    context: Context, exchange: Exchange, source: BinaryIO, told: Report, alive: Alive, rules: Rules
) -> None:
    contenu = await asyncio.to_thread(check.check, source, None)

    async def known(pairs: Iterable[tuple[str, str]]) -> None:
        told_of = list(pairs)
        await context.state.link(KNOWN_PERSON, told_of)
        await about(context, exchange.archive, {parcours for _, parcours in told_of})

    sender = Sender(
        context.hub,
        contenu.entete,
        told,
        traceparent=exchange.traceparent,
        transfers=rules.transfers,
        settle=True,
        known=known,
    )
    await sender.send(_persons(rules, contenu.entete, source), 2, alive)


def _persons(rules: Rules, entete: flow.Header, source: BinaryIO) -> Iterator[Signalement | Ignore]:
    for household in flow.households(source):
        yield from reading.translate(
            entete, household, rules.departement, None, rules.organismes, avec_dsp=rules.avec_dsp
        )


def count(source: BinaryIO) -> Mapping[str, int]:
    """A dry run: how many households and persons a flow holds. Raises `FlowRefused`."""
    contenu = check.check(source, None)
    return {"foyers": contenu.foyers, "personnes": contenu.personnes}


class _Told(Report):
    """The report of the lines, which also counts for the exchange and keeps the first refusals for the sender."""

    def __init__(self, path: Path, outcome: Outcome, exchange: Exchange) -> None:
        super().__init__(path)
        self._outcome = outcome
        self._exchange = exchange

    def add(self, ligne: Ligne) -> None:
        super().add(ligne)
        # A message is refused; an identifier that is left out is only told.
        is_message = ligne.objet in CATALOGUE
        self._exchange.counts[ligne.resultat if is_message or ligne.resultat != REFUS else "omis"] += 1
        if is_message and ligne.resultat in ("accepte", "deja-depose"):
            self._outcome.accepted += 1
        elif is_message and ligne.resultat == REFUS:
            self._outcome.refused += 1
            if len(self._outcome.first) < _LINES_TOLD:
                self._outcome.first.append(f"Ligne {ligne.ligne} : {ligne.code}, {ligne.motif}")
