"""The body of a small request, read as strictly as a deposit: every fault with its pointer, in French, nothing echoed.
The hub and its mock refuse with this.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from pydantic import ValidationError

from relais_contrats.lecture import MessageIllisible, lire_json
from relais_contrats.phrases import traduire
from relais_contrats.problemes import Problem

M = TypeVar("M")


def essence(entetes: Mapping[str, str]) -> str:
    """The content type without its parameters; a compressed body, or one that is not UTF-8, raises a Problem (415)."""
    genre, *parametres = (part.strip().lower() for part in entetes.get("content-type", "").split(";"))
    if any(p.startswith("charset=") and p.removeprefix("charset=").strip('"') != "utf-8" for p in parametres):
        raise Problem(status=415)
    if entetes.get("content-encoding", "identity") != "identity":
        raise Problem(status=415)
    return genre


def lire_modele(corps: bytes, valider: Callable[[dict[str, Any]], M]) -> M:
    """What `valider` makes of the object. Raises a Problem: 400, or 422 for its ValidationError."""
    try:
        return valider(lire_json(corps))
    except MessageIllisible as illisible:
        raise Problem(status=400, detail=str(illisible)) from illisible
    except ValidationError as erreur:
        erreurs = list(traduire(erreur))
        codes = {une.code for une in erreurs}
        raise Problem(codes.pop() if len(codes) == 1 else "schema-invalide", erreurs=erreurs) from None
