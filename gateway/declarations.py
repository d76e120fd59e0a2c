"""A partner as an operator declares it, and the changes to it: what is admitted, without any database."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar

from pydantic import ValidationError

from gateway.destinations import Interdite, hote_declarable
from relais_contrats.codes.acteurs import Finalite, Scope, SystemeStructure, TypeOrganisme
from relais_contrats.codes.liste import Code
from relais_contrats.phrases import traduire
from relais_contrats.territoires import est_un_territoire, expliquer
from relais_contrats.v1.partages import Structure

V = TypeVar("V")
CODE_FORMAT = re.compile(r"[a-z0-9][a-z0-9-]{1,30}")


class Inadmissible(Exception):
    """No partner may be declared so; the text is a French sentence for the operator."""


@dataclass(frozen=True, slots=True)
class Partner:
    """What the gateway must know of a partner, its key aside. `structures`: {systeme, valeur, nom}."""

    code: str
    type_organisme: str
    nom: str
    departements: list[str]
    scopes: list[str]
    structures: list[dict[str, str]] = field(default_factory=list)
    conventions: list[dict[str, str]] = field(default_factory=list)
    hotes: list[str] = field(default_factory=list)
    """Public hosts where its webhooks may go; loopback needs no declaration where it is allowed."""
    exige_certificat: bool = False
    """No token without a certificate of conformance of its sender in force."""

    def __post_init__(self) -> None:
        if not CODE_FORMAT.fullmatch(self.code):
            raise Inadmissible(
                f"Code de partenaire invalide : {self.code} (minuscules, chiffres et tirets, 2 à 31 signes)."
            )
        _one_of("Type d'organisme", [self.type_organisme], TypeOrganisme)
        _one_of("Périmètre (scope)", self.scopes, Scope)
        _one_of("Finalité", [convention["finalite"] for convention in self.conventions], Finalite)
        _one_of("Système de structure", [structure["systeme"] for structure in self.structures], SystemeStructure)
        if not self.departements:
            raise Inadmissible("Un partenaire a au moins un département.")
        for code in self.departements:
            if not est_un_territoire(code):
                raise Inadmissible(f"Département refusé : {code}. {expliquer(code)}")
        if not self.scopes:
            raise Inadmissible("Un partenaire a au moins un périmètre (scope).")
        for structure in self.structures:
            _check_structure(structure)
        object.__setattr__(self, "hotes", sorted({_host(text) for text in self.hotes}))


def _one_of(what: str, values: list[str], allowed: type[Code]) -> None:
    for value in values:
        if value not in allowed.__members__.values():
            raise Inadmissible(f"{what} : {value} n'existe pas ; choix : {', '.join(allowed)}.")


def _check_structure(structure: dict[str, str]) -> None:
    """By the rule of the messages: a SIRET has a right key (Luhn, or that of La Poste)."""
    try:
        Structure.model_validate(structure)
    except ValidationError as error:
        designation = f"{structure['systeme']}:{structure['valeur']}"
        said = " ; ".join(fault.message for fault in traduire(error))
        raise Inadmissible(f"Structure refusée : {designation} ({said})") from error


def _host(text: str) -> str:
    try:
        return hote_declarable(text)
    except Interdite as error:
        raise Inadmissible(f"Hôte refusé : {text} ({error}) ; forme attendue : webhooks.exemple.fr.") from error


@dataclass(frozen=True, slots=True)
class Changes:
    """What an operator adds to a declared partner, replaces, or takes away (`sans_…`); the rest stays."""

    nom: str | None = None
    exige_certificat: bool | None = None
    departements: list[str] = field(default_factory=list)
    scopes: list[str] = field(default_factory=list)
    structures: list[dict[str, str]] = field(default_factory=list)
    conventions: list[dict[str, str]] = field(default_factory=list)
    hotes: list[str] = field(default_factory=list)
    sans_departements: list[str] = field(default_factory=list)
    sans_scopes: list[str] = field(default_factory=list)
    sans_structures: list[str] = field(default_factory=list)
    sans_conventions: list[str] = field(default_factory=list)
    sans_hotes: list[str] = field(default_factory=list)

    def applied_to(self, partner: Partner) -> Partner:
        """The partner as it is from now on. Raises Inadmissible when that is no partner, or nothing was there to
        take away."""

        def designation(structure: dict[str, str]) -> str:
            return f"{structure['systeme']}:{structure['valeur']}"

        def purpose(convention: dict[str, str]) -> str:
            return convention["finalite"]

        return Partner(
            code=partner.code,
            type_organisme=partner.type_organisme,
            nom=self.nom or partner.nom,
            exige_certificat=partner.exige_certificat if self.exige_certificat is None else self.exige_certificat,
            departements=_changed(partner.departements, self.departements, self.sans_departements, _itself),
            scopes=_changed(partner.scopes, self.scopes, self.sans_scopes, _itself),
            structures=_changed(partner.structures, self.structures, self.sans_structures, designation),
            conventions=_changed(partner.conventions, self.conventions, self.sans_conventions, purpose),
            hotes=_changed(partner.hotes, self.hotes, [_host(text) for text in self.sans_hotes], _itself),
        )


def _itself(value: str) -> str:
    return value


def _changed(held: list[V], added: list[V], removed: list[str], key: Callable[[V], str]) -> list[V]:
    """Those held, replaced by an added one of the same key, without the removed ones."""
    for one in removed:
        if one not in map(key, held):
            raise Inadmissible(f"Rien à retirer : {one}.")
    kept = {key(one): one for one in held if key(one) not in removed}
    return list((kept | {key(one): one for one in added}).values())


def convention(finalite: str, date_fin: date) -> dict[str, str]:
    return {"finalite": finalite, "date_fin": date_fin.isoformat()}
