"""The mock hub against the real one: the same messages by the same partners, the same status, code and pointers.

`RELAIS_BOUCHON_MESSAGES=2000` compares more messages than the few hundred of the suite.
"""

import json
import os
import random
from collections.abc import Iterator, Sequence
from typing import Any

import httpx
import pytest

from relais_contrats.catalogue import CATALOGUE
from relais_contrats.client import Answer, Partner
from relais_contrats.exemples import tous_les_exemples
from relais_contrats.schemas import schema_depot
from relais_kit.bouchon.application import Bouchon, preparer
from relais_kit.bouchon.repertoire import PARTENAIRES
from tests.contracts.mutations import muter
from tests.hub import Hub
from tests.kit import failures, states, verify_hub

pytestmark = [pytest.mark.anyio, pytest.mark.lent]
CODES = {f"/partenaires/{p.code}": p.code for p in PARTENAIRES}
NUMBER = int(os.environ.get("RELAIS_BOUCHON_MESSAGES", "300"))

Seen = tuple[str, int | None, str | None, tuple[str, ...]]


def deposited() -> Iterator[tuple[str, dict[str, Any]]]:
    """By whom, and what: every example that a partner of the demonstration may send, then messages made from them."""
    published = [dict(e.message) for e in tous_les_exemples() if CATALOGUE[e.type].se_depose]
    known = [(code, m) for m in published if (code := CODES.get(str(m.get("source"))))]
    for rank, (code, message) in enumerate(known):
        yield code, {**message, "id": f"exemple-{rank}"}
    for code, message in [(p.code, m) for p in PARTENAIRES for _, m in known if "subject" not in m]:
        name = f"{code}-{message['id']}"
        yield code, {**message, "id": f"pour-{name}", "source": f"/partenaires/{code}"}
        yield code, {**message, "id": f"ailleurs-{name}", "source": f"/partenaires/{code}", "departement": "13"}
        yield code, {**message, "id": f"autre-{name}", "source": "/partenaires/un-autre"}
    hasard = random.Random(20261130)  # noqa: S311
    for rank in range(NUMBER):
        code, message = hasard.choice(known)
        type_ = str(message["type"]).removeprefix("fr.insertion.").removesuffix(".v1")
        changed = muter(hasard, schema_depot(CATALOGUE[type_]), dict(message)) if type_ in CATALOGUE else message
        yield code, {**changed, "id": f"change-{rank}"}


def seen(answer: Answer) -> Seen:
    """What a partner goes by. What still waits, or what a service refused, the door has let in."""
    if answer.etat != "refuse" or "recu" in answer.corps:
        return "admis", None, None, ()
    pointeurs = tuple(sorted(e["pointeur"] for e in answer.corps["erreurs"]))
    return "refuse", answer.corps["status"], answer.code, pointeurs


async def asked(partner: Partner, messages: Sequence[dict[str, Any]]) -> list[Seen]:
    async with partner:
        return [seen(answer) for answer in await partner.post_many(messages, wait_s=30)]


async def test_the_mock_answers_as_the_door_of_the_hub(hub: Hub) -> None:
    mock = preparer("http://127.0.0.1:8430")
    transport = httpx.ASGITransport(Bouchon(mock))
    by_code: dict[str, list[dict[str, Any]]] = {}
    codes: set[str] = set()
    for code, message in deposited():
        by_code.setdefault(code, []).append(json.loads(json.dumps(message)))

    for code, messages in by_code.items():
        real = await asked(hub.partner(code), messages)
        client = Partner(mock.registre.fiche(code, mock.url), mock.registre.cles[code], transport=transport)
        mocked = await asked(client, messages)

        differences = [(m.get("type"), m["id"], r, f) for m, r, f in zip(messages, real, mocked, strict=True) if r != f]
        assert differences == []
        codes |= {code for _, _, code, _ in mocked if code}
    assert sum(map(len, by_code.values())) > NUMBER
    assert codes >= {"schema-invalide", "parcours-inconnu", "finalite-interdite"}
    assert codes >= {"hors-territoire", "non-autorise", "emetteur-inconnu"}


def test_the_kit_finds_no_fault_in_the_hub(hub: Hub) -> None:
    verified = verify_hub(hub.api, [hub.data.partners / code for code in ("caf-59", "cd-59")], "--profil", "rapide")

    seen = states(verified)
    assert failures(verified) == {}
    assert {one for one in seen if seen[one] != "passee"} == {"hub.herite", "hub.tls", "hub.redemarrage"}
