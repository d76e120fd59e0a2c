"""One line of a partner's table as a message: each field from its column, or why not, in the words of the file."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from connectors.fichiers.configuration import Arrivee, Source
from connectors.fichiers.tables import Line
from connectors.fichiers.targets import Kind, Target, target
from relais_contrats.catalogue import CATALOGUE
from relais_contrats.correspondances import CodeSansCorrespondance, correspondance

_PARIS = ZoneInfo("Europe/Paris")
_TRUE = {"oui", "o", "1", "vrai", "true", "x", "yes"}
_FALSE = {"non", "n", "0", "faux", "false", "no"}
_DAYS = ("%d/%m/%Y", "%Y-%m-%d", "%d-%m-%Y", "%d.%m.%Y")
_HOURS = ("%H:%M", "%Hh%M", "%H:%M:%S")
_SPACES_IN_NUMBERS = re.compile(r"[\s.\u00a0-]")
ROLES: Mapping[str, str] = {
    "demandeur": "demandeur",
    "dem": "demandeur",
    "conjoint": "conjoint",
    "cjt": "conjoint",
    "enfant": "enfant",
    "enf": "enfant",
}


class LineRefused(Exception):
    """A value that cannot be read: the column, and what was expected. The value itself is not repeated."""


@dataclass(frozen=True, slots=True)
class Read:
    """`data` of the message; `keys`: by what the person of the line may be known, the surest first."""

    data: dict[str, Any]
    keys: tuple[str, ...]
    identifiants: tuple[dict[str, str], ...]
    parcours: str | None


def read(arrivee: Arrivee, line: Line) -> Read:
    """Raises `LineRefused`."""
    identifiants = tuple(_identifiants(arrivee, line))
    data: dict[str, Any] = {}
    for path, source in arrivee.champs.items():
        value = _value(target(arrivee.message, path), source, line)
        if value is not None:
            _put(data, path.split("."), value)
    if identifiants and "identifiants" in CATALOGUE[arrivee.message].modele.model_fields and "identifiants" not in data:
        data["identifiants"] = list(identifiants)
    parcours = line.cells.get(arrivee.parcours or "", "") or None
    return Read(_compact(data), tuple(_keys(identifiants)), identifiants, parcours)


def _identifiants(arrivee: Arrivee, line: Line) -> Iterator[dict[str, str]]:
    role = _role(arrivee, line)
    for nature, column in arrivee.identifiants.items():
        value = line.cells.get(column, "")
        if not value:
            continue
        if nature != "local":
            value = _SPACES_IN_NUMBERS.sub("", value).upper()
        needs_role = nature in ("matricule-caf", "matricule-msa", "numero-demande-rsa")
        yield {"type": str(nature), "valeur": value} | ({"role": role} if needs_role and role else {})


def _role(arrivee: Arrivee, line: Line) -> str | None:
    if arrivee.role is None:
        return None
    written = line.cells.get(arrivee.role, "")
    return str(arrivee.table_role.get(written, "")) or ROLES.get(written.casefold())


def _keys(identifiants: tuple[dict[str, str], ...]) -> Iterator[str]:
    for one in identifiants:
        value = one["valeur"][:13] if one["type"] == "nir" else one["valeur"]
        yield f"{one['type']} {value} {one.get('role', '')}".rstrip()


def _value(into: Target, source: Source, line: Line) -> Any:
    text = source.valeur or " ".join(filter(None, (line.cells.get(name, "") for name in source.read_columns)))
    text = text or source.defaut or ""
    if not text:
        return None
    if into.is_list:
        return [_one(into, source, part.strip()) for part in re.split(r"[;,|]", text) if part.strip()]
    return _one(into, source, text)


def _one(into: Target, source: Source, text: str) -> Any:
    text = _translated(source, text, into)
    try:
        return _READERS[into.kind](into, source, text)
    except ValueError as error:
        where = " et ".join(f"« {name} »" for name in source.read_columns) or f"« {into.path} »"
        raise LineRefused(f"Colonne {where} : {error}") from error


def _translated(source: Source, text: str, into: Target) -> str:
    if source.table is not None:
        by_fold = {name.casefold(): value for name, value in source.table.items()}
        if text.casefold() in by_fold:
            return by_fold[text.casefold()]
        if into.kind is Kind.CODE and text in into.codes:
            return text
        raise LineRefused(f"Colonne « {source.colonne} » : code absent de la table.")
    if source.correspondance is not None:
        system, notion = source.correspondance.split("/", 1)
        try:
            return correspondance(system, notion).vers_nous(text)
        except CodeSansCorrespondance:
            raise LineRefused(f"Colonne « {source.colonne} » : code absent de {source.correspondance}.") from None
    return text


def _text(_: Target, __: Source, text: str) -> str:
    return text


def _code(into: Target, _: Source, text: str) -> str:
    """As the catalogue writes it, or as a person would: « Mission locale » is `mission-locale`."""
    if text in into.codes:
        return text
    slug = re.sub(r"[\s_'’]+", "-", text.strip().casefold())
    if slug in into.codes:
        return slug
    raise ValueError(f"code inconnu ; choix : {', '.join(into.codes)}")


def _boolean(_: Target, __: Source, text: str) -> bool:
    if text.casefold() in _TRUE:
        return True
    if text.casefold() in _FALSE:
        return False
    raise ValueError("« oui » ou « non » est attendu")


def _integer(_: Target, __: Source, text: str) -> int:
    try:
        return int(text.replace(" ", ""))
    except ValueError:
        raise ValueError("un nombre entier est attendu") from None


def _number(_: Target, __: Source, text: str) -> float:
    try:
        return float(text.replace(" ", "").replace(",", "."))
    except ValueError:
        raise ValueError("un nombre est attendu") from None


def _day(_: Target, source: Source, text: str) -> str:
    # What Excel holds as a date comes as AAAA-MM-JJ, whatever the sheet shows.
    for form in (*filter(None, (source.format,)), "%Y-%m-%d", *(_DAYS if source.format is None else ())):
        found = _parsed(text, form) or _parsed(text.split(" ")[0].split("T")[0], form)
        if found:
            return found.date().isoformat()
    raise ValueError(f"une date est attendue, au format {source.format or 'JJ/MM/AAAA'}")


def _instant(_: Target, source: Source, text: str) -> str:
    forms = (source.format,) if source.format else tuple(f"{day} {hour}" for day in _DAYS for hour in _HOURS)
    for form in (*forms, "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"):
        if found := _parsed(text, form):
            return (found if found.tzinfo else found.replace(tzinfo=_PARIS)).isoformat()
    raise ValueError(f"une date et une heure sont attendues, au format {source.format or 'JJ/MM/AAAA HH:MM'}")


def _parsed(text: str, form: str) -> datetime | None:
    try:
        return datetime.strptime(text, form)  # noqa: DTZ007  the zone is that of the caller
    except ValueError:
        return None


_READERS: Mapping[Kind, Callable[[Target, Source, str], Any]] = {
    Kind.TEXTE: _text,
    Kind.CODE: _code,
    Kind.BOOLEEN: _boolean,
    Kind.ENTIER: _integer,
    Kind.NOMBRE: _number,
    Kind.DATE: _day,
    Kind.INSTANT: _instant,
}


def _put(data: dict[str, Any], names: list[str], value: Any) -> None:
    """Where `0` follows a name, a list; its elements are dictionaries by place until `_compact`."""
    for name in names[:-1]:
        data = data.setdefault(name, {})
    data[names[-1]] = value


def _compact(content: Any) -> Any:
    """Dictionaries whose keys are all places become lists."""
    if not isinstance(content, dict):
        return content
    told = {name: _compact(value) for name, value in content.items()}
    if told and all(name.isdigit() for name in told):
        return [told[name] for name in sorted(told, key=int)]
    return told
