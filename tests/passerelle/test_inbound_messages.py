"""The list of messages: what each filter finds, counts and pages, deposits and what the door refused of them."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis.database import Pool
from gateway.inbound.messages.answering import Demande, Messages
from gateway.partners import Annuaire
from gateway.pseudonyms import Pseudonyms
from tests.engines import Bench
from tests.passerelle.outgoing import KEY, register

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 11, 30, 9, tzinfo=UTC)
NAMES, PARCOURS, TRACE, AT_THE_DOOR = Pseudonyms(KEY), uuid4(), "a" * 32, "b" * 32
_DEPOSIT = """
INSERT INTO depots (numero, id, partenaire, message, empreinte, type, brique, parcours, agent, finalite, recu_a, etat,
    prochain_essai, reponse_scellee, regle_a, trace, departement, code, corps)
OVERRIDING SYSTEM VALUE
VALUES ($1, $2, $3, 'm-' || $1::bigint, $4, $5, 'usagers', $6, 'batch', 'orientation', $7, $8, $7, $9, $7, $10, $11,
    $12, 'x')
"""
_REFUSAL = """
INSERT INTO refus_de_depot (numero, partenaire, message, type, code, statut, pointeurs, ligne, trace, a)
VALUES ($1, 'caf-59', $2, 'usager.signale', 'schema-invalide', 422, '{}', NULL, $3, $4)
"""


async def deposit(pool: Pool, numero: int, partenaire: str, etat: str, **facts: Any) -> None:
    known = {"type": "usager.signale", "parcours": None, "trace": None, "departement": "59", "code": None} | facts
    answer = b"x" if etat in ("accepte", "refuse") else None
    trace = f"00-{known['trace']}-{'c' * 16}-01" if known["trace"] else None
    at = NOW + timedelta(hours=numero)
    first = (numero, uuid4(), partenaire, bytes(32), known["type"], known["parcours"], at, etat)
    await pool.execute(_DEPOSIT, *first, answer, trace, known["departement"], known["code"])


async def hub(banc: Bench) -> Messages:
    """Six messages, one an hour; the third and the sixth were refused at the door."""
    process = await banc.process("entrant", "passerelle")
    for code in ("caf-59", "cd-59"):
        await register(process, code)
    pool = process.pool
    await deposit(pool, 1, "caf-59", "accepte", parcours=PARCOURS, trace=TRACE)
    await deposit(pool, 2, "caf-59", "refuse", code="hors-territoire", departement="62")
    await pool.execute(_REFUSAL, 3, "m-3", AT_THE_DOOR, NOW + timedelta(hours=3))
    await deposit(pool, 4, "cd-59", "en-attente", type="orientation.decidee", parcours=PARCOURS)
    await deposit(pool, 5, "cd-59", "rebut", type="orientation.decidee")
    await pool.execute(_REFUSAL, 6, None, "d" * 32, NOW + timedelta(hours=6))
    annuaire = Annuaire(pool)
    await annuaire.reload()
    return Messages(pool, NAMES, annuaire)


CASES: list[tuple[dict[str, Any], list[int]]] = [
    ({}, [6, 5, 4, 3, 2, 1]),
    ({"partenaire": "caf-59"}, [6, 3, 2, 1]),
    ({"type": "orientation.decidee"}, [5, 4]),
    ({"etat": "rebut"}, [5]),
    ({"etat": "refuse"}, [2]),
    ({"etat": "refuse-a-l-entree"}, [6, 3]),
    ({"code": "schema-invalide"}, [6, 3]),
    ({"code": "hors-territoire"}, [2]),
    ({"departement": "59"}, [5, 4, 1]),
    ({"depuis": NOW + timedelta(hours=3), "jusqua": NOW + timedelta(hours=5)}, [4, 3]),
    ({"depuis": NOW + timedelta(hours=6)}, [6]),
    ({"jusqua": NOW + timedelta(hours=2)}, [1]),
    ({"id": "m-3"}, [3]),
    ({"id": "caf-59/m-1"}, [1]),
    ({"id": "m-9"}, []),
    ({"parcours": NAMES.of("caf-59", PARCOURS)}, [4, 1]),
    ({"parcours": NAMES.of("cd-59", PARCOURS), "etat": "en-attente"}, [4]),
    ({"parcours": NAMES.of("cd-59", UUID(int=1))}, []),
    ({"trace": TRACE}, [1]),
    ({"trace": f"00-{AT_THE_DOOR}-{'c' * 16}-01"}, [3]),
    ({"trace": "nothing"}, []),
]


async def test_each_filter_finds_its_messages_and_counts_them_by_state(banc: Bench) -> None:
    messages = await hub(banc)

    told = [await messages.of(Demande(**wanted, compte=True)) for wanted, _ in CASES]

    assert [[row["numero"] for row in one["messages"]] for one in told] == [numbers for _, numbers in CASES]
    assert [sum(one["nombres"].values()) for one in told] == [len(numbers) for _, numbers in CASES]
    assert told[0]["nombres"]["refuse-a-l-entree"] == 2
    assert [one["trace"] for one in told[0]["messages"]][3::2] == [AT_THE_DOOR, TRACE]


async def test_pages_follow_one_another_without_gap_or_repetition(banc: Bench) -> None:
    messages, seen, after = await hub(banc), [], None
    for _ in range(3):
        told = await messages.of(Demande(nombre=2, avant=after))
        seen += [row["numero"] for row in told["messages"]]
        after = told["suite"]

    assert seen == [6, 5, 4, 3, 2, 1]
    assert after is None
