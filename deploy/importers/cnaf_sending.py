"""From translated persons to deposits: `usager.signale`, then `droits.modifies` on the parcours that the hub answers.

Message ids are derived from the flow's header and the content: the same file again deposits nothing new.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from deploy.importers.cnaf_flow import Header
from deploy.importers.cnaf_report import REFUS, Ligne, Report
from deploy.importers.cnaf_translation import Ignore, Signalement
from deploy.partner import Answer, Partner
from relais_contrats.lecture import MessageInvalide, forme_canonique, lire_objet

CHUNK_PERSONS = 500
_AMBIGUOUS = "usager-ambigu"
# How often the rights of an ambiguous person are tried again, one import after the other.
_MAX_TRIES = 9


@dataclass(frozen=True, slots=True)
class Prepared:
    """A message, or why the published contract already refuses it."""

    personne: Signalement
    message: dict[str, Any]
    refus: Answer | None


class Sender:
    def __init__(self, partner: Partner, entete: Header, report: Report) -> None:
        self._partner = partner
        self._entete = entete
        self._report = report

    async def send(self, persons: Iterable[Signalement | Ignore], concurrency: int, progress: Any) -> None:
        """Keep `concurrency` requests on their way; `progress(n)` is told as persons are settled."""
        free = asyncio.Semaphore(concurrency)

        async def run(chunk: Sequence[Signalement | Ignore]) -> None:
            try:
                await self._chunk(chunk)
                progress(len(chunk))
            finally:
                free.release()

        async with asyncio.TaskGroup() as tasks:
            for chunk in _chunks(persons):
                await free.acquire()
                tasks.create_task(run(chunk))

    async def _chunk(self, chunk: Sequence[Signalement | Ignore]) -> None:
        for person in chunk:
            self._tell_apart(person)
        signalements = [person for person in chunk if isinstance(person, Signalement)]
        signales = [self._prepare("usager.signale", p, p.usager) for p in signalements]
        answers = await self._deposit(signales)
        self._tell("usager.signale", signales, answers)
        droits = [
            self._prepare("droits.modifies", p, p.droits, subject=answer.parcours)
            for p, answer in zip(signalements, answers, strict=True)
            if p.droits and answer.etat == "accepte" and answer.parcours
        ]
        self._tell("droits.modifies", droits, await self._deposit_rights(droits))

    def _prepare(
        self, fait: str, person: Signalement, data: Mapping[str, Any], subject: str | None = None, attempt: int = 1
    ) -> Prepared:
        content = forme_canonique([self._entete.signature, fait, person.departement, subject, dict(data)])
        id_ = f"cnaf-{hashlib.sha256(content).hexdigest()[:40]}" + (f"-{attempt}" if attempt > 1 else "")
        message = self._partner.message(
            fait, data, departement=person.departement, subject=subject, id_=id_, instant=self._entete.emis_a
        )
        try:
            lire_objet(message)
        except MessageInvalide as refused:
            first = refused.erreurs[0]
            return Prepared(
                person, message, Answer(id_, REFUS, code=refused.code, detail=f"{first.pointeur} : {first.message}")
            )
        return Prepared(person, message, None)

    async def _deposit(self, prepared: Sequence[Prepared]) -> list[Answer]:
        """One answer each, settled: a 202 is waited for."""
        answers = iter(await self._partner.post_many(one.message for one in prepared if one.refus is None))
        known = [one.refus or next(answers) for one in prepared]
        waiting = {answer.id for answer in known if answer.etat == "en-attente" and answer.id}
        settled = {id_: await self._partner.settled(id_) for id_ in sorted(waiting)}
        return [settled.get(answer.id or "", answer) for answer in known]

    async def _deposit_rights(self, prepared: Sequence[Prepared]) -> list[Answer]:
        """An ambiguous person takes no rights, and that answer is final for its id: try again under the next one."""
        answers = await self._deposit(prepared)
        for attempt in range(2, _MAX_TRIES + 1):
            again = [i for i, answer in enumerate(answers) if answer.est_rejoue and answer.code == _AMBIGUOUS]
            if not again:
                break
            retried = [
                self._prepare(
                    "droits.modifies",
                    prepared[i].personne,
                    prepared[i].message["data"],
                    prepared[i].message["subject"],
                    attempt,
                )
                for i in again
            ]
            for i, answer in zip(again, await self._deposit(retried), strict=True):
                answers[i] = answer
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
    if answer.code == _AMBIGUOUS:
        return "ambigu"
    return "deja-depose" if answer.etat == "accepte" and answer.est_rejoue else answer.etat


def _chunks(persons: Iterable[Signalement | Ignore]) -> Iterator[list[Signalement | Ignore]]:
    iterator = iter(persons)
    while chunk := list(islice(iterator, CHUNK_PERSONS)):
        yield chunk
