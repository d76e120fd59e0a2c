"""The compatibility promise of v1, checked by direction: inputs may only loosen, outputs may only gain optional fields.

The rule for code lists follows. On a deposit, a code may be added, never removed. The hub's own enumerations are open:
adding or removing a code there breaks nobody.
"""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Any, NamedTuple

Schema = dict[str, Any]

_PLAFONDS = ("maxLength", "maxItems", "maximum", "exclusiveMaximum")
_PLANCHERS = ("minLength", "minItems", "minimum", "exclusiveMinimum")
_REGLES = ("pattern", "const", "uniqueItems", "format", "not", "if", "then", "else", "dependentRequired")


class Touche(StrEnum):
    """Whom a change of one field touches: who has the field, who may leave it out, or who may give it as null."""

    PRESENT = "present"
    ABSENT = "absent"
    NUL = "nul"


class Rupture(NamedTuple):
    """A breaking change: its place (JSON Pointer, `*` for each element of a list) and its nature. `codes`: the codes of
    a list that are concerned.
    """

    lieu: str
    quoi: str
    codes: tuple[str, ...] = ()
    touche: Touche = Touche.PRESENT


def ruptures(ancien: Schema, nouveau: Schema, *, nous_lisons: bool, listes_closes: bool = False) -> list[Rupture]:
    """All breaking changes between two versions of one schema.

    `nous_lisons`: the schema describes deposits (a partner that obeys the old one must still be accepted); otherwise
    it describes what the hub writes (a partner that reads with the old one must still understand). `listes_closes`:
    the reader knows the codes of the old one and no other, in spite of the promise.
    """
    return list(_comparer(_Paire(ancien, nouveau, nous_lisons, listes_closes), ancien, nouveau, ""))


def resoudre(racine: Schema, schema: Schema) -> Schema:
    """Return the constraints that a node of the schema `racine` sets on a non-null value, with references followed."""
    while "$ref" in schema:
        schema = racine["$defs"][schema["$ref"].rsplit("/", 1)[-1]]
    if _admet_nul(schema):
        restes = [s for s in schema["anyOf"] if s.get("type") != "null"]
        if len(restes) == 1:
            return resoudre(racine, restes[0]) | {k: v for k, v in schema.items() if k in _PLAFONDS + _PLANCHERS}
    return schema


class _Paire(NamedTuple):
    ancien: Schema
    nouveau: Schema
    nous_lisons: bool
    listes_closes: bool


def _admet_nul(schema: Schema) -> bool:
    return any(s.get("type") == "null" for s in schema.get("anyOf", ()))


def _comparer(paire: _Paire, ancien: Schema, nouveau: Schema, lieu: str) -> Iterator[Rupture]:
    admettait, admet = _admet_nul(ancien), _admet_nul(nouveau)
    if paire.nous_lisons and admettait and not admet:
        yield Rupture(lieu, "null refusé", touche=Touche.NUL)
    if not paire.nous_lisons and admet and not admettait:
        yield Rupture(lieu, "peut désormais être null")
    ancien, nouveau = resoudre(paire.ancien, ancien), resoudre(paire.nouveau, nouveau)
    if ancien.get("type") != nouveau.get("type"):
        yield Rupture(lieu, f"type {ancien.get('type')} → {nouveau.get('type')}")
        return
    yield from _comparer_codes(paire, ancien, nouveau, lieu)
    yield from _comparer_valeurs(paire, ancien, nouveau, lieu)
    if "properties" in ancien:
        yield from _comparer_champs(paire, ancien, nouveau, lieu)
    if "items" in ancien and "items" in nouveau:
        yield from _comparer(paire, ancien["items"], nouveau["items"], f"{lieu}/*")


def _comparer_codes(paire: _Paire, ancien: Schema, nouveau: Schema, lieu: str) -> Iterator[Rupture]:
    anciens, nouveaux = set(ancien.get("enum", ())), set(nouveau.get("enum", ()))
    if paire.nous_lisons and nouveaux and not anciens:
        yield Rupture(lieu, "n'admet plus que des codes")
    elif paire.nous_lisons and nouveaux and (perdus := anciens - nouveaux):
        yield Rupture(lieu, "codes refusés", _textes(perdus))
    elif paire.listes_closes and anciens and not nouveaux:
        yield Rupture(lieu, "n'est plus une liste de codes")
    elif paire.listes_closes and anciens and (ajoutes := nouveaux - anciens):
        yield Rupture(lieu, "codes ajoutés", _textes(ajoutes))


def _comparer_valeurs(paire: _Paire, ancien: Schema, nouveau: Schema, lieu: str) -> Iterator[Rupture]:
    # Reading: the new bound may not be tighter. Writing: it may not be wider, a reader may have sized a column on it.
    sens = 1 if paire.nous_lisons else -1
    for nom in _PLAFONDS:
        if sens * nouveau.get(nom, float("inf")) < sens * ancien.get(nom, float("inf")):
            yield Rupture(lieu, f"{nom} {ancien.get(nom)} → {nouveau.get(nom)}")
    for nom in _PLANCHERS:
        if sens * nouveau.get(nom, float("-inf")) > sens * ancien.get(nom, float("-inf")):
            yield Rupture(lieu, f"{nom} {ancien.get(nom)} → {nouveau.get(nom)}")
    for nom in _REGLES:
        efface = paire.nous_lisons and nom not in nouveau
        if ancien.get(nom) != nouveau.get(nom) and not efface:
            yield Rupture(lieu, f"{nom} modifié")
    avant, apres = (ancien, nouveau) if paire.nous_lisons else (nouveau, ancien)
    ajoutee = _manquantes(apres.get("allOf", []), avant.get("allOf", []))
    # Of `anyOf`, one alternative is enough: it loosens by gaining some.
    choix = _manquantes(avant.get("anyOf", []), apres.get("anyOf", [])) if "anyOf" in apres else []
    if ajoutee or choix or ("anyOf" in apres and "anyOf" not in avant):
        yield Rupture(lieu, "règle ajoutée" if paire.nous_lisons else "règle retirée")


def _textes(codes: Iterable[Any]) -> tuple[str, ...]:
    return tuple(sorted(map(str, codes)))


def _manquantes(regles: list[Any], parmi: list[Any]) -> list[Any]:
    return [regle for regle in regles if regle not in parmi]


def _comparer_champs(paire: _Paire, ancien: Schema, nouveau: Schema, lieu: str) -> Iterator[Rupture]:
    avant, apres = ancien["properties"], nouveau.get("properties", {})
    requis_avant, requis_apres = set(ancien.get("required", ())), set(nouveau.get("required", ()))
    for nom in sorted(set(avant) - set(apres)):
        yield Rupture(f"{lieu}/{nom}", "champ retiré")
    for nom in sorted(requis_apres - requis_avant) if paire.nous_lisons else ():
        yield Rupture(f"{lieu}/{nom}", "champ devenu obligatoire", touche=Touche.ABSENT)
    for nom in sorted(requis_avant - requis_apres) if not paire.nous_lisons else ():
        yield Rupture(f"{lieu}/{nom}", "champ qui peut désormais manquer")
    for nom in sorted(set(avant) & set(apres)):
        yield from _comparer(paire, avant[nom], apres[nom], f"{lieu}/{nom}")
