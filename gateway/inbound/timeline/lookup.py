"""From what an operator has in hand to the messages that it names.

An id of a message at its emitter (alone, or `partenaire/id`), of a deposit at the hub, of an event as any partner
receives it, `partenaire/relaisnumero` of its feed, a trace (`instance` of a refusal) or a whole `traceparent`, the
pseudonym that any partner has of a parcours or of an object. SQL only, each statement by an index.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis.database import Connection, Record
from gateway.inbound.timeline import phrases
from gateway.pseudonyms import OBJECT_PREFIX, PREFIX, Pseudonyms

HUB = "_passerelle"
"""Under this name the hub itself deposits."""
_MOST = 50
_DEEPEST = 20
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
_TRACE = re.compile(r"[0-9a-f]{32}")

_BY_NAME = """
SELECT partenaire FROM depots WHERE partenaire = ANY($1) AND message = $2
UNION SELECT partenaire FROM refus_de_depot WHERE partenaire = ANY($1) AND message = $2 ORDER BY 1 LIMIT 50
"""
_BY_DEPOSIT = "SELECT partenaire, message FROM depots WHERE id = $1"
_BY_TRACE = """
SELECT partenaire, message, NULL AS numero FROM depots WHERE split_part(trace, '-', 2) = $1
UNION ALL
SELECT partenaire, message, min(numero) FROM refus_de_depot WHERE trace = $1
GROUP BY partenaire, message, CASE WHEN message IS NULL THEN numero END
LIMIT 50
"""
# What led to an event: a deposit by the name that its emitter gave it or by its id, or another event.
_CAUSE = """
SELECT id, corps ->> 'causeid' AS cause, corps ->> 'source' AS source, parcours FROM evenements WHERE id = ANY($1)
UNION ALL SELECT id, entree ->> 'causeid', entree ->> 'source', agregat FROM retenus WHERE id = ANY($1)
UNION ALL SELECT id, entree ->> 'causeid', entree ->> 'source', agregat FROM rebut WHERE id = ANY($1)
LIMIT 1
"""
_KNOWN = """
SELECT parcours FROM participations WHERE parcours = ANY($1)
UNION SELECT absorbe FROM alias WHERE absorbe = ANY($1)
UNION SELECT parcours FROM effaces WHERE parcours = ANY($1)
UNION SELECT parcours FROM depots WHERE parcours = ANY($1)
LIMIT 1
"""
_OBJECT = "SELECT id, parcours FROM objets WHERE id = ANY($1) LIMIT 1"
_BY_NUMBER = "SELECT evenement FROM livraisons WHERE (partenaire, relaisnumero) = ($1, $2::bigint)"
_SURVIVOR = "SELECT coalesce((SELECT survivant FROM alias WHERE absorbe = $1), $1)"
_ABSORBED = "SELECT absorbe FROM alias WHERE survivant = $1"
_PERSON = """
SELECT (SELECT departement FROM territoires WHERE parcours = $1) AS departement,
    (SELECT min(a) FROM effaces WHERE parcours = ANY($2)) AS efface_a,
    (SELECT depuis FROM archives WHERE parcours = $1) AS archive_depuis,
    (SELECT depuis FROM oppositions WHERE parcours = $1) AS oppose_depuis
"""
_DEPOSITS = """
SELECT partenaire, message, type, etat, recu_a FROM depots WHERE parcours = ANY($1) ORDER BY numero DESC LIMIT $2
"""


@dataclass(frozen=True, slots=True)
class Cle:
    """What names one message: by its emitter's id; else its refusal, or an event that nobody deposited."""

    partenaire: str
    message: str | None
    refus: int | None = None
    evenement: UUID | None = None
    parcours: UUID | None = None


@dataclass(frozen=True, slots=True)
class Resume:
    """A message in the list of a parcours."""

    partenaire: str
    message: str
    type: str
    etat: str
    etat_lisible: str
    recu_a: datetime


@dataclass(frozen=True, slots=True)
class Parcours:
    """`de`: the partner that calls it by the name that was given; the latest messages about it."""

    de: str
    personne: "Personne"
    messages: Sequence[Resume]


@dataclass(frozen=True, slots=True)
class Personne:
    """The parcours as it is now: where, and what closes it."""

    departement: str | None
    efface_a: datetime | None
    archive_depuis: datetime | None
    oppose_depuis: datetime | None


