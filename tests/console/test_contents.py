"""The content of a message: behind a motive, masked for who reads only, never asked of the gateway without a reason."""

from collections.abc import Mapping
from typing import Any

import pytest

from console.access.rights import Role
from tests.console.serving import COOKIE, FORM, enter, served
from tests.engines import Bench

pytestmark = pytest.mark.anyio
PATH = "/messages/caf-59/m-1/contenu"


async def test_a_content_is_asked_with_who_and_why_and_masked_by_role(banc: Bench) -> None:
    asked: list[Mapping[str, Any]] = []

    async def hub(view: str, demande: Mapping[str, Any]) -> Any:
        asked.append({"vue": view, **demande})
        return {"etat": "en-attente", "contenu": {"nom": "•••" if demande["masque"] else "<MODELE>"}}

    async with served(banc, hub=hub, role=None) as console:
        held = {role: {"Cookie": f"{COOKIE.nom}={await enter(console.pool, role)}"} for role in Role}

        async def post(role: Role, path: str, **fields: str) -> tuple[int, str]:
            answer = await console.client.post(path, data={"jeton": FORM} | fields, headers=held[role])
            return answer.status_code, answer.text

        form = (await console.client.get(PATH, headers=held[Role.LECTURE])).text
        without, named = (
            await post(Role.LECTURE, PATH),
            await post(Role.LECTURE, PATH, motif="controle", reference="M. X"),
        )
        masked = await post(Role.LECTURE, PATH, motif="controle")
        refused = await post(Role.LECTURE, f"{PATH}/clair", motif="controle")
        whole = await post(Role.EXPLOITATION, f"{PATH}/clair", motif="diagnostic", reference="T-12")

    assert "Ouvrir en clair" not in form
    assert (without[0], named[0], refused[0]) == (400, 400, 403)
    assert (masked[0], "•••" in masked[1]) == (200, True)
    assert (whole[0], "&lt;MODELE&gt;" in whole[1]) == (200, True)
    common = {"vue": "contenu", "partenaire": "caf-59", "message": "m-1", "agent": "oidc/essai"}
    assert asked == [
        common | {"motif": "controle", "reference": "", "masque": True},
        common | {"motif": "diagnostic", "reference": "T-12", "masque": False},
    ]
