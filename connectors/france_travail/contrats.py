"""The contract of engagement: read, signed, refused. France Travail says a date; the hub holds what is promised."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from starlette.responses import JSONResponse, Response

from connectors.france_travail import reading, writing
from connectors.france_travail.calls import Act, Call
from connectors.france_travail.faults import functional
from relais_contrats.lecture import forme_canonique

_SIGNATORIES = ["usager"]
_NONE_WAITS = "Aucun contrat n'attend de signature pour cet usager."


async def read(call: Call) -> Response:
    told = writing.contrat(await call.view("contrat"))
    return JSONResponse(told) if told else Response(status_code=204)


async def create_signed(call: Call) -> Response:
    """Sign the one that waits; when none does, propose what the mandate says, then sign it."""
    told, view = await call.body(reading.Signature), await call.view("contrat")
    day = reading.day_there(told.dateSignature, view["departement"])
    if not view.get("en_attente") and not _is_signed(view, day):
        await _propose(call, view, day)
        view = await call.view("contrat")
    return await _sign(call, view, day)


async def sign(call: Call) -> Response:
    told, view = await call.body(reading.Signature), await call.view("contrat")
    return await _sign(call, view, reading.day_there(told.dateSignature, view["departement"]))


async def refuse(call: Call) -> Response:
    told, view = await call.body(reading.Refus), await call.view("contrat")
    day, waiting = reading.day_there(told.dateRefus, view["departement"]), view.get("en_attente")
    if not waiting:
        raise functional("CONTRAT_ABSENT", _NONE_WAITS)
    if (waiting["etat"], waiting.get("date_refus")) == ("refuse", day):
        call.exchange.counts["deja-depose"] += 1
        return JSONResponse(writing.contrat(view))
    data = {"contrat_id": waiting["contrat_id"], "date_refus": day}
    return JSONResponse(writing.contrat(await _answered(call, view, waiting, "contrat.refuse", data)))


def _is_signed(view: Mapping[str, Any], day: str) -> bool:
    return any((view.get(place) or {}).get("date_signature") == day for place in ("en_vigueur", "a_venir"))


async def _sign(call: Call, view: Mapping[str, Any], day: str) -> Response:
    waiting = view.get("en_attente")
    if waiting:
        data = {"contrat_id": waiting["contrat_id"], "date_signature": day, "signataires": _SIGNATORIES}
        view = await _answered(call, view, waiting, "contrat.signe", data)
    elif _is_signed(view, day):
        call.exchange.counts["deja-depose"] += 1
    else:
        raise functional("CONTRAT_ABSENT", _NONE_WAITS)
    return JSONResponse(writing.contrat(view))


async def _propose(call: Call, view: Mapping[str, Any], day: str) -> None:
    said = call.settings.contrat
    if said is None:
        raise functional("CONTRAT_ABSENT", f"{_NONE_WAITS} Réglez [contrat] dans le connecteur pour en créer un.")
    known = len(view.get("contrats") or ())
    digest = hashlib.sha256(forme_canonique([call.parcours, day, known])).hexdigest()
    data = {
        "contrat_id": f"ft-{digest[:24]}",
        "date_debut": day,
        "duree_mois": said.duree_mois,
        "engagements_usager": [{"id": "usager", "theme": str(said.theme), "libelle": said.engagement_usager}],
        "engagements_organisme": [{"id": "organisme", "theme": str(said.theme), "libelle": said.engagement_organisme}],
    }
    await call.deposit(Act("contrat.propose", data, view["departement"], "engagement"))


async def _answered(
    call: Call, view: Mapping[str, Any], waiting: Mapping[str, Any], fait: str, data: dict[str, Any]
) -> Mapping[str, Any]:
    """The view once the contract that waited is signed or refused."""
    before = _before(waiting)
    act = Act(fait, data, view["departement"], "engagement", before)
    return await call.act("contrat", act, lambda seen: _before(seen.get("en_attente") or {}) != before)


def _before(waiting: Mapping[str, Any]) -> list[Any]:
    """A contract may be refused, signed, put back and signed again: each is another act."""
    return [
        waiting.get("etat"),
        waiting.get("date_signature"),
        waiting.get("date_refus"),
        waiting.get("cause_resignature"),
    ]
