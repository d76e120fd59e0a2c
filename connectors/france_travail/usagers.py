"""Whom a call is about: the search that gives `ft-jeton-usager`."""

from __future__ import annotations

from starlette.responses import JSONResponse, Response

from connectors.france_travail import writing
from connectors.france_travail.calls import Call
from connectors.france_travail.codes import AUCUN, PLUSIEURS, TROUVE
from connectors.france_travail.reading import ParNir, ParNumero

_FOUND = {"aucun": AUCUN, "plusieurs": PLUSIEURS}


async def by_nir(call: Call) -> Response:
    return await _search(call, await call.body(ParNir))


async def by_number(call: Call) -> Response:
    return await _search(call, await call.body(ParNumero))


async def _search(call: Call, told: ParNir | ParNumero) -> Response:
    headers = {"traceparent": call.exchange.traceparent}
    answer = await call.context.hub.call("POST", "/v1/usagers/recherche", told.asked(), headers)
    call.exchange.counts[answer["resultat"]] += 1
    if answer["resultat"] == "trouve":
        return JSONResponse(writing.found(TROUVE, call.tokens.usager(answer["parcours"])))
    return JSONResponse(writing.found(_FOUND.get(answer["resultat"], AUCUN)))
