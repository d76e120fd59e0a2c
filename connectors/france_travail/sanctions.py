"""Sanctions: what is proposed, what the département makes of it, what it decides by itself."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from starlette.responses import JSONResponse, Response

from connectors.france_travail import reading, writing
from connectors.france_travail.calls import Act, Call
from connectors.france_travail.codes import SORTIE
from connectors.france_travail.faults import functional, invalid
from relais_contrats.lecture import forme_canonique

INSTRUCTION = "instruction"
"""Sanctions whose instruction was begun, by parcours and key: a step that the hub does not know."""
_LIFTED = {
    "valid-levee-susp": "Levée de la suspension validée",
    "annulation-sanction": "Sanction annulée",
}
_UNKNOWN = "Aucune sanction de cet usager ne porte cet identifiant."


async def read(call: Call) -> Response:
    wanted = call.request.query_params.get("identifiantSanction")
    if not wanted:
        raise invalid("identifiantSanction est obligatoire")
    return JSONResponse(writing.sanction(_known(await call.view("contrat"), wanted)))


async def event(call: Call) -> Response:
    """A step of a sanction that was proposed, or in force."""
    told, view = await call.body(reading.Evenement), await call.view("contrat")
    one = _known(view, told.identifiantConsequenceSanction)
    what = reading.coded("evenement_sanction", told.evenement.typeEvenement, "typeEvenement")
    day = reading.day_there(told.evenement.dateEvenement, view["departement"])
    match what:
        case "saisie-sanction":
            await _begin(call, one)
        case "valid-sanction":
            await _decide(call, view, one, reading.validated(told, one) | {"date_notification": day})
        case "refus-saisie-sanction":  # without an instruction, the proposal is decided as it is
            await _decide(call, view, one, reading.proposed(one) | {"date_notification": day})
        case "valid-levee-susp" | "annulation-sanction":
            await _lift(call, view, one, {"date_effet": day, "motif": _LIFTED[what]})
        case _:
            raise functional("EVENEMENT_SANS_EQUIVALENT", "typeEvenement : le relais n'a pas ce fait.")
    return JSONResponse({"codeSortie": SORTIE})


async def decide(call: Call) -> Response:
    """A sanction of somebody whom the partner follows itself."""
    told, view = await call.body(reading.DecisionSanction), await call.view("contrat")
    data = reading.sanction(told, view["departement"])
    digest = hashlib.sha256(forme_canonique([call.parcours, data])).hexdigest()
    data["sanction_id"] = f"ft-{digest[:24]}"
    await call.deposit(Act("sanction.decidee", data, view["departement"], "engagement"))
    return JSONResponse({"codeSortie": SORTIE, "identifiantConsequenceSanction": data["sanction_id"]})


def _known(view: Mapping[str, Any], id_: str) -> Mapping[str, Any]:
    for one in view.get("sanctions") or ():
        if one["sanction_id"] == id_:
            return dict(one)
    raise functional("ID_NON_RECONNU", _UNKNOWN)


async def _begin(call: Call, one: Mapping[str, Any]) -> None:
    if one["etat"] != "proposee":
        raise functional("ETAT_INTERDIT", "Cette sanction n'est plus à instruire.")
    await call.context.state.link(INSTRUCTION, [(f"{call.parcours} {one['sanction_id']}", "saisie")])


async def _decide(call: Call, view: Mapping[str, Any], one: Mapping[str, Any], data: dict[str, Any]) -> None:
    if one["etat"] == "decidee" and all(one.get(name) == value for name, value in data.items()):
        call.exchange.counts["deja-depose"] += 1
        return
    await call.deposit(Act("sanction.decidee", data, view["departement"], "engagement", one["etat"]))


async def _lift(call: Call, view: Mapping[str, Any], one: Mapping[str, Any], told: dict[str, Any]) -> None:
    if one.get("date_levee") == told["date_effet"]:
        call.exchange.counts["deja-depose"] += 1
        return
    data = {"sanction_id": one["sanction_id"], **told}
    await call.deposit(Act("sanction.levee", data, view["departement"], "engagement", one["etat"]))
