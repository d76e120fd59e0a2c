"""The basket: what waits for the partner, the most urgent first, as activities of France Travail.

The hub lists what falls due, whatever it is; each line is looked at again, to tell whom it is about and whether it
still waits. A client that follows `cursor` reads all of it; one that does not gets the window of France Travail.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from starlette.responses import JSONResponse, Response

from connectors.france_travail import writing
from connectors.france_travail.calls import Call, Json
from connectors.france_travail.codes import ACTIVITES, FAMILLES, SUPPRESSION_A_TRAITER, SUSPENSION_A_TRAITER
from connectors.france_travail.faults import invalid
from connectors.france_travail.sanctions import INSTRUCTION
from connectors.hub import RequestRefused

WINDOW, _PAGE, _PAGES, _TOGETHER = 1_000, 200, 50, 8
_HORIZON = timedelta(days=3_650)
_SEEN_NO_MORE = (403, 404)


async def search_v1(call: Call) -> Response:
    found, _ = await _search(call)
    return JSONResponse(found) if found else Response(status_code=204)


async def search(call: Call) -> Response:
    found, cursor = await _search(call)
    if not found and cursor is None:
        return Response(status_code=204)
    return JSONResponse({"activites": found, "cursor": cursor})


async def _search(call: Call) -> tuple[list[Json], str | None]:
    """At most the window; where to go on, when there may be more."""
    codes = _asked(call)
    natures = {nature for nature, (_, famille) in ACTIVITES.items() if famille in {FAMILLES[code] for code in codes}}
    found: list[Json] = []
    cursor = call.request.query_params.get("cursor")
    for _ in range(_PAGES if natures else 0):
        page = await _page(call, cursor)
        due = [one for one in page["parcours"] if one["nature"] in natures]
        found += [one for one in await _told(call, due) if one["codeActivite"] in codes]
        cursor = page.get("suite")
        if cursor is None or len(found) + _PAGE > WINDOW:
            break
    call.exchange.counts["rendu"] = len(found)
    return found, cursor if natures else None


def _asked(call: Call) -> frozenset[str]:
    """The activities that were asked for. Raises `Fault`."""
    asked = call.request.query_params
    if "codeDomaine" in asked:
        raise invalid("codeDomaine n'est pas servi : cherchez par codeActivite ou codeFamille")
    if "codeActivite" not in asked and "codeFamille" not in asked:
        raise invalid("codeActivite ou codeFamille est obligatoire")
    return frozenset(
        code
        for code, famille in FAMILLES.items()
        if asked.get("codeActivite", code) == code and asked.get("codeFamille", famille) == famille
    )


async def _page(call: Call, cursor: str | None) -> Mapping[str, Any]:
    horizon = (call.context.clock() + _HORIZON).date().isoformat()
    asked = {"echeance_avant": horizon, "limite": str(_PAGE)} | ({"apres": cursor} if cursor else {})
    page: Mapping[str, Any] = await call.read(f"/v1/parcours?{urlencode(asked)}")
    return page


async def _told(call: Call, due: list[Mapping[str, Any]]) -> list[Json]:
    """In the same order; what is done meanwhile, or not seen any more, is left out."""
    told: list[Json] = []
    for start in range(0, len(due), _TOGETHER):
        together = await asyncio.gather(*(_activity(call, one) for one in due[start : start + _TOGETHER]))
        told += [one for one in together if one]
    return told


async def _activity(call: Call, due: Mapping[str, Any]) -> Json | None:
    parcours, (code, _) = due["parcours"], ACTIVITES[due["nature"]]
    try:
        fiche = await call.read(f"/v1/parcours/{parcours}")
        if due["nature"] == "premier-rendez-vous" and _is_planned(await call.read(f"/v1/parcours/{parcours}/rdv")):
            return None
        if due["nature"] == "sanction":
            code = await _of_sanction(call, due, await call.read(f"/v1/parcours/{parcours}/contrat"))
    except RequestRefused as refused:
        if refused.status in _SEEN_NO_MORE:
            return None
        raise
    key = "\n".join((parcours, due["nature"], str(due.get("objet") or due["date_echeance"])))
    return writing.activity(due, code, hashlib.sha256(key.encode()).hexdigest()[:32], fiche)


def _is_planned(view: Mapping[str, Any]) -> bool:
    """It is to be taken no more, whether or not it was held."""
    return any(
        one["motif"] == "accompagnement" and one["statut"] == "planifie" for one in view.get("rendez_vous") or ()
    )


async def _of_sanction(call: Call, due: Mapping[str, Any], view: Mapping[str, Any]) -> str:
    proposed = [one for one in view.get("sanctions") or () if one["sanction_id"] == due.get("objet")]
    if proposed and proposed[0].get("type") == "supp-rsa":
        return SUPPRESSION_A_TRAITER
    is_instructed = await call.context.state.ours(INSTRUCTION, f"{due['parcours']} {due.get('objet')}")
    return SUSPENSION_A_TRAITER if is_instructed else ACTIVITES["sanction"][0]
