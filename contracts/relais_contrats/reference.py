"""The message reference in French, for those who read rather than parse."""

from collections.abc import Iterator
from typing import Any

from relais_contrats.briques import BRIQUES, PASSERELLE
from relais_contrats.catalogue import CATALOGUE, HUB, ROLES, TypeMessage
from relais_contrats.codes.acteurs import TypeOrganisme
from relais_contrats.refus import REFUS
from relais_contrats.schemas import schema_donnees


def _acteurs(codes: frozenset[str]) -> str:
    noms = ["le hub" if c == HUB else c if c in set(TypeOrganisme) else ROLES[c] for c in sorted(codes)]
    return ", ".join(noms)


def _genre(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return f"`{schema['$ref'].rsplit('/', 1)[-1]}`"
    if "anyOf" in schema:
        return " ou ".join(_genre(s) for s in schema["anyOf"] if s.get("type") != "null")
    if schema.get("type") == "array":
        return f"liste de {_genre(schema['items'])}"
    if "const" in schema:
        return f"`{str(schema['const']).lower()}`"
    genres = {"string": "texte", "integer": "entier", "number": "nombre", "boolean": "booléen"}
    par_format = {"date": "date", "date-time": "instant"}
    return par_format.get(schema.get("format", "")) or genres.get(schema.get("type", ""), "")


def _champs(schema: dict[str, Any]) -> Iterator[str]:
    yield "| champ | | type | sens | source |"
    yield "|---|---|---|---|---|"
    requis = set(schema.get("required", []))
    for nom, champ in schema.get("properties", {}).items():
        oblige = "requis" if nom in requis else ""
        sens, source = champ.get("description", ""), champ.get("x-relais-source", "")
        yield f"| `{nom}` | {oblige} | {_genre(champ)} | {sens} | {source} |"


def _message(message: TypeMessage) -> Iterator[str]:
    schema = schema_donnees(message)
    yield f"### `{message.nom}` : {message.titre}\n"
    yield f"{message.description}\n"
    yield f"- Émis par : {_acteurs(message.emetteurs | message.roles_emetteurs)}."
    yield f"- Reçu par : {_acteurs(message.recepteurs)}."
    yield f"- Finalités : {', '.join(sorted(message.finalites))}."
    yield f"- `subject` : {'requis' if message.porte_sur_parcours else 'absent'}.\n"
    yield from _champs(schema)
    phrases = [regle.phrase for regle in message.modele.regles]
    if phrases:
        yield "\nRègles :\n"
        yield from (f"- {phrase}" for phrase in phrases)
    yield ""


def _objets() -> Iterator[str]:
    vus: dict[str, dict[str, Any]] = {}
    for message in CATALOGUE.values():
        vus |= schema_donnees(message).get("$defs", {})
    for nom in sorted(vus):
        schema = vus[nom]
        yield f"### `{nom}`\n"
        yield f"{schema.get('description', '')}\n"
        if "enum" in schema:
            codes = schema.get("x-relais-codes", {})
            yield from (f"- `{valeur}` : {codes.get(valeur, '')}" for valeur in schema["enum"])
        else:
            yield from _champs(schema)
        yield ""


def _lignes() -> Iterator[str]:
    yield "# Référence des messages, version 1\n"
    yield "Fichier produit par `python -m relais_contrats.generer` : ne pas le modifier à la main.\n"
    for brique in (*BRIQUES, PASSERELLE):
        yield f"## {brique.titre} : {brique.objet}\n"
        for message in CATALOGUE.values():
            if message.brique == brique.nom:
                yield from _message(message)
    yield "## Objets et listes\n"
    yield from _objets()
    yield "## Codes de refus\n"
    yield "| code | HTTP | titre | explication | que faire |"
    yield "|---|---|---|---|---|"
    for refus in REFUS.values():
        yield f"| `{refus.code}` | {refus.statut} | {refus.titre} | {refus.explication} | {refus.conseil} |"


def reference_markdown() -> str:
    """The whole reference."""
    return "\n".join(_lignes()).rstrip("\n") + "\n"
