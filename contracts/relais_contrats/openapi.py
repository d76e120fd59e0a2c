"""The OpenAPI 3.1 document: the operations of `api`, envelopes and views; messages have schemas of their own."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from relais_contrats.api import OPERATIONS
from relais_contrats.echanges import Probleme
from relais_contrats.enveloppe import Evenement
from relais_contrats.operations import PROBLEME, Corps, Operation, Parametre, Reponse, Schema, ref
from relais_contrats.schemas import COMPOSANTS, nettoyer

VERSION = "1.0.0"
_REFUS = {
    "description": "Refus expliqué.",
    "content": {PROBLEME: {"schema": {"$ref": f"{COMPOSANTS}Probleme"}}},
}


INFO: Mapping[str, Any] = {
    "title": "Relais : API des partenaires",
    "version": VERSION,
    "license": {"name": "EUPL-1.2", "identifier": "EUPL-1.2"},
    "description": "Déposer des messages de parcours, recevoir ceux des autres, lire ce que l'on peut voir. "
    "Chaque requête porte un jeton d'accès lié à une clé et une preuve DPoP (RFC 9449), ou lié au certificat "
    "de la connexion (RFC 8705). Le schéma de chaque message est à `/v1/contrats/{type}`.",
}
SERVEURS: Sequence[Mapping[str, Any]] = ({"url": "/"},)


def document_openapi(operations: Iterable[Operation] = OPERATIONS) -> dict[str, Any]:
    """What is published. The hub makes the same one of its routes (`gateway.inbound.application`)."""
    chemins: dict[str, dict[str, Any]] = {}
    for operation in operations:
        chemins.setdefault(operation.chemin, {})[operation.methode.lower()] = decrire(operation)
    return {
        "openapi": "3.1.0",
        "info": INFO,
        "servers": list(SERVEURS),
        "paths": chemins,
        "components": composants(operations),
    }


def composants(operations: Iterable[Operation]) -> dict[str, Any]:
    """The models of these operations, and how their callers prove who they are."""
    return {
        "schemas": _schemas(operations),
        "securitySchemes": {
            "oauth": {
                "type": "oauth2",
                "description": "Profil FAPI 2.0, client_credentials, private_key_jwt et DPoP.",
                "flows": {"clientCredentials": {"tokenUrl": "/oauth/token", "scopes": _portees(operations)}},
            },
            "certificat": {
                "type": "mutualTLS",
                "description": "Certificat client présenté au frontal TLS : il authentifie à `/oauth/token` et "
                "lie le jeton, qui ne sert qu'avec lui (RFC 8705).",
            },
        },
    }


def decrire(operation: Operation) -> dict[str, Any]:
    """The Operation Object of OpenAPI."""
    parametres = [
        *([_parametre(operation.cle, "path")] if operation.cle else ()),
        *(_parametre(p, "query") for p in operation.parametres),
        *(_parametre(p, "header") for p in operation.en_tetes),
    ]
    decrite: dict[str, Any] = {
        "operationId": _identifiant(operation),
        "summary": operation.resume,
        "responses": {str(statut): _reponse(reponse) for statut, reponse in operation.reponses.items()}
        | {"4XX": _REFUS, "5XX": _REFUS},
        "security": [{"oauth": [operation.portee]}] if operation.portee else [],
    }
    if parametres:
        decrite["parameters"] = parametres
    if operation.corps:
        contenu = {type_: {"schema": _schema(corps)} for type_, corps in operation.corps.items()}
        decrite["requestBody"] = {"required": True, "content": contenu}
    return decrite


def _reponse(reponse: Reponse) -> dict[str, Any]:
    contenus = {type_: {"schema": _schema(corps)} for type_, corps in reponse.contenus.items()}
    return {"description": reponse.texte} | ({"content": contenus} if contenus else {})


def _parametre(parametre: Parametre, ou: str) -> dict[str, Any]:
    return {
        "name": parametre.nom,
        "in": ou,
        "required": parametre.requis,
        "description": parametre.texte,
        "schema": dict(parametre.schema),
    }


def _identifiant(operation: Operation) -> str:
    mots = re.findall(r"[a-zA-Z0-9]+", operation.chemin.replace("/v1", ""))
    return "-".join([operation.methode.lower(), *mots])


def _portees(operations: Iterable[Operation]) -> dict[str, str]:
    return {portee: portee for portee in sorted({o.portee for o in operations if o.portee})}


def _schema(corps: Corps) -> Schema:
    return ref(corps.__name__) if isinstance(corps, type) else corps


def _schemas(operations: Iterable[Operation]) -> dict[str, Any]:
    """Each model of these operations and what it is made of, under `components`."""
    schemas: dict[str, Any] = {}
    modeles: set[type[BaseModel]] = set().union(*(operation.modeles for operation in operations))
    modeles |= {Probleme, Evenement}
    for modele in sorted(modeles, key=lambda one: one.__name__):
        schema = nettoyer(modele.model_json_schema(ref_template=f"{COMPOSANTS}{{model}}"))
        schemas |= schema.pop("$defs", {})
        schemas[modele.__name__] = schema
    return schemas
