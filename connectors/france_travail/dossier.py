"""What is known of the person: civil status and contacts, and the diagnostic with its constraints."""

from __future__ import annotations

from starlette.responses import JSONResponse, Response

from connectors.france_travail import writing
from connectors.france_travail.calls import Call
from connectors.france_travail.faults import functional


async def person(call: Call) -> Response:
    return JSONResponse(writing.person(await call.view()))


async def diagnostic(call: Call) -> Response:
    return JSONResponse(writing.diagnostic(await call.view("diagnostic")))


async def no_job(call: Call) -> Response:
    raise functional("DIAGNOSTIC_METIER_NON_TENU", "Le relais ne tient pas de métier recherché.")
