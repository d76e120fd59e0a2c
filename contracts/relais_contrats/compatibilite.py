"""The promise of v1, checked by direction: what we read may only loosen, what we write may only gain optional fields.

A lists-of-codes rule follows from it. On a deposit a code may be added, never removed; the hub's own enumerations are
open, so that adding a code there breaks nobody, and removing one neither.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

Schema = dict[str, Any]

_PLAFONDS = ("maxLength", "maxItems", "maximum")
_PLANCHERS = ("minLength", "minItems", "minimum")


class Rupture(NamedTuple):
    """A change that breaks somebody: where (path in the schema), and what."""

    lieu: str
    quoi: str


def ruptures(ancien: Schema, nouveau: Schema, *, nous_lisons: bool) -> list[Rupture]:
    """All breaking changes between two versions of one schema.

    `nous_lisons`: the schema describes deposits (a partner that obeys the old one must still be accepted); otherwise
    it describes what the hub writes (a partner that reads with the old one must still understand).
    """
    return list(_comparer(_Paire(ancien, nouveau, nous_lisons), ancien, nouveau, ""))


class _Paire(NamedTuple):
    ancien: Schema
    nouveau: Schema
    nous_lisons: bool


def _resoudre(racine: Schema, schema: Schema) -> Schema:
    while "$ref" in schema:
        schema = racine["$defs"][schema["$ref"].rsplit("/", 1)[-1]]
    if "anyOf" in schema and any(s.get("type") == "null" for s in schema["anyOf"]):
        restes = [s for s in schema["anyOf"] if s.get("type") != "null"]
        if len(restes) == 1:
            return _resoudre(racine, restes[0]) | {k: v for k, v in schema.items() if k in _PLAFONDS + _PLANCHERS}
    return schema


def _comparer(paire: _Paire, ancien: Schema, nouveau: Schema, lieu: str) -> Iterator[Rupture]:
    ancien, nouveau = _resoudre(paire.ancien, ancien), _resoudre(paire.nouveau, nouveau)
    if ancien.get("type") != nouveau.get("type"):
        yield Rupture(lieu, f"type {ancien.get('type')} → {nouveau.get('type')}")
        return
    yield from _comparer_valeurs(paire, ancien, nouveau, lieu)
    if "properties" in ancien:
        yield from _comparer_champs(paire, ancien, nouveau, lieu)
    if "items" in ancien and "items" in nouveau:
        yield from _comparer(paire, ancien["items"], nouveau["items"], f"{lieu}/items")


def _comparer_valeurs(paire: _Paire, ancien: Schema, nouveau: Schema, lieu: str) -> Iterator[Rupture]:
    codes_anciens, codes_nouveaux = set(ancien.get("enum", ())), set(nouveau.get("enum", ()))
    if paire.nous_lisons and codes_nouveaux and (perdus := codes_anciens - codes_nouveaux):
        yield Rupture(lieu, f"codes refusés : {sorted(map(str, perdus))}")
    # Reading: the new bound may not be tighter. Writing: it may not be wider, a reader may have sized a column on it.
    sens = 1 if paire.nous_lisons else -1
    for nom in _PLAFONDS:
        if sens * nouveau.get(nom, float("inf")) < sens * ancien.get(nom, float("inf")):
            yield Rupture(lieu, f"{nom} {ancien.get(nom)} → {nouveau.get(nom)}")
    for nom in _PLANCHERS:
        if sens * nouveau.get(nom, float("-inf")) > sens * ancien.get(nom, float("-inf")):
            yield Rupture(lieu, f"{nom} {ancien.get(nom)} → {nouveau.get(nom)}")
    for nom in ("pattern", "const", "uniqueItems"):
        efface = paire.nous_lisons and nom not in nouveau
        if ancien.get(nom) != nouveau.get(nom) and not efface:
            yield Rupture(lieu, f"{nom} modifié")
    if paire.nous_lisons and _manquantes(nouveau.get("allOf", []), ancien.get("allOf", [])):
        yield Rupture(lieu, "règle ajoutée")
    if not paire.nous_lisons and _manquantes(ancien.get("allOf", []), nouveau.get("allOf", [])):
        yield Rupture(lieu, "règle retirée")


def _manquantes(regles: list[Any], parmi: list[Any]) -> list[Any]:
    return [regle for regle in regles if regle not in parmi]


def _comparer_champs(paire: _Paire, ancien: Schema, nouveau: Schema, lieu: str) -> Iterator[Rupture]:
    avant, apres = ancien["properties"], nouveau.get("properties", {})
    requis_avant, requis_apres = set(ancien.get("required", ())), set(nouveau.get("required", ()))
    for nom in sorted(set(avant) - set(apres)):
        yield Rupture(f"{lieu}/{nom}", "champ retiré")
    for nom in sorted(requis_apres - requis_avant) if paire.nous_lisons else ():
        yield Rupture(f"{lieu}/{nom}", "champ devenu obligatoire")
    for nom in sorted(requis_avant - requis_apres) if not paire.nous_lisons else ():
        yield Rupture(f"{lieu}/{nom}", "champ qui peut désormais manquer")
    for nom in sorted(set(avant) & set(apres)):
        yield from _comparer(paire, avant[nom], apres[nom], f"{lieu}/{nom}")
