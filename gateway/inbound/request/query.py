"""Query strings read as strictly as bodies: names of the published API only, each once, typed, nothing echoed."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from starlette.requests import Request

from gateway.inbound.request.problems import Problem, invalid
from relais_contrats import territoires, valeurs
from relais_contrats.api import OPERATIONS
from relais_contrats.identifiants import MOTIF_DEPARTEMENT
from relais_contrats.lecture import Erreur
from relais_contrats.operations import MOTIF_JOUR, MOTIF_MOMENT, Parametre

_TEXT_MAX = 1_000
_DAY, _MOMENT = re.compile(MOTIF_JOUR), re.compile(MOTIF_MOMENT)


def _has_form(parametre: Parametre, value: str) -> bool:
    """Whether it is as published; dates, numbers and codes are left to those who say more than that they are wrong."""
    schema = parametre.schema
    if "pattern" not in schema or "format" in schema or parametre.est_une_liste_de_codes:
        return True
    return len(value) <= schema.get("maxLength", _TEXT_MAX) and re.fullmatch(schema["pattern"], value) is not None


def _expected(parametre: Parametre, value: str) -> str:
    """A territory that is two is told which ones."""
    if parametre.schema.get("pattern") == MOTIF_DEPARTEMENT:
        return territoires.expliquer(value)
    return "La valeur n'a pas la forme publiée."


_KNOWN: Mapping[tuple[str, str], Mapping[str, Parametre]] = {
    (operation.chemin, operation.methode): {parametre.nom: parametre for parametre in operation.parametres}
    for operation in OPERATIONS
}


def parameters(request: Request) -> Mapping[str, str]:
    """Raises a Problem for an unknown, repeated, empty or oversized one, and for one of another form."""
    given = request.query_params.multi_items()
    if not given:
        return {}
    known = _KNOWN[request.scope["route"].path.replace(":path}", "}"), request.method.replace("HEAD", "GET")]
    if not {name for name, _ in given} <= known.keys():
        admitted = f"Paramètres admis : {', '.join(sorted(known))}." if known else "Aucun paramètre n'est admis ici."
        raise invalid("", admitted)
    if len({name for name, _ in given}) != len(given):
        raise invalid("", "Un paramètre est répété.")
    if any(len(value) > _TEXT_MAX or "\0" in value for _, value in given):
        raise invalid("", "La valeur d'un paramètre est trop longue, ou contient un caractère interdit.")
    if not all(value for _, value in given):
        raise invalid("", "Un paramètre n'a pas de valeur : ôtez-le, ou donnez-lui la sienne.")
    for name, value in given:
        if not _has_form(known[name], value):
            raise invalid(name, _expected(known[name], value))
    return dict(given)


def number(text: str | None, name: str, default: int, most: int) -> int:
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 6 and 1 <= int(text) <= most):
        raise invalid(name, f"Un entier de 1 à {most} est attendu.")
    return int(text)


def identifier(text: str, name: str) -> UUID:
    """That of a delivery or of a subscription."""
    try:
        return UUID(text)
    except ValueError:
        raise invalid(name, "Un identifiant (UUID) est attendu.") from None


def one_of(text: str | None, name: str, values: Sequence[str]) -> str | None:
    if text is not None and text not in values:
        raise Problem("code-inconnu", erreurs=[Erreur(name, "code-inconnu", f"Valeurs : {', '.join(values)}.")])
    return text


def day(text: str | None, name: str) -> date | None:
    """`AAAA-MM-JJ`."""
    if text is None:
        return None
    try:
        if _DAY.fullmatch(text) is None:
            raise ValueError(name)
        return date.fromisoformat(text)
    except ValueError:
        raise invalid(name, "Une date AAAA-MM-JJ est attendue.") from None


def instant(text: str | None, name: str) -> datetime | None:
    """RFC 3339 with its T; a `+` that the query string turned into a space is understood."""
    if text is None:
        return None
    try:
        written = text.replace(" ", "+")
        if _MOMENT.fullmatch(written) is None:
            raise ValueError(name)
        return valeurs.instant(written.upper())
    except ValueError:
        raise invalid(name, "Un instant RFC 3339 avec son décalage est attendu.") from None
