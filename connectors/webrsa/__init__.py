"""WebRSA: the XML files that it exchanges with agences locales d'insertion, for an ALI that keeps its own system."""

import asyncio
from collections.abc import Mapping

from connectors import folders
from connectors.systems import Context, Loop, System
from connectors.webrsa.configuration import EXEMPLE, WebrsaConfiguration
from connectors.webrsa.leaving import depart_daily
from connectors.webrsa.taking import taking
from connectors.webrsa.trying import try_out


def loops(context: Context) -> Mapping[str, Loop]:
    async def arrivals(stop: asyncio.Event) -> None:
        await folders.watch(context, taking(context), stop)

    async def departures(stop: asyncio.Event) -> None:
        await depart_daily(context, stop)

    return {"arrivees": arrivals, "departs": departures}


SYSTEM = System(
    code="webrsa",
    titre="WebRSA / ALI : fichiers XML échangés avec une agence locale d'insertion, dans les deux sens",
    configuration=WebrsaConfiguration,
    try_out=try_out,
    loops=loops,
    exemple=EXEMPLE,
)
