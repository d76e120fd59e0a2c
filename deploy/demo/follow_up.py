"""The second half of the story: référent, appointment, contract, roadmap, and a réorientation that unsettles them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from datetime import datetime, time, timedelta
from pathlib import Path
from time import monotonic
from typing import Any

from deploy.demo.persons import Person
from deploy.demo.stage import ASSO, CAF, CD, FT, PARIS, PATIENCE_S, Stage, today
from deploy.demo.witnesses import FEED, WEBHOOK

_REFERENTE = {
    "nom": "Delattre",
    "prenom": "Inès",
    "courriel": "ines.delattre@mobilite.example",
    "telephone": "0320111213",
    "identifiant_agent": "mob-17",
}
# Long enough ago for the réorientation to leave it its seven days.
SINCE = timedelta(days=9)


async def designate(stage: Stage, person: Person, structure: Mapping[str, str]) -> None:
    """The structure of the orientation names the référente, who accepts: everybody knows who follows the person."""
    own = {"subject": person.parcours[ASSO]}
    designation = {"referent": _REFERENTE, "structure": structure, "date_debut": _day(-8)}
    await accepted(stage, ASSO, "referent.designe", person, designation, **own)
    await accepted(stage, ASSO, "referent.accepte", person, {}, **own)
    await stage.arrives(FT, "referent.accepte", person, FEED)
    await stage.arrives(CD, "referent.accepte", person, WEBHOOK)
    seen = await read(stage, CD, person, "referent", lambda vue: vue.get("referent"))
    shown = seen["referent"]["referent"]
    stage.step.notes.append(f"qui suit cette personne ? {shown['prenom']} {shown['nom']}, {shown['telephone']}")
    stage.check("une seule lecture dit qui est la référente et comment la joindre", shown == _REFERENTE)
    stage.does_not_arrive(CAF, "referent.designe", person)


async def meet(stage: Stage, person: Person) -> None:
    """A first appointment, planned then held."""
    began = datetime.combine(today() - timedelta(days=1), time(9, 30), PARIS)
    rdv = {
        "rdv_id": f"rdv-{stage.run}",
        "motif": "accompagnement",
        "debut": began.isoformat(),
        "duree_min": 45,
        "modalite": "physique",
        "forme": "individuel",
        "lieu": "12 rue des Tilleuls, Lille",
    }
    own = {"subject": person.parcours[ASSO]}
    await accepted(stage, ASSO, "rdv.planifie", person, rdv | {"statut": "planifie"}, **own)
    await stage.arrives(CD, "rdv.planifie", person, WEBHOOK, is_shown=False)
    tomorrow = rdv | {"rdv_id": f"rdv-{stage.run}-2", "debut": (began + timedelta(days=8)).isoformat()}
    await accepted(stage, ASSO, "rdv.planifie", person, tomorrow | {"statut": "planifie"}, **own)
    answer = await stage.deposit(
        ASSO, "rdv.constate", person, tomorrow | {"statut": "honore"}, **own, finalite="accompagnement"
    )
    stage.check("un rendez-vous à venir ne peut pas être honoré", answer.etat == "refuse")
    await accepted(stage, ASSO, "rdv.constate", person, rdv | {"statut": "honore"}, **own)
    await stage.arrives(CD, "rdv.constate", person, WEBHOOK)


async def commit(stage: Stage, person: Person) -> None:
    """A contract in which both sides commit themselves, signed within the month that the notification opened."""
    contrat = f"contrat-{stage.run}"
    await accepted(
        stage, CD, "orientation.notifiee", person, {"date_notification": _day(-8)}, subject=person.parcours[CD]
    )
    proposed = {
        "contrat_id": contrat,
        "date_debut": _day(-7),
        "duree_mois": 6,
        "engagements_usager": [
            {"id": "e1", "theme": "mobilite", "libelle": "Préparer le code de la route", "heures_hebdo": 6},
            {"id": "e2", "theme": "choisir-un-metier", "libelle": "Rencontrer deux employeurs", "heures_hebdo": 9},
        ],
        "engagements_organisme": [{"id": "o1", "theme": "mobilite", "libelle": "Prêter un deux-roues"}],
    }
    signed = {"contrat_id": contrat, "date_signature": _day(-6), "signataires": ["usager", "referent"]}
    answer = await stage.deposit(
        CD,
        "contrat.propose",
        person,
        proposed | {"engagements_organisme": []},
        subject=person.parcours[CD],
        finalite="engagement",
    )
    stage.check("un contrat qui n'engage qu'un côté est refusé", answer.etat == "refuse")
    await accepted(stage, CD, "contrat.propose", person, proposed, subject=person.parcours[CD])
    await accepted(stage, CD, "contrat.signe", person, signed, subject=person.parcours[CD])
    await stage.arrives(FT, "contrat.signe", person, FEED)
    stage.does_not_arrive(ASSO, "contrat.signe", person)


async def plan(stage: Stage, person: Person) -> None:
    """The roadmap: an objective and an action that waits for a prescription, as the département sees them too."""
    own = {"subject": person.parcours[ASSO]}
    objectif, action = f"objectif-{stage.run}", f"action-{stage.run}"
    await accepted(
        stage,
        ASSO,
        "objectif.ajoute",
        person,
        {
            "objectif_id": objectif,
            "theme": "mobilite",
            "libelle": "Pouvoir aller travailler à Seclin",
            "statut": "en-cours",
        },
        **own,
    )
    await accepted(
        stage,
        ASSO,
        "action.ajoutee",
        person,
        {
            "action_id": action,
            "objectif_id": objectif,
            "libelle": "Louer un scooter à la plateforme mobilité",
            "echeance": _day(20),
            "statut": "prevue",
        },
        **own,
    )
    await stage.arrives(CD, "action.ajoutee", person, WEBHOOK)
    sheet = await read(stage, CD, person, "feuille-de-route", _is_settled)
    stage.check("la feuille de route montre la référente active", sheet["referent"]["etat"] == "actif")
    stage.check("la feuille de route montre le contrat signé", sheet["contrat"]["etat"] == "signe")
    stage.check("la feuille de route montre l'action et son échéance", any(sheet.get("echeances") or []))


async def unsettle(stage: Stage, person: Person, structure: Mapping[str, str], decision: Mapping[str, Any]) -> None:
    """A réorientation: one decision closes the former, ends the référente, reopens the contract."""
    asked = {
        "motif": "La personne a trouvé une promesse d'embauche.",
        "parcours_type_propose": decision["parcours_type"],
        "structure_proposee": structure,
        "accord_referent": True,
        "accord_personne": True,
        "urgence": False,
    }
    await accepted(stage, ASSO, "reorientation.demandee", person, asked, subject=person.parcours[ASSO])
    await stage.arrives(CD, "reorientation.demandee", person, WEBHOOK, is_shown=False)
    decided = {"decision": "acceptee", "nouvelle_decision": decision}
    await accepted(stage, CD, "reorientation.decidee", person, decided, subject=person.parcours[CD])
    await stage.arrives(FT, "referent.termine", person, FEED)
    await stage.arrives(FT, "contrat.a-resigner", person, FEED)
    sheet = await read(
        stage, CD, person, "feuille-de-route", lambda vue: (vue.get("contrat") or {}).get("etat") == "a-signer"
    )
    stage.check("la nouvelle orientation est en vigueur", sheet["orientation"]["structure"] == structure)
    stage.check("plus aucun référent n'est actif", not sheet.get("referent"))
    stage.check("la référente reste dans l'historique", len(sheet.get("anciens_referents") or []) == 1)
    stage.check("le contrat est à signer de nouveau", sheet["contrat"]["etat"] == "a-signer")


async def hand_over(stage: Stage, person: Person, folder: Path) -> None:
    """The roadmap as its page, in a file that opens in any browser and prints on A4."""
    partner = stage.partners[CD]
    sheet = await partner.get(f"/v1/parcours/{person.parcours[CD]}/feuille-de-route")
    for due in sheet.get("echeances") or []:
        stage.step.notes.append(f"{due['date_echeance']} : {due.get('libelle') or due['nature']}")
    page = await partner.page(f"/v1/parcours/{person.parcours[CD]}/feuille-de-route")
    written = folder / "feuille-de-route.html"
    written.write_text(page, encoding="utf-8")
    stage.step.notes.append(f"page à remettre à la personne : {written}")
    stage.check("la page est en français et ne dit ni nom ni numéro", 'lang="fr"' in page and _hides(page, person))


async def accepted(
    stage: Stage, partner: str, fait: str, person: Person, data: Mapping[str, Any], *, subject: str
) -> None:
    answer = await stage.deposit(partner, fait, person, data, subject=subject, finalite=_finalite(fait))
    stage.need(f"{fait} est accepté", answer.etat == "accepte")


async def read(
    stage: Stage, partner: str, person: Person, what: str, ready: Callable[[Mapping[str, Any]], Any]
) -> Mapping[str, Any]:
    """Read the parcours, again until the services have heard each other's events."""
    deadline = monotonic() + PATIENCE_S
    while True:
        vue: Mapping[str, Any] = await stage.partners[partner].get(f"/v1/parcours/{person.parcours[partner]}/{what}")
        if ready(vue):
            return vue
        if monotonic() > deadline:
            stage.need(f"{partner} lit {what} à jour", False)
        await asyncio.sleep(0.1)


def _finalite(fait: str) -> str:
    """For what a deposit is made; who asks for a réorientation does so while it accompanies the person."""
    if fait.startswith("contrat."):
        return "engagement"
    return "orientation" if fait in ("orientation.notifiee", "reorientation.decidee") else "accompagnement"


def _is_settled(vue: Mapping[str, Any]) -> bool:
    referent, contrat = vue.get("referent") or {}, vue.get("contrat") or {}
    return referent.get("etat") == "actif" and contrat.get("etat") == "signe" and bool(vue.get("objectifs"))


def _is_reopened(vue: Mapping[str, Any]) -> bool:
    return (vue.get("contrat") or {}).get("etat") == "a-signer"


def _hides(page: str, person: Person) -> bool:
    return not any(json.dumps(secret, ensure_ascii=False)[1:-1] in page for secret in person.secrets)


def _day(offset: int) -> str:
    return (today() + timedelta(days=offset)).isoformat()
