"""Each service in turn is stopped for what its database takes for an hour; the real hour is `tests.charge.arret`."""

import asyncio

import pytest

from deploy.components import SERVICES
from tests.hub import Hub
from tests.parcours.arret import AFTER, age_by_an_hour, go_through

pytestmark = [pytest.mark.anyio, pytest.mark.lent, pytest.mark.seul]

MIXTURE_S = 5.0
RECOVERY_S = MIXTURE_S + 3.0
"""And the start of a process on a busy machine."""


@pytest.mark.parametrize("service", SERVICES)
async def test_the_roadmap_shows_no_mixture_while_a_service_is_down_nor_after(hub: Hub, service: str) -> None:
    async def meanwhile() -> None:
        await age_by_an_hour(hub, service)
        await asyncio.sleep(2)

    account = await go_through(hub, service, meanwhile)

    # Only the roadmap itself may read late what another had told before: it held some events when it was stopped.
    assert account.longest_mixture_s < (MIXTURE_S if service == "feuille_de_route" else 0.1), account
    assert account.states[-1] == AFTER
    assert account.recovery_s < RECOVERY_S, account
