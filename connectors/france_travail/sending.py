"""What the hub tells France Travail, sent to its API: decisions, appointments, contracts, sanctions of the others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.exchanges import Exchange
from connectors.france_travail import writing
from connectors.france_travail.api import FranceTravail, FranceTravailRefused
from connectors.france_travail.codes import DECIDE, PRECONISE
from connectors.systems import Context

_ORIENTATION, _RDV = "/orientationusager/v1", "/rendez-vous-partenaire/v1/rendez-vous"
_CONTRACT, _SANCTIONS = "/contrat-engagement/v1", "/gestion-sanctions-rsa/v1"
_SPACE = "rdv chez France Travail"
_GONE = "ID_NON_RECONNU"
FAITS = (
    "orientation.decidee",
    "reorientation.decidee",
    "rdv.planifie",
    "rdv.modifie",
    "rdv.annule",
    "rdv.constate",
    "contrat.signe",
    "contrat.refuse",
    "sanction.decidee",
)


class Sending:
    """One event on its way. Raises `FranceTravailRefused`, `FranceTravailUnavailable`, `PartnerError`."""

    def __init__(self, context: Context, there: FranceTravail, exchange: Exchange, event: Mapping[str, Any]) -> None:
        self._context = context
        self._there = there
        self._exchange = exchange
        self._parcours, self._data = str(event["subject"]), event["data"]
        self._agent = str(event.get("agent") or "batch")
        self._jeton = ""

    async def run(self, fait: str) -> None:
        if fait == "reorientation.decidee" and self._data["decision"] != "acceptee":
            self._exchange.counts["sans-objet"] += 1  # nothing changes there either
            return
        headers = {"traceparent": self._exchange.traceparent}
        fiche = await self._context.hub.call("GET", f"/v1/parcours/{self._parcours}", headers=headers)
        self._jeton = await self._there.jeton(self._parcours, fiche)
        match fait:
            case "orientation.decidee":
                await self._orientation(self._data)
            case "reorientation.decidee":
                await self._orientation(self._data["nouvelle_decision"])
            case "rdv.annule":
                await self._cancelled()
            case "rdv.planifie" | "rdv.modifie" | "rdv.constate":
                await self._appointment()
            case "contrat.signe":
                await self._signed()
            case "contrat.refuse":
                await self._call("PATCH", f"{_CONTRACT}/refuser", {"dateRefus": _noon(self._data["date_refus"])})
            case "sanction.decidee":
                await self._call("POST", f"{_SANCTIONS}/decisionSanctionRSAPartenaire", sanction(self._data))
        self._exchange.counts["envoye"] += 1

    async def _call(self, method: str, path: str, content: Any = None) -> Any:
        return await self._there.call(method, path, content, jeton=self._jeton, agent=self._agent)

    async def _orientation(self, data: Mapping[str, Any]) -> None:
        """The decision is compared with the recommendation of France Travail; the hub's own may differ."""
        read = await self._call("GET", f"{_ORIENTATION}/lectureOrientation") or []
        parcours, organisme = data["parcours_type"], data["organisme"]
        chosen = (writing.code("parcours", parcours), writing.code("organisme", organisme))
        for one in read:
            is_same = (one.get("parcours"), one.get("organisme")) == chosen
            if is_same and one.get("statut") == DECIDE and one.get("date_entree_parcours") == data["date_debut"]:
                self._exchange.counts["connu"] += 1
                return
        waiting = next((one for one in read if one.get("statut") == PRECONISE), None)
        if waiting is None:
            await self._call("POST", f"{_ORIENTATION}/orientation", imposed(data))
            return
        is_followed = (waiting.get("parcours"), waiting.get("organisme")) == chosen
        who = self._context.configuration.sortie.organisme
        told = decision(data, who, self._agent, is_followed=is_followed)
        await self._call("POST", f"{_ORIENTATION}/decisionOrientation", told)

    async def _appointment(self) -> None:
        """Under their id once they gave one; one that they lost, as after a merge there, is taken again."""
        told, state = appointment(self._data, self._context.configuration.sortie.organisme), self._context.state
        key = f"{self._parcours} {self._data['rdv_id']}"
        theirs = await state.theirs(_SPACE, key)
        if theirs is not None:
            try:
                await self._call("PUT", _RDV, {"id": theirs, **told})
                return
            except FranceTravailRefused as refused:
                if refused.code != _GONE:
                    raise
        answer = await self._call("POST", _RDV, told)
        id_ = answer.get("id") if isinstance(answer, dict) else None
        if id_:
            await state.link(_SPACE, [(str(id_), key)])

    async def _cancelled(self) -> None:
        theirs = await self._context.state.theirs(_SPACE, f"{self._parcours} {self._data['rdv_id']}")
        if theirs is None:
            return
        try:
            await self._call("DELETE", f"{_RDV}/{theirs}")
        except FranceTravailRefused as refused:
            if refused.code != _GONE:
                raise

    async def _signed(self) -> None:
        """Theirs if there is one; else it is created signed."""
        told = {"dateSignature": _noon(self._data["date_signature"])}
        waiting = await self._call("GET", f"{_CONTRACT}/lecture")
        await self._call("PATCH" if waiting else "POST", f"{_CONTRACT}/signer", told)


def decision(data: Mapping[str, Any], organisme: str, agent: str, *, is_followed: bool) -> writing.Json:
    """`decisionOrientation`. A refusal carries the choice, and a motive: that of the hub, if it has one."""
    told: writing.Json = {
        "etat_decision": "ACCEPTEE" if is_followed else "REFUSEE",
        "date_decision": data["date_decision"],
        "organisme_decision": organisme,
        "agent_decision": agent,
        "structure": writing.structure(data["structure"]),
    }
    if is_followed:
        return told
    told |= {"parcours": writing.code("parcours", data["parcours_type"])}
    told |= {"organisme": writing.code("organisme", data["organisme"])}
    told |= {"motif_refus": writing.code("motif_refus", data.get("motif_refus")) or "APPRECIATION_DIFFERENTE"}
    return told | ({"commentaire_refus": data["commentaire_refus"]} if data.get("commentaire_refus") else {})


def imposed(data: Mapping[str, Any]) -> writing.Json:
    """`orientation`, when they recommend nothing."""
    return {
        "parcours": writing.code("parcours", data["parcours_type"]),
        "organisme": writing.code("organisme", data["organisme"]),
        "structure": writing.structure(data["structure"]),
    }


def appointment(data: Mapping[str, Any], organisme: str) -> writing.Json:
    whole = writing.rendez_vous(data, "", organisme, "")
    kept = ("date", "duree", "motif", "modaliteContact", "typeReception", "statut", "adresse")
    return {name: whole[name] for name in kept if whole[name] is not None} | {"organisme": {"code": organisme}}


def sanction(data: Mapping[str, Any]) -> writing.Json:
    """`decisionSanctionRSAPartenaire`."""
    told = {
        "dateNotificationDecisionSanction": data["date_notification"],
        "natureManquement": writing.code("nature_manquement", data["nature"]),
        "rangManquement": writing.code("rang_manquement", data["rang"]),
        "typeSanctionValide": writing.code("type_sanction", data["type"]),
        "modaliteDecisionValidee": writing.code("modalite_sanction", data.get("modalite")),
        "montantValide": data.get("montant"),
        "dureeValidee": data.get("duree_mois"),
    }
    return {name: value for name, value in told.items() if value is not None}


def _noon(day: str) -> str:
    """An instant that is of this day in every territory."""
    return f"{day}T12:00:00Z"
