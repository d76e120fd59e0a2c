"""The AsyncAPI 3 documents: what a partner deposits and receives over HTTP; apart, the streams of the bus.

Each document holds all the schemas that it refers to, so that it reads the same from a file and from a hub.
"""

from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel

from relais_contrats.briques import PASSERELLE
from relais_contrats.catalogue import CATALOGUE, TypeMessage
from relais_contrats.enveloppe import Depot, Evenement
from relais_contrats.schemas import COMPOSANTS, nettoyer

VERSION = "1.0.0"
_STRUCTURE, _LOT, _FLUX = (
    "application/cloudevents+json",
    "application/cloudevents-batch+json",
    "application/x-ndjson",
)
_LU = ".lu"
_BATTEMENT = "abonnement.battement"
_DU_DEPOT_SEUL = frozenset(
    {"required", "additionalProperties", "allOf", "enum", "minItems", "minProperties", "x-relais-regles"}
)
_BUS = {"nats": {"bindingVersion": "0.1.0"}}

Document = dict[str, Any]


def document_asyncapi(base_url: str = "https://hub.example") -> Document:
    """What partners do: deposit over HTTP, pull the feed, receive webhooks."""
    deposables = [m for m in CATALOGUE.values() if m.se_depose]
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Relais : messages de parcours d'insertion",
            "version": VERSION,
            "description": "Les messages qu'échangent les acteurs de l'insertion. Un partenaire les dépose par "
            "`POST /v1/messages` et les reçoit par webhook ou par `GET /v1/evenements`. Les appels eux-mêmes sont "
            "décrits par `/openapi.json`.",
        },
        "defaultContentType": _STRUCTURE,
        "servers": {"hub": _hub(base_url)},
        "channels": {
            "depots": _canal(
                "/v1/messages",
                "Ce qu'un partenaire dépose",
                f"Un message (`{_STRUCTURE}`, ou en mode binaire), un lot (`{_LOT}`) ou un flux (`{_FLUX}`).",
                {f"depot.{m.nom}": f"depot.{m.nom}" for m in deposables},
            ),
            "evenements": _canal(
                "/v1/evenements",
                "Ce qu'un partenaire tire",
                "Une page d'événements, dans leur ordre, jusqu'à un curseur ; `POST /v1/evenements/acquittement` "
                "déplace la position gardée.",
                {nom: nom for nom in CATALOGUE},
            ),
            "webhook": _canal(
                None,
                "Ce qu'un partenaire reçoit",
                "L'adresse est celle de l'abonnement (`POST /v1/abonnements`) ; chaque envoi est signé (Standard "
                "Webhooks). Toute réponse 2xx vaut réception. Les événements d'un abonnement portent des numéros qui "
                "se suivent (`relaisnumero`).",
                {nom: nom for nom in CATALOGUE} | {_BATTEMENT: _BATTEMENT},
                serveurs=False,
            ),
        },
        "operations": {
            "deposer": _operation("receive", "depots", "Le hub reçoit un dépôt et rend sa décision.", "POST"),
            "servir-le-fil": _operation("send", "evenements", "Le hub rend les événements qui attendent.", "GET"),
            "livrer": _operation("send", "webhook", "Le hub livre un événement, ou un lot.", "POST"),
        },
        "components": {
            "messages": {nom: _evenement(m) for nom, m in CATALOGUE.items()}
            | {_BATTEMENT: _battement()}
            | {f"depot.{m.nom}": _depot(m) for m in deposables},
            "schemas": _schemas(),
            "securitySchemes": {
                "jeton": {
                    "type": "oauth2",
                    "description": "Profil FAPI 2.0 : jeton lié à une clé (DPoP) ou à un certificat.",
                    "flows": {
                        "clientCredentials": {
                            "tokenUrl": f"{base_url}/oauth/token",
                            "availableScopes": {
                                "messages:deposer": "Déposer des messages.",
                                "evenements:lire": "Tirer ses événements, s'abonner.",
                            },
                        }
                    },
                }
            },
        },
    }


