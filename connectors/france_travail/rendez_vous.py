"""Appointments of partners: taken, moved, held or cancelled. A request holds the whole state; the hub receives steps.

One that comes back after it was cancelled is another one at the hub, under the same id for France Travail: what is
known of an id is its latest.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from starlette.responses import JSONResponse, Response

from connectors.appointments import Told, digest, steps
from connectors.france_travail import reading, writing
from connectors.france_travail.calls import Act, Call, Json
from connectors.france_travail.faults import functional
from relais_contrats.lecture import forme_canonique

_OWN = re.compile(r"(ft-[0-9a-f]{24})(?:-([1-9][0-9]{0,2}))?")
_UNKNOWN = "Il n'existe pas de rdv pour l'id et l'utilisateur indiqué"
_STATE = ("motif", "duree_min", "modalite", "forme", "lieu", "statut", "annule_par")
_PLACE = ("motif", "duree_min", "modalite", "forme", "lieu", "debut")


async def read(call: Call) -> Response:
    known = _latest(await call.view("rdv"))
    own = call.settings.organisme, call.context.hub.source
    told = [writing.rendez_vous(one, id_, *own) for id_, one in known.items()]
    call.exchange.counts["rendu"] = len(told)
    return JSONResponse(told) if told else Response(status_code=204)


async def take(call: Call) -> Response:
    """The same request again is the same appointment, unless that one was moved since."""
    told, view = await call.body(reading.RendezVous), await call.view("rdv")
    now = reading.rendez_vous(told, view["departement"], call.settings)
    known, place, times = _latest(view), {name: now.get(name) for name in _PLACE}, 0
    while (one := known.get(id_ := _id(call.parcours, place, times))) and not _is_at(one, place):
        times += 1
    await _follow(call, view, id_, one, now)
    return JSONResponse({"id": id_}, 202)


async def change(call: Call) -> Response:
    told, view = await call.body(reading.RendezVous), await call.view("rdv")
    id_, one = _known(view, told.id or "")
    await _follow(call, view, id_, one, reading.rendez_vous(told, view["departement"], call.settings))
    return JSONResponse({"id": id_})


async def cancel(call: Call) -> Response:
    view = await call.view("rdv")
    id_, one = _known(view, str(call.request.path_params["id"]))
    if one["statut"] != "annule":
        cancelled = {"statut": "annule", "annule_par": str(call.settings.annule_par)}
        await _follow(call, view, id_, one, _state(one) | cancelled)
    return Response(status_code=204)


async def _follow(call: Call, view: Mapping[str, Any], id_: str, one: Mapping[str, Any] | None, now: Json) -> None:
    """Deposit the steps that lead from the state at the hub to the state of the request."""
    told = _told(one) if one else None
    if one and not _OWN.fullmatch(id_) and one["statut"] == "annule" != now["statut"]:
        raise functional("RDV_ANNULE", "Ce rendez-vous est annulé : prenez-en un autre.")
    following = steps(told, now, id_, call.context.clock())
    if following.lost:
        raise functional("RDV_CONSTATE", f"{following.lost[0].upper()}{following.lost[1:]}.")
    before = told.written() if told else None
    for step in following.steps:
        await call.deposit(Act(step.fait, dict(step.data), view["departement"], "accompagnement", before))
        before = f"{step.told.rang} {step.told.statut} {step.told.empreinte}"
    if not following.steps:
        call.exchange.counts["inchange"] += 1


def _id(parcours: str, place: Mapping[str, Any], times: int) -> str:
    return f"ft-{hashlib.sha256(forme_canonique([parcours, dict(place), times])).hexdigest()[:24]}"


def _latest(view: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """By the id that France Travail knows."""
    found: dict[str, Mapping[str, Any]] = {}
    for one in view.get("rendez_vous") or ():
        own = _OWN.fullmatch(one["rdv_id"])
        id_ = own[1] if own else one["rdv_id"]
        if id_ not in found or _rank(one) > _rank(found[id_]):
            found[id_] = one
    return found


def _known(view: Mapping[str, Any], id_: str) -> tuple[str, Mapping[str, Any]]:
    found = _latest(view).get(id_)
    if found is None:
        raise functional("ID_NON_RECONNU", _UNKNOWN)
    return id_, found


def _told(one: Mapping[str, Any]) -> Told:
    state = _state(one)
    return Told(_rank(one), str(state["statut"]), digest(state), datetime.fromisoformat(str(state["debut"])))


def _state(one: Mapping[str, Any]) -> Json:
    """What a message would tell of it, written as `reading.rendez_vous` writes it."""
    state = {name: one[name] for name in _STATE if one.get(name) is not None}
    return state | {"debut": reading.in_utc(datetime.fromisoformat(one["debut"]))}


def _is_at(one: Mapping[str, Any], place: Mapping[str, Any]) -> bool:
    state = _state(one)
    return all(state.get(name) == place[name] for name in _PLACE)


def _rank(one: Mapping[str, Any]) -> int:
    own = _OWN.fullmatch(one["rdv_id"])
    return int(own[2] or 1) if own else 1
