"""From translated persons to deposits: `usager.signale`, then what follows on the parcours that the hub answers.

Message ids are derived from the flow's header and the content: the same file again deposits nothing new.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from connectors.cnaf.flow import Header
from connectors.cnaf.reading import Ignore, Signalement
from connectors.cnaf.report import REFUS, Ligne, Report
from connectors.hub import WAITING, Answer, HubUnreachable, Partner, PartnerError, deposit
from relais_contrats.lecture import forme_canonique

CHUNK_PERSONS = 500
Progress = Callable[[int], Awaitable[None]]


async def _unheard(_: int) -> None: ...


@dataclass(frozen=True, slots=True)
class Prepared:
    personne: Signalement
    message: Mapping[str, Any]


class Sender:
    """`transfers`: whether this partner may say that somebody leaves (a département may, a payer may not).
    `settle`: an answer that never comes is an error, instead of a line of the report."""

    def __init__(
        self,
        partner: Partner,
        entete: Header,
        report: Report,
        *,
        traceparent: str | None = None,
        transfers: bool = False,
        settle: bool = False,
        known: Callable[[Iterable[tuple[str, str]]], Awaitable[None]] | None = None,
    ) -> None:
        self._partner = partner
        self._entete = entete
        self._report = report
        self._traceparent = traceparent
        self._transfers = transfers
        self._settle = settle
        self._known = known
        """Told keys of the flow, each with the parcours that it leads to."""

    async def send(
        self, persons: Iterable[Signalement | Ignore], concurrency: int, progress: Progress = _unheard
    ) -> None:
        """Keep `concurrency` requests on their way; call `progress(n)` as persons are settled."""
        free = asyncio.Semaphore(concurrency)

        async def run(chunk: Sequence[Signalement | Ignore]) -> None:
            try:
                await self._chunk(chunk)
                await progress(len(chunk))
            finally:
                free.release()

        failures: list[BaseException] = []
        try:
            async with asyncio.TaskGroup() as tasks:
                for chunk in _chunks(persons):
                    await free.acquire()
                    tasks.create_task(run(chunk))
        except* PartnerError as failed:
            failures += failed.exceptions
        if failures:  # one of them, as a caller without tasks would see it
            raise failures[0]

    async def _chunk(self, chunk: Sequence[Signalement | Ignore]) -> None:
        for person in chunk:
            self._tell_apart(person)
        signalements = [person for person in chunk if isinstance(person, Signalement)]
        signales = [self._prepare("usager.signale", p, p.usager) for p in signalements]
        answers = await self._deposit(signales)
        self._tell("usager.signale", signales, answers)
        led = [
            (p, answer.parcours)
            for p, answer in zip(signalements, answers, strict=True)
            if answer.etat == "accepte" and answer.parcours
        ]
        await self._remember(led)
        # One fait after the other: on a parcours, they are deposited in this order.
        for fait in ("droits.modifies", "diagnostic.realise", "orientation.preconisee", "parcours.transfere"):
            follow = [
                self._prepare(fait, p, dict(p.suites())[fait], subject=s) for p, s in led if fait in dict(p.suites())
            ]
            if fait == "parcours.transfere" and not self._transfers:
                self._keep_back(follow)
                continue
            self._tell(fait, follow, await self._deposit(follow))

    async def _remember(self, led: Sequence[tuple[Signalement, str]]) -> None:
        if self._known:
            await self._known((key, parcours) for person, parcours in led for key in person.cles)

    def _prepare(self, fait: str, person: Signalement, data: Mapping[str, Any], subject: str | None = None) -> Prepared:
        content = forme_canonique([self._entete.signature, fait, person.departement, subject, dict(data)])
        id_ = f"cnaf-{hashlib.sha256(content).hexdigest()[:40]}"
        message = self._partner.message(
            fait, data, departement=person.departement, subject=subject, id_=id_, instant=self._entete.emis_a
        )
        return Prepared(person, message)

    async def _deposit(self, prepared: Sequence[Prepared]) -> Sequence[Answer]:
        """One answer each, settled: a 202 is waited for."""
        answers = await deposit(self._partner, (one.message for one in prepared), self._traceparent)
        if self._settle and any(answer.etat == WAITING or answer.est_relancable for answer in answers):
            raise HubUnreachable("Le relais n'a pas tout décidé : ce fichier sera repris.")
        return answers

    def _tell_apart(self, person: Signalement | Ignore) -> None:
        """What will not be deposited."""
        where = (person.ligne, person.foyer, person.personne)
        if isinstance(person, Ignore):
            self._report.add(Ligne(*where, "personne", "ignore", motif=person.motif))
            return
        for omission in person.omissions:
            resultat = REFUS if omission.code else "omis"
            self._report.add(Ligne(*where, omission.objet, resultat, omission.code, omission.motif))

    def _keep_back(self, prepared: Sequence[Prepared]) -> None:
        motif = "un organisme payeur ne transfère pas un parcours : le département le fera."
        for one in prepared:
            p = one.personne
            self._report.add(Ligne(p.ligne, p.foyer, p.personne, "parcours.transfere", "omis", motif=motif))

    def _tell(self, objet: str, prepared: Sequence[Prepared], answers: Sequence[Answer]) -> None:
        for one, answer in zip(prepared, answers, strict=True):
            person = one.personne
            self._report.add(
                Ligne(
                    person.ligne,
                    person.foyer,
                    person.personne,
                    objet,
                    _result(answer),
                    answer.code,
                    answer.detail,
                    answer.id,
                    answer.parcours,
                    answer.trace,
                )
            )


def _result(answer: Answer) -> str:
    return "deja-depose" if answer.etat == "accepte" and answer.est_rejoue else answer.etat


def _chunks(persons: Iterable[Signalement | Ignore]) -> Iterator[list[Signalement | Ignore]]:
    iterator = iter(persons)
    while chunk := list(islice(iterator, CHUNK_PERSONS)):
        yield chunk
