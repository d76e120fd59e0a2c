"""The file of allocataires' telephones and e-mails: CSV (`;`), joined to persons by role with matricule, demand or NIR.

The flow of beneficiaries does not carry them. A line whose person is not known here is told, never guessed.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

from connectors.archive import about
from connectors.cnaf.flow import FlowRefused
from connectors.cnaf.reading import Omission, joined, matricule_court
from connectors.cnaf.report import Ligne, Report
from connectors.hub import REFUSED, WAITING, Answer, HubUnreachable, deposit, find
from relais_contrats.lecture import forme_canonique

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from connectors.exchanges import Exchange
    from connectors.systems import Context

_CHUNK_LINES = 500
_ROLES = {"DEMANDEUR": "demandeur", "CONJOINT": "conjoint", "DEM": "demandeur", "CJT": "conjoint"}
_NEEDED = ("MATRICULE", "ROLE PERSONNE", "NIR", "NUMERO DEMANDE RSA")


@dataclass(frozen=True, slots=True)
class Contact:
    """One line. `keys`: by what the person may be known, the surest first."""

    ligne: int
    keys: tuple[str, ...]
    identifiants: tuple[Mapping[str, str], ...]
    telephones: tuple[str, ...]
    courriel: str


def read(source: BinaryIO) -> Iterator[Contact]:
    """Raises `FlowRefused` when a column that joins persons is missing, or the file is cut in the middle of a line."""
    source.seek(0)
    beginning = source.read(4096)
    source.seek(0)
    encoding = "utf-8-sig" if _is_utf8(beginning) else "cp1252"
    text = io.TextIOWrapper(source, encoding, errors="replace", newline="")
    try:
        rows = csv.DictReader(text, delimiter=";")
        missing = [name for name in _NEEDED if name not in (rows.fieldnames or ())]
        if missing:
            raise FlowRefused(f"colonnes absentes : {', '.join(missing)}.", 1)
        for row in rows:
            if None in row.values() or None in row:
                raise FlowRefused(
                    "la ligne n'a pas autant de colonnes que l'en-tête : le fichier est tronqué.", rows.line_num
                )
            yield _contact(rows.line_num, {name: (value or "").strip() for name, value in row.items()})
    finally:
        text.detach()


def _is_utf8(beginning: bytes) -> bool:
    try:
        beginning.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start > len(beginning) - 4  # a character cut by the end of what was read
    return True


def _contact(ligne: int, row: Mapping[str, str]) -> Contact:
    role = _ROLES.get(row["ROLE PERSONNE"].upper(), "")
    nir, demande, matricule = row["NIR"], row["NUMERO DEMANDE RSA"], row["MATRICULE"]
    keys = [f"nir {nir[:13]}"] if nir else []
    if role:
        keys += [f"numero-demande-rsa {demande} {role}"] if demande else []
        keys += [
            f"{nature} {matricule_court(matricule)} {role}"
            for nature in ("matricule-caf", "matricule-msa")
            if matricule
        ]
    return Contact(
        ligne,
        tuple(keys),
        ({"type": "nir", "valeur": nir},) if nir else (),
        tuple(filter(None, (row.get("NUMERO TELEPHONE DOSSIER", ""), row.get("NUMERO TELEPHONE 2 DOSSIER", "")))),
        row.get("ADRESSE ELECTRONIQUE DOSSIER", ""),
    )


async def send(
    context: Context,
    exchange: Exchange,
    source: BinaryIO,
    report: Report,
    alive: Callable[[int], Awaitable[None]],
    departement: str,
) -> None:
    """Correct the coordinates of each person that is known. Raises `FlowRefused` before anything is deposited."""
    total = sum(1 for _ in read(source))
    chunk: list[tuple[Contact, dict[str, Any]]] = []
    for contact in read(source):
        message = await _message(context, contact, report, departement)
        if message is not None:
            chunk.append((contact, message))
        if len(chunk) == _CHUNK_LINES:
            await _deposit(context, exchange, chunk, report)
            await alive(len(chunk))
            chunk = []
    await _deposit(context, exchange, chunk, report)
    await alive(total)


async def _message(context: Context, contact: Contact, report: Report, departement: str) -> dict[str, Any] | None:
    omissions: list[Omission] = []
    telephone = contact.telephones[0] if contact.telephones else ""
    coordonnees = joined(telephone, contact.courriel, omissions)
    if len(set(contact.telephones)) > 1:
        omissions.append(Omission("coordonnees.telephone", None, "second téléphone : le contrat n'en porte qu'un."))
    for omission in omissions:
        report.add(Ligne(contact.ligne, 0, 0, omission.objet, "omis", omission.code, omission.motif))
    if not coordonnees:
        report.add(Ligne(contact.ligne, 0, 0, "ligne", "ignore", motif="ni téléphone ni courriel lisible"))
        return None
    parcours = await _parcours(context, contact)
    if parcours is None:
        motif = "personne inconnue ici : ni par son NIR, ni par sa demande, ni par son matricule et son rôle."
        report.add(Ligne(contact.ligne, 0, 0, "usager.corrige", REFUSED, "usager-inconnu", motif))
        return None
    data = {"coordonnees": coordonnees}
    content = forme_canonique([parcours, data])
    return context.hub.message(
        "usager.corrige",
        data,
        departement=departement,
        subject=parcours,
        id_=f"contact-{hashlib.sha256(content).hexdigest()[:40]}",
    )


async def _parcours(context: Context, contact: Contact) -> str | None:
    for key in contact.keys:
        if found := await context.state.ours("cnaf-personne", key):
            return found
    return await find(context.hub, context.mandate, contact.identifiants)


async def _deposit(
    context: Context, exchange: Exchange, chunk: list[tuple[Contact, dict[str, Any]]], report: Report
) -> None:
    await about(context, exchange.archive, {message["subject"] for _, message in chunk})
    answers = await deposit(context.hub, (message for _, message in chunk), exchange.traceparent)
    if any(answer.etat == WAITING or answer.est_relancable for answer in answers):
        raise HubUnreachable("Le relais n'a pas tout décidé : ce fichier sera repris.")
    for (contact, _), answer in zip(chunk, answers, strict=True):
        report.add(_line(contact, answer))


def _line(contact: Contact, answer: Answer) -> Ligne:
    result = "deja-depose" if answer.etat == "accepte" and answer.est_rejoue else answer.etat
    where = (contact.ligne, 0, 0, "usager.corrige")
    return Ligne(*where, result, answer.code, answer.detail, answer.id, answer.parcours, answer.trace)
