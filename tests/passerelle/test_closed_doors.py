"""Without a convention in force the door itself refuses, before any service is asked: every one but the partner's own
books. `tests/parcours/test_portes.py` follows the same list on a whole hub."""

from unittest.mock import Mock
from uuid import uuid4

import pytest
from starlette.requests import Request

from gateway.inbound.request.door import Door
from relais_contrats.oauth.resource import Jeton
from relais_contrats.oauth.tokens import Liaison
from relais_contrats.partenaires import CLIENT_PREFIX, Partenaire
from relais_contrats.problemes import Problem
from tests.engines import Bench
from tests.parcours.test_portes import FERMEE, PORTES
from tests.passerelle.entrance import entrance
from tests.passerelle.outgoing import BASE_URL

pytestmark = pytest.mark.anyio
_59 = frozenset({"59"})


def test_a_token_that_is_still_good_opens_nothing_to_a_suspended_partner() -> None:
    """Whatever the verifier still admits: the door looks at the partner itself."""
    known, verifier = Mock(), Mock()
    known.partenaire.return_value = Partenaire("cd-59", "departement", "Essai", _59, (), (), frozenset(), False)
    verifier.verifier.return_value = Jeton(f"{CLIENT_PREFIX}cd-59", frozenset(), Liaison.DPOP, "jti", 0.0, ())
    door = Door(verifier, Mock(), known, Mock(), Mock(), Mock(), BASE_URL)
    request = Request({"type": "http", "method": "GET", "headers": [], "raw_path": b"/v1/messages"})

    with pytest.raises(Problem) as refused:
        door._identify(request)

    assert refused.value.status == 401


async def test_every_door_but_its_own_books_is_closed_to_a_partner_without_convention(banc: Bench) -> None:
    async with entrance(banc, agreed_until="2020-12-31") as entree:
        partner = await entree.partner("cd-59")
        closed = {}
        for methode, chemin in PORTES:
            path = chemin.replace("{prc}", "prc_" + "a" * 26).replace("{id}", str(uuid4())).replace("{code}", "59")
            response = await partner._send(methode, path)
            closed[methode, chemin] = response.status_code == 403 and response.json()["code"] == "finalite-interdite"

    by_message = {("POST", "/v1/messages"), ("GET", "/v1/reconciliation")}
    expected = {porte: dit.regle == FERMEE and porte not in by_message for porte, dit in PORTES.items()}
    assert closed == expected