def document_asyncapi_bus() -> Document:
    """The streams behind the door, for those who run a hub: no partner reads them."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Relais : le bus du hub",
            "version": VERSION,
            "description": "Les flux JetStream par lesquels les services du hub se parlent. Aucun partenaire n'y "
            "accède ; ce qui circule entre partenaires est décrit par `asyncapi.json`.",
        },
        "defaultContentType": _STRUCTURE,
        "servers": {"nats": {"host": "127.0.0.1:4222", "protocol": "nats", "description": "Le bus du hub."}},
        "channels": {nom: _sujet(m) for nom, m in CATALOGUE.items() if m.brique != PASSERELLE.nom},
        "operations": {
            f"publier-{nom.replace('.', '-')}": {
                "action": "send",
                "channel": {"$ref": f"#/channels/{nom}"},
                "summary": f"Le hub publie : {m.titre}.",
            }
            for nom, m in CATALOGUE.items()
            if m.brique != PASSERELLE.nom
        },
        "components": {
            "messages": {
                nom: {"name": m.type_cloudevents, "title": m.titre, "payload": {"$ref": f"{COMPOSANTS}Evenement"}}
                for nom, m in CATALOGUE.items()
            },
            "schemas": {"Evenement": nettoyer(Evenement.model_json_schema())},
        },
    }


def _hub(base_url: str) -> Document:
    adresse = urlsplit(base_url)
    return {
        "host": adresse.netloc,
        "protocol": adresse.scheme,
        "description": "Le hub.",
        "security": [{"$ref": "#/components/securitySchemes/jeton"}],
    }


def _canal(
    adresse: str | None, titre: str, description: str, messages: dict[str, str], *, serveurs: bool = True
) -> Document:
    canal: Document = {
        "address": adresse,
        "title": titre,
        "description": description,
        "messages": {cle: {"$ref": f"#/components/messages/{nom}"} for cle, nom in messages.items()},
    }
    return canal | {"servers": [{"$ref": "#/servers/hub"}]} if serveurs else canal


def _operation(action: str, canal: str, resume: str, methode: str) -> Document:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{canal}"},
        "summary": resume,
        "bindings": {"http": {"method": methode, "bindingVersion": "0.3.0"}},
    }


def _evenement(message: TypeMessage) -> Document:
    return _message(message, message.titre, "Evenement", _LU)


def _battement() -> Document:
    type_ = f"fr.insertion.{_BATTEMENT}.v1"
    return {
        "name": type_,
        "title": "Battement d'un abonnement au repos",
        "summary": "Rien ne vous a été envoyé depuis cinq minutes au moins : voici le dernier numéro de l'abonnement. "
        "S'il vous manque, `GET /v1/abonnements/{id}/trous` dit pourquoi. Votre réponse est sans effet.",
        "contentType": _STRUCTURE,
        "payload": {
            "type": "object",
            "required": ["specversion", "id", "source", "type", "time", "data"],
            "properties": {
                "type": {"const": type_},
                "data": {
                    "type": "object",
                    "required": ["abonnement", "dernier_numero", "depuis"],
                    "properties": {
                        "abonnement": {"type": "string", "format": "uuid"},
                        "dernier_numero": {"type": "integer", "minimum": 0, "description": "0 avant le premier envoi."},
                        "depuis": {
                            "type": "string",
                            "format": "date-time",
                            "description": "Le dernier envoi, ou la création de l'abonnement.",
                        },
                    },
                },
            },
        },
    }


def _depot(message: TypeMessage) -> Document:
    return _message(message, f"Dépôt : {message.titre}", "Depot", "")


def _message(message: TypeMessage, titre: str, enveloppe: str, suffixe: str) -> Document:
    return {
        "name": message.type_cloudevents,
        "title": titre,
        "summary": message.description,
        "contentType": _STRUCTURE,
        "payload": {
            "allOf": [
                {"$ref": f"{COMPOSANTS}{enveloppe}"},
                {
                    "properties": {
                        "type": {"const": message.type_cloudevents},
                        "data": {"$ref": f"{COMPOSANTS}{message.modele.__name__}{suffixe}"},
                    }
                },
            ],
        },
        "x-relais-emetteurs": sorted(message.emetteurs | message.roles_emetteurs),
        "x-relais-recepteurs": sorted(message.recepteurs),
    }


def _sujet(message: TypeMessage) -> Document:
    flux = "PARCOURS" if message.porte_sur_parcours or message.ouvre_parcours else "OFFRES"
    nom, _, verbe = message.nom.partition(".")
    fait = verbe if nom == message.brique else f"{nom}-{verbe}"
    adresse = f"parcours.{{departement}}.{message.brique}.{fait}.{{parcours}}"
    if flux == "OFFRES":
        adresse = f"offres.{{departement}}.{message.brique}.{fait}"
    parametres = {"departement": {"description": "Code du territoire, en minuscules."}}
    if "{parcours}" in adresse:
        parametres["parcours"] = {"description": "Identifiant interne du parcours ; jamais transmis à un partenaire."}
    return {
        "address": adresse,
        "title": message.titre,
        "messages": {message.nom: {"$ref": f"#/components/messages/{message.nom}"}},
        "parameters": parametres,
        "bindings": _BUS,
        "x-nats-jetstream": {"stream": flux, "storage": "file", "max_age": "30d", "retention": "limits"},
    }


def _schemas() -> Document:
    """The two envelopes, and the data of every message as it is deposited and as it is read."""
    schemas: Document = {}
    modeles: list[type[BaseModel]] = [Depot, Evenement, *(m.modele for m in CATALOGUE.values())]
    for modele in modeles:
        schema = nettoyer(modele.model_json_schema(ref_template=f"{COMPOSANTS}{{model}}"))
        definitions = schema.pop("$defs", {}) | {modele.__name__: schema}
        schemas |= definitions
        if modele not in (Depot, Evenement):
            schemas |= {f"{nom}{_LU}": _en_lecture(un) for nom, un in definitions.items()}
    return schemas


def _en_lecture(schema: Any) -> Any:
    """What a receiver reads: a field that it may not see is missing, one that it does not know may come, and a list of
    codes may grow."""
    if isinstance(schema, list):
        return [_en_lecture(element) for element in schema]
    if not isinstance(schema, dict):
        return schema
    lu = {cle: _en_lecture(valeur) for cle, valeur in schema.items() if cle not in _DU_DEPOT_SEUL}
    if "$ref" in lu:
        lu["$ref"] += _LU
    return lu
