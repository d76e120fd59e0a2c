"""Messages made from the examples by changes that the schema suggests; seeded, hence repeatable."""

import copy
import random
from collections.abc import Iterator
from typing import Any

QUELCONQUES: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    1,
    -1,
    1.0,
    2.5,
    45.0,
    1e300,
    "",
    " ",
    "x",
    "é" * 5000,
    "1",
    "true",
    [],
    {},
    [None],
    ["x", "x"],
    {"x": 1},
    "2026-02-29",
    "2024-02-29",
    "2026-04-31",
    "1899-12-31",
    "2026-3-1",
    "2026-01-01",
    "2027-12-31",
    "٢٠٢٦-01-01",
    "2026-03-20T09:30:00+01:00",
    "2026-03-20T09:30:00Z",
    "2026-02-30T09:30:00Z",
    "2026-03-20T24:00:00Z",
    "185039999999911",
    "1850399999999",
    "269054958815780",
    "285032A99999999",
    "99999999999",
    "1234567Z",
    "2A004",
    "97611",
    "20",
    "99999000700019",
    "12345678901234",
    "prc_" + "a" * 26,
    "prc_" + "A" * 26,
    "0198c0de-0000-7000-8000-000000000001",
    "a@b.fr",
    "a@b",
    "+33199000000",
    "https://exemple.fr/x",
    "source--id",
    "nom\nligne",
    "nul\u0000",
    "e\u0301",
    "12345",
)


def feuilles(valeur: Any, chemin: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value inside an object, containers included."""
    if chemin:
        yield chemin
    if isinstance(valeur, dict):
        for cle, element in valeur.items():
            yield from feuilles(element, (*chemin, cle))
    elif isinstance(valeur, list):
        for rang, element in enumerate(valeur):
            yield from feuilles(element, (*chemin, rang))


def sous_schema(racine: dict[str, Any], schema: dict[str, Any], chemin: tuple[Any, ...]) -> dict[str, Any]:
    """The schema of the value at a path; empty when the path leaves the contract."""
    schema = _sans_null(racine, schema)
    if not chemin:
        return schema
    pas, *reste = chemin
    suite = schema.get("items", {}) if isinstance(pas, int) else schema.get("properties", {}).get(pas, {})
    return sous_schema(racine, suite, tuple(reste))


def _sans_null(racine: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema or "anyOf" in schema:
        if "$ref" in schema:
            schema = racine["$defs"][schema["$ref"].rsplit("/", 1)[-1]]
        else:
            choix = [s for s in schema["anyOf"] if s.get("type") != "null"]
            if len(choix) != 1 or "required" in choix[0]:
                return schema
            schema = choix[0]
    return schema


def candidats(schema: dict[str, Any]) -> list[Any]:
    """Values on both sides of what the schema allows."""
    valeurs: list[Any] = list(schema.get("enum", ()))
    for nom in ("minimum", "maximum"):
        if nom in schema:
            valeurs += [schema[nom] - 1, schema[nom], schema[nom] + 1, float(schema[nom])]
    for nom in ("minLength", "maxLength"):
        if nom in schema:
            valeurs += ["a" * (schema[nom] - 1), "a" * schema[nom], "a" * (schema[nom] + 1)]
    if schema.get("format") == "date":
        valeurs += ["2020-01-01", "2026-03-16", "2030-12-31", "2026-02-30"]
    if schema.get("type") == "boolean":
        valeurs += [True, False]
    return valeurs


def muter(hasard: random.Random, racine: dict[str, Any], message: dict[str, Any]) -> dict[str, Any]:
    """A copy of the message with one to three changes."""
    copie = copy.deepcopy(message)
    for _ in range(hasard.choice((1, 1, 1, 2, 3))):
        _changer(hasard, racine, copie)
    return copie


def _changer(hasard: random.Random, racine: dict[str, Any], message: dict[str, Any]) -> None:
    chemins = list(feuilles(message))
    if not chemins:
        message["data"] = {}
        return
    chemin = hasard.choice(chemins)
    parent: Any = message
    for pas in chemin[:-1]:
        parent = parent[pas]
    schema = sous_schema(racine, racine, chemin)
    geste = hasard.choice(("ôter", "quelconque", "schema", "schema", "schema", "ajouter", "repeter"))
    if geste == "ôter":
        del parent[chemin[-1]]
    elif geste == "schema" and candidats(schema):
        parent[chemin[-1]] = hasard.choice(candidats(schema))
    elif geste == "repeter" and isinstance(parent, list):
        parent.append(copy.deepcopy(parent[0]))
    elif geste == "ajouter":
        _ajouter(hasard, racine, parent, chemin)
    else:
        parent[chemin[-1]] = hasard.choice(QUELCONQUES)


def _ajouter(hasard: random.Random, racine: dict[str, Any], parent: Any, chemin: tuple[Any, ...]) -> None:
    """Add a field that the contract knows and the message lacks, or, now and then, one that it does not know."""
    if not isinstance(parent, dict):
        return
    objet = sous_schema(racine, racine, chemin[:-1])
    absents = sorted(set(objet.get("properties", {})) - set(parent))
    if not absents or hasard.random() < 0.15:
        parent["inconnu"] = 1
        return
    nom = hasard.choice(absents)
    valeurs = candidats(_sans_null(racine, objet["properties"][nom])) or list(QUELCONQUES)
    parent[nom] = hasard.choice(valeurs)
