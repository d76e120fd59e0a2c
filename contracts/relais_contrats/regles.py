"""Cross-field rules, declared once as data: the same object refuses in Python and writes itself into the JSON Schema.

A rule that JSON Schema cannot say (`schema()` is None) is semantic: it is listed under `x-relais-regles`.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Protocol

Violation = tuple[str, str, str]
"""(field to blame, or a path to it inside the object, refusal code, French sentence)."""


class Regle(Protocol):
    """One rule about several fields of one object."""

    @property
    def nom(self) -> str: ...

    @property
    def phrase(self) -> str: ...

    def verifier(self, valeurs: Mapping[str, Any]) -> Sequence[Violation]: ...

    def schema(self) -> dict[str, Any] | None: ...


def _cas(si: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    return {"properties": {c: {"enum": list(v)} for c, v in si.items()}, "required": sorted(si)}


def _concerne(si: Mapping[str, Sequence[Any]], valeurs: Mapping[str, Any]) -> bool:
    # A plain loop: rules run on every object of every deposit, and a generator costs as much as the rule.
    for champ, cas in si.items():  # noqa: SIM110
        if valeurs.get(champ) not in cas:
            return False
    return True


_compiler = cache(re.compile)


def _en_clair(si: Mapping[str, Sequence[Any]]) -> str:
    """The condition in French; without condition, « dans ce message »."""
    if not si:
        return "dans ce message"
    return "quand " + " et ".join(f"« {c} » vaut {' ou '.join(map(_mot, v))}" for c, v in si.items())


def _mot(valeur: Any) -> str:
    return str(valeur).lower() if isinstance(valeur, bool) else str(valeur)


@dataclass(frozen=True)
class Requis:
    """`champs` must be present when every field of `si` has one of its values (always, when `si` is empty)."""

    champs: tuple[str, ...]
    si: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    code: str = "schema-invalide"
    nom: str = "champ-requis"

    @property
    def phrase(self) -> str:
        return f"Obligatoire {_en_clair(self.si)} : {', '.join(self.champs)}."

    def verifier(self, valeurs: Mapping[str, Any]) -> Sequence[Violation]:
        if not _concerne(self.si, valeurs):
            return ()
        return [
            (c, self.code, f"Ce champ est obligatoire {_en_clair(self.si)}.")
            for c in self.champs
            if valeurs.get(c) is None
        ]

    def schema(self) -> dict[str, Any]:
        presents = {"required": sorted(self.champs), "properties": {c: {"not": {"type": "null"}} for c in self.champs}}
        return {"if": _cas(self.si), "then": presents}


@dataclass(frozen=True)
class RequisSiParmi:
    """`champ` must be present when the list `liste` holds `valeur`."""

    champ: str
    liste: str
    valeur: str
    code: str = "schema-invalide"
    nom: str = "champ-requis-si-parmi"

    @property
    def phrase(self) -> str:
        return f"Obligatoire quand « {self.liste} » contient {self.valeur} : {self.champ}."

    def verifier(self, valeurs: Mapping[str, Any]) -> Sequence[Violation]:
        if self.valeur not in (valeurs.get(self.liste) or ()) or valeurs.get(self.champ) is not None:
            return ()
        phrase = f"Ce champ est obligatoire quand « {self.liste} » contient {self.valeur}."
        return [(self.champ, self.code, phrase)]

    def schema(self) -> dict[str, Any]:
        contient = {"type": "array", "contains": {"const": self.valeur}}
        present = {"required": [self.champ], "properties": {self.champ: {"not": {"type": "null"}}}}
        return {"if": {"properties": {self.liste: contient}, "required": [self.liste]}, "then": present}


@dataclass(frozen=True)
class Accompagne:
    """`champ` does not come without `par`."""

    champ: str
    par: str
    nom: str = "champ-accompagne"

    @property
    def phrase(self) -> str:
        return f"« {self.champ} » ne va pas sans « {self.par} »."

    def verifier(self, valeurs: Mapping[str, Any]) -> Sequence[Violation]:
        if valeurs.get(self.champ) is None or valeurs.get(self.par) is not None:
            return ()
        return [(self.par, "schema-invalide", self.phrase)]

    def schema(self) -> dict[str, Any]:
        def present(champ: str) -> dict[str, Any]:
            return {"required": [champ], "properties": {champ: {"not": {"type": "null"}}}}

        return {"if": present(self.champ), "then": present(self.par)}


@dataclass(frozen=True)
class Interdit:
    """`champs` must be absent when every field of `si` has one of its values."""

    champs: tuple[str, ...]
    si: Mapping[str, Sequence[Any]]
    nom: str = "champ-interdit"

    @property
    def phrase(self) -> str:
        return f"Absent {_en_clair(self.si)} : {', '.join(self.champs)}."

    def verifier(self, valeurs: Mapping[str, Any]) -> Sequence[Violation]:
        if not _concerne(self.si, valeurs):
            return ()
        return [
            (c, "schema-invalide", f"Ce champ n'a pas de sens {_en_clair(self.si)}.")
            for c in self.champs
            if valeurs.get(c) is not None
        ]

    def schema(self) -> dict[str, Any]:
        return {"if": _cas(self.si), "then": {"properties": {c: {"type": "null"} for c in self.champs}}}


@dataclass(frozen=True)
class AuMoinsUn:
    """At least one of `champs` is present."""

    champs: tuple[str, ...]
    nom: str = "au-moins-un"

    @property
    def phrase(self) -> str:
        return f"Au moins un champ parmi : {', '.join(self.champs)}."

    def verifier(self, valeurs: Mapping[str, Any]) -> Sequence[Violation]:
        if any(valeurs.get(c) is not None for c in self.champs):
            return ()
        return [("", "schema-invalide", f"Au moins un de ces champs est attendu : {', '.join(self.champs)}.")]

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [{"required": [c], "properties": {c: {"not": {"type": "null"}}}} for c in self.champs]}


@dataclass(frozen=True)
class FormatSelon:
    """The format of `champ` depends on the value of `selon`: value → (pattern, what to expect in French).

    Patterns are anchored and ASCII only, so that they mean the same in Python and in JSON Schema.
    """

    champ: str
    selon: str
    formats: Mapping[str, tuple[str, str]]
    code: str = "identifiant-invalide"
    nom: str = "format-selon-type"

    @property
    def phrase(self) -> str:
        return (
            " ; ".join(
                f"« {self.champ} » d'un « {self.selon} » {v} : {attendu}" for v, (_, attendu) in self.formats.items()
            )
            + "."
        )

    def verifier(self, valeurs: Mapping[str, Any]) -> Sequence[Violation]:
        attente = self.formats.get(valeurs[self.selon])
        if attente is None or _compiler(attente[0]).fullmatch(valeurs[self.champ]):
            return ()
        return [(self.champ, self.code, f"Attendu : {attente[1]}.")]

    def schema(self) -> dict[str, Any]:
        return {
            "allOf": [
                {"if": _cas({self.selon: (v,)}), "then": {"properties": {self.champ: {"pattern": motif}}}}
                for v, (motif, _) in self.formats.items()
            ]
        }


@dataclass(frozen=True)
class ValeursSelon:
    """`champ` takes one of `valeurs_permises` when every field of `si` has one of its values."""

    champ: str
    valeurs_permises: tuple[str, ...]
    si: Mapping[str, Sequence[Any]]
    nom: str = "valeurs-selon"

    @property
    def phrase(self) -> str:
        return f"« {self.champ} », {_en_clair(self.si)}, vaut {', '.join(self.valeurs_permises)}."

    def verifier(self, valeurs: Mapping[str, Any]) -> Sequence[Violation]:
        valeur = valeurs.get(self.champ)
        if valeur is None or not _concerne(self.si, valeurs):
            return ()
        return () if valeur in self.valeurs_permises else [(self.champ, "code-inconnu", self.phrase)]

    def schema(self) -> dict[str, Any]:
        permises = [*self.valeurs_permises, None]
        return {"if": _cas(self.si), "then": {"properties": {self.champ: {"enum": permises}}}}


@dataclass(frozen=True)
class Plage:
    """`champ` lies between `minimum` and `maximum` when every field of `si` has one of its values."""

    champ: str
    minimum: int
    maximum: int
    si: Mapping[str, Sequence[Any]]
    nom: str = "plage"

    @property
    def phrase(self) -> str:
        return f"« {self.champ} », {_en_clair(self.si)}, va de {self.minimum} à {self.maximum}."

    def verifier(self, valeurs: Mapping[str, Any]) -> Sequence[Violation]:
        valeur = valeurs.get(self.champ)
        if valeur is None or not _concerne(self.si, valeurs):
            return ()
        return () if self.minimum <= valeur <= self.maximum else [(self.champ, "schema-invalide", self.phrase)]

    def schema(self) -> dict[str, Any]:
        bornes = {"minimum": self.minimum, "maximum": self.maximum}
        return {"if": _cas(self.si), "then": {"properties": {self.champ: bornes}}}


@dataclass(frozen=True)
class Ordre:
    """`apres` is not before `avant` (dates or instants). Semantic: JSON Schema cannot compare two fields."""

    avant: str
    apres: str
    nom: str = "ordre-des-dates"

    @property
    def phrase(self) -> str:
        return f"« {self.apres} » ne peut précéder « {self.avant} »."

    def verifier(self, valeurs: Mapping[str, Any]) -> Sequence[Violation]:
        debut, fin = valeurs.get(self.avant), valeurs.get(self.apres)
        if debut is None or fin is None or fin >= debut:
            return ()
        return [(self.apres, "dates-incoherentes", self.phrase)]

    def schema(self) -> None:
        return None


@dataclass(frozen=True)
class Semantique:
    """Any other rule: `est_respectee` reads the fields of the object and answers yes or no."""

    nom: str
    champ: str
    code: str
    phrase: str
    est_respectee: Callable[[Mapping[str, Any]], bool]

    def verifier(self, valeurs: Mapping[str, Any]) -> Sequence[Violation]:
        return () if self.est_respectee(valeurs) else [(self.champ, self.code, self.phrase)]

    def schema(self) -> None:
        return None
