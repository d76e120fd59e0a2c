"""The AsyncAPI 3 document: what a partner deposits and receives over HTTP, and the streams behind."""

from typing import Any

from relais_contrats.catalogue import CATALOGUE, PASSERELLE, TypeMessage

VERSION = "1.0.0"


def _flux(message: TypeMessage) -> str:
    return "PARCOURS" if message.porte_sur_parcours or message.ouvre_parcours else "OFFRES"


def _message(message: TypeMessage) -> dict[str, Any]:
    return {
        "name": message.type_cloudevents,
        "title": message.titre,
        "summary": message.description,
        "contentType": "application/cloudevents+json",
        "payload": {
            "allOf": [
                {"$ref": "schemas/evenement.json"},
                {
                    "properties": {
                        "type": {"const": message.type_cloudevents},
                        "data": {"$ref": f"schemas/{message.nom}.json"},
                    }
                },
            ],
        },
        "x-relais-emetteurs": sorted(message.emetteurs | message.roles_emetteurs),
        "x-relais-recepteurs": sorted(message.recepteurs),
    }


def _canal(message: TypeMessage) -> dict[str, Any]:
    messages = {message.nom: {"$ref": f"#/components/messages/{message.nom}"}}
    if message.brique == PASSERELLE:
        texte = "N'emprunte pas le bus : lu par `GET /v1/evenements` ou reçu par webhook."
        return {"address": None, "title": message.titre, "description": texte, "messages": messages}
    nom, _, verbe = message.nom.partition(".")
    fait = verbe if nom == message.brique else f"{nom}-{verbe}"
    adresse = f"parcours.{{departement}}.{message.brique}.{fait}.{{parcours}}"
    if _flux(message) == "OFFRES":
        adresse = f"offres.{{departement}}.{message.brique}.{fait}"
    parametres = {"departement": {"description": "Code INSEE du département, en minuscules."}}
    if "{parcours}" in adresse:
        parametres["parcours"] = {"description": "Identifiant interne du parcours ; jamais transmis à un partenaire."}
    return {
        "address": adresse,
        "title": message.titre,
        "messages": messages,
        "parameters": parametres,
        "bindings": {"nats": {"bindingVersion": "0.1.0"}},
        "x-nats-jetstream": {"stream": _flux(message), "storage": "file", "max_age": "30d", "retention": "limits"},
    }


def document_asyncapi() -> dict[str, Any]:
    """All channels, one per message, and the operation of the hub on each."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Relais : messages de parcours d'insertion",
            "version": VERSION,
            "description": "Les messages qu'échangent les acteurs de l'insertion. Un partenaire les dépose par "
            "`POST /v1/messages` et les reçoit par webhook ou par `GET /v1/evenements` ; les canaux "
            "décrits ici sont ceux du hub.",
        },
        "defaultContentType": "application/cloudevents+json",
        "channels": {nom: _canal(m) for nom, m in CATALOGUE.items()},
        "operations": {
            f"publier-{nom.replace('.', '-')}": {
                "action": "send",
                "channel": {"$ref": f"#/channels/{nom}"},
                "summary": f"Le hub publie : {m.titre}.",
            }
            for nom, m in CATALOGUE.items()
        },
        "components": {"messages": {nom: _message(m) for nom, m in CATALOGUE.items()}},
    }
