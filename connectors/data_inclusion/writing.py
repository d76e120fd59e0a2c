"""Records of the catalogue as data·inclusion v1 answers them: every field, `null` where nothing is known."""

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any

from relais_contrats.v1.offres import ServicePublie, StructurePubliee

Json = dict[str, Any]
Fiche = Mapping[str, Any]

_SERVICE = tuple(ServicePublie.model_fields)
_STRUCTURE = tuple(StructurePubliee.model_fields)
# The catalogue keeps what the producer published: nothing in it says that an address was checked.
_ADRESSE: Json = {"adresse_certifiee": False}


def service(fiche: Fiche, score: float, *, avec_extra: bool = False) -> Json:
    """`Service`; `extra` is there when it is asked for, and always empty."""
    return _fields(_SERVICE, fiche) | _ADRESSE | {"score_qualite": score} | ({"extra": None} if avec_extra else {})


def structure(fiche: Fiche) -> Json:
    """`BaseStructure`, as it goes with a service."""
    return doublon(fiche) | _ADRESSE


def structure_notee(fiche: Fiche, score: float) -> Json:
    """`Structure`."""
    return structure(fiche) | {"score_qualite": score}


def doublon(fiche: Fiche) -> Json:
    """The fields of the schema, and no other."""
    return _fields(_STRUCTURE, fiche)


def page(items: Sequence[Json], total: int, number: int, size: int) -> Json:
    """`size` is how many items this page has, as theirs tells it."""
    return {"items": items, "total": total, "page": number, "size": len(items), "pages": ceil(total / size)}


def _fields(names: Sequence[str], fiche: Fiche) -> Json:
    return {name: fiche.get(name) for name in names}
