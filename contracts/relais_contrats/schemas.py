"""JSON Schema 2020-12 of each message, its data alone and the whole deposit, from the models. Rules that a schema
cannot express are listed under `x-relais-regles`; in all else schema and models give the same verdict.
"""

from typing import Any

from relais_contrats.catalogue import CATALOGUE, TypeMessage
from relais_contrats.champs import plan_du_modele
from relais_contrats.enveloppe import Depot, Evenement, dataschema_de
from relais_contrats.groupes import Groupe
from relais_contrats.modele import Donnees

DIALECTE = "https://json-schema.org/draft/2020-12/schema"
CHEMIN = "/v1/contrats/"
"""Where a hub serves the schemas: their `$id` in files, behind the base URL of the hub in what it serves."""
EVENEMENT = "evenement"
COMPOSANTS = "#/components/schemas/"
"""Where OpenAPI and AsyncAPI documents keep the schemas that others refer to."""
_BORNES = {"ge": "minimum", "le": "maximum", "gt": "exclusiveMinimum", "lt": "exclusiveMaximum"}

Schema = dict[str, Any]


def schema_donnees(message: TypeMessage, base_url: str = "") -> Schema:
    """The schema of `data`; its `$id` is the address at which the hub of `base_url` serves it."""
    schema = nettoyer(message.modele.model_json_schema())
    _noter_groupes(schema, message.modele)
    return {
        "$schema": DIALECTE,
        "$id": f"{base_url}{CHEMIN}{message.nom}",
        **schema,
        "title": message.titre,
        "description": message.description,
        "x-relais-type": message.type_cloudevents,
        "x-relais-brique": message.brique,
        "x-relais-emetteurs": sorted(message.emetteurs),
        "x-relais-roles-emetteurs": sorted(message.roles_emetteurs),
        "x-relais-recepteurs": sorted(message.recepteurs),
    }


def schema_depot(message: TypeMessage, base_url: str = "") -> Schema:
    """The schema of a whole deposit of this type: envelope and data, self-contained."""
    schema = nettoyer(Depot.model_json_schema())
    donnees = nettoyer(message.modele.model_json_schema())
    definitions = {**schema.pop("$defs", {}), **donnees.pop("$defs", {}), "data": donnees}
    proprietes = schema["properties"]
    proprietes["type"] = {**proprietes["type"], "const": message.type_cloudevents}
    proprietes["data"] = {"$ref": "#/$defs/data"}
    finale = {"anyOf": [{"type": "null"}, {"type": "string", "pattern": dataschema_de(message.nom)}]}
    proprietes["dataschema"] = {"allOf": [proprietes["dataschema"], finale]}
    if message.porte_sur_parcours:
        sujet = next(s for s in proprietes["subject"]["anyOf"] if s.get("type") == "string")
        proprietes["subject"] = {"description": proprietes["subject"]["description"], **sujet}
        schema["required"] = sorted([*schema["required"], "subject"])
    else:
        proprietes["subject"] = {"type": "null", "description": "Absent : ce message ne désigne pas de parcours."}
    return {
        "$schema": DIALECTE,
        "$id": f"{base_url}{CHEMIN}{message.nom}/depot",
        **schema,
        "title": f"Dépôt : {message.titre}",
        "$defs": definitions,
    }


def schema_enveloppe_evenement(base_url: str = "") -> Schema:
    """The schema of what the hub writes; open: a reader tolerates more."""
    return {
        "$schema": DIALECTE,
        "$id": f"{base_url}{CHEMIN}{EVENEMENT}",
        **nettoyer(Evenement.model_json_schema()),
        "title": "Événement",
        "additionalProperties": True,
    }


def regles_semantiques(schema: Any) -> set[str]:
    """Names of the rules that this schema only declares."""
    if isinstance(schema, list):
        return set().union(*map(regles_semantiques, schema)) if schema else set()
    if not isinstance(schema, dict):
        return set()
    ici = {r if isinstance(r, str) else r["nom"] for r in schema.get("x-relais-regles", [])}
    return ici.union(*(regles_semantiques(v) for v in schema.values()))


def tous_les_schemas() -> dict[str, Schema]:
    """File name → schema, for the whole catalogue."""
    fichiers = {f"{nom}.json": schema_donnees(m) for nom, m in CATALOGUE.items()}
    fichiers |= {f"{nom}.depot.json": schema_depot(m) for nom, m in CATALOGUE.items() if m.se_depose}
    return fichiers | {f"{EVENEMENT}.json": schema_enveloppe_evenement()}


def nettoyer(schema: Schema) -> Schema:
    """Drop the titles and `default: null` that pydantic adds; name bounds as JSON Schema does, where pydantic leaves
    the names of its own arguments."""
    propre: Schema = {}
    for nom, valeur in schema.items():
        cle = _BORNES.get(nom, nom)
        if cle == "title" or (cle == "default" and valeur is None):
            continue
        if cle in ("properties", "$defs"):
            propre[cle] = {nom: nettoyer(s) for nom, s in valeur.items()}
        elif isinstance(valeur, dict) and not cle.startswith("x-relais"):
            propre[cle] = nettoyer(valeur)
        elif isinstance(valeur, list):
            propre[cle] = [nettoyer(v) if isinstance(v, dict) and cle != "x-relais-regles" else v for v in valeur]
        else:
            propre[cle] = valeur
    return propre


def _noter_groupes(schema: Schema, modele: type[Donnees]) -> None:
    """Write the group of rights of each top-level field, so that a partner knows what it may be refused."""
    for nom, champ in plan_du_modele(modele).champs.items():
        groupes: set[Groupe] = champ.enfant.groupes() if champ.enfant else {champ.groupe}
        schema["properties"][nom]["x-relais-groupes"] = sorted(groupes)
