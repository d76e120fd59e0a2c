"""The content of a deposit for an operator: the access is journalled first, the values masked when that was asked."""

from typing import Any

import orjson
import pytest

from gateway.inbound.reading import contents
from tests.engines import Bench
from tests.passerelle.entrance import Entrance
from tests.persons import signalement

pytestmark = pytest.mark.anyio


async def asked(banc: Bench, message: str, **changes: Any) -> Any:
    demande = {"partenaire": "caf-59", "message": message, "agent": "local/camille", "motif": "diagnostic"}
    body = orjson.dumps(demande | {"reference": "T-12", "masque": False} | changes)
    return orjson.loads(await banc.bus.request(contents.SUBJECT, body, timeout_s=5))


async def test_what_waits_is_shown_to_an_operator_whose_access_is_journalled(entree: Entrance, banc: Bench) -> None:
    partner = await entree.partner("caf-59")
    message = partner.message("usager.signale", signalement(), departement="59")
    headers = {"Content-Type": "application/cloudevents+json", "Prefer": "respond-async"}
    sent = await partner._send("POST", "/v1/messages", content=orjson.dumps(message), headers=headers)
    assert sent.status_code == 202, sent.text

    whole = await asked(banc, str(message["id"]))
    masked = await asked(banc, str(message["id"]), masque=True)
    unknown = await asked(banc, "inconnu")
    await entree.process.pool.execute("UPDATE depots SET etat = 'ecarte', corps = NULL")
    settled = await asked(banc, str(message["id"]))

    nom = message["data"]["identite"]["nom_naissance"]
    rows = await entree.fetch("SELECT * FROM acces WHERE partenaire = '_console' ORDER BY a, rang")
    assert nom in orjson.dumps(whole).decode()
    assert nom not in orjson.dumps(masked).decode()
    assert orjson.dumps(masked).decode().count("nom_naissance") == orjson.dumps(whole).decode().count("nom_naissance")
    assert (unknown, settled) == (None, {"etat": "ecarte", "contenu": None})
    assert [(row["agent"], row["finalite"], row["resultat"]) for row in rows] == [
        ("local/camille", "diagnostic", 200),
        ("local/camille", "diagnostic", 200),
        ("local/camille", "diagnostic", 410),
    ]
    assert [row["quoi"].split()[1] for row in rows] == ["clair", "masqué", "clair"]
