"""The person is sent to a service of the offer: its structure sees who comes, accepts, and the roadmap follows."""

from __future__ import annotations

import json
from collections.abc import Mapping

from deploy.demo.follow_up import accepted, read
from deploy.demo.persons import Person
from deploy.demo.stage import ASSO, CAF, CD, DEPARTEMENT, OFFRE, Stage, today
from deploy.demo.witnesses import WEBHOOK

_SOURCE = "catalogue-de-demonstration"


async def prescribe(stage: Stage, person: Person, structure: Mapping[str, str]) -> None:
    service = await _publish(stage, person, structure)
    before = json.dumps(await stage.partners[ASSO].get(f"/v1/parcours/{person.parcours[ASSO]}"), ensure_ascii=False)
    stage.check("orientée seulement, l'association ne sait pas qui est la personne", _name(person) not in before)
    action = await stage.arrives(CD, "action.ajoutee", person, is_shown=False)
    emitted = {
        "prescription_id": f"prescription-{stage.run}",
        "service_id": service,
        "motif": "Se rendre à Seclin avant le premier bus.",
        "contact_prefere": "telephone",
        "engagement_protection_donnees": True,
        "action_id": action.data["action_id"],
    }
    await accepted(stage, CD, "prescription.emise", person, emitted, subject=person.parcours[CD])
    received = await stage.arrives(ASSO, "prescription.emise", person, WEBHOOK)
    stage.check("chacun nomme à sa façon ce qu'un autre a créé", received.data["prescription_id"].startswith("obj_"))
    stage.does_not_arrive(CAF, "prescription.emise", person)
    seen = json.dumps(await stage.partners[ASSO].get(f"/v1/parcours/{person.parcours[ASSO]}"), ensure_ascii=False)
    stage.check("prescrite, l'association sait qui vient", _name(person) in seen)
    stage.check("elle sait où joindre la personne", '"coordonnees"' in seen)
    stage.check("elle ne voit ni le NIR ni le numéro France Travail", not any(n in seen for n in _numbers(person)))
    answer = {"prescription_id": received.data["prescription_id"], "date": today().isoformat()}
    await accepted(stage, ASSO, "prescription.acceptee", person, answer, subject=person.parcours[ASSO])
    await stage.arrives(CD, "prescription.acceptee", person, WEBHOOK)
    again = await stage.deposit(
        ASSO,
        "prescription.refusee",
        person,
        answer | {"motifs": ["capacite-atteinte"]},
        subject=person.parcours[ASSO],
        finalite="accompagnement",
    )
    stage.check("une réponse donnée ne change plus : deja-traite", again.code == "deja-traite")
    sheet = await read(
        stage, CD, person, "feuille-de-route", lambda vue: _action(vue).get("etat_prescription") == "acceptee"
    )
    stage.check("l'action de la feuille de route est en cours", _action(sheet)["statut"] == "en-cours")


async def _publish(stage: Stage, person: Person, structure: Mapping[str, str]) -> str:
    """A structure and its service, one by one, as a catalogue publishes what changes."""
    key = f"{_SOURCE}--mobilite-{stage.run}"
    common = {
        "source": _SOURCE,
        "date_maj": today().isoformat(),
        "commune": "Lille",
        "code_postal": "59000",
        "code_insee": "59350",
    }
    described = {"id": key, "nom": structure["nom"], "siret": structure["valeur"]}
    offered = {
        "id": f"{key}-scooter",
        "structure_id": key,
        "nom": "Louer un scooter",
        "description": "Location solidaire d'un deux-roues pour aller travailler.",
        "type": "aide-materielle",
        "thematiques": ["mobilite--acceder-a-un-vehicule"],
        "frais": "payant",
    }
    for fait, data in (("structure.publiee", common | described), ("service.publie", common | offered)):
        answer = await stage.deposit(OFFRE, fait, person, data, finalite="offre")
        stage.need(f"{fait} est accepté", answer.etat == "accepte")
    stage.check("l'offre ne porte sur aucun parcours", person.parcours.get(OFFRE) is None)
    stage.step.notes.append(f"service publié pour le {DEPARTEMENT} : {offered['nom']}")
    return str(offered["id"])


def _action(vue: Mapping[str, object]) -> Mapping[str, object]:
    objectifs = vue.get("objectifs")
    actions = objectifs[0].get("actions") if isinstance(objectifs, list) and objectifs else None
    return actions[0] if actions else {}


def _name(person: Person) -> str:
    return str(person.identite["nom_naissance"])


def _numbers(person: Person) -> list[str]:
    return [person.nir, person.numero_france_travail]
