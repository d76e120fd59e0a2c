"""JSON Schema 2020-12 of each message, its data alone and the whole deposit, from the models.

What a schema cannot say is listed under `x-relais-regles`; everything else gives the verdict of the models.
"""

from typing import Any

from relais_contrats.catalogue import CATALOGUE, TypeMessage
from relais_contrats.champs import plan_du_modele
from relais_contrats.enveloppe import Depot, Evenement
from relais_contrats.groupes import Groupe
from relais_contrats.modele import Donnees

DIALECTE = "https://json-schema.org/draft/2020-12/schema"
URN = "urn:fr.insertion:contrats:v1:"

Schema = dict[str, Any]


def schema_donnees(message: TypeMessage) -> Schema:
    """The schema of `data`."""
    schema = _nettoyer(message.modele.model_json_schema())
    _noter_groupes(schema, message.modele)
    return {
        "$schema": DIALECTE,
        "$id": f"{URN}{message.nom}",
        **schema,
        "title": message.titre,
        "description": message.description,
        "x-relais-type": message.type_cloudevents,
        "x-relais-brique": message.brique,
        "x-relais-emetteurs": sorted(message.emetteurs),
        "x-relais-roles-emetteurs": sorted(message.roles_emetteurs),
        "x-relais-recepteurs": sorted(message.recepteurs),
    }


def schema_depot(message: TypeMessage) -> Schema:
    """The schema of a whole deposit of this type: envelope and data, self-contained."""
    schema = _nettoyer(Depot.model_json_schema())
    donnees = _nettoyer(message.modele.model_json_schema())
    definitions = {**schema.pop("$defs", {}), **donnees.pop("$defs", {}), "data": donnees}
    proprietes = schema["properties"]
    proprietes["type"] = {**proprietes["type"], "const": message.type_cloudevents}
    proprietes["data"] = {"$ref": "#/$defs/data"}
    nom = message.nom.replace(".", "\\.")
    finale = {"anyOf": [{"type": "null"}, {"type": "string", "pattern": f"/{nom}(\\.json)?$"}]}
    proprietes["dataschema"] = {"allOf": [proprietes["dataschema"], finale]}
    if message.porte_sur_parcours:
        sujet = next(s for s in proprietes["subject"]["anyOf"] if s.get("type") == "string")
        proprietes["subject"] = {"description": proprietes["subject"]["description"], **sujet}
        schema["required"] = sorted([*schema["required"], "subject"])
    else:
        proprietes["subject"] = {"type": "null", "description": "Absent : ce message ne désigne pas de parcours."}
    return {
        "$schema": DIALECTE,
        "$id": f"{URN}{message.nom}:depot",
        **schema,
        "title": f"Dépôt : {message.titre}",
        "$defs": definitions,
    }


def schema_enveloppe_evenement() -> Schema:
    """The schema of what the hub writes; open: a reader tolerates more."""
    return {
        "$schema": DIALECTE,
        "$id": f"{URN}evenement",
        **_nettoyer(Evenement.model_json_schema()),
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
    return fichiers | {"evenement.json": schema_enveloppe_evenement()}


def _nettoyer(schema: Schema) -> Schema:
    """Drop what pydantic adds and tells nothing: titles made of field names, `default: null`."""
    propre: Schema = {}
    for cle, valeur in schema.items():
        if cle == "title" or (cle == "default" and valeur is None):
            continue
        if cle in ("properties", "$defs"):
            propre[cle] = {nom: _nettoyer(s) for nom, s in valeur.items()}
        elif isinstance(valeur, dict) and not cle.startswith("x-relais"):
            propre[cle] = _nettoyer(valeur)
        elif isinstance(valeur, list):
            propre[cle] = [_nettoyer(v) if isinstance(v, dict) and cle != "x-relais-regles" else v for v in valeur]
        else:
            propre[cle] = valeur
    return propre


def _noter_groupes(schema: Schema, modele: type[Donnees]) -> None:
    """Write the group of rights of each top-level field, so that a partner knows what it may be refused."""
    for nom, champ in plan_du_modele(modele).champs.items():
        groupes: set[Groupe] = champ.enfant.groupes() if champ.enfant else {champ.groupe}
        schema["properties"][nom]["x-relais-groupes"] = sorted(groupes)
