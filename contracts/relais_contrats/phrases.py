"""Validation errors in French, with a JSON Pointer and a refusal code. The refused value is never repeated."""

from collections.abc import Callable, Iterator, Mapping
from itertools import takewhile
from typing import Any, NamedTuple

from pydantic import ValidationError

from relais_contrats.formes import forme
from relais_contrats.identifiants import ressemble_a_un_nir
from relais_contrats.valeurs import REGLES_DE_VALEUR


class Erreur(NamedTuple):
    """Une erreur : où (RFC 6901), quel code de refus, quelle phrase."""

    pointeur: str
    code: str
    message: str


_Phrase = Callable[[Mapping[str, Any]], str]

_PHRASES: Mapping[str, tuple[str, str | _Phrase]] = {
    "missing": ("schema-invalide", "Ce champ est obligatoire."),
    "extra_forbidden": ("schema-invalide", "Ce champ n'existe pas au contrat."),
    "string_type": ("schema-invalide", "Un texte est attendu."),
    "string_too_short": ("schema-invalide", lambda c: f"Au moins {c['min_length']} signe(s) attendu(s)."),
    "string_too_long": ("schema-invalide", lambda c: f"Au plus {c['max_length']} signes admis."),
    "string_pattern_mismatch": ("schema-invalide", lambda c: forme(c["pattern"])),
    "string_unicode": ("schema-invalide", "Ce texte contient un caractère invalide."),
    "bool_type": ("schema-invalide", "Un booléen est attendu : true ou false."),
    "int_type": ("schema-invalide", "Un nombre entier est attendu."),
    "int_from_float": ("schema-invalide", "Un nombre entier est attendu."),
    "float_type": ("schema-invalide", "Un nombre est attendu."),
    "finite_number": ("schema-invalide", "Un nombre fini est attendu."),
    "greater_than_equal": ("schema-invalide", lambda c: f"La valeur minimale est {c['ge']}."),
    "less_than_equal": ("schema-invalide", lambda c: f"La valeur maximale est {c['le']}."),
    "list_type": ("schema-invalide", "Une liste est attendue."),
    "dict_type": ("schema-invalide", "Un objet est attendu."),
    "model_type": ("schema-invalide", "Un objet est attendu."),
    "model_attributes_type": ("schema-invalide", "Un objet est attendu."),
    "too_short": ("schema-invalide", lambda c: f"Au moins {c['min_length']} élément(s) attendu(s)."),
    "too_long": ("schema-invalide", lambda c: f"Au plus {c['max_length']} éléments admis."),
    "enum": ("code-inconnu", lambda c: f"Valeur hors de la liste : {_liste(c['expected'])}."),
    "literal_error": ("code-inconnu", lambda c: f"Valeur attendue : {_liste(c['expected'])}."),
    "format": ("schema-invalide", lambda c: str(c["phrase"])),
    "doublon": ("schema-invalide", lambda c: str(c["phrase"])),
}
_AUTRE = ("schema-invalide", "Cette valeur n'est pas celle que le contrat attend.")


_PAS_MAX = 64
_MOTIFS = frozenset({"motif", "motifs", "motif_refus"})


def _liste(attendues: str) -> str:
    valeurs = attendues.replace("'", "").replace(" or ", ", ").split(", ")
    return ", ".join(valeurs) if len(valeurs) <= 30 else f"{', '.join(valeurs[:5])}… (voyez le schéma)"


def pointeur(chemin: tuple[int | str, ...], prefixe: str = "") -> str:
    """Return the JSON Pointer of a location (RFC 6901). A key that the sender invented is cut at 64 signs. A key that
    bears a NIR is left out, because pointers are stored with the refusal: the pointer then designates the object around
    it.
    """
    connus = takewhile(lambda pas: not ressemble_a_un_nir(str(pas)), chemin)
    pas_courts = (str(pas)[:_PAS_MAX] for pas in connus)
    return prefixe + "".join("/" + pas.replace("~", "~0").replace("/", "~1") for pas in pas_courts)


def traduire(erreur: ValidationError, prefixe: str = "") -> Iterator[Erreur]:
    """The errors of a validation, one by one; a broken cross-field rule points at the field to blame."""
    for detail in erreur.errors(include_url=False, include_input=False):
        lieu, contexte, genre = detail["loc"], detail.get("ctx", {}), detail["type"]
        if genre == "regles":
            for champ, code, phrase, _ in contexte["violations"]:
                yield Erreur(pointeur((*lieu, *champ.split("/")) if champ else lieu, prefixe), code, phrase)
        elif genre in REGLES_DE_VALEUR:
            yield Erreur(pointeur(lieu, prefixe), *REGLES_DE_VALEUR[genre])
        else:
            code, phrase = _PHRASES.get(genre, _AUTRE)
            if genre == "missing" and str(lieu[-1]) in _MOTIFS:
                code, phrase = "motif-obligatoire", "Ce motif est obligatoire."
            yield Erreur(pointeur(lieu, prefixe), code, phrase if isinstance(phrase, str) else phrase(contexte))
