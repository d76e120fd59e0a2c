"""The story that the demonstration plays, step by step, with what must be true at each."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from deploy.demo import follow_up, prescription
from deploy.demo.persons import Person
from deploy.demo.stage import ASSO, CAF, CD, FT, ML, PATIENCE_S, Stage, today
from deploy.demo.witnesses import FEED, WEBHOOK, Received
from relais_contrats.v1.delais import ORIENTATION

_MOBILITE = {"systeme": "siret", "valeur": "90000083700014", "nom": "Plateforme mobilité de Lille"}
_AGENCE = {"systeme": "siret", "valeur": "90000062100012", "nom": "Agence France Travail de Lille"}
_CRITERES = {
    "situation_professionnelle": "deux-dernieres-annees",
    "niveau_etude": "nv4",
    "projet_pro": "salariat",
    "contrainte_sante": "impact-faible-recherche-emploi",
    "contrainte_logement": "aucune",
    "contrainte_mobilite": "aucun-moyen-de-transport",
    "contrainte_familiale": "enfant-sans-solution-garde",
    "contrainte_financiere": "impact-faible-recherche-emploi",
    "contrainte_administrative_juridique": "aucune",
    "contrainte_francais_calcul": "aucune",
    "contrainte_numerique": "aucune",
}
_TOO_LONG = timedelta(days=ORIENTATION.jours + 7)


async def play(stage: Stage, folder: Path) -> None:
    """`folder` receives the page of the roadmap."""
    oriented, late, twice = stage.person(), stage.person(), stage.person()
    with stage.telling("Le département et l'association ouvrent leur webhook"):
        await _handshakes(stage)
    with stage.telling("La CAF signale trois personnes, le département les reçoit"):
        for person, days in ((oriented, 10), (late, _TOO_LONG.days), (twice, 3)):
            await _signal(stage, person, days, is_shown=person is oriented)
    with stage.telling("Un diagnostic est réalisé, une préconisation est calculée et expliquée"):
        advised = await _diagnose(stage, oriented)
    with stage.telling("Le département décide, chacun reçoit ce qu'il peut voir"):
        await _decide(stage, oriented, advised)
    with stage.telling("L'association désigne la référente unique, qui accepte"):
        await follow_up.designate(stage, oriented, _MOBILITE)
    with stage.telling("Un premier rendez-vous a lieu"):
        await follow_up.meet(stage, oriented)
    with stage.telling("Un contrat engage les deux côtés"):
        await follow_up.commit(stage, oriented)
    with stage.telling("La feuille de route réunit tout"):
        await follow_up.plan(stage, oriented)
    with stage.telling("La personne est adressée à un service de l'offre, qui l'accepte"):
        await prescription.prescribe(stage, oriented, _MOBILITE)
    with stage.telling("Une réorientation remet tout en cohérence"):
        new = {k: v for k, v in _decision("emploi", "france-travail", _AGENCE, rang=2).items() if k != "decision"}
        await follow_up.unsettle(stage, oriented, _AGENCE, new)
    with stage.telling("La feuille de route est remise à la personne"):
        await follow_up.hand_over(stage, oriented, folder)
    with stage.telling("Une personne devient ambiguë, le département tranche"):
        await _settle(stage, twice)
    with stage.telling(f"Une décision vient après {ORIENTATION}"):
        await _too_late(stage, late)
    with stage.telling("Chaque webhook portait une signature juste"):
        for code in (CD, ASSO):
            stage.step.notes.append(f"{code} : {stage.receiver.verified[code]} messages vérifiés (Standard Webhooks)")
        stage.check("aucune signature n'a été refusée", not stage.receiver.refused)


async def _handshakes(stage: Stage) -> None:
    for code in (CD, ASSO):
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                await stage.receiver.address_verified(code).wait()
        held = stage.receiver.address_verified(code).is_set()
        stage.need(f"{code} : l'adresse est vérifiée par un message signé", held)


async def _signal(stage: Stage, person: Person, days: int, *, is_shown: bool) -> None:
    data = {
        "identite": person.identite,
        "identifiants": [
            {"type": "nir", "valeur": person.nir},
            {"type": "numero-france-travail", "valeur": person.numero_france_travail},
        ],
        "coordonnees": {"adresse": {"code_commune": "59350", "code_postal": "59000", "voie": "1 rue de la Fiction"}},
        "brsa": True,
        "date_reception_droit": (today() - timedelta(days=days)).isoformat(),
        "origine": "inscription-auto-caf",
    }
    answer = await stage.deposit(CAF, "usager.signale", person, data)
    stage.need(f"le signalement de {person} est accepté", answer.etat == "accepte" and answer.parcours)
    pushed = await stage.arrives(CD, "usager.signale", person, WEBHOOK, is_shown=is_shown)
    pulled = await stage.arrives(CD, "usager.signale", person, FEED, is_shown=False)
    stage.check("le webhook et le flux portent le même événement", pulled.event["id"] == pushed.event["id"])
    stage.check("le département voit le NIR", person.nir in _text(pushed))
    trace = stage.step.sent[-1].trace
    shown = pushed.event.get("traceparent", "")
    stage.check("le destinataire a une trace à lui, jamais celle du dépôt", shown and trace not in shown)
    await stage.arrives(FT, "usager.signale", person, FEED, is_shown=is_shown)
    await stage.arrives(CD, "orientation.demandee", person, is_shown=False)
    names = {person.parcours[code] for code in (CAF, CD, FT)}
    stage.check("chacun a son propre pseudonyme du parcours", len(names) == 3)
    stage.does_not_arrive(ASSO, "usager.signale", person)


async def _diagnose(stage: Stage, person: Person) -> Received:
    answer = await stage.deposit(CD, "diagnostic.realise", person, {"criteres": _CRITERES}, subject=person.parcours[CD])
    stage.need("le diagnostic est accepté", answer.etat == "accepte")
    await stage.arrives(FT, "diagnostic.realise", person, FEED)
    advised = await stage.arrives(CD, "orientation.preconisee", person, WEBHOOK)
    await stage.arrives(FT, "orientation.preconisee", person, FEED)
    for motif in advised.data["motifs"]:
        stage.step.notes.append(f"[italic]{motif['critere']} = {motif.get('valeur', '—')}[/] : {motif['explication']}")
    stage.check("la préconisation dit quel critère a conduit à quoi", advised.data["motifs"])
    stage.does_not_arrive(ASSO, "diagnostic.realise", person)
    stage.does_not_arrive(CAF, "diagnostic.realise", person)
    return advised


async def _decide(stage: Stage, person: Person, advised: Received) -> None:
    answer = await stage.deposit(
        CD,
        "orientation.decidee",
        person,
        _decision(advised.data["parcours_type"], advised.data["organisme"], _MOBILITE, since=follow_up.SINCE),
        subject=person.parcours[CD],
    )
    stage.need("la décision est acceptée", answer.etat == "accepte")
    await stage.arrives(FT, "orientation.decidee", person, FEED)
    await stage.arrives(ASSO, "orientation.decidee", person, WEBHOOK)
    entered = await stage.arrives(ASSO, "parcours.partage", person, WEBHOOK)
    stage.check("l'association apprend pourquoi elle participe", entered.data.get("motif"))
    stage.does_not_arrive(CAF, "orientation.decidee", person)
    told = [one for one in stage.witnesses.received if one.partner == ASSO]
    leaked = [secret for one in told for secret in person.secrets if secret in _text(one)]
    stage.check("l'association, orientée mais non prescrite, n'a ni identité ni numéro", told and not leaked)


async def _settle(stage: Stage, person: Person) -> None:
    data = {
        "identite": person.identite,
        "identifiants": [{"type": "local", "valeur": person.dossier}],
        "brsa": False,
        "origine": "inscription-auto-milo",
    }
    answer = await stage.deposit(ML, "usager.signale", person, data)
    stage.need("le signalement de la mission locale, sans NIR, est accepté", answer.etat == "accepte")
    known = person.parcours[CD]
    ambiguous = await stage.arrives(
        CD, "usager.ambigu", person, WEBHOOK, about=lambda _, event: known in event["data"]["candidats"]
    )
    for code, way in ((CD, WEBHOOK), (FT, FEED)):
        await stage.arrives(code, "usager.signale", person, way, about=lambda _, event: _is_from(ML, person, event))
    stage.does_not_arrive(ML, "usager.ambigu", person)
    waiting = ambiguous.event["subject"]
    stage.check("rien n'est fusionné : elle a son propre parcours, en attente", waiting != known)
    answer = await stage.deposit(
        CD, "usager.rapproche", person, {"decision": "meme-personne", "parcours": known}, subject=waiting
    )
    stage.need("le département tranche : c'est la même personne", answer.etat == "accepte")
    former = person.parcours[ML]
    await stage.arrives(
        ML, "parcours.partage", person, FEED, about=lambda _, event: former in event["data"].get("anciens", [])
    )
    await stage.arrives(
        ML, "usager.fusionne", person, FEED, about=lambda _, event: person.parcours[ML] in event["data"]["absorbes"]
    )
    moved = {"coordonnees": {"telephone": "0320000000"}}
    answer = await stage.deposit(ML, "usager.corrige", person, moved, subject=person.parcours[ML])
    stage.need("l'ancien pseudonyme de la mission locale atteint le parcours reconnu", answer.etat == "accepte")
    await stage.arrives(CD, "usager.corrige", person, WEBHOOK)


async def _too_late(stage: Stage, person: Person) -> None:
    relieved = await stage.arrives(CD, "orientation.dessaisie", person, WEBHOOK)
    await stage.arrives(FT, "orientation.dessaisie", person, FEED)
    stage.check(
        f"le délai compté est de {ORIENTATION}",
        relieved.data["date_echeance"] == ORIENTATION.fin(today() - _TOO_LONG).isoformat(),
    )
    decision = _decision("emploi", "france-travail", _AGENCE)
    answer = await stage.deposit(CD, "orientation.decidee", person, decision, subject=person.parcours[CD])
    stage.check("la décision tardive du département est refusée : delai-depasse", answer.code == "delai-depasse")
    answer = await stage.deposit(FT, "orientation.decidee", person, decision, subject=person.parcours[FT])
    stage.check("France Travail, devenu compétent, décide", answer.etat == "accepte")
    await stage.arrives(CD, "orientation.decidee", person, WEBHOOK)


def _decision(
    parcours_type: str,
    organisme: str,
    structure: dict[str, str],
    *,
    since: timedelta = timedelta(),
    rang: int = 1,
) -> dict[str, Any]:
    day = (today() - since).isoformat()
    return {
        "decision": "acceptee",
        "parcours_type": parcours_type,
        "organisme": organisme,
        "structure": structure,
        "date_decision": day,
        "date_debut": day,
        "rang": rang,
    }


def _is_from(partner: str, person: Person, event: Mapping[str, Any]) -> bool:
    return event["source"] == f"/partenaires/{partner}" and person.is_named_by(event)


def _text(received: Received) -> str:
    return json.dumps(received.event, ensure_ascii=False)
