"""Query strings read as strictly as bodies: names of the published API only, each once, typed, nothing echoed."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from starlette.requests import Request

from gateway.inbound.request.problems import Problem, invalid
from relais_contrats import valeurs
from relais_contrats.lecture import Erreur
from relais_contrats.operations import MOTIF_JOUR, MOTIF_MOMENT
from relais_contrats.parametres import lire_parametres

_DAY, _MOMENT = re.compile(MOTIF_JOUR), re.compile(MOTIF_MOMENT)


def parameters(request: Request) -> Mapping[str, str]:
    """Raises a Problem for what the published API does not have, or not so."""
    path = request.scope["route"].path.replace(":path}", "}")
    return lire_parametres(request.method, path, request.query_params.multi_items())


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
