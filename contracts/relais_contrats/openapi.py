"""The OpenAPI 3.1 document: the operations of `api`, envelopes and views; messages have schemas of their own."""

import re
from typing import Any

from pydantic import BaseModel

from relais_contrats.api import OPERATIONS
from relais_contrats.enveloppe import Depot, Evenement
from relais_contrats.operations import PROBLEME, Operation, Parametre, Reponse
from relais_contrats.refus import REFUS
from relais_contrats.schemas import COMPOSANTS, nettoyer
from relais_contrats.v1.reglages import ReglageDelegations, ReglageRegles
from relais_contrats.v1.vues import Recherche, VueEcheance, VueParcours
from relais_contrats.v1.vues_feuille import VueEcheanceFeuille, VueFeuilleDeRoute
from relais_contrats.v1.vues_offre import (
    VueChangements,
    VueOffreDuTerritoire,
    VuePageServices,
    VuePageStructures,
    VueService,
    VueStructure,
)
from relais_contrats.v1.vues_referents import VueFileActive
from relais_contrats.vues import VUES

VERSION = "1.0.0"
_MODELES: tuple[type[BaseModel], ...] = (
    Depot,
    Evenement,
    Recherche,
    ReglageRegles,
    ReglageDelegations,
    VueParcours,
    *(vue.modele for vue in VUES),
    VueFeuilleDeRoute,
    VueEcheance,
    VueFileActive,
    VueEcheanceFeuille,
    VuePageServices,
    VueService,
    VuePageStructures,
    VueStructure,
    VueChangements,
    VueOffreDuTerritoire,
)
_REFUS = {
    "description": "Refus expliqué.",
    "content": {PROBLEME: {"schema": {"$ref": f"{COMPOSANTS}Probleme"}}},
}


def document_openapi() -> dict[str, Any]:
    chemins: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        chemins.setdefault(operation.chemin, {})[operation.methode.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Relais : API des partenaires",
            "version": VERSION,
            "license": {"name": "EUPL-1.2", "identifier": "EUPL-1.2"},
            "description": "Déposer des messages de parcours, recevoir ceux des autres, lire ce que l'on peut voir. "
            "Chaque requête porte un jeton d'accès lié à une clé et une preuve DPoP (RFC 9449), ou lié au certificat "
            "de la connexion (RFC 8705). Le schéma de chaque message est à `/v1/contrats/{type}`.",
        },
        "servers": [{"url": "/"}],
        "paths": chemins,
        "components": {
            "schemas": {**_schemas(), "Probleme": _probleme()},
            "securitySchemes": {
                "oauth": {
                    "type": "oauth2",
                    "description": "Profil FAPI 2.0, client_credentials, private_key_jwt et DPoP.",
                    "flows": {"clientCredentials": {"tokenUrl": "/oauth/token", "scopes": _portees()}},
                },
                "certificat": {
                    "type": "mutualTLS",
                    "description": "Certificat client présenté au frontal TLS : il authentifie à `/oauth/token` et "
                    "lie le jeton, qui ne sert qu'avec lui (RFC 8705).",
                },
            },
        },
    }


def _operation(operation: Operation) -> dict[str, Any]:
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
        contenu = {type_: {"schema": schema} for type_, schema in operation.corps.items()}
        decrite["requestBody"] = {"required": True, "content": contenu}
    return decrite


def _reponse(reponse: Reponse) -> dict[str, Any]:
    contenus = {type_: {"schema": schema} for type_, schema in reponse.contenus.items()}
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


def _portees() -> dict[str, str]:
    return {portee: portee for portee in sorted({o.portee for o in OPERATIONS if o.portee})}


def _schemas() -> dict[str, Any]:
    """Each model and what it is made of, under `components`."""
    schemas: dict[str, Any] = {}
    for modele in _MODELES:
        schema = nettoyer(modele.model_json_schema(ref_template=f"{COMPOSANTS}{{model}}"))
        schemas |= schema.pop("$defs", {})
        schemas[modele.__name__] = schema
    return schemas


def _probleme() -> dict[str, Any]:
    texte = {"type": "string"}
    erreur = {"type": "object", "properties": {"pointeur": texte, "code": texte, "message": texte}}
    return {
        "type": "object",
        "description": "RFC 9457. Codes du catalogue : " + ", ".join(f"`{code}`" for code in REFUS) + ".",
        "required": ["type", "title", "status", "code", "relancable"],
        "properties": {
            "type": texte,
            "title": texte,
            "status": {"type": "integer"},
            "detail": texte,
            "instance": {"type": ["string", "null"], "description": "Identifiant de trace."},
            "code": texte,
            "relancable": {"type": "boolean"},
            "erreurs": {"type": "array", "items": erreur},
            "exemple": {"type": ["string", "null"], "description": "Adresse d'un exemple valide."},
        },
    }
