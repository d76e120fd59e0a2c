"""The screen of all messages: what it asks of the gateway, what it draws, the searches that are kept, the export."""

from collections.abc import Mapping
from typing import Any

import pytest

from console.access.rights import Role
from tests.console.serving import FORM, served
from tests.engines import Bench

pytestmark = pytest.mark.anyio
HOSTILE = "<script>alert(1)</script>"
ROW = {
    "numero": 7,
    "partenaire": "caf-59",
    "message": "m-7",
    "type": "usager.signale",
    "brique": "usagers",
    "service": "usagers",
    "departement": "59",
    "etat": "refuse",
    "etat_lisible": "refusé",
    "code": "hors-territoire",
    "a": "2026-11-30T09:00:00+00:00",
    "regle_a": "2026-11-30T09:00:01+00:00",
    "trace": "a" * 32,
    "ligne": None,
}
DOOR = ROW | {"numero": 6, "message": None, "type": None, "etat": "refuse-a-l-entree", "etat_lisible": "refusé"}


class Gateway:
    """Two pages of one message each; keeps what it was asked."""

    def __init__(self, *rows: Mapping[str, Any]) -> None:
        self.asked: list[Mapping[str, Any]] = []
        self._rows = rows

    async def __call__(self, view: str, asked: Mapping[str, Any]) -> Any:
        self.asked.append(asked)
        after = asked.get("avant")
        row = self._rows[-1] if after else self._rows[0]
        suite = None if after or len(self._rows) == 1 else row["numero"]
        return {"messages": [row], "suite": suite, "nombres": {row["etat"]: 5_000}, "compte_max": 5_000}


async def test_filters_are_asked_of_the_gateway_and_stay_in_the_page(banc: Bench) -> None:
    gateway = Gateway(ROW, DOOR)
    async with served(banc, hub=gateway) as console:
        first = await console.page("/messages?partenaire=caf-59&etat=refuse&du=2026-11-30T10:00&au=2026-12-01&code=")
        second = await console.page("/messages?partenaire=caf-59&avant=7")
        status = [
            (await console.client.get(f"/messages?{query}")).status_code
            for query in ("etat=autre", "departement=00", "type=x", "du=hier", "avant=-1", "id=%00", "au=9999-12-31")
        ]

    period = {"depuis": "2026-11-30T10:00:00+01:00", "jusqua": "2026-12-02T00:00:00+01:00"}
    assert gateway.asked[0] == {"partenaire": "caf-59", "etat": "refuse", **period, "avant": None, "compte": True}
    assert gateway.asked[1] == {"partenaire": "caf-59", "avant": 7, "compte": False}
    assert "Plus de 5\u202f000 messages" in first
    assert 'href="/messages/caf-59/m-7"' in first
    assert "avant=7" in first
    assert ("message illisible" in second, 'rel="next"' in second) == (True, False)
    assert status == [400] * 7


async def test_each_operator_keeps_searches_of_its_own(banc: Bench) -> None:
    async with served(banc, hub=Gateway(ROW)) as console:
        kept = {"jeton": FORM, "nom": HOSTILE, "requete": "code=hors-territoire&autre=1&avant=3"}
        answer = await console.client.post("/messages/recherches", data=kept)
        without_token = await console.client.post("/messages/recherches", data=kept | {"jeton": "x"})
        mine = await console.page("/messages")
        await console.pool.execute("UPDATE recherches SET agent = 'oidc/autre'")
        theirs = await console.page("/messages")
        await console.pool.execute("UPDATE recherches SET agent = 'oidc/essai'")
        await console.client.post("/messages/recherches/retirer", data={"jeton": FORM, "nom": HOSTILE})
        after = await console.page("/messages")

    assert (answer.status_code, answer.headers["location"]) == (303, "/messages?code=hors-territoire")
    assert without_token.status_code == 403
    assert ("&lt;script&gt;" in mine, "<script" in mine) == (True, False)
    assert "&lt;script&gt;" not in theirs + after


async def test_the_export_holds_all_that_fits_and_no_formula(banc: Bench) -> None:
    async with served(banc, hub=Gateway(ROW | {"message": "=1+1"}, DOOR)) as console:
        lines = (await console.page("/messages.csv?partenaire=caf-59")).splitlines()
        as_json = (await console.page("/messages.ndjson")).splitlines()

    assert lines[0].startswith("\ufeffnumero;a;partenaire")
    assert [line.split(";")[3] for line in lines[1:]] == ["'=1+1", ""]
    assert len(as_json) == 2


async def test_a_silent_gateway_is_said_and_who_only_reads_exports_nothing(banc: Bench) -> None:
    async with served(banc, role=Role.LECTURE) as console:
        page = await console.page("/messages")
        export = await console.client.get("/messages.csv")

    assert "La passerelle ne répond pas" in page
    assert export.status_code == 403
