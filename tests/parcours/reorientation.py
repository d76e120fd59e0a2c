"""A person oriented, followed and under contract, then reoriented: told to a hub, and read back from its roadmap."""

import asyncio
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from relais_contrats.client import Answer, Partner, RequestRefused
from tests.hub import Hub
from tests.jour import aujourdhui
from tests.persons import signalement

MAISON = {"systeme": "siret", "valeur": "90000059700014", "nom": "Maison Nord Solidarités de Lille"}
AGENCE = {"systeme": "siret", "valeur": "90000062100012", "nom": "Agence France Travail de Lille"}
REFERENT = {"nom": "Delattre", "prenom": "Inès", "courriel": "ines@nord.example", "identifiant_agent": "n-1"}

Vue = Mapping[str, Any]


def day(offset: int) -> str:
    return (aujourdhui() + timedelta(days=offset)).isoformat()


def decision(structure: dict[str, str], organisme: str, rang: int, since: int) -> dict[str, Any]:
    parcours_type = "emploi" if organisme == "france-travail" else "social"
    said = {"parcours_type": parcours_type, "organisme": organisme, "structure": structure, "rang": rang}
    return said | {"date_decision": day(since), "date_debut": day(since)}


async def opened(hub: Hub, cd: Partner, since: int = -20) -> str:
    """Somebody new, by the name that the département has for her; her right was received that day."""
    person = signalement(date_reception_droit=day(since))
    async with hub.partner("caf-59") as caf:
        await caf.post(caf.message("usager.signale", person, departement="59"))
    search = {"identifiants": person["identifiants"], "identite": person["identite"]}
    prc = str(await eventually(lambda: cd.call("POST", "/v1/usagers/recherche", search), lambda v: v.get("parcours")))
    await eventually(lambda: known(cd, prc), bool)
    return prc


async def known(partner: Partner, prc: str) -> bool:
    """Whether it takes part already."""
    try:
        return bool(await partner.get(f"/v1/parcours/{prc}"))
    except RequestRefused:
        return False


async def eventually(ask: Callable[[], Any], wanted: Callable[[Any], Any], timeout_s: float = 20.0) -> Any:
    """What `wanted` finds in the answer, as soon as it finds something."""
    deadline = time.monotonic() + timeout_s
    while not (found := wanted(answer := await ask())):
        assert time.monotonic() < deadline, answer
        await asyncio.sleep(0.1)
    return found


async def send(cd: Partner, prc: str, fait: str, data: Mapping[str, Any]) -> Answer:
    finalite = {"contrat": "engagement", "referent": "accompagnement"}.get(fait.partition(".")[0], "orientation")
    answer = await cd.post(cd.message(fait, data, departement="59", subject=prc, finalite=finalite))
    return await cd.settled(answer.id or "") if answer.etat == "en-attente" else answer


async def followed(hub: Hub, cd: Partner) -> str:
    """Oriented to the département, with its référent and a signed contract: nine deposits in one breath."""
    prc = await opened(hub, cd)
    contrat = {"contrat_id": "c-1", "date_debut": day(-8), "duree_mois": 6}
    engagement = {"id": "e-1", "theme": "mobilite", "libelle": "Apprendre à conduire"}
    reciprocal = {"engagements_usager": [engagement], "engagements_organisme": [engagement | {"id": "o-1"}]}
    for fait, data in (
        ("orientation.decidee", {"decision": "acceptee"} | decision(MAISON, "departement", 1, -10)),
        ("orientation.notifiee", {"date_notification": day(-10)}),
        ("referent.designe", {"referent": REFERENT, "structure": MAISON, "date_debut": day(-9)}),
        ("referent.accepte", {}),
        ("contrat.propose", contrat | reciprocal),
        ("contrat.signe", {"contrat_id": "c-1", "date_signature": day(-8), "signataires": ["usager", "referent"]}),
    ):
        answer = await send(cd, prc, fait, data)
        assert answer.etat == "accepte", (fait, answer)
    await eventually(lambda: sheet(cd, prc), lambda v: is_active(v) and contract(v) == "signe")
    return prc


def reorientation() -> tuple[tuple[str, dict[str, Any]], ...]:
    """The two deposits by which she passes to France Travail."""
    asked = {"motif": "Promesse d'embauche.", "parcours_type_propose": "emploi"}
    agreed = {"accord_referent": True, "accord_personne": True, "urgence": False}
    new = {"decision": "acceptee", "nouvelle_decision": decision(AGENCE, "france-travail", 2, 0)}
    return ("reorientation.demandee", asked | agreed), ("reorientation.decidee", new)


async def reoriented(cd: Partner, prc: str) -> None:
    for fait, data in reorientation():
        answer = await send(cd, prc, fait, data)
        assert answer.etat == "accepte", (fait, answer)


async def sheet(cd: Partner, prc: str) -> Vue:
    vue: Vue = await cd.get(f"/v1/parcours/{prc}/feuille-de-route")
    return vue


def is_active(vue: Vue) -> bool:
    return (vue.get("referent") or {}).get("etat") == "actif"


def contract(vue: Vue) -> str | None:
    return (vue.get("contrat") or {}).get("etat")


def open_structure(vue: Vue) -> str | None:
    return ((vue.get("orientation") or {}).get("structure") or {}).get("valeur")
