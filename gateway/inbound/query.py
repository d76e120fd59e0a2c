"""Query strings read as strictly as bodies: known names only, each once, typed, nothing echoed."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from starlette.requests import Request

from gateway.inbound.feed import invalid
from gateway.inbound.problems import Problem
from relais_contrats.lecture import Erreur

_TEXT_MAX = 1_000


def parameters(request: Request, known: Sequence[str]) -> Mapping[str, str]:
    """Those that have a value. Raises a Problem for an unknown, repeated or oversized one."""
    given = request.query_params.multi_items()
    if not {name for name, _ in given} <= set(known):
        raise invalid("", f"Paramètres admis : {', '.join(sorted(known))}.")
    if len({name for name, _ in given}) != len(given):
        raise invalid("", "Un paramètre est répété.")
    if any(len(value) > _TEXT_MAX or "\0" in value for _, value in given):
        raise invalid("", "La valeur d'un paramètre est trop longue, ou contient un caractère interdit.")
    return {name: value for name, value in given if value}


def number(text: str | None, name: str, default: int, most: int) -> int:
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 6 and 1 <= int(text) <= most):
        raise invalid(name, f"Un entier de 1 à {most} est attendu.")
    return int(text)


def one_of(text: str | None, name: str, values: Sequence[str]) -> str | None:
    if text is not None and text not in values:
        raise Problem("code-inconnu", erreurs=[Erreur(name, "code-inconnu", f"Valeurs : {', '.join(values)}.")])
    return text


def day(text: str | None, name: str) -> date | None:
    """`AAAA-MM-JJ`."""
    if text is None:
        return None
    try:
        if len(text) != len("2026-01-01"):
            raise ValueError(text)
        return date.fromisoformat(text)
    except ValueError:
        raise invalid(name, "Une date AAAA-MM-JJ est attendue.") from None


def instant(text: str | None, name: str) -> datetime | None:
    """RFC 3339 with its offset; a `+` that the query string turned into a space is understood."""
    if text is None:
        return None
    try:
        read = datetime.fromisoformat(text.replace(" ", "+"))
        if read.tzinfo is None or read.utcoffset() is None:
            raise ValueError(name)
    except (ValueError, OverflowError):
        raise invalid(name, "Un instant RFC 3339 avec son décalage est attendu.") from None
    return read
