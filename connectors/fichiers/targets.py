"""What a column may fill: the fields of a message, by their dotted path, and the kind of value that each one takes."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from relais_contrats.catalogue import CATALOGUE


class Kind(StrEnum):
    TEXTE = "texte"
    BOOLEEN = "booleen"
    ENTIER = "entier"
    NOMBRE = "nombre"
    DATE = "date"
    INSTANT = "instant"
    CODE = "code"


@dataclass(frozen=True, slots=True)
class Target:
    """A leaf of a message. `codes`: the values that it admits, for a code; `is_list`: it takes several values."""

    path: str
    kind: Kind
    codes: tuple[str, ...] = ()
    is_required: bool = False
    is_list: bool = False


class UnknownField(Exception):
    """One French sentence: the path, and what may be written there."""


def deposited(fait: str) -> bool:
    """Whether partners deposit messages of this type."""
    return fait in CATALOGUE and CATALOGUE[fait].se_depose


def target(fait: str, path: str) -> Target:
    """The leaf at this path (`identite.nom_naissance`, `structure.valeur`, `identifiants.0.type`)."""
    return _target(fait, path)


@cache
def _target(fait: str, path: str) -> Target:
    annotation: Any = CATALOGUE[fait].modele
    is_required = True
    names = path.split(".")
    for place, name in enumerate(names):
        annotation, is_list = _plain(annotation)
        if is_list and name.isdigit():
            continue
        if not _is_model(annotation):
            raise UnknownField(f"« {'.'.join(names[:place])} » est une valeur : rien ne peut la suivre.")
        field = annotation.model_fields.get(name)
        if field is None:
            raise UnknownField(f"« {path} » n'existe pas dans {fait} ; choix : {', '.join(annotation.model_fields)}.")
        is_required = is_required and field.is_required()
        annotation = field.annotation
    annotation, is_list = _plain(annotation)
    if _is_model(annotation):
        within = ", ".join(f"{path}.{name}" for name in annotation.model_fields)
        raise UnknownField(f"« {path} » est un groupe de champs ; choix : {within}.")
    kind, codes = _kind(annotation, names[-1])
    return Target(path, kind, codes, is_required, is_list and not names[-1].isdigit())


def targets(fait: str) -> Iterator[Target]:
    """Every leaf, in the order of the contract; of a list of objects, those of its first element."""
    yield from (target(fait, path) for path in _paths(CATALOGUE[fait].modele, ""))


def _paths(model: type[BaseModel], prefix: str) -> Iterator[str]:
    for name, field in model.model_fields.items():
        annotation, is_list = _plain(field.annotation)
        if _is_model(annotation):
            yield from _paths(annotation, f"{prefix}{name}.{'0.' if is_list else ''}")
        else:
            yield f"{prefix}{name}"


def _plain(annotation: Any) -> tuple[Any, bool]:
    """Without `Annotated` and `None`; the type of its items, and True, for a list."""
    is_list = False
    while True:
        origin = get_origin(annotation)
        if origin is Annotated:
            annotation = get_args(annotation)[0]
        elif origin in (Union, types.UnionType):
            annotation = next(one for one in get_args(annotation) if one is not type(None))
        elif origin in (list, tuple):
            annotation, is_list = get_args(annotation)[0], True
        else:
            return annotation, is_list


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


_PLAIN: Mapping[type, Kind] = {
    bool: Kind.BOOLEEN,
    int: Kind.ENTIER,
    float: Kind.NOMBRE,
    datetime: Kind.INSTANT,
    date: Kind.DATE,
}


def _kind(annotation: Any, name: str) -> tuple[Kind, tuple[str, ...]]:
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return Kind.CODE, tuple(one.value for one in annotation)
    if get_origin(annotation) is Literal and all(isinstance(one, bool) for one in get_args(annotation)):
        return Kind.BOOLEEN, ()
    if annotation in _PLAIN:
        return _PLAIN[annotation], ()
    # A date of birth may be partly unknown, hence a text in the contract.
    return (Kind.DATE if name.startswith("date_") else Kind.TEXTE), ()
