"""Orientation: what is recommended and decided, the computation from criteria, and the decision."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from starlette.responses import JSONResponse, Response

from connectors.france_travail import deciding, reading, writing
from connectors.france_travail.calls import Act, Call
from connectors.france_travail.faults import Later, invalid
from relais_contrats.lecture import forme_canonique
from relais_contrats.territoires import jour_legal

_CRITERES = "criteres"
_ETATS = ("EN_ATTENTE", "BROUILLON", "OUVERT", "CLOTURE")


async def read(call: Call) -> Response:
    """All of them, or those of one `etatOrientation`; 204 when there is none."""
    wanted = call.request.query_params.get("etatOrientation")
    if wanted is not None and wanted not in _ETATS:
        raise invalid("etatOrientation : code inconnu")
    view, diagnostic = await call.view("orientations"), await call.view_if_allowed("diagnostic")
    told = writing.orientations(view, diagnostic, _own(call))
    kept = [one for one in told if wanted in (None, one["etat"])]
    call.exchange.counts["rendu"] = len(kept)
    return JSONResponse(kept) if kept else Response(status_code=204)


async def compute(call: Call) -> Response:
    """Record the criteria; the hub's rules recommend once they are all there."""
    told = reading.criteres(await call.body(reading.Criteres))
    view, before = await call.view("orientations"), await call.view_if_allowed("diagnostic")
    last = await call.context.state.ours(_CRITERES, call.parcours)
    digest = hashlib.sha256(forme_canonique(told)).hexdigest()
    known = before.get("criteres") or {}
    if last != digest or any(known.get(name, value) != value for name, value in told.items()):
        changed = [last, dict(known)]
        await call.deposit(Act("diagnostic.realise", {"criteres": told}, view["departement"], "orientation", changed))
        await call.context.state.link(_CRITERES, [(call.parcours, digest)])
    after = await call.view("orientations")
    known_now = writing.criteres(await call.view_if_allowed("diagnostic"))
    return JSONResponse(writing.recommended(after, known_now))


async def decide(call: Call) -> Response:
    """Accept what is recommended, or refuse it with another choice."""
    told, view = await call.body(reading.Decision), await call.view("orientations")
    if (same := _already(told, view, call)) is not None:
        call.exchange.counts["deja-depose"] += 1
        return _decided(view, same["rang"], call)
    data = deciding.decision(told, view, call.settings.structures)
    return await _deposit(call, view, data)


async def impose(call: Call) -> Response:
    """An orientation without a recommendation, of today."""
    told, view = await call.body(reading.Orientation), await call.view("orientations")
    jour = jour_legal(view["departement"], call.context.clock()).isoformat()
    data = deciding.orientation(told, view, jour, call.settings.structures)
    last = _last(view)
    if last and all(last.get(name) == value for name, value in data.items() if name not in ("rang", "structure")):
        call.exchange.counts["deja-depose"] += 1
        return _decided(view, last["rang"], call)
    return await _deposit(call, view, data)


async def _deposit(call: Call, view: Mapping[str, Any], data: dict[str, Any]) -> Response:
    act = Act("orientation.decidee", data, view["departement"], "orientation")
    after = await call.act("orientations", act, lambda seen: _of_rank(seen, data["rang"]) is not None)
    return _decided(after, data["rang"], call)


def _already(told: reading.Decision, view: Mapping[str, Any], call: Call) -> Mapping[str, Any] | None:
    """The last decision, when it is this one already: who asks twice is answered twice."""
    last = _last(view)
    if last is None or last.get("decideur") != call.context.hub.source:
        return None
    asked = {"decision": reading.coded("decision", told.etat_decision, "etat_decision")}
    asked["date_decision"] = reading.day_there(told.date_decision, view["departement"])
    if told.parcours:
        asked["parcours_type"] = reading.coded("parcours", told.parcours)
    if told.organisme:
        asked["organisme"] = reading.coded("organisme", told.organisme)
    return last if all(last.get(name) == value for name, value in asked.items()) else None


def _last(view: Mapping[str, Any]) -> Mapping[str, Any] | None:
    return max(view.get("orientations") or (), key=lambda one: one["rang"], default=None)


def _of_rank(view: Mapping[str, Any], rang: int) -> Mapping[str, Any] | None:
    return next((one for one in view.get("orientations") or () if one["rang"] == rang), None)


def _decided(view: Mapping[str, Any], rang: int, call: Call) -> Response:
    one = _of_rank(view, rang)
    if one is None:
        raise Later
    return JSONResponse(writing.decided(one, None, _own(call)), 201)


def _own(call: Call) -> tuple[str, str]:
    return call.context.hub.source, call.settings.organisme