async def messages(conn: Connection, pseudonyms: Pseudonyms, codes: Collection[str], text: str) -> list[Cle]:
    """The messages that this names, at most fifty; `codes` are those of the partners."""
    everybody = [*codes, HUB]
    owner, _, own = text.partition("/")
    if owner in everybody and own:
        return await _by_name(conn, [owner], own) or await _by_number(conn, owner, own)
    if found := await _by_name(conn, everybody, text):
        return found
    if (trace := trace_of(text)) and (rows := await conn.fetch(_BY_TRACE, trace)):
        return [Cle(row["partenaire"], row["message"], row["numero"]) for row in rows]
    try:
        id_ = UUID(text)
    except ValueError:
        return []
    if row := await conn.fetchrow(_BY_DEPOSIT, id_):
        return [Cle(row["partenaire"], row["message"])]
    return await _by_event(conn, [id_, *(pseudonyms.read_event(code, id_) for code in codes if _is_a_name(id_))])


async def known(conn: Connection, pseudonyms: Pseudonyms, codes: Collection[str], text: str) -> tuple[UUID, str] | None:
    """The parcours that one of these calls so, or of which it calls an object so; and which.

    Any pseudonym decrypts under each key: one is known here.
    """
    if text.startswith(OBJECT_PREFIX):
        objects = {uuid: code for code in codes if (uuid := pseudonyms.read_object(code, text))}
        row = await conn.fetchrow(_OBJECT, list(objects))
        return (row["parcours"], objects[row["id"]]) if row else None
    if not text.startswith(PREFIX):
        return None
    read = {uuid: code for code in codes if (uuid := pseudonyms.read(code, text))}
    found = await conn.fetchval(_KNOWN, list(read))
    return (found, read[found]) if found else None


async def is_known(conn: Connection, id_: UUID) -> bool:
    """Whether a person bears, or bore, this id."""
    return await conn.fetchval(_KNOWN, [id_]) is not None


async def parcours(conn: Connection, pseudonyms: Pseudonyms, codes: Collection[str], text: str) -> Parcours | None:
    """The parcours that one of the partners calls so, with what was last said of it."""
    found = await known(conn, pseudonyms, codes, text)
    if found is None:
        return None
    names = await family(conn, found[0])
    rows = await conn.fetch(_DEPOSITS, names, _MOST)
    return Parcours(found[1], await person(conn, names), [_summary(row) for row in rows])


def _summary(row: Record) -> Resume:
    return Resume(**row, etat_lisible=phrases.ETATS["attente" if row["etat"] == "en-attente" else row["etat"]])


async def family(conn: Connection, parcours: UUID) -> list[UUID]:
    """All ids of a person: the survivor of merges first, then what it absorbed."""
    survivor: UUID = await conn.fetchval(_SURVIVOR, parcours)
    return [survivor, *(row["absorbe"] for row in await conn.fetch(_ABSORBED, survivor))]


async def person(conn: Connection, names: Sequence[UUID]) -> Personne:
    row = await conn.fetchrow(_PERSON, names[0], names)
    assert row is not None
    return Personne(**row)


async def _by_name(conn: Connection, codes: Sequence[str], message: str) -> list[Cle]:
    return [Cle(row["partenaire"], message) for row in await conn.fetch(_BY_NAME, codes, message)]


async def _by_number(conn: Connection, receiver: str, number: str) -> list[Cle]:
    """From the `relaisnumero` of an event in the feed of this partner."""
    if not (number.isascii() and number.isdecimal() and len(number) < 19):
        return []
    event = await conn.fetchval(_BY_NUMBER, receiver, int(number))
    return await _by_event(conn, [event]) if event else []


async def _by_event(conn: Connection, ids: Sequence[UUID]) -> list[Cle]:
    """From an event back to the deposit that led to it, or to the first event that has no other cause here."""
    row = await conn.fetchrow(_CAUSE, ids)
    if row is None:
        return []
    first = row
    for _ in range(_DEEPEST):
        owner, _, message = (row["cause"] or "").partition(":")
        if message:
            return [Cle(owner, message)]
        if not owner:
            break
        if deposit := await conn.fetchrow(_BY_DEPOSIT, UUID(owner)):
            return [Cle(deposit["partenaire"], deposit["message"])]
        if (before := await conn.fetchrow(_CAUSE, [UUID(owner)])) is None:
            break
        row = before
    source = (row["source"] or "").rpartition("/")[2]
    return [Cle(source, None, evenement=row["id"], parcours=first["parcours"])]


def trace_of(text: str) -> str | None:
    if whole := _TRACEPARENT.fullmatch(text):
        return whole[1]
    return text if _TRACE.fullmatch(text) else None


def _is_a_name(id_: UUID) -> bool:
    """Whether it may be the name that a partner has of an event: see `Pseudonyms.event_of`."""
    return id_.bytes[8] >> 6 == 0b10 and 1 <= id_.bytes[6] >> 4 <= 8
