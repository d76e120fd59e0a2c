"""A file of an ALI, deposited object by object, and its report: one line per error, under the names of WebRSA.

What was accepted once and has not changed is not deposited again: a stock says everything each time.
"""

from __future__ import annotations

import asyncio
import csv
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from lxml import etree

from connectors.appointments import Told, steps
from connectors.archive import about, archive, folder_of
from connectors.exchanges import Exchange, ExchangeRefused
from connectors.folders import RETURNS, Taking
from connectors.hub import ACCEPTED, WAITING, Answer, HubUnreachable, deposit
from connectors.state import Held
from connectors.systems import Context
from connectors.webrsa import reading
from connectors.webrsa.codes import Erreur, Objet, named
from connectors.webrsa.reading import Act, Header
from connectors.webrsa.xml import FileRefused, number, read
from relais_contrats.lecture import forme_canonique

PERSONNE, OBJET, _RDV, _REFERENT = "personne", "objet", "rdv", "referent"
COLUMNS = ("id_personne", "objet", "id_ali", "erreur", "motif")


@dataclass(slots=True)
class _File:
    """One that is being taken. `instant`: when the ALI made it; `rows`: of its report."""

    context: Context
    exchange: Exchange
    digest: str
    instant: datetime
    rows: list[Sequence[Any]] = field(default_factory=list)

    def tell(self, personne: int, objet: Objet, id_ali: int | None, erreur: Erreur, why: str = "") -> None:
        self.exchange.counts["refuse"] += 1
        self.rows.append((personne, objet, id_ali or "", erreur, why))


def taking(context: Context) -> Taking:
    async def handle(path: Path, digest: str, exchange: Exchange, held: Held) -> None:
        try:
            await _take(context, path, digest, exchange, held)
        except FileRefused as refused:
            raise ExchangeRefused(f"Fichier refusé, rien n'en est déposé : {refused}") from refused

    return Taking(lambda _: "webrsa.ali", handle)


async def _take(context: Context, path: Path, digest: str, exchange: Exchange, held: Held) -> None:
    with path.open("rb") as source:
        await asyncio.to_thread(archive, context, digest, source)
        exchange.archive = digest
        root = await asyncio.to_thread(read, source)
    file = _File(context, exchange, digest, (await checked(context, root, digest)).instant)
    dossiers = root.findall("dossiers/dossier")
    await about(context, digest, {context.state.name(PERSONNE, str(_person(one))) for one in dossiers})
    for dossier in dossiers:
        await _dossier(file, dossier)
        await held.extend()
    report = folder_of(context, RETURNS) / f"erreurs_{path.stem}.csv"
    await asyncio.to_thread(_write, report, file.rows)


async def checked(context: Context, root: etree._Element, digest: str) -> Header:
    """The header of a file that may be taken. Raises `FileRefused`."""
    found = reading.header(root, context.configuration)
    if found.id_structure_ali != context.configuration.id_structure_ali:
        raise FileRefused(Erreur.UTILISATEUR_INCONNU, "l'en-tête n'est pas celui de l'ALI de ce connecteur.")
    name = f"generation {found.instant.isoformat()}"
    if (await context.state.position(name) or digest) != digest:
        raise FileRefused(Erreur.DEJA_TRAITE, "un fichier de cette date de génération a déjà été pris.")
    await context.state.move(name, digest)
    return found


def _person(dossier: etree._Element) -> int:
    return number(dossier, "id_personne") or 0


async def _dossier(file: _File, dossier: etree._Element) -> None:
    personne = _person(dossier)
    parcours = await file.context.state.ours(PERSONNE, str(personne))
    if parcours is None:
        file.tell(personne, Objet.GLOBAL, None, Erreur.PERSONNE_INCONNUE)
        return
    if lost := reading.lost(dossier):
        file.exchange.counts["perdu"] += lost
    for act in reading.acts(dossier, file.context.configuration, file.context.clock().date()):
        for erreur in act.erreurs:
            file.tell(personne, act.objet, act.id_ali, erreur)
        if act.etat is not None:
            await _appointment(file, personne, parcours, act)
        elif act.faits:
            await _facts(file, personne, parcours, act)


async def _appointment(file: _File, personne: int, parcours: str, act: Act) -> None:
    state, theirs = file.context.state, str(act.id_ali)
    kept = await state.ours(_RDV, theirs)
    told = Told.read(kept) if kept else None
    if told and told.instant > file.instant:
        file.exchange.counts["depasse"] += 1
        return
    found = steps(told, act.etat or {}, f"ali-{act.id_ali}", file.instant)
    if not found.steps:
        file.exchange.counts["perdu" if found.lost else "inchange"] += 1
        return
    for one in found.steps:
        if not await _accepted(file, personne, act, parcours, one.fait, dict(one.data)):
            return
        await state.link(_RDV, [(theirs, one.told.written())])


async def _facts(file: _File, personne: int, parcours: str, act: Act) -> None:
    """Each in its turn, unless it was accepted as it is; the first that is refused ends the object."""
    state = file.context.state
    theirs = f"{act.objet} {personne if act.objet is Objet.REFERENT else act.id_ali}"
    content = hashlib.sha256(forme_canonique([act.faits])).hexdigest()
    for fait, data in act.faits:
        key = f"{theirs} {fait}"
        known = await state.ours(OBJET, key)
        if known == content:
            file.exchange.counts["inchange"] += 1
            continue
        if known and fait == "referent.designe":
            fait, data = _replaced(data)
        if not await _accepted(file, personne, act, parcours, fait, data):
            return
        await state.link(OBJET, [(key, content)])


def _replaced(new: reading.Json) -> tuple[str, reading.Json]:
    """The référent of a person who has one already."""
    motif = "Changement de référent enregistré par l'ALI."
    return "referent.remplace", {"date_fin": new["date_debut"], "motif": motif, "nouveau": new}


async def _accepted(file: _File, personne: int, act: Act, parcours: str, fait: str, data: reading.Json) -> bool:
    """Deposit it; the report says why not."""
    answer = await _deposit(file, act, parcours, fait, data)
    if answer.etat != ACCEPTED:
        why = " : ".join(filter(None, (answer.code, answer.detail)))
        file.tell(personne, act.objet, act.id_ali, named(act.objet, answer.code), why)
        return False
    file.exchange.counts["deja-depose" if answer.est_rejoue else "accepte"] += 1
    return True


async def _deposit(file: _File, act: Act, parcours: str, fait: str, data: reading.Json) -> Answer:
    """The id is of this object in this file: the same file again has no second effect, a later one is tried anew."""
    context = file.context
    content = forme_canonique([file.digest, act.objet, act.id_ali, fait, parcours, data])
    message = context.hub.message(
        fait,
        data,
        departement=context.configuration.departement,
        subject=parcours,
        id_=f"webrsa-{hashlib.sha256(content).hexdigest()[:40]}",
        instant=file.instant,
        finalite="accompagnement",
        agent="batch",
    )
    [answer] = await deposit(context.hub, [message], file.exchange.traceparent)
    if answer.etat == WAITING or answer.est_relancable:
        raise HubUnreachable("Le relais n'a pas tout décidé : ce fichier sera repris.")
    return answer


def _write(path: Path, rows: Sequence[Sequence[Any]]) -> None:
    """Whole or absent; a file without an error has a report without a line."""
    draft = path.with_name(f".{path.name}.en-cours")
    with draft.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream, delimiter=";")
        writer.writerow(COLUMNS)
        writer.writerows(rows)
    draft.replace(path)
