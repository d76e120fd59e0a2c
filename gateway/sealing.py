"""What the gateway seals of its rows, and under which key: the content of events, the answers to deposits.

What SQL looks at stays in the clear: who emitted an event, where, after what, in which place. An erasure destroys the
key of the parcours; what must outlive it (the erasure itself, its answer) is under the key of no parcours.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson
import structlog
from cryptography.exceptions import InvalidTag

from chassis.database import Connection, Record
from coffre.keys import SANS_PARCOURS, Keyring, Vault, key_of
from relais_contrats.catalogue import ABONNES_TERRITOIRE, CATALOGUE

_log = structlog.get_logger()
EVENTS, HELD, ASIDE = "passerelle.evenements", "passerelle.retenus", "passerelle.rebut"
BODIES, ANSWERS = "passerelle.depots.corps", "passerelle.depots.reponse"
IN_CLEAR = frozenset({"brique", "causeid", "departement", "sequence", "source"})
EFFACEMENT = "usager.efface"


def key_of_event(type_: str, corps: Mapping[str, Any], parcours: UUID) -> UUID | None:
    """None for what is of no person: the offer, and notices about a subscription."""
    message = CATALOGUE.get(type_)
    if "subject" not in corps or (message and ABONNES_TERRITOIRE in message.recepteurs):
        return None
    return SANS_PARCOURS if type_ == EFFACEMENT else parcours


def key_of_answer(type_: str, parcours: UUID | None) -> UUID:
    return SANS_PARCOURS if parcours is None or type_ == EFFACEMENT else parcours


Content = tuple[dict[str, Any], bytes | None]
"""What of an event stands in the clear, and the cell with the rest."""


Body = tuple[UUID, str, UUID, Mapping[str, Any]]
"""Of an event: id, type, parcours, body."""


def _keys(events: Iterable[Body]) -> list[UUID | None]:
    return [key_of_event(type_, corps, parcours) for _, type_, parcours, corps in events]


async def prepare(vault: Vault, events: Iterable[Body]) -> None:
    """Make the keys of these events, before a connection is taken to seal them: of two processes that each hold one
    and want another, on a pool that is empty, neither would go on."""
    await vault.ensure({key for key in _keys(events) if key})


async def seal_events(conn: Connection, vault: Vault, table: str, events: Sequence[Body]) -> list[Content]:
    """Raises KeyError for an event whose key was not prepared."""
    keys = _keys(events)
    keyring = await vault.of(conn, [key for key in keys if key])
    return [
        _split(keyring, key, table, id_, corps) if key else (dict(corps), None)
        for key, (id_, _, _, corps) in zip(keys, events, strict=True)
    ]


def _split(keyring: Keyring, key: UUID, table: str, row: UUID, corps: Mapping[str, Any]) -> Content:
    clear = {name: value for name, value in corps.items() if name in IN_CLEAR}
    secret = {name: value for name, value in corps.items() if name not in IN_CLEAR}
    return clear, keyring.seal(key, table, row, orjson.dumps(secret))


async def open_events(
    vault: Vault,
    conn: Connection,
    rows: Iterable[Record],
    *,
    table: str = EVENTS,
    corps: str = "corps",
    row: str = "id",
) -> list[dict[str, Any]]:
    """The rows with their bodies whole, from the columns `corps` and `scelle`; without what an erasure has closed.

    A damaged cell stops nothing: of an event that was told, only what is in the clear is left, and it is set aside when
    no body can be made of it.
    """
    known = [dict(one) for one in rows]
    keyring = await vault.of_cells(conn, [one["scelle"] for one in known if not _waits_in_archive(one)])
    return [one for one in known if _waits_in_archive(one) or _completed(keyring, one, table, corps, row)]


def _waits_in_archive(one: Mapping[str, Any]) -> bool:
    """Nothing of it leaves: its key stays where it is, and its body with what is in the clear."""
    return bool(one.get("est_archive"))


def _completed(keyring: Keyring, one: dict[str, Any], table: str, corps: str, row: str) -> bool:
    cell = one.pop("scelle")
    if cell is None:
        return True
    try:
        secret = keyring.open(table, one[row], cell)
    except InvalidTag:
        _log.error("sealing.damaged", table=table, row=str(one[row]))
        return table == EVENTS
    if secret is not None:
        one[corps] |= orjson.loads(secret)
    return secret is not None


async def open_answers(
    vault: Vault, conn: Connection, rows: Sequence[Record], *, asks: bool = False
) -> list[dict[str, Any]]:
    """The rows of deposits with their `reponse`, from it or from `reponse_scellee`; `est_close` when an erasure has
    closed it. Rows of other tables have no cell. That of an archived parcours is missing, unless it `asks` for it."""
    known = [dict(one) for one in rows]
    keyring = await vault.of_cells(conn, [one["reponse_scellee"] for one in known], asks=asks)
    for one in known:
        cell = one.pop("reponse_scellee")
        answer = keyring.open(ANSWERS, one["id"], cell) if cell else None
        one["est_close"] = cell is not None and answer is None and key_of(cell) not in keyring.archived
        if answer is not None:
            one["reponse"] = orjson.loads(answer)
    return known
