"""What one partner receives cannot be joined with what another one does: receipts, tags, instants (CATALOGUE § 1)."""

import base64
import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, cast
from unittest.mock import Mock
from uuid import uuid4

import pytest
from starlette.requests import Request

from chassis.bus_nats import NatsBus
from deploy.keys import new_es256_key
from gateway.bodies import NOTHING, Bodies, Delivered
from gateway.inbound.reading.sight import answer
from gateway.inbound.request.call import Call
from gateway.pseudonyms import Pseudonyms
from gateway.receipts import Chains, Receipt
from relais_contrats.droits import Demandeur, Role
from relais_contrats.partenaires import Convention, Partenaire
from tests.passerelle.outgoing import BASE_URL, KEY

NOW = datetime(2026, 3, 2, 10, 0, 0, 123456, UTC)


def partner(code: str) -> Partenaire:
    conventions = (Convention("orientation", None),)
    return Partenaire(code, "departement", code, frozenset({"59"}), (), conventions, frozenset(), est_actif=True)


def said(receipt: Receipt) -> dict[str, Any]:
    payload = receipt.jws.split(".")[1]
    content: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return content


def test_each_partner_has_a_chain_of_receipts_of_its_own() -> None:
    chains = Chains(new_es256_key().encode(), BASE_URL)

    first, other, second = (chains.next(code, {}, NOW) for code in ("cd-59", "caf-59", "cd-59"))

    assert first.chaine == second.chaine != other.chaine
    assert (first.rang, other.rang, second.rang) == (1, 1, 2)
    assert said(second)["precedent"] == hashlib.sha256(first.jws.encode()).hexdigest()
    assert [said(one)["partenaire"] for one in (first, other)] == ["cd-59", "caf-59"]


def test_what_could_not_be_written_begins_new_chains() -> None:
    chains = Chains(new_es256_key().encode(), BASE_URL)
    lost = {code: chains.next(code, {}, NOW).chaine for code in ("cd-59", "caf-59")}

    chains.restart()

    again = {code: chains.next(code, {}, NOW) for code in ("cd-59", "caf-59")}
    assert not {one.chaine for one in again.values()} & set(lost.values())
    assert {one.rang for one in again.values()} == {1}


def test_two_partners_that_read_the_same_get_different_tags() -> None:
    request = Request({"type": "http", "headers": []})

    def tag(code: str) -> str:
        call = Call(partner(code), cast(Any, None), ())
        return str(answer(call, request, {"parcours": [], "suite": None}).headers["etag"])

    assert tag("cd-59") == tag("cd-59") != tag("cd-62")


@pytest.mark.parametrize(
    ("source", "time"),
    [
        ("/partenaires/ft-hdf", "2026-03-02T10:00:00.123456Z"),
        ("/services/orientation", "2026-03-02T10:00:00Z"),
    ],
)
def test_an_instant_of_the_hub_is_told_to_the_second_and_that_of_an_emitter_as_it_wrote_it(
    source: str, time: str
) -> None:
    corps: Mapping[str, Any] = {
        "source": source,
        "time": "2026-03-02T10:00:00.123456Z",
        "data": {"date_reception": "2026-03-01"},
    }
    delivered = Delivered(1, uuid4(), uuid4(), "orientation.demandee", frozenset({Role.TERRITOIRE}), corps)
    bodies = Bodies(cast(NatsBus, Mock()), cast(Any, Mock()), Pseudonyms(KEY), BASE_URL, cast(Any, Mock()))
    demandeur = Demandeur(partner("cd-59"), frozenset(), date(2026, 3, 2))

    body = bodies.make(demandeur, delivered, NOTHING)

    assert body is not None
    assert body["time"] == time
